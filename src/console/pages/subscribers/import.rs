//! A list that somebody hands in, with an answer for each of its lines. Handing it in again changes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Path as At, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::{Builder, NamedTempFile};

use super::{about, badge, unprocessable, with, with_audience};
use crate::audience::{Address, BadLine, Entry, Line, Lines, Standing, lines};
use crate::console::Face;
use crate::console::guard::{Form, Officer, Stop, Upload};
use crate::console::view::Badge;
use crate::queue::By;
use crate::text;
use crate::text::Text;

/// People put on a list in one transaction: others wait no longer than for that.
const BATCH: usize = 5_000;
/// Lines that are shown of each outcome; the others are counted.
const SHOWN: usize = 60;

/// What became of a line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Bad,
    NeverAgain,
    Twice,
    Known,
    Added,
}

#[derive(Serialize)]
struct Shown {
    /// The line's number.
    at: usize,
    words: String,
    badge: Option<Badge>,
    why: Option<Text>,
}

#[derive(Default)]
struct Report {
    counts: BTreeMap<Outcome, usize>,
    shown: BTreeMap<Outcome, Vec<Shown>>,
}

impl Report {
    fn note(&mut self, outcome: Outcome, shown: impl FnOnce() -> Shown) {
        *self.counts.entry(outcome).or_default() += 1;
        let lines = self.shown.entry(outcome).or_default();
        if lines.len() < SHOWN {
            lines.push(shown());
        }
    }
}

/// An import on its way.
struct Import<'f> {
    face: &'f Face,
    channel: String,
    again: bool,
    by: By,
    /// Fingerprints of the addresses that were read.
    seen: HashSet<[u8; 16]>,
    report: Report,
}

pub(super) async fn import(
    State(face): State<Arc<Face>>,
    officer: Officer,
    At(channel): At<String>,
    form: Form,
) -> Result<Response, Stop> {
    let summary = with_audience(&face, &channel)?;
    let Some(file) = form.files().first().cloned() else {
        return Err(unprocessable(text!("hãy chọn tệp danh sách", "choose the file with the list")));
    };
    let mut import = Import {
        face: &face,
        channel,
        again: form.get("again") == "yes",
        by: officer.by(),
        seen: HashSet::new(),
        report: Report::default(),
    };
    let kept = kept(&file)?;
    let mut rest = opened(&file.name, kept.path())?;
    loop {
        // Reading waits for the disk: not where others wait for an answer.
        let read = tokio::task::spawn_blocking(move || {
            let batch: Vec<Line> = rest.by_ref().take(BATCH).collect();
            (rest, batch)
        });
        let (left, batch) = read.await.map_err(|error| Stop::Failed(error.to_string()))?;
        if batch.is_empty() {
            break;
        }
        rest = left;
        import.take(batch).await?;
    }
    let report = import.report;
    let outcome = |outcome: Outcome| {
        let number = report.counts.get(&outcome).copied().unwrap_or_default();
        let lines = report.shown.get(&outcome).map(Vec::as_slice).unwrap_or_default();
        json!({ "number": number, "lines": lines, "more": number > lines.len() })
    };
    let context = with(
        about(&summary, &officer, face.console.clock.now()),
        json!({
            "file": file.name,
            "bad": outcome(Outcome::Bad),
            "never": outcome(Outcome::NeverAgain),
            "twice": outcome(Outcome::Twice),
            "known": outcome(Outcome::Known),
            "added": outcome(Outcome::Added),
        }),
    );
    officer.page("subscribers_import.html", &text!("Kết quả nhập danh sách", "What became of the list"), context)
}

/// The list in a file of its own, with the ending of its name in lower case, until the import is over.
fn kept(file: &Upload) -> Result<NamedTempFile, Stop> {
    let failed = |error: std::io::Error| Stop::Failed(format!("an uploaded list could not be kept: {error}"));
    let ending = file.name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let suffix = if ending == "toml" { ".toml" } else { ".csv" };
    let mut kept = Builder::new().prefix("loa-").suffix(suffix).tempfile().map_err(failed)?;
    kept.write_all(&file.bytes).map_err(failed)?;
    Ok(kept)
}

/// Opens the list; what is wrong with it is said with the name that people know.
fn opened(name: &str, file: &Path) -> Result<Lines, Stop> {
    let path = file.display().to_string();
    let named = |words: &str| words.replace(&path, name);
    lines(file).map_err(|trouble| unprocessable(Text { vi: named(&trouble.vi), en: named(&trouble.en) }))
}

fn fingerprint(address: &Address) -> [u8; 16] {
    let mut print = [0; 16];
    for (to, from) in print.iter_mut().zip(Sha256::digest(address.as_str())) {
        *to = from;
    }
    print
}

impl Import<'_> {
    /// Takes some lines: what is known of their people first, so that each line can be answered for.
    async fn take(&mut self, batch: Vec<Line>) -> Result<(), Stop> {
        let mut people: Vec<(usize, Entry)> = Vec::new();
        for line in batch {
            match line {
                Line::Person(at, entry) if self.seen.insert(fingerprint(&entry.address)) => people.push((at, entry)),
                Line::Person(at, entry) => self.report.note(Outcome::Twice, || named(at, &entry)),
                Line::NotOne(at, entry) => self.report.note(Outcome::NeverAgain, || Shown {
                    why: Some(text!("tệp ghi là không gửi cho người này", "the list says not to write to them")),
                    ..named(at, &entry)
                }),
                Line::Bad(BadLine { line, text }) => {
                    self.report.note(Outcome::Bad, || Shown {
                        at: line,
                        words: String::new(),
                        badge: None,
                        why: Some(text),
                    });
                }
            }
        }
        if people.is_empty() {
            return Ok(());
        }
        let subscribers = &self.face.console.subscribers;
        let addresses = people.iter().map(|(_, entry)| entry.address.clone()).collect();
        let known = subscribers.known(self.channel.clone(), addresses).await?;
        let known: HashMap<Address, _> = known.into_iter().map(|one| (one.address.clone(), one)).collect();
        for (at, entry) in &people {
            match known.get(&entry.address) {
                Some(one) if one.standing != Standing::Active && !self.again => {
                    self.report.note(Outcome::NeverAgain, || Shown {
                        badge: Some(badge(one.standing, one.listed)),
                        ..named(*at, entry)
                    });
                }
                Some(one) if one.standing == Standing::Active && one.listed => {
                    self.report.note(Outcome::Known, || named(*at, entry));
                }
                _ => self.report.note(Outcome::Added, || named(*at, entry)),
            }
        }
        let entries = people.into_iter().map(|(_, entry)| entry).collect();
        let By { who, at } = self.by.clone();
        subscribers.import(self.channel.clone(), entries, self.again, who, at).await?;
        Ok(())
    }
}

fn named(at: usize, entry: &Entry) -> Shown {
    Shown { at, words: entry.address.to_string(), badge: None, why: None }
}
