//! A client that posts signed webhooks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::{Client, RequestBuilder, Response, redirect};

use crate::support::hostile_http::HostileHttp;
use crate::support::signature::Secret;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) struct Poster {
    pub(crate) client: Client,
    url: String,
}

impl Poster {
    pub(crate) fn to(far: &HostileHttp) -> Self {
        Self::with(far, redirect::Policy::none())
    }

    pub(crate) fn with(far: &HostileHttp, redirects: redirect::Policy) -> Self {
        // Fails only when another test has done it already.
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(clippy::disallowed_methods, reason = "a client that is not loa's")]
        let client = Client::builder().redirect(redirects).timeout(Duration::from_secs(5)).build();
        Self { client: client.expect("a client"), url: far.url() }
    }

    pub(crate) fn request(&self, id: &str, body: &str) -> RequestBuilder {
        self.signed_at(now(), id, body)
    }

    pub(crate) fn signed_at(&self, timestamp: i64, id: &str, body: &str) -> RequestBuilder {
        let signature = Secret::parse(SECRET).sign(id, timestamp, body.as_bytes());
        self.client
            .post(&self.url)
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", format!("v1,bm90IG1pbmU= {signature}"))
            .body(body.to_owned())
    }

    /// Posts and expects some answer.
    pub(crate) async fn post(&self, id: &str, body: &str) -> Response {
        self.request(id, body).send().await.expect("an answer")
    }

    /// Posts and expects none.
    pub(crate) async fn post_in_vain(&self, id: &str, body: &str) -> reqwest::Error {
        self.request(id, body).send().await.expect_err("no answer")
    }
}

pub(crate) fn event(kind: &str, article: &str, revision: u64) -> String {
    format!(
        r#"{{"type":"article.{kind}","timestamp":"2026-11-23T01:02:03Z","data":{{"id":"{article}","revision":{revision},"text":"Lịch tiếp công dân"}}}}"#
    )
}

pub(crate) fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the double lives in real time")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("past 1970");
    i64::try_from(since.as_secs()).expect("before the end")
}
