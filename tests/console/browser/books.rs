//! The lists of people and the ledger, as officers use them.

use super::office::{daemon, office, publish_first, signed_in};
use crate::support::chromium::{DESK, PHONE};
use crate::support::house::on_channel;
use crate::support::process::eventually;

const LIST: &str = "ho_ten,thu\nNguyễn Văn An,an@example.vn\nTrần Thị Ba,ba@example.vn\nLê Cả,khong-phai-dia-chi\n";

#[test]
fn a_list_of_people_is_brought_in_searched_and_somebody_taken_off_for_good() {
    for (screen, scripts) in [(DESK, true), (PHONE, true), (DESK, false)] {
        let world = office();
        let file = std::fs::read_to_string(world.path("channels/email.toml")).unwrap();
        world.write("channels/email.toml", &file.replace("recipients = \"channels/nguoi-nhan.txt\"\n", ""));
        world.write("danh-sach.csv", LIST);
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        officer.follow("Người nhận");
        officer.fits();
        officer.follow("Thư điện tử");
        officer.attach("Tệp .csv, .txt hoặc .toml", &world.path("danh-sach.csv"));
        officer.press("Nhập danh sách");
        officer.sees("thêm 2");
        officer.sees("dòng 4:");
        officer.fits();
        officer.follow("← Thư điện tử");
        officer.fill("Địa chỉ thư", "chi.hoa@example.vn");
        officer.fill("Họ tên", "Phạm Thị Hoa");
        officer.press("Thêm");
        officer.sees("3 người đang nhận thư");
        officer.fill("Tìm địa chỉ hoặc tên", "nguyen van");
        officer.press("Tìm");
        officer.sees("an@example.vn");
        officer.does_not_see("ba@example.vn");
        officer.fits();
        officer.follow("Bỏ an@example.vn…");
        officer.fits();
        officer.press("Không bao giờ gửi nữa");
        officer.sees("2 người đang nhận thư");

        // Brought in again, who left stays out, and that is said.
        officer.attach("Tệp .csv, .txt hoặc .toml", &world.path("danh-sach.csv"));
        officer.press("Nhập danh sách");
        officer.sees("không gửi lại 1");
        publish_first(&world);
        on_channel(&world, "email", "settled");
        assert_eq!(world.smtp.letters_to("an@example.vn").len(), 0);
        assert_eq!(world.smtp.letters_to("ba@example.vn").len(), 1);
    }
}

#[test]
fn the_ledger_shows_who_did_what_and_what_was_tried() {
    for (screen, scripts) in [(DESK, true), (PHONE, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut officer = signed_in(&daemon, "lan", "editor", scripts);
        officer.screen(screen);
        publish_first(&world);
        on_channel(&world, "portal", "settled");
        officer.open("/channels/radio");
        officer.press("Tạm dừng");
        officer.sees("Tạm dừng vì");
        eventually("the chain was read through", || {
            officer.open("/ledger");
            officer.words().contains("sổ còn nguyên").then_some(())
        });
        officer.fits();
        officer.choose("Ai", "lan");
        officer.press("Lọc");
        officer.sees("lan · tạm dừng kênh");
        officer.does_not_see("đăng bài: Lịch tiếp công dân");
        officer.follow("Lần gửi");
        officer.choose("Kênh", "Cổng thông tin");
        officer.press("Lọc");
        officer.sees("Lịch tiếp công dân định kỳ tháng 12/2026");
        officer.sees("nội dung gửi");
        officer.fits();
    }
}

#[test]
fn channels_and_schedule_bring_themselves_up_to_date() {
    let world = office();
    let daemon = daemon(&world);
    let officer = signed_in(&daemon, "lan", "editor", true);
    officer.open("/schedule");
    officer.sees("chưa có bài nào chờ");
    publish_first(&world);
    officer.sees("Lịch tiếp công dân định kỳ tháng 12/2026");
    officer.open("/channels");
    officer.does_not_see("Tạm dừng vì");
    crate::support::house::printed(&world, &["pause", "fanpage"]);
    officer.sees("Tạm dừng vì");
}
