//! Leaving: by the link in a letter, on the real daemon.

use crate::support::house::{daemon, errors, house_with, json, open, printed, settled};
use crate::support::process::{Answer, Daemon};
use crate::support::world::World;

const LAN: &str = "lan@example.vn";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const ONE_CLICK: &[u8] = b"List-Unsubscribe=One-Click";

/// An office that writes to Lan and Minh, from its own list or from a file.
fn office(recipients: &str) -> (World, Daemon) {
    let world = house_with("");
    for channel in ["portal", "fanpage", "email", "radio"] {
        std::fs::remove_file(world.path(&format!("channels/{channel}.toml"))).expect("a channel's file");
    }
    open(&world, "[mail]\nsoft_bounces = 3\n");
    world
        .write("config.toml", &std::fs::read_to_string(world.path("config.toml")).unwrap().replace("\"en\"", "\"vi\""));
    world
        .write("channels/nguoi-nhan.csv", "Họ tên,Thư điện tử\nTrần Thị Lan,lan@example.vn\nLê Minh,minh@example.vn\n");
    let port = world.smtp.port();
    let settings = format!(
        "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nbounces = \"bounce@anbinh.example.vn\"\n\
         host = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n{recipients}"
    );
    world.channel("thu", "email", &settings, "");
    let file = world.path("channels/thu.toml");
    let written = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, format!("name = \"Bản tin <xã>\"\n{written}")).unwrap();
    let daemon = daemon(&world);
    (world, daemon)
}

fn publish(world: &World, id: &str, number: usize) {
    let file = world.article(id, &format!("Bài {id}"), "Sáng thứ hai.").display().to_string();
    printed(world, &["publish", &file]);
    settled(world, number);
}

fn import(world: &World, more: &[&str]) -> serde_json::Value {
    let list = world.path("channels/nguoi-nhan.csv").display().to_string();
    json(world, &[&["subscribers", "import", "thu", &list, "--json"], more].concat())
}

/// The address of Lan's page, from the letter that she had.
fn page_of(world: &World, address: &str) -> String {
    let letters = world.smtp.letters_to(address);
    let sender = &letters.last().expect("a letter").from;
    let token = sender.strip_prefix("bounce+").and_then(|rest| rest.strip_suffix("@anbinh.example.vn")).expect(sender);
    format!("/huy-nhan-thu/{token}")
}

fn get(daemon: &Daemon, page: &str) -> Answer {
    daemon.call("GET", page, &[], b"")
}

fn standing(world: &World, address: &str) -> String {
    let people = json(world, &["subscribers", "export", "thu", "--json"]);
    let people = people.as_array().expect("people");
    let person = people.iter().find(|person| person["email"] == address).expect(address);
    person["standing"].as_str().expect("a standing").to_owned()
}

