//! A channel's file as a form: what was touched is written, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::{LIST, address, after, failed, listed};
use crate::console::guard::{Form, Guest, Officer, Stop, redirect};
use crate::console::{Answered, ChannelForm, Collision, Face, FileChange, FileMistake, FormField, Saved};
use crate::text;
use crate::text::Text;

/// Before the name of a field: what it said.
const WAS: &str = "was:";

/// What came back of the fields that were there.
fn answered(shape: &ChannelForm, form: &Form) -> Vec<Answered> {
    let fields = shape.groups.iter().flat_map(|group| &group.fields);
    let asked = fields.filter(|field| form.has(&format!("{WAS}{}", field.key)));
    asked.map(|field| answer(field, form)).collect()
}

fn answer(field: &FormField, form: &Form) -> Answered {
    let typed = if field.input == "choices" {
        let chosen = field.choices.iter().filter(|(word, _)| form.has(&format!("{}:{word}", field.key)));
        chosen.map(|(word, _)| *word).collect::<Vec<_>>().join("\n")
    } else {
        form.get(&field.key).to_owned()
    };
    Answered { key: field.key.clone(), was: form.get(&format!("{WAS}{}", field.key)).to_owned(), typed }
}

/// The form with what was typed into it, secrets aside, and what is wrong beside each field.
fn context(shape: &ChannelForm, typed: Option<&[Answered]>, mistakes: &[FileMistake], name: &str) -> Value {
    let mut by_key: BTreeMap<&str, &Text> = BTreeMap::new();
    for mistake in mistakes {
        if let Some(key) = &mistake.key {
            by_key.entry(key).or_insert(&mistake.text);
        }
    }
    let mut shape = shape.clone();
    let mut keys = vec!["file".to_owned()];
    for field in shape.groups.iter_mut().flat_map(|group| &mut group.fields) {
        keys.push(field.key.clone());
        if field.input.starts_with("secret") {
            continue;
        }
        if let Some(answer) = typed.and_then(|typed| typed.iter().find(|answer| answer.key == field.key)) {
            field.value.clone_from(&answer.typed);
            field.was.clone_from(&answer.was);
        }
    }
    let astray = |mistake: &&FileMistake| mistake.key.as_ref().is_none_or(|key| !keys.contains(key));
    let elsewhere: Vec<FileMistake> = mistakes.iter().filter(astray).cloned().collect();
    json!({
        "form": shape,
        "troubles": by_key,
        "trouble": (!elsewhere.is_empty()).then(|| listed(&elsewhere)),
        "wrong": !mistakes.is_empty(),
        "href": address(&shape.channel),
        "file_name": name,
        "is_new": shape.channel.is_empty(),
    })
}

fn title(shape: &ChannelForm) -> Text {
    if shape.channel.is_empty() {
        return text!("Kênh mới", "A new channel");
    }
    let channel = &shape.channel;
    text!("Sửa kênh {channel}", "Change the channel {channel}")
}

/// The kinds; with one chosen, its form.
pub(super) async fn new(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    let files = &face.console.desk.files;
    match guest.query.get("kind") {
        "" => officer.page("new_channel.html", &text!("Kênh mới", "A new channel"), json!({ "kinds": files.kinds() })),
        kind => {
            let shape = files.new_form(kind).ok_or(Stop::NotFound)?;
            officer.page("channel_form.html", &title(&shape), context(&shape, None, &[], ""))
        }
    }
}

pub(super) async fn add(State(face): State<Arc<Face>>, officer: Officer, form: Form) -> Result<Response, Stop> {
    let files = &face.console.desk.files;
    let unknown = || Stop::refused(text!("hãy chọn loại kênh", "choose a kind of channel"));
    let shape = files.new_form(form.get("kind")).ok_or_else(unknown)?;
    let (name, fields) = (form.trimmed("file"), answered(&shape, &form));
    let change = FileChange::New { kind: shape.kind.clone(), fields: fields.clone() };
    let saved = files.change(name.to_owned(), change, officer.by()).await?;
    match &saved {
        Saved::Wrong(mistakes) => {
            officer.page_again("channel_form.html", &title(&shape), context(&shape, Some(&fields), mistakes, name))
        }
        saved => match after(&officer, saved, &address(name)).await? {
            Some(response) => Ok(response),
            // Somebody else took the name at this moment.
            None => Ok(redirect(LIST)),
        },
    }
}

async fn shape(face: &Face, name: &str) -> Result<ChannelForm, Stop> {
    face.console.desk.files.form(name.to_owned()).await.map_err(failed)?.ok_or(Stop::NotFound)
}

pub(super) async fn edit(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let shape = shape(&face, &name).await?;
    if shape.groups.is_empty() {
        // What cannot be read cannot be a form.
        return Ok(redirect(&format!("{}/file", address(&name))));
    }
    officer.page("channel_form.html", &title(&shape), context(&shape, None, &[], &name))
}

pub(super) async fn save(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let shape = shape(&face, &name).await?;
    let fields = answered(&shape, &form);
    let change = FileChange::Fields { seen: form.get("seen").to_owned(), fields: fields.clone() };
    let saved = face.console.desk.files.change(name.clone(), change, officer.by()).await?;
    match &saved {
        Saved::Wrong(mistakes) => {
            let mut shape = shape;
            form.get("seen").clone_into(&mut shape.seen);
            officer.page_again("channel_form.html", &title(&shape), context(&shape, Some(&fields), mistakes, &name))
        }
        Saved::Changed(collision) => {
            let secret = |key: &str| {
                let mut fields = shape.groups.iter().flat_map(|group| &group.fields);
                fields.any(|field| field.key == key && field.input.starts_with("secret"))
            };
            collided(&officer, &name, "edit", collision, &form, secret)
        }
        saved => after(&officer, saved, &address(&name)).await?.ok_or(Stop::NotFound),
    }
}

/// Both versions, and the question which.
pub(super) fn collided(
    officer: &Officer,
    name: &str,
    page: &str,
    collision: &Collision,
    form: &Form,
    secret: impl Fn(&str) -> bool,
) -> Result<Response, Stop> {
    let typed_secret = form.fields().any(|(field, value)| secret(field) && !value.is_empty());
    let again = form.fields().filter(|(field, _)| !["csrf", "seen"].contains(field) && !secret(field));
    let again: Vec<Value> = again.map(|(field, value)| json!({ "name": field, "value": value })).collect();
    let context = json!({
        "collision": collision,
        "again": again,
        "typed_secret": typed_secret,
        "action": format!("{}/{page}", address(name)),
        "href": address(name),
        "name": name,
    });
    let mut response =
        officer.page("channel_changed.html", &text!("Hai người cùng sửa", "Two people at once"), context)?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}
