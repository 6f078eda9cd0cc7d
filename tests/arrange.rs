//! What officers move in editions to come.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use loa::article::{Article, Priority};
use loa::delivery::{DeliveryId, Event, Hold, Outcome, Plan, Sighting, State, Unclear, Why};
use loa::ledger::{ChannelLedger, Ledger as _};
use loa::queue;
use loa::queue::{
    By, Candidate, Editions, Gate, LeaseRequest, LeasedItem, Move, OnLost, Planner, Queue, Rate, Settlement,
};
use loa::schedule::{Change, ChannelGate};
use loa::store::Store;
use loa::text::Text;

use crate::sample::{article, schedule};
use crate::store::{
    Place, all, hand, handover, ids, lease, lease_radio, on_both, only, publish, publish_into, radio, receipt, request,
    settle, t,
};

on_both! {
    a_persons_order_is_the_order_that_is_sent
    an_item_that_was_moved_stays_there_whatever_is_planned_again
    a_plan_that_broke_off_is_not_taken_to_be_done
    an_edition_that_has_begun_is_not_arranged
    what_was_begun_is_finished_in_its_own_form_whatever_the_channel_does_by_then
    what_is_under_way_elsewhere_goes_by_the_new_hour_if_it_has_not_arrived
    what_an_edition_left_behind_is_a_persons_to_decide
    to_take_back_what_some_have_had_holds_up_no_edition
    tries_and_the_last_articles_are_told
}

fn by() -> By {
    By { who: "Lan".to_owned(), at: t(5) }
}

/// The radio's delivery of an article.
async fn of(store: &Store, id: &str) -> DeliveryId {
    let found = store.find(&format!("cms/{id}")).await.unwrap();
    let article = found.first().unwrap_or_else(|| panic!("no article {id}")).id;
    all(store).await.into_iter().find(|one| one.article == article && one.channel == "radio").unwrap().id
}

async fn shift(store: &Store, id: &str, asked: Move) -> Result<(), Text> {
    store.move_item(of(store, id).await, asked, by()).await.unwrap()
}

/// The next editions as officers see them: the minute of the slot, and the articles.
async fn seen(store: &Store) -> Vec<(i64, Vec<i64>)> {
    let coming = store.coming("radio".to_owned(), 5, 50).await.unwrap();
    let minute = |edition: &loa::queue::ComingEdition| (edition.slot - t(0)).num_minutes();
    let items = |edition: &loa::queue::ComingEdition| edition.items.iter().map(|item| item.article.0).collect();
    coming.iter().map(|edition| (minute(edition), items(edition))).collect()
}

async fn a_persons_order_is_the_order_that_is_sent(place: Place) {
    let store = place.open().await;
    for id in ["1", "2", "3"] {
        publish_into(&store, id, &radio(), t(0)).await;
    }
    assert_eq!(seen(&store).await, [(60, vec![1, 2, 3])]);
    shift(&store, "3", Move::By(-1)).await.unwrap();
    assert_eq!(seen(&store).await, [(60, vec![1, 3, 2])]);
    shift(&store, "3", Move::By(-9)).await.unwrap();
    assert_eq!(seen(&store).await, [(60, vec![3, 1, 2])]);
    shift(&store, "3", Move::By(9)).await.unwrap();
    shift(&store, "2", Move::By(-1)).await.unwrap();
    assert_eq!(seen(&store).await, [(60, vec![2, 1, 3])]);
    // What comes later stands behind; what is urgent stands in front until somebody places it.
    publish_into(&store, "4", &radio(), t(6)).await;
    let urgent = Article { priority: Priority::Urgent, ..article("5") };
    let plan = radio().plan(&urgent, Change::Content, t(6));
    hand(&store, urgent, vec![("radio".to_owned(), plan)], t(6)).await.unwrap();
    assert_eq!(seen(&store).await, [(60, vec![5, 2, 1, 3, 4])]);
    let coming = store.coming("radio".to_owned(), 5, 2).await.unwrap();
    assert_eq!((coming[0].number, coming[0].items.len(), coming[0].items[0].urgent), (5, 2, true));
    let leased = lease_radio(&store, t(60)).await;
    assert_eq!(ids(&leased), ["5", "2", "1", "3", "4"]);
}

