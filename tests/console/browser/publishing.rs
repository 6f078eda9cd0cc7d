//! From an empty form to every channel: writing, previewing, publishing, correcting, withdrawing.

use super::office::{daemon, office, publish_first, signed_in};
use crate::support::chromium::{Chromium, DESK, PHONE};
use crate::support::house::{deliveries, on_channel};
use crate::support::process::eventually;
use crate::support::world::{RECIPIENTS, World};

const TITLE: &str = "Lịch tiếp công dân định kỳ tháng 12/2026";
const BODY: &str = "UBND xã An Bình thông báo lịch tiếp công dân:\n\n- Buổi thứ nhất: 7h30 ngày 03/12/2026;\n\
                    - Buổi thứ hai: 7h30 ngày 17/12/2026.\n\nĐịa điểm: Phòng tiếp công dân, trụ sở UBND xã.";

/// What stands in the first such part of the card of this channel.
fn in_card(officer: &Chromium, name: &str, part: &str) -> String {
    let words = officer.ask(&format!(
        "return [...document.querySelectorAll('.previews .card')].find(card => card.querySelector('h2').innerText === '{name}') \
         .querySelector('{part}').textContent"
    ));
    words.as_str().expect("words").to_owned()
}

/// The hash of what stands on a channel, as the ledger has it.
fn sent_hash(world: &World, channel: &str) -> String {
    on_channel(world, channel, "settled")["payload_hash"].as_str().expect("a hash").to_owned()
}

#[test]
fn an_article_is_written_previewed_published_corrected_and_taken_back() {
    for (screen, scripts) in [(DESK, true), (PHONE, true), (DESK, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);

        // A mistake is said beside its field, and what was typed stays.
        officer.follow("Viết bài");
        officer.fill("Nội dung", BODY);
        officer.press("Xem trước");
        officer.sees("Những gì đã gõ vẫn còn");
        let beside = officer.ask("return document.querySelector('.field.wrong label').innerText");
        assert_eq!(beside, "Tiêu đề");
        assert_eq!(officer.filled("Nội dung").trim(), BODY);
        officer.fill("Tiêu đề", TITLE);
        officer.fill("Chủ đề khác", "thông báo, tiếp công dân");
        officer.press("Xem trước");
        officer.sees("Chưa gửi gì ra ngoài");
        officer.fits();
        assert_eq!(deliveries(&world).len(), 0, "looking sends nothing");
        let request = in_card(&officer, "Fanpage xã An Bình", "details .code");
        let letter = in_card(&officer, "Thư điện tử", ".words");
        let names = [("portal", "Cổng thông tin"), ("fanpage", "Fanpage xã An Bình"), ("email", "Thư điện tử")];
        let previewed = names.map(|(channel, name)| (channel, in_card(&officer, name, ".hash code")));

        officer.press("Đăng");
        officer.sees("đã nhận bài, 4 kênh");
        officer.sees("Trên từng kênh");
        officer.sees(TITLE);
        // What was seen is what was sent, to the byte.
        for (channel, hash) in previewed {
            assert_eq!(sent_hash(&world, channel), hash, "{channel}");
        }
        let sent = world.hook.state().look(|state| state.requests.last().expect("a post").body.clone());
        assert_eq!(String::from_utf8(sent).expect("words"), request);
        let sent = world.smtp.letters_to(RECIPIENTS[0]).pop().expect("a letter").raw;
        let sent = mail_parser::MessageParser::default().parse(&sent).expect("a letter");
        let sent = sent.body_text(0).expect("words").into_owned();
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().map(|line| line.trim().to_owned());
            lines.filter(|line| !line.is_empty()).collect()
        };
        assert!(lines(&letter).len() > 5, "{letter}");
        assert_eq!(lines(&sent), lines(&letter));

        // With scripts the page brings itself up to date; without, it is opened again.
        if !scripts {
            let here = officer.place();
            officer.open(&here);
        }
        officer.sees("đã phát");
        officer.fits();

        officer.press("Đính chính…");
        assert_eq!(officer.filled("Tiêu đề"), TITLE);
        officer.fill("Tiêu đề", "Lịch tiếp công dân tháng 12/2026 (sửa giờ)");
        officer.press("Xem trước");
        officer.sees("thay bản đang hiện");
        let previewed = in_card(&officer, "Fanpage xã An Bình", ".hash code");
        officer.press("Đăng đính chính");
        officer.sees("đã ghi đính chính, bản 2");
        eventually("the portal shows the correction", || {
            let portal = on_channel(&world, "portal", "settled");
            (portal["shown_revision"] == 2 || portal["revision"] == 2).then_some(())
        });
        eventually("the page shows what was previewed", || (sent_hash(&world, "fanpage") == previewed).then_some(()));
        officer.follow("khác bản trước ở đâu (bản 2)");
        officer.sees("(sửa giờ)");
        officer.fits();
        officer.follow("← Lịch tiếp công dân tháng 12/2026 (sửa giờ)");

        officer.press("Thu hồi…");
        officer.sees("Fanpage xã An Bình: gỡ bài đang hiện");
        officer.sees("Thư điện tử: đã gửi nên không gỡ được");
        officer.sees("Đài truyền thanh: chưa gửi, sẽ không gửi nữa");
        officer.fits();
        officer.press("Thu hồi");
        officer.sees("đã ghi lệnh thu hồi");
        on_channel(&world, "fanpage", "settled");
        eventually("the portal has taken it down", || {
            let standing = crate::support::files::Folder::of_pages(world.path("site")).copies_of(TITLE);
            (standing == 0).then_some(())
        });
        officer.sees("đã thu hồi");
    }
}

