//! The chain over the ledger of decisions: whoever touches an entry is found out.

use chrono::TimeDelta;
use loa::ledger::Break;
use loa::queue::{By, Keep, Pause, PauseCause, People, Queue, Record};
use loa::store::{Store, StoreOptions, examine};
use loa::text::Text;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use crate::store::{Place, on_both, publish, t};

on_both! {
    decisions_are_sealed_and_whoever_touches_one_is_found_out
    several_stores_seal_into_one_chain
    what_is_taken_away_for_its_age_does_not_break_the_chain
    decisions_from_before_the_chain_are_sealed_once
}

impl Place {
    fn options(&self) -> StoreOptions {
        match self {
            Self::File(folder) => {
                loa::store::SqliteOptions { path: folder.path().join("loa.db"), max_size: None }.into()
            }
            Self::Server(database) => database.options().into(),
        }
    }

    /// Does what an intruder would.
    pub(crate) async fn tamper(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::File(folder) => {
                let there = SqliteConnectOptions::new().filename(folder.path().join("loa.db"));
                let mut own = there.connect().await.unwrap();
                sqlx::raw_sql(sql).execute(&mut own).await.unwrap();
                sqlx::Connection::close(own).await.unwrap();
            }
            Self::Server(database) => {
                let mut own = database.connect().await;
                sqlx::raw_sql(sql).execute(&mut own).await.unwrap();
                sqlx::Connection::close(own).await.unwrap();
            }
        }
    }

    async fn broken(&self) -> Option<Break> {
        examine(&self.options(), t(0)).await.unwrap().chain.unwrap()
    }
}

async fn decide(store: &Store, number: i64) {
    let pause = Pause { cause: PauseCause::Person("Lan".to_owned()), since: t(number), note: Text::same("nghỉ") };
    store.pause("radio".to_owned(), pause).await.unwrap();
    assert!(store.resume("radio".to_owned(), "Lan".to_owned(), t(number)).await.unwrap());
}

fn record(number: i64) -> Record {
    let by = By { who: "Bình".to_owned(), at: t(number) };
    Record {
        by, what: "channel_file", channel: Some("radio".to_owned()), note: Text::same(format!("lần {number} \0"))
    }
}

async fn decisions_are_sealed_and_whoever_touches_one_is_found_out(place: Place) {
    let store = place.open().await;
    assert_eq!(place.broken().await, None, "an empty ledger");
    publish(&store, "1", &["portal"], t(0)).await;
    decide(&store, 1).await;
    store.record(record(2)).await.unwrap();
    assert_eq!(place.broken().await, None);
    for (harm, heal, found) in [
        ("UPDATE decisions SET who = 'Mai' WHERE id = 2", "UPDATE decisions SET who = 'Lan' WHERE id = 2", 2),
        ("UPDATE decisions SET at = at + 1 WHERE id = 3", "UPDATE decisions SET at = at - 1 WHERE id = 3", 3),
        ("UPDATE decisions SET channel = NULL WHERE id = 4", "UPDATE decisions SET channel = 'radio' WHERE id = 4", 4),
    ] {
        place.tamper(harm).await;
        assert_eq!(place.broken().await, Some(Break::Changed(found)), "{harm}");
        place.tamper(heal).await;
        assert_eq!(place.broken().await, None, "{heal}");
    }
    // One that is slipped in, also with a place in the chain that is not its own.
    let slipped = "INSERT INTO decisions (at, who, what) VALUES (0, 'Mai', 'resume')";
    place.tamper(slipped).await;
    assert!(matches!(place.broken().await, Some(Break::Added(_))));
    store.record(record(3)).await.unwrap();
    assert!(matches!(place.broken().await, Some(Break::Added(_))), "it is not sealed with the next");
    store.close().await;
    let store = place.open().await;
    assert!(matches!(place.broken().await, Some(Break::Added(_))), "nor by the next start");
    place.tamper("DELETE FROM decisions WHERE who = 'Mai'").await;
    assert_eq!(place.broken().await, None);
    // One that is taken away: from the middle, and the last.
    place.tamper("DELETE FROM decisions WHERE id = 2").await;
    assert_eq!(place.broken().await, Some(Break::Missing(2)));
    place.tamper("DELETE FROM seals WHERE seq = 2").await;
    assert_eq!(place.broken().await, Some(Break::Missing(2)), "with its seal");
    store.close().await;
}

async fn several_stores_seal_into_one_chain(place: Place) {
    let stores = [place.open().await, place.open().await, place.open().await];
    let all = stores.iter().flat_map(|store| (0..20).map(move |number| store.record(record(number))));
    for done in futures_util::future::join_all(all).await {
        done.unwrap();
    }
    assert_eq!(place.broken().await, None);
    place.tamper("UPDATE decisions SET note = 'x' WHERE id = 31").await;
    assert_eq!(place.broken().await, Some(Break::Changed(31)));
    for store in stores {
        store.close().await;
    }
}

async fn what_is_taken_away_for_its_age_does_not_break_the_chain(place: Place) {
    let store = place.open().await;
    for number in 0..5 {
        store.record(record(number)).await.unwrap();
    }
    publish(&store, "1", &[], t(6)).await;
    store.record(record(7)).await.unwrap();
    let keep = Keep { trail: Some(TimeDelta::minutes(10)), article: Some(TimeDelta::minutes(10)) };
    let tidied = store.tidy(&keep, t(12)).await.unwrap();
    assert_eq!(tidied.rows, 2, "the first two");
    assert_eq!(place.broken().await, None);
    store.record(record(13)).await.unwrap();
    store.tidy(&keep, t(100_000)).await.unwrap();
    assert_eq!(place.broken().await, None, "nothing is left");
    store.record(record(100_001)).await.unwrap();
    assert_eq!(place.broken().await, None);
    place.tamper("UPDATE decisions SET who = 'Mai'").await;
    assert!(matches!(place.broken().await, Some(Break::Changed(_))));
    store.close().await;
}

async fn decisions_from_before_the_chain_are_sealed_once(place: Place) {
    place.open().await.close().await;
    // As a store looks right after the schema has changed.
    place.tamper("UPDATE chain SET begun = 0").await;
    let row = |number: i64| format!("INSERT INTO decisions (at, who, what) VALUES ({number}, 'Lan', 'pause');");
    place.tamper(&(0..4_321).map(row).collect::<String>()).await;
    let store = place.open().await;
    assert_eq!(place.broken().await, None);
    store.record(record(1)).await.unwrap();
    assert_eq!(place.broken().await, None);
    place.tamper("DELETE FROM decisions WHERE id = 4000").await;
    assert_eq!(place.broken().await, Some(Break::Missing(4_000)));
    store.close().await;
}
