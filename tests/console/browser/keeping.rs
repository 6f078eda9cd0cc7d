//! Looking after channels: adding one in the form, pausing, mistakes, two people at one file; and the editions of the radio.

use super::office::{daemon, office, publish, signed_in};
use crate::support::chromium::{Chromium, DESK, PHONE};
use crate::support::house::on_channel;
use crate::support::process::eventually;
use crate::support::world::SECRET;

/// Whether a file has this line, however it is spaced and whatever is remarked behind it.
fn has(file: &str, line: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    file.lines().any(|one| plain(one).starts_with(&plain(line)))
}

#[test]
fn an_administrator_adds_a_fanpage_in_the_form_and_sees_its_file() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut chief = signed_in(&daemon, "quan.tri", "administrator", scripts);
        chief.screen(screen);
        chief.follow("Kênh");
        chief.fits();
        chief.press("Thêm kênh…");
        chief.follow("fanpage");
        chief.fits();
        chief.fill("Tên tệp", "fanpage-thon-dong");
        chief.fill("Tên kênh", "Fanpage thôn Đông");
        chief.fill("Địa chỉ webhook", &world.hook.url());
        chief.fill("Khóa ký webhook", SECRET);
        chief.fill("Giờ yên lặng", "tối");
        chief.press("Lưu");
        // What is wrong stands beside its field, what was typed stays, and the secret does not come back.
        chief.sees("chưa lưu");
        assert_eq!(chief.ask("return document.querySelector('.field.wrong label').innerText"), "Giờ yên lặng");
        assert_eq!(chief.filled("Tên kênh"), "Fanpage thôn Đông");
        assert!(!chief.source().contains(SECRET));
        assert!(!world.path("channels/fanpage-thon-dong.toml").exists());
        chief.fill("Giờ yên lặng", "21:30-05:30");
        chief.fill("Khóa ký webhook", SECRET);
        chief.press("Lưu");
        eventually("the daemon has taken the file over", || {
            chief.open("/channels/fanpage-thon-dong");
            chief.offers("Thử bằng bài mẫu").then_some(())
        });
        chief.sees("diễn tập");
        chief.fits();
        let file = std::fs::read_to_string(world.path("channels/fanpage-thon-dong.toml")).unwrap();
        assert!(has(&file, "quiet = \"21:30-05:30\"") && !file.contains(SECRET), "{file}");
        chief.press("Sửa kênh");
        chief.follow("sửa cả tệp");
        chief.sees("Fanpage thôn Đông");
        chief.does_not_see(SECRET);
        assert_eq!(chief.filled("Nội dung tệp").trim(), file.trim());
        chief.fits();
    }
}

#[test]
fn a_channel_is_paused_and_goes_on() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        officer.open("/channels/fanpage");
        officer.press("Tạm dừng");
        officer.sees("Tạm dừng vì");
        publish(&world);
        on_channel(&world, "portal", "settled");
        officer.open("/");
        officer.sees("tạm dừng");
        assert_eq!(world.hook.sightings("fanpage").len(), 0, "nothing leaves a paused channel");
        officer.open("/channels/fanpage");
        officer.press("Cho chạy tiếp");
        eventually("what waited has gone out", || (world.hook.sightings("fanpage").len() == 3).then_some(()));
        officer.open("/articles/1");
        officer.sees("đã phát");
    }
}

#[test]
fn two_people_at_one_file_see_both_versions_and_choose() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut chief = signed_in(&daemon, "quan.tri", "administrator", scripts);
        chief.screen(screen);
        chief.open("/channels/radio/edit");
        // Meanwhile somebody else edits the file.
        let file = std::fs::read_to_string(world.path("channels/radio.toml")).unwrap();
        let theirs = file.replace("Đài truyền thanh xã An Bình", "Đài xã (người khác sửa)");
        world.write("channels/radio.toml", &theirs);
        chief.fill("Trễ tối đa", "3h");
        chief.press("Lưu");
        chief.sees("có người khác đã sửa tệp");
        chief.sees("Đài xã (người khác sửa)");
        chief.fits();
        chief.press("Ghi phần của bạn");
        let written = std::fs::read_to_string(world.path("channels/radio.toml")).unwrap();
        assert!(written.contains("Đài xã (người khác sửa)") && has(&written, "grace = \"3h\""), "{written}");
        chief.open("/channels/radio");
        chief.sees("04:30 hằng ngày; 16:00 hằng ngày");
    }
}

/// The titles of the first edition that is to come, in their order.
fn in_the_edition(officer: &Chromium) -> Vec<String> {
    let titles = officer
        .ask("return [...document.querySelector('ol.edition').querySelectorAll('strong')].map(e => e.innerText)");
    titles.as_array().expect("titles").iter().map(|title| title.as_str().expect("a title").to_owned()).collect()
}

#[test]
fn the_order_of_an_edition_is_changed_and_an_article_moved_into_the_next() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        publish(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        officer.follow("Lịch phát");
        officer.fits();
        let before = in_the_edition(&officer);
        assert_eq!(before.len(), 3, "{before:?}");
        officer.press("↓ xuống");
        let after = in_the_edition(&officer);
        assert_eq!((&after[0], &after[1]), (&before[1], &before[0]), "{after:?}");
        officer.press("→ sang bản tin sau");
        let after = in_the_edition(&officer);
        assert_eq!(after, [before[0].clone(), before[2].clone()], "the first went into the next edition");
    }
}
