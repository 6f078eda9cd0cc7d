//! Failure classes. Adapters classify; the dispatcher decides.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// A try that failed. There is no blanket conversion: whoever makes one has to choose the class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{note}")]
pub struct SendError {
    /// What kind of failure.
    pub class: Class,
    /// What happened, free of secrets.
    pub note: Text,
}

/// What a failure means for the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// They did not take it; later they may.
    Transient {
        /// How long they asked us to wait.
        retry_after: Option<Duration>,
    },
    /// They refused before doing anything, and want the whole channel to rest.
    Throttled {
        /// How long they asked us to wait, where they said.
        retry_after: Option<Duration>,
    },
    /// A person has edited the copy on the far side since loa wrote it; the note says what differs.
    Edited {
        /// Fingerprint of what stands there now.
        seen: String,
    },
    /// Some of the audience has it, the rest does not yet: the same job has to be finished.
    Partial {
        /// How long they asked us to wait.
        retry_after: Option<Duration>,
    },
    /// Nobody has it yet, and each of the audience is asked again for as long as the adapter says: no try is spent.
    PutOff {
        /// When the first of them is asked again.
        retry_after: Option<Duration>,
    },
    /// Some of the audience has it, and the channel is unusable for the rest of it until a person helps.
    Interrupted(Attention),
    /// They will never take this payload.
    Permanent,
    /// It was sent and no trustworthy answer came.
    Ambiguous {
        /// How long they asked us to wait before the next word.
        retry_after: Option<Duration>,
    },
    /// The channel itself is unusable until a person helps.
    NeedsAttention(Attention),
}

/// Why a channel needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// The credential is wrong, expired or withdrawn.
    Credential,
    /// The account's quota is used up.
    Quota,
    /// A setting cannot work.
    Misconfigured,
    /// The far side said to stop for good.
    Stopped,
}

impl Attention {
    /// The word used in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Quota => "quota",
            Self::Misconfigured => "misconfigured",
            Self::Stopped => "stopped",
        }
    }
}

impl SendError {
    /// They did not take it; later they may.
    #[must_use]
    pub fn transient(note: Text) -> Self {
        Self { class: Class::Transient { retry_after: None }, note }
    }

    /// They want the whole channel to rest for so long; nothing was taken.
    #[must_use]
    pub fn throttled(retry_after: Option<Duration>, note: Text) -> Self {
        Self { class: Class::Throttled { retry_after }, note }
    }

    /// A person has edited the copy; `seen` is the fingerprint of what stands there now.
    #[must_use]
    pub fn edited(seen: String, note: Text) -> Self {
        Self { class: Class::Edited { seen }, note }
    }

    /// Part of the audience has it; the same job must be finished later.
    #[must_use]
    pub fn partial(note: Text) -> Self {
        Self { class: Class::Partial { retry_after: None }, note }
    }

    /// Nobody has it yet; each of them is asked again when it is time.
    #[must_use]
    pub fn put_off(note: Text) -> Self {
        Self { class: Class::PutOff { retry_after: None }, note }
    }

    /// The same failure of a job that some of the audience has had: it has to be finished, not begun again.
    #[must_use]
    pub fn midway(mut self) -> Self {
        self.class = match self.class {
            Class::Transient { retry_after } | Class::PutOff { retry_after } => Class::Partial { retry_after },
            Class::NeedsAttention(attention) => Class::Interrupted(attention),
            other => other,
        };
        self
    }

    /// They will never take this payload.
    #[must_use]
    pub fn permanent(note: Text) -> Self {
        Self { class: Class::Permanent, note }
    }

    /// It was sent and no trustworthy answer came.
    #[must_use]
    pub fn ambiguous(note: Text) -> Self {
        Self { class: Class::Ambiguous { retry_after: None }, note }
    }

    /// The same failure, with what the far side asked for: when to come back.
    #[must_use]
    pub fn after(mut self, after: Option<Duration>) -> Self {
        if let Class::Transient { retry_after }
        | Class::Partial { retry_after }
        | Class::PutOff { retry_after }
        | Class::Ambiguous { retry_after } = &mut self.class
        {
            *retry_after = after;
        }
        self
    }

    /// The same failure of a step that may simply be done again: whether a lost answer's step was done does not
    /// matter.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        if let Class::Ambiguous { retry_after } = self.class {
            self.class = Class::Transient { retry_after };
        }
        self
    }

    /// The channel needs a person.
    #[must_use]
    pub fn attention(attention: Attention, note: Text) -> Self {
        Self { class: Class::NeedsAttention(attention), note }
    }

    /// How long the far side asked us to wait, where it said.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.class {
            Class::Transient { retry_after }
            | Class::Throttled { retry_after }
            | Class::Partial { retry_after }
            | Class::PutOff { retry_after }
            | Class::Ambiguous { retry_after } => retry_after,
            Class::Edited { .. } | Class::Permanent | Class::NeedsAttention(_) | Class::Interrupted(_) => None,
        }
    }

    /// The word used in the ledger.
    #[must_use]
    pub fn class_name(&self) -> &'static str {
        match self.class {
            Class::Transient { .. } => "transient",
            Class::Throttled { .. } => "throttled",
            Class::Edited { .. } => "edited",
            Class::Partial { .. } => "partial",
            Class::PutOff { .. } => "put_off",
            Class::Permanent => "permanent",
            Class::Ambiguous { .. } => "ambiguous",
            Class::NeedsAttention(_) | Class::Interrupted(_) => "needs_attention",
        }
    }
}

/// These items can never be sent on this channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub Text);
