//! Two officers at once, pages that are old, and other things that happen in an office: nothing typed is lost, and nothing
//! goes out that nobody saw.

use crate::support::browser::{Browser, between};
use crate::support::house::{BEARER, JSON, daemon, deliveries, house, on_channel, printed, settled};
use crate::support::process::{Daemon, eventually};
use crate::support::world::World;

fn value(page: &str, name: &str) -> String {
    between(page, &format!("name=\"{name}\" value=\""), "\"").unwrap_or_else(|| panic!("no {name}: {page}")).to_owned()
}

/// Types into a draft, and presses a button.
fn keep(officer: &mut Browser<'_>, page: &str, title: &str, body: &str, what: &str) -> crate::support::process::Answer {
    let (token, kept) = (value(page, "token"), value(page, "kept"));
    let given = |name: &str| between(page, &format!("name=\"{name}\" value=\""), "\"").unwrap_or_default().to_owned();
    let (article, base) = (given("article"), given("base"));
    let fields = [
        ("token", token.as_str()),
        ("kept", &kept),
        ("article", &article),
        ("base", &base),
        ("title", title),
        ("body", body),
        ("do", what),
    ];
    officer.post("/write", &fields)
}

/// Presses the button of a preview.
fn publish(officer: &mut Browser<'_>, page: &str) -> crate::support::process::Answer {
    let action = between(page, "action=\"", "/publish\"").unwrap_or_else(|| panic!("nothing to press: {page}"));
    let action = format!("{}/publish", action.rsplit('"').next().unwrap().replace("&#x2f;", "/"));
    let again = if page.contains("name=\"again\"") { "yes" } else { "" };
    officer.post(&action, &[("seen", &value(page, "seen")), ("at", &value(page, "at")), ("again", again)])
}

fn followed(officer: &mut Browser<'_>, answer: &crate::support::process::Answer) -> String {
    let to = answer.header("location").unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
    officer.get(&to).body
}

fn pair<'d>(daemon: &'d Daemon) -> (Browser<'d>, Browser<'d>) {
    let mut chief = Browser::administrator(daemon);
    chief.add("lan", "editor");
    chief.add("nam", "approver");
    (Browser::signed_in(daemon, "lan"), Browser::signed_in(daemon, "nam"))
}

const BODY: &str = "Sáng thứ Hai tại nhà văn hóa.";

/// An article that stands on every channel.
fn published(world: &World, daemon: &Daemon) {
    let article = r#"{"source":"cms","external_id":"1","title":"Họp thôn","body_text":"Sáng thứ Hai."}"#;
    assert_eq!(daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], article.as_bytes()).status, 202);
    settled(world, 4);
}

#[test]
fn what_a_channel_would_send_otherwise_meanwhile_is_not_sent_unseen() {
    let world = house();
    let daemon = daemon(&world);
    let (mut lan, _) = pair(&daemon);
    let page = lan.get("/write").body;
    let answer = keep(&mut lan, &page, "Họp thôn", BODY, "preview");
    let preview = followed(&mut lan, &answer);
    let file = std::fs::read_to_string(world.path("channels/fanpage.toml")).unwrap();
    world.write("channels/fanpage.toml", &format!("{file}\nhashtags = false\ntext_limit = 60\n"));
    eventually("the file is taken over", || world.log().contains("the channel was reloaded").then_some(()));
    let refused = publish(&mut lan, &preview);
    let preview = followed(&mut lan, &refused);
    assert!(preview.contains("a channel has changed since that preview"), "{preview}");
    assert_eq!(deliveries(&world).len(), 0);
    assert_eq!(publish(&mut lan, &preview).header("location"), Some("/articles/1"));
    settled(&world, 4);
}

#[test]
fn a_draft_that_somebody_else_has_saved_is_not_overwritten_unseen() {
    let world = house();
    let daemon = daemon(&world);
    let (mut lan, mut nam) = pair(&daemon);
    let page = lan.get("/write").body;
    let draft = keep(&mut lan, &page, "Họp thôn", BODY, "keep").header("location").unwrap().to_owned();
    let old = nam.get(&draft).body;
    let page = lan.get(&draft).body;
    assert_eq!(keep(&mut lan, &page, "Họp thôn", "Lan viết thêm hai trang.", "keep").status, 303);
    let told = keep(&mut nam, &old, "Họp thôn", "Nam sửa một chữ.", "keep");
    assert!(told.status == 422 && told.body.contains("lan saved this draft"), "{}", told.body);
    assert!(told.body.contains("Nam sửa một chữ."), "what was typed stands there: {}", told.body);
    assert!(lan.get(&draft).body.contains("Lan viết thêm hai trang."), "and what was saved is kept");
    assert_eq!(keep(&mut nam, &told.body, "Họp thôn", "Nam sửa một chữ.", "keep").status, 303, "he has seen it");
    assert!(lan.get(&draft).body.contains("Nam sửa một chữ."));
}

