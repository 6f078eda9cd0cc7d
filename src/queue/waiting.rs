//! A worker's place in the line for what comes in next.

use tokio::sync::oneshot;

use super::{LeaseRequest, Leased, StoreError};

/// What a worker asks for, as of the instant at which it is its turn, or something comes in; `None`: it is to stop, and
/// takes nothing.
pub type Ask = Box<dyn Fn() -> Option<LeaseRequest> + Send + Sync>;

impl From<LeaseRequest> for Ask {
    /// Always the same, whenever it is asked.
    fn from(request: LeaseRequest) -> Self {
        Box::new(move || Some(request.clone()))
    }
}

/// A place in the line. Whoever lets go of it has left the line.
pub struct Waiting {
    answered: oneshot::Receiver<Result<Leased, StoreError>>,
    /// Leaves the line; false when the call has gone out already.
    leave: Box<dyn Fn() -> bool + Send + Sync>,
}

impl Waiting {
    /// For a place whose answer comes by `answered`, and that `leave` gives up: true if nothing was leased for it.
    #[must_use]
    pub fn new(
        answered: oneshot::Receiver<Result<Leased, StoreError>>,
        leave: Box<dyn Fn() -> bool + Send + Sync>,
    ) -> Self {
        Self { answered, leave }
    }

    /// Waits until something has come in, and what of it was leased: nothing, if it is not due or the channel rests.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn called(&mut self) -> Result<Leased, StoreError> {
        // The place is gone without an answer (somebody else's now, or its lease came to nothing): whoever had it asks again.
        (&mut self.answered).await.unwrap_or_else(|_| Ok(Leased::default()))
    }

    /// Gives the place up. What was leased for it until then is not lost.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn leave(mut self) -> Result<Leased, StoreError> {
        if (self.leave)() { Ok(Leased::default()) } else { self.called().await }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // A lease that nobody takes any more runs out.
        let _ = (self.leave)();
    }
}
