//! How many deliveries a second the store can lease, settle and enter in the ledger: `cargo bench --bench store`. The rows
//! of a table are batches: as many deliveries are leased in one call, and each is settled in a call of its own at the
//! same moment, as workers do. Everything is on disk before a call returns.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on stops")]

#[path = "../tests/support/process.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod process;
#[path = "../tests/support/real_postgres.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod real_postgres;

use std::cell::Cell;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use divan::Bencher;
use divan::counter::ItemsCount;
use futures_util::future::try_join_all;
use loa::article::{Article, Revision};
use loa::delivery::{Event, Outcome, Plan, Receipt};
use loa::intake::{DraftContext, Format, parse};
use loa::queue::{
    AttemptReport, Candidate, Change, Gate, Handover, LeaseRequest, LeasedItem, Queue as _, Settlement, StoreError,
    Work,
};
use loa::store::{SqliteOptions, Store};
use tokio::runtime::Runtime;

const ARTICLE: &str = include_str!("../src/demo/articles/lich-tiep-cong-dan.md");
const CHANNEL: &str = "portal";

fn main() {
    divan::main();
}

/// Lets everything go.
struct Open;

impl Gate for Open {
    fn objection(&self, _: &Candidate, _: DateTime<Utc>) -> Option<Event> {
        None
    }

    fn closes(&self, _: &LeasedItem, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        None
    }

    fn next_slot(&self, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        None
    }

    fn after(&self) -> Option<&str> {
        None
    }

    fn bundles(&self) -> bool {
        false
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_485_600, 0).unwrap()
}

fn article(number: usize) -> Article {
    let id = number.to_string();
    let cx = DraftContext { source: "bench", external_id: Some(&id), zone: chrono_tz::Asia::Ho_Chi_Minh };
    parse(ARTICLE.as_bytes(), Format::Markdown).unwrap().into_article(&cx).unwrap().0
}

async fn publish(store: &Store, number: usize) -> Result<(), StoreError> {
    let article = Arc::new(article(number));
    let plan = Plan::at_once(now());
    let handover = Handover {
        key: article.key.clone(),
        who: "bench".to_owned(),
        writers: Vec::new(),
        now: now(),
        as_of: now(),
        request: None,
    };
    let revise = move |_: Option<&loa::queue::Current>| {
        let plans = vec![(CHANNEL.to_owned(), plan.clone())];
        Ok(Change::Revise { revision: Revision::FIRST, article: Arc::clone(&article), plans })
    };
    store.accept(handover, Box::new(revise)).await.map(drop)
}

async fn lease(store: &Store, most: usize) -> Vec<Work> {
    let request = LeaseRequest {
        channel: CHANNEL.to_owned(),
        node: "bench".to_owned(),
        now: now(),
        until: now() + TimeDelta::minutes(1),
        most,
        rate: None,
        gate: Arc::new(Open),
    };
    store.lease(request.into()).await.unwrap().work
}

fn settlement(work: &Work) -> Settlement {
    let item = &work.items[0];
    let receipt = Receipt {
        remote_id: "1".to_owned(),
        url: Some("https://anbinh.example.vn/1".to_owned()),
        payload_hash: "0".repeat(64),
        rehearsal: false,
        seen: None,
    };
    let report = AttemptReport {
        attempt: item.attempt,
        finished: now(),
        outcome: "live",
        payload_hash: Some(receipt.payload_hash.clone()),
        remote_id: Some(receipt.remote_id.clone()),
        url: receipt.url.clone(),
        ..AttemptReport::default()
    };
    let event = Event::Settle { attempt: item.attempt, outcome: Outcome::Shown(receipt) };
    Settlement { delivery: item.delivery, event, report: Some(report) }
}

/// What a worker does with `batch` deliveries, the sending aside.
async fn work(store: &Store, batch: usize) {
    let leased = lease(store, batch).await;
    assert_eq!(leased.len(), batch);
    let fenced = try_join_all(leased.iter().map(|work| store.settle(vec![settlement(work)]))).await.unwrap();
    assert_eq!(fenced.into_iter().sum::<usize>(), 0);
}

fn measure(bencher: Bencher<'_, '_>, runtime: &Runtime, store: &Store, batch: usize) {
    let published = Cell::new(0);
    let publish = || {
        let first = published.replace(published.get() + batch);
        runtime.block_on(try_join_all((first..first + batch).map(|number| publish(store, number)))).unwrap();
    };
    bencher
        .counter(ItemsCount::new(batch))
        .with_inputs(publish)
        .bench_local_values(|()| runtime.block_on(work(store, batch)));
}

#[divan::bench(args = [1, 8, 32, 128], sample_count = 60, sample_size = 1)]
fn sqlite(bencher: Bencher<'_, '_>, batch: usize) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { path: folder.path().join("loa.db"), max_size: None };
    let store = runtime.block_on(Store::open(options)).unwrap();
    measure(bencher, &runtime, &store, batch);
    runtime.block_on(store.close());
}

#[divan::bench(args = [1, 8, 32, 128], sample_count = 60, sample_size = 1)]
fn postgres(bencher: Bencher<'_, '_>, batch: usize) {
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(real_postgres::cluster().database());
    let store = runtime.block_on(Store::open(database.options())).unwrap();
    measure(bencher, &runtime, &store, batch);
    runtime.block_on(store.close());
}
