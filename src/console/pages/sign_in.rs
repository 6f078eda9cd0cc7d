//! Signing in and out.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::{Route, act, route};
use crate::console::Face;
use crate::console::guard::{Form, Guest, Officer, Refusal, SESSION, Stop, begin, clear, prove, redirect};
use crate::people::Role;
use crate::text;
use crate::text::Text;

pub(super) fn routes() -> Vec<Route> {
    vec![
        route(Method::GET, "/sign-in", None, show),
        route(Method::POST, "/sign-in", None, sign_in),
        act("/sign-out", Role::Viewer, sign_out),
    ]
}

/// What the form shows again; never the password.
struct Again<'f> {
    name: &'f str,
    next: &'f str,
    trouble: Option<Text>,
    code: bool,
}

fn page(face: &Face, guest: &Guest, again: &Again<'_>) -> Result<Response, Stop> {
    let title = text!("Đăng nhập", "Sign in");
    let context = json!({ "name": again.name, "next": again.next, "trouble": again.trouble, "code": again.code });
    Ok(face.view.guests_page("sign_in.html", &title, context, guest)?)
}

async fn show(State(face): State<Arc<Face>>, guest: Guest) -> Result<Response, Stop> {
    let next = guest.query.get("next").to_owned();
    page(&face, &guest, &Again { name: "", next: &next, trouble: None, code: false })
}

async fn sign_in(State(face): State<Arc<Face>>, guest: Guest, form: Form) -> Result<Response, Stop> {
    let (name, next) = (form.trimmed("name"), form.get("next"));
    let proven = prove(&face, &guest, (name, form.get("password"), form.get("code"))).await;
    let (status, trouble, code) = match proven {
        Ok(account) => {
            let mut response = redirect(within(next));
            begin(&face, &guest, account.id, response.headers_mut()).await?;
            return Ok(response);
        }
        Err(Refusal::Stop(stop)) => return Err(stop),
        Err(Refusal::Wait(until)) => {
            let minutes = (until - face.console.clock.now()).num_minutes() + 1;
            let text = text!(
                "đã sai nhiều lần; chờ {minutes} phút rồi thử lại, hoặc nhờ người quản trị đặt lại mật khẩu",
                "too many wrong tries; wait {minutes} minutes, or ask an administrator for a new password"
            );
            (StatusCode::TOO_MANY_REQUESTS, text, false)
        }
        Err(Refusal::Wrong) => (
            StatusCode::UNAUTHORIZED,
            text!("tên hoặc mật khẩu không đúng", "the name or the password is wrong"),
            !form.get("code").is_empty(),
        ),
        Err(Refusal::Code { given }) => (
            StatusCode::UNAUTHORIZED,
            if given {
                text!(
                    "mã không đúng hoặc đã dùng; nhập lại mật khẩu và mã mới trên điện thoại",
                    "the code is wrong or was used; type the password again and the next code"
                )
            } else {
                text!(
                    "tài khoản này cần thêm mã trên điện thoại; nhập lại mật khẩu cùng với mã",
                    "this account needs the code on the phone too; type the password again, and the code"
                )
            },
            true,
        ),
    };
    let mut response = page(&face, &guest, &Again { name, next, trouble: Some(trouble), code })?;
    *response.status_mut() = status;
    Ok(response)
}

/// Where to go after signing in: on this site, whatever the form says.
fn within(next: &str) -> &str {
    let rooted = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/sign-");
    let plain = next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if rooted && plain { next } else { "/" }
}

async fn sign_out(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    face.console.people.sign_out(officer.session.hash.clone(), officer.by()).await?;
    let mut response = redirect("/sign-in");
    clear(response.headers_mut(), SESSION, guest.secure);
    Ok(response)
}
