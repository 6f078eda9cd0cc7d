//! The way in: what is read, what is cleaned, what counts as a revision, what is refused.

use std::path::Path;
use std::sync::{Arc, RwLock};

use chrono::TimeDelta;
use loa::article::{Article, ArticleKey, Priority, Revision};
use loa::clock::Clock;
use loa::delivery::{State, Why};
use loa::intake::{Draft, DraftContext, Format, Intake, IntakeError, Order, Subscription, parse};
use loa::ledger::{Filter, Ledger as _};
use loa::queue::Accepted;
use loa::schedule::{Route, Schedule};
use loa::store::{SqliteOptions, Store};
use tempfile::TempDir;
use unicode_normalization::UnicodeNormalization as _;

use crate::sample::{HANOI, schedule, utc};

fn cx() -> DraftContext<'static> {
    DraftContext { source: "folder", external_id: Some("bai-1"), zone: HANOI }
}

fn read(words: &str, format: Format) -> Article {
    try_read(words.as_bytes(), format).unwrap_or_else(|error| panic!("{error}\n{words}"))
}

fn try_read(bytes: &[u8], format: Format) -> Result<Article, IntakeError> {
    parse(bytes, format)?.into_article(&cx()).map(|(article, _)| article)
}

/// What is wrong with it, in Vietnamese and in English.
fn refusal(words: &str, format: Format) -> [String; 2] {
    match try_read(words.as_bytes(), format) {
        Err(IntakeError::Invalid(text)) => [text.vi, text.en],
        other => panic!("{other:?}\n{words}"),
    }
}

const BODY: &str = "Ủy ban nhân dân xã thông báo lịch tiếp công dân.\n\nThời gian: 7 giờ 30.\n";

fn json(fields: serde_json::Value) -> String {
    let mut all = serde_json::json!({ "title": "Lịch tiếp công dân", "body_text": BODY });
    let (Some(all_fields), serde_json::Value::Object(fields)) = (all.as_object_mut(), fields) else { unreachable!() };
    for (name, value) in fields {
        if value.is_null() {
            all_fields.remove(&name);
        } else {
            all_fields.insert(name, value);
        }
    }
    all.to_string()
}

#[test]
fn every_form_of_the_same_article_gives_the_same_article() {
    let from_json = read(
        &serde_json::json!({
            "title": "Lịch tiếp công dân", "body_markdown": BODY, "topics": ["thông báo", "tiếp dân"],
            "priority": "urgent", "expires_at": "2026-12-01T07:30:00+07:00", "byline": "Văn phòng",
        })
        .to_string(),
        Format::Json,
    );
    let toml = format!(
        "+++\ntitle = \"Lịch tiếp công dân\"\ntopics = [\"thông báo\", \"tiếp dân\"]\npriority = \"urgent\"\n\
         expires_at = 2026-12-01T07:30:00+07:00\nbyline = \"Văn phòng\"\n+++\n\n{BODY}"
    );
    let yaml = format!(
        "---\ntitle: Lịch tiếp công dân\ntopics: thông báo, tiếp dân\npriority: urgent\n\
         expires_at: 01/12/2026 07:30\nbyline: Văn phòng\n---\n{BODY}"
    );
    assert_eq!(read(&toml, Format::Markdown), from_json);
    assert_eq!(read(&yaml, Format::Markdown), from_json);
    assert_eq!(from_json.expires_at, Some(utc("2026-12-01T00:30:00Z")));
    assert_eq!(from_json.priority, Priority::Urgent);
    assert_eq!(from_json.body_text, BODY.trim());
    assert_eq!(from_json.key, ArticleKey { source: "folder".to_owned(), external_id: "bai-1".to_owned() });
    // Without fields, a heading and a first line say the same.
    let heading = read(&format!("# Lịch tiếp công dân\n\n{BODY}"), Format::Markdown);
    let plain = read(&format!("Lịch tiếp công dân\n\n{BODY}"), Format::Plain);
    assert_eq!((&heading.title, &heading.body_text), (&plain.title, &plain.body_text));
    assert_eq!(heading.body_html.replace('\n', ""), plain.body_html.replace('\n', ""));
}

#[test]
fn a_files_ending_tells_its_form() {
    for (name, format) in [
        ("bai.json", Some(Format::Json)),
        ("BAI.MD", Some(Format::Markdown)),
        ("bai.markdown", Some(Format::Markdown)),
        ("bai.txt", Some(Format::Plain)),
        ("bai.docx", None),
        ("bai", None),
    ] {
        assert_eq!(Format::of(Path::new(name)), format, "{name}");
    }
}

