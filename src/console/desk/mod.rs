//! What officers can do, as the console asks it of the rest of loa. `app` does it.
//!
//! One small trait for each thing, in a file of its own; [`Desk`] holds them all.

mod care;
mod channels;
mod decisions;
mod files;
mod timetable;

use std::sync::Arc;

pub use care::{ChannelCare, CheckUp, Routed, Standing, Trial, Used};
pub use channels::{ChannelSummary, Channels};
pub use decisions::{Decisions, Proof};
pub use files::{
    Answered, ChannelFiles, ChannelForm, Collision, Difference, FileChange, FormField, FormGroup, KindLine, Mistake,
    Saved, Version,
};
pub use timetable::{ChannelWeek, Day, Editions, Shift, Timetable};

/// Everything that officers can do.
#[derive(Clone)]
pub struct Desk {
    /// Looking at the channels.
    pub channels: Arc<dyn Channels>,
    /// Deciding about articles and deliveries.
    pub decisions: Arc<dyn Decisions>,
    /// Their files.
    pub files: Arc<dyn ChannelFiles>,
    /// Looking after them.
    pub care: Arc<dyn ChannelCare>,
    /// The week and the editions.
    pub timetable: Arc<dyn Timetable>,
}
