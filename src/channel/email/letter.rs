//! One recipient's letter: the payload with their own headers in front, and their token in place of the placeholder.

use std::sync::Arc;

use super::Email;
use super::dkim::Seal;
use super::headers::Headers;
use super::pictures;
use super::quoted::{Run, find};
use crate::article::sha256_hex;
use crate::audience::letter_id;
use crate::channel::{Addressee, Job, SendError};
use crate::delivery::Live;
use crate::text;

/// Stands in the payload where each letter has its recipient's token, and is as long ("put the recipient's code here").
pub(super) const PLACEHOLDER: &str = "thaybangmacuanguoinhan2345";

/// Makes the letters of one job.
pub(super) struct Letters {
    job_key: String,
    /// Key of the job whose letters began the thread.
    thread: Option<String>,
    domain: String,
    /// Where the receiving side counts complaints (`Feedback-ID`): job, channel, domain, sender. It names nobody.
    feedback: String,
    payload: Vec<u8>,
    /// Where the placeholder stands in the payload.
    runs: Vec<Run>,
    /// The length of the payload's head, the empty line not included.
    head: usize,
    seal: Option<Seal>,
}

impl Letters {
    pub(super) async fn new(email: &Email, job: &Job) -> Result<Self, SendError> {
        let thread = match (&job.first()?.live, job.edition) {
            (Live::Shown { receipt, .. }, None) => Some(receipt.remote_id.clone()),
            _ => None,
        };
        let manner = email.letter.manner();
        let domain = manner.domain().to_owned();
        let payload = pictures::carry(manner, job).await?;
        let runs = find(&payload, PLACEHOLDER.as_bytes()).into_iter().flatten().collect();
        let head = payload.windows(4).position(|end| end == b"\r\n\r\n").map_or(payload.len(), |end| end + 2);
        let body = payload.get(head + 2..).unwrap_or_default();
        let seal = email.dkim.as_ref().map(|dkim| Seal::new(Arc::clone(dkim), body, PLACEHOLDER, job.now));
        let short = job.key.trim_start_matches("loa_").get(..12).unwrap_or(&job.key);
        // The last part names the sender in 5 to 15 characters.
        let sender = sha256_hex(domain.as_bytes());
        let feedback = format!("{short}:{}:{domain}:{}", manner.list(), sender.get(..12).unwrap_or_default());
        Ok(Self { job_key: job.key.clone(), thread, domain, feedback, payload, runs, head, seal })
    }

    /// The whole message for one recipient, ready for `DATA`.
    pub(super) fn letter(&self, to: &Addressee) -> Result<Vec<u8>, SendError> {
        let mut own = Headers::default();
        own.mailbox("To", to.name.as_deref(), &to.address);
        own.add("Message-ID", &format!("<{}>", self.message_id(&self.job_key, &to.address)));
        if let Some(thread) = &self.thread {
            let original = format!("<{}>", self.message_id(thread, &to.address));
            own.add("In-Reply-To", &original);
            own.add("References", &original);
        }
        own.add("Feedback-ID", &self.feedback);
        let mut letter = own.into_string().into_bytes();
        let payload_at = letter.len();
        letter.extend_from_slice(&self.payload);
        let token = to.token.as_bytes();
        if token.len() != PLACEHOLDER.len() {
            let address = &to.address;
            return Err(SendError::permanent(text!(
                "mã của người nhận {address} không đủ 26 ký tự",
                "the token of the recipient {address} has not 26 characters"
            )));
        }
        for run in &self.runs {
            let at = payload_at + run.at;
            if let (Some(place), Some(bytes)) = (letter.get_mut(at..at + run.of.len()), token.get(run.of.clone())) {
                place.copy_from_slice(bytes);
            }
        }
        let Some(seal) = &self.seal else { return Ok(letter) };
        let head = String::from_utf8_lossy(letter.get(..payload_at + self.head).unwrap_or_default());
        let mut sealed = seal.fields(&head, &to.token)?.into_bytes();
        sealed.extend_from_slice(&letter);
        Ok(sealed)
    }

    /// Derived from the job and the recipient: a repeat carries the same one.
    pub(super) fn message_id(&self, job_key: &str, recipient: &str) -> String {
        format!("{}@{}", letter_id(job_key, recipient), self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::PLACEHOLDER;

    #[test]
    fn the_placeholder_is_as_long_as_a_token() {
        assert_eq!(PLACEHOLDER.len(), 26);
        assert!(PLACEHOLDER.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)));
    }
}
