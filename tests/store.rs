//! What every store has to do, told through the `Queue` and `Ledger` traits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use loa::article::{Article, Priority, Revision};
use loa::audience::Entry;
use loa::channel::{Copies, CopyChange, CopyCount, CopyState, Departures, Leave};
use loa::clock::Clock;
use loa::delivery::{
    Delivery, DeliveryId, Errand, Event, Live, Outcome, Plan, Receipt, Sighting, State, Unclear, Wanted, Why,
};
use loa::ledger::{Filter, Ledger};
use loa::queue::{
    About, Accepted, AttemptReport, Change, Current, Handover, LeaseRequest, Leased, Pause, PauseCause, Queue, Rate,
    Settlement, StoreError, Verdict, Work,
};
use loa::schedule::{ChannelGate, Schedule};
use loa::store::{PostgresOptions, SqliteOptions, Store, StoreOptions};
use loa::text::Text;
use proptest::prelude::*;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use crate::sample::{article, schedule, slots, utc};
use crate::support::real_postgres::{Database, cluster};

/// A Monday morning.
const T0: &str = "2026-11-23T08:00:00+07:00";

pub(crate) fn t(minutes: i64) -> DateTime<Utc> {
    utc(T0) + TimeDelta::minutes(minutes)
}

pub(crate) fn options(folder: &Path) -> SqliteOptions {
    SqliteOptions { path: folder.join("loa.db"), max_size: None }
}

/// Where a store is: it can be opened again, and by others.
pub(crate) enum Place {
    File(TempDir),
    Server(Database),
}

impl Place {
    pub(crate) fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn server() -> Self {
        Self::Server(cluster().database().await)
    }

    pub(crate) async fn open(&self) -> Store {
        let options: StoreOptions = match self {
            Self::File(folder) => options(folder.path()).into(),
            Self::Server(database) => database.options().into(),
        };
        Store::open(options).await.unwrap()
    }
}

/// What every store has to do: each sentence is a test twice.
macro_rules! on_both {
    ($($sentence:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $sentence() {
                super::$sentence(super::Place::file()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $sentence() {
                super::$sentence(super::Place::server().await).await;
            })*
        }
    };
}

pub(crate) use on_both;

on_both! {
    what_is_accepted_is_leased_once_and_settled_with_a_ledger_row
    nothing_is_leased_before_it_is_due_and_the_next_hour_is_told
    many_that_have_to_wait_are_put_off_some_at_a_time
    a_refused_handover_changes_nothing
    a_repeated_request_gets_its_first_answer_and_a_reused_key_is_refused
    an_answer_under_an_older_lease_is_counted_and_changes_nothing
    a_renewed_lease_is_not_swept_and_that_of_a_dead_process_is_at_once
    two_stores_on_one_place_see_each_others_work
    a_bell_rings_for_new_work_and_keeps_a_ring_nobody_heard
    urgent_articles_and_withdrawals_go_first
    a_withdrawal_of_what_was_never_sent_settles_without_sending
    one_slot_is_one_edition_and_late_arrivals_get_the_next
    an_edition_that_was_not_taken_goes_out_again_as_the_same_edition
    an_edition_that_some_have_had_is_finished_under_its_own_slot
    an_article_that_missed_an_edition_does_not_slip_into_its_repeat
    an_uncertain_edition_is_looked_up_as_one
    a_follower_is_woken_by_the_channel_it_waits_for
    the_rate_limit_holds_across_reopening
    a_pause_holds_across_reopening_until_somebody_ends_it
    a_person_decides_only_where_there_is_something_to_decide
    the_memory_of_single_copies_outlives_the_process
    a_channel_that_rests_leases_nothing_until_then_or_until_a_person_wakes_it
    several_stores_that_open_a_new_place_at_once_make_one_store
    two_stores_that_lease_at_once_keep_one_rate_limit
    two_stores_that_lease_at_once_make_one_edition
    an_article_handed_to_two_stores_at_once_is_taken_once
    what_one_store_writes_rings_the_bells_of_another
    what_far_sides_say_is_kept_whatever_is_in_it
}

pub(crate) fn now_plan(now: DateTime<Utc>) -> Plan {
    Plan::at_once(now)
}

pub(crate) fn handover(article: &Article, now: DateTime<Utc>) -> Handover {
    Handover { key: article.key.clone(), who: "test".to_owned(), writers: Vec::new(), now, as_of: now, request: None }
}

/// Hands an article over to these channels, under the next revision.
pub(crate) async fn hand(
    store: &Store,
    article: Article,
    plans: Vec<(String, Plan)>,
    now: DateTime<Utc>,
) -> Result<Accepted, StoreError> {
    let order = handover(&article, now);
    let article = Arc::new(article);
    let decide = move |known: Option<&Current>| {
        let revision = known.map_or(Revision::FIRST, |known| known.revision.next());
        Ok(Change::Revise { revision, article: Arc::clone(&article), plans: plans.clone() })
    };
    match store.accept(order, Box::new(decide)).await? {
        Verdict::Accepted(accepted) => Ok(accepted),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn publish(store: &Store, id: &str, channels: &[&str], now: DateTime<Utc>) -> Accepted {
    let plans = channels.iter().map(|channel| ((*channel).to_owned(), now_plan(now))).collect();
    hand(store, article(id), plans, now).await.unwrap()
}

/// Publishes into the next slot of a channel that collects.
pub(crate) async fn publish_into(store: &Store, id: &str, schedule: &Schedule, now: DateTime<Utc>) -> Accepted {
    let article = article(id);
    let plan = schedule.plan(&article, loa::schedule::Change::Content, now);
    hand(store, article, vec![("radio".to_owned(), plan)], now).await.unwrap()
}

pub(crate) async fn withdraw(store: &Store, id: &str, now: DateTime<Utc>) {
    let decide = move |known: Option<&Current>| {
        let Some(known) = known else { return Err(Text::same("unknown")) };
        let plans = known.deliveries.iter().map(|delivery| (delivery.channel.clone(), now_plan(now)));
        Ok(Change::Withdraw { plans: plans.collect() })
    };
    store.accept(handover(&article(id), now), Box::new(decide)).await.unwrap();
}

pub(crate) fn request(channel: &str, schedule: Schedule, now: DateTime<Utc>) -> LeaseRequest {
    LeaseRequest {
        channel: channel.to_owned(),
        node: "node-a".to_owned(),
        now,
        until: now + TimeDelta::minutes(1),
        most: 100,
        rate: None,
        gate: Arc::new(ChannelGate(schedule)),
    }
}

pub(crate) async fn lease(store: &Store, channel: &str, now: DateTime<Utc>) -> Leased {
    store.lease(request(channel, schedule(), now).into()).await.unwrap()
}

pub(crate) fn receipt(url: Option<&str>) -> Receipt {
    Receipt {
        remote_id: "remote".to_owned(),
        url: url.map(str::to_owned),
        payload_hash: "hash".to_owned(),
        rehearsal: false,
        seen: None,
    }
}

/// The same outcome for everything in a piece of work.
pub(crate) fn settlements(work: &Work, outcome: &Outcome, now: DateTime<Utc>) -> Vec<Settlement> {
    work.items
        .iter()
        .map(|item| Settlement {
            delivery: item.delivery,
            event: Event::Settle { attempt: item.attempt, outcome: outcome.clone() },
            report: Some(AttemptReport {
                attempt: item.attempt,
                finished: now,
                outcome: "done",
                payload_hash: Some("hash".to_owned()),
                ..AttemptReport::default()
            }),
        })
        .collect()
}

pub(crate) async fn settle(store: &Store, work: &Work, outcome: Outcome, now: DateTime<Utc>) -> usize {
    store.settle(settlements(work, &outcome, now)).await.unwrap()
}

pub(crate) async fn all(store: &Store) -> Vec<Delivery> {
    store.deliveries(Filter::default()).await.unwrap().into_iter().map(|row| row.delivery).collect()
}

pub(crate) async fn only(store: &Store, channel: &str) -> Delivery {
    let filter = Filter { channel: Some(channel.to_owned()), ..Filter::default() };
    let rows = store.deliveries(filter).await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.into_iter().next().unwrap().delivery
}

pub(crate) fn lost() -> loa::queue::OnLost {
    Arc::new(|_: &Delivery| Unclear::LookUp { at: t(2), note: Text::same("lost") })
}

pub(crate) fn ids(leased: &Leased) -> Vec<String> {
    leased.work.iter().flat_map(|work| &work.items).map(|item| item.article.key.external_id.clone()).collect()
}

async fn what_is_accepted_is_leased_once_and_settled_with_a_ledger_row(place: Place) {
    let store = place.open().await;
    let accepted = publish(&store, "1", &["portal"], t(0)).await;
    assert_eq!((accepted.revision, accepted.changed, accepted.deliveries), (Revision(1), true, 1));
    let leased = lease(&store, "portal", t(0)).await;
    assert_eq!(ids(&leased), ["1"]);
    assert!(lease(&store, "portal", t(0)).await.work.is_empty(), "leased twice");
    let work = &leased.work[0];
    assert_eq!(settle(&store, work, Outcome::Shown(receipt(Some("https://x/1"))), t(1)).await, 0);
    let delivery = only(&store, "portal").await;
    assert_eq!((delivery.state.clone(), delivery.needed()), (State::Settled, None));
    let attempts = store.attempts(delivery.id).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].errand.as_str(), attempts[0].finished), ("create", Some(t(1))));
    assert_eq!(attempts[0].payload_hash.as_deref(), Some("hash"));
    // On disk, not in memory.
    store.close().await;
    let store = place.open().await;
    assert_eq!(only(&store, "portal").await, delivery);
    assert!(lease(&store, "portal", t(9)).await.work.is_empty());
}

