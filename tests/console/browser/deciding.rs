//! What waits for a person: approval, what is uncertain, what failed.

use super::office::{daemon, more, office, publish_first, signed_in, to_settings};
use crate::support::browser::{Browser, PASSWORD};
use crate::support::chromium::{Chromium, DESK, PHONE};
use crate::support::hostile_http::Fault;
use crate::support::house::{on_channel, printed};
use crate::support::process::eventually;

/// Another officer at the same desk.
pub(super) fn come_in(officer: &Chromium, name: &str) {
    officer.press("Đăng xuất");
    officer.fill("Tên đăng nhập", name);
    officer.fill("Mật khẩu", PASSWORD);
    officer.press("Đăng nhập");
    officer.sees("Hôm nay");
}

#[test]
fn an_approver_approves_exactly_what_is_shown_or_sends_it_back_with_a_word() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        more(&world, "fanpage", "[schedule]\napproval = true\n");
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        Browser::signed_in(&daemon, "quan.tri").add("hai", "approver");
        officer.screen(screen);
        publish_first(&world);
        on_channel(&world, "fanpage", "held");
        officer.open("/articles");
        officer.fits();
        officer.follow("Lịch tiếp công dân định kỳ tháng 12/2026");
        officer.follow("Xem nội dung chờ duyệt");
        assert!(!officer.offers("Duyệt đúng nội dung này"), "an editor only looks");

        come_in(&officer, "hai");
        officer.follow("Chờ duyệt");
        officer.follow("Lịch tiếp công dân định kỳ tháng 12/2026");
        officer.sees("Đúng nội dung sẽ gửi");
        officer.fits();
        officer.fill("Trả lại, với lời nhắn", "Thêm số điện thoại");
        officer.press("Trả lại người soạn");
        officer.open("/approvals");
        officer.sees("Đã trả lại, chờ đính chính");
        officer.follow("Lịch tiếp công dân định kỳ tháng 12/2026");
        officer.press("Duyệt đúng nội dung này");
        on_channel(&world, "fanpage", "settled");
        assert_eq!(world.hook.board().copies_of("cli/lich-tiep-cong-dan"), 1);
        officer.open("/articles/1");
        officer.sees("Người duyệt: hai");
    }
}

#[test]
fn what_is_uncertain_is_looked_at_and_answered_from_today() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        world.hook.honours_id(false);
        to_settings(&world, "fanpage", "receiver_honours_id = false");
        let daemon = daemon(&world);
        world.hook.script(vec![Fault::PostThen500]);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        publish_first(&world);
        on_channel(&world, "fanpage", "uncertain");
        officer.open("/");
        officer.sees("Chưa rõ đã lên hay chưa");
        officer.fits();
        officer.follow("Lịch tiếp công dân định kỳ tháng 12/2026");
        officer.press("Đã lên hay chưa?");
        officer.sees("Hãy xem trên kênh");
        officer.fits();
        officer.press("Đã lên");
        officer.sees("đã ghi: đã lên");
        on_channel(&world, "fanpage", "settled");
        assert_eq!(world.hook.board().copies_of("cli/lich-tiep-cong-dan"), 1, "no second copy");
    }
}

#[test]
fn what_failed_is_sent_again_when_an_officer_says_so() {
    let world = office();
    let daemon = daemon(&world);
    world.hook.script(vec![Fault::Status(422)]);
    let officer = signed_in(&daemon, "lan", "editor", true);
    // The page is open, and brings itself up to date.
    officer.sees("không có việc nào chờ người");
    publish_first(&world);
    officer.sees("Thất bại");
    officer.follow("Lịch tiếp công dân định kỳ tháng 12/2026");
    officer.press("Cho đi tiếp…");
    officer.sees("không thành hai bản");
    officer.press("Cho đi tiếp");
    officer.sees("đã cho đi tiếp");
    on_channel(&world, "fanpage", "settled");
}

#[test]
fn what_the_radio_may_read_wrongly_is_put_right_from_today_before_it_is_read() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        officer.does_not_see("Chỗ đài có thể đọc sai");
        world.write("hop.txt", "Họp tổ XQK\n\nTổ XQK họp lúc 7h30 ngày 03/12/2026 tại nhà văn hóa.\n");
        printed(&world, &["publish", &world.path("hop.txt").display().to_string()]);
        officer.open("/");
        officer.sees("Chỗ đài có thể đọc sai");
        officer.sees("sẽ phát: Họp tổ XQK");
        officer.fits();
        officer.follow("ghi cách đọc XQK");
        assert_eq!(officer.filled("Chữ viết"), "XQK");
        officer.fill("Đọc là", "xây quỹ khuyến học");
        officer.press("Thêm");
        officer.sees("từ nay đọc \"XQK\"");
        eventually("it is not in doubt any more", || {
            officer.open("/");
            (!officer.words().contains("Chỗ đài có thể đọc sai")).then_some(())
        });
        // Looking for everybody, the lexicon for those who write.
        Browser::signed_in(&daemon, "quan.tri").add("xem", "viewer");
        world.write("hop-2.txt", "Họp tổ XQJ\n\nTổ XQJ họp lúc 7h30 ngày 03/12/2026.\n");
        printed(&world, &["publish", &world.path("hop-2.txt").display().to_string()]);
        come_in(&officer, "xem");
        officer.sees("XQJ đọc là");
        assert!(!officer.offers("ghi cách đọc XQJ"));
    }
}
