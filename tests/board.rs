//! What the console's first page asks, on a store that holds an office's ten years.

use std::fmt::Write as _;

use loa::delivery::{Hold, Live, State, Wanted, Why};
use loa::ledger::{Board, ChannelLedger, Ledger};
use loa::queue::Editions;
use loa::store::Store;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use crate::store::{Place, now_plan, on_both, publish, t};
use crate::support::process::now;

on_both! {
    the_board_tells_what_needs_a_person_and_what_each_channel_does
}

async fn the_board_tells_what_needs_a_person_and_what_each_channel_does(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal", "radio"], t(0)).await;
    publish(&store, "2", &["portal"], t(5)).await;
    let due = store.dues("portal".to_owned(), 3).await.unwrap();
    let due: Vec<_> = due.iter().map(|due| (due.due, due.article.0)).collect();
    assert_eq!(due, [(t(0), 1), (t(5), 2)]);
    assert_eq!(store.dues("portal".to_owned(), 1).await.unwrap().len(), 1);
    assert_eq!(store.outs("portal".to_owned(), 3).await.unwrap(), []);
    assert_eq!(store.dues("zalo".to_owned(), 3).await.unwrap(), []);
    for state in ["held", "uncertain", "failed"] {
        assert!(store.needs(state, 10).await.unwrap().is_empty());
        assert_eq!(store.how_many(state, 10).await.unwrap(), 0);
    }
    let mut changes = store.changes();
    changes.mark_unchanged();
    publish(&store, "3", &["portal"], t(6)).await;
    assert!(changes.has_changed().unwrap(), "whoever watches is told");
    store.close().await;
}

const ARTICLES: i64 = 100_000;
pub(crate) const CHANNELS: [&str; 8] = ["portal", "fanpage", "email", "radio", "zalo", "feed", "telegram", "web"];

/// A store in a file that holds ten years of an office.
pub(crate) async fn ten_years() -> Place {
    let place = Place::file();
    place.open().await.close().await;
    let Place::File(folder) = &place else { unreachable!() };
    let mut own = SqliteConnectOptions::new().filename(folder.path().join("loa.db")).connect().await.unwrap();
    fill(&mut own).await;
    sqlx::Connection::close(own).await.unwrap();
    place
}

/// Rows as the store writes them: most are settled, some wait, and thousands wait for a person.
pub(crate) async fn fill(own: &mut SqliteConnection) {
    let json = |value: &dyn erased::Json| value.text();
    let (live, nothing) = (json(&Live::Nothing), json(&Live::Nothing));
    let plan = json(&now_plan(t(0)));
    let wanted = json(&Wanted::Revision(loa::article::Revision(1)));
    let (settled, held) = (json(&State::Settled), json(&State::Held { why: Hold::Approval { note: None } }));
    let waiting = json(&State::Waiting { due: t(0), why: Why::Turn });
    let at = t(0).timestamp_millis();
    let mut sql = String::from("BEGIN;");
    write!(
        sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ARTICLES}) \
         INSERT INTO articles (id, source, external_id, revision, accepted_at) SELECT i, 'cms', 'bai-' || i, 1, {at} + i FROM n;\
         INSERT INTO revisions (article_id, revision, content, content_hash, accepted_at) \
         SELECT id, 1, '{{\"title\":\"Bài số ' || id || '\"}}', 'x', {at} FROM articles;"
    )
    .unwrap();
    for (place, channel) in CHANNELS.iter().enumerate() {
        write!(
            sql,
            "INSERT INTO deliveries (article_id, channel, state, due, urgency, wanted, live, detail, plan, tries, attempt, version) \
             SELECT id, '{channel}', CASE WHEN id % 20 = {place} THEN 'held' WHEN id % 20 = 19 THEN 'waiting' ELSE 'settled' END, \
             CASE WHEN id % 20 = 19 THEN {at} + id END, id % 3, '{wanted}', \
             CASE WHEN id % 20 IN ({place}, 19) THEN '{nothing}' ELSE '{live}' END, \
             CASE WHEN id % 20 = {place} THEN '{held}' WHEN id % 20 = 19 THEN '{waiting}' ELSE '{settled}' END, '{plan}', 0, 1, 1 \
             FROM articles;"
        )
        .unwrap();
    }
    write!(
        sql,
        "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, node, started_at, finished_at, outcome) \
         SELECT id, 1, channel, 'create', 1, 'n', {at} + article_id, {at} + article_id + 1, 'live' FROM deliveries \
         WHERE state = 'settled'; COMMIT; ANALYZE;"
    )
    .unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(own).await.unwrap();
}

