//! Hubs that tell us when a feed has changed (`WebSub`, W3C Recommendation of 2018).
//!
//! A push is believed by its signature alone, and it only makes loa poll now: what a hub says the feed says is never
//! taken. Polling goes on, more slowly, for hubs forget.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Deserialize;

use super::Feed;
use super::fetch::Web;
use super::poll::Poller;
use crate::article::sha256_hex;
use crate::clock::Clock;
use crate::queue::{Feeds, HubTie, StoreError, Turn};

/// Where hubs reach us, under the office's public address.
const PATH: &str = "/nguon-tin/";
/// Largest push: a hub sends the feed along.
const MOST_PUSH: usize = 8 << 20;
/// How long a hub is asked to tell us.
const LEASE: TimeDelta = TimeDelta::days(10);
/// A hub that did not ask back, or refused, is asked again after this.
const ASK_AGAIN: TimeDelta = TimeDelta::hours(6);

impl Poller {
    /// Renews what a feed has with its hub, if need be. Says whether the hub tells us.
    pub(super) async fn keep_tie(&self, feed: &Feed, turn: &Turn, web: &Web) -> Result<bool, StoreError> {
        match &turn.tie {
            Some(tie) => self.tie(feed, turn, web, Some(tie.hub.clone()), tie.topic.clone()).await,
            None => Ok(false),
        }
    }

    /// Ties a feed to the hub that it names, or unties it. Says whether the hub tells us.
    pub(super) async fn tie(
        &self,
        feed: &Feed,
        turn: &Turn,
        web: &Web,
        hub: Option<String>,
        topic: String,
    ) -> Result<bool, StoreError> {
        let (Some(public_url), Some(hub)) = (&self.public_url, hub) else {
            if turn.tie.is_some() {
                self.standing.tie(feed.name.clone(), turn.number, None).await?;
            }
            return Ok(false);
        };
        let now = self.clock.now();
        let known = turn.tie.clone().filter(|tie| tie.hub == hub && tie.topic == topic);
        let told = known.as_ref().and_then(|tie| tie.until).is_some_and(|until| until > now);
        if known.as_ref().is_some_and(|tie| !has_to_ask(tie, feed, now)) {
            return Ok(told);
        }
        let (Ok(address), Some(tie)) = (Url::parse(&hub), new_tie(known, hub, topic, now)) else { return Ok(told) };
        // On disk before the hub hears of it: it may ask back before it has answered.
        if !self.standing.tie(feed.name.clone(), turn.number, Some(tie.clone())).await? {
            return Ok(told);
        }
        let seconds = LEASE.num_seconds().to_string();
        let callback = format!("{public_url}{PATH}{}", tie.callback);
        let form = form(&[
            ("hub.mode", "subscribe"),
            ("hub.callback", &callback),
            ("hub.topic", &tie.topic),
            ("hub.secret", &tie.secret),
            ("hub.lease_seconds", &seconds),
        ]);
        match web.post(&address, form).await {
            Ok(status) if status.is_success() => {}
            Ok(status) => {
                let status = status.as_u16();
                tracing::warn!(feed = %feed.name, hub = %tie.hub, status, "the feed's hub does not take us; polling goes on");
            }
            Err(trouble) => {
                let note = trouble.note;
                tracing::warn!(feed = %feed.name, hub = %tie.hub, %note, "the feed's hub cannot be asked; polling goes on");
            }
        }
        Ok(told)
    }
}

/// Whether a hub has to be asked (again). Only polls look: the lease has to last until the next two.
fn has_to_ask(tie: &HubTie, feed: &Feed, now: DateTime<Utc>) -> bool {
    if let Some(asked) = tie.asked_at {
        return now - asked > ASK_AGAIN;
    }
    let spare = TimeDelta::from_std(feed.every.saturating_mul(8)).unwrap_or(TimeDelta::days(1));
    tie.until.is_none_or(|until| until - now < spare)
}

/// A renewal keeps its address and its secret.
fn new_tie(known: Option<HubTie>, hub: String, topic: String, now: DateTime<Utc>) -> Option<HubTie> {
    match known {
        Some(tie) => Some(HubTie { asked_at: Some(now), ..tie }),
        None => {
            let (callback, secret) = (random()?, random()?);
            Some(HubTie { hub, topic, callback, secret, asked_at: Some(now), until: None })
        }
    }
}

/// 256 bits that nobody can guess, in hexadecimal.
fn random() -> Option<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(sha256_hex(&bytes))
}

/// In the URL standard's own encoding of a form.
fn form(fields: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://form.invalid/").ok();
    let encoded = url.as_mut().map(|url| {
        url.query_pairs_mut().extend_pairs(fields);
        url.query().unwrap_or_default().to_owned()
    });
    encoded.unwrap_or_default()
}

/// What the routes need.
#[derive(Clone)]
pub struct HubFace {
    /// How the feeds stand.
    pub standing: Arc<dyn Feeds>,
    /// The hour.
    pub clock: Clock,
}

/// What hubs call, for the public: the address cannot be guessed, and pushes are signed.
pub fn hub_routes(face: HubFace) -> Router {
    Router::new().route(&format!("{PATH}{{callback}}"), get(asks_back).post(pushes)).with_state(Arc::new(face))
}

