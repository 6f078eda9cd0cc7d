//! One channel: how it stands, and what can be done with it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::list::shown;
use super::{address, after, failed, listed};
use crate::console::guard::{Form, Officer, Stop};
use crate::console::{Face, FileChange, Saved};
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

pub(super) async fn page(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let now = face.console.clock.now();
    let care = &face.console.desk.care;
    let role = officer.session.account.role;
    let mut context = json!({
        "now": now,
        "href": address(&name),
        "edits": role >= Role::Editor,
        "administers": role >= Role::Administrator,
        "one": null,
        "targets": [],
        "trouble": null,
    });
    if let Some(standing) = care.standing(name.clone()).await? {
        context["one"] = shown(&standing, now);
        return officer.page("channel.html", &Text::same(standing.summary.name), context);
    }
    // A file that is not in force: new, broken, or one that stands for several places.
    face.console.desk.files.form(name.clone()).await.map_err(failed)?.ok_or(Stop::NotFound)?;
    let all = care.standings().await?;
    let targets: Vec<Value> = all.iter().filter(|one| one.file == name).map(|standing| shown(standing, now)).collect();
    let broken = face.console.desk.files.broken().await.map_err(failed)?;
    context["targets"] = targets.into();
    context["trouble"] = json!(broken.into_iter().find(|(file, _)| *file == name).map(|(_, text)| text));
    officer.page("channel.html", &Text::same(name), context)
}

async fn told(officer: &Officer, name: &str, done: Result<(), Text>, text: Text) -> Result<Response, Stop> {
    let notice = match done {
        Ok(()) => Notice::done(text),
        Err(refused) => Notice::refused(refused),
    };
    officer.on_to(&address(name), notice).await
}

pub(super) async fn pause(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let done = face.console.desk.care.pause(name.clone(), officer.by()).await?;
    let text = text!("đã tạm dừng; bài mới xếp hàng chờ", "it is paused; what comes waits");
    told(&officer, &name, done, text).await
}

pub(super) async fn resume(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let done = face.console.desk.care.resume(name.clone(), officer.by()).await?;
    told(&officer, &name, done, text!("kênh chạy tiếp", "the channel goes on")).await
}

pub(super) async fn check(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let notice = match face.console.desk.care.check(name.clone()).await {
        Ok(found) if found.well => Notice::done(found.note),
        Ok(found) => Notice::refused(found.note),
        Err(refused) => Notice::refused(refused),
    };
    officer.on_to(&address(&name), notice).await
}

pub(super) async fn try_out(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    match face.console.desk.care.try_out(name.clone(), officer.by()).await? {
        Ok(trial) => {
            let context = json!({ "trial": trial, "href": address(&name), "name": name });
            officer.page("channel_trial.html", &text!("Thử kênh", "Trying the channel out"), context)
        }
        Err(refused) => officer.on_to(&address(&name), Notice::refused(refused)).await,
    }
}

pub(super) async fn routing(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let Ok(routed) = face.console.desk.care.routing(name.clone()).await? else { return Err(Stop::NotFound) };
    let taken = routed.iter().filter(|one| one.why_not.is_none()).count();
    let context = json!({ "routed": routed, "taken": taken, "href": address(&name), "name": name });
    officer.page("channel_routing.html", &text!("Kênh nhận bài nào", "Which articles it takes"), context)
}

/// What one key of the head may say, and the question before it does.
struct Turn {
    key: &'static str,
    value: &'static str,
    question: fn(&str) -> Text,
    consequence: fn() -> Text,
    button: fn() -> Text,
    grave: bool,
}

const TURNS: [Turn; 4] = [
    Turn {
        key: "enabled",
        value: "true",
        question: |name| text!("Bật kênh {name}?", "Switch {name} on?"),
        consequence: || {
            text!(
                "Kênh nhận bài từ bây giờ; bài cũ không gửi lại.",
                "It takes articles from now on; older ones are not sent."
            )
        },
        button: || text!("Bật kênh", "Switch it on"),
        grave: false,
    },
    Turn {
        key: "enabled",
        value: "false",
        question: |name| text!("Tắt kênh {name}?", "Switch {name} off?"),
        consequence: || {
            text!(
                "Kênh không nhận bài mới; bài đang chờ nằm lại đó. Bản đã đăng vẫn còn.",
                "It takes no articles; what waits stays there. What was published stays."
            )
        },
        button: || text!("Tắt kênh", "Switch it off"),
        grave: true,
    },
    Turn {
        key: "mode",
        value: "live",
        question: |name| text!("Cho kênh {name} chạy thật?", "Let {name} go live?"),
        consequence: || {
            text!(
                "Từ bây giờ bài được gửi ra ngoài cho mọi người thấy.",
                "From now on articles are sent, and everybody sees them."
            )
        },
        button: || text!("Chạy thật", "Go live"),
        grave: true,
    },
    Turn {
        key: "mode",
        value: "rehearsal",
        question: |name| text!("Chuyển kênh {name} sang diễn tập?", "Let {name} rehearse?"),
        consequence: || {
            text!(
                "Bài chỉ được ghi thành tệp để xem, không gửi ra ngoài. Đính chính và thu hồi bản đã đăng phải chờ chạy thật.",
                "Articles become files to look at, nothing is sent. Corrections and withdrawals of what is public wait until it is live."
            )
        },
        button: || text!("Diễn tập", "Rehearse"),
        grave: false,
    },
];

fn turn(form: &Form) -> Result<&'static Turn, Stop> {
    let asked = |turn: &&Turn| turn.key == form.get("key") && turn.value == form.get("value");
    let unknown = || Stop::refused(text!("hãy chọn việc cần làm", "choose what to do"));
    TURNS.iter().find(asked).ok_or_else(unknown)
}

/// The second look before a channel changes what the public sees.
pub(super) async fn ask_set(
    State(face): State<Arc<Face>>,
    guest: crate::console::guard::Guest,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let turn = turn(&guest.query)?;
    let form = face.console.desk.files.form(name.clone()).await.map_err(failed)?.ok_or(Stop::NotFound)?;
    let mut consequences = vec![(turn.consequence)()];
    if form.channel != name {
        let file = &form.channel;
        consequences.push(text!("Mọi nơi trong tệp {file} cùng đổi.", "Every place of the file {file} changes."));
    }
    let context = json!({
        "question": (turn.question)(&name),
        "consequences": consequences,
        "action": format!("{}/set", address(&name)),
        "button": (turn.button)(),
        "grave": turn.grave,
        "fields": [{ "name": "key", "value": turn.key }, { "name": "value", "value": turn.value }],
        "back": address(&name),
    });
    officer.page("confirm.html", &(turn.button)(), context)
}

pub(super) async fn set(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let turn = turn(&form)?;
    let change = FileChange::Set { key: turn.key, value: turn.value };
    let saved = face.console.desk.files.change(name.clone(), change, officer.by()).await?;
    if let Some(response) = after(&officer, &saved, &address(&name)).await? {
        return Ok(response);
    }
    let refused = match &saved {
        Saved::Wrong(mistakes) => listed(mistakes),
        _ => text!("có người vừa sửa tệp này; hãy thử lại", "somebody has just changed this file; try again"),
    };
    officer.on_to(&address(&name), Notice::refused(refused)).await
}
