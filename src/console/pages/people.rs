//! Who uses the console, and what they may do.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Route, act, look};
use crate::console::Face;
use crate::console::guard::{Form, Officer, Stop, hashed};
use crate::people::{Account, AccountChange, AccountId, NewAccount, Notice, Password, PasswordHash, Role};
use crate::text;
use crate::text::Text;

const LIST: &str = "/people";

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(LIST, Role::Administrator, list),
        act(LIST, Role::Administrator, add),
        look("/people/{id}", Role::Administrator, one),
        act("/people/{id}/role", Role::Administrator, role),
        act("/people/{id}/password", Role::Administrator, password),
        act("/people/{id}/two-steps-off", Role::Administrator, two_steps_off),
        look("/people/{id}/disable", Role::Administrator, ask_disable),
        act("/people/{id}/disable", Role::Administrator, disable),
        act("/people/{id}/enable", Role::Administrator, enable),
    ]
}

pub(super) fn person(account: &Account) -> Value {
    json!({
        "id": account.id.0,
        "name": account.name,
        "display": account.display,
        "role": account.role,
        "role_word": account.role.text(),
        "two_steps": account.two_steps,
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
    })
}

fn roles() -> Vec<Value> {
    Role::ALL.iter().map(|role| json!({ "name": role, "word": role.text(), "may": role.may() })).collect()
}

async fn seen(face: &Face, form: &Form, trouble: Option<&Text>) -> Result<Value, Stop> {
    let accounts = face.console.people.accounts().await?;
    let chosen = Role::named(form.get("role")).unwrap_or(Role::Editor);
    Ok(json!({
        "people": accounts.iter().map(person).collect::<Vec<_>>(),
        "roles": roles(),
        "name": form.trimmed("name"),
        "display": form.trimmed("display"),
        "chosen": chosen,
        "trouble": trouble,
    }))
}

fn title() -> Text {
    text!("Người dùng", "People")
}

async fn list(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    officer.page("people.html", &title(), seen(&face, &Form::default(), None).await?)
}

async fn add(State(face): State<Arc<Face>>, officer: Officer, form: Form) -> Result<Response, Stop> {
    let trouble = match new(&face, &form).await? {
        Ok(new) => {
            let name = new.display.clone();
            match face.console.people.add_account(new, officer.by()).await? {
                Ok(_) => {
                    let text = text!(
                        "đã thêm {name}; trao mật khẩu tận tay, người đó tự đổi ở trang Tài khoản",
                        "{name} was added; hand over the password in person, to be changed on the page Account"
                    );
                    return officer.on_to(LIST, Notice::done(text)).await;
                }
                Err(trouble) => trouble,
            }
        }
        Err(trouble) => trouble,
    };
    officer.page_again("people.html", &title(), seen(&face, &form, Some(&trouble)).await?)
}

async fn new(face: &Face, form: &Form) -> Result<Result<NewAccount, Text>, Stop> {
    let Some(role) = Role::named(form.get("role")) else {
        return Ok(Err(text!("hãy chọn một quyền", "choose a role")));
    };
    Ok(match checked(face, form).await? {
        Ok(hash) => NewAccount::checked(form.get("name"), form.get("display"), role, hash),
        Err(trouble) => Err(trouble),
    })
}

/// The new password of a form, hashed.
pub(super) async fn checked(face: &Face, form: &Form) -> Result<Result<PasswordHash, Text>, Stop> {
    match Password::new(form.get("password")) {
        Ok(password) => Ok(Ok(hashed(face, password).await?)),
        Err(trouble) => Ok(Err(trouble)),
    }
}

async fn find(face: &Face, id: i64) -> Result<Account, Stop> {
    let accounts = face.console.people.accounts().await?;
    accounts.into_iter().find(|account| account.id == AccountId(id)).ok_or(Stop::NotFound)
}

fn context(account: &Account, officer: &Officer, trouble: Option<&Text>) -> Value {
    let own = account.id == officer.session.account.id;
    json!({ "person": person(account), "roles": roles(), "own": own, "trouble": trouble })
}

async fn one(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let account = find(&face, id).await?;
    officer.page("person.html", &Text::same(&account.display), context(&account, &officer, None))
}

async fn change(face: &Face, officer: &Officer, id: i64, change: AccountChange, done: Text) -> Result<Response, Stop> {
    let changed = face.console.people.change_account(AccountId(id), change, officer.by()).await?;
    let notice = match changed {
        Ok(()) => Notice::done(done),
        Err(trouble) => Notice::refused(trouble),
    };
    officer.on_to(&format!("{LIST}/{id}"), notice).await
}

async fn role(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Stop> {
    let Some(role) = Role::named(form.get("role")) else {
        return Err(Stop::refused(text!("hãy chọn một quyền", "choose a role")));
    };
    change(&face, &officer, id, AccountChange::Role(role), text!("đã đổi quyền", "the role was changed")).await
}

async fn password(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Stop> {
    let account = find(&face, id).await?;
    let hash = match checked(&face, &form).await? {
        Ok(hash) => hash,
        Err(trouble) => {
            let title = Text::same(&account.display);
            return officer.page_again("person.html", &title, context(&account, &officer, Some(&trouble)));
        }
    };
    let done = text!(
        "đã đặt mật khẩu mới; người này phải đăng nhập lại ở mọi nơi",
        "there is a new password; this person has to sign in again everywhere"
    );
    let keep = (account.id == officer.session.account.id).then(|| officer.session.hash.clone());
    let changed = change(&face, &officer, id, AccountChange::Password { hash, keep }, done).await?;
    face.attempts.forget(&account.name);
    Ok(changed)
}

async fn two_steps_off(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let done = text!("đã tắt mã hai bước", "the second step is off");
    change(&face, &officer, id, AccountChange::TwoSteps(None), done).await
}

/// The second look before somebody can no longer sign in.
async fn ask_disable(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let name = find(&face, id).await?.display;
    let context = json!({
        "question": text!("Khóa tài khoản của {name}?", "Disable the account of {name}?"),
        "consequences": [
            text!("{name} bị đăng xuất ngay ở mọi nơi và không đăng nhập được nữa.", "{name} is signed out everywhere and cannot sign in."),
            text!("Việc {name} đã làm vẫn còn trong sổ. Mở lại được bất cứ lúc nào.", "What {name} did stays in the ledger. It can be undone at any time."),
        ],
        "action": format!("{LIST}/{id}/disable"),
        "button": text!("Khóa tài khoản", "Disable the account"),
        "grave": true,
        "fields": [],
        "back": format!("{LIST}/{id}"),
    });
    officer.page("confirm.html", &text!("Khóa tài khoản", "Disable an account"), context)
}

async fn disable(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    if AccountId(id) == officer.session.account.id {
        let text = text!("không tự khóa tài khoản của mình được", "nobody disables their own account");
        return officer.on_to(&format!("{LIST}/{id}"), Notice::refused(text)).await;
    }
    change(&face, &officer, id, AccountChange::Disabled(true), text!("đã khóa", "it is disabled")).await
}

async fn enable(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    change(&face, &officer, id, AccountChange::Disabled(false), text!("đã mở lại", "it is enabled again")).await
}
