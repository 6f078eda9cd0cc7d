//! What the webhook receiver believes, remembers and counts.

use std::time::Duration;

use super::poster::{Poster, SECRET, event, now};
use crate::support::hostile_http::{Disbelief, Fault, HostileHttp, Outcome};
use crate::support::public::Event;
use crate::support::signature::Secret;

fn far_and_poster() -> (HostileHttp, Poster) {
    let far = HostileHttp::start(SECRET);
    let poster = Poster::to(&far);
    (far, poster)
}

#[test]
fn the_signature_matches_the_reference_vectors() {
    let secret = Secret::parse(SECRET);
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let signature = secret.sign(id, 1_614_265_330, br#"{"test": 2432232314}"#);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    let body = r#"{"type":"article.published","timestamp":"2026-11-23T01:02:03Z","data":{"id":"bai-0001","title":"Lịch tiếp công dân"}}"#;
    let signature = secret.sign("msg_loa_0001", 1_763_859_723, body.as_bytes());
    assert_eq!(signature, "v1,XdvEAt9VokncAEDzMkOKlTyMuDXezU3tiUHwukLH1pM=");
}

#[tokio::test]
async fn what_is_not_believed_is_answered_401_and_counted() {
    let (far, poster) = far_and_poster();
    let body = event("published", "bai-1", 1);
    let tampered = poster.request("m1", &body).body(event("published", "bai-1", 2));
    let unsigned = poster.client.post(far.url()).body(body.clone());
    let (old, early) = (poster.signed_at(now() - 310, "m1", &body), poster.signed_at(now() + 310, "m1", &body));
    for request in [tampered, unsigned, old, early] {
        assert_eq!(request.send().await.expect("an answer").status(), 401);
    }
    let expected = [Disbelief::NoSignatureFits, Disbelief::MissingHeader, Disbelief::WrongTime, Disbelief::WrongTime];
    assert_eq!(far.state().snapshot().disbelieved, expected);
    assert!(far.sightings("webhook").is_empty());
    far.trust("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(poster.post("m1", &body).await.status(), 401);
}

#[tokio::test]
async fn the_far_clock_can_be_wrong() {
    let (far, poster) = far_and_poster();
    far.clock_off_by(-600);
    assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), 401);
    far.clock_off_by(-200);
    assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), 200);
}

#[tokio::test]
async fn what_is_no_event_is_answered_400() {
    let (far, poster) = far_and_poster();
    for body in ["{", r#"{"type":"article.published","data":{"id":"bai-1"}}"#, &event("liked", "bai-1", 1)] {
        assert_eq!(poster.post("m1", body).await.status(), 400);
    }
    assert_eq!(far.state().look(|state| state.malformed.len()), 3);
}

#[tokio::test]
async fn a_repeated_id_changes_nothing_while_ids_are_honoured() {
    let (far, poster) = far_and_poster();
    far.script(vec![Fault::PostThen500, Fault::PostThen500, Fault::Ok202]);
    let body = event("published", "bai-1", 1);
    for status in [500, 500, 200] {
        assert_eq!(poster.post("m1", &body).await.status(), status);
    }
    let state = far.state().snapshot();
    assert_eq!((state.board.copies_of("bai-1"), state.repeats), (1, 2));
    assert_eq!(state.requests.iter().map(|seen| seen.outcome).filter(|&was| was == Outcome::Repeat).count(), 2);
    assert!(state.ids_reused_for_other_bodies.is_empty());
    poster.post("m1", &event("corrected", "bai-1", 2)).await;
    assert_eq!(far.state().snapshot().ids_reused_for_other_bodies, ["m1"]);
    assert_eq!(far.board().shown("", "bai-1").copies, [1]);
}

#[tokio::test]
async fn a_repeated_id_doubles_where_ids_are_not_honoured() {
    let (far, poster) = far_and_poster();
    far.honours_id(false).script(vec![Fault::PostThen500]);
    let body = event("published", "bai-1", 1);
    poster.post("m1", &body).await;
    poster.post("m1", &body).await;
    assert_eq!(far.board().shown("", "bai-1").copies, [1, 1]);
    assert_eq!(far.board().doubles.len(), 1);
}

