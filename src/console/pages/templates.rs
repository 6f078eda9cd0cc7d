//! The texts that channels fill in: looked at, tried and changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Route, act, look};
use crate::console::guard::{Form, Officer, Stop, framed, with_frames};
use crate::console::view::frame;
use crate::console::{Face, PartBody, PayloadView, TemplateChange, Unable};
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

const LIST: &str = "/templates";
/// So many earlier versions are listed.
const VERSIONS: u32 = 20;
/// So many tries are remembered, one for each session.
const TRIALS: usize = 50;

/// What officers are trying just now: a frame asks for its page after the page around it.
#[derive(Default)]
pub(in crate::console) struct Trials(Mutex<HashMap<String, Vec<PartBody>>>);

impl Trials {
    fn keep(&self, session: &str, parts: Vec<PartBody>) {
        let mut trials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if trials.len() >= TRIALS && !trials.contains_key(session) {
            trials.clear();
        }
        trials.insert(session.to_owned(), parts);
    }

    fn page(&self, session: &str, place: usize) -> Option<String> {
        let trials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        trials.get(session)?.get(place).and_then(frame)
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(LIST, Role::Administrator, list),
        look("/templates/{name}", Role::Administrator, one),
        act("/templates/{name}", Role::Administrator, change),
        act("/templates/{name}/seen", Role::Administrator, seen),
        look("/templates/frame/{id}", Role::Administrator, seen_alone),
        look("/templates/{name}/versions/{id}", Role::Administrator, version),
        act("/templates/{name}/versions/{id}", Role::Administrator, put_back),
    ]
}

fn title() -> Text {
    text!("Mẫu", "Templates")
}

async fn list(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    let list = face.console.desk.templates.list().await?;
    officer.page("templates.html", &title(), json!({ "list": list }))
}

/// What was tried, or why it cannot be.
fn trial(face: &Face, officer: &Officer, tried: Result<PayloadView, Unable>) -> Result<Value, Stop> {
    let turn = face.console.clock.now().timestamp_millis();
    match tried {
        Ok(payload) => {
            let parts = payload.parts.iter().map(|part| part.body.clone()).collect();
            face.trials.keep(&officer.session.hash, parts);
            Ok(json!({ "payload": payload, "frames": "/templates/frame", "turn": turn }))
        }
        Err(Unable::Refused(trouble)) => Ok(json!({ "trouble": trouble })),
        Err(other) => Err(other.into()),
    }
}

struct Sheet<'s> {
    name: &'s str,
    /// What stands in the form; `None`: what is used.
    source: Option<&'s str>,
    /// What was used when the form was opened; `None`: what is used.
    before: Option<&'s str>,
    trouble: Option<Text>,
}

async fn context(face: &Face, officer: &Officer, sheet: Sheet<'_>) -> Result<(Text, Value), Stop> {
    let desk = &face.console.desk;
    let (view, used) = desk.templates.one(sheet.name).await?;
    let source = sheet.source.unwrap_or(&used).to_owned();
    let tried = desk.templates.try_out(sheet.name, source.clone()).await;
    let trial = trial(face, officer, tried)?;
    let versions = desk.versions.versions(format!("templates/{}", sheet.name), VERSIONS).await?;
    let versions: Vec<Value> =
        versions.iter().map(|version| json!({ "id": version.id, "who": version.who, "at": version.at })).collect();
    let context = json!({
        "view": view,
        "source": source,
        "before": sheet.before.unwrap_or(&used),
        "trouble": sheet.trouble,
        "trial": trial,
        "versions": versions,
        "versions_at": format!("{LIST}/{}/versions", sheet.name),
        "now": face.console.clock.now(),
    });
    Ok((view.about, context))
}

async fn one(State(face): State<Arc<Face>>, officer: Officer, Path(name): Path<String>) -> Result<Response, Stop> {
    let sheet = Sheet { name: &name, source: None, before: None, trouble: None };
    let (title, context) = context(&face, &officer, sheet).await?;
    Ok(with_frames(officer.page("template.html", &title, context)?))
}

async fn change(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let source = form.get("source");
    let (change, done) = match form.get("do") {
        "try" => {
            let sheet = Sheet { name: &name, source: Some(source), before: Some(form.get("before")), trouble: None };
            let (title, context) = context(&face, &officer, sheet).await?;
            return Ok(with_frames(officer.page("template.html", &title, context)?));
        }
        "reset" => (TemplateChange::Reset, text!("đã về mẫu có sẵn", "it is the one built in again")),
        _ => {
            let (before, after) = (form.get("before").to_owned(), source.to_owned());
            (TemplateChange::Write { before, after }, text!("đã lưu mẫu", "the template is saved"))
        }
    };
    match face.console.desk.templates.change(&name, change, officer.by()).await {
        Ok(()) => officer.on_to(&format!("{LIST}/{name}"), Notice::done(done)).await,
        Err(Unable::Refused(trouble)) => {
            let (source, before) = (Some(source), Some(form.get("before")));
            let sheet = Sheet { name: &name, source, before, trouble: Some(trouble) };
            let (title, context) = context(&face, &officer, sheet).await?;
            Ok(with_frames(officer.page_again("template.html", &title, context)?))
        }
        Err(other) => Err(other.into()),
    }
}

/// The example alone, for a page that is being typed into.
async fn seen(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let tried = face.console.desk.templates.try_out(&name, form.get("source").to_owned()).await;
    let trial = trial(&face, &officer, tried)?;
    officer.page("template_seen.html", &title(), json!({ "trial": trial }))
}

async fn seen_alone(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(place): Path<usize>,
) -> Result<Response, Stop> {
    face.trials.page(&officer.session.hash, place).map(framed).ok_or(Stop::NotFound)
}

async fn version(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path((name, id)): Path<(String, i64)>,
) -> Result<Response, Stop> {
    let version = face.console.desk.versions.version(id).await?;
    let version = version.filter(|version| version.file == format!("templates/{name}")).ok_or(Stop::NotFound)?;
    let context = json!({
        "content": version.content, "who": version.who, "at": version.at, "now": face.console.clock.now(),
        "action": format!("{LIST}/{name}/versions/{id}"), "back": format!("{LIST}/{name}"),
    });
    officer.page("versions.html", &title(), context)
}

async fn put_back(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path((name, id)): Path<(String, i64)>,
) -> Result<Response, Stop> {
    let change = TemplateChange::PutBack(id);
    let notice = match face.console.desk.templates.change(&name, change, officer.by()).await {
        Ok(()) => Notice::done(text!("mẫu đã trở lại bản cũ", "the template is as it was then")),
        Err(Unable::Refused(text)) => Notice::refused(text),
        Err(other) => return Err(other.into()),
    };
    officer.on_to(&format!("{LIST}/{name}"), notice).await
}
