//! Many rounds of articles published, corrected and withdrawn on a page that misbehaves at random.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use loa::article::ArticleKey;
use loa::delivery::State;
use loa::ledger::DeliveryRow;

use super::graph::set_up;
use crate::support::far::graph::Graph;
use crate::support::hostile_api::HostileApi;
use crate::support::http_fault::{Fault, RetryAfter};
use crate::support::world::{Inside, World};

const WORLDS: u64 = 20;
const ROUNDS: usize = 10;
const ARTICLES: usize = 3;

/// One request in six goes wrong; hanging costs a second of real time, so it is rare.
fn weights() -> Vec<(Fault, u32)> {
    vec![
        (Fault::Ok200, 100),
        (Fault::PostThen500, 4),
        (Fault::PostThenReset, 4),
        (Fault::ResetBeforeRead, 3),
        (Fault::Html502, 3),
        (Fault::TruncatedAnswer, 3),
        (Fault::StatusRetryAfter(429, RetryAfter::Seconds(30)), 2),
        (Fault::CloseKeepAlive, 2),
        (Fault::PostThenHang, 1),
    ]
}

/// Comes to rest, letting time pass whenever nothing is in flight: a channel that rests holds everybody up.
async fn rest(inside: &Inside) -> Vec<DeliveryRow> {
    let rested = async {
        let mut every = tokio::time::interval(Duration::from_millis(5));
        loop {
            every.tick().await;
            let rows = inside.rows().await;
            if rows.iter().any(|row| matches!(row.delivery.state, State::Sending { .. })) {
                continue;
            }
            match rows.iter().filter_map(|row| row.delivery.state.due()).min() {
                None => return rows,
                Some(due) => inside.clock.advance_to(due.max(inside.clock.now() + TimeDelta::seconds(1))),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), rested).await.expect("the office comes to rest")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_rounds_of_random_faults_double_nothing_lose_nothing_and_hold_nothing() {
    for seed in 0..WORLDS {
        let world = World::bare();
        let far = HostileApi::start(Graph::new());
        set_up(&world, &far, "");
        let inside = Inside::start(&world).await;
        let clock = inside.clock.clone();
        far.change(|graph| {
            graph.hour(move || clock.now().timestamp());
            // Half of the far sides do not tell what is hidden; all show a new post late.
            graph.lists_hidden = seed % 2 == 0;
            graph.listed_after = 3;
        });
        far.random(seed, weights());
        let mut dice = fastrand::Rng::with_seed(seed);
        // What each article should show; the newest of each place can still change.
        let mut wanted: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut places: Vec<Option<String>> = vec![None; ARTICLES];
        for round in 0..ROUNDS {
            for (number, place) in places.iter_mut().enumerate() {
                // Sometimes several orders come before the first is carried out.
                for order in 0..dice.usize(0..3) {
                    if place.is_some() && dice.u32(0..10) < 3 {
                        let id = place.take().expect("an article");
                        inside.withdraw(&ArticleKey { source: "cli".to_owned(), external_id: id.clone() }).await;
                        wanted.insert(id, None);
                        continue;
                    }
                    let id = place.get_or_insert_with(|| format!("bai-{number}-{round}-{order}")).clone();
                    let body = format!("Lần {round}.{order} của {id}.");
                    inside.publish(&world.article(&id, &format!("Bài {number}"), &body)).await;
                    wanted.insert(id, Some(body));
                }
            }
            let rows = rest(&inside).await;
            let open: Vec<_> = rows.iter().filter(|row| row.delivery.state != State::Settled).collect();
            assert!(open.is_empty(), "seed {seed}, round {round}: {open:#?}");
            let public = far.public();
            for (id, newest) in &wanted {
                let of = format!("của {id}.");
                let copies: Vec<&String> = public.iter().filter(|copy| copy.contains(&of)).collect();
                let fits = match newest {
                    Some(newest) => copies.len() == 1 && copies[0].contains(newest),
                    None => copies.is_empty(),
                };
                assert!(fits, "seed {seed}, round {round}: {newest:?} is wanted, {copies:#?} is there");
            }
        }
        inside.stop().await;
    }
}