#[test]
fn what_is_pasted_from_a_word_processor_becomes_plain_text_with_its_headings() {
    let world = office();
    let daemon = daemon(&world);
    let officer = signed_in(&daemon, "lan", "editor", true);
    officer.follow("Viết bài");
    officer.ask(
        "const field = document.querySelector('#f-body'); field.focus(); const data = new DataTransfer(); \
         data.setData('text/html', '<h2>Thời gian</h2><p class=MsoNormal><b>7h30</b> ngày 03/12<script>alert(1)</script></p>'); \
         data.setData('text/plain', 'Thời gian 7h30 ngày 03/12'); \
         field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));",
    );
    let pasted = eventually("the cleaned text is there", || {
        let text = officer.filled("Nội dung");
        text.contains("03/12").then_some(text)
    });
    assert!(pasted.contains("## Thời gian") && pasted.contains("**7h30**") && !pasted.contains("alert"), "{pasted}");
    officer.complaints();
}

#[test]
fn a_picture_is_uploaded_and_has_to_be_described() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        let picture = image::RgbImage::from_fn(320, 200, |x, y| image::Rgb([(x / 2) as u8, 90, y as u8]));
        picture.save(world.path("hop.png")).expect("a picture");
        officer.follow("Viết bài");
        officer.fill("Tiêu đề", TITLE);
        officer.fill("Nội dung", BODY);
        officer.attach("Thêm ảnh", &world.path("hop.png"));
        officer.press("Tải ảnh lên");
        officer.press("Xem trước");
        officer.sees("Những gì đã gõ vẫn còn");
        assert_eq!(officer.ask("return document.querySelector('.field.wrong label').innerText"), "Ảnh cho thấy gì");
        let width = officer.ask("return document.querySelector('.picture img').naturalWidth");
        assert!(width.as_u64().is_some_and(|width| width > 100), "the picture is shown: {width}");
        officer.fill("Ảnh cho thấy gì", "Phòng tiếp công dân của xã");
        officer.press("Xem trước");
        officer.sees("Chưa gửi gì ra ngoài");
    }
}

#[test]
fn a_doubt_of_the_radio_script_becomes_an_entry_of_the_lexicon() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        officer.follow("Viết bài");
        officer.fill("Tiêu đề", "Họp tổ XQK");
        officer.fill("Nội dung", "Tổ XQK họp lúc 7h30 ngày 03/12/2026 tại nhà văn hóa.");
        officer.press("Xem trước");
        officer.sees("Chỗ cần xem lại cách đọc");
        officer.fill("Từ nay đọc là", "xây quỹ khuyến học");
        officer.press("Ghi vào từ điển");
        officer.sees("từ nay đọc \"XQK\" là \"xây quỹ khuyến học\"");
        officer.sees("Tổ xây quỹ khuyến học họp lúc bảy giờ ba mươi");
        let lexicon = std::fs::read_to_string(world.path("channels/lexicon.tsv"))
            .or_else(|_| std::fs::read_to_string(world.path("lexicon.tsv")))
            .expect("the lexicon");
        assert!(lexicon.contains("XQK\txây quỹ khuyến học"), "{lexicon}");

        officer.follow("Từ điển đọc");
        officer.fill("Một câu", "Tổ XQK họp.");
        officer.press("Đọc");
        officer.sees("xây quỹ khuyến học họp");
        officer.press("Bỏ XQK");
        officer.sees("không có mục nào");
    }
}

#[test]
fn what_was_typed_when_the_session_ended_is_brought_back() {
    let world = office();
    let daemon = daemon(&world);
    publish_first(&world);
    on_channel(&world, "portal", "settled");
    let officer = signed_in(&daemon, "lan", "editor", true);
    officer.follow("Viết bài");
    officer.fill("Tiêu đề", TITLE);
    officer.fill("Nội dung", BODY);
    let come_in = || {
        officer.fill("Tên đăng nhập", "lan");
        officer.fill("Mật khẩu", crate::support::browser::PASSWORD);
        officer.press("Đăng nhập");
    };
    // Meanwhile somebody has signed them out, as in another tab.
    let cut_off = || {
        officer.ask(
            "const csrf = document.querySelector('input[name=csrf]').value; \
             return fetch('/sign-out', { method: 'POST', body: new URLSearchParams({ csrf }) }).then(() => true)",
        );
        officer.press("Lưu nháp");
        come_in();
    };
    cut_off();
    officer.open("/write");
    officer.sees("Có phần anh/chị đã gõ mà chưa lưu được");
    officer.ask("[...document.querySelectorAll('button')].find(one => one.innerText === 'Lấy lại').click()");
    assert_eq!((officer.filled("Tiêu đề"), officer.filled("Nội dung")), (TITLE.to_owned(), BODY.to_owned()));
    officer.press("Xem trước");
    officer.sees("Chưa gửi gì ra ngoài");
    officer.open("/write");
    officer.does_not_see("chưa lưu được");
    // Another article of theirs does not get it, and whoever signs out leaves nothing behind.
    officer.fill("Tiêu đề", "Bài khác");
    cut_off();
    officer.open("/write?article=1");
    officer.does_not_see("chưa lưu được");
    officer.open("/write");
    officer.sees("“Bài khác”");
    officer.press("Đăng xuất");
    come_in();
    officer.open("/write");
    officer.does_not_see("chưa lưu được");
    officer.complaints();
}
