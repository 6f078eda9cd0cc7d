//! Workers that wait in line for what comes in.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use loa::delivery::{Event, State};
use loa::queue::{
    Candidate, Current, Gate, LeaseRequest, LeasedItem, Pause, PauseCause, Queue, Rate, StoreError, Verdict, Waiting,
};
use loa::store::Store;
use loa::text::Text;
use tokio::task::JoinHandle;

use crate::sample::schedule;
use crate::store::{
    Place, handover, ids, lease, lease_radio, lost, now_plan, on_both, only, publish, publish_into, radio, request, t,
};

on_both! {
    who_waits_has_what_comes_in_from_the_transaction_that_brings_it
    who_has_left_the_line_is_not_called_and_who_was_called_loses_nothing
    a_place_that_nobody_holds_any_more_takes_no_work
    a_later_place_takes_over_an_earlier_one
    who_is_called_while_the_channel_rests_gets_nothing
    who_waits_is_told_what_is_not_due_yet
    limits_and_editions_hold_in_the_line_as_well
    who_is_to_stop_takes_nothing
    what_cannot_be_leased_is_taken_in_all_the_same
    everybody_is_called_when_what_was_lost_is_taken_back
}

fn wait(store: &Store, channel: &str, now: DateTime<Utc>) -> Waiting {
    wait_as(store, request(channel, schedule(), now))
}

fn wait_as(store: &Store, request: LeaseRequest) -> Waiting {
    let channel = request.channel.clone();
    store.wait(&channel, request.into())
}

async fn who_waits_has_what_comes_in_from_the_transaction_that_brings_it(place: Place) {
    let store = place.open().await;
    let (mut portal, mut fanpage) = (wait(&store, "portal", t(0)), wait(&store, "fanpage", t(1)));
    let bell = store.bell("portal");
    publish(&store, "1", &["portal"], t(0)).await;
    assert!(matches!(only(&store, "portal").await.state, State::Sending { .. }), "it is leased by then");
    let leased = portal.called().await.unwrap();
    assert_eq!(ids(&leased), ["1"]);
    assert!(bell.notified().now_or_never().is_none(), "who has an answer is not woken");
    assert!(lease(&store, "portal", t(0)).await.work.is_empty(), "leased twice");
    assert!(fanpage.called().now_or_never().is_none(), "nothing came in for it");
    publish(&store, "2", &["portal", "fanpage"], t(1)).await;
    assert_eq!(ids(&fanpage.called().await.unwrap()), ["2"]);
    assert!(bell.notified().now_or_never().is_some(), "who is not in line is woken");
    assert_eq!(ids(&lease(&store, "portal", t(1)).await), ["2"]);
}

async fn who_has_left_the_line_is_not_called_and_who_was_called_loses_nothing(place: Place) {
    let store = place.open().await;
    assert!(wait(&store, "portal", t(0)).leave().await.unwrap().work.is_empty());
    publish(&store, "1", &["portal"], t(0)).await;
    assert_eq!(ids(&lease(&store, "portal", t(0)).await), ["1"]);
    let portal = wait(&store, "portal", t(1));
    publish(&store, "2", &["portal"], t(1)).await;
    assert_eq!(ids(&portal.leave().await.unwrap()), ["2"], "the call had gone out");
}

async fn a_place_that_nobody_holds_any_more_takes_no_work(place: Place) {
    let store = place.open().await;
    drop(wait(&store, "portal", t(0)));
    publish(&store, "1", &["portal"], t(0)).await;
    assert_eq!(ids(&lease(&store, "portal", t(0)).await), ["1"]);
}

async fn a_later_place_takes_over_an_earlier_one(place: Place) {
    let store = place.open().await;
    let mut earlier = wait(&store, "portal", t(0));
    let mut later = wait(&store, "portal", t(0));
    assert!(earlier.called().await.unwrap().work.is_empty(), "it asks again");
    drop(earlier);
    publish(&store, "1", &["portal"], t(0)).await;
    assert_eq!(ids(&later.called().await.unwrap()), ["1"]);
}

async fn who_is_called_while_the_channel_rests_gets_nothing(place: Place) {
    let store = place.open().await;
    let pause = Pause { cause: PauseCause::Person("Lan".to_owned()), since: t(0), note: Text::same("Lan") };
    store.pause("portal".to_owned(), pause).await.unwrap();
    let mut portal = wait(&store, "portal", t(0));
    publish(&store, "1", &["portal"], t(0)).await;
    assert!(portal.called().await.unwrap().work.is_empty());
    let mut portal = wait(&store, "portal", t(1));
    assert!(store.resume("portal".to_owned(), "Lan".to_owned(), t(1)).await.unwrap());
    assert_eq!(ids(&portal.called().await.unwrap()), ["1"], "the pause has ended");
}

