//! Writing by hand, seeing what every channel will show, and that it is what goes out.

use loa::article::{ArticleId, Revision};
use loa::console::{Outlook, PayloadView, Preview};
use loa::queue::{By, Manuscript, Written};

use crate::channels::FAR_SIDES;
use crate::channels::bench::png;
use crate::matrix::FarSide;
use crate::support::browser::{Browser, between};
use crate::support::house::{daemon, deliveries, house, house_with, json, on_channel, open, printed, settled};
use crate::support::process::{Daemon, eventually};
use crate::support::world::{Inside, World};

fn manuscript(world: u8, written: Written) -> Manuscript {
    let token = format!("{world:02x}").repeat(32);
    let saved_at = chrono::DateTime::UNIX_EPOCH;
    Manuscript {
        token,
        who: "chị Lan".to_owned(),
        writers: Vec::new(),
        saved_at,
        corrects: None,
        written,
        became: None,
    }
}

fn notice() -> Written {
    Written {
        title: "Tạm ngừng cấp nước tại thôn Đông".to_owned(),
        summary: "Hai thôn tạm ngừng cấp nước từ 22 giờ.".to_owned(),
        body: "Ủy ban nhân dân xã **thông báo**:\n\n- dự trữ nước\n- khóa van\n\nXin cảm ơn.".to_owned(),
        topics: vec!["thông báo".to_owned()],
        ..Written::default()
    }
}

/// What a preview's form says that was seen, and when.
fn what_was_seen(page: &str) -> (String, String) {
    let field = |name: &str| between(page, &format!("name=\"{name}\" value=\""), "\"").expect("a field").to_owned();
    (field("seen"), field("at"))
}

fn payload<'p>(preview: &'p Preview, channel: &str) -> &'p PayloadView {
    let seen = preview.channels.iter().find(|seen| seen.channel == channel).expect("the channel");
    assert!(matches!(seen.outlook, Outlook::Sends { .. }), "{channel}: {:?}", seen.outlook);
    seen.payload.as_ref().expect("a payload")
}

/// The hash that the ledger has of the last try of this errand.
async fn sent(inside: &Inside, channel: &str, errand: &str) -> String {
    let rows = inside.drain().await;
    let row = rows.iter().find(|row| row.delivery.channel == channel).expect("a delivery");
    let attempts = inside.app.ledger().attempts(row.delivery.id).await.expect("the attempts");
    let last = attempts.iter().rev().find(|attempt| attempt.errand == errand);
    let last = last.unwrap_or_else(|| panic!("{channel}: no {errand} in {attempts:#?}"));
    last.payload_hash.clone().unwrap_or_else(|| panic!("{channel}: {last:#?}"))
}

