//! Years of work on one store, in simulated time: `cargo bench --bench soak -- 500000`. A thousand articles a day go through
//! the queue as the daemon's do, to a portal and by letter; a tenth is corrected, every twentieth taken back, every tenth has
//! a picture of its own. Once a day the store is tidied. Somebody reads without a pause, which keeps SQLite from beginning
//! its log anew by itself. Without a number: 20,000 articles.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on stops, and prints its table"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;
use loa::article::{Article, Image, Kept, Revision};
use loa::audience::Entry;
use loa::channel::CopyChange;
use loa::clock::Clock;
use loa::delivery::{Action, Event, Outcome, Plan, Receipt};
use loa::intake::{DraftContext, Format, parse};
use loa::ledger::{Filter, Ledger as _};
use loa::queue::{
    About, AttemptReport, Candidate, Change, Current, Gate, Handover, Keep, LeaseRequest, LeasedItem, Queue as _,
    Settlement, StoreError, Work,
};
use loa::store::{SqliteOptions, Store};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

const ARTICLE: &str = include_str!("../src/demo/articles/lich-tiep-cong-dan.md");
const CHANNELS: [&str; 2] = ["portal", "email"];
const A_DAY: usize = 1_000;
/// Jobs in flight at once, as on a busy day.
const BATCH: usize = 100;
/// What the administrator asked for: `keep_days = 30`, `article_days = 90`.
const TRAIL: i64 = 30;
const LIFE: i64 = 90;
const PICTURE: usize = 8 * 1024;

/// Lets everything go.
struct Open;

impl Gate for Open {
    fn objection(&self, _: &Candidate, _: DateTime<Utc>) -> Option<Event> {
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

    fn closes(&self, _: &LeasedItem, _: DateTime<Utc>) -> Option<DateTime<Utc>> {
        None
    }
}

struct Soak {
    store: Store,
    clock: Clock,
    model: Article,
}

impl Soak {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn article(&self, number: usize, words: &str) -> Article {
        let mut article = self.model.clone();
        article.key.external_id = number.to_string();
        article.title = format!("{} {number}{words}", article.title);
        if number.is_multiple_of(10) {
            let kept = Kept { hash: format!("{number:064x}"), media_type: "image/png".to_owned(), width: 1, height: 1 };
            let url = format!("https://cms.example.vn/{number}.png");
            article.images = vec![Image { url, alt: "ảnh".to_owned(), caption: None, kept: Some(kept) }];
        }
        article
    }

    fn plan(&self) -> Plan {
        Plan::at_once(self.now())
    }

    async fn publish(&self, number: usize, words: &str) -> Result<(), StoreError> {
        let article = Arc::new(self.article(number, words));
        for kept in article.images.iter().filter_map(|image| image.kept.clone()) {
            self.store.keep_picture(kept, number.to_le_bytes().repeat(PICTURE / 8), self.now()).await?;
        }
        let plan = self.plan();
        let request = Some((format!("soak {number}{words}"), number.to_string()));
        let handover = Handover {
            key: article.key.clone(),
            who: "soak".to_owned(),
            writers: Vec::new(),
            now: self.now(),
            as_of: self.now(),
            request,
        };
        let decide = move |known: Option<&Current>| {
            let plans = CHANNELS.map(|channel| (channel.to_owned(), plan.clone())).to_vec();
            let revision = known.map_or(Revision::FIRST, |known| known.revision.next());
            Ok(Change::Revise { revision, article: Arc::clone(&article), plans })
        };
        self.store.accept(handover, Box::new(decide)).await.map(drop)
    }

    async fn withdraw(&self, number: usize) -> Result<(), StoreError> {
        let plan = self.plan();
        let key = self.article(number, "").key;
        let handover = Handover {
            key,
            who: "soak".to_owned(),
            writers: Vec::new(),
            now: self.now(),
            as_of: self.now(),
            request: None,
        };
        let plans = move |_: Option<&Current>| {
            Ok(Change::Withdraw { plans: CHANNELS.map(|channel| (channel.to_owned(), plan.clone())).to_vec() })
        };
        self.store.accept(handover, Box::new(plans)).await.map(drop)
    }

    /// Sends everything that is due on a channel.
    async fn send(&self, channel: &str) -> Result<(), StoreError> {
        loop {
            let request = LeaseRequest {
                channel: channel.to_owned(),
                node: "soak".to_owned(),
                now: self.now(),
                until: self.now() + TimeDelta::minutes(1),
                most: BATCH,
                rate: None,
                gate: Arc::new(Open),
            };
            let work = self.store.lease(request.into()).await?.work;
            if work.is_empty() {
                return Ok(());
            }
            if channel == "email" {
                try_join_all(
                    work.iter().filter(|work| work.items[0].article_id.0 % 20 == 0).map(|work| self.post(work)),
                )
                .await?;
            }
            try_join_all(work.iter().map(|work| self.store.settle(vec![self.settlement(work)]))).await?;
        }
    }

    /// Letters to five people.
    async fn post(&self, work: &Work) -> Result<(), StoreError> {
        let item = &work.items[0];
        let key = format!("{}.{}", item.article_id, item.attempt);
        let copies = self.store.copies("email", &key, About::Article(item.article_id), &self.clock);
        let people = ["an", "binh", "chi", "dung", "giang"].map(|name| format!("{name}@example.vn"));
        let entries = people.iter().map(|person| Entry { address: person.parse().unwrap(), name: None }).collect();
        copies.invite(entries).await.unwrap();
        copies.complete().await.unwrap();
        let refused = CopyChange::Refused { reason: "no".to_owned(), dead: false };
        let change = |at| if at == 0 { refused.clone() } else { CopyChange::Sent };
        copies.record(people.into_iter().enumerate().map(|(at, person)| (person, change(at))).collect()).await.unwrap();
        Ok(())
    }

