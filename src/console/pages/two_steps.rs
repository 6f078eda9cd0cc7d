//! The second step of signing in, switched on and off by the owner of an account.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::own::{OWN, present_password};
use super::{Route, act, look};
use crate::console::Face;
use crate::console::guard::{Form, Guest, Officer, Stop};
use crate::people::{AccountChange, Notice, Role, TwoSteps};
use crate::text;
use crate::text::Text;

pub(super) fn routes() -> Vec<Route> {
    vec![
        look("/account/two-steps", Role::Viewer, show),
        act("/account/two-steps", Role::Viewer, switch_on),
        act("/account/two-steps/off", Role::Viewer, switch_off),
    ]
}

fn title() -> Text {
    text!("Mã hai bước", "Second step")
}

/// The page carries the new secret in its form; it is kept only once a code from it was right.
fn page(face: &Face, officer: &Officer, secret: &TwoSteps, trouble: Option<&Text>) -> Result<Response, Stop> {
    let written = secret.reveal();
    let grouped: Vec<String> =
        written.chars().collect::<Vec<_>>().chunks(4).map(|four| four.iter().collect()).collect();
    let link = secret.link(&face.console.office, &officer.session.account.name);
    let context = json!({ "secret": written, "grouped": grouped.join(" "), "link": link, "trouble": trouble });
    match trouble {
        Some(_) => officer.page_again("two_steps.html", &title(), context),
        None => officer.page("two_steps.html", &title(), context),
    }
}

async fn show(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    page(&face, &officer, &TwoSteps::new()?, None)
}

async fn switch_on(
    State(face): State<Arc<Face>>,
    guest: Guest,
    officer: Officer,
    form: Form,
) -> Result<Response, Stop> {
    let Some(secret) = TwoSteps::written(form.trimmed("secret")) else {
        return Err(Stop::refused(text!("thiếu khóa; mở lại trang này", "the key is missing; open the page again")));
    };
    if let Err(trouble) = present_password(&face, &guest, &officer, &form).await? {
        return page(&face, &officer, &secret, Some(&trouble));
    }
    let Some(step) = secret.step_of(form.get("code"), face.console.clock.now()) else {
        let trouble = text!(
            "mã không đúng; xem lại giờ trên điện thoại rồi nhập mã đang hiện",
            "the code is wrong; check the phone's clock and type the code that it shows"
        );
        return page(&face, &officer, &secret, Some(&trouble));
    };
    let id = officer.session.account.id;
    let change = AccountChange::TwoSteps(Some(secret));
    face.console.people.change_account(id, change, officer.by()).await?.map_err(Stop::refused)?;
    face.console.people.use_code(id, step).await?;
    let text =
        text!("đã bật mã hai bước; từ nay đăng nhập cần cả mã", "the second step is on: signing in takes a code, too");
    officer.on_to(OWN, Notice::done(text)).await
}

async fn switch_off(
    State(face): State<Arc<Face>>,
    guest: Guest,
    officer: Officer,
    form: Form,
) -> Result<Response, Stop> {
    let notice = match present_password(&face, &guest, &officer, &form).await? {
        Err(trouble) => Notice::refused(trouble),
        Ok(()) => {
            let change = AccountChange::TwoSteps(None);
            let id = officer.session.account.id;
            face.console.people.change_account(id, change, officer.by()).await?.map_err(Stop::refused)?;
            Notice::done(text!("đã tắt mã hai bước", "the second step is off"))
        }
    };
    officer.on_to(OWN, notice).await
}
