//! What officers can do, as the console asks it of the rest of loa. `app` does it.
//!
//! One small trait for each thing, in a file of its own; [`Desk`] holds them all.

mod care;
mod channels;
mod decisions;
mod files;
mod readings;
mod samples;
mod templates;
mod timetable;
mod writing;

use std::sync::Arc;

use crate::queue::{Manuscripts, Versions};

pub use care::{ChannelCare, CheckUp, Routed, Standing, Trial, Used};
pub use channels::{ChannelSummary, Channels, ListPlace};
pub use decisions::{Decisions, Proof};
pub use files::{
    Answered, ChannelFiles, ChannelForm, Collision, Difference, FileChange, FileMistake, FormField, FormGroup,
    KindLine, Saved, Version,
};
pub use readings::{FoundReadings, ReadingChange, ReadingEntry, Readings, Tried};
pub use samples::{Sample, Samples};
pub use templates::{TemplateChange, TemplateView, Templates};
pub use timetable::{ChannelWeek, Day, Editions, Flagged, Shift, Timetable};
pub use writing::{
    Begun, ChannelView, Doubt, HandedOver, Mistake, Outlook, Part, PartBody, PayloadView, Preview, Unable, Writing,
};

/// Everything that officers can do.
#[derive(Clone)]
pub struct Desk {
    /// Looking at the channels.
    pub channels: Arc<dyn Channels>,
    /// Deciding about articles and deliveries.
    pub decisions: Arc<dyn Decisions>,
    /// What is being written.
    pub manuscripts: Arc<dyn Manuscripts>,
    /// Writing and seeing it.
    pub writing: Arc<dyn Writing>,
    /// The office's readings.
    pub readings: Arc<dyn Readings>,
    /// The texts that channels fill in.
    pub templates: Arc<dyn Templates>,
    /// Earlier versions of files.
    pub versions: Arc<dyn Versions>,
    /// Their files.
    pub files: Arc<dyn ChannelFiles>,
    /// Looking after them.
    pub care: Arc<dyn ChannelCare>,
    /// The week and the editions.
    pub timetable: Arc<dyn Timetable>,
    /// What a channel would send, as it is sent.
    pub samples: Arc<dyn Samples>,
}
