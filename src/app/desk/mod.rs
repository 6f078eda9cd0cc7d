//! What officers do in the console, done.

mod channels;
mod decisions;
mod preview;
mod readings;
mod shown;
mod templates;
mod texts;
mod thumbnail;
mod writing;

use std::sync::Arc;

use super::App;
use crate::console::Desk;

impl App {
    /// Everything that officers can do.
    #[must_use]
    pub fn desk(&self) -> Desk {
        Desk {
            channels: Arc::new(self.clone()),
            decisions: Arc::new(self.clone()),
            manuscripts: Arc::new(self.store.clone()),
            writing: Arc::new(self.clone()),
            readings: Arc::new(self.clone()),
            templates: Arc::new(self.clone()),
            versions: Arc::new(self.store.clone()),
        }
    }
}
