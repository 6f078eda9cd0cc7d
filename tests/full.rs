//! A store that has no more room takes nothing more, then tries nothing more; what became of a try it still records.

use futures_util::FutureExt as _;
use loa::article::Article;
use loa::delivery::{Delivery, Outcome, Plan, State, Wanted};
use loa::ledger::Ledger as _;
use loa::queue::{Change, Handover, Keep, LeaseRequest, Pause, PauseCause, Queue, StoreError, Work};
use loa::store::{SqliteOptions, Store};
use loa::text::Text;
use tempfile::TempDir;

use crate::line::Writing;
use crate::sample::{article, schedule};
use crate::store::{
    all, hand, handover, lease, now_plan, options, publish, receipt, request, settle, settlements, t, withdraw,
};

const MB: u64 = 1024 * 1024;

/// A store that may have so many bytes, in a folder of its own.
async fn small(most: u64) -> (TempDir, SqliteOptions, Store) {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { max_size: Some(most), ..options(folder.path()) };
    let store = Store::open(options.clone()).await.unwrap();
    (folder, options, store)
}

/// Begins so many tries on one channel.
async fn begin(store: &Store, channel: &str, most: usize) -> Vec<Work> {
    let ask = LeaseRequest { most, ..request(channel, schedule(), t(1)) };
    let held = store.lease(ask.into()).await.unwrap().work;
    assert_eq!(held.len(), most);
    held
}

/// Takes in articles for these channels until there is no room for more; how many.
async fn fill(store: &Store, channels: &[String]) -> usize {
    let mut taken = 0;
    while hand(store, article(&taken.to_string()), plans(channels), t(0)).await.is_ok() {
        taken += 1;
        assert!(taken < 10_000, "it never fills");
    }
    taken
}

fn plans(channels: &[String]) -> Vec<(String, Plan)> {
    channels.iter().map(|channel| (channel.clone(), now_plan(t(0)))).collect()
}

fn named(channels: usize) -> Vec<String> {
    (0..channels).map(|channel| format!("c{channel}")).collect()
}

/// As a far side refuses that has much to say.
fn refused() -> Outcome {
    Outcome::Refused(Text::same("không nhận. ".repeat(30)))
}

/// What became of all of them is recorded.
async fn records(store: &Store, held: &[Work]) {
    for work in held {
        assert_eq!(store.settle(settlements(work, &refused(), t(2))).await, Ok(0));
    }
}

#[tokio::test]
async fn a_full_store_refuses_and_acknowledges_nothing() {
    let (_folder, options, store) = small(MB).await;
    let mut taken = 0;
    let error = loop {
        let big = Article { body_text: "chữ ".repeat(10_000), ..article(&taken.to_string()) };
        match hand(&store, big, vec![("portal".to_owned(), now_plan(t(0)))], t(0)).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 100, "it never fills");
    };
    assert_eq!(error, StoreError::Full);
    assert!(taken > 2, "{taken}");
    assert_eq!(all(&store).await.len(), taken, "what was refused is not there, what was acknowledged is");
    // The one that did not fit spoils nothing: the same writer goes on.
    store.ready().await.expect("a writer that answers");
    let leased = lease(&store, "portal", t(1)).await;
    assert!(!leased.work.is_empty(), "no work is handed out any more");
    assert!(store.find(&format!("cms/{taken}")).await.unwrap().is_empty());
    store.close().await;
    let store = Store::open(SqliteOptions { max_size: None, ..options }).await.unwrap();
    assert_eq!(all(&store).await.len(), taken);
    publish(&store, "room", &["portal"], t(1)).await;
}

#[tokio::test]
async fn what_became_of_a_try_is_recorded_even_in_a_store_that_is_full() {
    let channels = named(10);
    let (_folder, options, store) = small(2 * MB).await;
    let taken = fill(&store, &channels).await;
    // It tries what it can: as long as there is room, and no longer.
    let ask = |channel: &str| LeaseRequest { most: 8, ..request(channel, schedule(), t(1)) };
    let mut held = Vec::new();
    let mut tried = 0;
    'full: for _ in 0..taken {
        for channel in &channels {
            match store.lease(ask(channel).into()).await {
                Ok(leased) => held.extend(leased.work),
                Err(error) => {
                    assert_eq!(error, StoreError::Full);
                    break 'full;
                }
            }
            for work in held.drain(..held.len() / 2) {
                tried += 1;
                let outcome = if tried % 2 == 0 { refused() } else { Outcome::Shown(receipt(None)) };
                assert_eq!(store.settle(settlements(&work, &outcome, t(1))).await, Ok(0));
            }
        }
    }
    assert!(tried > 0 && !held.is_empty(), "{tried} tried, {} under way", held.len());
    for channel in &channels {
        while let Ok(leased) = store.lease(ask(channel).into()).await {
            assert!(!leased.work.is_empty(), "there is more to do");
            held.extend(leased.work);
        }
    }
    // What people decide is taken all the same, and so is every result.
    withdraw(&store, "0", t(2)).await;
    let ours: Vec<_> = held.iter().flat_map(|work| &work.items).map(|item| (item.delivery, item.attempt)).collect();
    assert_eq!(store.renew(ours, t(3)).await, Ok(true));
    records(&store, &held).await;
    assert!(all(&store).await.iter().all(|one| !matches!(one.state, State::Sending { .. })));
    store.close().await;
    // With room again the rest of it goes.
    let store = Store::open(SqliteOptions { max_size: None, ..options }).await.unwrap();
    for channel in &channels {
        loop {
            let leased = lease(&store, channel, t(4)).await;
            if leased.work.is_empty() {
                break;
            }
            for work in &leased.work {
                settle(&store, work, Outcome::Shown(receipt(None)), t(4)).await;
            }
        }
    }
    let rows = all(&store).await;
    assert_eq!(rows.len(), taken * channels.len());
    let is_over = |one: &Delivery| matches!(one.state, State::Settled | State::Failed { .. });
    assert!(rows.iter().all(is_over), "{rows:#?}");
    assert_eq!(rows.iter().filter(|one| one.wanted == Wanted::Withdrawn).count(), channels.len());
}

