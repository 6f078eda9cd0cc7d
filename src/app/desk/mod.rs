//! What officers do in the console, done.

mod channels;
mod decisions;

use std::sync::Arc;

use super::App;
use crate::console::Desk;

impl App {
    /// Everything that officers can do.
    #[must_use]
    pub fn desk(&self) -> Desk {
        Desk { channels: Arc::new(self.clone()), decisions: Arc::new(self.clone()) }
    }
}
