//! Feeds as a way in: real polls of a real server, on a clock that is moved, and the real daemon that is killed.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use loa::article::ArticleKey;
use loa::delivery::Wanted;
use loa::queue::{EntryState, FeedRow, Feeds, HubTie, Polled, Seen};
use loa::store::{SqliteOptions, Store};

use crate::sample::utc;
use crate::support::far::newsroom::{Form, Newsroom};
use crate::support::hostile_api::{HostileApi, Reply};
use crate::support::house::{daemon, deliveries, house_with, json, logged, printed};
use crate::support::http_fault::{Fault, RetryAfter};
use crate::support::process::{Daemon, eventually};
use crate::support::real_postgres::cluster;
use crate::support::world::{Inside, World};

/// An office with a portal, and a feed at `/feed` of a newsroom.
fn office(room: &HostileApi<Newsroom>, more: &str) -> World {
    let world = World::bare();
    world.channel("portal", "site", "folder = \"site\"", "");
    let config = std::fs::read_to_string(world.path("config.toml")).expect("the configuration");
    let url = room.url();
    world.write("config.toml", &format!("{config}[[feeds]]\nname = \"xa\"\nurl = \"{url}/feed\"\n{more}\n"));
    world
}

async fn row(inside: &Inside) -> Option<FeedRow> {
    inside.app.feeds().feeds().await.expect("the feeds").pop()
}