#[tokio::test]
async fn a_full_store_forgets_what_it_may_forget_and_has_room_again() {
    let (_folder, _, store) = small(2 * MB).await;
    for old in 0..100 {
        publish(&store, &old.to_string(), &["portal"], t(0)).await;
    }
    while let leased = lease(&store, "portal", t(1)).await
        && !leased.work.is_empty()
    {
        for work in &leased.work {
            settle(&store, work, Outcome::Shown(receipt(None)), t(1)).await;
        }
    }
    let now = t(60 * 24 * 60);
    let mut taken = 100;
    while hand(&store, article(&taken.to_string()), vec![("portal".to_owned(), now_plan(now))], now).await.is_ok() {
        taken += 1;
        assert!(taken < 10_000, "it never fills");
    }
    let days = |days| Some(chrono::TimeDelta::days(days));
    let keep = Keep { trail: days(10), article: days(20) };
    let tidied = store.tidy(&keep, now).await.expect("what makes room may be done");
    assert_eq!(tidied.forgotten, 100);
    publish(&store, "more", &["portal"], now).await;
}

#[tokio::test]
async fn channels_that_could_do_more_begin_what_there_is_room_for() {
    let (_folder, _, store) = small(2 * MB).await;
    let channels = named(40);
    fill(&store, &channels).await;
    let mut tried = 0;
    loop {
        let mut held = Vec::new();
        for channel in channels.iter().chain(&channels) {
            let ask = LeaseRequest { most: 32, ..request(channel, schedule(), t(1)) };
            held.extend(store.lease(ask.into()).await.map(|leased| leased.work).unwrap_or_default());
            // What is refused in between changes nothing about what is under way.
            assert_eq!(hand(&store, article("more"), plans(&channels), t(1)).await, Err(StoreError::Full));
        }
        records(&store, &held).await;
        tried += held.len();
        if held.is_empty() {
            break;
        }
    }
    assert!(tried > 5, "{tried}");
}

#[tokio::test]
async fn a_store_that_is_larger_than_it_may_be_still_records_results() {
    // The file has become larger than it may be now, or is just as large.
    for spare in [None, Some(0), Some(1), Some(4), Some(16)] {
        let (_folder, large, store) = small(4 * MB).await;
        fill(&store, &named(3)).await;
        let held = begin(&store, "c1", 8).await;
        store.close().await;
        let pages = std::fs::metadata(&large.path).unwrap().len() / 4096;
        let lowered = spare.map_or(2 * MB, |spare| (pages + spare) * 4096);
        let store = Store::open(SqliteOptions { max_size: Some(lowered), ..large }).await.unwrap();
        assert_eq!(hand(&store, article("more"), plans(&named(3)), t(1)).await, Err(StoreError::Full));
        withdraw(&store, "0", t(2)).await;
        records(&store, &held).await;
        store.close().await;
    }
}

#[tokio::test]
async fn what_is_handed_over_again_and_again_leaves_the_last_room_alone() {
    let (_folder, _, store) = small(2 * MB).await;
    let channels = named(3);
    fill(&store, &channels).await;
    let held = begin(&store, "c1", 4).await;
    let mut repeats = 0;
    let error = loop {
        let key = (format!("{repeats:08}{}", "k".repeat(100)), "f".repeat(64));
        let again = Handover { request: Some(key), ..handover(&article("0"), t(1)) };
        match store.accept(again, Box::new(|_| Ok(Change::Unchanged))).await {
            Ok(_) => repeats += 1,
            Err(error) => break error,
        }
        assert!(repeats < 10_000, "it never fills");
    };
    assert_eq!(error, StoreError::Full);
    records(&store, &held).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_that_is_too_large_refuses_nobody_beside_it() {
    let (_folder, _, store) = small(2 * MB).await;
    let channels = named(3);
    fill(&store, &channels).await;
    let held = begin(&store, "c1", 4).await;
    // While somebody writes, the others gather for one transaction.
    let writing = Writing::begin(&store).await;
    let settling = store.settle(settlements(&held[0], &refused(), t(2)));
    let large = Article { body_text: "chữ ".repeat(40_000), ..article("large") };
    let large = Box::pin(hand(&store, large, plans(&channels), t(2)));
    let note = Text::same("thẻ truy cập hết hạn");
    let pausing = store.pause("c2".into(), Pause { cause: PauseCause::Person("hoa".into()), since: t(2), note });
    let withdrawing = Box::pin(withdraw(&store, "0", t(2)));
    let mut all_of_them = Box::pin(futures_util::future::join4(settling, large, pausing, withdrawing));
    assert!((&mut all_of_them).now_or_never().is_none(), "somebody else writes");
    writing.end().await;
    let (settled, large, paused, ()) = all_of_them.await;
    assert_eq!((settled, large, paused), (Ok(0), Err(StoreError::Full), Ok(())));
    records(&store, &held[1..]).await;
}
