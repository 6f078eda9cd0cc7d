//! Every fault of the webhook receiver.

use std::time::Duration;

use super::poster::{Poster, SECRET, event};
use super::raw_post::RawPost;
use crate::support::hostile_http::{Fault, HostileHttp, HttpState, Outcome, RetryAfter};
use crate::support::http_answer::{GZIPPED_OK, HUGE};
use crate::support::http_fault::http_date;

pub(crate) fn far_that(faults: Vec<Fault>) -> (HostileHttp, Poster) {
    let far = HostileHttp::start(SECRET);
    far.script(faults);
    let poster = Poster::to(&far);
    (far, poster)
}

fn copies(far: &HostileHttp) -> usize {
    far.board().copies_of("bai-1")
}

#[tokio::test]
async fn successes_are_answered_as_named_and_seen_by_the_public() {
    for (fault, status) in [(Fault::Ok200, 200), (Fault::Ok202, 202), (Fault::Ok204, 204), (Fault::Status(201), 201)] {
        let (far, poster) = far_that(vec![fault]);
        assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), status);
        assert_eq!(copies(&far), 1);
        assert_eq!(far.script_left(), 0);
    }
}

#[tokio::test]
async fn failures_are_answered_as_named_and_nobody_sees_anything() {
    for status in [400, 401, 404, 409, 413, 422, 429, 500, 503, 504] {
        let (far, poster) = far_that(vec![Fault::Status(status)]);
        assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), status);
        assert_eq!(copies(&far), 0);
    }
    let (far, poster) = far_that(vec![Fault::Gone410, Fault::Html502]);
    assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), 410);
    let proxy = poster.post("m1", &event("published", "bai-1", 1)).await;
    assert_eq!(proxy.status(), 502);
    assert_eq!(proxy.headers()["content-type"], "text/html");
    assert!(proxy.text().await.expect("a page").contains("<h1>502 Bad Gateway</h1>"));
    assert_eq!(copies(&far), 0);
    assert_eq!(far.state().look(|state| state.requests.len()), 2);
}

#[tokio::test]
async fn retry_after_comes_in_every_form() {
    let forms = [
        (RetryAfter::Seconds(120), "120"),
        (RetryAfter::DateIn(37), "Sun, 06 Nov 1994 08:49:37 GMT"),
        (RetryAfter::OldDateIn(37), "Sunday, 06-Nov-94 08:49:37 GMT"),
        (RetryAfter::AsctimeIn(37), "Sun Nov  6 08:49:37 1994"),
        (RetryAfter::Garbage("soon"), "soon"),
    ];
    let then = 784_111_740;
    for (form, expected) in forms {
        let (far, poster) = far_that(vec![Fault::StatusRetryAfter(429, form)]);
        far.clock(move || then);
        let request = poster.signed_at(then, "m1", &event("published", "bai-1", 1));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["retry-after"], expected);
        assert_eq!(answer.headers()["date"], http_date(then).as_str());
        assert_eq!(copies(&far), 0);
    }
}

#[tokio::test]
async fn a_redirect_that_is_followed_is_counted() {
    let (far, poster) = far_that(vec![Fault::Redirect301, Fault::Redirect301]);
    assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), 301);
    assert_eq!(far.state().look(|state| state.redirects_followed), 0);
    let naive = Poster::with(&far, reqwest::redirect::Policy::default());
    assert_eq!(naive.post("m1", &event("published", "bai-1", 1)).await.status(), 200);
    assert_eq!(far.state().look(|state| state.redirects_followed), 1);
    assert_eq!(copies(&far), 0);
}

#[tokio::test]
async fn post_then_500_shows_it_and_says_it_failed() {
    let (far, poster) = far_that(vec![Fault::PostThen500]);
    assert_eq!(poster.post("m1", &event("published", "bai-1", 1)).await.status(), 500);
    assert_eq!(copies(&far), 1);
}

#[tokio::test]
async fn post_then_hang_shows_it_and_answers_only_when_released() {
    let (far, poster) = far_that(vec![Fault::PostThenHang]);
    let sending = tokio::spawn(poster.request("m1", &event("published", "bai-1", 1)).send());
    far.wait_until("the request hangs", |state| state.hanging == 1).await;
    assert_eq!(copies(&far), 1);
    assert!(!sending.is_finished());
    assert_eq!(far.state().look(|state| state.requests[0].answered), None);
    far.release();
    assert_eq!(sending.await.expect("no panic").expect("a late answer").status(), 200);
    far.wait_until("nothing hangs", |state| state.hanging == 0 && state.in_flight == 0).await;
    assert_eq!(far.state().look(|state| state.requests[0].answered), Some(200));
}