async fn who_waits_is_told_what_is_not_due_yet(place: Place) {
    let store = place.open().await;
    let mut portal = wait(&store, "portal", t(0));
    let plans = vec![("portal".to_owned(), now_plan(t(30)))];
    crate::store::hand(&store, crate::sample::article("1"), plans, t(0)).await.unwrap();
    let leased = portal.called().await.unwrap();
    assert!(leased.work.is_empty());
    assert_eq!(leased.next, Some(t(30)));
}

async fn limits_and_editions_hold_in_the_line_as_well(place: Place) {
    let store = place.open().await;
    let rate = Some(Rate { most: 1, per: Duration::from_mins(1) });
    let limited = || LeaseRequest { rate, ..request("portal", schedule(), t(0)) };
    for (id, expected) in [("1", vec!["1"]), ("2", vec![])] {
        let mut portal = wait_as(&store, limited());
        publish(&store, id, &["portal"], t(0)).await;
        assert_eq!(ids(&portal.called().await.unwrap()), expected);
    }
    let mut announcer = wait_as(&store, request("radio", radio(), t(0)));
    publish_into(&store, "3", &radio(), t(0)).await;
    let leased = announcer.called().await.unwrap();
    assert!(leased.work.is_empty(), "its slot is an hour away");
    assert_eq!(leased.next, Some(t(60)));
    assert_eq!(ids(&lease_radio(&store, t(60)).await), ["3"]);
}

async fn who_is_to_stop_takes_nothing(place: Place) {
    let store = place.open().await;
    let bell = store.bell("portal");
    let mut portal = store.wait("portal", Box::new(|| None));
    publish(&store, "1", &["portal"], t(0)).await;
    assert!(portal.called().await.unwrap().work.is_empty());
    assert!(bell.notified().now_or_never().is_some(), "whoever takes its place is woken");
    assert_eq!(ids(&lease(&store, "portal", t(0)).await), ["1"]);
}

/// A gate that breaks down over whatever it has to judge.
struct Broken;

impl Gate for Broken {
    fn objection(&self, _: &Candidate, _: DateTime<Utc>) -> Option<Event> {
        panic!("a gate that breaks down")
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

async fn what_cannot_be_leased_is_taken_in_all_the_same(place: Place) {
    let store = place.open().await;
    let broken = LeaseRequest { gate: Arc::new(Broken), ..request("portal", schedule(), t(0)) };
    let mut portal = wait_as(&store, broken);
    let mut fanpage = wait(&store, "fanpage", t(0));
    let bell = store.bell("fanpage");
    publish(&store, "1", &["portal", "fanpage"], t(0)).await;
    for called in [portal.called().await, fanpage.called().await] {
        assert!(called.unwrap().work.is_empty(), "it asks for itself");
    }
    assert!(bell.notified().now_or_never().is_some());
    for channel in ["portal", "fanpage"] {
        assert_eq!(ids(&lease(&store, channel, t(0)).await), ["1"]);
    }
}

async fn everybody_is_called_when_what_was_lost_is_taken_back(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    assert_eq!(ids(&lease(&store, "portal", t(0)).await), ["1"]);
    let (mut portal, mut fanpage) = (wait(&store, "portal", t(2)), wait(&store, "fanpage", t(2)));
    assert_eq!(store.sweep(t(2), None, lost()).await.unwrap(), 1);
    let leased = portal.called().await.unwrap();
    assert_eq!(leased.work.first().and_then(|work| work.looks), Some(0), "it is to be looked up");
    assert!(fanpage.called().await.unwrap().work.is_empty());
}

/// Somebody is writing, and what else is asked for gathers for the next transaction.
pub(crate) struct Writing {
    writing: JoinHandle<Result<Verdict, StoreError>>,
    go_on: mpsc::Sender<()>,
}

impl Writing {
    /// Needs a runtime with more than one thread: the store's writer stands still.
    pub(crate) async fn begin(store: &Store) -> Self {
        let (begin, begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let may_go_on = Mutex::new(may_go_on);
        let store = store.clone();
        let decide = move |_: Option<&Current>| {
            begin.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
            Err(Text::same("no"))
        };
        let handover = handover(&crate::sample::article("writing"), t(0));
        let writing = tokio::spawn(async move { store.accept(handover, Box::new(decide)).await });
        tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
        Self { writing, go_on }
    }

    pub(crate) async fn end(self) {
        self.go_on.send(()).unwrap();
        self.writing.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_asked_when_the_transaction_begins() {
    let store = Place::file().open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    let writing = Writing::begin(&store).await;
    let hour = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&hour);
    let ask = move || Some(request("portal", schedule(), t(clock.load(Ordering::SeqCst))));
    let mut leasing = store.lease(Box::new(ask));
    assert!((&mut leasing).now_or_never().is_none(), "somebody else writes");
    hour.store(9, Ordering::SeqCst);
    writing.end().await;
    assert_eq!(ids(&leasing.await.unwrap()), ["1"]);
    let State::Sending { lease, .. } = only(&store, "portal").await.state else { panic!("it was leased") };
    assert_eq!((lease.since, lease.until), (t(9), t(10)));
}