async fn an_item_that_was_moved_stays_there_whatever_is_planned_again(place: Place) {
    let store = place.open().await;
    for id in ["1", "2"] {
        publish_into(&store, id, &radio(), t(0)).await;
    }
    let (nine, four) = (t(60), t(8 * 60));
    shift(&store, "1", Move::Into(four)).await.unwrap();
    assert_eq!(seen(&store).await, [(60, vec![2]), (480, vec![1])]);
    assert!(shift(&store, "1", Move::Into(four)).await.is_err(), "it is there already");
    // The channel's file is changed: everything is planned again.
    let planner: Planner = Arc::new(|candidate| radio().plan_again(&candidate.delivery, &candidate.article, t(7)));
    let replan = || store.replan("radio".to_owned(), "new".to_owned(), Arc::clone(&planner));
    assert_eq!(store.planned_by("radio".to_owned()).await, Ok(None));
    replan().await.unwrap();
    assert_eq!(store.planned_by("radio".to_owned()).await, Ok(Some("new".to_owned())));
    assert_eq!(replan().await, Ok(0), "it is planned by that already");
    assert_eq!(seen(&store).await, [(60, vec![2]), (480, vec![1])]);
    // A correction is read where the article is read.
    let corrected = Article { title: "Đã sửa".to_owned(), ..article("1") };
    let plan = radio().plan(&corrected, Change::Content, t(8));
    hand(&store, corrected, vec![("radio".to_owned(), plan)], t(8)).await.unwrap();
    let waits = store.delivery(of(&store, "1").await).await.unwrap().unwrap().delivery;
    assert!(matches!(waits.state, State::Waiting { due, why: Why::Chosen } if due == four), "{:?}", waits.state);

    let leased = lease_radio(&store, nine).await;
    assert_eq!(ids(&leased), ["2"]);
    let later = lease_radio(&store, four).await;
    assert!(later.work.iter().all(|work| work.edition == Some(four)), "{later:?}");
    assert_eq!(ids(&later), ["1"]);

    // And back again.
    publish_into(&store, "3", &radio(), t(9 * 60)).await;
    let (next, after) = (t(25 * 60), t(32 * 60));
    assert_eq!(seen(&store).await, [(25 * 60, vec![3])]);
    shift(&store, "3", Move::Into(after)).await.unwrap();
    shift(&store, "3", Move::Into(next)).await.unwrap();
    assert_eq!(seen(&store).await, [(25 * 60, vec![3])]);
}

async fn a_plan_that_broke_off_is_not_taken_to_be_done(place: Place) {
    let store = place.open().await;
    publish_into(&store, "1", &radio(), t(0)).await;
    let replan = |name: &str, planner: Planner| store.replan("radio".to_owned(), name.to_owned(), planner);
    let by = async || store.planned_by("radio".to_owned()).await.unwrap();
    assert_eq!(replan("first", Arc::new(|_| None)).await, Ok(0));
    assert_eq!(by().await.as_deref(), Some("first"));
    assert!(replan("second", Arc::new(|_| panic!("a planner that breaks down"))).await.is_err());
    assert_eq!(by().await, None, "neither the first nor the second");
    assert_eq!(replan("first", Arc::new(|_| None)).await, Ok(0));
    assert_eq!(by().await.as_deref(), Some("first"));
}

