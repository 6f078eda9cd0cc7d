//! An officer's own account: language and password.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::people::{checked, person};
use super::{Route, act, look};
use crate::console::Face;
use crate::console::guard::{Form, Guest, Officer, Refusal, Stop, prove_again};
use crate::people::{AccountChange, Notice, Role};
use crate::text;
use crate::text::{Language, Text};

pub(super) const OWN: &str = "/account";

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(OWN, Role::Viewer, show),
        act("/account/language", Role::Viewer, language),
        act("/account/password", Role::Viewer, password),
    ]
}

fn context(officer: &Officer, trouble: Option<&Text>) -> Value {
    let account = &officer.session.account;
    json!({ "person": person(account), "may": account.role.may(), "reads": account.language, "trouble": trouble })
}

fn title() -> Text {
    text!("Tài khoản", "Account")
}

async fn show(officer: Officer) -> Result<Response, Stop> {
    officer.page("own.html", &title(), context(&officer, None))
}

async fn language(State(face): State<Arc<Face>>, officer: Officer, form: Form) -> Result<Response, Stop> {
    let change = AccountChange::Language(Language::from_locale(form.get("language")));
    // Nothing is refused but an account that is gone, and then there is no page either.
    let changed = face.console.people.change_account(officer.session.account.id, change, officer.by()).await?;
    changed.map_err(Stop::refused)?;
    officer.on_to(OWN, Notice::done(text!("đã đổi ngôn ngữ", "the language was changed"))).await
}

/// Whether the present password is right.
pub(super) async fn present_password(
    face: &Arc<Face>,
    guest: &Guest,
    officer: &Officer,
    form: &Form,
) -> Result<Result<(), Text>, Stop> {
    match prove_again(face, guest, officer, form.get("present")).await {
        Ok(()) => Ok(Ok(())),
        Err(Refusal::Wait(_)) => {
            Ok(Err(text!("đã sai nhiều lần; chờ 15 phút rồi thử lại", "too many wrong tries; wait 15 minutes")))
        }
        Err(Refusal::Stop(stop)) => Err(stop),
        Err(_) => Ok(Err(text!("mật khẩu hiện nay không đúng", "the present password is wrong"))),
    }
}

async fn password(State(face): State<Arc<Face>>, guest: Guest, officer: Officer, form: Form) -> Result<Response, Stop> {
    let trouble = match present_password(&face, &guest, &officer, &form).await? {
        Err(trouble) => trouble,
        Ok(()) => match checked(&face, &form).await? {
            Err(trouble) => trouble,
            Ok(_) if form.get("password") != form.get("again") => {
                text!("hai lần gõ mật khẩu mới không giống nhau", "the two new passwords differ")
            }
            Ok(hash) => {
                let change = AccountChange::Password { hash, keep: Some(officer.session.hash.clone()) };
                let id = officer.session.account.id;
                face.console.people.change_account(id, change, officer.by()).await?.map_err(Stop::refused)?;
                let text = text!(
                    "đã đổi mật khẩu; nơi khác phải đăng nhập lại",
                    "the password was changed; elsewhere you have to sign in again"
                );
                return officer.on_to(OWN, Notice::done(text)).await;
            }
        },
    };
    officer.page_again("own.html", &title(), context(&officer, Some(&trouble)))
}
