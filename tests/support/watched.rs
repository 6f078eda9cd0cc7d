//! State that a far side changes on its thread and a test reads or waits for on another.

use std::fmt::Debug;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How long `wait_until` waits before it panics with the state's dump.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A value behind a mutex that tells its watchers whenever it changes.
pub(crate) struct Watched<T>(Arc<Inner<T>>);

struct Inner<T> {
    value: Mutex<T>,
    /// Counts the changes, for waiters on an async runtime.
    version: watch::Sender<u64>,
    /// Wakes waiters on plain threads.
    changed: Condvar,
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Watched<T> {
    /// Starts watching `value`.
    pub(crate) fn new(value: T) -> Self {
        let (version, _) = watch::channel(0);
        Self(Arc::new(Inner { value: Mutex::new(value), version, changed: Condvar::new() }))
    }

    /// Reads the state now, without copying it.
    pub(crate) fn look<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.lock())
    }

    /// Changes the state and wakes everyone who waits for it.
    pub(crate) fn change<R>(&self, write: impl FnOnce(&mut T) -> R) -> R {
        let answer = write(&mut self.lock());
        self.0.version.send_modify(|version| *version += 1);
        self.0.changed.notify_all();
        answer
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Watched<T> {
    /// A copy of the state as it is now.
    pub(crate) fn snapshot(&self) -> T {
        self.look(T::clone)
    }
}

impl<T: Debug> Watched<T> {
    /// Waits until the state satisfies `reached`; panics with the state after [`PATIENCE`].
    pub(crate) async fn wait_until(&self, goal: &str, reached: impl Fn(&T) -> bool) {
        self.wait_until_within(PATIENCE, goal, reached).await;
    }

    /// [`Self::wait_until`] with a deadline of the caller's.
    pub(crate) async fn wait_until_within(&self, deadline: Duration, goal: &str, reached: impl Fn(&T) -> bool) {
        // Subscribed before looking, so that no change falls between the look and the wait.
        let mut version = self.0.version.subscribe();
        let arrived = tokio::time::timeout(deadline, async {
            while !self.look(&reached) {
                if version.changed().await.is_err() {
                    break;
                }
            }
        })
        .await;
        assert!(arrived.is_ok(), "{}", self.complaint(deadline, goal));
    }

    /// The same for a test without a runtime.
    pub(crate) fn wait_until_blocking(&self, deadline: Duration, goal: &str, reached: impl Fn(&T) -> bool) {
        let waiting = self.0.changed.wait_timeout_while(self.lock(), deadline, |state| !reached(state));
        let (state, waited) = waiting.unwrap_or_else(PoisonError::into_inner);
        drop(state);
        assert!(!waited.timed_out(), "{}", self.complaint(deadline, goal));
    }

    fn complaint(&self, deadline: Duration, goal: &str) -> String {
        self.look(|state| format!("waited {deadline:?} in vain until {goal}; the state is\n{state:#?}"))
    }
}
