//! What holds for every page: no barrier that a machine can find, nothing wider than a phone, in the light and in the dark.

use axum::http::Method;
use loa::console::routes;

use super::office::{daemon, more, office, publish, signed_in, to_settings};
use crate::support::browser::{Browser, between};
use crate::support::chromium::{DESK, PHONE};
use crate::support::hostile_http::Fault;
use crate::support::house::{deliveries, on_channel};
use crate::support::places::Places;
use crate::support::process::Daemon;
use crate::support::world::World;

/// An office in which something stands on every page: what went out, waits, is held, uncertain and failed; a draft.
pub(super) fn lively(world: &World, daemon: &Daemon) -> Places {
    world.hook.script(vec![Fault::PostThen500, Fault::Status(422)]);
    publish(world);
    let number = |channel: &str, state: &str| on_channel(world, channel, state)["id"].as_i64().expect("a number");
    let places = Places {
        article: 2,
        held: number("portal", "held"),
        uncertain: number("fanpage", "uncertain"),
        failed: number("fanpage", "failed"),
        out: number("email", "settled"),
        draft: draft(daemon),
        channel: "fanpage",
        letters: "email",
    };
    assert!(deliveries(world).len() >= 12);
    places
}

/// What makes it so.
pub(super) fn prepare(world: &World) {
    world.hook.honours_id(false);
    to_settings(world, "fanpage", "receiver_honours_id = false");
    more(world, "portal", "[schedule]\napproval = true\n");
}

/// Begins an article by hand, and returns its token.
fn draft(daemon: &Daemon) -> String {
    let mut chief = Browser::signed_in(daemon, "quan.tri");
    let page = chief.get("/write").body;
    let token = between(&page, "name=\"token\" value=\"", "\"").unwrap().to_owned();
    let body = "Tổ XQK họp lúc 7h30 ngày 03/12/2026 tại nhà văn hóa thôn Đông.";
    let fields = [("token", token.as_str()), ("title", "Lịch họp tổ XQK"), ("body", body), ("do", "keep")];
    assert_eq!(chief.post("/write", &fields).status, 303);
    token
}

#[test]
fn no_page_has_a_barrier_or_is_wider_than_a_phone_in_the_light_and_in_the_dark() {
    let world = office();
    prepare(&world);
    let daemon = daemon(&world);
    let mut officer = signed_in(&daemon, "quan.tri", "administrator", true);
    Browser::signed_in(&daemon, "quan.tri").add("lan", "editor");
    let places = lively(&world, &daemon);
    let mut found = Vec::new();
    let mut walked = 0;
    for (method, path, _) in routes() {
        let Some(address) = (method == Method::GET).then(|| places.of(path)).flatten() else { continue };
        for (screen, dark) in [(DESK, false), (PHONE, true)] {
            officer.screen(screen);
            officer.dark(dark);
            officer.open(&address);
            found.extend(officer.barriers());
            found.extend(officer.too_wide());
        }
        walked += 1;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(walked > 20, "only {walked} pages");
    officer.press("Đăng xuất");
    officer.is_accessible();
    officer.fits();
}
