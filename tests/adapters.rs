//! What each kind of channel shows, and how it takes it back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use hmac::{KeyInit as _, Mac as _};
use loa::article::{Article, Revision};
use loa::channel::{
    Channel, Class, Item, Job, KINDS, NoCopies, NoPictures, Office, Progress, Rehearsal, RenderContext, Seen, SendError,
};
use loa::config::ChannelSpec;
use loa::delivery::{Action, Live, Receipt, Slot};
use loa::text::Language;
use mail_parser::MessageParser;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::sample::{HANOI, article, utc};

const OFFICE: &str = "UBND xã An Bình";
const LINK: &str = "https://anbinh.example.vn/bai/1.html";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn office() -> Office {
    Office { name: OFFICE.to_owned(), timezone: HANOI, language: Language::Vi, public_url: None }
}

/// A channel of `kind` with these settings, in a folder of its own.
fn open_in(base: &Path, kind: &str, settings: &str) -> Arc<dyn Channel> {
    std::fs::write(base.join("nguoi-nhan.txt"), "lan@example.vn\nminh@example.vn\n").unwrap();
    std::fs::write(base.join("secret"), SECRET).unwrap();
    std::fs::write(base.join("ghost-key"), crate::support::far::ghost::KEY).unwrap();
    let source = format!("kind = \"{kind}\"\n[settings]\n{settings}\n");
    let spec = ChannelSpec::parse(Path::new("kenh.toml"), &source, HANOI).unwrap_or_else(|error| panic!("{error}"));
    spec.open(&office(), base, true).unwrap_or_else(|error| panic!("{error}"))
}

/// Settings that the tests below count on; `None`: the kind's own example will do.
fn settings(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "site" => "folder = \"site\"\nbase_url = \"https://anbinh.example.vn\"",
        "fanpage" => "url = \"http://127.0.0.1:9/hook\"\nsecret = { file = \"secret\" }",
        "wordpress" => "url = \"http://127.0.0.1:9\"\nuser = \"loa\"\npassword = { file = \"secret\" }",
        "email" => EMAIL,
        "radio" => "folder = \"radio\"",
        "zalo" => {
            "app_id = \"1234567890\"\napp_secret = { file = \"secret\" }\ntoken_file = \"zalo-token.json\"\n\
             default_cover = \"https://anbinh.example.vn/anh-bia.jpg\""
        }
        "telegram" => "chat_id = -1001234567890\nbase_url = \"http://127.0.0.1:9\"\nbot_token = { file = \"secret\" }",
        _ => return None,
    })
}

const EMAIL: &str = "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nrecipients = \"nguoi-nhan.txt\"\n\
                     transport = \"file\"\nfolder = \"thu\"";

fn open(kind: &str) -> (TempDir, Arc<dyn Channel>) {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_owned();
    let Some(settings) = settings(kind) else {
        let example = KINDS.iter().find(|known| known.name == kind).map(|known| known.example).unwrap();
        let spec = ChannelSpec::parse(Path::new("kenh.toml"), example, HANOI).unwrap_or_else(|error| panic!("{error}"));
        // Without its secrets.
        let channel = spec.open(&office(), &base, false).unwrap_or_else(|error| panic!("{error}"));
        return (folder, channel);
    };
    // A secret file is named as it stands, not from the channel's folder.
    let settings =
        settings.replace("file = \"secret\"", &format!("file = {:?}", base.join("secret").display().to_string()));
    let channel = open_in(&base, kind, &settings);
    (folder, channel)
}

fn shown(revision: u32) -> Live {
    let receipt = Receipt {
        remote_id: "loa_first".to_owned(),
        url: None,
        payload_hash: String::new(),
        rehearsal: false,
        seen: None,
    };
    Live::Shown { revision: Revision(revision), receipt }
}

fn item(article: Article, action: Action) -> Item {
    let live = if matches!(action, Action::Create(_)) { Live::Nothing } else { shown(1) };
    Item {
        article: Arc::new(article),
        revision: action.revision().unwrap_or(Revision(1)),
        action,
        live,
        published: utc("2026-11-23T08:00:00+07:00"),
        updated: utc("2026-11-23T09:15:00+07:00"),
        link: Some(LINK.to_owned()),
        again: None,
    }
}

