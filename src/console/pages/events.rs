//! `GET /events`: tells an open page that something may have changed, so that it fetches its parts again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{Route, look};
use crate::console::Face;
use crate::console::guard::Officer;
use crate::people::Role;

/// A page is told at most this often.
const REST: Duration = Duration::from_secs(1);
/// A stream ends after this long; the browser asks for another, and has to be signed in for that.
const LONGEST: TimeDelta = TimeDelta::minutes(30);

pub(super) fn routes() -> Vec<Route> {
    vec![look("/events", Role::Viewer, events)]
}

struct Watched {
    face: Arc<Face>,
    store: watch::Receiver<u64>,
    counts: watch::Receiver<u64>,
    ends: chrono::DateTime<chrono::Utc>,
    first: bool,
    _place: OwnedSemaphorePermit,
}

async fn events(State(face): State<Arc<Face>>, _: Officer) -> Response {
    let Ok(place) = Arc::clone(&face.streams).try_acquire_owned() else {
        // The page stays as it is; the browser asks again.
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")]).into_response();
    };
    let watched = Watched {
        store: face.console.board.changes(),
        counts: face.counts.news(),
        ends: face.console.clock.now() + LONGEST,
        first: true,
        _place: place,
        face,
    };
    let stream = unfold(watched, |mut watched| async move {
        let event = watched.next().await?;
        Some((Ok::<_, Infallible>(event), watched))
    });
    let beat = KeepAlive::new().interval(Duration::from_secs(20));
    let mut response = Sse::new(stream).keep_alive(beat).into_response();
    let plain = axum::http::HeaderValue::from_static("no");
    // Proxies would keep it back.
    response.headers_mut().insert("x-accel-buffering", plain);
    response
}

impl Watched {
    async fn next(&mut self) -> Option<Event> {
        let clock = self.face.console.clock.clone();
        if std::mem::take(&mut self.first) {
            return Some(Event::default().event("ready").data("1").retry(Duration::from_secs(5)));
        }
        let changed = async {
            // What changes meanwhile is one change.
            clock.sleep(REST).await;
            tokio::select! {
                changed = self.store.changed() => changed.is_ok(),
                changed = self.counts.changed() => changed.is_ok(),
            }
        };
        let goes_on = tokio::select! {
            goes_on = changed => goes_on,
            () = clock.sleep_until(self.ends) => false,
            () = self.face.console.stop.cancelled() => false,
        };
        self.store.mark_unchanged();
        self.counts.mark_unchanged();
        goes_on.then(|| Event::default().event("change").data("1"))
    }
}