async fn an_edition_that_has_begun_is_not_arranged(place: Place) {
    let store = place.open().await;
    for id in ["1", "2"] {
        publish_into(&store, id, &radio(), t(0)).await;
    }
    let (nine, four) = (t(60), t(8 * 60));
    publish_into(&store, "3", &radio(), t(70)).await;
    let work = lease_radio(&store, nine).await.work.remove(0);
    assert!(shift(&store, "2", Move::By(-1)).await.is_err(), "it is being sent");
    assert!(shift(&store, "3", Move::Into(nine)).await.is_err(), "nothing joins it");
    let again = Outcome::NotTaken { retry_at: t(65), note: Text::same("later") };
    settle(&store, &work, again, t(61)).await;
    let coming = store.coming("radio".to_owned(), 1, 50).await.unwrap();
    assert!(coming[0].begun, "{coming:?}");
    // Nor is it planned again by a new file: a repeat has to be the same.
    let five = t(9 * 60);
    let planner: Planner = Arc::new(move |_| Some(Plan { edition: Some(five), ..Plan::waiting(five, Why::Slot) }));
    assert_eq!(store.replan("radio".to_owned(), "new".to_owned(), planner).await, Ok(1), "the one that is not in it");
    assert!(shift(&store, "2", Move::By(-1)).await.is_err(), "a repeat has to be the same");
    assert!(shift(&store, "2", Move::Into(four)).await.is_err());
    let repeat = lease_radio(&store, t(65)).await;
    assert_eq!(ids(&repeat), ["1", "2"]);
    assert!(store.move_item(DeliveryId(99), Move::By(1), by()).await.unwrap().is_err(), "there is none");
}

async fn what_was_begun_is_finished_in_its_own_form_whatever_the_channel_does_by_then(place: Place) {
    let store = place.open().await;
    let lease_by = async |schedule, now| store.lease(request("radio", schedule, now).into()).await.unwrap();
    let some_have_it = |at| Outcome::Unclear(Unclear::Repeat { at, note: Text::same("a few have it") });
    // An edition, on a channel that has none any more.
    for id in ["1", "2"] {
        publish_into(&store, id, &radio(), t(0)).await;
    }
    let edition = lease_radio(&store, t(60)).await.work.remove(0);
    settle(&store, &edition, some_have_it(t(65)), t(61)).await;
    publish_into(&store, "3", &schedule(), t(62)).await;
    let leased = lease_by(schedule(), t(65)).await;
    let editions: Vec<_> = leased.work.iter().map(|work| (work.edition, work.items.len())).collect();
    assert_eq!(editions, [(edition.edition, 2), (None, 1)]);
    let [again, single] = &leased.work[..] else { panic!("{leased:?}") };
    settle(&store, again, Outcome::Shown(receipt(None)), t(66)).await;
    // And what was sent by itself, on a channel that makes editions by now.
    settle(&store, single, some_have_it(t(70)), t(66)).await;
    publish_into(&store, "4", &schedule(), t(67)).await;
    assert!(lease_radio(&store, t(68)).await.work.is_empty(), "it is not due yet, and the other has a slot now");
    let leased = lease_radio(&store, t(70)).await;
    assert_eq!((ids(&leased), leased.work[0].edition), (vec!["3".to_owned()], None));
    settle(&store, &leased.work[0], Outcome::Shown(receipt(None)), t(71)).await;
    let leased = lease_radio(&store, t(8 * 60)).await;
    assert_eq!((ids(&leased), leased.work[0].edition), (vec!["4".to_owned()], Some(t(8 * 60))));
}

async fn what_is_under_way_elsewhere_goes_by_the_new_hour_if_it_has_not_arrived(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    assert_eq!(lease(&store, "portal", t(0)).await.work.len(), 1);
    let planner: Planner = Arc::new(|_| Some(Plan::waiting(t(600), Why::Slot)));
    assert_eq!(store.replan("portal".to_owned(), "new".to_owned(), planner).await, Ok(1));
    // Whoever had it is gone.
    let look_up: OnLost = Arc::new(|_| Unclear::LookUp { at: t(5), note: Text::same("gone") });
    assert_eq!(store.sweep(t(5), None, look_up).await, Ok(1));
    let look = lease(&store, "portal", t(5)).await.work.remove(0);
    let absent = Event::Sighted { attempt: look.items[0].attempt, sighting: Sighting::Absent { again: t(5) } };
    let settlement = Settlement { delivery: look.items[0].delivery, event: absent, report: None };
    assert_eq!(store.settle(vec![settlement]).await, Ok(0));
    assert_eq!(only(&store, "portal").await.state.due(), Some(t(600)));
}

