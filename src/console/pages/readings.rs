//! The lexicon: how the announcer's script reads what is written.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Route, act, look};
use crate::console::guard::{Form, Guest, Officer, Stop};
use crate::console::{Face, ReadingChange, ReadingEntry, Tried, Unable};
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

const LIST: &str = "/lexicon";
const FILE: &str = "lexicon.tsv";
/// So many readings of each sort are shown.
const SHOWN: usize = 100;
/// So many of those built in, which nobody searched for.
const SHOWN_UNASKED: usize = 0;
/// So many earlier versions.
const VERSIONS: u32 = 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(LIST, Role::Editor, list),
        act(LIST, Role::Editor, change),
        look("/lexicon/versions/{id}", Role::Editor, version),
        act("/lexicon/versions/{id}", Role::Editor, put_back),
    ]
}

fn title() -> Text {
    text!("Từ điển đọc", "Lexicon")
}

/// What a form said that could not be taken, to be shown again.
#[derive(Default)]
struct Again {
    entry: ReadingEntry,
    trouble: Option<Text>,
}

async fn seen(face: &Face, guest: &Guest, again: &Again) -> Result<Value, Stop> {
    let desk = &face.console.desk;
    let (words, sentence) = (guest.query.trimmed("q"), guest.query.trimmed("try"));
    let mut found = desk.readings.find(words, SHOWN).await?;
    if words.is_empty() {
        found.built_in.truncate(SHOWN_UNASKED);
    }
    let tried = match sentence {
        "" => None,
        sentence => Some(match desk.readings.try_out(sentence).await {
            Ok(tried) => tried,
            // The file is broken, which is said above.
            Err(Unable::Refused(_)) => Tried::default(),
            Err(other) => return Err(other.into()),
        }),
    };
    let versions = desk.versions.versions(FILE.to_owned(), VERSIONS).await?;
    let versions: Vec<Value> =
        versions.iter().map(|version| json!({ "id": version.id, "who": version.who, "at": version.at })).collect();
    Ok(json!({
        "found": found,
        "q": words,
        "sentence": sentence,
        "tried": tried,
        "entry": again.entry,
        "trouble": again.trouble,
        "versions": versions,
        "versions_at": "/lexicon/versions",
        "now": face.console.clock.now(),
    }))
}

async fn list(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    // Another page may name the word.
    let field = |name: &str| guest.query.trimmed(name).to_owned();
    let entry = ReadingEntry { written: field("written"), spoken: field("spoken"), note: String::new() };
    officer.page("readings.html", &title(), seen(&face, &guest, &Again { entry, trouble: None }).await?)
}

fn entry(form: &Form, prefix: &str) -> ReadingEntry {
    let field = |name: &str| form.trimmed(&format!("{prefix}{name}")).to_owned();
    ReadingEntry { written: field("written"), spoken: field("spoken"), note: field("note") }
}

async fn change(State(face): State<Arc<Face>>, guest: Guest, officer: Officer, form: Form) -> Result<Response, Stop> {
    let after = entry(&form, "");
    let (written, spoken) = (after.written.clone(), after.spoken.clone());
    let (change, done) = match form.get("do") {
        "remove" => (
            ReadingChange::Remove(entry(&form, "was-")),
            text!("đã bỏ \"{written}\" khỏi từ điển", "\"{written}\" was removed"),
        ),
        "change" => (
            ReadingChange::Replace { before: entry(&form, "was-"), after: after.clone() },
            text!("từ nay đọc \"{written}\" là \"{spoken}\"", "\"{written}\" is read \"{spoken}\" from now on"),
        ),
        _ => (
            ReadingChange::Add(after.clone()),
            text!("từ nay đọc \"{written}\" là \"{spoken}\"", "\"{written}\" is read \"{spoken}\" from now on"),
        ),
    };
    match face.console.desk.readings.change(change, officer.by()).await {
        Ok(()) => officer.on_to(&back(form.trimmed("q")), Notice::done(done)).await,
        Err(Unable::Refused(trouble)) => {
            let again = Again { entry: after, trouble: Some(trouble) };
            officer.page_again("readings.html", &title(), seen(&face, &guest, &again).await?)
        }
        Err(other) => Err(other.into()),
    }
}

/// To the list, with the same search.
fn back(words: &str) -> String {
    if words.is_empty() {
        return LIST.to_owned();
    }
    let words: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
    format!("{LIST}?q={words}")
}

async fn version(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let version = face.console.desk.versions.version(id).await?.filter(|version| version.file == FILE);
    let version = version.ok_or(Stop::NotFound)?;
    let context = json!({
        "content": version.content, "who": version.who, "at": version.at, "now": face.console.clock.now(),
        "action": format!("{LIST}/versions/{id}"), "back": LIST,
    });
    officer.page("versions.html", &title(), context)
}

async fn put_back(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let notice = match face.console.desk.readings.change(ReadingChange::PutBack(id), officer.by()).await {
        Ok(()) => Notice::done(text!("từ điển đã trở lại bản cũ", "the lexicon is as it was then")),
        Err(Unable::Refused(text)) => Notice::refused(text),
        Err(other) => return Err(other.into()),
    };
    officer.on_to(LIST, notice).await
}