async fn nothing_is_leased_before_it_is_due_and_the_next_hour_is_told(place: Place) {
    let store = place.open().await;
    hand(&store, article("1"), vec![("portal".to_owned(), now_plan(t(30)))], t(0)).await.unwrap();
    let early = lease(&store, "portal", t(29)).await;
    assert!(early.work.is_empty());
    assert_eq!(early.next, Some(t(30)));
    assert_eq!(lease(&store, "portal", t(30)).await.work.len(), 1);
}

async fn many_that_have_to_wait_are_put_off_some_at_a_time(place: Place) {
    let store = place.open().await;
    for id in 0..30 {
        publish(&store, &id.to_string(), &["portal"], t(0)).await;
    }
    // They were planned before the channel had its quiet hours.
    let hours = Schedule { quiet: Some("07:00-09:00".parse().unwrap()), ..schedule() };
    let mut asked = 0;
    loop {
        let leased =
            store.lease(LeaseRequest { most: 1, ..request("portal", hours.clone(), t(1)) }.into()).await.unwrap();
        assert!(leased.work.is_empty(), "it is not nine yet");
        asked += 1;
        // On a server somebody else may hold what is due: it is looked for again a moment later.
        if leased.next == Some(t(60)) {
            break;
        }
        assert!(leased.next.unwrap() < t(2) && asked < 30, "{leased:?}");
    }
    assert!(asked > 1, "nobody else can write while all are put off");
    assert_eq!(store.lease(request("portal", hours, t(60)).into()).await.unwrap().work.len(), 30);
}

async fn a_refused_handover_changes_nothing(place: Place) {
    let store = place.open().await;
    let order = handover(&article("1"), t(0));
    let verdict = store.accept(order, Box::new(|_| Err(Text::same("no")))).await.unwrap();
    assert_eq!(verdict, Verdict::Refused(Text::same("no")));
    assert!(store.find("1").await.unwrap().is_empty());
}