#[tokio::test]
async fn post_then_hang_ends_when_the_client_gives_up() {
    let (far, poster) = far_that(vec![Fault::PostThenHang]);
    let sending = poster.request("m1", &event("published", "bai-1", 1)).timeout(Duration::from_millis(50));
    assert!(sending.send().await.expect_err("no answer").is_timeout());
    far.wait_until("the hanging request is given up", |state| state.requests.len() == 1 && state.hanging == 0).await;
    assert_eq!(copies(&far), 1);
}

#[tokio::test]
async fn post_then_reset_shows_it_and_cuts_the_answer() {
    let (far, poster) = far_that(vec![Fault::PostThenReset]);
    let error = poster.post_in_vain("m1", &event("published", "bai-1", 1)).await;
    assert!(!error.is_connect() && !error.is_timeout(), "{error:?}");
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    assert_eq!(copies(&far), 1);
}

#[tokio::test]
async fn reset_before_read_shows_nothing() {
    let (far, poster) = far_that(vec![Fault::ResetBeforeRead]);
    let error = poster.post_in_vain("m1", &event("published", "bai-1", 1)).await;
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    let state = far.state().snapshot();
    assert_eq!((state.reset_unread, state.requests.len(), copies(&far)), (1, 0, 0));
}

#[tokio::test]
async fn a_slow_read_takes_its_time_and_a_release_ends_it() {
    let pause = Duration::from_secs(1);
    let (far, poster) = far_that(vec![Fault::SlowRead { bytes: 1, pause }]);
    let sending = tokio::spawn(poster.request("m1", &event("published", "bai-1", 1)).send());
    far.wait_until("it is read", |state| state.in_flight == 1).await;
    assert!(!sending.is_finished());
    far.release();
    assert_eq!(sending.await.expect("no panic").expect("an answer").status(), 200);
    assert_eq!(copies(&far), 1);
}

#[tokio::test]
async fn an_unreleased_slow_read_outlasts_a_short_timeout() {
    let (far, poster) = far_that(vec![Fault::SlowRead { bytes: 64, pause: Duration::from_millis(100) }]);
    let hasty = poster.request("m1", &event("published", "bai-1", 1)).timeout(Duration::from_millis(150));
    assert!(hasty.send().await.expect_err("too slow").is_timeout());
    far.wait_until("it was read all the same", |state| state.in_flight == 0 && copies_in(state) == 1).await;
}

fn copies_in(state: &HttpState) -> usize {
    state.board.copies_of("bai-1")
}

#[tokio::test]
async fn an_early_success_comes_before_the_body_and_the_body_is_taken_after() {
    let (far, _) = far_that(vec![Fault::AnswerEarly(200)]);
    let mut raw = RawPost::head_only(&far, "published").await;
    assert!(raw.read_head().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(copies(&far), 0);
    raw.send_body().await;
    far.wait_until("the body is taken", |state| copies_in(state) == 1).await;
}

#[tokio::test]
async fn an_early_refusal_leaves_the_body_unread_and_closes() {
    let (far, _) = far_that(vec![Fault::AnswerEarly(413)]);
    let mut raw = RawPost::head_only(&far, "published").await;
    assert!(raw.read_head().await.starts_with("HTTP/1.1 413 "));
    assert_eq!(raw.read_to_end().await, "");
    let request = far.state().look(|state| state.requests[0].clone());
    assert_eq!((request.outcome, request.answered, request.body.len()), (Outcome::NotTaken, Some(413), 0));
}

#[tokio::test]
async fn a_gzip_answer_is_gzip() {
    let (far, poster) = far_that(vec![Fault::GzipAnswer]);
    let answer = poster.post("m1", &event("published", "bai-1", 1)).await;
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.bytes().await.expect("a body").as_ref(), GZIPPED_OK);
    assert_eq!(copies(&far), 1);
}

#[tokio::test]
async fn a_huge_answer_is_ten_megabytes() {
    let (far, poster) = far_that(vec![Fault::Huge]);
    let answer = poster.post("m1", &event("published", "bai-1", 1)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.expect("a body").len(), HUGE);
    assert_eq!(copies(&far), 1);
}

#[tokio::test]
async fn a_truncated_answer_ends_too_soon() {
    let (far, poster) = far_that(vec![Fault::TruncatedAnswer]);
    let answer = poster.post("m1", &event("published", "bai-1", 1)).await;
    assert_eq!((answer.status().as_u16(), answer.content_length()), (200, Some(100)));
    answer.bytes().await.expect_err("the rest is missing");
    assert_eq!(copies(&far), 1);
}
