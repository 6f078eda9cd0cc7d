//! What is live of a job with many copies: told, not told, or told to some.

use super::state::Job;
use super::{Action, Live};

/// Whether the audience of `job` has it, so that a doubt about it is a doubt about single copies.
pub(super) fn is_told(live: &Live, job: Job) -> bool {
    matches!(live, Live::Shown { revision, .. } if job.action.revision() == Some(*revision))
}

/// What was there before `action` was told.
pub(super) fn untold(live: &Live, action: Action) -> Live {
    match (live, action) {
        // Perhaps there, as far as some are concerned: a withdrawal still reaches those who have it.
        (Live::Shown { revision, .. }, Action::Create(_)) => Live::Maybe(*revision),
        (Live::Shown { revision, receipt }, Action::Update(_)) => {
            Live::Shown { revision: revision.before(), receipt: receipt.clone() }
        }
        (live, _) => live.clone(),
    }
}

/// Some of the audience of `job` have it, as far as is on record.
pub(super) fn begun(live: &Live, job: Job) -> Live {
    match (job.action, live) {
        (Action::Create(revision), Live::Nothing) => Live::Maybe(revision),
        (_, live) => live.clone(),
    }
}