async fn a_repeated_request_gets_its_first_answer_and_a_reused_key_is_refused(place: Place) {
    let store = place.open().await;
    let ask = |fingerprint: &str| {
        let article = article("1");
        let request = Some(("token key".to_owned(), fingerprint.to_owned()));
        let order = Handover { request, ..handover(&article, t(0)) };
        let article = Arc::new(article);
        let decide = move |known: Option<&Current>| {
            let revision = known.map_or(Revision::FIRST, |known| known.revision.next());
            Ok(Change::Revise { revision, article: Arc::clone(&article), plans: Vec::new() })
        };
        store.accept(order, Box::new(decide))
    };
    let Verdict::Accepted(first) = ask("a").await.unwrap() else { panic!("not accepted") };
    let Verdict::Accepted(again) = ask("a").await.unwrap() else { panic!("not accepted") };
    assert_eq!((again.id, again.revision, again.changed), (first.id, Revision(1), true));
    assert_eq!(ask("b").await.unwrap(), Verdict::KeyReused);
    assert_eq!(store.find("1").await.unwrap()[0].revision, Revision(1));
}

async fn an_answer_under_an_older_lease_is_counted_and_changes_nothing(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    let old = lease(&store, "portal", t(0)).await.work.remove(0);
    assert_eq!(store.sweep(t(1), None, lost()).await.unwrap(), 1, "its lease is over");
    let look = lease(&store, "portal", t(2)).await.work.remove(0);
    assert_eq!(look.looks, Some(0));
    let before = only(&store, "portal").await;
    let held = |work: &Work| vec![(work.items[0].delivery, work.items[0].attempt)];
    assert_eq!(settle(&store, &old, Outcome::Shown(receipt(None)), t(2)).await, 1);
    assert!(!store.renew(held(&old), t(5)).await.unwrap());
    assert_eq!(only(&store, "portal").await, before);
    assert!(store.renew(held(&look), t(5)).await.unwrap());
    let sending = async |channel: Option<&str>| {
        let filter =
            Filter { state: Some("sending".to_owned()), channel: channel.map(str::to_owned), ..Filter::default() };
        store.deliveries(filter).await.unwrap().iter().map(|row| row.delivery.id).collect::<Vec<_>>()
    };
    publish(&store, "2", &["portal", "email"], t(2)).await;
    assert_eq!(sending(None).await, [before.id], "of three");
    assert_eq!((sending(Some("portal")).await, sending(Some("email")).await), (vec![before.id], vec![]));
    let attempts = store.attempts(before.id).await.unwrap();
    let outcomes: Vec<_> =
        attempts.iter().map(|attempt| (attempt.errand.as_str(), attempt.outcome.as_deref())).collect();
    assert_eq!(outcomes, [("create", Some("lost")), ("look_up", None)], "the second one is being made");
    let times: Vec<_> = attempts.iter().map(|attempt| (attempt.started, attempt.finished)).collect();
    assert_eq!(times, [(t(0), Some(t(1))), (t(2), None)]);
}

async fn a_renewed_lease_is_not_swept_and_that_of_a_dead_process_is_at_once(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    let work = lease(&store, "portal", t(0)).await.work.remove(0);
    let held = vec![(work.items[0].delivery, work.items[0].attempt)];
    assert!(store.renew(held, t(10)).await.unwrap());
    assert_eq!(store.sweep(t(9), None, lost()).await.unwrap(), 0, "renewed");
    assert_eq!(store.sweep(t(9), Some("node-a".to_owned()), lost()).await.unwrap(), 0, "alive");
    assert_eq!(store.sweep(t(9), Some("node-b".to_owned()), lost()).await.unwrap(), 1, "dead");
    assert!(matches!(only(&store, "portal").await.state, State::Uncertain { look: Some(_), .. }));
}

async fn two_stores_on_one_place_see_each_others_work(place: Place) {
    let a = place.open().await;
    let b = place.open().await;
    publish(&a, "1", &["portal"], t(0)).await;
    let work = lease(&b, "portal", t(0)).await.work.remove(0);
    assert!(lease(&a, "portal", t(0)).await.work.is_empty(), "b has it");
    settle(&b, &work, Outcome::Shown(receipt(None)), t(0)).await;
    assert_eq!(only(&a, "portal").await.state, State::Settled);
    // Both at once: nothing is taken twice, and nothing is left.
    for id in 0..20 {
        publish(&a, &format!("n{id}"), &["portal"], t(1)).await;
    }
    let mut one = request("portal", schedule(), t(1));
    one.most = 3;
    let mut taken = Vec::new();
    loop {
        let (from_a, from_b) = tokio::join!(a.lease(one.clone().into()), b.lease(one.clone().into()));
        let got = [ids(&from_a.unwrap()), ids(&from_b.unwrap())].concat();
        if got.is_empty() {
            break;
        }
        taken.extend(got);
    }
    taken.sort();
    let expected: std::collections::BTreeSet<String> = (0..20).map(|id| format!("n{id}")).collect();
    assert_eq!(taken, expected.into_iter().collect::<Vec<_>>());
}

async fn a_bell_rings_for_new_work_and_keeps_a_ring_nobody_heard(place: Place) {
    let store = place.open().await;
    let bell = store.bell("portal");
    publish(&store, "1", &["portal"], t(0)).await;
    tokio::time::timeout(Duration::from_secs(5), bell.notified()).await.expect("the bell did not ring");
}

async fn urgent_articles_and_withdrawals_go_first(place: Place) {
    let store = place.open().await;
    publish(&store, "old", &["portal"], t(0)).await;
    let work = lease(&store, "portal", t(0)).await.work.remove(0);
    settle(&store, &work, Outcome::Shown(receipt(None)), t(0)).await;
    for (id, priority) in [("low", Priority::Low), ("normal", Priority::Normal), ("urgent", Priority::Urgent)] {
        let article = Article { priority, ..article(id) };
        hand(&store, article, vec![("portal".to_owned(), now_plan(t(0)))], t(0)).await.unwrap();
    }
    withdraw(&store, "old", t(1)).await;
    let leased = lease(&store, "portal", t(2)).await;
    assert_eq!(ids(&leased), ["urgent", "old", "normal", "low"]);
}

