//! Who is there, and what they may do: every page passes here first.

mod address;
mod attempts;
mod cookies;
mod form;
mod headers;
mod sign_in;
mod stop;
mod visit;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;

use super::Face;
use crate::people::{Role, Session, Token};
use crate::text;

use address::from_our_own_page;
pub(super) use attempts::Attempts;
pub(super) use cookies::{SESSION, SETUP, brought, clear, set};
pub(super) use form::{Form, Upload};
pub(super) use headers::{framed, with_frames, with_headers};
pub(super) use sign_in::{Refusal, begin, hashed, prove, prove_again};
pub use stop::Stop;
pub(super) use visit::{Guest, Officer, answer, redirect};

/// How long a set-up link can be used.
pub const SETUP_HOURS: i64 = 24;
/// A session's last use is noted this often.
const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Largest form, in bytes.
const MOST_FORM: usize = 4 * 1024 * 1024;
/// Largest form that carries pictures.
const MOST_UPLOAD: usize = 32 * 1024 * 1024;
/// Of somebody who is not signed in.
const MOST_STRANGERS_FORM: usize = 16 * 1024;

/// What a route asks of whoever comes.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) face: Arc<Face>,
    /// `None`: nothing.
    pub(super) least: Option<Role>,
}

/// Lets through who may pass: the handler finds a [`Guest`], and where a role is asked for, an [`Officer`] in the request.
pub(super) async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let face = Arc::clone(&door.face);
    let guest = Guest::of(&face, &request);
    match enter(&door, &guest, request).await {
        Ok((request, officer)) => finish(&face, &guest, officer, next.run(request).await).await,
        Err((stop, officer)) => finish(&face, &guest, officer, stop.into_response()).await,
    }
}

type Turned = (Stop, Option<Officer>);

async fn enter(door: &Door, guest: &Guest, request: Request) -> Result<(Request, Option<Officer>), Turned> {
    let face = &door.face;
    let session = match &guest.token {
        Some(token) => {
            face.console.people.session(token.hash(), face.console.clock.now()).await.map_err(|e| (e.into(), None))?
        }
        None => None,
    };
    let officer = session.map(|session| Officer::of(face, guest, session));
    if officer.is_none() && door.least.is_some() {
        return Err((Stop::SignIn(guest.path.clone()), None));
    }
    let (mut parts, body) = request.into_parts();
    let form = match parts.method {
        Method::GET | Method::HEAD => Form::default(),
        _ => match changing(face, &parts.headers, body, officer.as_ref()).await {
            Ok(form) => form,
            Err(stop) => return Err((stop, officer)),
        },
    };
    if let Some((least, officer)) = door.least.zip(officer.clone())
        && officer.session.account.role < least
    {
        return Err((Stop::Forbidden(least), Some(officer)));
    }
    parts.extensions.insert(guest.clone());
    parts.extensions.insert(form);
    if let Some(officer) = &officer {
        parts.extensions.insert(officer.clone());
    }
    Ok((Request::from_parts(parts, Body::empty()), officer))
}

/// The form of a request that changes something: from a page of our own, with the session's token if there is a session.
async fn changing(face: &Face, headers: &HeaderMap, body: Body, officer: Option<&Officer>) -> Result<Form, Stop> {
    if !from_our_own_page(headers, face.console.public_url.as_deref()) {
        return Err(Stop::foreign());
    }
    let form = read(headers, body, officer.is_some()).await?;
    match officer {
        Some(officer) if !carries(&form, &officer.session) => Err(Stop::foreign()),
        _ => Ok(form),
    }
}

/// Whether a form carries the session's own token. Comparing hashes gives nothing away.
fn carries(form: &Form, session: &Session) -> bool {
    Token::brought(form.get("csrf")).is_some_and(|token| token.hash() == session.csrf.hash())
}

async fn read(headers: &HeaderMap, body: Body, officer: bool) -> Result<Form, Stop> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).ok().filter(|_| officer);
    let most = match boundary {
        Some(_) => MOST_UPLOAD,
        None if officer => MOST_FORM,
        None => MOST_STRANGERS_FORM,
    };
    let bytes = axum::body::to_bytes(body, most).await.map_err(|_| {
        Stop::Refused(StatusCode::PAYLOAD_TOO_LARGE, text!("nội dung gửi lên quá lớn", "what was sent is too large"))
    })?;
    match boundary {
        None => Ok(Form::read(&bytes)),
        Some(boundary) => Form::read_parts(bytes, &boundary).await.map_err(|_| {
            Stop::Refused(StatusCode::BAD_REQUEST, text!("không đọc được biểu mẫu", "the form cannot be read"))
        }),
    }
}

/// Shows what went wrong, and notes that the session was used.
async fn finish(face: &Arc<Face>, guest: &Guest, officer: Option<Officer>, mut response: Response) -> Response {
    // An address that axum cannot make anything of, such as a number that is none, is one that is not there.
    let unread = response.status() == StatusCode::BAD_REQUEST && response.extensions().get::<Stop>().is_none();
    let stop = response.extensions_mut().remove::<Stop>().or(unread.then_some(Stop::NotFound));
    if let Some(stop) = stop {
        return match stop {
            Stop::SignIn(_) if guest.partial => StatusCode::UNAUTHORIZED.into_response(),
            Stop::SignIn(path) => Redirect::to(&sign_in_for(&path)).into_response(),
            Stop::Elsewhere(path) => Redirect::to(&path).into_response(),
            stop => stop.show(face, guest, officer.as_ref()),
        };
    }
    if let Some(Officer { session, .. }) = officer {
        let shown = session.notice.is_some() && is_page(&response) && !guest.partial;
        let now = face.console.clock.now();
        if (shown || now - session.seen_at >= NOTE_EVERY)
            && let Err(error) = face.console.people.touch(session.hash, now).await
        {
            tracing::error!(%error, "the use of a session could not be noted");
        }
    }
    response
}

fn is_page(response: &Response) -> bool {
    let html = |value: &axum::http::HeaderValue| value.as_bytes().starts_with(b"text/html");
    response.status().is_success() && response.headers().get(header::CONTENT_TYPE).is_some_and(html)
}

/// The way back after signing in stays on this site.
fn sign_in_for(path: &str) -> String {
    if path == "/" {
        return "/sign-in".to_owned();
    }
    let next: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/sign-in?next={next}")
}