const ACTIONS: [Action; 3] = [Action::Create(Revision(1)), Action::Update(Revision(2)), Action::Withdraw];

fn context(edition: Option<Slot>) -> RenderContext {
    RenderContext { office: office(), at: utc("2026-11-23T16:00:00+07:00"), edition }
}

fn render(channel: &dyn Channel, item: &Item) -> Vec<u8> {
    channel.render(std::slice::from_ref(item), &context(None)).unwrap_or_else(|error| panic!("{error}")).bytes.into()
}

/// What people read of a payload.
fn readable(kind: &str, bytes: &[u8]) -> String {
    if kind != "email" {
        return String::from_utf8(bytes.to_vec()).unwrap();
    }
    let message = MessageParser::default().parse(bytes).unwrap();
    let part = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap_or_default().into_owned();
    format!("{}\n{}\n{}", message.subject().unwrap_or_default(), part(message.body_text(0)), part(message.body_html(0)))
}

fn job(channel: &dyn Channel, items: Vec<Item>, edition: Option<Slot>, copies: Arc<dyn loa::channel::Copies>) -> Job {
    let payload = channel.render(&items, &context(edition)).unwrap_or_else(|error| panic!("{error}"));
    let key = format!("loa_{}_{}", items[0].action.name(), items[0].revision);
    Job {
        key,
        items,
        edition,
        hash: payload.hash(),
        payload,
        now: utc("2026-11-23T16:00:05+07:00"),
        copies,
        pictures: Arc::new(NoPictures),
        halt: tokio_util::sync::CancellationToken::new(),
    }
}

fn single(channel: &dyn Channel, article: Article, action: Action) -> Job {
    job(channel, vec![item(article, action)], None, Arc::new(NoCopies))
}

#[test]
fn rendering_is_pure_names_its_source_and_links_back() {
    for kind in KINDS.iter().map(|kind| kind.name) {
        let (_folder, channel) = open(kind);
        for action in ACTIONS {
            let item = item(article("1"), action);
            let bytes = render(&*channel, &item);
            assert_eq!(bytes, render(&*channel, &item), "{kind} {action:?} differs the second time");
            let (_other, again) = open(kind);
            assert_eq!(bytes, render(&*again, &item), "{kind} {action:?} differs in another process");
            let text = readable(kind, &bytes);
            // The announcer reads the name in full.
            // What takes a copy back may be a bare request, which nobody reads.
            if action == Action::Withdraw && text.contains("\"DELETE\"") {
                assert!(!text.contains("7 giờ 30"), "{kind} repeats what it takes back:\n{text}");
                continue;
            }
            let name = if kind == "radio" { "Ủy ban nhân dân xã An Bình" } else { OFFICE };
            assert!(text.contains(name), "{kind} {action:?} does not name its source:\n{text}");
            if action == Action::Withdraw {
                assert!(!text.contains("7 giờ 30"), "{kind} repeats what it takes back:\n{text}");
                let said = ["thu hồi", "Thu hồi", "article.withdrawn"];
                assert!(said.iter().any(|word| text.contains(word)), "{kind}:\n{text}");
            } else {
                assert!(text.contains("tiếp công dân") && text.contains("Ủy ban nhân dân xã"), "{kind}:\n{text}");
            }
            if matches!(action, Action::Update(_)) {
                let said = ["Đính chính", "ĐÍNH CHÍNH"];
                assert!(said.iter().any(|word| text.contains(word)), "{kind} does not say that it corrects:\n{text}");
            }
            // The website is the original; the announcer cannot read out an address.
            if !matches!(kind, "site" | "radio") && action != Action::Withdraw {
                assert!(text.contains(LINK), "{kind} {action:?} does not link back:\n{text}");
            }
        }
    }
}

