//! A store that has no more room takes nothing more, then tries nothing more; what became of a try it still records.

use loa::article::Article;
use loa::delivery::{Delivery, Outcome, State, Wanted};
use loa::ledger::Ledger as _;
use loa::queue::{Keep, LeaseRequest, Queue, StoreError};
use loa::store::{SqliteOptions, Store};
use loa::text::Text;

use crate::sample::{article, schedule};
use crate::store::{all, hand, lease, now_plan, options, publish, receipt, request, settle, settlements, t, withdraw};

#[tokio::test]
async fn a_full_store_refuses_and_acknowledges_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let small = SqliteOptions { max_size: Some(1024 * 1024), ..options(folder.path()) };
    let store = Store::open(small.clone()).await.unwrap();
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
    let store = Store::open(SqliteOptions { max_size: None, ..small }).await.unwrap();
    assert_eq!(all(&store).await.len(), taken);
    publish(&store, "room", &["portal"], t(1)).await;
}

#[tokio::test]
async fn what_became_of_a_try_is_recorded_even_in_a_store_that_is_full() {
    const CHANNELS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "k"];
    let folder = tempfile::tempdir().unwrap();
    let small = SqliteOptions { max_size: Some(2 * 1024 * 1024), ..options(folder.path()) };
    let store = Store::open(small.clone()).await.unwrap();
    let plans = || CHANNELS.map(|channel| (channel.to_owned(), now_plan(t(0)))).to_vec();
    let mut taken = 0;
    while hand(&store, article(&taken.to_string()), plans(), t(0)).await.is_ok() {
        taken += 1;
        assert!(taken < 10_000, "it never fills");
    }
    // It tries what it can: as long as there is room, and no longer.
    let ask = |channel: &str| LeaseRequest { most: 8, ..request(channel, schedule(), t(1)) };
    let refused = |note: &str| Outcome::Refused(Text::same(note.repeat(20)));
    let mut held = Vec::new();
    let mut tried = 0;
    'full: for _ in 0..taken {
        for channel in CHANNELS {
            match store.lease(ask(channel).into()).await {
                Ok(leased) => held.extend(leased.work),
                Err(error) => {
                    assert_eq!(error, StoreError::Full);
                    break 'full;
                }
            }
            for work in held.drain(..held.len() / 2) {
                tried += 1;
                let outcome = if tried % 2 == 0 { refused("không nhận. ") } else { Outcome::Shown(receipt(None)) };
                assert_eq!(store.settle(settlements(&work, &outcome, t(1))).await, Ok(0));
            }
        }
    }
    assert!(tried > 0 && !held.is_empty(), "{tried} tried, {} under way", held.len());
    for channel in CHANNELS {
        while let Ok(leased) = store.lease(ask(channel).into()).await {
            assert!(!leased.work.is_empty(), "there is more to do");
            held.extend(leased.work);
        }
    }
    // What people decide is taken all the same, and so is every result.
    withdraw(&store, "0", t(2)).await;
    let ours: Vec<_> = held.iter().flat_map(|work| &work.items).map(|item| (item.delivery, item.attempt)).collect();
    assert_eq!(store.renew(ours, t(3)).await, Ok(true));
    for work in &held {
        assert_eq!(store.settle(settlements(work, &refused("không nhận. "), t(2))).await, Ok(0));
    }
    assert_eq!(hand(&store, article("more"), plans(), t(2)).await, Err(StoreError::Full));
    assert!(all(&store).await.iter().all(|one| !matches!(one.state, State::Sending { .. })));
    store.close().await;
    // With room again the rest of it goes.
    let store = Store::open(SqliteOptions { max_size: None, ..small }).await.unwrap();
    for channel in CHANNELS {
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
    assert_eq!(rows.len(), taken * CHANNELS.len());
    let is_over = |one: &Delivery| matches!(one.state, State::Settled | State::Failed { .. });
    assert!(rows.iter().all(is_over), "{rows:#?}");
    assert_eq!(rows.iter().filter(|one| one.wanted == Wanted::Withdrawn).count(), CHANNELS.len());
}

#[tokio::test]
async fn a_full_store_forgets_what_it_may_forget_and_has_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let small = SqliteOptions { max_size: Some(2 * 1024 * 1024), ..options(folder.path()) };
    let store = Store::open(small).await.unwrap();
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
