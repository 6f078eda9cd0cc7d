//! The channels' files: as forms, as text, and every version that they had.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::queue::{By, StoreError};
use crate::text::Text;

/// A kind of channel that there can be one of.
#[derive(Clone, Debug, Serialize)]
pub struct KindLine {
    /// Its word.
    pub kind: &'static str,
    /// What it is.
    pub about: Text,
}

/// A channel's file as a form.
#[derive(Clone, Debug, Serialize)]
pub struct ChannelForm {
    /// The file's name without `.toml`; empty for a new one.
    pub channel: String,
    /// Its kind.
    pub kind: String,
    /// What that kind is.
    pub about: Text,
    /// Stands for what the file said when the form was made; empty where there was none.
    pub seen: String,
    /// Its fields; none where the file cannot be read as TOML, or is of no known kind.
    pub groups: Vec<FormGroup>,
    /// The whole text.
    pub source: String,
}

/// Fields that belong together.
#[derive(Clone, Debug, Serialize)]
pub struct FormGroup {
    /// What they are about.
    pub title: Text,
    /// The fields.
    pub fields: Vec<FormField>,
}

/// One key of the file.
#[derive(Clone, Debug, Serialize)]
pub struct FormField {
    /// The key; dots lead into tables.
    pub key: String,
    /// What it is called.
    pub label: Text,
    /// What to write there.
    pub help: Text,
    /// `line`, `number`, `yes_no`, `choice`, `choices`, `lines`, `secret`, `secret_lines` or `in_file`.
    pub input: &'static str,
    /// What can be chosen.
    pub choices: Vec<(&'static str, Text)>,
    /// Whether it has to be filled in.
    pub required: bool,
    /// Under which other choice it has a meaning.
    pub only: Option<Text>,
    /// What the file says; for a new channel what is offered.
    pub value: String,
    /// What the file says, to see whether it was changed.
    pub was: String,
    /// An example.
    pub sample: String,
    /// For a secret: that it is there, and since when. Never what it is.
    pub kept: Option<Text>,
    /// Whether the file says anything under this key.
    pub there: bool,
}

/// One field as it comes back.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The key.
    pub key: String,
    /// What the form said.
    pub was: String,
    /// What it says now.
    pub typed: String,
}

/// What becomes of a file.
#[derive(Clone, Debug)]
pub enum FileChange {
    /// There is a new one, of this kind.
    New {
        /// The kind.
        kind: String,
        /// What was filled in.
        fields: Vec<Answered>,
    },
    /// Some keys change.
    Fields {
        /// What the form was made from.
        seen: String,
        /// What was filled in.
        fields: Vec<Answered>,
    },
    /// The whole text changes.
    Text {
        /// What it was made from.
        seen: String,
        /// The new text.
        text: String,
    },
    /// One key of the head changes, whatever else the file says by now.
    Set {
        /// The key.
        key: &'static str,
        /// What it says then.
        value: &'static str,
    },
    /// An earlier version is put back.
    Back {
        /// What the page was made from.
        seen: String,
        /// Which.
        version: String,
    },
    /// It goes. What was promised stays.
    Delete {
        /// What the page was made from.
        seen: String,
    },
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Saved {
    /// It is on disk.
    Done,
    /// It says the same as before.
    Same,
    /// It would not load; nothing was written.
    Wrong(Vec<FileMistake>),
    /// Somebody else changed the file meanwhile; nothing was written.
    Changed(Box<Collision>),
    /// There is no such file, or no such version.
    NotThere,
    /// It cannot be done, for this reason; nothing was written.
    Refused(Text),
}

/// What is wrong with a file.
#[derive(Clone, Debug, Serialize)]
pub struct FileMistake {
    /// The key that it is about, where that is known.
    pub key: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub text: Text,
}

/// Two people changed the same file.
#[derive(Clone, Debug, Serialize)]
pub struct Collision {
    /// Stands for what the file says now.
    pub seen: String,
    /// What the file says now; `None`: it is gone.
    pub theirs: Option<String>,
    /// What it would say.
    pub mine: String,
    /// The fields in which they differ.
    pub fields: Vec<Difference>,
}

/// A field in which two versions differ.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// What it is called.
    pub label: Text,
    /// What the file says now.
    pub theirs: String,
    /// What was filled in.
    pub mine: String,
}

/// A version of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    /// Names it.
    pub id: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who wrote it.
    pub who: String,
    /// What was done.
    pub what: Text,
}

/// The channels' files. A running daemon notices a change by itself.
pub trait ChannelFiles: Send + Sync {
    /// What kinds of channel there are.
    fn kinds(&self) -> Vec<KindLine>;

    /// A form for a new channel.
    fn new_form(&self, kind: &str) -> Option<ChannelForm>;

    /// The form of a channel's file, if there is one.
    fn form(&self, channel: String) -> BoxFuture<'_, Result<Option<ChannelForm>, Text>>;

    /// Changes a file. Only what loads is written; every version is kept, and who did it goes into the ledger.
    fn change(&self, channel: String, change: FileChange, by: By) -> BoxFuture<'_, Result<Saved, StoreError>>;

    /// The versions of a file, the newest first.
    fn versions(&self, channel: String) -> BoxFuture<'_, Result<Vec<Version>, Text>>;

    /// What a version said.
    fn version(&self, channel: String, id: String) -> BoxFuture<'_, Result<Option<String>, Text>>;

    /// Channels whose files are gone, but of which there are versions.
    fn past(&self) -> BoxFuture<'_, Result<Vec<String>, Text>>;

    /// Files that do not load, with what is wrong.
    fn broken(&self) -> BoxFuture<'_, Result<Vec<(String, Text)>, Text>>;
}