/// A hub's question whether it was us (`WebSub` §5.3), or its refusal (§5.2).
#[derive(Deserialize)]
struct Question {
    #[serde(rename = "hub.mode")]
    mode: String,
    #[serde(rename = "hub.topic")]
    topic: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
    #[serde(rename = "hub.lease_seconds")]
    lease_seconds: Option<u32>,
}

async fn asks_back(
    State(face): State<Arc<HubFace>>,
    Path(callback): Path<String>,
    Query(question): Query<Question>,
) -> Response {
    let answered = answer(&face, callback, question).await;
    answered.unwrap_or_else(|error| {
        tracing::error!(%error, "a hub's question cannot be answered");
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    })
}

async fn answer(face: &HubFace, callback: String, question: Question) -> Result<Response, StoreError> {
    let unknown = || StatusCode::NOT_FOUND.into_response();
    let Some((feed, tie)) = face.standing.by_callback(callback.clone()).await? else { return Ok(unknown()) };
    if question.topic.as_ref() != Some(&tie.topic) {
        return Ok(unknown());
    }
    let now = face.clock.now();
    match (question.mode.as_str(), question.challenge) {
        ("subscribe", Some(challenge)) => {
            let lease = question.lease_seconds.map_or(LEASE, |seconds| TimeDelta::seconds(seconds.into()));
            // Only what was asked for is confirmed, and only once.
            if !face.standing.confirm(callback, Some(now + lease), now).await? {
                return Ok(unknown());
            }
            tracing::info!(%feed, hub = %tie.hub, "the feed's hub tells us from now on");
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            let strict = HeaderValue::from_static("nosniff");
            let headers = [(header::CONTENT_TYPE, plain), (header::X_CONTENT_TYPE_OPTIONS, strict)];
            Ok((StatusCode::OK, headers, challenge).into_response())
        }
        ("denied", _) => {
            face.standing.confirm(callback, None, now).await?;
            tracing::warn!(%feed, hub = %tie.hub, "the feed's hub refuses to tell us; polling goes on");
            Ok(StatusCode::OK.into_response())
        }
        _ => Ok(unknown()),
    }
}

async fn pushes(State(face): State<Arc<HubFace>>, Path(callback): Path<String>, request: Request<Body>) -> Response {
    let pushed = take_push(&face, callback, request).await;
    let status = pushed.unwrap_or_else(|error| {
        tracing::error!(%error, "a hub's push cannot be taken");
        StatusCode::SERVICE_UNAVAILABLE
    });
    status.into_response()
}

async fn take_push(face: &HubFace, callback: String, request: Request<Body>) -> Result<StatusCode, StoreError> {
    // Whoever does not know the address may not send anything.
    let Some((feed, tie)) = face.standing.by_callback(callback).await? else { return Ok(StatusCode::NOT_FOUND) };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_PUSH).await else { return Ok(StatusCode::PAYLOAD_TOO_LARGE) };
    if is_signed(&parts.headers, tie.secret.as_bytes(), &body) {
        face.standing.poll_now(feed, face.clock.now()).await?;
    } else {
        // It is told that it arrived all the same (WebSub §8): nobody learns from the answer what a signature is worth.
        tracing::warn!(%feed, "a push with a wrong signature was ignored");
    }
    Ok(StatusCode::ACCEPTED)
}

/// `X-Hub-Signature: sha256=…`, compared in constant time. Most hubs in use still sign with SHA-1, which is sound in an
/// HMAC.
fn is_signed(headers: &HeaderMap, secret: &[u8], body: &[u8]) -> bool {
    let signature = headers.get("x-hub-signature").and_then(|value| value.to_str().ok());
    let Some((method, tag)) = signature.and_then(|signature| signature.trim().split_once('=')) else { return false };
    let algorithm = match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let Some(tag) = from_hex(tag) else { return false };
    hmac::verify(&hmac::Key::new(algorithm, secret), body, &tag).is_ok()
}

fn from_hex(words: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        words.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    digits
        .len()
        .is_multiple_of(2)
        .then(|| digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_secret_and_the_whole_body() {
        let signed = |signature: &str, secret: &str, body: &str| {
            let value = HeaderValue::from_str(signature).ok();
            let name = header::HeaderName::from_static("x-hub-signature");
            let headers = value.map(|value| (name, value)).into_iter().collect();
            is_signed(&headers, secret.as_bytes(), body.as_bytes())
        };
        // RFC 2202 and RFC 4231, test case 2.
        let words = "what do ya want for nothing?";
        assert!(signed("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "Jefe", words));
        let tag = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(signed(tag, "Jefe", words) && signed(&tag.to_uppercase(), "Jefe", words));
        for (signature, secret, body) in [
            (tag, "jefe", words),
            (tag, "Jefe", "what do ya want for nothing"),
            ("sha1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "Jefe", words),
            ("sha256=", "Jefe", words),
            ("sha256=zz", "Jefe", words),
            ("md5=750c783e6ab0b503eaa86e310a5db738", "Jefe", words),
            ("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "Jefe", words),
        ] {
            assert!(!signed(signature, secret, body), "{signature}");
        }
    }
}