async fn what_an_edition_left_behind_is_a_persons_to_decide(place: Place) {
    let store = place.open().await;
    for id in ["1", "2"] {
        publish_into(&store, id, &radio(), t(0)).await;
    }
    let edition = lease_radio(&store, t(60)).await.work.remove(0);
    let some_have_it = Outcome::Unclear(Unclear::Repeat { at: t(65), note: Text::same("a few have it") });
    settle(&store, &edition, some_have_it, t(61)).await;
    // One of the two is kept back when the others get theirs.
    let one = of(&store, "1").await;
    let gate = KeepsBack(ChannelGate(radio()), one);
    let ask = LeaseRequest { gate: Arc::new(gate), ..request("radio", radio(), t(65)) };
    let rest = store.lease(ask.into()).await.unwrap().work.remove(0);
    assert_eq!(rest.items.len(), 1);
    settle(&store, &rest, Outcome::Shown(receipt(None)), t(66)).await;
    let plan = Plan::at_once(t(67));
    store.decide(one, Event::Release(plan), "Lan".to_owned(), t(67)).await.unwrap().unwrap();
    assert!(lease_radio(&store, t(67)).await.work.is_empty(), "some have had it, and some have not");
    let asked = all(&store).await.into_iter().find(|delivery| delivery.id == one).unwrap();
    assert!(matches!(asked.state, State::Uncertain { look: None, .. }), "{asked:?}");
    // For everybody, then.
    let plan = Plan { edition: Some(t(8 * 60)), ..Plan::waiting(t(8 * 60), Why::Slot) };
    store.decide(one, Event::Resolve { went_out: false, plan }, "Lan".to_owned(), t(68)).await.unwrap().unwrap();
    assert_eq!(ids(&lease_radio(&store, t(8 * 60)).await), ["1"]);
}

async fn to_take_back_what_some_have_had_holds_up_no_edition(place: Place) {
    let store = place.open().await;
    publish_into(&store, "1", &radio(), t(0)).await;
    let edition = lease_radio(&store, t(60)).await.work.remove(0);
    let some_have_it = Outcome::Unclear(Unclear::Repeat { at: t(65), note: Text::same("a few have it") });
    settle(&store, &edition, some_have_it, t(61)).await;
    publish_into(&store, "2", &radio(), t(62)).await;
    let four = t(8 * 60);
    let plans = vec![("radio".to_owned(), Plan { edition: Some(four), ..Plan::waiting(four, Why::Slot) })];
    store
        .accept(handover(&article("1"), t(63)), Box::new(move |_| Ok(queue::Change::Withdraw { plans: plans.clone() })))
        .await
        .unwrap();
    let leased = lease_radio(&store, four).await;
    assert_eq!((leased.work.len(), leased.work[0].edition), (1, Some(four)));
    assert_eq!(ids(&leased), ["1", "2"]);
}

/// Holds one delivery, and leaves the others to the channel's own gate.
struct KeepsBack(ChannelGate, DeliveryId);

impl Gate for KeepsBack {
    fn objection(&self, candidate: &Candidate, now: DateTime<Utc>) -> Option<Event> {
        if candidate.delivery.id == self.1 {
            return Some(Event::Hold(Hold::Late { planned: now }));
        }
        self.0.objection(candidate, now)
    }

    fn closes(&self, item: &LeasedItem, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.closes(item, now)
    }

    fn next_slot(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.next_slot(after)
    }

    fn after(&self) -> Option<&str> {
        self.0.after()
    }

    fn bundles(&self) -> bool {
        self.0.bundles()
    }
}

async fn tries_and_the_last_articles_are_told(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    publish(&store, "2", &["portal"], t(1)).await;
    let rate = Some(Rate { most: 60, per: Duration::from_mins(1) });
    let asked = LeaseRequest { rate, ..request("portal", schedule(), t(2)) };
    assert_eq!(store.lease(asked.into()).await.unwrap().work.len(), 2);
    let tries = |since, most| store.tries_since("portal".to_owned(), since, most);
    assert_eq!((tries(t(0), 100).await.unwrap(), tries(t(0), 1).await.unwrap()), (2, 1));
    assert_eq!(tries(t(2), 100).await.unwrap(), 0);
    let recent = store.recent(1).await.unwrap();
    assert_eq!((recent.len(), recent[0].1.key.external_id.as_str()), (1, "2"));
    assert_eq!(store.recent(9).await.unwrap().len(), 2);
}