/// Waits until nobody polls and the last poll began at the present hour.
async fn polled(inside: &Inside) -> FeedRow {
    let polled = async {
        let mut every = tokio::time::interval(Duration::from_millis(5));
        loop {
            every.tick().await;
            let row = row(inside).await;
            let at = inside.clock.now();
            if let Some(row) = row.filter(|row| row.polled_at == Some(at) && row.busy_until < at) {
                return row;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), polled).await.expect("the feed is polled")
}

/// Moves the clock to the next poll and waits for it.
async fn next_poll(inside: &Inside) -> FeedRow {
    let due = row(inside).await.expect("a feed").due;
    assert!(due > inside.clock.now(), "the next poll is in the future");
    inside.clock.advance_to(due);
    polled(inside).await
}

/// What there is: the article's id and the revision that is wanted; 0: withdrawn.
async fn articles(inside: &Inside) -> BTreeMap<String, u32> {
    let rows = inside.rows().await;
    rows.into_iter()
        .map(|row| {
            assert_eq!(row.key.source, "xa");
            let wanted = match row.delivery.wanted {
                Wanted::Revision(revision) => revision.0,
                Wanted::Withdrawn => 0,
            };
            (row.key.external_id, wanted)
        })
        .collect()
}

fn these(expected: &[(&str, u32)]) -> BTreeMap<String, u32> {
    expected.iter().map(|(id, revision)| ((*id).to_owned(), *revision)).collect()
}

fn newsroom(form: Form, stories: std::ops::RangeInclusive<u32>) -> HostileApi<Newsroom> {
    let mut room = Newsroom::new(form);
    stories.for_each(|number| room.publish(number));
    HostileApi::start(room)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_at_first_is_left_and_what_comes_later_comes_in() {
    for form in [Form::Rss, Form::Atom, Form::Json] {
        let room = newsroom(form, 1..=5);
        let world = office(&room, "topics = [\"tin xã\"]\norganisation = \"UBND xã\"");
        let inside = Inside::start(&world).await;
        let first = polled(&inside).await;
        assert_eq!((first.counts.left, first.counts.taken), (5, 0), "{form:?}");
        assert!(articles(&inside).await.is_empty(), "nothing is flooded");
        room.change(|room| room.publish(6));
        let second = next_poll(&inside).await;
        assert_eq!((second.counts.left, second.counts.taken, second.failures), (5, 1, 0), "{form:?} {second:?}");
        assert_eq!(articles(&inside).await, these(&[("bai-6", 1)]));
        inside.drain().await;
        let page = std::fs::read_dir(world.path("site/bai")).expect("pages").next().expect("a page").expect("a page");
        let page = std::fs::read_to_string(page.path()).expect("a page");
        assert!(page.contains("Nội dung của bài số <b>6</b>") && page.contains("Bài số 6"), "{form:?}: {page}");
        let key = ArticleKey { source: "xa".to_owned(), external_id: "bai-6".to_owned() };
        let found = inside.app.ledger().find(&key.to_string()).await.expect("the ledger");
        let article = inside.app.ledger().content(found[0].id).await.expect("the article");
        assert_eq!(article.topics, ["tin xã", "Thông báo"], "{form:?}");
        assert_eq!(article.organisation.as_deref(), Some("UBND xã"));
        assert_eq!(article.canonical_url.as_deref(), Some("https://xa.example.vn/bai-6"));
        assert_eq!(article.published_at, Some(utc("2026-11-01T06:00:00Z")), "{form:?}");
        // One that was left changes: it stays left until somebody asks.
        room.change(|room| room.story(5).body = "<p>Khác.</p>".to_owned());
        assert_eq!(next_poll(&inside).await.counts.left, 5);
        let opened = inside.app.feeds().open_left("xa".to_owned(), 2, inside.clock.now()).await.expect("the store");
        assert_eq!(opened, 2);
        inside.clock.advance(TimeDelta::seconds(2));
        assert_eq!(polled(&inside).await.counts.left, 3);
        assert_eq!(articles(&inside).await, these(&[("bai-4", 1), ("bai-5", 1), ("bai-6", 1)]));
        inside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_of_the_first_entries_come_in_when_that_is_asked_for() {
    let room = newsroom(Form::Atom, 1..=5);
    // In whatever order the feed gives them.
    room.change(|room| room.stories.swap(0, 4));
    let world = office(&room, "backfill = 2");
    let inside = Inside::start(&world).await;
    polled(&inside).await;
    assert_eq!(articles(&inside).await, these(&[("bai-4", 1), ("bai-5", 1)]));
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_makes_a_correction_and_neither_dates_nor_vanishing_do_anything() {
    let room = newsroom(Form::Rss, 1..=3);
    let world = office(&room, "backfill = 9");
    let inside = Inside::start(&world).await;
    polled(&inside).await;
    assert_eq!(articles(&inside).await.len(), 3);
    room.change(|room| {
        room.story(2).body = "<p>Đã sửa.</p>".to_owned();
        room.story(3).published = "2026-11-20T08:00:00Z".to_owned();
        room.stories.retain(|story| story.id != "bai-1");
    });
    next_poll(&inside).await;
    assert_eq!(articles(&inside).await, these(&[("bai-1", 1), ("bai-2", 2), ("bai-3", 1)]));
    // What the office has withdrawn, a feed does not bring back.
    inside.withdraw(&ArticleKey { source: "xa".to_owned(), external_id: "bai-3".to_owned() }).await;
    room.change(|room| {
        room.story(3).body = "<p>Sửa sau khi thu hồi.</p>".to_owned();
        room.publish(1);
    });
    let third = next_poll(&inside).await;
    assert_eq!(articles(&inside).await, these(&[("bai-1", 1), ("bai-2", 2), ("bai-3", 0)]));
    assert_eq!((third.counts.taken, third.counts.refused), (2, 1));
    let entries = inside.app.feeds().entries("xa".to_owned(), 10).await.expect("the entries");
    let refused = entries.iter().find(|entry| entry.state == EntryState::Refused).expect("a refused one");
    assert!(refused.note.as_ref().is_some_and(|note| note.en.contains("withdrawn")), "{refused:?}");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_feed_is_asked_for_and_not_sent() {
    let room = newsroom(Form::Atom, 1..=3);
    let world = office(&room, "every = \"5m\"");
    let inside = Inside::start(&world).await;
    let first = polled(&inside).await;
    assert_eq!(first.due - inside.clock.now(), TimeDelta::minutes(5));
    for turn in 1..=3 {
        let row = next_poll(&inside).await;
        assert_eq!((room.look(|room| room.same), row.failures), (turn, 0));
        assert_eq!(row.succeeded_at, Some(inside.clock.now()));
    }
    assert_eq!(room.requests().len(), 4);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_answer_takes_nothing_says_why_and_is_asked_for_again() {
    let room = newsroom(Form::Rss, 1..=1);
    let world = office(&room, "backfill = 9\ntimeout = \"1s\"\nevery = \"1m\"");
    room.script(vec![Fault::Ok200]);
    let inside = Inside::start(&world).await;
    polled(&inside).await;
    room.change(|room| room.publish(2));
    let faults = [
        (Fault::Status(500), "500"),
        (Fault::Html502, "502"),
        (Fault::Status(404), "404"),
        (Fault::Huge, "longer than 8 MB"),
        (Fault::TruncatedAnswer, "cannot connect"),
        (Fault::GzipAnswer, "no feed that can be read"),
        (Fault::PostThenHang, "within 1 seconds"),
        (Fault::PostThenReset, "cannot connect"),
        (Fault::StatusRetryAfter(503, RetryAfter::Seconds(7 * 3_600)), "503"),
        (Fault::StatusRetryAfter(429, RetryAfter::DateIn(90_000)), "429"),
    ];
    for (number, (fault, reason)) in faults.into_iter().enumerate() {
        room.script(vec![fault.clone()]);
        let row = next_poll(&inside).await;
        assert_eq!(usize::try_from(row.failures), Ok(number + 1), "{fault:?} {row:?}");
        assert!(row.note.as_ref().is_some_and(|note| note.en.contains(reason)), "{fault:?}: {:?}", row.note);
        let wait = row.due - inside.clock.now();
        let expected = match fault {
            Fault::StatusRetryAfter(503, _) => TimeDelta::hours(7),
            Fault::StatusRetryAfter(..) => TimeDelta::hours(24),
            _ => TimeDelta::minutes(1 << number).min(TimeDelta::hours(6)),
        };
        assert_eq!(wait, expected, "{fault:?}");
        assert_eq!(articles(&inside).await, these(&[("bai-1", 1)]), "{fault:?}");
    }
    for instead in ["", "{", "<html><body>Đăng nhập</body></html>", "<rss><channel><item>", "\u{0}\u{1}"] {
        room.change(|room| room.instead = Some(instead.into()));
        let row = next_poll(&inside).await;
        assert!(row.note.is_some() && row.failures > 10, "{instead:?} {row:?}");
    }
    room.change(|room| room.instead = None);
    let well = next_poll(&inside).await;
    assert_eq!((well.failures, well.note), (0, None));
    assert_eq!(articles(&inside).await, these(&[("bai-1", 1), ("bai-2", 1)]));
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_is_gone_is_left_alone_until_somebody_asks() {
    let room = newsroom(Form::Json, 1..=1);
    let world = office(&room, "backfill = 9");
    room.script(vec![Fault::Gone410]);
    let inside = Inside::start(&world).await;
    let gone = polled(&inside).await;
    assert!(gone.stopped && gone.note.is_some_and(|note| note.en.contains("410")));
    inside.clock.advance(TimeDelta::days(2));
    inside.app.feeds().free_all().await.expect("the store");
    assert_eq!(room.requests().len(), 1);
    assert!(inside.app.feeds().poll_now("xa".to_owned(), inside.clock.now()).await.expect("the store"));
    assert!(!polled(&inside).await.stopped);
    assert_eq!(articles(&inside).await.len(), 1);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moved_feed_is_followed_and_said_but_never_to_a_private_address() {
    let room = newsroom(Form::Rss, 1..=1);
    let world = office(&room, "backfill = 9");
    room.change(|room| room.moved = Some((301, "/moi".to_owned())));
    let inside = Inside::start(&world).await;
    let moved = polled(&inside).await;
    assert_eq!((moved.failures, moved.counts.taken), (0, 1));
    assert_eq!(moved.moved_to, Some(format!("{}/moi", room.url())));
    next_poll(&inside).await;
    assert_eq!(room.look(|room| room.same), 1, "the new address is asked whether it has changed");
    room.change(|room| room.moved = Some((302, "/moi".to_owned())));
    assert_eq!(next_poll(&inside).await.failures, 0);
    for inner in ["http://10.0.0.1/feed", "http://localhost:9/feed", "http://[::1]/feed", "http://169.254.169.254/"] {
        room.change(|room| room.moved = Some((302, inner.to_owned())));
        let row = next_poll(&inside).await;
        assert!(row.note.is_some_and(|note| note.en.contains("private address")), "{inner}");
    }
    room.change(|room| room.moved = Some((302, "/feed".to_owned())));
    assert!(next_poll(&inside).await.note.is_some_and(|note| note.en.contains("too often")));
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_text_is_taken_from_the_page_and_an_entry_waits_for_its_page() {
    let room = newsroom(Form::Rss, 1..=3);
    let world = office(&room, "backfill = 9\nfull_text = \"page\"");
    let feed = |room: &mut Newsroom, home: &str| {
        let feed: String = room.stories.iter().map(|story| format!(
            "<item><guid>{0}</guid><title>{1}</title><link>{home}/trang/{0}</link><description>Tóm tắt ngắn.</description></item>",
            story.id, story.title
        )).collect();
        room.instead = Some(format!("<rss version=\"2.0\"><channel><title>Xã</title>{feed}</channel></rss>").into());
    };
    let page = "<html><nav>Trang chủ</nav><article><h1>Bài</h1><p>Toàn văn của bài, <a href=\"/van-ban\">văn bản</a>.</p>\
                <script>alert(1)</script><aside>Tin khác</aside></article></html>";
    let home = room.url();
    room.change(|room| {
        feed(room, &home);
        room.pages.insert("/trang/bai-1".to_owned(), Reply::html(200, page));
        room.pages.insert("/trang/bai-2".to_owned(), Reply::html(503, "bận"));
        room.pages.insert("/trang/bai-3".to_owned(), Reply::html(404, "không có"));
    });
    let inside = Inside::start(&world).await;
    let first = polled(&inside).await;
    assert_eq!((first.counts.taken, first.counts.open, first.failures), (2, 1, 1), "{first:?}");
    assert!(first.note.is_some_and(|note| note.en.contains("Bài số 2")), "it says which one waits");
    let text = async |id: &str| {
        let found = inside.app.ledger().find(&format!("xa/{id}")).await.expect("the ledger");
        inside.app.ledger().content(found[0].id).await.expect("the article").body_html.clone()
    };
    let whole = text("bai-1").await;
    assert!(whole.contains("Toàn văn") && whole.contains(&format!("{home}/van-ban")), "{whole}");
    assert!(!whole.contains("alert") && !whole.contains("Tin khác") && !whole.contains("Trang chủ"), "{whole}");
    assert!(text("bai-3").await.contains("Tóm tắt ngắn"), "a page that is not there: the feed's own words");
    room.change(|room| room.pages.insert("/trang/bai-2".to_owned(), Reply::html(200, page)));
    let second = next_poll(&inside).await;
    assert_eq!((second.counts.taken, second.counts.open, second.failures), (3, 0, 0));
    assert!(text("bai-2").await.contains("Toàn văn"));
    assert_eq!(articles(&inside).await, these(&[("bai-1", 1), ("bai-2", 1), ("bai-3", 1)]));
    inside.stop().await;
}

/// One story for both stores: a poll at a time, and nothing forgotten.
async fn polls_take_turns(store: Store) {
    let feeds: &dyn Feeds = &store;
    let now: DateTime<Utc> = utc("2026-11-23T08:00:00+07:00");
    let (name, url) = (|| "xa".to_owned(), || "https://xa.example.vn/feed".to_owned());
    let until = now + TimeDelta::seconds(60);
    let entry = |id: &str| Seen { entry: id.to_owned(), title: id.to_owned(), published: Some(now.timestamp_millis()) };
    let (first, second) = tokio::join!(feeds.claim(name(), url(), now, until), feeds.claim(name(), url(), now, until));
    let turns: Vec<_> = [first, second].into_iter().filter_map(|turn| turn.expect("the store")).collect();
    let [turn] = turns.as_slice() else { panic!("{turns:?}") };
    let seen =
        feeds.see(name(), turn.number, vec![entry("c"), entry("b"), entry("a")], 1, now).await.expect("the store");
    let states =
        |rows: Vec<loa::queue::EntryRow>| rows.into_iter().map(|row| (row.entry, row.state)).collect::<Vec<_>>();
    let of =
        |states: &[(&str, EntryState)]| states.iter().map(|(id, state)| ((*id).to_owned(), *state)).collect::<Vec<_>>();
    use EntryState::{Left, Open, Taken};
    assert_eq!(states(seen.expect("our turn")), of(&[("c", Open), ("b", Left), ("a", Left)]));
    feeds.mark(name(), "c".to_owned(), Taken, "x".to_owned(), None).await.expect("the store");
    // The turn runs out, somebody else takes it: whoever had it writes nothing any more.
    let later = until + TimeDelta::seconds(1);
    let other =
        feeds.claim(name(), url(), later, later + TimeDelta::seconds(60)).await.expect("the store").expect("a turn");
    assert!(!feeds.hold(name(), turn.number, later).await.expect("the store"));
    assert!(feeds.see(name(), turn.number, vec![entry("z")], 9, later).await.expect("the store").is_none());
    assert!(!feeds.end_turn(name(), turn.number, Polled::default()).await.expect("the store"));
    let seen =
        feeds.see(name(), other.number, vec![entry("d"), entry("c"), entry("b")], 0, later).await.expect("the store");
    assert_eq!(states(seen.expect("our turn")), of(&[("d", Open), ("c", Taken), ("b", Left)]));
    // Asked for in the middle of a poll: it is polled again after it.
    assert!(feeds.poll_now(name(), later).await.expect("the store"));
    let due = later + TimeDelta::hours(1);
    let polled = Polled { due, succeeded: true, ..Polled::default() };
    assert!(feeds.end_turn(name(), other.number, polled.clone()).await.expect("the store"));
    let row = feeds.feeds().await.expect("the store").remove(0);
    assert_eq!((row.counts.left, row.counts.open, row.counts.taken), (2, 1, 1));
    assert!(row.due < due && row.due > later, "{row:?}");
    assert_eq!(feeds.open_left(name(), 5, later).await.expect("the store"), 1, "what has vanished cannot be asked for");
    let later = row.due;
    let turn =
        feeds.claim(name(), url(), later, later + TimeDelta::seconds(60)).await.expect("the store").expect("a turn");
    // Ties with a hub: what was not asked for is not confirmed.
    let tie = HubTie {
        hub: "https://hub.example.vn/".to_owned(),
        topic: url(),
        callback: "khó-đoán".to_owned(),
        secret: "bí mật".to_owned(),
        asked_at: Some(later),
        until: None,
    };
    assert!(feeds.tie(name(), turn.number, Some(tie.clone())).await.expect("the store"));
    assert_eq!(feeds.by_callback(tie.callback.clone()).await.expect("the store"), Some((name(), tie.clone())));
    assert_eq!(feeds.by_callback("khác".to_owned()).await.expect("the store"), None);
    assert!(feeds.confirm(tie.callback.clone(), Some(due), later).await.expect("the store"));
    assert!(!feeds.confirm(tie.callback.clone(), Some(due), later).await.expect("the store"), "once");
    assert!(feeds.end_turn(name(), turn.number, polled).await.expect("the store"));
    // Another address: what stands there is left again, what is known stays known.
    let elsewhere = "https://khac.example.vn/feed".to_owned();
    let turn = feeds
        .claim(name(), elsewhere, later, later + TimeDelta::seconds(60))
        .await
        .expect("the store")
        .expect("a turn");
    assert!(turn.validators.is_none());
    let seen = feeds.see(name(), turn.number, vec![entry("e"), entry("c")], 0, later).await.expect("the store");
    assert_eq!(states(seen.expect("our turn")), of(&[("e", Left), ("c", Taken)]));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_take_turns_in_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = SqliteOptions { path: folder.path().join("loa.db"), max_size: None };
    polls_take_turns(Store::open(options).await.expect("a store")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_take_turns_in_postgres() {
    let database = cluster().database().await;
    polls_take_turns(Store::open(database.options()).await.expect("a store")).await;
}

/// A port that is free at this moment.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// A house with a feed, under a public address of its own.
fn house_of(room: &HostileApi<Newsroom>, feed: &str) -> World {
    let url = room.url();
    let feed = format!("[[feeds]]\nname = \"xa\"\nurl = \"{url}/feed\"\n{feed}\n[shutdown]\ngrace = \"5s\"\n");
    let world = house_with(&feed);
    let port = free_port();
    let config = std::fs::read_to_string(world.path("config.toml")).expect("the configuration");
    let listen = format!("listen = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"");
    world.write("config.toml", &config.replace("listen = \"127.0.0.1:0\"", &listen));
    world
}

fn taken(world: &World) -> usize {
    let feeds = json(world, &["feeds", "--json"]);
    usize::try_from(feeds[0]["entries"]["taken"].as_u64().unwrap_or_default()).expect("a number")
}

#[test]
fn a_daemon_that_is_killed_in_the_middle_takes_every_entry_once() {
    let room = newsroom(Form::Atom, 1..=40);
    let world = house_of(&room, "backfill = 100");
    let mut running = daemon(&world);
    for least in [5, 15, 25] {
        eventually("some entries are taken", || (deliveries(&world).len() >= 4 * least).then_some(()));
        drop(running);
        running = daemon(&world);
    }
    eventually("every entry is taken", || (taken(&world) == 40).then_some(()));
    let rows = deliveries(&world);
    assert_eq!(rows.len(), 4 * 40);
    assert!(rows.iter().all(|row| row["wanted"] == 1), "no entry has become two revisions");
    let (status, _) = running.stop();
    assert_eq!(status.code(), Some(0));
}

/// What the hub was asked, once it has been.
fn subscription(room: &HostileApi<Newsroom>) -> crate::support::hostile_api::Request {
    eventually("the hub is asked", || room.requests().into_iter().find(|request| request.line() == "POST /hub"))
}

fn asks_back(daemon: &Daemon, path: &str, mode: &str, topic: &str) -> crate::support::process::Answer {
    let query = format!("hub.mode={mode}&hub.topic={topic}&hub.challenge=th%E1%BB%AD-1&hub.lease_seconds=864000");
    daemon.call("GET", &format!("{path}?{query}"), &[], b"")
}

#[test]
fn a_hub_that_the_feed_names_is_asked_believed_by_its_signature_and_only_makes_loa_poll() {
    for in_header in [true, false] {
        let room = newsroom(Form::Atom, 1..=1);
        let url = room.url();
        room.change(|room| {
            room.hub = Some((format!("{url}/hub"), in_header));
            room.pages.insert("/hub".to_owned(), Reply::empty(202));
        });
        let world = house_of(&room, "");
        let daemon = daemon(&world);
        let asked = subscription(&room);
        assert_eq!(asked.form("hub.mode").as_deref(), Some("subscribe"));
        let topic = asked.form("hub.topic").expect("a topic");
        assert_eq!(topic, format!("{url}/feed"));
        let (callback, secret) =
            (asked.form("hub.callback").expect("an address"), asked.form("hub.secret").expect("a secret"));
        let path = format!("/{}", callback.splitn(4, '/').nth(3).expect("a path"));
        assert!(path.len() > 64 && secret.len() == 64);
        // Who asks back for something else, or elsewhere, gets nothing.
        assert_eq!(asks_back(&daemon, &path, "subscribe", "http://other/").status, 404);
        assert_eq!(asks_back(&daemon, &path, "unsubscribe", &topic).status, 404);
        assert_eq!(asks_back(&daemon, "/nguon-tin/0000", "subscribe", &topic).status, 404);
        let confirmed = asks_back(&daemon, &path, "subscribe", &topic);
        assert_eq!((confirmed.status, confirmed.body.as_str()), (200, "thử-1"), "{confirmed:?}");
        assert_eq!(asks_back(&daemon, &path, "subscribe", &topic).status, 404, "only what was asked for, and once");
        logged(&world, "tells us from now on");
        assert!(json(&world, &["feeds", "--json"])[0]["subscribed_until"].is_string());

        let before = room.requests().len();
        room.change(|room| room.publish(2));
        let body = b"<feed/>".as_slice();
        let key = |secret: &str| ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
        let sign = |secret: &str| {
            let tag = ring::hmac::sign(&key(secret), body);
            format!("sha256={}", tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        };
        let push = |signature: &str| daemon.call("POST", &path, &[("X-Hub-Signature", signature)], body).status;
        assert_eq!(push(&sign("đoán mò")), 202, "nobody learns what the signature is worth");
        logged(&world, "a push with a wrong signature was ignored");
        assert_eq!(room.requests().len(), before, "and nothing is polled");
        assert_eq!(daemon.call("POST", "/nguon-tin/0000", &[], body).status, 404);
        assert_eq!(push(&sign(&secret)), 202);
        eventually("the new entry is taken", || (taken(&world) == 1).then_some(()));
        // Told by the hub, the feed is polled more slowly.
        eventually("the poll has ended, and the next one is an hour away", || {
            let feeds = json(&world, &["feeds", "--json"]);
            let hour = |name: &str| utc(feeds[0][name].as_str().expect("an hour"));
            (hour("next_poll") - hour("last_poll") >= TimeDelta::minutes(59)).then_some(())
        });
        let refused = asks_back(&daemon, &path, "denied", &topic);
        assert_eq!(refused.status, 200);
        assert!(json(&world, &["feeds", "--json"])[0]["subscribed_until"].is_null());
        assert_eq!(daemon.stop().0.code(), Some(0));
    }
}

#[test]
fn the_command_line_says_how_feeds_stand_and_brings_in_what_was_left() {
    let room = newsroom(Form::Rss, 1..=3);
    let world = house_of(&room, "");
    assert!(printed(&world, &["feeds"]).contains("not read yet"));
    let daemon = daemon(&world);
    let said = eventually("the feed is read", || {
        let said = printed(&world, &["feeds"]);
        said.contains("--backfill 10").then_some(said)
    });
    assert!(said.contains("3 entries that were there before are left"), "{said}");
    assert!(printed(&world, &["feeds", "xa"]).contains("Bài số 2"));
    let unknown = world.run(&["feeds", "xaa"]);
    assert!(crate::support::house::errors(&unknown).contains("did you mean \"xa\""));
    printed(&world, &["feeds", "xa", "--backfill", "2"]);
    eventually("they are taken", || (taken(&world) == 2).then_some(()));
    assert_eq!(deliveries(&world).len(), 8);
    let before = room.requests().len();
    printed(&world, &["feeds", "xa", "--now"]);
    eventually("it is read again", || (room.requests().len() > before).then_some(()));
    assert_eq!(daemon.stop().0.code(), Some(0));
}
