//! The office whose console is opened in a real browser: in Vietnamese, with doubles as far sides and the demo's articles.

use crate::support::browser::{Browser, PASSWORD};
use crate::support::chromium::Chromium;
use crate::support::house::{open, printed};
use crate::support::process::Daemon;
use crate::support::world::World;

/// The demo's articles.
pub(super) const ARTICLES: [(&str, &str); 3] = [
    ("lich-tiep-cong-dan.md", include_str!("../../../src/demo/articles/lich-tiep-cong-dan.md")),
    ("tiem-chung-tre-em.json", include_str!("../../../src/demo/articles/tiem-chung-tre-em.json")),
    ("cat-nuoc-thon-doai.txt", include_str!("../../../src/demo/articles/cat-nuoc-thon-doai.txt")),
];

/// An office with four channels, whose officers read Vietnamese. The radio reads at half past four and at four.
pub(super) fn office() -> World {
    let world = World::new("[\"30 4 * * *\", \"0 16 * * *\"]");
    open(&world, "[shutdown]\ngrace = \"1s\"\n");
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    world.write("config.toml", &config.replace("language = \"en\"", "language = \"vi\""));
    for (channel, name, more) in [
        ("portal", "Cổng thông tin", "base_url"),
        ("fanpage", "Fanpage xã An Bình", "url"),
        ("email", "Thư điện tử", "from"),
        ("radio", "Đài truyền thanh", "folder"),
    ] {
        let file = format!("channels/{channel}.toml");
        let text = std::fs::read_to_string(world.path(&file)).unwrap();
        assert!(text.contains(more), "{text}");
        let mut text = format!("name = \"{name}\"\n{text}");
        if channel == "radio" {
            text.push_str("station = \"Đài truyền thanh xã An Bình\"\n");
        }
        world.write(&file, &text);
    }
    world
}

/// Its daemon, speaking Vietnamese.
pub(super) fn daemon(world: &World) -> Daemon {
    let mut command = world.loa(&["run"]);
    command.env("LOA_LANG", "vi");
    Daemon::start(command, &world.path("log"))
}

/// Adds tables to a channel's file.
pub(super) fn more(world: &World, channel: &str, tables: &str) {
    let file = format!("channels/{channel}.toml");
    let text = std::fs::read_to_string(world.path(&file)).unwrap();
    world.write(&file, &format!("{text}\n{tables}"));
}

/// Adds lines to a channel's settings, which stand last in its file.
pub(super) fn to_settings(world: &World, channel: &str, lines: &str) {
    more(world, channel, lines);
}

/// Hands over the demo's articles, as the CMS would.
pub(super) fn publish(world: &World) {
    for (name, text) in ARTICLES {
        world.write(name, text);
        printed(world, &["publish", &world.path(name).display().to_string()]);
    }
}

/// Hands over the first of them.
pub(super) fn publish_first(world: &World) {
    let (name, text) = ARTICLES[0];
    world.write(name, text);
    printed(world, &["publish", &world.path(name).display().to_string()]);
}

/// An officer of this role, whom the administrator has added, signed in and at the page Today.
pub(super) fn signed_in(daemon: &Daemon, name: &str, role: &str, scripts: bool) -> Chromium {
    let mut chief = Browser::administrator(daemon);
    if name != "quan.tri" {
        chief.add(name, role);
    }
    let officer = Chromium::new(daemon);
    if !scripts {
        officer.without_scripts();
    }
    officer.open("/sign-in");
    officer.fill("Tên đăng nhập", name);
    officer.fill("Mật khẩu", PASSWORD);
    officer.press("Đăng nhập");
    officer.sees("Cần người xử lý");
    officer
}
