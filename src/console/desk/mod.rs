//! What officers can do, as the console asks it of the rest of loa. `app` does it.
//!
//! One small trait for each thing, in a file of its own; [`Desk`] holds them all.

mod channels;
mod decisions;

use std::sync::Arc;

pub use channels::{ChannelSummary, Channels};
pub use decisions::{Decisions, Proof};

/// Everything that officers can do.
#[derive(Clone)]
pub struct Desk {
    /// Looking at the channels.
    pub channels: Arc<dyn Channels>,
    /// Deciding about articles and deliveries.
    pub decisions: Arc<dyn Decisions>,
}