async fn a_withdrawal_of_what_was_never_sent_settles_without_sending(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal", "radio"], t(0)).await;
    withdraw(&store, "1", t(1)).await;
    assert!(all(&store).await.iter().all(|delivery| delivery.state == State::Settled));
    assert!(lease(&store, "portal", t(2)).await.work.is_empty());
    let balance = store.balance().await.unwrap();
    assert!(balance.iter().all(|balance| balance.withdrawn == 1 && balance.received == 1), "{balance:?}");
}

pub(crate) fn radio() -> Schedule {
    slots(&["0 9 * * *", "0 16 * * *"])
}

pub(crate) async fn lease_radio(store: &Store, now: DateTime<Utc>) -> Leased {
    store.lease(request("radio", radio(), now).into()).await.unwrap()
}

async fn one_slot_is_one_edition_and_late_arrivals_get_the_next(place: Place) {
    let store = place.open().await;
    let (nine, four) = (t(60), t(8 * 60));
    publish_into(&store, "1", &radio(), t(0)).await;
    publish_into(&store, "2", &radio(), t(10)).await;
    assert!(lease_radio(&store, t(59)).await.work.is_empty());
    let mut leased = lease_radio(&store, nine).await;
    assert_eq!((leased.work.len(), ids(&leased)), (1, vec!["1".to_owned(), "2".to_owned()]));
    let work = leased.work.remove(0);
    assert_eq!(work.edition, Some(nine));
    // Planned for nine, but the edition is on its way.
    let late = Plan { edition: Some(nine), ..Plan::waiting(nine, Why::Slot) };
    hand(&store, article("3"), vec![("radio".to_owned(), late.clone())], nine).await.unwrap();
    assert!(lease_radio(&store, nine).await.work.is_empty(), "a slot was opened twice");
    settle(&store, &work, Outcome::Shown(receipt(None)), t(61)).await;
    hand(&store, article("4"), vec![("radio".to_owned(), late)], t(62)).await.unwrap();
    store.close().await;
    let store = place.open().await;
    let after = lease_radio(&store, t(62)).await;
    assert!(after.work.is_empty(), "the edition went out already");
    assert_eq!(after.next, Some(four));
    let next = lease_radio(&store, four).await;
    assert_eq!((ids(&next), next.work[0].edition), (vec!["3".to_owned(), "4".to_owned()], Some(four)));
}

async fn an_edition_that_was_not_taken_goes_out_again_as_the_same_edition(place: Place) {
    let store = place.open().await;
    let nine = t(60);
    publish_into(&store, "1", &radio(), t(0)).await;
    let work = lease_radio(&store, nine).await.work.remove(0);
    let again = Outcome::NotTaken { retry_at: t(65), note: Text::same("later") };
    settle(&store, &work, again, t(61)).await;
    let work = lease_radio(&store, t(65)).await.work.remove(0);
    assert_eq!(work.edition, Some(nine));
}

async fn an_edition_that_some_have_had_is_finished_under_its_own_slot(place: Place) {
    let store = place.open().await;
    let nine = t(60);
    publish_into(&store, "1", &radio(), t(0)).await;
    let work = lease_radio(&store, nine).await.work.remove(0);
    let partial = Outcome::Unclear(Unclear::Repeat { at: t(65), note: Text::same("half of them") });
    settle(&store, &work, partial, t(61)).await;
    let leased = lease_radio(&store, t(65)).await;
    assert_eq!(
        leased.work.iter().map(|work| work.edition).collect::<Vec<_>>(),
        [Some(nine)],
        "next: {:?}",
        leased.next
    );
}

async fn an_article_that_missed_an_edition_does_not_slip_into_its_repeat(place: Place) {
    let store = place.open().await;
    let nine = t(60);
    publish_into(&store, "1", &radio(), t(0)).await;
    let embargoed = Article { embargo_until: Some(t(63)), ..article("2") };
    let slot = Plan { edition: Some(nine), ..Plan::waiting(nine, Why::Slot) };
    hand(&store, embargoed, vec![("radio".to_owned(), slot)], t(0)).await.unwrap();
    let first = lease_radio(&store, nine).await;
    assert_eq!(ids(&first), ["1"]);
    let partial = Outcome::Unclear(Unclear::Repeat { at: t(65), note: Text::same("half of them") });
    settle(&store, &first.work[0], partial, t(61)).await;
    let repeat = lease_radio(&store, t(65)).await;
    assert_eq!(ids(&repeat), ["1"], "half of the readers would never see the other");
    settle(&store, &repeat.work[0], Outcome::Shown(receipt(None)), t(66)).await;
    assert!(lease_radio(&store, t(66)).await.work.is_empty());
    let next = lease_radio(&store, t(8 * 60)).await;
    assert_eq!((ids(&next), next.work[0].edition), (vec!["2".to_owned()], Some(t(8 * 60))));
}

async fn an_uncertain_edition_is_looked_up_as_one(place: Place) {
    let store = place.open().await;
    publish_into(&store, "1", &radio(), t(0)).await;
    publish_into(&store, "2", &radio(), t(0)).await;
    lease_radio(&store, t(60)).await;
    assert_eq!(store.sweep(t(62), None, lost()).await.unwrap(), 2);
    let mut ask = request("radio", radio(), t(62));
    ask.most = 1;
    let leased = store.lease(ask.into()).await.unwrap();
    assert_eq!((leased.work.len(), leased.work[0].looks, ids(&leased).len()), (1, Some(0), 2));
    // It did arrive: the slot is used up.
    let found = leased.work[0].items.iter().map(|item| Settlement {
        delivery: item.delivery,
        event: Event::Sighted { attempt: item.attempt, sighting: Sighting::Present(receipt(None)) },
        report: Some(AttemptReport {
            attempt: item.attempt,
            finished: t(63),
            outcome: "present",
            ..AttemptReport::default()
        }),
    });
    store.settle(found.collect()).await.unwrap();
    assert!(all(&store).await.iter().all(|delivery| delivery.state == State::Settled));
}

