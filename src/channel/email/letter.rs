//! One recipient's letter: the payload with their own headers in front.

use super::Email;
use crate::audience::letter_id;
use crate::channel::{Addressee, Job, SendError};
use crate::delivery::Live;

/// Makes the letters of one job.
pub(super) struct Letters {
    job_key: String,
    /// Key of the job whose letters began the thread.
    thread: Option<String>,
    domain: String,
    payload: Vec<u8>,
}

impl Letters {
    pub(super) async fn new(email: &Email, job: &Job) -> Result<Self, SendError> {
        let thread = match (&job.first()?.live, job.edition) {
            (Live::Shown { receipt, .. }, None) => Some(receipt.remote_id.clone()),
            _ => None,
        };
        Ok(Self {
            job_key: job.key.clone(),
            thread,
            domain: email.sender.email.domain().to_owned(),
            payload: job.payload.bytes.clone(),
        })
    }

    /// The whole message for one recipient, ready for `DATA`.
    pub(super) fn letter(&self, to: &Addressee) -> Result<Vec<u8>, SendError> {
        let (address, id) = (&to.address, self.message_id(&self.job_key, &to.address));
        let thread = self.thread.as_ref().map_or_else(String::new, |thread| {
            let original = self.message_id(thread, &to.address);
            format!("In-Reply-To: <{original}>\r\nReferences: <{original}>\r\n")
        });
        let mut letter = format!("To: {address}\r\nMessage-ID: <{id}>\r\n{thread}").into_bytes();
        letter.extend_from_slice(&self.payload);
        Ok(letter)
    }

    /// Derived from the job and the recipient: a repeat carries the same one.
    pub(super) fn message_id(&self, job_key: &str, recipient: &str) -> String {
        format!("{}@{}", letter_id(job_key, recipient), self.domain)
    }
}