async fn what_is_seen_is_sent(world: &World, channels: &[&str]) {
    let inside = Inside::start(world).await;
    let desk = inside.app.desk();
    let by = || By { who: "chị Lan".to_owned(), at: inside.clock.now() };
    let new = manuscript(1, notice());
    let seen = desk.writing.preview(new.clone(), None, inside.clock.now()).await.expect("a preview");
    assert_eq!(inside.rows().await.len(), 0, "a preview hands nothing over");
    // Looking takes its time.
    inside.clock.advance(chrono::TimeDelta::minutes(9));
    let done = desk.writing.hand_over(new.clone(), by(), seen.at, false).await.expect("it is taken over");
    for channel in channels {
        let shown = payload(&seen, channel);
        assert_eq!(sent(&inside, channel, "create").await, shown.hash, "{channel}");
        assert!(!shown.parts.is_empty(), "{channel}");
    }
    // Sent once more it is the same article.
    let again = desk.writing.hand_over(new, by(), inside.clock.now(), false).await.expect("the first answer");
    assert_eq!((again.article, again.revision), (done.article, done.revision));

    let begun = desk.writing.begin(done.article).await.expect("a correction");
    let mut written = begun.written;
    assert_eq!(written.body, notice().body, "as it was typed");
    written.title.push_str(" và thôn Đoài");
    let mut correction = manuscript(2, written);
    correction.corrects = Some((done.article, begun.revision));
    inside.clock.advance(chrono::TimeDelta::minutes(7));
    let seen = desk.writing.preview(correction.clone(), None, inside.clock.now()).await.expect("a preview");
    inside.clock.advance(chrono::TimeDelta::minutes(7));
    desk.writing.hand_over(correction.clone(), by(), seen.at, false).await.expect("it is taken over");
    for channel in channels {
        assert_eq!(sent(&inside, channel, "update").await, payload(&seen, channel).hash, "{channel}");
    }
    // A correction that was begun before this one does not undo it.
    let mut late = manuscript(3, notice());
    late.corrects = Some((done.article, Revision(1)));
    assert!(desk.writing.hand_over(late, by(), inside.clock.now(), false).await.is_err());
    assert!(desk.writing.begin(ArticleId(99)).await.is_err());
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_previewed_is_what_is_sent_to_files_letters_and_webhooks() {
    let world = World::new("\"immediate\"");
    world.channel("goi", "package", "folder = \"goi\"", "");
    what_is_seen_is_sent(&world, &["portal", "fanpage", "email", "radio", "goi"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_previewed_is_what_is_sent_to_every_far_side() {
    for case in FAR_SIDES {
        let world = World::bare();
        let _far: Box<dyn FarSide> = (case.start)(&world);
        what_is_seen_is_sent(&world, &[case.channel]).await;
    }
}

/// A page's form token for a new article.
fn new_token(officer: &mut Browser<'_>) -> String {
    let page = officer.get("/write").body;
    between(&page, "name=\"token\" value=\"", "\"").expect("a token").to_owned()
}

/// An editor.
fn editor(daemon: &Daemon) -> Browser<'_> {
    let mut chief = Browser::administrator(daemon);
    chief.add("lan", "editor");
    Browser::signed_in(daemon, "lan")
}

#[test]
fn an_article_is_written_seen_published_and_corrected() {
    let world = house();
    world.channel("noi-bo", "site", "folder = \"noi-bo\"", "[route]\ntopics = [\"nội bộ\"]\n");
    let daemon = daemon(&world);
    let mut officer = editor(&daemon);
    let token = new_token(&mut officer);

    // Mistakes come back beside their fields, with everything that was typed.
    let wrong = [
        ("token", token.as_str()),
        ("title", ""),
        ("body", "Nội dung <script>alert(1)</script> đã gõ"),
        ("canonical_url", "javascript:alert(1)"),
        ("embargo", "hôm qua"),
        ("priority", "urgent"),
        ("do", "preview"),
    ];
    let answer = officer.post("/write", &wrong);
    assert_eq!(answer.status, 422);
    for words in
        ["write a title", "the address begins with", "no time; write it like", "Nội dung &lt;script&gt;", "hôm qua"]
    {
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
    assert!(answer.body.contains("value=\"urgent\" checked"), "{}", answer.body);

    let good = [
        ("token", token.as_str()),
        ("title", "Lịch <b>tiếp</b> dân"),
        ("body", "Sáng thứ Hai tại UBND xã. <script>alert(1)</script>"),
        ("topic", "thông báo"),
        ("topics", "y tế; nước sạch"),
        ("priority", "normal"),
        ("do", "preview"),
    ];
    let answer = officer.post("/write", &good);
    let preview = format!("/write/{token}/preview");
    assert_eq!((answer.status, answer.header("location")), (303, Some(preview.as_str())), "{}", answer.body);
    assert!(officer.get("/write").body.contains(&format!("/write/{token}")), "an unfinished draft");
    let page = officer.get(&preview);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body.contains("4 channels take it") && page.body.contains("these topics only: nội bộ"),
        "{}",
        page.body
    );
    assert!(page.body.contains("Lịch &lt;b&gt;tiếp") && !page.body.contains("<b>tiếp"), "{}", page.body);
    assert!(page.header("content-security-policy").unwrap().contains("frame-src 'self'"));
    assert!(page.body.contains("Reading time") && page.body.contains("content hash"), "{}", page.body);
    assert!(page.body.len() < 100_000);
    assert_eq!(deliveries(&world).len(), 0, "nothing was handed over");

    // The page itself stands in a frame that can do nothing.
    let frame = officer.get(&format!("/write/{token}/frame/portal/0"));
    assert_eq!(frame.status, 200);
    let policy = frame.header("content-security-policy").unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(frame.header("x-frame-options"), Some("sameorigin"));
    assert!(frame.body.contains("Sáng thứ Hai") && !frame.body.contains("<script>"), "{}", frame.body);
    assert!(frame.body.contains("<style>"), "the site's own style");
    let words = officer.get(&format!("/write/{token}/frame/radio/0"));
    assert!(
        words.body.contains("Sáng thứ Hai") && words.header("content-security-policy").unwrap().starts_with("sandbox")
    );
    assert_eq!(officer.get(&format!("/write/{token}/frame/radio/9")).status, 404);

    // What was not seen is not published.
    let publish = format!("/write/{token}/publish");
    let (_, at) = what_was_seen(&page.body);
    let answer = officer.post(&publish, &[("seen", "something else"), ("at", &at)]);
    assert_eq!(answer.header("location"), Some(preview.as_str()));
    let page = officer.get(&preview).body;
    assert!(page.contains("has changed since that preview"), "{page}");
    // A page that was shown for long says an hour that is over.
    let (seen, at) = what_was_seen(&page);
    let long_ago = (at.parse::<i64>().unwrap() - 31 * 60_000).to_string();
    for at in [long_ago.as_str(), "", "9999999999999"] {
        let answer = officer.post(&publish, &[("seen", &seen), ("at", at)]);
        assert_eq!(answer.header("location"), Some(preview.as_str()), "{at}");
        assert!(officer.get(&preview).body.contains("nothing was published"), "{at}");
    }
    assert_eq!(deliveries(&world).len(), 0);
    for _ in 0..2 {
        let answer = officer.post(&publish, &[("seen", &seen), ("at", &at)]);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/articles/1")), "a double click");
    }
    settled(&world, 4);
    assert!(!officer.get("/write").body.contains(&token), "no draft any more");
    assert_eq!(officer.get(&format!("/write/{token}")).header("location"), Some("/articles/1"));
    let rows = json(&world, &["deliveries", "--json"]).to_string();
    assert!(rows.contains("office/lich-b-tiep-b-dan-"), "{rows}");

    // The correction begins with what is there, and a new revision goes to the same channels.
    let page = officer.get("/write?article=1").body;
    assert!(page.contains("Lịch &lt;b&gt;tiếp") && page.contains("nước sạch"), "{page}");
    let second = between(&page, "name=\"token\" value=\"", "\"").unwrap().to_owned();
    let fields = [
        ("token", second.as_str()),
        ("article", "1"),
        ("base", "1"),
        ("title", "Lịch tiếp dân, đã đổi"),
        ("body", "Sáng thứ Ba tại UBND xã."),
        ("topic", "thông báo"),
        ("do", "preview"),
    ];
    assert_eq!(officer.post("/write", &fields).status, 303);
    let page = officer.get(&format!("/write/{second}/preview")).body;
    assert!(page.contains("replaces what is shown"), "{page}");
    let (seen, at) = what_was_seen(&page);
    officer.post(&format!("/write/{second}/publish"), &[("seen", &seen), ("at", &at)]);
    settled(&world, 4);
    let pages = world.path("site/bai");
    let page = std::fs::read_dir(pages).unwrap().map(|page| std::fs::read_to_string(page.unwrap().path()).unwrap());
    assert!(page.into_iter().any(|page| page.contains("Lịch tiếp dân, đã đổi")), "the page was corrected");

    // Who did it stands in the ledger, and the chain is whole.
    let said = printed(&world, &["doctor"]);
    assert!(said.contains("the ledger of decisions is as it was written"), "{said}");
    printed(&world, &["withdraw", "1"]);
    assert_eq!(officer.get("/write?article=77").status, 404);
}

#[test]
fn pictures_are_judged_described_and_shown_where_the_public_reaches_them() {
    let world = house();
    open(&world, "");
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    let config = config.replace("[http]\n", "[http]\npublic_url = \"http://tin.anbinh.example.vn\"\n");
    world.write("config.toml", &config);
    let daemon = daemon(&world);
    let mut officer = editor(&daemon);
    let token = new_token(&mut officer);
    let fields = [("token", token.as_str()), ("title", "Có ảnh"), ("body", "Xem ảnh."), ("do", "keep")];
    let answer = officer.upload("/write", &fields, ("pictures", "bài.exe", b"MZ no picture at all"));
    assert!(answer.status == 422 && answer.body.contains("is no JPEG, PNG, GIF or WebP"), "{}", answer.body);
    let picture = png(64, 48, [10, 120, 200]);
    let answer = officer.upload("/write", &fields, ("pictures", "ảnh.png", &picture));
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = officer.get(&format!("/write/{token}")).body;
    let hash = between(&page, "name=\"picture\" value=\"", "\"").unwrap().to_owned();
    assert_eq!(hash.len(), 64);
    let small = officer.get(&format!("/write/picture/{hash}"));
    assert_eq!((small.status, small.header("content-type")), (200, Some("image/jpeg")));
    let public = format!("/anh/{hash}.png");
    assert_eq!(daemon.call("GET", &public, &[], b"").status, 404, "a draft's picture is nobody's business");

    // It has to be described, and a form cannot name a picture that it does not have.
    let stray = "0".repeat(64);
    let alt = [
        ("token", token.as_str()),
        ("title", "Có ảnh"),
        ("body", "Xem ảnh."),
        ("picture", hash.as_str()),
        ("picture", stray.as_str()),
        ("alt-0", ""),
        ("do", "preview"),
    ];
    let answer = officer.post("/write", &alt);
    assert!(answer.status == 422 && answer.body.contains("say what it shows"), "{}", answer.body);
    assert!(!answer.body.contains(&stray), "{}", answer.body);
    let mut alt = alt;
    alt[5].1 = "Đập nước ở thôn Đông";
    assert_eq!(officer.post("/write", &alt).status, 303);
    let page = officer.get(&format!("/write/{token}/preview")).body;
    let frame = officer.get(&format!("/write/{token}/frame/portal/0")).body;
    assert!(frame.contains("src=\"data:image/jpeg;base64,") && frame.contains("Đập nước"), "{frame}");
    let (seen, at) = what_was_seen(&page);
    let publish = format!("/write/{token}/publish");
    assert_eq!(officer.post(&publish, &[("seen", &seen), ("at", &at)]).header("location"), Some("/articles/1"));
    settled(&world, 4);
    let shown = daemon.call("GET", &public, &[], b"");
    assert_eq!((shown.status, shown.header("content-type")), (200, Some("image/png")));
    assert_eq!(shown.header("cross-origin-resource-policy"), Some("cross-origin"));
    // The correction has it already, with its words.
    let page = officer.get("/write?article=1").body;
    assert!(page.contains("Đập nước ở thôn Đông") && page.contains(&hash), "{page}");
}

#[test]
fn a_draft_is_anybodys_to_finish_or_to_throw_away_and_pasting_is_cleaned() {
    let world = house_with("[shutdown]\ngrace = \"1s\"\n");
    let daemon = daemon(&world);
    let mut officer = editor(&daemon);
    let token = new_token(&mut officer);
    let kept = [("token", token.as_str()), ("title", "Dở dang"), ("body", ""), ("do", "keep")];
    assert_eq!(officer.post("/write", &kept).status, 303);
    let page = officer.get("/write").body;
    assert!(page.contains("Dở dang") && page.contains("lan,"), "{page}");
    assert_eq!(
        officer.get(&format!("/write/{token}/preview")).header("location"),
        Some(format!("/write/{token}?check=1").as_str())
    );
    assert!(officer.get(&format!("/write/{token}?check=1")).body.contains("write a body"));
    assert_eq!(officer.post(&format!("/write/{token}/publish"), &[("seen", ""), ("at", "")]).status, 303);
    assert_eq!(deliveries(&world).len(), 0);
    assert_eq!(officer.post(&format!("/write/{token}/throw-away"), &[]).status, 303);
    assert_eq!(officer.get(&format!("/write/{token}")).status, 404);
    assert_eq!(officer.post("/write", &[("token", "rubbish")]).status, 422);

    let html = "<p class=MsoNormal><b>Đậm</b> <a href=\"javascript:x()\">tới</a></p><script>alert(1)</script>";
    let answer = officer.post("/write/pasted", &[("html", html)]);
    assert_eq!((answer.status, answer.body.as_str()), (200, "**Đậm** tới"), "{}", answer.body);
}

#[test]
fn a_doubtful_word_of_the_script_is_put_into_the_lexicon_from_the_preview() {
    let world = house();
    world.write("channels/lexicon.tsv", "# của xã\n");
    let daemon = daemon(&world);
    let mut officer = editor(&daemon);
    let token = new_token(&mut officer);
    let fields = [
        ("token", token.as_str()),
        ("title", "Thông báo của Ban QLXYZ"),
        ("body", "Ban QLXYZ thông báo lịch làm việc."),
        ("do", "preview"),
    ];
    assert_eq!(officer.post("/write", &fields).status, 303);
    let preview = format!("/write/{token}/preview");
    let page = officer.get(&preview).body;
    assert!(page.contains("<mark>[?]</mark>") && page.contains("<mark>QLXYZ</mark>"), "{page}");
    let reading = format!("/write/{token}/reading");
    let answer = officer.post(&reading, &[("written", "QLXYZ"), ("spoken", "quản lý 7")]);
    assert_eq!(answer.status, 303);
    assert!(officer.get(&preview).body.contains("còn ký tự “7”"), "what is wrong with it is said");
    // The daemon takes each over at once: what goes out is what is seen.
    let reloads = || world.log().lines().filter(|line| line.contains("reloaded") && line.contains("radio")).count();
    let read_as = |officer: &mut Browser<'_>, spoken: &str| {
        let before = reloads();
        assert_eq!(officer.post(&reading, &[("written", "QLXYZ"), ("spoken", spoken)]).status, 303);
        eventually("the daemon reads the lexicon again", || (reloads() > before).then_some(()));
    };
    read_as(&mut officer, "quản lý chợ");
    let page = officer.get(&preview).body;
    assert!(page.contains("quản lý chợ") && !page.contains("<mark>QLXYZ</mark>"), "{page}");
    // Another reading later takes its place.
    read_as(&mut officer, "quản lý đê");
    let file = std::fs::read_to_string(world.path("channels/lexicon.tsv")).unwrap();
    assert_eq!(file, "# của xã\nQLXYZ\tquản lý đê\n");

    let page = officer.get(&preview).body;
    let (seen, at) = what_was_seen(&page);
    officer.post(&format!("/write/{token}/publish"), &[("seen", &seen), ("at", &at)]);
    on_channel(&world, "radio", "settled");
    let scripts: Vec<String> = std::fs::read_dir(world.path("radio"))
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok())
        .collect();
    assert!(scripts.iter().any(|script| script.contains("quản lý đê")), "{scripts:?}");
}
