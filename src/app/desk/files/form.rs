//! A channel's file as a form, and what comes back as changes of the file.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::channel::{Field, Input, Kind};
use crate::config::{ChannelFile, GROUPS};
use crate::console::{Answered, ChannelForm, Difference, FileMistake, FormField, FormGroup};
use crate::text;
use crate::text::Text;

/// A field and its whole key.
pub(super) type Row = (String, Field);

/// The fields of a channel of this kind, in groups.
pub(super) fn groups(kind: &Kind) -> Vec<(Text, Vec<Row>)> {
    let mut groups = Vec::new();
    for group in GROUPS {
        let dot = if group.table.is_empty() { "" } else { "." };
        let rows = group.fields.iter().map(|field| (format!("{}{dot}{}", group.table, field.key), *field)).collect();
        groups.push(((group.title)(), rows));
        if group.table.is_empty() {
            let own = kind.fields.iter().map(|field| (format!("settings.{}", field.key), *field)).collect();
            groups.push((text!("Nơi đăng", "Where it goes"), own));
        }
    }
    groups
}

pub(super) fn rows(kind: &Kind) -> Vec<Row> {
    groups(kind).into_iter().flat_map(|(_, rows)| rows).collect()
}

fn word(input: Input) -> &'static str {
    match input {
        Input::Line | Input::NumberOrName => "line",
        Input::Number => "number",
        Input::YesNo => "yes_no",
        Input::Choice(_) => "choice",
        Input::Choices(_) => "choices",
        Input::Lines | Input::Timing => "lines",
        Input::Secret => "secret",
        Input::SecretLines => "secret_lines",
        Input::InFile => "in_file",
    }
}

fn field((key, field): &Row, kind: &Kind, file: &ChannelFile, zone: Tz) -> FormField {
    let choices = match field.input {
        Input::Choice(choices) | Input::Choices(choices) => {
            choices.iter().map(|(word, text)| (*word, text())).collect()
        }
        _ => Vec::new(),
    };
    let was = file.shown(key, field.input);
    FormField {
        label: (field.label)(),
        help: (field.help)(),
        input: word(field.input),
        choices,
        required: field.required,
        only: field.only.map(|only| under(kind, only)),
        value: was.clone(),
        was,
        sample: String::new(),
        kept: file.secret(key).map(|secret| kept(secret, zone)),
        there: file.has(key),
        key: key.clone(),
    }
}

/// "only with …", in the words of the other field.
fn under(kind: &Kind, (key, word): (&str, &str)) -> Text {
    let other = kind.fields.iter().find(|field| field.key == key);
    let meaning = other.and_then(|field| match field.input {
        Input::Choice(choices) => choices.iter().find(|(choice, _)| *choice == word).map(|(_, text)| text()),
        _ => None,
    });
    let Text { vi, en } = meaning.unwrap_or_else(|| Text::same(word));
    text!("chỉ khi: {vi}", "only when: {en}")
}

