//! One question to a web server: conditional, within bounds of size and time, redirects followed by hand.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT, DATE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LINK, LOCATION,
    RETRY_AFTER,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect};

use super::Feed;
use crate::intake::web::{builder, is_private, may_visit, root};
use crate::queue::Validators;
use crate::text;
use crate::text::Text;

const MOST_REDIRECTS: usize = 5;

/// The web as one feed may see it.
pub(super) struct Web {
    client: Client,
    allow: Vec<String>,
    /// For a whole answer, however slowly it comes.
    timeout: Duration,
}

/// What a server answered.
pub(super) enum Answer {
    /// Nothing has changed since the validators.
    Same,
    /// This.
    Content(Box<Content>),
}

/// Content, and what came with it.
pub(super) struct Content {
    /// The address that answered.
    pub(super) url: Url,
    /// Where it has moved to for good.
    pub(super) moved_to: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) validators: Validators,
    /// `Link` headers: relation and address.
    pub(super) links: Vec<(String, String)>,
}

/// Why there was no answer that can be used.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) note: Text,
    /// How long the server wants to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// It is not there, and asking again will not help: 404 or 410.
    pub(super) missing: bool,
    /// It is gone for good: 410.
    pub(super) gone: bool,
}

impl From<Text> for Trouble {
    fn from(note: Text) -> Self {
        Self { note, retry_after: None, missing: false, gone: false }
    }
}

impl Web {
    /// The feed's own host may stand at a private address: the administrator wrote it down.
    pub(super) fn new(feed: &Feed) -> Result<Self, Trouble> {
        let (mut allow, timeout) = (feed.allow.clone(), feed.timeout);
        allow.extend(feed.url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()));
        let client = builder(&allow, timeout).redirect(redirect::Policy::none()).build();
        let client = client.map_err(|error| {
            Trouble::from(text!("không tạo được kết nối HTTP: {error}", "cannot make an HTTP client: {error}"))
        })?;
        Ok(Self { client, allow, timeout })
    }

    /// Asks for what is at `url`, at most `most` bytes of it.
    pub(super) async fn get(
        &self,
        url: &Url,
        accept: &'static str,
        validators: Option<&Validators>,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Answer, Trouble> {
        let (mut url, mut moved_to, mut for_good) = (url.clone(), None, true);
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.client.get(url.clone()).header(ACCEPT, accept);
            if let Some(validators) = validators.filter(|validators| validators.url == url.as_str()) {
                request = conditional(request, validators);
            }
            let response = self.send(&url, request).await?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && validators.is_some() {
                return Ok(Answer::Same);
            }
            if let Some(to) = redirected(&response, &url)? {
                for_good &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
                if for_good {
                    moved_to = Some(to.to_string());
                }
                url = to;
                continue;
            }
            if status != StatusCode::OK {
                return Err(refused(&response, now));
            }
            let (validators, links) = (given(&url, response.headers()), links(response.headers(), &url));
            let body = self.read(response, most).await?;
            return Ok(Answer::Content(Box::new(Content { url, moved_to, body, validators, links })));
        }
        Err(text!("chuyển hướng quá nhiều lần", "it redirects too often").into())
    }

    /// Posts a form; the answer's status, and its words if it is no success.
    pub(super) async fn post(&self, url: &Url, form: String) -> Result<StatusCode, Trouble> {
        const FORM: &str = "application/x-www-form-urlencoded";
        let request = self.client.post(url.clone()).header(reqwest::header::CONTENT_TYPE, FORM).body(form);
        Ok(self.send(url, request).await?.status())
    }

    async fn send(&self, url: &Url, request: RequestBuilder) -> Result<Response, Trouble> {
        let host = url.host_str().unwrap_or_default();
        let private = || {
            Trouble::from(text!(
                "{host} là địa chỉ nội bộ; nếu đúng là máy của cơ quan, thêm tên máy vào allow của nguồn tin trong config.toml",
                "{host} is at a private address; if that is the office's own machine, add its name to the feed's allow in config.toml"
            ))
        };
        if !may_visit(url, &self.allow) {
            return Err(private());
        }
        request.send().await.map_err(|error| {
            let error = error.without_url();
            if is_private(&error) { private() } else { self.lost(&error) }
        })
    }

    async fn read(&self, mut response: Response, most: usize) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(&error.without_url()))? {
            if body.len() + chunk.len() > most {
                let most = most >> 20;
                return Err(text!("dài hơn {most} MB", "it is longer than {most} MB").into());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn lost(&self, error: &reqwest::Error) -> Trouble {
        let (detail, seconds) = (root(error), self.timeout.as_secs());
        if error.is_timeout() {
            text!("không trả lời trọn vẹn trong {seconds} giây", "no whole answer within {seconds} seconds").into()
        } else {
            text!("không kết nối được: {detail}", "cannot connect: {detail}").into()
        }
    }
}

fn conditional(mut request: RequestBuilder, validators: &Validators) -> RequestBuilder {
    if let Some(etag) = &validators.etag {
        request = request.header(IF_NONE_MATCH, etag);
    }
    if let Some(modified) = &validators.modified {
        request = request.header(IF_MODIFIED_SINCE, modified);
    }
    request
}

/// Where the answer sends us, if it does.
fn redirected(response: &Response, from: &Url) -> Result<Option<Url>, Trouble> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let to = location.and_then(|location| from.join(location).ok()).ok_or_else(|| {
        Trouble::from(text!("chuyển hướng mà không nói đến đâu", "it redirects without saying where to"))
    })?;
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(text!(
            "chuyển hướng từ https sang {to}, không còn mã hóa; loa không đi theo",
            "it redirects from https to {to}, which is not encrypted; loa does not follow"
        )
        .into());
    }
    Ok(Some(to))
}

fn refused(response: &Response, now: DateTime<Utc>) -> Trouble {
    let (status, code) = (response.status(), response.status().as_u16());
    let gone = status == StatusCode::GONE;
    Trouble {
        note: text!("máy chủ trả lời {code}", "the server answered {code}"),
        retry_after: retry_after(response.headers(), now),
        missing: gone || status == StatusCode::NOT_FOUND,
        gone,
    }
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date by the far side's own clock. Rubbish counts as nothing.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let words = words(headers, &RETRY_AFTER)?;
    if let Ok(seconds) = words.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |words: &str| httpdate::parse_http_date(words).ok().map(DateTime::<Utc>::from);
    let theirs = words_of_date(headers).and_then(date).unwrap_or(now);
    (date(words)? - theirs).to_std().ok()
}

fn words_of_date(headers: &HeaderMap) -> Option<&str> {
    words(headers, &DATE)
}

fn words<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn given(url: &Url, headers: &HeaderMap) -> Validators {
    let word = |name| words(headers, name).map(str::to_owned);
    Validators { url: url.to_string(), etag: word(&ETAG), modified: word(&LAST_MODIFIED) }
}

/// `Link` headers (RFC 8288), as far as a feed uses them: `<address>; rel="one two"`.
fn links(headers: &HeaderMap, base: &Url) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for value in headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()) {
        for link in value.split('<').skip(1) {
            let Some((address, parameters)) = link.split_once('>') else { continue };
            let Ok(address) = base.join(address.trim()) else { continue };
            for parameter in parameters.split([';', ',']) {
                let Some((name, value)) = parameter.split_once('=') else { continue };
                if name.trim().eq_ignore_ascii_case("rel") {
                    let relations = value.trim().trim_matches('"').split_ascii_whitespace();
                    found.extend(relations.map(|relation| (relation.to_ascii_lowercase(), address.to_string())));
                }
            }
        }
    }
    found
}