#[test]
fn looking_changes_nothing_and_a_click_ends_it() {
    let (world, daemon) = office("");
    assert_eq!(import(&world, &[])["added"], 2);
    publish(&world, "mot", 1);
    let page = page_of(&world, LAN);

    let shown = get(&daemon, &page);
    assert_eq!(shown.status, 200);
    assert_eq!(shown.header("content-type"), Some("text/html; charset=utf-8"));
    for words in
        ["lang=\"vi\"", "UBND xã An Bình", "Bản tin &lt;xã&gt;", "l•••@example.vn", "<form method=\"post\">", "<button"]
    {
        assert!(shown.body.contains(words), "{words}: {}", shown.body);
    }
    assert!(!shown.body.contains(LAN) && !shown.body.contains("script"), "{}", shown.body);
    // What scanners do: any header, any method but POST, the letters of the link in upper case, a slash behind it.
    for (method, headers) in [
        (
            "GET",
            &[("User-Agent", ""), ("Accept", "*/*;q=x"), ("Accept-Language", "\u{fe}\u{ff}"), ("Range", "bytes=0-1")][..],
        ),
        ("GET", &[("Authorization", "Bearer sai"), ("Cookie", "a=b; ;;"), ("X-Forwarded-For", "::1, ,")]),
        ("HEAD", &[]),
        ("OPTIONS", &[]),
        ("PUT", &[FORM]),
        ("DELETE", &[]),
    ] {
        let answer = daemon.call(method, &page, headers, if method == "PUT" { ONE_CLICK } else { b"" });
        assert_eq!(answer.status, if matches!(method, "GET" | "HEAD") { 200 } else { 405 }, "{method}: {answer:?}");
        assert_eq!(answer.body.is_empty(), method == "HEAD", "{method}");
    }
    assert_eq!(get(&daemon, &format!("{}/", page.to_uppercase().replace("HUY-NHAN-THU", "huy-nhan-thu"))).status, 200);
    assert_eq!(standing(&world, LAN), "active");

    let left = daemon.call("POST", &page, &[FORM], ONE_CLICK);
    assert_eq!(left.status, 200);
    assert!(
        left.body.contains("Đã hủy nhận thư") && left.body.contains("chỉ cơ quan mới thêm lại được"),
        "{}",
        left.body
    );
    assert!(left.header("set-cookie").is_none() && left.header("location").is_none());
    assert_eq!(standing(&world, LAN), "unsubscribed");
    // Again, and looking again: the same answer, and nothing more to press.
    assert_eq!(daemon.call("POST", &page, &[FORM], ONE_CLICK).body, left.body);
    assert_eq!(get(&daemon, &page).body, left.body);
    assert!(!left.body.contains("<button"));

    publish(&world, "hai", 2);
    let counts = || (world.smtp.letters_to(LAN).len(), world.smtp.letters_to("minh@example.vn").len());
    assert_eq!(counts(), (1, 2));
    // The office takes the old list in again.
    assert_eq!(import(&world, &[])["kept_out"], 1);
    publish(&world, "ba", 3);
    assert_eq!(counts(), (1, 3));
    let refused = world.run(&["subscribers", "add", "thu", LAN]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(errors(&refused).contains("--again"), "{refused:?}");
    printed(&world, &["subscribers", "add", "thu", LAN, "--again"]);
    publish(&world, "bon", 4);
    assert_eq!(counts(), (2, 4));

    let told = told(&world);
    let own: Vec<_> = told.iter().filter(|(_, what, _)| what == "unsubscribed").collect();
    assert!(matches!(own.as_slice(), [(who, _, note)] if who == "recipient" && note.contains(LAN)), "{told:?}");
    assert!(!world.log().contains(page.trim_start_matches("/huy-nhan-thu/")), "a token in the log");
}

fn told(world: &World) -> Vec<(String, String, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(super::people::decisions(&world.path("loa.db")))
}

#[test]
fn mail_programs_may_post_a_form_of_several_parts() {
    let (world, daemon) = office("");
    import(&world, &[]);
    publish(&world, "mot", 1);
    let parts = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let kind = ("Content-Type", "multipart/form-data; boundary=x");
    let too_long = vec![b'x'; 100_000];
    assert_eq!(daemon.call("POST", &page_of(&world, LAN), &[kind], &too_long).status, 413);
    assert_eq!(standing(&world, LAN), "active");
    assert_eq!(daemon.call("POST", &page_of(&world, LAN), &[kind], parts.as_bytes()).status, 200);
    assert_eq!(standing(&world, LAN), "unsubscribed");
    // Without a word, too: whoever has the link may leave.
    assert_eq!(daemon.call("POST", &page_of(&world, "minh@example.vn"), &[], b"").status, 200);
    assert_eq!(standing(&world, "minh@example.vn"), "unsubscribed");
}

#[test]
fn whoever_left_stays_out_though_a_file_names_them() {
    let (world, daemon) = office("recipients = \"channels/nguoi-nhan.csv\"\n");
    publish(&world, "mot", 1);
    assert_eq!(world.smtp.letters_to(LAN).len(), 1);
    assert_eq!(daemon.call("POST", &page_of(&world, LAN), &[FORM], ONE_CLICK).status, 200);
    publish(&world, "hai", 2);
    assert_eq!(world.smtp.letters_to(LAN).len(), 1);
    assert_eq!(world.smtp.letters_to("minh@example.vn").len(), 2);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let left_out = runtime.block_on(super::office::left_out(&world.path("loa.db")));
    assert_eq!(left_out, [(LAN.to_owned(), "unsubscribed".to_owned())]);
}

#[test]
fn a_link_that_nobody_has_is_told_apart_from_no_other() {
    let (world, daemon) = office("");
    import(&world, &[]);
    let mut answers = Vec::new();
    for token in
        ["abcdefghijklmnopqrstuvwx23", "x", "%00%ff", "..%2f..%2fetc", "a/b/c", "' OR 1=1 --", &"z".repeat(5_000)]
    {
        let path = format!("/huy-nhan-thu/{}", token.replace(' ', "%20"));
        for method in ["GET", "POST"] {
            let answer = daemon.call(method, &path, &[], b"");
            assert_eq!(answer.status, 404, "{token}");
            answers.push(answer.body);
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert!(answers[0].contains("Liên kết không đúng") && !answers[0].contains("example.vn"), "{}", answers[0]);
}

#[test]
fn every_answer_carries_the_strict_headers_and_the_style_is_let_in_by_its_hash() {
    let (world, daemon) = office("");
    import(&world, &[]);
    publish(&world, "mot", 1);
    let page = page_of(&world, LAN);
    for (method, path) in
        [("GET", page.as_str()), ("GET", "/huy-nhan-thu/x"), ("PUT", page.as_str()), ("POST", page.as_str())]
    {
        let answer = daemon.call(method, path, &[], b"");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-robots-tag", "noindex, nofollow"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{method} {path}");
        }
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        let (_, style) = answer.body.split_once("<style>").expect("a style");
        let (style, _) = style.split_once("</style>").expect("its end");
        let hash = {
            use base64::Engine as _;
            use sha2::Digest as _;
            base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style))
        };
        // The head was put into lower case when it was read.
        assert!(policy.contains(&format!("'sha256-{}'", hash.to_lowercase())), "{policy}");
    }
}
