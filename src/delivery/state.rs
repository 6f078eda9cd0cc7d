//! The states of a delivery, each carrying what is known in it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Action, Slot};
use crate::text;
use crate::text::Text;

/// Where the work on a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The channel shows what is wanted.
    Settled,
    /// To be tried at `due`.
    Waiting {
        /// Earliest instant of the next try.
        due: DateTime<Utc>,
        /// What it waits for.
        why: Why,
    },
    /// A worker holds it.
    Sending {
        /// The worker's claim.
        lease: Lease,
        /// What the worker is about.
        errand: Errand,
    },
    /// The far side may or may not have taken `job`.
    Uncertain {
        /// What was being done when the answer was lost.
        job: Job,
        /// When to look the channel up; `None`: only a person can tell.
        look: Option<DateTime<Utc>>,
        /// How often it was looked up in vain.
        looks: u32,
        /// What happened.
        note: Text,
    },
    /// Waits for a person.
    Held {
        /// For what.
        why: Hold,
    },
    /// The far side will never take this payload, or too many tries failed.
    Failed {
        /// Its reason.
        why: Text,
    },
}

impl State {
    /// The word used in the store, the ledger, the API and `--state`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Waiting { .. } => "waiting",
            Self::Sending { .. } => "sending",
            Self::Uncertain { .. } => "uncertain",
            Self::Held { .. } => "held",
            Self::Failed { .. } => "failed",
        }
    }

    /// When something is to be done next without a person, if ever.
    #[must_use]
    pub fn due(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Waiting { due, .. } => Some(*due),
            Self::Sending { lease, .. } => Some(lease.until),
            Self::Uncertain { look, .. } => *look,
            Self::Settled | Self::Held { .. } | Self::Failed { .. } => None,
        }
    }
}

/// A worker's claim on a delivery. It expires, and `attempt` fences it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The delivery's attempt number under this lease.
    pub attempt: u32,
    /// The process that holds it.
    pub node: String,
    /// When it took it. What was leased before this was written down has a row in the ledger that says so.
    #[serde(default)]
    pub since: DateTime<Utc>,
    /// When others may take over.
    pub until: DateTime<Utc>,
    /// Whether it only rehearses: whatever becomes of it, nobody outside has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rehearsal: bool,
}

/// What is done, and in which edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Job {
    /// The step towards what is wanted.
    pub action: Action,
    /// The edition it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<Slot>,
}

/// What a worker does with a delivery that it has leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errand {
    /// Do the job.
    Send(Job),
    /// Find out whether an earlier try did it; the number says how often that was tried in vain.
    LookUp(Job, u32),
}

impl Errand {
    /// The job it is about.
    #[must_use]
    pub fn job(self) -> Job {
        match self {
            Self::Send(job) | Self::LookUp(job, _) => job,
        }
    }
}

/// What a waiting delivery waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Why {
    /// Its turn.
    Turn,
    /// The end of an embargo.
    Embargo,
    /// The channel's next slot.
    Slot,
    /// The edition that a person chose.
    Chosen,
    /// The end of the channel's quiet hours.
    Quiet,
    /// Another channel's public URL.
    After {
        /// That channel.
        channel: String,
    },
    /// The channel, which is paused.
    Paused,
    /// The next try after a failed one.
    Retry {
        /// Why the last try failed.
        note: Text,
    },
}

impl Why {
    /// In words.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Turn => text!("chờ đến lượt", "waiting its turn"),
            Self::Embargo => text!("chờ đến giờ được phép đăng", "under embargo"),
            Self::Slot => text!("chờ bản tin kế tiếp", "waiting for the next edition"),
            Self::Chosen => text!("chờ bản tin đã được chọn", "waiting for the edition that was chosen for it"),
            Self::Quiet => text!("chờ hết giờ yên lặng", "waiting for the end of quiet hours"),
            Self::After { channel } => {
                text!("chờ kênh {channel} có địa chỉ công khai", "waiting for the public address from {channel}")
            }
            Self::Paused => text!("kênh đang tạm dừng", "the channel is paused"),
            Self::Retry { note } => {
                Text { vi: format!("sẽ thử lại: {}", note.vi), en: format!("will be tried again: {}", note.en) }
            }
        }
    }
}

/// Why a delivery waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Hold {
    /// It is later than the channel's grace allows.
    Late {
        /// When it should have gone out.
        planned: DateTime<Utc>,
    },
    /// The article's own expiry came first.
    Expired {
        /// When it expired.
        at: DateTime<Utc>,
    },
    /// The channel it was to follow did not bring a public URL in time.
    After {
        /// That channel.
        channel: String,
    },
    /// The channel asks for a named person's approval.
    Approval {
        /// What became of an earlier one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Text>,
    },
    /// Whoever was to approve it sent it back.
    Returned {
        /// Who.
        who: String,
        /// What they said.
        word: String,
    },
    /// A person has edited the copy on the channel's side since loa wrote it.
    Edited {
        /// Fingerprint of what stands there.
        seen: String,
        /// The difference, for people.
        note: Text,
    },
    /// The channel rehearses, but the public copy is real: a rehearsal must not hide that.
    RehearsalOfLive,
}

impl Hold {
    /// In words, with what to do next.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Late { .. } => text!(
                "quá muộn so với giờ dự kiến; nếu vẫn muốn phát: loa retry SỐ",
                "later than the channel's grace allows; if it should still go out: loa retry ID"
            ),
            Self::Expired { .. } => text!(
                "bài hết hiệu lực trước khi được phát; muốn phát thì đính chính ngày hết hạn",
                "the article expired before it went out; to send it, correct its expiry"
            ),
            Self::After { channel } => text!(
                "kênh {channel} không có địa chỉ công khai đúng hạn; xem kênh đó, rồi: loa retry SỐ",
                "{channel} brought no public address in time; look at that channel, then: loa retry ID"
            ),
            Self::Edited { note, .. } => Text {
                vi: format!("{}. Vẫn ghi đè bằng bản của loa: loa retry SỐ", note.vi),
                en: format!("{}. To overwrite it with loa's version: loa retry ID", note.en),
            },
            Self::Approval { note: None } => {
                text!("chờ người có thẩm quyền duyệt: loa approve SỐ", "waiting for approval: loa approve ID")
            }
            Self::Approval { note: Some(note) } => Text {
                vi: format!("{}; chờ duyệt lại: loa approve SỐ", note.vi),
                en: format!("{}; it has to be approved again: loa approve ID", note.en),
            },
            Self::Returned { who, word } => text!(
                "{who} trả lại: {word}. Đính chính bài rồi duyệt lại",
                "{who} sent it back: {word}. Correct the article, then it can be approved"
            ),
            Self::RehearsalOfLive => text!(
                "kênh đang diễn tập nhưng bài đã lên thật, hoặc có thể đã lên; chuyển kênh về mode = \"live\", rồi: loa retry SỐ",
                "the channel rehearses but the copy is public, or may be; set mode = \"live\", then: loa retry ID"
            ),
        }
    }
}