async fn a_follower_is_woken_by_the_channel_it_waits_for(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal", "fanpage"], t(0)).await;
    let follows = Schedule { after: Some("portal".to_owned()), ..schedule() };
    let ask = |now| request("fanpage", follows.clone(), now);
    let early = store.lease(ask(t(0)).into()).await.unwrap();
    assert!(early.work.is_empty(), "it went before the portal");
    assert!(matches!(only(&store, "fanpage").await.state, State::Waiting { why: Why::After { .. }, .. }));
    let portal = lease(&store, "portal", t(1)).await.work.remove(0);
    let bell = store.bell("fanpage");
    settle(&store, &portal, Outcome::Shown(receipt(Some("https://anbinh.example.vn/1"))), t(2)).await;
    tokio::time::timeout(Duration::from_secs(5), bell.notified()).await.expect("the follower was not woken");
    let leased = store.lease(ask(t(2)).into()).await.unwrap();
    assert_eq!(leased.work[0].items[0].link.as_deref(), Some("https://anbinh.example.vn/1"));
}

async fn the_rate_limit_holds_across_reopening(place: Place) {
    let store = place.open().await;
    for id in 0..5 {
        publish(&store, &id.to_string(), &["fanpage"], t(0)).await;
    }
    let ask = |now| LeaseRequest {
        rate: Some(Rate { most: 2, per: Duration::from_secs(3_600) }),
        ..request("fanpage", schedule(), now)
    };
    let first = store.lease(ask(t(0)).into()).await.unwrap();
    assert_eq!(first.work.len(), 2);
    let none_left = store.lease(ask(t(1)).into()).await.unwrap();
    assert!(none_left.work.is_empty());
    assert_eq!(none_left.next, Some(t(60)), "when there is room again");
    store.close().await;
    let store = place.open().await;
    assert!(store.lease(ask(t(59)).into()).await.unwrap().work.is_empty());
    assert_eq!(store.lease(ask(t(60)).into()).await.unwrap().work.len(), 2);
    assert!(store.lease(ask(t(61)).into()).await.unwrap().work.is_empty());
}

async fn a_pause_holds_across_reopening_until_somebody_ends_it(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["fanpage"], t(0)).await;
    let pause = |name: &str| Pause { cause: PauseCause::Person(name.to_owned()), since: t(0), note: Text::same(name) };
    store.pause("fanpage".to_owned(), pause("Lan")).await.unwrap();
    store.pause("fanpage".to_owned(), pause("Minh")).await.unwrap();
    store.close().await;
    let store = place.open().await;
    assert_eq!(store.paused("fanpage".to_owned()).await.unwrap(), Some(pause("Lan")), "the first pause stays");
    assert!(lease(&store, "fanpage", t(1)).await.work.is_empty());
    assert!(store.resume("fanpage".to_owned(), "Lan".to_owned(), t(2)).await.unwrap());
    assert!(!store.resume("fanpage".to_owned(), "Lan".to_owned(), t(2)).await.unwrap(), "it was not paused");
    assert_eq!(lease(&store, "fanpage", t(3)).await.work.len(), 1);
}

async fn a_person_decides_only_where_there_is_something_to_decide(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["fanpage"], t(0)).await;
    let id = only(&store, "fanpage").await.id;
    let event = || Event::Resolve { went_out: true, plan: now_plan(t(1)) };
    let decided = store.decide(id, event(), "Lan".to_owned(), t(1)).await.unwrap();
    assert!(decided.is_err_and(|why| why.vi.contains("waiting") && why.en.contains("cannot be done")));
    assert!(store.decide(DeliveryId(999), event(), "Lan".to_owned(), t(1)).await.unwrap().is_err());
    let work = lease(&store, "fanpage", t(1)).await.work.remove(0);
    settle(&store, &work, Outcome::Unclear(Unclear::Ask(Text::same("?"))), t(1)).await;
    let decided = store.decide(id, event(), "Lan".to_owned(), t(2)).await.unwrap().unwrap();
    assert_eq!(decided.state, State::Settled);
}