#[test]
fn what_is_typed_after_publishing_is_not_lost_without_a_word() {
    let world = house();
    let daemon = daemon(&world);
    let (mut lan, _) = pair(&daemon);
    let page = lan.get("/write").body;
    let answer = keep(&mut lan, &page, "Họp thôn", BODY, "preview");
    let preview = followed(&mut lan, &answer);
    publish(&mut lan, &preview);
    let late = keep(&mut lan, &page, "Họp thôn", "Gõ thêm sau khi quay lại.", "keep");
    assert_eq!(late.header("location"), Some("/articles/1"));
    assert!(lan.get("/articles/1").body.contains("what you typed just now is not kept"));
}

#[test]
fn the_second_of_two_corrections_is_seen_beside_the_first_and_can_follow_it() {
    let world = house();
    let daemon = daemon(&world);
    let (mut lan, mut nam) = pair(&daemon);
    published(&world, &daemon);
    let (first, second) = (lan.get("/write?article=1").body, nam.get("/write?article=1").body);
    let answer = keep(&mut lan, &first, "Họp thôn (đổi giờ)", BODY, "preview");
    let preview = followed(&mut lan, &answer);
    assert_eq!(publish(&mut lan, &preview).header("location"), Some("/articles/1"));
    let answer = keep(&mut nam, &second, "Họp thôn (đổi chỗ)", BODY, "preview");
    let preview = followed(&mut nam, &answer);
    assert!(preview.contains("Somebody has published revision 2") && !preview.contains("/publish\""), "{preview}");
    assert!(preview.contains("from=1&amp;to=2"), "{preview}");
    let draft = answer.header("location").unwrap().trim_end_matches("/preview").to_owned();
    let answer = nam.post(&format!("{draft}/newest"), &[("newest", "2")]);
    let preview = followed(&mut nam, &answer);
    assert_eq!(publish(&mut nam, &preview).header("location"), Some("/articles/1"), "{preview}");
    eventually("the second stands there", || {
        (on_channel(&world, "portal", "settled")["shown_revision"] == 3).then_some(())
    });
}

#[test]
fn a_withdrawn_article_comes_back_when_an_officer_says_so_and_not_before() {
    let world = house();
    let daemon = daemon(&world);
    let (mut lan, _) = pair(&daemon);
    published(&world, &daemon);
    // A correction that is under way when the article is withdrawn does not bring it back.
    let page = lan.get("/write?article=1").body;
    let answer = keep(&mut lan, &page, "Họp thôn (đổi giờ)", BODY, "preview");
    let before = followed(&mut lan, &answer);
    printed(&world, &["withdraw", "1"]);
    settled(&world, 4);
    let refused = publish(&mut lan, &before);
    let preview = followed(&mut lan, &refused);
    assert!(preview.contains("has changed since that preview") && !preview.contains("loa publish"), "{preview}");
    assert_eq!(world.hook.board().copies_of("cms/1"), 0);
    // It says what it does now.
    assert!(lan.get("/articles/1").body.contains("Change and publish again"));
    let preview = lan.get(answer.header("location").unwrap()).body;
    assert!(preview.contains("The article was withdrawn") && preview.contains("Publish again"), "{preview}");
    assert_eq!(publish(&mut lan, &preview).header("location"), Some("/articles/1"));
    eventually("it stands there again", || (world.hook.board().copies_of("cms/1") == 1).then_some(()));
}

