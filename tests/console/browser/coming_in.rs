//! The first set-up, signing in, people.

use super::office::{daemon, office};
use crate::support::browser::{PASSWORD, setup_path};
use crate::support::chromium::{Chromium, DESK, PHONE, arrives};

#[test]
fn the_first_administrator_comes_in_by_the_printed_link() {
    for (screen, scripts) in [(DESK, true), (PHONE, true), (DESK, false)] {
        let world = office();
        let daemon = daemon(&world);
        let mut officer = Chromium::new(&daemon);
        officer.screen(screen);
        if !scripts {
            officer.without_scripts();
        }
        officer.open(&setup_path(&daemon));
        arrives(&officer, "/set-up");
        officer.fill("Họ tên", "Nguyễn Thị Lan");
        officer.fill("Tên đăng nhập", "lan.nguyen");
        officer.fill("Mật khẩu", "ngắn");
        officer.fill("Gõ lại mật khẩu", "ngắn");
        officer.press("Tạo tài khoản");
        officer.sees("ít nhất 10 chữ");
        assert_eq!(officer.filled("Họ tên"), "Nguyễn Thị Lan", "what was typed is kept");
        officer.fill("Mật khẩu", PASSWORD);
        officer.fill("Gõ lại mật khẩu", PASSWORD);
        officer.press("Tạo tài khoản");
        arrives(&officer, "/");
        officer.sees("không có việc nào chờ người");

        officer.press("Đăng xuất");
        arrives(&officer, "/sign-in");
        officer.open("/people");
        officer.fill("Tên đăng nhập", "lan.nguyen");
        officer.fill("Mật khẩu", "sai bét nhè ra");
        officer.press("Đăng nhập");
        officer.sees("không đúng");
        officer.fill("Mật khẩu", PASSWORD);
        officer.press("Đăng nhập");
        arrives(&officer, "/people");

        officer.fill("Họ tên", "Trần Văn Hải");
        officer.fill("Tên đăng nhập", "hai.tran");
        officer.tick("người soạn");
        officer.fill("Mật khẩu đầu tiên", PASSWORD);
        officer.press("Thêm");
        officer.sees("Trần Văn Hải");
        officer.follow("Trần Văn Hải");
        officer.press("Khóa tài khoản…");
        officer.press("Thôi, quay lại");
        officer.press("Khóa tài khoản…");
        officer.press("Khóa tài khoản");
        officer.sees("đã khóa");

        officer.open("/account");
        officer.choose("Ngôn ngữ", "English");
        officer.press("Đổi");
        officer.sees("Change the password");
    }
}

#[test]
fn the_keyboard_alone_is_enough_to_come_in() {
    let world = office();
    let daemon = daemon(&world);
    drop(crate::support::browser::Browser::administrator(&daemon));
    let officer = Chromium::new(&daemon);
    officer.open("/sign-in");
    // The first field has the focus.
    officer.type_keys("quan.tri\u{e004}");
    officer.type_keys(&format!("{PASSWORD}\u{e007}"));
    arrives(&officer, "/");
    // The first stop leads past the head.
    officer.type_keys("\u{e004}");
    assert_eq!(officer.ask("return document.activeElement.className"), "skip");
    officer.type_keys("\u{e007}");
    assert_eq!(officer.ask("return location.hash"), "#main");
}