async fn the_memory_of_single_copies_outlives_the_process(place: Place) {
    let store = place.open().await;
    let article = publish(&store, "1", &["email"], t(0)).await.id;
    let clock = Clock::still_at(t(0));
    let copies = store.copies("email", "job-1", About::Article(article), &clock);
    let names = ["a@example.vn", "b@example.vn", "c@example.vn", "d@example.vn", "e@example.vn"];
    let people = names.map(|name| Entry { address: name.parse().unwrap(), name: None });
    copies.invite(people.to_vec()).await.unwrap();
    copies.complete().await.unwrap();
    let refused = |dead| CopyChange::Refused { reason: "550".to_owned(), dead };
    let later = CopyChange::Later {
        wait: Duration::from_secs(60),
        reason: "450".to_owned(),
        patience: Duration::from_secs(90),
    };
    // One of those that leave turns out not to have left: it may leave at once, and its patience has not begun.
    let leaving = |which: &[usize]| Departures {
        recipients: which.iter().map(|at| names[*at].to_owned()).collect(),
        ..Departures::default()
    };
    assert_eq!(copies.begin(leaving(&[0, 1, 4])).await.unwrap(), [Leave::Now; 3]);
    assert_eq!(copies.begin(leaving(&[1])).await.unwrap(), [Leave::NotThisOne], "it is somebody's already");
    copies.record(vec![(names[4].to_owned(), CopyChange::NotBegun)]).await.unwrap();
    assert_eq!(copies.begin(leaving(&[4])).await.unwrap(), [Leave::Now]);
    let news = [(3, refused(true)), (4, later.clone())];
    copies.record(news.map(|(at, change)| (names[at].to_owned(), change)).into_iter().collect()).await.unwrap();
    copies.record(vec![(names[0].to_owned(), CopyChange::Sent)]).await.unwrap();
    drop(copies);
    store.close().await;
    let store = place.open().await;
    let copies = store.copies("email", "job-1", About::Article(article), &clock);
    assert!(copies.is_complete().await.unwrap());
    copies.invite(people.to_vec()).await.unwrap();
    let count = CopyCount { open: 2, begun: 1, sent: 1, refused: 1, left_out: 0, next: Some(Duration::ZERO) };
    assert_eq!(copies.count().await.unwrap(), count);
    let open = |copies: Arc<dyn Copies>| async move {
        copies.open(None, 9).await.unwrap().into_iter().map(|to| to.address).collect::<Vec<_>>()
    };
    assert_eq!(open(copies.clone()).await, [names[2]]);
    assert_eq!(copies.named(CopyState::Refused, 9).await.unwrap(), [(names[3].to_owned(), "550".to_owned())]);
    assert_eq!(copies.recent(Duration::from_secs(9)).await.unwrap(), [("example.vn".to_owned(), 2)].into());
    // Who was put off is tried again, and given up on once their patience is at its end.
    clock.advance(TimeDelta::seconds(61));
    assert_eq!(open(copies.clone()).await, [names[2], names[4]]);
    copies.record(vec![(names[4].to_owned(), later.clone())]).await.unwrap();
    clock.advance(TimeDelta::seconds(61));
    copies.record(vec![(names[4].to_owned(), later)]).await.unwrap();
    assert_eq!(copies.count().await.unwrap().refused, 2);
    assert!(copies.recent(Duration::from_secs(9)).await.unwrap().is_empty());
    // The next job: who has the first, or may have it, hears of it; whose mailbox is dead is not written to again.
    let next = store.copies("email", "job-2", About::Article(article), &clock);
    assert!(!next.is_complete().await.unwrap());
    next.invite_holders().await.unwrap();
    assert_eq!(open(next.clone()).await, [names[0], names[1]], "whoever has it or may have it");
    next.invite(people.to_vec()).await.unwrap();
    let count = next.count().await.unwrap();
    assert_eq!((count.open, count.left_out), (4, 1));
}

/// Opening fails and leaves the file as it was.
async fn refuses(path: &Path) -> StoreError {
    let before = std::fs::read(path).unwrap();
    let error = match Store::open(SqliteOptions { path: path.to_owned(), max_size: None }).await {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    };
    assert!(std::fs::read(path).unwrap() == before, "{} was changed", path.display());
    error
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loa.db");
    std::fs::write(&path, "Đây là công văn, không phải kho dữ liệu.\n".repeat(300)).unwrap();
    assert!(matches!(refuses(&path).await, StoreError::Corrupt(_)));
    let mut damaged = b"SQLite format 3\0".to_vec();
    damaged.extend(std::iter::repeat_n(0xa5, 8 * 4096));
    std::fs::write(&path, &damaged).unwrap();
    assert!(matches!(refuses(&path).await, StoreError::Corrupt(_)));
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loa.db");
    let mut theirs = SqliteConnectOptions::new().filename(&path).create_if_missing(true).connect().await.unwrap();
    sqlx::query("CREATE TABLE khach (ten TEXT)").execute(&mut theirs).await.unwrap();
    sqlx::Connection::close(theirs).await.unwrap();
    assert!(matches!(refuses(&path).await, StoreError::Corrupt(_)));
}

#[tokio::test]
async fn a_store_cut_in_half_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).await.unwrap();
    for id in 0..30 {
        publish(&store, &id.to_string(), &["portal"], t(0)).await;
    }
    store.close().await;
    let path = folder.path().join("loa.db");
    let whole = wait_for_checkpoint(&path).await;
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refuses(&path).await, StoreError::Corrupt(_)));
}

/// The file once its write-ahead log has been folded into it.
async fn wait_for_checkpoint(path: &Path) -> Vec<u8> {
    let mut own = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut own).await.unwrap();
    sqlx::Connection::close(own).await.unwrap();
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(options(folder.path())).await.unwrap();
    publish(&store, "1", &["portal"], t(0)).await;
    store.close().await;
    let path = folder.path().join("loa.db");
    let mut own = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'later', 1, x'00', 0)",
    )
    .execute(&mut own)
    .await
    .unwrap();
    sqlx::Connection::close(own).await.unwrap();
    let error = refuses(&path).await;
    assert!(matches!(&error, StoreError::Newer(detail) if detail.contains("99")), "{error:?}");
}

#[test]
fn every_trouble_with_the_store_says_what_to_do_in_both_languages() {
    let detail = || "detail".to_owned();
    for error in [
        StoreError::Full,
        StoreError::Busy,
        StoreError::Corrupt(detail()),
        StoreError::Newer(detail()),
        StoreError::Unreachable(detail()),
    ] {
        let text = error.text();
        assert!(text.vi.len() > 20 && text.en.len() > 20 && text.vi != text.en, "{text:?}");
    }
}

/// One step of a random history.
#[derive(Clone, Debug)]
enum Step {
    Publish(u8),
    Withdraw(u8),
    Send(u8, u8),
    Sweep,
    Release,
    Resolve(bool),
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u8..4).prop_map(Step::Publish),
        1 => (0u8..4).prop_map(Step::Withdraw),
        6 => (0u8..2, 0u8..8).prop_map(|(channel, how)| Step::Send(channel, how)),
        1 => Just(Step::Sweep),
        1 => Just(Step::Release),
        1 => any::<bool>().prop_map(Step::Resolve),
        2 => (1u16..30).prop_map(Step::Wait),
    ]
}

const TWO: [&str; 2] = ["fanpage", "portal"];