#[test]
fn a_page_leads_to_the_original_where_there_is_one() {
    let (_folder, site) = open("site");
    let with = Article { canonical_url: Some("https://cms.example.vn/1".to_owned()), ..article("1") };
    let page = readable("site", &render(&*site, &item(with, ACTIONS[0])));
    assert!(
        page.contains("https:&#x2f;&#x2f;cms.example.vn&#x2f;1") || page.contains("https://cms.example.vn/1"),
        "{page}"
    );
    assert!(page.contains("<html lang=\"vi\">") && page.contains("<meta charset=\"utf-8\">"));
}

/// Everything below a folder, by name.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            drop(found.insert(path.clone(), std::fs::read(&path).unwrap()))
        }
    }
    found
}

/// Elements in order, or what is wrong: tags that match, quoted attributes, known entities.
fn xml(text: &str) -> Result<Vec<String>, String> {
    let mut rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"utf-8\"?>").ok_or("no declaration")?;
    let (mut open, mut seen) = (Vec::<String>::new(), Vec::new());
    while let Some(start) = rest.find('<') {
        characters(&rest[..start])?;
        let end = rest[start..].find('>').ok_or("a tag does not end")? + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let opened = open.pop();
            if opened.as_deref() != Some(name) {
                return Err(format!("</{name}> closes {opened:?}"));
            }
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == ':') {
            return Err(format!("bad name {name:?}"));
        }
        if open.is_empty() && !seen.is_empty() {
            return Err("two roots".to_owned());
        }
        attribute_list(attributes)?;
        seen.push(name.to_owned());
        if !empty {
            open.push(name.to_owned());
        }
    }
    if open.is_empty() && rest.trim().is_empty() { Ok(seen) } else { Err(format!("left open: {open:?}")) }
}

fn attribute_list(mut rest: &str) -> Result<(), String> {
    while !rest.trim().is_empty() {
        let (name, after) = rest.trim_start().split_once("=\"").ok_or(format!("bad attributes {rest:?}"))?;
        let (value, after) = after.split_once('"').ok_or("a value does not end")?;
        if name.contains(' ') {
            return Err(format!("bad attribute {name:?}"));
        }
        characters(value)?;
        rest = after;
    }
    Ok(())
}

fn characters(words: &str) -> Result<(), String> {
    for after in words.split('&').skip(1) {
        let entity = after.split_once(';').ok_or(format!("a bare & in {words:?}"))?.0;
        let known = ["amp", "lt", "gt", "quot", "apos"].contains(&entity) || entity.starts_with('#');
        if !known {
            return Err(format!("&{entity}; is not known in XML"));
        }
    }
    if words.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        Err("control".to_owned())
    } else {
        Ok(())
    }
}