#[test]
fn text_with_separate_accents_becomes_composed_text() {
    let apart = |words: &str| words.nfd().collect::<String>();
    let together =
        read(&json(serde_json::json!({ "topics": ["thông báo"], "organisation": "Xã Ân Thi" })), Format::Json);
    let separate =
        read(&apart(&json(serde_json::json!({ "topics": ["thông báo"], "organisation": "Xã Ân Thi" }))), Format::Json);
    assert_eq!(together, separate);
    assert_eq!(together.content_hash(), separate.content_hash());
    assert_eq!(separate.body_text, BODY.trim());
}

#[test]
fn invisible_characters_and_line_breaks_do_not_make_a_title() {
    let title =
        read(&json(serde_json::json!({ "title": "  Lịch\u{200b} tiếp\n\u{a0}công\tdân \u{feff}" })), Format::Json)
            .title;
    assert_eq!(title, "Lịch tiếp công dân");
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    for (words, format) in [
        (format!("Lịch tiếp công dân\n\n{BODY}"), Format::Plain),
        (format!("---\ntitle: Lịch\n---\n{BODY}"), Format::Markdown),
        (format!("+++\ntitle = \"Lịch\"\n+++\n{BODY}"), Format::Markdown),
        (json(serde_json::json!({})), Format::Json),
    ] {
        let windows = format!("\u{feff}{}", words.replace('\n', "\r\n"));
        assert_eq!(read(&windows, format), read(&words, format), "{words}");
    }
}

#[test]
fn what_could_act_on_the_reader_is_removed() {
    let html = concat!(
        "<p onclick=\"alert(1)\" style=\"color:red\">Chào <b>bà con</b></p>",
        "<script>alert('x')</script><style>p{}</style><iframe src=\"https://evil.example\"></iframe>",
        "<a href=\"javascript:alert(1)\">bấm</a> <a href=\"https://anbinh.example.vn/a\">xem</a>",
        "<img src=\"x\" onerror=\"alert(1)\"><!-- ghi chú --><svg onload=alert(1)></svg>",
        "<a href=\"data:text/html;base64,AAAA\">dữ liệu</a><form action=\"/x\"><input name=\"a\"></form>",
    );
    for field in ["body_html", "body_markdown"] {
        let article = read(&json(serde_json::json!({ "body_text": null, field: html })), Format::Json);
        let out = article.body_html.to_lowercase();
        for bad in [
            "script",
            "onclick",
            "onerror",
            "onload",
            "iframe",
            "javascript:",
            "alert",
            "style",
            "ghi chú",
            "data:",
            "<form",
            "<input",
            "<svg",
        ] {
            assert!(!out.contains(bad), "{bad} in {out}");
        }
        assert!(out.contains("<b>bà con</b>") && out.contains("https://anbinh.example.vn/a"), "{out}");
        assert!(
            !article.body_text.contains("alert") && article.body_text.contains("Chào bà con"),
            "{}",
            article.body_text
        );
    }
}

#[test]
fn plain_text_is_never_markup() {
    let article = read("Tiêu đề\n\na < b & c > d <script>alert(1)</script>\nhàng hai\n\nđoạn hai", Format::Plain);
    assert!(!article.body_html.contains("<script"), "{}", article.body_html);
    assert_eq!(article.body_text, "a < b & c > d <script>alert(1)</script>\nhàng hai\n\nđoạn hai");
    assert_eq!(article.paragraphs().count(), 2);
}

