//! The first administrator, made by whoever holds the link that loa printed.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use serde_json::json;

use super::{Route, route};
use crate::console::Face;
use crate::console::guard::{Form, Guest, SETUP, Stop, begin, brought, clear, hashed, redirect, set};
use crate::people::{NewAccount, Password, Role, Token};
use crate::text;
use crate::text::Text;

/// How long the form may take.
const FORM: TimeDelta = TimeDelta::minutes(30);

pub(super) fn routes() -> Vec<Route> {
    vec![
        route(Method::GET, "/set-up/{token}", None, open),
        route(Method::GET, "/set-up", None, show),
        route(Method::POST, "/set-up", None, make),
    ]
}

fn over() -> Stop {
    let text = text!(
        "liên kết thiết lập đã dùng hoặc hết hạn; khởi động lại loa để có liên kết mới",
        "the set-up link was used or is over; start loa again for a new one"
    );
    Stop::Refused(StatusCode::NOT_FOUND, text)
}

/// The link works once: it becomes a short cookie, so that it is worth nothing in a history or a proxy's log.
async fn open(
    State(face): State<Arc<Face>>,
    guest: Guest,
    method: Method,
    Path(token): Path<String>,
) -> Result<Response, Stop> {
    // Whoever only asks whether it is there does not use it up.
    if method == Method::HEAD {
        return Ok(StatusCode::OK.into_response());
    }
    let (link, form) = (Token::brought(&token).ok_or_else(over)?, Token::new()?);
    let now = face.console.clock.now();
    if !face.console.people.take_setup(link.hash(), form.hash(), now + FORM, now).await? {
        return Err(over());
    }
    let mut response = redirect("/set-up");
    set(response.headers_mut(), SETUP, &form, FORM, guest.secure);
    Ok(response)
}

async fn right(face: &Face, guest: &Guest, headers: &HeaderMap) -> Result<Token, Stop> {
    let form = brought(headers, SETUP, guest.secure).ok_or_else(over)?;
    let now = face.console.clock.now();
    if face.console.people.may_set_up(form.hash(), now).await? { Ok(form) } else { Err(over()) }
}

fn page(face: &Face, guest: &Guest, form: &Form, trouble: Option<&Text>) -> Result<Response, Stop> {
    let title = text!("Thiết lập lần đầu", "First set-up");
    let context = json!({ "name": form.trimmed("name"), "display": form.trimmed("display"), "trouble": trouble });
    Ok(face.view.guests_page("set_up.html", &title, context, guest)?)
}

async fn show(State(face): State<Arc<Face>>, guest: Guest, headers: HeaderMap) -> Result<Response, Stop> {
    right(&face, &guest, &headers).await?;
    page(&face, &guest, &Form::default(), None)
}

async fn make(State(face): State<Arc<Face>>, guest: Guest, headers: HeaderMap, form: Form) -> Result<Response, Stop> {
    let token = right(&face, &guest, &headers).await?;
    let again = |trouble: Text| {
        let mut response = page(&face, &guest, &form, Some(&trouble))?;
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(response)
    };
    let password = match Password::new(form.get("password")) {
        Ok(password) => password,
        Err(trouble) => return again(trouble),
    };
    if form.get("password") != form.get("again") {
        return again(text!("hai lần gõ mật khẩu không giống nhau", "the two passwords differ"));
    }
    let hash = hashed(&face, password).await?;
    let new = match NewAccount::checked(form.get("name"), form.get("display"), Role::Administrator, hash) {
        Ok(new) => new,
        Err(trouble) => return again(trouble),
    };
    let id = match face.console.people.set_up(token.hash(), new, face.console.clock.now()).await? {
        Ok(id) => id,
        Err(trouble) => return again(trouble),
    };
    let mut response = redirect("/");
    clear(response.headers_mut(), SETUP, guest.secure);
    begin(&face, &guest, id, response.headers_mut()).await?;
    Ok(response)
}