/// That a secret is there; never what it is.
fn kept((place, name): (&'static str, String), zone: Tz) -> Text {
    if place == "env" {
        return text!("lấy từ biến môi trường {name}", "taken from the environment variable {name}");
    }
    let since = std::fs::metadata(&name).and_then(|meta| meta.modified()).ok();
    match since.map(|at| DateTime::<Utc>::from(at).with_timezone(&zone).format("%d/%m/%Y").to_string()) {
        Some(day) => text!("đã có, từ ngày {day}", "it is there, since {day}"),
        None => text!("tệp bí mật chưa có", "its file is not there yet"),
    }
}

/// The form of a file.
pub(super) fn form(channel: &str, kind: &Kind, file: &ChannelFile, source: &str, zone: Tz) -> ChannelForm {
    let groups = groups(kind).into_iter().map(|(title, rows)| FormGroup {
        title,
        fields: rows.iter().map(|row| field(row, kind, file, zone)).collect(),
    });
    ChannelForm {
        channel: channel.to_owned(),
        kind: kind.name.to_owned(),
        about: (kind.about)(),
        seen: String::new(),
        groups: groups.collect(),
        source: source.to_owned(),
    }
}

/// The form of a new channel: the example's hours are offered, its addresses only shown; it begins with a rehearsal.
pub(super) fn fresh(kind: &Kind, zone: Tz) -> Option<ChannelForm> {
    let file = ChannelFile::read(kind.example).ok()?;
    let mut form = form("", kind, &file, kind.example, zone);
    for field in form.groups.iter_mut().flat_map(|group| &mut group.fields) {
        field.kept = None;
        if field.key == "mode" {
            "rehearsal".clone_into(&mut field.value);
        } else if field.key == "name" || field.key.starts_with("settings.") {
            field.sample = std::mem::take(&mut field.value);
        }
    }
    Some(form)
}

/// What was filled in, as changes.
pub(super) struct Filled {
    /// What was changed, by name.
    pub(super) labels: Vec<Text>,
    /// Secrets that were typed, by key.
    pub(super) secrets: Vec<(String, String)>,
}

fn unix(typed: &str) -> String {
    typed.replace("\r\n", "\n").trim().to_owned()
}

/// Whether a field was touched.
pub(super) fn touched(answer: &Answered) -> bool {
    unix(&answer.typed) != unix(&answer.was)
}

/// Writes what was touched into the file. `fresh`: the file is an example, whose secrets are nobody's.
pub(super) fn fill(
    file: &mut ChannelFile,
    kind: &Kind,
    answers: &[Answered],
    fresh: bool,
) -> Result<Filled, Vec<FileMistake>> {
    let mut filled = Filled { labels: Vec::new(), secrets: Vec::new() };
    let mut mistakes = Vec::new();
    for (key, field) in rows(kind) {
        let answer = answers.iter().find(|answer| answer.key == key);
        let touched = answer.filter(|answer| touched(answer));
        match field.input {
            Input::InFile => {}
            Input::Secret | Input::SecretLines => match touched {
                Some(answer) => {
                    filled.secrets.push((key, unix(&answer.typed)));
                    filled.labels.push((field.label)());
                }
                None if fresh => file.remove(&key),
                None => {}
            },
            _ => {
                let Some(answer) = touched else { continue };
                match file.fill(&key, &field, &answer.typed) {
                    Ok(()) => filled.labels.push((field.label)()),
                    Err(error) => mistakes.push(FileMistake { key: Some(key), line: None, text: error.0 }),
                }
            }
        }
    }
    // What has no meaning under the present choice goes, so that nobody has to empty it by hand.
    for field in kind.fields {
        let Some((key, word)) = field.only else { continue };
        if chosen(file, kind, key) != word {
            file.remove(&format!("settings.{}", field.key));
            filled.secrets.retain(|(key, _)| *key != format!("settings.{}", field.key));
        }
    }
    if mistakes.is_empty() { Ok(filled) } else { Err(mistakes) }
}

/// What a choice says; left alone, the first.
fn chosen(file: &ChannelFile, kind: &Kind, key: &str) -> String {
    let Some(field) = kind.fields.iter().find(|field| field.key == key) else { return String::new() };
    let said = file.shown(&format!("settings.{key}"), field.input);
    match field.input {
        Input::Choice([(first, _), ..]) if said.is_empty() => (*first).to_owned(),
        _ => said,
    }
}

/// The fields in which what was filled in differs from what the file says now.
pub(super) fn differences(kind: &Kind, now: &ChannelFile, answers: &[Answered]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (key, field) in rows(kind) {
        if matches!(field.input, Input::Secret | Input::SecretLines | Input::InFile) {
            continue;
        }
        let Some(answer) = answers.iter().find(|answer| answer.key == key && touched(answer)) else { continue };
        let (theirs, mine) = (now.shown(&key, field.input), unix(&answer.typed));
        if theirs != mine {
            differences.push(Difference { label: (field.label)(), theirs, mine });
        }
    }
    differences
}