#[test]
fn what_is_missing_or_too_long_is_named() {
    let long = |count: usize| "ạ".repeat(count);
    let cases = [
        (json(serde_json::json!({ "title": null })), "thiếu tiêu đề", "title is missing"),
        (json(serde_json::json!({ "title": " \u{200b} " })), "thiếu tiêu đề", "title is missing"),
        (json(serde_json::json!({ "body_text": null })), "thiếu nội dung", "body is missing"),
        (json(serde_json::json!({ "body_text": " \n " })), "thiếu nội dung", "body is missing"),
        (
            json(serde_json::json!({ "body_text": null, "body_html": "<script>x</script>" })),
            "thiếu nội dung",
            "body is missing",
        ),
        (json(serde_json::json!({ "body_html": "<p>x</p>" })), "chỉ dùng một", "only one of"),
        (json(serde_json::json!({ "title": long(501) })), "dài 501 ký tự", "has 501 characters"),
        (json(serde_json::json!({ "external_id": long(201) })), "dài 201 ký tự", "has 201 characters"),
        (
            json(serde_json::json!({ "body_text": "x".repeat(2 * 1024 * 1024 + 1) })),
            "tối đa 2097152",
            "at most 2097152",
        ),
        (json(serde_json::json!({ "source": "a/b" })), "source không được chứa", "must not contain a slash"),
        (json(serde_json::json!({ "canonical_url": "ftp://x/y" })), "canonical_url \"ftp://x/y\"", "is not an http(s)"),
        (json(serde_json::json!({ "images": [{ "url": "javascript:1" }] })), "images.url", "is not an http(s)"),
    ];
    for (words, vi, en) in cases {
        let [in_vietnamese, in_english] = refusal(&words, Format::Json);
        assert!(in_vietnamese.contains(vi), "{in_vietnamese}");
        assert!(in_english.contains(en), "{in_english}");
    }
    assert_eq!(read(&json(serde_json::json!({ "title": long(500) })), Format::Json).title.chars().count(), 500);
}

#[test]
fn an_unknown_field_is_told_with_the_nearest_name() {
    let front = |fence: &str, line: &str| format!("{fence}\n{line}\n{fence}\nNội dung");
    for (words, format) in [
        (json(serde_json::json!({ "tilte": "x" })), Format::Json),
        (front("+++", "tilte = \"x\""), Format::Markdown),
        (front("---", "tilte: x"), Format::Markdown),
    ] {
        let [vi, en] = refusal(&words, format);
        assert!(vi.contains("không có trường \"tilte\"; có phải \"title\""), "{vi}");
        assert!(en.contains("no field \"tilte\"; did you mean \"title\""), "{en}");
    }
    let [vi, _] = refusal(&json(serde_json::json!({ "priority": "urgnet" })), Format::Json);
    assert!(vi.contains("có phải \"urgent\""), "{vi}");
}

#[test]
fn a_broken_form_says_where() {
    let [vi, en] = refusal("{\n  \"title\": \"a\",\n}", Format::Json);
    assert!(vi.contains("dòng 3") && en.contains("line 3"), "{vi} {en}");
    let [_, en] = refusal("+++\ntitle = \n+++\nx", Format::Markdown);
    assert!(en.contains("TOML front matter") && en.contains("line 1"), "{en}");
    let [_, en] = refusal("---\ntitle: [a\n---\nx", Format::Markdown);
    assert!(en.contains("YAML front matter"), "{en}");
}

#[test]
fn a_file_that_is_not_utf_8_names_the_line() {
    let mut bytes = "Lịch tiếp công dân\n\nDòng ba\n".as_bytes().to_vec();
    bytes.extend([b'D', 0xf2, b'n', b'g']);
    for format in [Format::Json, Format::Markdown, Format::Plain] {
        let Err(IntakeError::Invalid(text)) = try_read(&bytes, format) else { panic!("taken as {format:?}") };
        assert!(text.vi.contains("dòng 4") && text.en.contains("line 4"), "{text:?}");
    }
}

#[test]
fn hours_are_read_as_people_write_them_and_bad_ones_are_refused() {
    let at =
        |words: &str| read(&json(serde_json::json!({ "published_at": words })), Format::Json).published_at.unwrap();
    let expected = utc("2026-11-23T07:30:00+07:00");
    for words in [
        "2026-11-23T07:30:00+07:00",
        "2026-11-23T00:30:00Z",
        "2026-11-23 07:30",
        "2026-11-23T07:30",
        "23/11/2026 07:30",
    ] {
        assert_eq!(at(words), expected, "{words}");
    }
    assert_eq!(at("23/11/2026"), utc("2026-11-23T00:00:00+07:00"));
    for field in ["published_at", "embargo_until", "expires_at"] {
        for bad in ["hôm qua", "2026-13-01", "31/02/2026", "11/23/2026 07:30", "2026-11-23T25:00:00Z"] {
            let [vi, en] = refusal(&json(serde_json::json!({ field: bad })), Format::Json);
            for text in [vi, en] {
                assert!(text.contains(field) && text.contains(bad) && text.contains("23/11/2026 07:30"), "{text}");
            }
        }
    }
    let [vi, _] =
        refusal(&json(serde_json::json!({ "embargo_until": "2026-11-24", "expires_at": "2026-11-23" })), Format::Json);
    assert!(vi.contains("expires_at phải sau embargo_until"), "{vi}");
}

