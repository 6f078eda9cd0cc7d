//! Starting and stopping: a soft signal to take no more work, a hard one to drop what is in flight.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two signals.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Take no more work.
    pub stop: CancellationToken,
    /// Drop what is in flight.
    pub kill: CancellationToken,
}

impl Lifecycle {
    /// Stops softly on SIGTERM or SIGINT, hard on the second one.
    ///
    /// # Errors
    /// When the operating system refuses the handlers.
    pub fn listen(&self) -> std::io::Result<()> {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let life = self.clone();
        tokio::spawn(async move {
            for token in [&life.stop, &life.kill] {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = int.recv() => {}
                }
                token.cancel();
            }
        });
        Ok(())
    }
}