#[test]
fn who_has_typed_in_a_draft_is_among_those_who_wrote_it() {
    let world = house();
    let fanpage = std::fs::read_to_string(world.path("channels/fanpage.toml")).unwrap();
    world.write("channels/fanpage.toml", &format!("{fanpage}\n[schedule]\napproval = \"two\"\n"));
    let daemon = daemon(&world);
    let (mut lan, mut nam) = pair(&daemon);
    let page = nam.get("/write").body;
    let draft = keep(&mut nam, &page, "Họp thôn", BODY, "keep").header("location").unwrap().to_owned();
    let preview = lan.get(&format!("{draft}/preview")).body;
    publish(&mut lan, &preview);
    let id = on_channel(&world, "fanpage", "held")["id"].as_i64().unwrap();
    let page = nam.get(&format!("/approvals/{id}")).body;
    assert!(page.contains("You wrote this revision") && page.contains("nam, lan"), "{page}");
    let hash = between(&page, "<code>", "</code>").unwrap().to_owned();
    let seen = between(&page, "seen=", "\"").unwrap().to_owned();
    let answer = nam.post(&format!("/approvals/{id}"), &[("hash", &hash), ("seen", &seen)]);
    assert!(answer.status == 422 && answer.body.contains("somebody else has to approve"), "{}", answer.body);
}

#[test]
fn nobody_is_called_like_somebody_else() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    let mut add = |name: &str, display: &str| {
        let fields = [("name", name), ("display", display), ("role", "editor"), ("password", "một câu dài dễ nhớ 7")];
        chief.post("/people", &fields)
    };
    assert_eq!(add("soan", "Lê Soạn").status, 303);
    for display in ["Lê Soạn", "Lê\u{200b} Soạn", "Lê  Soạn", "LÊ SOẠN"] {
        let answer = add("soan2", display);
        assert!(answer.status == 422 && answer.body.contains("looks like"), "{display}: {}", answer.body);
    }
    assert_eq!(add("soan2", "Lê Soạn (Văn phòng)").status, 303);
    assert_eq!(add("soan3", "Lê Soan").status, 303, "another name");
}

#[test]
fn a_new_password_lets_in_whom_wrong_ones_kept_out() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    chief.add("lan", "editor");
    let mut lan = Browser::new(&daemon);
    for _ in 0..8 {
        lan.sign_in("lan", "không phải mật khẩu này");
    }
    assert_eq!(lan.sign_in("lan", "không phải mật khẩu này").status, 429);
    let fields = [("password", "một câu dài dễ nhớ 8")];
    assert_eq!(chief.post("/people/2/password", &fields).status, 303);
    assert_eq!(lan.sign_in("lan", "một câu dài dễ nhớ 8").status, 303);
}

#[test]
fn looking_whether_the_set_up_link_is_there_does_not_use_it_up() {
    let world = house();
    let daemon = daemon(&world);
    let path = crate::support::browser::setup_path(&daemon);
    let mut scanner = Browser::new(&daemon);
    assert_eq!(scanner.send("HEAD", &path, &[], "").status, 200);
    Browser::administrator(&daemon);
}

#[test]
fn a_secret_that_was_written_into_a_file_is_not_kept_in_its_history() {
    const LITERAL: &str = "whsec_TElURVJBTCBub2JvZHkgbWF5IHNlZSB0aGlz";
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    let good = std::fs::read_to_string(world.path("channels/fanpage.toml")).unwrap();
    let line = good.lines().find(|line| line.trim_start().starts_with("secret")).expect("a secret").to_owned();
    world.write("channels/fanpage.toml", &good.replace(&line, &format!("secret = \"{LITERAL}\"")));
    let page = chief.get("/channels/fanpage/file").body;
    let fields = [("seen", value(&page, "seen")), ("text", good.clone())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(chief.post("/channels/fanpage/file", &fields).status, 303);
    let kept = std::fs::read_dir(world.path("channels/.history/fanpage")).unwrap();
    let kept: Vec<String> = kept.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert!(!kept.is_empty() && kept.iter().any(|text| text.contains("***")), "{kept:?}");
    assert!(!kept.iter().any(|text| text.contains(LITERAL)), "{kept:?}");
    // What is made on the page for files is named as in the form.
    for name in ["t%C3%AAn%20c%C3%B3%20d%E1%BA%A5u", "CON", "x%E2%80%AE"] {
        let answer = chief.post(&format!("/channels/{name}/file"), &[("seen", ""), ("text", &good)]);
        assert_ne!(answer.status, 303, "{name}: {}", answer.head);
    }
    assert_eq!(chief.get(&format!("/channels/{}", "a".repeat(300))).status, 404);
}