struct Desk {
    _folder: TempDir,
    store: Store,
    clock: Clock,
    intake: Intake,
}

async fn desk(channels: &[(&str, Route, Schedule)]) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(SqliteOptions { path: folder.path().join("loa.db"), max_size: None }).await.unwrap();
    let clock = Clock::still_at(utc("2026-11-23T08:00:00+07:00"));
    let subscriptions: Vec<Subscription> = channels
        .iter()
        .map(|(channel, route, schedule)| Subscription {
            channel: (*channel).to_owned(),
            route: route.clone(),
            schedule: schedule.clone(),
        })
        .collect();
    let subscriptions = Arc::new(RwLock::new(Arc::from(subscriptions)));
    let intake = Intake::new(
        Arc::new(store.clone()),
        subscriptions,
        clock.clone(),
        HANOI,
        loa::intake::Fetcher::new(loa::intake::PictureRules::default()),
    );
    Desk { _folder: folder, store, clock, intake }
}

async fn one_channel() -> Desk {
    desk(&[("portal", Route::default(), schedule())]).await
}

impl Desk {
    async fn hand(&self, fields: serde_json::Value, order: Order) -> Result<Accepted, IntakeError> {
        let draft: Draft = parse(json(fields).as_bytes(), Format::Json)?;
        self.intake.accept(draft, &cx(), order, "Lan", None).await
    }

    async fn publish(&self, fields: serde_json::Value) -> Result<Accepted, IntakeError> {
        self.hand(fields, Order::Publish).await
    }

    async fn withdraw(&self) -> Result<Accepted, IntakeError> {
        let key = ArticleKey { source: "folder".to_owned(), external_id: "bai-1".to_owned() };
        self.intake.withdraw(key, "Lan").await
    }
}

#[tokio::test]
async fn the_same_content_again_is_no_revision_and_a_change_is_the_next() {
    let desk = one_channel().await;
    let first = desk.publish(serde_json::json!({})).await.unwrap();
    assert_eq!((first.revision, first.changed, first.deliveries), (Revision(1), true, 1));
    desk.clock.advance(TimeDelta::hours(1));
    let again = desk.publish(serde_json::json!({})).await.unwrap();
    assert_eq!((again.id, again.revision, again.changed), (first.id, Revision(1), false));
    let separate =
        desk.publish(serde_json::json!({ "title": "Lịch tiếp công dân".nfd().collect::<String>() })).await.unwrap();
    assert!(!separate.changed, "the same words, typed otherwise");
    let changed = desk.publish(serde_json::json!({ "title": "Lịch tiếp công dân mới" })).await.unwrap();
    assert_eq!((changed.revision, changed.changed), (Revision(2), true));
    let back = desk.publish(serde_json::json!({})).await.unwrap();
    assert_eq!(back.revision, Revision(3), "going back is a correction too");
}

#[tokio::test]
async fn a_revision_the_source_counts_itself_has_to_rise() {
    let desk = one_channel().await;
    assert_eq!(desk.publish(serde_json::json!({ "revision": 5 })).await.unwrap().revision, Revision(5));
    for old in [4, 5] {
        let refused = desk.publish(serde_json::json!({ "revision": old, "title": "khác" })).await;
        let Err(IntakeError::Refused(text)) = refused else { panic!("{refused:?}") };
        assert!(text.vi.contains("đã có bản 5") && text.en.contains("at revision 5"), "{text:?}");
    }
    assert_eq!(desk.publish(serde_json::json!({ "revision": 9, "title": "mới" })).await.unwrap().revision, Revision(9));
    assert_eq!(desk.publish(serde_json::json!({ "title": "nữa" })).await.unwrap().revision, Revision(10));
}

#[tokio::test]
async fn a_revision_is_counted_from_one() {
    let desk = one_channel().await;
    let refused = desk.publish(serde_json::json!({ "revision": 0 })).await;
    assert!(matches!(refused, Err(IntakeError::Invalid(_))), "{refused:?}");
}