mod erased {
    /// Anything as JSON.
    pub(super) trait Json {
        fn text(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn text(&self) -> String {
            serde_json::to_string(self).unwrap()
        }
    }
}

async fn ask_everything(store: &Store) -> usize {
    let mut found = 0;
    for state in ["uncertain", "held", "failed"] {
        found += store.needs(state, 10).await.unwrap().len();
        found += store.how_many(state, 1_000).await.unwrap() as usize;
    }
    for channel in CHANNELS {
        found += usize::from(!store.outs(channel.to_owned(), 3).await.unwrap().is_empty());
        found += usize::from(!store.dues(channel.to_owned(), 3).await.unwrap().is_empty());
        // The page of channels, and the schedule.
        assert_eq!(store.tries_since(channel.to_owned(), t(0), 30).await.unwrap(), 30);
        assert!(store.coming(channel.to_owned(), 3, 40).await.unwrap().is_empty());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_answers_at_once_however_much_the_store_holds() {
    let place = Place::file();
    place.open().await.close().await;
    let Place::File(folder) = &place else { unreachable!() };
    let there = SqliteConnectOptions::new().filename(folder.path().join("loa.db"));
    let mut own = there.connect().await.unwrap();
    fill(&mut own).await;
    // No question reads a table from one end to the other.
    for (question, index) in [
        (
            "SELECT 1 FROM deliveries d WHERE d.state = ?1 AND (d.state = 'held' OR d.state = 'uncertain' OR d.state = 'failed') ORDER BY d.id DESC LIMIT 10",
            "deliveries_person",
        ),
        (
            "SELECT 1 FROM deliveries d WHERE d.state = 'held' AND (d.state = 'held' OR d.state = 'uncertain' OR d.state = 'failed') \
             AND d.detail ->> '$.why.for' IN ('approval', ?1) AND d.id > 5 ORDER BY d.id LIMIT 51",
            "deliveries_person",
        ),
        ("SELECT * FROM attempts WHERE channel = ?1 ORDER BY started_at DESC LIMIT 200", "attempts_rate"),
        (
            "SELECT due FROM deliveries WHERE channel = ?1 AND state = 'waiting' AND urgency = 1 AND due IS NOT NULL ORDER BY due LIMIT 1",
            "deliveries_due",
        ),
        (
            "SELECT min(edition) AS slot FROM deliveries WHERE channel = ?1 AND state = 'waiting' AND edition > 5",
            "deliveries_coming",
        ),
        (
            "SELECT 1 FROM deliveries WHERE channel = ?1 AND state = 'waiting' AND edition = 5 LIMIT 1000",
            "deliveries_coming",
        ),
    ] {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}"));
        let plan: Vec<String> = sqlx::query(explain)
            .bind("x")
            .fetch_all(&mut own)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get("detail"))
            .collect();
        assert!(plan.iter().all(|line| line.contains(index)), "{question}: {plan:?}");
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{question} sorts: {plan:?}");
    }
    // What is being sent is little, and is found without reading what is not.
    let sending = "EXPLAIN QUERY PLAN SELECT d.title FROM (SELECT id, channel AS title FROM deliveries) d WHERE d.id IN (\
                   WITH RECURSIVE c (channel) AS (SELECT min(channel) FROM deliveries WHERE due IS NOT NULL UNION ALL \
                   SELECT (SELECT min(n.channel) FROM deliveries n WHERE n.due IS NOT NULL AND n.channel > c.channel) \
                   FROM c WHERE c.channel IS NOT NULL) SELECT s.id FROM c CROSS JOIN deliveries s \
                   WHERE s.channel = c.channel AND s.state = 'sending' AND s.due IS NOT NULL) ORDER BY d.id DESC LIMIT 1";
    let plan: Vec<String> =
        sqlx::query(sending).fetch_all(&mut own).await.unwrap().iter().map(|row| row.get("detail")).collect();
    assert!(!plan.iter().any(|line| line.starts_with("SCAN") && line != "SCAN c"), "{plan:?}");
    sqlx::Connection::close(own).await.unwrap();

    let store = place.open().await;
    // The first time everything is read from the disk.
    assert_eq!(ask_everything(&store).await, 10 + 1_000 + 2 * CHANNELS.len());
    // Also while the balance is counted, which reads every delivery and for which nobody waits.
    let counting = store.clone();
    let counting = tokio::spawn(async move { Ledger::balance(&counting).await.unwrap().len() });
    let began = now();
    ask_everything(&store).await;
    let took = began.elapsed();
    assert!(!counting.is_finished(), "it was counted too fast to tell");
    println!("the board answered in {took:?}");
    assert!(took.as_millis() < 100, "{took:?}");
    assert_eq!(counting.await.unwrap(), CHANNELS.len());
    store.close().await;
}