#[tokio::test]
async fn a_second_publish_under_another_id_is_a_double() {
    let (far, poster) = far_and_poster();
    poster.post("m1", &event("published", "bai-1", 1)).await;
    poster.post("m2", &event("published", "bai-1", 1)).await;
    assert_eq!(far.board().doubles.len(), 1);
    poster.post("m3", &event("corrected", "bai-1", 2)).await;
    assert_eq!(far.board().shown("", "bai-1").copies, [2, 2]);
    poster.post("m4", &event("withdrawn", "bai-1", 2)).await;
    assert_eq!(far.board().copies_of("bai-1"), 0);
    let events: Vec<_> = far.sightings("webhook").into_iter().map(|seen| (seen.channel, seen.event)).collect();
    assert_eq!(events[3], ("webhook".to_owned(), Event::Withdrawn));
}

#[tokio::test]
async fn an_older_revision_is_shown_and_noted_as_stale() {
    let (far, poster) = far_and_poster();
    poster.post("m1", &event("published", "bai-1", 1)).await;
    poster.post("m3", &event("corrected", "bai-1", 3)).await;
    poster.post("m2", &event("corrected", "bai-1", 2)).await;
    let board = far.board();
    assert_eq!((board.shown("", "bai-1").copies, board.stale.len()), (vec![2], 1));
    assert_eq!(board.stale[0].newest, 3);
    poster.post("m9", &event("corrected", "bai-9", 2)).await;
    assert_eq!((far.board().copies_of("bai-9"), far.board().corrected_without_copy.len()), (0, 1));
}

#[tokio::test]
async fn a_seed_decides_the_random_faults() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let (far, poster) = far_and_poster();
        far.random(7, vec![(Fault::Ok200, 3), (Fault::PostThen500, 1), (Fault::Status(503), 1), (Fault::Gone410, 0)]);
        let mut statuses = Vec::new();
        for at in 0..40 {
            statuses.push(poster.post(&format!("m{at}"), &event("published", "bai-1", 1)).await.status().as_u16());
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert!([200, 500, 503].iter().all(|status| runs[0].contains(status)) && !runs[0].contains(&410));
}

#[tokio::test]
async fn always_follows_the_script_and_probes_leave_it_alone() {
    let (far, poster) = far_and_poster();
    far.script(vec![Fault::Status(503)]).always(Fault::Gone410);
    assert_eq!(poster.client.get(far.url()).send().await.expect("an answer").status(), 405);
    for status in [503, 410, 410] {
        assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), status);
    }
    assert_eq!(far.state().look(|state| state.probes), 1);
}

#[tokio::test]
async fn requests_at_once_are_counted() {
    let (far, poster) = far_and_poster();
    far.always(Fault::PostThenHang);
    let sending: Vec<_> = (0..4)
        .map(|at| tokio::spawn(poster.request(&format!("m{at}"), &event("published", &format!("b{at}"), 1)).send()))
        .collect();
    far.wait_until("four hang", |state| state.hanging == 4).await;
    far.release();
    for sent in sending {
        assert_eq!(sent.await.expect("no panic").expect("an answer").status(), 200);
    }
    assert_eq!(far.state().look(|state| state.most_in_flight), 4);
}

#[test]
fn a_test_without_a_runtime_waits_too() {
    let far = HostileHttp::start(SECRET);
    let _guest = std::net::TcpStream::connect(far.address()).expect("a connection");
    far.state().wait_until_blocking(Duration::from_secs(5), "someone connects", |state| state.connections == 1);
}

#[tokio::test]
#[should_panic(expected = "in vain until someone posts; the state is\nHttpState")]
async fn waiting_in_vain_panics_with_the_state() {
    let (far, _) = far_and_poster();
    let never = |state: &crate::support::hostile_http::HttpState| !state.requests.is_empty();
    far.state().wait_until_within(Duration::from_millis(20), "someone posts", never).await;
}