async fn live_through(store: &Store, steps: Vec<Step>) {
    let mut now = t(0);
    for step in steps {
        match step {
            Step::Publish(id) => drop(publish(store, &id.to_string(), &TWO, now).await),
            Step::Withdraw(id) => withdraw(store, &id.to_string(), now).await,
            Step::Send(channel, how) => {
                for work in lease(store, TWO[usize::from(channel)], now).await.work {
                    send(store, &work, how, now).await;
                }
            }
            Step::Sweep => drop(store.sweep(now, Some("nobody".to_owned()), lost()).await.unwrap()),
            Step::Release | Step::Resolve(_) => {
                for delivery in all(store).await {
                    let event = match step {
                        Step::Resolve(went_out) => Event::Resolve { went_out, plan: now_plan(now) },
                        _ => Event::Release(now_plan(now)),
                    };
                    drop(store.decide(delivery.id, event, "Lan".to_owned(), now).await.unwrap());
                }
            }
            Step::Wait(minutes) => now += TimeDelta::minutes(i64::from(minutes)),
        }
        check_accounts(store).await;
    }
}

async fn send(store: &Store, work: &Work, how: u8, now: DateTime<Utc>) {
    let item = &work.items[0];
    let note = || Text::same("note");
    if work.looks.is_some() {
        let sighting = match how % 3 {
            0 => Sighting::Present(receipt(None)),
            1 => Sighting::Absent { again: t(0) },
            _ => Sighting::Unknown { again: None, note: note() },
        };
        let event = Event::Sighted { attempt: item.attempt, sighting };
        store.settle(vec![Settlement { delivery: item.delivery, event, report: None }]).await.unwrap();
        return;
    }
    let later = now + TimeDelta::minutes(5);
    let outcome = match how {
        0..=2 if item.action.revision().is_none() => Outcome::Gone,
        0..=2 => Outcome::Shown(receipt(None)),
        3 => Outcome::NotTaken { retry_at: later, note: note() },
        4 => Outcome::Refused(note()),
        5 => Outcome::Unclear(Unclear::LookUp { at: later, note: note() }),
        6 => Outcome::Unclear(Unclear::Ask(note())),
        // Died in the middle.
        _ => return,
    };
    settle(store, work, outcome, now).await;
}

/// The accounts add up, and agree with a count by hand.
async fn check_accounts(store: &Store) {
    let deliveries = all(store).await;
    let balances = store.balance().await.unwrap();
    for channel in TWO {
        let of = |wanted: fn(&Delivery) -> bool| {
            let count = deliveries.iter().filter(|delivery| delivery.channel == channel && wanted(delivery)).count();
            i64::try_from(count).unwrap()
        };
        let Some(balance) = balances.iter().find(|balance| balance.channel == channel) else {
            assert_eq!(of(|_| true), 0);
            continue;
        };
        assert!(balance.adds_up(), "{balance:?}");
        assert_eq!(balance.received, of(|_| true));
        assert_eq!(balance.delivered, of(|d| d.state == State::Settled && d.wanted != Wanted::Withdrawn));
        assert_eq!(balance.withdrawn, of(|d| d.state == State::Settled && d.wanted == Wanted::Withdrawn));
        assert_eq!(balance.uncertain, of(|d| matches!(d.state, State::Uncertain { .. })));
        assert_eq!(balance.failed, of(|d| matches!(d.state, State::Failed { .. })));
        assert_eq!(balance.waiting, of(|d| matches!(d.state, State::Waiting { .. } | State::Sending { .. })));
    }
    for delivery in deliveries {
        let asks =
            matches!(delivery.state, State::Held { .. } | State::Failed { .. } | State::Uncertain { look: None, .. });
        let timed = delivery.state.due().is_some();
        assert!(delivery.state == State::Settled || asks || timed, "nobody will ever look at {delivery:?}");
        if let State::Sending { errand: Errand::Send(job), .. } = &delivery.state {
            assert!(
                !matches!((job.action.revision(), &delivery.live), (Some(now), Live::Shown { revision, .. }) if *revision > now)
            );
        }
    }
}

/// Lives a random history in a place of its own.
fn one_life(place: impl Future<Output = Place>, steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let place = place.await;
        let store = place.open().await;
        live_through(&store, steps).await;
        store.close().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_balance_adds_up_whatever_happens(steps in prop::collection::vec(step(), 1..40)) {
        one_life(async { Place::file() }, steps);
    }

    #[test]
    fn the_balance_adds_up_whatever_happens_on_postgres(steps in prop::collection::vec(step(), 1..40)) {
        one_life(Place::server(), steps);
    }
}

async fn a_channel_that_rests_leases_nothing_until_then_or_until_a_person_wakes_it(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    store.throttle("portal".to_owned(), t(60)).await.unwrap();
    store.throttle("portal".to_owned(), t(30)).await.unwrap();
    assert_eq!(store.rests(t(1)).await.unwrap(), [("portal".to_owned(), t(60))], "never shortened");
    let leased = lease(&store, "portal", t(1)).await;
    assert!(leased.work.is_empty());
    assert_eq!(leased.next, Some(t(60)));
    // loa's own resume leaves the rest; a person's ends it.
    assert!(!store.resume("portal".to_owned(), "loa".to_owned(), t(2)).await.unwrap());
    assert!(store.resume("portal".to_owned(), "Lan".to_owned(), t(2)).await.unwrap());
    assert!(store.rests(t(2)).await.unwrap().is_empty());
    assert_eq!(lease(&store, "portal", t(2)).await.work.len(), 1);
}

async fn several_stores_that_open_a_new_place_at_once_make_one_store(place: Place) {
    let (a, b, c, d) = tokio::join!(place.open(), place.open(), place.open(), place.open());
    publish(&a, "1", &["portal"], t(0)).await;
    for store in [b, c, d] {
        assert_eq!(only(&store, "portal").await.attempt, 0);
    }
}

