//! Feeds, read by other people's parsers, and the hub that is told about them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use loa::article::{Article, Image, Revision};
use loa::channel::{Channel, Item, Progress, Seen, SendError};
use loa::delivery::{Action, Live, Receipt, State};

use super::bench::{self, create, item, job, update, withdraw};
use crate::matrix::{Case, every_step_every_fault};
use crate::sample::{article, utc};
use crate::support::far::hub::Hub;
use crate::support::hostile_api::{HostileApi, Reply};
use crate::support::http_fault::{Fault, RetryAfter};
use crate::support::world::{Inside, World};

const BASE: &str = "https://anbinh.example.vn/feed";

fn settings(folder: &Path, hub: Option<&str>, more: &str) -> String {
    let folder = toml::Value::String(folder.display().to_string());
    let hubs = hub.map(|hub| format!("hubs = [\"{hub}\"]\n")).unwrap_or_default();
    format!(
        "folder = {folder}\nbase_url = \"{BASE}\"\nhome = \"https://anbinh.example.vn\"\nfile = \"tin\"\n{hubs}{more}\n"
    )
}

fn start_hub(folder: PathBuf) -> HostileApi<Hub> {
    HostileApi::start(Hub { folder, base: BASE.to_owned(), ..Hub::default() })
}

pub(super) const CASE: Case = Case {
    channel: "tin",
    decidable: true,
    start: |world| {
        let far = start_hub(world.path("feed"));
        world.channel("tin", "feed", &settings(&world.path("feed"), Some(&far.url()), ""), "");
        Box::new(far)
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_hub_is_made_good_and_never_undoes_the_feed() {
    every_step_every_fault(&CASE).await;
}

struct Bench {
    folder: tempfile::TempDir,
    channel: Arc<dyn Channel>,
}

fn on_bench(hub: Option<&str>, more: &str) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(&folder.path().join("feed"), hub, more);
    let channel = bench::open(folder.path(), "feed", &settings).unwrap_or_else(|error| panic!("{error}"));
    Bench { folder, channel }
}

impl Bench {
    /// A try, with the second step that the dispatcher asks for.
    async fn advance(&self, item: Item) -> Result<Progress, SendError> {
        let mut job = job(&*self.channel, item);
        match self.channel.advance(&job).await {
            Ok(Progress::Staged(remote_id)) => {
                job.items[0].live = Live::Staged { revision: job.items[0].revision, remote_id };
                self.channel.advance(&job).await
            }
            other => other,
        }
    }

    async fn live(&self, item: Item) -> Receipt {
        match self.advance(item).await {
            Ok(Progress::Live(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    fn read(&self, ending: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("feed").join(format!("tin.{ending}"))).unwrap()
    }

    /// As a feed reader reads it.
    fn parsed(&self, ending: &str) -> feed_rs::model::Feed {
        feed_rs::parser::parse(self.read(ending).as_bytes()).unwrap_or_else(|error| panic!("{ending}: {error}"))
    }
}

/// The same article, handed over this many minutes later.
fn at(minutes: i64, item: Item) -> Item {
    let updated = item.updated + chrono::TimeDelta::minutes(minutes);
    Item { published: if matches!(item.action, Action::Create(_)) { updated } else { item.published }, updated, ..item }
}

fn rich() -> Article {
    let image = |url: &str, alt: &str| Image { url: url.to_owned(), alt: alt.to_owned(), caption: None, kept: None };
    Article {
        title: "Giá \"điện\" & <nước>\u{8} tăng 5'".to_owned(),
        body_html: "<p>Một & hai]]></p>\u{c}<p>\u{fffe}7 giờ 30.</p>".to_owned(),
        images: vec![
            image("https://cms.example.vn/a.png?x=1&y=2", "Trụ sở \"xã\""),
            image("https://cms.example.vn/b", ""),
        ],
        ..article("rich")
    }
}

#[tokio::test]
async fn other_peoples_parsers_read_the_same_in_every_form() {
    let bench = on_bench(Some("http://127.0.0.1:9/hub"), "");
    for (minutes, article) in [(0, rich()), (1, article("2"))] {
        // Nobody listens there: the feed is written all the same.
        let error = bench.advance(at(minutes, create(article))).await.unwrap_err();
        assert_eq!(error.class_name(), "partial");
    }
    for ending in ["atom", "rss"] {
        // Strict XML 1.0, whatever the article held.
        let text = bench.read(ending);
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{ending}: {error}\n{text}"));
        let link = |rel: &str| {
            let links =
                document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2005/Atom", "link")));
            links
                .filter(|node| node.attribute("rel") == Some(rel))
                .filter_map(|node| node.attribute("href"))
                .next()
                .map(str::to_owned)
        };
        assert_eq!(link("self"), Some(format!("{BASE}/tin.{ending}")));
        assert_eq!(link("hub").as_deref(), Some("http://127.0.0.1:9/hub"));
    }
    for ending in ["atom", "rss", "json"] {
        let feed = bench.parsed(ending);
        assert_eq!(feed.title.as_ref().unwrap().content, "UBND xã An Bình", "{ending}");
        assert_eq!(feed.entries.len(), 2, "{ending}");
        let newest = &feed.entries[0];
        assert_eq!(newest.title.as_ref().unwrap().content, article("2").title);
        assert_eq!(newest.published, Some(utc("2026-11-24T09:01:00+07:00")), "{ending}");
        let entry = &feed.entries[1];
        assert!(entry.id.starts_with("tag:anbinh.example.vn,2026-11-24:rich-"), "{ending}: {}", entry.id);
        assert_eq!(entry.title.as_ref().unwrap().content, "Giá \"điện\" & <nước> tăng 5'", "{ending}");
        let content = entry.content.as_ref().and_then(|content| content.body.clone()).unwrap_or_default();
        assert!(content.contains("Một & hai]]>") && content.contains("7 giờ 30"), "{ending}: {content}");
        assert!(content.contains("Nguồn: UBND xã An Bình") && content.contains(bench::LINK), "{ending}: {content}");
        assert!(entry.links.iter().any(|link| link.href == bench::LINK), "{ending}: {:?}", entry.links);
        let text = bench.read(ending);
        assert!(text.contains("image/png") && text.contains("https://cms.example.vn/b"), "{ending}");
        assert!(text.contains("Trụ sở"), "{ending} lost the alternative text");
    }
    let json: serde_json::Value = serde_json::from_str(&bench.read("json")).unwrap();
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(json["hubs"][0]["type"], "WebSub");
    assert_eq!(json["items"][1]["attachments"][0]["title"], "Trụ sở \"xã\"");
}

#[tokio::test]
async fn a_correction_moves_updated_and_keeps_the_id() {
    let bench = on_bench(None, "");
    let receipt = bench.live(create(article("1"))).await;
    assert_eq!(receipt.url.as_deref(), Some("https://anbinh.example.vn/feed/tin.atom"));
    let before = bench.parsed("atom");
    bench.live(at(5, update(Article { title: "Tiêu đề mới".to_owned(), ..article("1") }, &receipt))).await;
    let after = bench.parsed("atom");
    assert_eq!(after.entries.len(), 1);
    assert_eq!(after.entries[0].id, before.entries[0].id);
    assert_eq!(after.entries[0].published, before.entries[0].published);
    assert!(after.entries[0].updated > before.entries[0].updated && after.updated > before.updated);
    for ending in ["atom", "rss", "json"] {
        assert!(
            bench.read(ending).contains("Tiêu đề mới") && bench.read(ending).contains("Đính chính lúc"),
            "{ending}"
        );
        assert!(!bench.read(ending).contains(&article("1").title), "{ending}");
    }
    let json: serde_json::Value = serde_json::from_str(&bench.read("json")).unwrap();
    assert_eq!(json["items"][0]["date_modified"], "2026-11-24T09:35:00+07:00");
}

#[tokio::test]
async fn what_is_withdrawn_leaves_a_tombstone_in_atom_and_nothing_elsewhere() {
    let bench = on_bench(None, "");
    let receipt = bench.live(create(article("1"))).await;
    bench.live(at(1, create(article("2")))).await;
    let id = bench.parsed("atom").entries.iter().map(|entry| entry.id.clone()).find(|id| id.contains(":1-")).unwrap();
    assert_eq!(bench.advance(at(2, withdraw(article("1"), &receipt))).await, Ok(Progress::Gone));
    let text = bench.read("atom");
    let document = roxmltree::Document::parse(&text).unwrap();
    let name = ("http://purl.org/atompub/tombstones/1.0", "deleted-entry");
    let deleted: Vec<_> = document.root_element().children().filter(|node| node.has_tag_name(name)).collect();
    assert_eq!(deleted.len(), 1, "{text}");
    assert_eq!(deleted[0].attribute("ref"), Some(id.as_str()));
    assert_eq!(deleted[0].attribute("when"), Some("2026-11-24T09:02:00+07:00"));
    for ending in ["atom", "rss", "json"] {
        let feed = bench.parsed(ending);
        assert_eq!(feed.entries.len(), 1, "{ending}");
        assert_ne!(feed.entries[0].id, id);
    }
    // Published again, it is an entry like any other.
    bench.live(at(3, item(article("1"), Action::Create(Revision(3)), Live::Nothing))).await;
    assert_eq!(bench.parsed("atom").entries.len(), 2);
    assert!(!bench.read("atom").contains("deleted-entry"));
}

#[tokio::test]
async fn the_newest_are_shown_and_a_correction_of_an_old_one_is_among_them() {
    let bench = on_bench(None, "entries = 2\nformats = [\"atom\"]");
    let first = bench.live(create(article("1"))).await;
    for number in 2..=6 {
        bench.live(at(number, create(article(&number.to_string())))).await;
    }
    let ids = |bench: &Bench| -> Vec<String> {
        let entries = bench.parsed("atom").entries;
        entries.iter().map(|entry| entry.id.rsplit(':').next().unwrap().split('-').next().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&bench), ["6", "5"]);
    bench.live(at(60, update(article("1"), &first))).await;
    assert_eq!(ids(&bench), ["1", "6"]);
    // What can never be shown again is not kept for ever; a form that is not wanted is not written.
    let kept = std::fs::read_dir(bench.folder.path().join("feed/.loa/tin")).unwrap().count();
    assert_eq!(kept, 4);
    assert!(!bench.folder.path().join("feed/tin.rss").exists());
    // Another process goes on from the folder.
    let again =
        bench::open(bench.folder.path(), "feed", &settings(&bench.folder.path().join("feed"), None, "entries = 3"));
    let again = Bench { folder: bench.folder, channel: again.unwrap() };
    again.live(at(170, create(article("7")))).await;
    assert_eq!(ids(&again), ["7", "1", "6"]);
}

#[tokio::test]
async fn the_hub_finds_the_new_feed_when_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let far = start_hub(folder.path().join("feed"));
    let channel =
        bench::open(folder.path(), "feed", &settings(&folder.path().join("feed"), Some(&far.url()), "")).unwrap();
    let bench = Bench { folder, channel };
    let staged = bench.channel.advance(&job(&*bench.channel, create(article("1")))).await;
    assert!(matches!(staged, Ok(Progress::Staged(_))), "its name is remembered before anything is public");
    assert!(!bench.folder.path().join("feed/tin.atom").exists());
    let receipt = bench.live(create(article("1"))).await;
    far.change(|hub| hub.accepts = true);
    bench.advance(at(5, update(Article { title: "Bản mới".to_owned(), ..article("1") }, &receipt))).await.unwrap();
    bench.advance(at(6, withdraw(article("1"), &receipt))).await.unwrap();
    let fetched = far.look(|hub| hub.fetched.clone());
    assert_eq!(fetched.len(), 9, "three topics, three times");
    for (number, (topic, content)) in fetched.iter().enumerate() {
        let expected = ["tiếp công dân", "Bản mới", ""][number / 3];
        assert!(content.contains(expected), "ping {number} of {topic} saw\n{content}");
        assert_eq!(
            number >= 6,
            !content.contains("<entry ") && !content.contains("<item>") && !content.contains("content_html")
        );
    }
    // Told again, it sees the same.
    assert_eq!(bench.channel.look_up(&job(&*bench.channel, create(article("1")))).await, Ok(Seen::Absent));
}

#[tokio::test]
async fn a_hubs_answers_are_classified_and_the_feed_stands_whatever_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let far = start_hub(folder.path().join("feed"));
    let channel =
        bench::open(folder.path(), "feed", &settings(&folder.path().join("feed"), Some(&far.url()), "")).unwrap();
    let bench = Bench { folder, channel };
    let receipt = bench.live(create(article("0"))).await;
    for (status, class) in [
        (400, "permanent"),
        (401, "permanent"),
        (403, "permanent"),
        (404, "permanent"),
        (410, "permanent"),
        (302, "permanent"),
        (408, "partial"),
        (429, "partial"),
        (500, "partial"),
        (502, "partial"),
        (503, "partial"),
    ] {
        far.change(|hub| hub.refuse = Some(Reply::empty(status)));
        let id = format!("bai-{status}");
        let error = bench.advance(create(article(&id))).await.unwrap_err();
        assert_eq!(error.class_name(), class, "{status}: {error}");
        assert!(error.note.vi.contains("nguồn tin đã ghi") && error.note.vi.contains("127.0.0.1"), "{error}");
        assert!(bench.read("atom").contains(&format!(":{id}-")), "{status} undid the feed");
    }
    // Taken back is taken back: a hub that will never listen does not hold that up.
    far.change(|hub| hub.refuse = Some(Reply::empty(404)));
    assert_eq!(bench.advance(withdraw(article("0"), &receipt)).await, Ok(Progress::Gone));
    far.change(|hub| hub.refuse = None);
    far.script(vec![Fault::StatusRetryAfter(503, RetryAfter::Seconds(90)), Fault::PostThenHang]);
    let error = bench.advance(create(article("spaet"))).await.unwrap_err();
    assert_eq!(error.class, loa::channel::Class::Partial { retry_after: Some(std::time::Duration::from_secs(90)) });
    assert_eq!(bench.advance(create(article("spaet"))).await.unwrap_err().class_name(), "partial");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_reaches_the_feed_while_the_hub_is_down() {
    let world = World::bare();
    let far = start_hub(world.path("feed"));
    world.channel("tin", "feed", &settings(&world.path("feed"), Some(&far.url()), ""), "");
    far.change(|hub| hub.refuse = Some(Reply::empty(404)));
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("bai", "Bài", "Nội dung.")).await;
    let rows = inside.drain().await;
    assert!(matches!(rows[0].delivery.state, State::Failed { .. }), "a person is told: {:?}", rows[0].delivery.state);
    assert_eq!(far.public().len(), 1);
    inside.withdraw(&rows[0].key).await;
    let rows = inside.drain().await;
    assert_eq!((rows[0].delivery.state.clone(), far.public().len()), (State::Settled, 0));
    inside.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_the_channels_trouble() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("feed"), "a file").unwrap();
    let channel = bench::open(folder.path(), "feed", &settings(&folder.path().join("feed"), None, "")).unwrap();
    let bench = Bench { folder, channel };
    assert_eq!(bench.advance(create(article("1"))).await.unwrap_err().class_name(), "needs_attention");
    assert!(bench.channel.probe().await.is_err());
    assert!(on_bench(None, "").channel.probe().await.unwrap().proven);
}

#[test]
fn settings_are_checked_at_their_place() {
    let folder = tempfile::tempdir().unwrap();
    for (more, words) in [
        ("base_url = \"anbinh\"", "http(s)://"),
        ("base_url = \"https://a.vn\"\nhubs = [\"hub\"]", "http(s)://"),
        ("base_url = \"https://a.vn\"\nformats = []", "atom"),
        ("base_url = \"https://a.vn\"\nformats = [\"atom2\"]", "atom"),
        ("base_url = \"https://a.vn\"\nentries = 0", "500"),
        ("base_url = \"https://a.vn\"\nfile = \"../tin\"", "a-z"),
        ("base_url = \"https://a.vn\"\nauthority = \"Văn phòng\"", "tên miền"),
    ] {
        let error = bench::open(folder.path(), "feed", &format!("folder = \"x\"\n{more}")).err().unwrap();
        assert!(error.text.vi.contains(words), "{more}: {error}");
        assert_eq!(error.line, Some(5 + more.lines().count()), "{more}: {error}");
    }
}
