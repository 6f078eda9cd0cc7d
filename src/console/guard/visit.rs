//! Whoever asks for a page.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::address::address;
use super::{Form, SESSION, Stop, brought};
use crate::console::Face;
use crate::people::{Notice, Session, Token};
use crate::queue::By;
use crate::text::{Language, Text};

/// Anybody.
#[derive(Clone)]
pub(in crate::console) struct Guest {
    /// From where.
    pub(in crate::console) address: String,
    /// What they read.
    pub(in crate::console) language: Language,
    /// The path they asked for, with its query where something is only looked at.
    pub(in crate::console) path: String,
    /// The query's fields.
    pub(in crate::console) query: Form,
    /// Whether cookies go over `https` only.
    pub(in crate::console) secure: bool,
    /// Whether only a part of a page is asked for, to be put into one that is shown.
    pub(in crate::console) partial: bool,
    /// What the session's cookie carries.
    pub(super) token: Option<Token>,
}

impl Guest {
    pub(super) fn of(face: &Face, request: &Request) -> Self {
        let secure = face.console.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let path = if request.method().is_safe() { path } else { "/" };
        Self {
            address: address(request, face.console.proxy),
            language: face.console.language,
            path: path.to_owned(),
            query: Form::of_query(request.uri().query()),
            secure,
            partial: request.headers().contains_key("hx-request"),
            token: brought(request.headers(), SESSION, secure),
        }
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(in crate::console) struct Officer {
    /// The session.
    pub(in crate::console) session: Session,
    /// What they read.
    pub(in crate::console) language: Language,
    guest: Guest,
    face: Arc<Face>,
}

impl Officer {
    pub(super) fn of(face: &Arc<Face>, guest: &Guest, session: Session) -> Self {
        let language = session.account.language.unwrap_or(guest.language);
        Self { session, language, guest: guest.clone(), face: Arc::clone(face) }
    }

    /// Who does something now, for the ledger.
    pub(in crate::console) fn by(&self) -> By {
        By { who: self.session.account.display.clone(), at: self.face.console.clock.now() }
    }

    /// A page in the layout.
    pub(in crate::console) fn page(
        &self,
        template: &str,
        title: &Text,
        context: serde_json::Value,
    ) -> Result<Response, Stop> {
        Ok(self.face.view.officers_page(template, title, context, &self.guest, self)?)
    }

    /// The same, where what was written could not be taken.
    pub(in crate::console) fn page_again(
        &self,
        template: &str,
        title: &Text,
        context: serde_json::Value,
    ) -> Result<Response, Stop> {
        let mut response = self.page(template, title, context)?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    }

    /// On to another page, which says what was done.
    pub(in crate::console) async fn on_to(&self, path: &str, notice: Notice) -> Result<Response, Stop> {
        self.face.console.people.leave_notice(self.session.hash.clone(), notice).await?;
        Ok(redirect(path))
    }
}

/// On to another page, by GET.
pub(in crate::console) fn redirect(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// HTML.
pub(in crate::console) fn answer(html: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

fn put_there<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, Stop> {
    // Every route passes the guard, which puts it there.
    let missing = |uri: &Uri| Stop::Failed(format!("{uri} is not guarded"));
    parts.extensions.get::<T>().cloned().ok_or_else(|| missing(&parts.uri))
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Stop> {
        put_there(parts)
    }
}

impl<S: Sync> FromRequestParts<S> for Officer {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Stop> {
        put_there(parts)
    }
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