#[tokio::test]
async fn what_was_withdrawn_comes_back_only_when_asked_by_name() {
    let desk = one_channel().await;
    assert!(matches!(desk.withdraw().await, Err(IntakeError::Unknown(_))), "there is nothing yet");
    desk.publish(serde_json::json!({})).await.unwrap();
    assert!(desk.withdraw().await.unwrap().changed);
    assert!(!desk.withdraw().await.unwrap().changed, "twice is once");
    for order in [Order::Publish, Order::Correct] {
        let refused = desk.hand(serde_json::json!({ "title": "mới" }), order).await;
        let Err(IntakeError::Refused(text)) = refused else { panic!("{refused:?}") };
        assert!(text.vi.contains("đã thu hồi") && text.en.contains("--again"), "{text:?}");
    }
    let again = desk.hand(serde_json::json!({}), Order::PublishAgain).await.unwrap();
    assert_eq!((again.revision, again.changed), (Revision(2), true), "even the same content");
    assert!(desk.withdraw().await.unwrap().changed);
}

#[tokio::test]
async fn a_correction_needs_something_to_correct() {
    let desk = one_channel().await;
    let refused = desk.hand(serde_json::json!({}), Order::Correct).await;
    assert!(matches!(refused, Err(IntakeError::Refused(_))), "{refused:?}");
    assert!(desk.store.deliveries(Filter::default()).await.unwrap().is_empty());
    desk.publish(serde_json::json!({})).await.unwrap();
    let corrected = desk.hand(serde_json::json!({ "title": "đúng" }), Order::Correct).await.unwrap();
    assert_eq!(corrected.revision, Revision(2));
}

#[tokio::test]
async fn an_article_goes_to_the_channels_that_take_it_and_stays_there() {
    let health = Route { topics: vec!["y tế".to_owned()], ..Route::default() };
    let night = Schedule { quiet: Some("07:00-09:00".parse().unwrap()), ..schedule() };
    let desk = desk(&[("portal", Route::default(), night), ("health", health, schedule())]).await;
    assert_eq!(desk.publish(serde_json::json!({})).await.unwrap().deliveries, 1);
    let rows = desk.store.deliveries(Filter::default()).await.unwrap();
    assert_eq!(rows[0].delivery.channel, "portal");
    assert!(matches!(rows[0].delivery.state, State::Waiting { why: Why::Quiet, .. }), "{:?}", rows[0].delivery.state);
    assert_eq!(desk.publish(serde_json::json!({ "topics": ["Y TẾ"] })).await.unwrap().deliveries, 2);
    // A correction reaches every channel that has the article, whatever its topics are now.
    assert_eq!(desk.publish(serde_json::json!({ "topics": ["khác"] })).await.unwrap().deliveries, 2);
}

#[tokio::test]
async fn a_repeated_request_is_one_article_and_a_reused_key_is_refused() {
    let desk = one_channel().await;
    let ask = |title: &str, fingerprint: &str| {
        let draft = parse(json(serde_json::json!({ "title": title })).as_bytes(), Format::Json).unwrap();
        let request = Some(("cms k1".to_owned(), fingerprint.to_owned()));
        let intake = desk.intake.clone();
        async move { intake.accept(draft, &cx(), Order::Publish, "cms", request).await }
    };
    let first = ask("a", "1").await.unwrap();
    assert_eq!(ask("a", "1").await.unwrap().id, first.id);
    assert_eq!(ask("b", "2").await, Err(IntakeError::KeyReused));
}

#[test]
fn html_that_is_nested_without_end_is_refused_at_once_and_sloppy_html_is_not() {
    let zone = HANOI;
    let cx = DraftContext { source: "cms", external_id: Some("1"), zone };
    let draft = |body: String| Draft { title: Some("Bài".to_owned()), body_html: Some(body), ..Draft::default() };
    for tag in ["<div>", "<b>", "<span><i>", "<table><tr><td>"] {
        let refused = draft(format!("{}chữ", tag.repeat(50_000))).into_article(&cx);
        assert!(matches!(&refused, Err(IntakeError::Invalid(text)) if text.vi.contains("lồng nhau")), "{tag}");
    }
    // Nobody closes these, and nobody has to.
    for sloppy in ["<p>một đoạn", "<li>một mục", "một dòng<br>", "<b>đậm</b> "] {
        assert!(draft(sloppy.repeat(3_000)).into_article(&cx).is_ok(), "{sloppy}");
    }
}