async fn two_stores_that_lease_at_once_keep_one_rate_limit(place: Place) {
    let (a, b) = (place.open().await, place.open().await);
    for id in 0..20 {
        publish(&a, &id.to_string(), &["fanpage"], t(0)).await;
    }
    let rate = Some(Rate { most: 7, per: Duration::from_secs(3_600) });
    let ask = LeaseRequest { rate, most: 2, ..request("fanpage", schedule(), t(0)) };
    let mut taken = 0;
    for _ in 0..12 {
        let (from_a, from_b) = tokio::join!(a.lease(ask.clone().into()), b.lease(ask.clone().into()));
        taken += from_a.unwrap().work.len() + from_b.unwrap().work.len();
    }
    assert_eq!(taken, 7);
}

async fn two_stores_that_lease_at_once_make_one_edition(place: Place) {
    let (a, b) = (place.open().await, place.open().await);
    for id in 0..6 {
        publish_into(&a, &id.to_string(), &radio(), t(0)).await;
    }
    let mut editions = Vec::new();
    for _ in 0..6 {
        let (from_a, from_b) = tokio::join!(lease_radio(&a, t(60)), lease_radio(&b, t(60)));
        editions.extend([from_a.work, from_b.work].concat());
    }
    assert_eq!(editions.len(), 1, "{editions:?}");
    assert_eq!(editions[0].items.len(), 6);
}

async fn an_article_handed_to_two_stores_at_once_is_taken_once(place: Place) {
    let (a, b) = (place.open().await, place.open().await);
    for round in 0..5 {
        let at = t(round);
        tokio::join!(publish(&a, "1", &TWO, at), publish(&b, "1", &TWO, at));
    }
    let found = a.find("1").await.unwrap();
    assert_eq!((found.len(), found[0].revision), (1, Revision(10)));
    let deliveries = all(&b).await;
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries.iter().all(|delivery| delivery.wanted == Wanted::Revision(Revision(10))));
}

async fn what_one_store_writes_rings_the_bells_of_another(place: Place) {
    let (a, b) = (place.open().await, place.open().await);
    let clock = Clock::still_at(t(0));
    let watching = tokio::spawn({
        let b = b.clone();
        async move { b.watch(&clock).await }
    });
    let bell = b.bell("portal");
    // It rings when the watch begins as well: then, and for each of these.
    for id in 0..6 {
        publish(&a, &id.to_string(), &["portal"], t(0)).await;
        let rung = tokio::time::timeout(Duration::from_secs(5), bell.notified()).await;
        assert!(rung.is_ok(), "the bell did not ring for article {id}");
    }
    assert!(!watching.is_finished(), "nobody watches");
    watching.abort();
}

async fn what_far_sides_say_is_kept_whatever_is_in_it(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    let work = lease(&store, "portal", t(0)).await.work.remove(0);
    let strange = "đuôi\0 \u{1}\u{feff}\\u0000 '\"\u{10ffff}";
    let mut results = settlements(&work, &Outcome::Refused(Text::same(strange)), t(1));
    results[0].report.as_mut().unwrap().remote_id = Some(strange.to_owned());
    results[0].report.as_mut().unwrap().note = Some(Text::same(strange));
    store.settle(results).await.unwrap();
    let State::Failed { why } = only(&store, "portal").await.state else { panic!("it did not fail") };
    let told = strange.replace('\0', "\u{fffd}");
    assert!(why.vi == strange || why.vi == told, "{why:?}");
    let note = store.attempts(work.items[0].delivery).await.unwrap().remove(0).note.unwrap();
    assert!(note.en == strange || note.en == told, "{note:?}");
}

#[tokio::test]
async fn on_postgres_another_programs_database_is_refused_and_left_as_it_was() {
    let database = cluster().database().await;
    let mut theirs = database.connect().await;
    sqlx::query("CREATE TABLE khach (ten TEXT)").execute(&mut theirs).await.unwrap();
    assert!(matches!(Store::open(database.options()).await, Err(StoreError::Corrupt(_))));
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut theirs).await.unwrap(), 1);
}

#[tokio::test]
async fn on_postgres_a_newer_schema_is_refused() {
    let database = cluster().database().await;
    Store::open(database.options()).await.unwrap().close().await;
    let mut own = database.connect().await;
    let newer = "UPDATE _sqlx_migrations SET version = 99 WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(newer).execute(&mut own).await.unwrap();
    let error = Store::open(database.options()).await.err();
    assert!(matches!(&error, Some(StoreError::Newer(detail)) if detail.contains("99")), "{error:?}");
}

#[tokio::test]
async fn on_postgres_a_server_that_refuses_or_is_not_there_is_named_without_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mat-khau");
    std::fs::write(&file, "sai-mat-khau").unwrap();
    let password = || Some(loa::channel::Secret::File(file.clone()));
    let database = cluster().database().await;
    for url in [database.url(cluster().port()), "postgres://loa@127.0.0.1:1/loa".to_owned()] {
        let error = Store::open(PostgresOptions::new(&url, password()).unwrap()).await.err().unwrap();
        assert!(matches!(&error, StoreError::Unreachable(detail) if detail.contains("127.0.0.1")), "{error:?}");
        assert!(!format!("{error:?}{}", error.text()).contains("sai-mat-khau"), "{error:?}");
    }
}

#[tokio::test]
async fn on_postgres_a_lost_connection_is_made_again_and_nothing_acknowledged_is_lost() {
    let database = cluster().database().await;
    let store = Store::open(database.options()).await.unwrap();
    publish(&store, "1", &["portal"], t(0)).await;
    let mut own = database.connect().await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loa' \
               AND datname = current_database()";
    sqlx::query(cut).execute(&mut own).await.unwrap();
    publish(&store, "2", &["portal"], t(0)).await;
    assert_eq!(ids(&lease(&store, "portal", t(0)).await), ["1", "2"]);
}