#[test]
fn the_check_of_xml_can_fail() {
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
    assert_eq!(xml(&format!("{head}<a><b c=\"d\"/></a>")).unwrap().len(), 2);
    for bad in ["<a>", "<a></b>", "<a b=c/>", "<a>&nbsp;</a>", "<a>x & y</a>", "<a/><b/>", "<a b=\"&\"/>"] {
        assert!(xml(&format!("{head}{bad}")).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn the_website_appears_whole_and_a_withdrawn_article_leaves_index_feed_and_sitemap() {
    let (folder, site) = open("site");
    let root = folder.path().join("site");
    let nasty = Article {
        title: "Giá \"điện\" & <nước> tăng 5'".to_owned(),
        topics: vec!["điện & nước".to_owned()],
        ..article("nasty")
    };
    let live = site.advance(&single(&*site, nasty.clone(), ACTIONS[0])).await.unwrap();
    let Progress::Live(receipt) = live else { panic!("{live:?}") };
    let url = receipt.url.clone().unwrap();
    assert!(url.starts_with("https://anbinh.example.vn/bai/nasty-"), "{url}");
    // Another process goes on where this one stopped.
    let site = open_in(folder.path(), "site", settings("site").unwrap());
    site.advance(&single(&*site, article("2"), ACTIONS[0])).await.unwrap();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let page_of = |url: &str| read(url.strip_prefix("https://anbinh.example.vn/").unwrap());
    let slug = receipt.remote_id.clone();
    for name in ["feed.xml", "sitemap.xml"] {
        let elements = xml(&read(name)).unwrap_or_else(|why| panic!("{name}: {why}\n{}", read(name)));
        let entries = elements.iter().filter(|element| matches!(element.as_str(), "entry" | "url")).count();
        assert_eq!(entries, 2, "{name}");
        assert!(read(name).contains(&slug), "{name}");
    }
    assert!(read("index.html").contains(&slug) && read("index.html").contains("&lt;nước&gt;"));
    assert!(page_of(&url).contains("&amp; &lt;nước&gt;") && !page_of(&url).contains("<nước>"));
    // The same again changes nothing.
    let before = files(&root);
    site.advance(&single(&*site, article("2"), ACTIONS[0])).await.unwrap();
    assert!(files(&root) == before, "a repeat changed something");
    let withdrawal = single(&*site, nasty, Action::Withdraw);
    assert_eq!(site.look_up(&withdrawal).await.unwrap(), Seen::Absent, "the withdrawal has not been done");
    assert_eq!(site.advance(&withdrawal).await.unwrap(), Progress::Gone);
    assert!(matches!(site.look_up(&withdrawal).await.unwrap(), Seen::Present(_)), "now it has");
    for name in ["index.html", "feed.xml", "sitemap.xml"] {
        assert!(!read(name).contains(&slug), "{name} still lists it");
        assert!(!read(name).contains("nước"), "{name} still names it");
    }
    xml(&read("feed.xml")).unwrap();
    xml(&read("sitemap.xml")).unwrap();
    let notice = page_of(&url);
    assert!(notice.contains("Bài đã thu hồi") && notice.contains("noindex") && !notice.contains("nước"), "{notice}");
    let leftovers: Vec<_> = files(&root).into_keys().filter(|path| path.to_string_lossy().ends_with(".tmp")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[tokio::test]
async fn a_script_that_somebody_edited_is_not_overwritten() {
    let (folder, radio) = open("radio");
    let slot = utc("2026-11-23T16:00:00+07:00");
    let items = vec![item(article("1"), ACTIONS[0]), item(article("2"), Action::Withdraw)];
    let job = job(&*radio, items, Some(slot), Arc::new(NoCopies));
    let path = folder.path().join("radio/kenh-2026-11-23-1600.txt");
    assert_eq!(radio.look_up(&job).await.unwrap(), Seen::Absent);
    assert!(matches!(radio.advance(&job).await.unwrap(), Progress::Live(_)));
    assert_eq!(std::fs::read(&path).unwrap(), job.payload.bytes);
    assert!(matches!(radio.look_up(&job).await.unwrap(), Seen::Present(_)));
    assert!(matches!(radio.advance(&job).await.unwrap(), Progress::Live(_)), "a repeat is harmless");
    std::fs::write(&path, "đã sửa tay").unwrap();
    let error = radio.advance(&job).await.unwrap_err();
    assert!(matches!(error.class, Class::Ambiguous { .. }), "{error:?}");
    assert!(error.note.vi.contains("không ghi đè") && error.note.en.contains("not overwritten"), "{error:?}");
    assert!(matches!(radio.look_up(&job).await.unwrap(), Seen::Unknown(_)));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "đã sửa tay");
}

#[test]
fn a_script_is_read_in_words() {
    let (_folder, radio) = open("radio");
    let slot = utc("2026-11-23T16:00:00+07:00");
    let items = [item(article("1"), ACTIONS[0]), item(article("2"), ACTIONS[1]), item(article("3"), ACTIONS[2])];
    let script = String::from_utf8(radio.render(&items, &context(Some(slot))).unwrap().bytes.into()).unwrap();
    for words in [
        "mục 1 · ",
        "mục 2 · ",
        "mục 3 · ",
        "– Đính chính: ",
        "– Thông báo thu hồi: ",
        "Trong bản tin hôm nay có những nội dung chính sau:",
        "Thời lượng dự kiến: 1 phút",
        "bảy giờ ba mươi",
        "Nguồn tin: Ủy ban nhân dân xã An Bình.",
    ] {
        assert!(script.contains(words), "{words}:\n{script}");
    }
    assert!(radio.render(&[], &context(Some(slot))).is_err(), "an empty edition");
}

/// Every trap that a commune's article sets for an announcer, in one; read line by line before it was approved.
#[test]
fn the_script_of_a_whole_article_is_read_as_approved() {
    let (_folder, radio) = open("radio");
    let draft = loa::intake::parse(include_bytes!("speech/article.txt"), loa::intake::Format::Plain).unwrap();
    let cx = loa::intake::DraftContext { source: "cms", external_id: Some("so-ket"), zone: HANOI };
    let (article, _) = draft.into_article(&cx).unwrap();
    let slot = utc("2026-10-03T05:00:00+07:00");
    let payload = radio.render(&[item(article, ACTIONS[0])], &context(Some(slot))).unwrap();
    let script = String::from_utf8(payload.bytes.into()).unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "speech", omit_expression => true }, {
        insta::assert_snapshot!("script", script);
    });
}

/// The signature of Standard Webhooks, made without the library that loa uses.
fn signature(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> String {
    let base64 = base64::engine::general_purpose::STANDARD;
    let key = base64.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", base64.encode(mac.finalize().into_bytes()))
}

#[test]
fn the_published_vectors_of_signed_webhooks_hold() {
    let second = "{\"type\":\"article.published\",\"timestamp\":\"2026-11-23T01:02:03Z\",\"data\":{\"id\":\"bai-0001\",\"title\":\"Lịch tiếp công dân\"}}";
    for (id, timestamp, body, expected) in [
        (
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        ("msg_loa_0001", 1_763_859_723, second, "v1,XdvEAt9VokncAEDzMkOKlTyMuDXezU3tiUHwukLH1pM="),
    ] {
        assert_eq!(signature(SECRET, id, timestamp, body.as_bytes()), expected);
        let webhook = standardwebhooks::Webhook::new(SECRET).unwrap();
        assert_eq!(webhook.sign(id, timestamp, body.as_bytes()).unwrap(), expected);
    }
}

/// Takes one request and answers it; returns head and body.
async fn receiver(listener: tokio::net::TcpListener, answer: String) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut more = [0; 4096];
        let count = stream.read(&mut more).await.unwrap();
        assert!(count > 0, "the request broke off");
        bytes.extend_from_slice(&more[..count]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
        let length: usize = header(&head, "content-length").parse().unwrap();
        if bytes.len() >= end + 4 + length {
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 4..].to_vec());
        }
    }
}

fn header(head: &str, name: &str) -> String {
    head.lines()
        .find_map(|line| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value.to_owned())
        .unwrap_or_else(|| panic!("no {name} in {head}"))
}

/// Posts one job to a receiver that answers so.
async fn post(status: &str, body: &str) -> (Result<Progress, SendError>, Job, String, Vec<u8>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret").display().to_string();
    let settings = format!("url = \"http://{address}/hook\"\nsecret = {{ file = {secret:?} }}");
    let fanpage = open_in(folder.path(), "fanpage", &settings);
    let job = single(&*fanpage, article("1"), ACTIONS[0]);
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\nretry-after: 120\r\n\r\n{body}");
    let (progress, (head, body)) = tokio::join!(fanpage.advance(&job), receiver(listener, answer));
    (progress, job, head, body)
}

#[tokio::test]
async fn a_webhook_is_signed_over_the_very_bytes_that_were_previewed() {
    let (progress, job, head, body) = post("200 OK", "{\"url\": \"https://fb.example/1\"}").await;
    assert_eq!(body, job.payload.bytes);
    assert_eq!(header(&head, "webhook-id"), job.key);
    let timestamp: i64 = header(&head, "webhook-timestamp").parse().unwrap();
    assert_eq!(timestamp, job.now.timestamp());
    assert_eq!(header(&head, "webhook-signature"), signature(SECRET, &job.key, timestamp, &body));
    assert!(!head.contains(SECRET));
    let Ok(Progress::Live(receipt)) = progress else { panic!("{progress:?}") };
    assert_eq!(receipt.url.as_deref(), Some("https://fb.example/1"));
    assert_eq!(receipt.payload_hash, job.payload.hash());
}

#[tokio::test]
async fn what_a_webhook_answers_is_put_into_its_class() {
    for (status, class) in [
        ("204 No Content", None),
        ("302 Found", Some("needs_attention")),
        ("400 Bad Request", Some("permanent")),
        ("401 Unauthorized", Some("needs_attention")),
        ("404 Not Found", Some("needs_attention")),
        ("409 Conflict", Some("transient")),
        ("410 Gone", Some("needs_attention")),
        ("422 Unprocessable", Some("permanent")),
        ("429 Too Many Requests", Some("transient")),
        ("500 Internal Server Error", Some("ambiguous")),
        ("503 Service Unavailable", Some("ambiguous")),
    ] {
        let (progress, ..) = post(status, "").await;
        assert_eq!(progress.as_ref().err().map(SendError::class_name), class, "{status}: {progress:?}");
        if status.starts_with("429") {
            let asked = Some(std::time::Duration::from_secs(120));
            assert_eq!(progress.unwrap_err().class, Class::Transient { retry_after: asked });
        }
    }
    let (_folder, nobody) = open("fanpage");
    let refused = nobody.advance(&single(&*nobody, article("1"), ACTIONS[0])).await.unwrap_err();
    assert_eq!(refused.class_name(), "transient", "nothing left this machine");
}

fn post_text(limit: usize, article: Article) -> String {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret").display().to_string();
    let settings = format!("url = \"http://127.0.0.1:9/\"\nsecret = {{ file = {secret:?} }}\ntext_limit = {limit}");
    let fanpage = open_in(folder.path(), "fanpage", &settings);
    let event: serde_json::Value = serde_json::from_slice(&render(&*fanpage, &item(article, ACTIONS[0]))).unwrap();
    event["data"]["text"].as_str().unwrap().to_owned()
}

#[test]
fn topics_become_hashtags_that_keep_their_accents() {
    let topics = ["thông báo", "cải cách hành chính", "COVID-19", "!!!"].map(str::to_owned).to_vec();
    let text = post_text(2_000, Article { topics, ..article("1") });
    assert!(text.ends_with("#ThôngBáo #CảiCáchHànhChính #COVID19"), "{text}");
}

#[test]
fn a_post_fits_its_limit_and_is_cut_after_a_whole_word() {
    let words: Vec<String> = (0..400).map(|number| format!("chữ{number}")).collect();
    let body = words.join(" ");
    for limit in [180, 250, 333, 500, 1_000, 2_000] {
        let long = Article { summary: None, body_text: body.clone(), ..article("1") };
        let text = post_text(limit, long);
        let length = text.chars().count();
        assert!(length <= limit, "{length} of {limit}");
        assert!(text.contains(LINK) && text.contains(OFFICE), "{text}");
        let cut = text.split("\n\n").nth(1).and_then(|part| part.strip_suffix('…')).unwrap_or_else(|| panic!("{text}"));
        assert!(length + 30 > limit, "{length} of {limit}: there was room");
        assert!(cut.split(' ').all(|word| words.iter().any(|known| known == word)), "{cut}");
    }
    assert!(!post_text(2_000, article("1")).contains('…'));
}

#[tokio::test]
async fn a_rehearsal_writes_what_would_be_sent_and_sends_nothing() {
    for kind in KINDS.iter().map(|kind| kind.name) {
        let (folder, channel) = open(kind);
        let rehearsal = Rehearsal::new(Arc::clone(&channel), folder.path().join("rehearsal"));
        let job = single(&rehearsal, article("1"), ACTIONS[0]);
        assert_eq!(job.payload.bytes, render(&*channel, &job.items[0]), "{kind}");
        let Progress::Live(receipt) = rehearsal.advance(&job).await.unwrap() else { panic!("{kind}") };
        assert!(receipt.rehearsal, "{kind}");
        assert_eq!(rehearsal.repeat(), channel.repeat(), "{kind}: of what was sent before");
        assert_eq!(std::fs::read(&receipt.remote_id).unwrap(), job.payload.bytes);
        for real in ["site", "thu", "radio"] {
            assert!(!folder.path().join(real).exists(), "{kind} was not only rehearsed");
        }
    }
}
