//! The page to unsubscribe, for the public: no token of the API, no cookie, no script.
//!
//! Looking at it changes nothing, for mail scanners follow every link; only a POST does (RFC 8058), from a mail program
//! or from the page's own button. Whatever that POST says: whoever has the link may leave.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use sha2::{Digest as _, Sha256};

use super::Console;
use crate::audience::{Standing, Subscriber, UNSUBSCRIBE_PATH};
use crate::queue::{NewStanding, StoreError};
use crate::text;
use crate::text::Text;

/// A mail program sends 26 bytes, or some hundred as a form of several parts.
const MOST_BYTES: usize = 16 * 1024;
const STYLE: &str = include_str!("unsubscribe.css");
const TEMPLATE: &str = include_str!("unsubscribe.html");

pub(super) fn routes(console: Arc<Console>) -> Router {
    Router::new().route(&format!("{UNSUBSCRIBE_PATH}{{*token}}"), any(page)).with_state(console)
}

async fn page(State(console): State<Arc<Console>>, request: Request<Body>) -> Response {
    let page = match *request.method() {
        Method::GET | Method::HEAD => show(&console, request.uri().path()).await,
        Method::POST => leave(&console, request).await,
        _ => Ok(Page::simple(
            StatusCode::METHOD_NOT_ALLOWED,
            text!("Trang này chỉ để xem và bấm nút", "This page can only be looked at and answered by its button"),
        )),
    };
    page.unwrap_or_else(|error| {
        tracing::error!(%error, "the page to unsubscribe cannot read or write the store");
        let title = text!("Chưa làm được, xin thử lại sau ít phút", "Not possible just now; please try again later");
        Page::simple(StatusCode::SERVICE_UNAVAILABLE, title)
    })
    .answer(&console)
}

/// The page with its button. Changes nothing.
async fn show(console: &Console, path: &str) -> Result<Page, StoreError> {
    let Some(subscriber) = find(console, path).await? else { return Ok(Page::unknown()) };
    if subscriber.standing == Standing::Unsubscribed {
        return Ok(Page::left(console, &subscriber));
    }
    let (list, address) = (list(console, &subscriber), subscriber.address.masked());
    Ok(Page {
        status: StatusCode::OK,
        title: text!("Hủy nhận thư", "Unsubscribe"),
        lines: vec![
            text!("Danh sách thư: {list}", "Mailing list: {list}"),
            text!("Địa chỉ của bạn: {address}", "Your address: {address}"),
            text!(
                "Bấm nút dưới đây để không nhận thư của danh sách này nữa.",
                "Press the button to get no more mail from this list."
            ),
        ],
        button: Some(text!("Hủy nhận thư", "Unsubscribe")),
    })
}

/// Whoever asks, and however often: from now on they are not written to.
async fn leave(console: &Console, request: Request<Body>) -> Result<Page, StoreError> {
    let path = request.uri().path().to_owned();
    let Ok(body) = to_bytes(request.into_body(), MOST_BYTES).await else {
        let title = text!("Yêu cầu dài quá mức", "The request is too long");
        return Ok(Page::simple(StatusCode::PAYLOAD_TOO_LARGE, title));
    };
    let Some(subscriber) = find(console, &path).await? else { return Ok(Page::unknown()) };
    tracing::debug!(channel = %subscriber.channel, bytes = body.len(), "a recipient unsubscribes");
    let reason = text!("qua liên kết trong thư", "by the link in a letter");
    let new = NewStanding {
        standing: Standing::Unsubscribed,
        reason: Some(reason.get(console.language).to_owned()),
        who: "recipient".to_owned(),
        at: console.clock.now(),
    };
    console.subscribers.stand(subscriber.channel.clone(), subscriber.address.clone(), new).await?;
    Ok(Page::left(console, &subscriber))
}

async fn find(console: &Console, path: &str) -> Result<Option<Subscriber>, StoreError> {
    let token = path.strip_prefix(UNSUBSCRIBE_PATH).unwrap_or_default().trim_matches('/').to_ascii_lowercase();
    console.subscribers.by_token(token).await
}

/// What people call the list: the channel's name.
fn list(console: &Console, subscriber: &Subscriber) -> String {
    let known = console.desk.channels.summaries().into_iter().find(|summary| summary.channel == subscriber.channel);
    known.map_or_else(|| subscriber.channel.clone(), |summary| summary.name)
}

struct Page {
    status: StatusCode,
    title: Text,
    lines: Vec<Text>,
    button: Option<Text>,
}

impl Page {
    fn simple(status: StatusCode, title: Text) -> Self {
        Self { status, title, lines: Vec::new(), button: None }
    }

    /// The same for every token that is not there, whatever it looks like.
    fn unknown() -> Self {
        Self {
            lines: vec![text!(
                "Hãy mở lại liên kết trong thư, chép đủ cả dòng. Nếu vẫn không được, xin liên hệ cơ quan để được xóa khỏi danh sách.",
                "Please open the link in the letter again, the whole of it. If that does not help, ask the office to take you off the list."
            )],
            ..Self::simple(
                StatusCode::NOT_FOUND,
                text!("Liên kết không đúng hoặc không còn dùng", "The link is not right, or no longer in use"),
            )
        }
    }

    fn left(console: &Console, subscriber: &Subscriber) -> Self {
        let (list, address, office) = (list(console, subscriber), subscriber.address.masked(), &console.office);
        Self {
            status: StatusCode::OK,
            title: text!("Đã hủy nhận thư", "You are unsubscribed"),
            lines: vec![
                text!("Danh sách thư: {list}", "Mailing list: {list}"),
                text!(
                    "{address} sẽ không nhận thư của danh sách này nữa.",
                    "{address} will get no more mail from this list."
                ),
                text!(
                    "Muốn nhận lại, xin liên hệ {office}: chỉ cơ quan mới thêm lại được.",
                    "To get it again, please ask {office}: only the office can put you back."
                ),
            ],
            button: None,
        }
    }

    fn answer(&self, console: &Console) -> Response {
        let language = console.language;
        let say = |text: &Text| text.get(language).to_owned();
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let values = context! {
            language => Serde(language),
            office => console.office.as_str(),
            style => STYLE,
            title => say(&self.title),
            lines => self.lines.iter().map(say).collect::<Vec<_>>(),
            button => self.button.as_ref().map(say),
        };
        let html = environment.render_str(TEMPLATE, values).unwrap_or_else(|error| {
            tracing::error!(%error, "the page to unsubscribe cannot be written");
            say(&self.title)
        });
        let mut response = (self.status, html).into_response();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        if let Ok(policy) = HeaderValue::from_str(&policy()) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Nothing but the page's own style and its own button.
fn policy() -> String {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