    fn settlement(&self, work: &Work) -> Settlement {
        let item = &work.items[0];
        let receipt = Receipt {
            remote_id: item.article_id.to_string(),
            url: Some(format!("https://anbinh.example.vn/tin/{}", item.article_id)),
            payload_hash: "0".repeat(64),
            rehearsal: false,
            seen: None,
        };
        let report = AttemptReport {
            attempt: item.attempt,
            finished: self.now(),
            outcome: "live",
            payload_hash: Some(receipt.payload_hash.clone()),
            remote_id: Some(receipt.remote_id.clone()),
            url: receipt.url.clone(),
            ..AttemptReport::default()
        };
        let outcome = if item.action == Action::Withdraw { Outcome::Gone } else { Outcome::Shown(receipt) };
        Settlement {
            delivery: item.delivery,
            event: Event::Settle { attempt: item.attempt, outcome },
            report: Some(report),
        }
    }

    /// A day of work on the articles from `first`; those of the day before are corrected and taken back.
    async fn day(&self, first: usize) -> Result<(), StoreError> {
        let of_day = |first: usize, every: usize| (first..first + A_DAY).filter(move |number| number % every == 1);
        for from in (first..first + A_DAY).step_by(BATCH) {
            try_join_all((from..from + BATCH).map(|number| self.publish(number, ""))).await?;
        }
        if let Some(before) = first.checked_sub(A_DAY) {
            try_join_all(of_day(before, 10).map(|number| self.publish(number, " (đính chính)"))).await?;
            try_join_all(of_day(before, 20).map(|number| self.withdraw(number))).await?;
        }
        for channel in CHANNELS {
            self.send(channel).await?;
        }
        let keep = Keep { trail: Some(TimeDelta::days(TRAIL)), article: Some(TimeDelta::days(LIFE)) };
        self.store.tidy(&keep, self.now()).await?;
        self.store.mind_the_log().await?;
        self.clock.advance(TimeDelta::days(1));
        Ok(())
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

async fn rows(connection: &mut SqliteConnection, table: &'static str) -> i64 {
    let count = match table {
        "articles" => "SELECT count(*) FROM articles",
        "attempts" => "SELECT count(*) FROM attempts",
        "copies" => "SELECT count(*) FROM copies",
        "pictures" => "SELECT count(*) FROM pictures",
        _ => "SELECT count(*) FROM forgotten",
    };
    sqlx::query_scalar(count).fetch_one(connection).await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn began() -> std::time::Instant {
    std::time::Instant::now()
}

#[tokio::main]
async fn main() {
    let asked = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let articles: usize = asked.unwrap_or(20_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loa.db");
    let log = folder.path().join("loa.db-wal");
    let store = Store::open(SqliteOptions { path: path.clone(), max_size: None }).await.unwrap();
    let start = DateTime::from_timestamp(1_795_485_600, 0).unwrap();
    let cx = DraftContext { source: "soak", external_id: Some("0"), zone: chrono_tz::Asia::Ho_Chi_Minh };
    let model = parse(ARTICLE.as_bytes(), Format::Markdown).unwrap().into_article(&cx).unwrap().0;
    let soak = Soak { store: store.clone(), clock: Clock::still_at(start), model };
    let (highest, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let reader = tokio::spawn({
        let (store, log, highest, stop) = (store.clone(), log.clone(), Arc::clone(&highest), Arc::clone(&stop));
        async move {
            while !stop.load(Ordering::Acquire) {
                let filter = Filter { most: Some(20), ..Filter::default() };
                let (one, other) = tokio::join!(store.deliveries(filter.clone()), store.deliveries(filter));
                drop((one.unwrap(), other.unwrap()));
                highest.fetch_max(size(&log), Ordering::AcqRel);
            }
        }
    });
    let mut own = SqliteConnectOptions::new().filename(&path).read_only(true).connect().await.unwrap();
    println!(
        "| articles so far | simulated days | in the store | forgotten | attempts | copies | pictures | store MB | log MB, at most | minutes |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let clock = began();
    let step = (articles / 20).max(A_DAY).div_ceil(A_DAY) * A_DAY;
    for first in (0..articles).step_by(A_DAY) {
        soak.day(first).await.unwrap();
        let done = first + A_DAY;
        if done.is_multiple_of(step) || done >= articles {
            let mut row = vec![done.to_string(), (done / A_DAY).to_string()];
            for table in ["articles", "forgotten", "attempts", "copies", "pictures"] {
                row.push(rows(&mut own, table).await.to_string());
            }
            let mb = |bytes: u64| bytes.div_ceil(1024 * 1024).to_string();
            row.extend([mb(size(&path)), mb(highest.swap(0, Ordering::AcqRel))]);
            let took = clock.elapsed() + Duration::from_secs(30);
            row.push((took.as_secs() / 60).to_string());
            println!("| {} |", row.join(" | "));
        }
    }
    stop.store(true, Ordering::Release);
    reader.await.unwrap();
    let balance = store.balance().await.unwrap();
    assert!(balance.iter().all(|one| one.adds_up() && one.waiting + one.held + one.failed == 0), "{balance:?}");
    store.close().await;
}
