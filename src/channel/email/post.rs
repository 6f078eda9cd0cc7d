//! Posting one job to its audience, each recipient recorded before and after.

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::client::AsyncSmtpConnection;

use super::session::{Outcome, Server};
use super::{Email, Transport};
use crate::article::sha256_hex;
use crate::channel::{CopyState, Job, Progress, SendError, files};
use crate::delivery::{Action, Live, Receipt};
use crate::text;
use crate::text::Text;

/// Greylisting servers want at least this long (RFC 6647 §2.2: a delay of minutes).
const GREYLIST: Duration = Duration::from_mins(5);

/// What happened to the audience so far.
#[derive(Default)]
struct Tally {
    sent: usize,
    refused: Vec<String>,
    later: Option<Text>,
    doubtful: Vec<String>,
    stopped: Option<SendError>,
}

/// Everybody who has not had this job's message yet gets it.
pub(super) async fn post(email: &Email, job: &Job) -> Result<Progress, SendError> {
    let audience = audience(email, job).await?;
    if audience.is_empty() {
        return Err(nobody(email, job)?);
    }
    let known = job.copies.all().await?;
    let mut tally = Tally::default();
    let mut open = Vec::new();
    for address in audience {
        match known.get(&address) {
            None => open.push(address),
            Some(CopyState::Sent) => tally.sent += 1,
            Some(CopyState::Refused(reason)) => tally.refused.push(format!("{address}: {reason}")),
            Some(CopyState::Begun) => tally.doubtful.push(address),
        }
    }
    match &email.transport {
        Transport::File(folder) => {
            for address in open {
                let path = folder.join(format!("{}.eml", message_id(email, &job.key, &address)));
                files::write(&path, &letter(email, job, &address)?).await.map_err(files::FileError::into_send_error)?;
                job.copies.record(vec![(address, CopyState::Sent)]).await?;
                tally.sent += 1;
            }
        }
        Transport::Smtp(server) => over_smtp(email, server, job, open, &mut tally).await?,
    }
    verdict(job, tally)
}

/// Sending to nobody is never a success.
fn nobody(email: &Email, job: &Job) -> Result<SendError, SendError> {
    if job.edition.is_none() && !matches!(job.first()?.action, Action::Create(_)) {
        return Ok(SendError::permanent(text!(
            "không có ghi nhận ai đã nhận bài này, nên không có ai để gửi đính chính hay thu hồi",
            "nobody is on record as having had this article, so there is nobody to tell"
        )));
    }
    let file = email.recipients.file();
    Ok(SendError::attention(
        crate::channel::Attention::Misconfigured,
        text!("danh sách người nhận {file} không có ai", "the list of recipients {file} is empty"),
    ))
}

async fn over_smtp(
    email: &Email,
    server: &Server,
    job: &Job,
    open: Vec<String>,
    tally: &mut Tally,
) -> Result<(), SendError> {
    let mut connection: Option<AsyncSmtpConnection> = None;
    for recipient in open {
        let live = match connection.take() {
            Some(live) => live,
            None => match server.take().await {
                Ok(live) => live,
                Err(error) => {
                    tally.stopped = Some(error);
                    break;
                }
            },
        };
        let to: Address = recipient.parse().map_err(|_| {
            SendError::permanent(text!("{recipient} không phải địa chỉ thư", "{recipient} is no mail address"))
        })?;
        let message = letter(email, job, &recipient)?;
        // On disk before the message may leave: whatever happens now, this recipient is accounted for.
        job.copies.record(vec![(recipient.clone(), CopyState::Begun)]).await?;
        let (outcome, left) = server.send(live, &email.sender.email, &to, &message).await;
        connection = left;
        match outcome {
            Outcome::Accepted => {
                tally.sent += 1;
                settle(job, recipient, CopyState::Sent, tally).await;
            }
            Outcome::Refused(reason) => {
                tally.refused.push(format!("{recipient}: {reason}"));
                settle(job, recipient, CopyState::Refused(reason), tally).await;
            }
            Outcome::Later(note) => {
                tally.later = Some(note);
                job.copies.forget(recipient).await?;
            }
            Outcome::Doubtful => tally.doubtful.push(recipient),
            Outcome::Stopped(error) => {
                job.copies.forget(recipient).await?;
                tally.stopped = Some(error);
                break;
            }
        }
    }
    if let Some(connection) = connection {
        server.give_back(connection).await;
    }
    Ok(())
}

/// Records how a message ended. If that cannot be written, nobody will know later: the recipient is in doubt.
async fn settle(job: &Job, recipient: String, state: CopyState, tally: &mut Tally) {
    if job.copies.record(vec![(recipient.clone(), state)]).await.is_err() {
        tally.doubtful.push(recipient);
    }
}

fn verdict(job: &Job, tally: Tally) -> Result<Progress, SendError> {
    let Tally { sent, refused, later, doubtful, stopped } = tally;
    let reached = sent > 0 || !doubtful.is_empty();
    if let Some(error) = stopped {
        // What some have had must be finished for the others, not begun again.
        let transient = error.class_name() == "transient";
        return Err(if reached && transient { SendError::partial(error.note) } else { error });
    }
    if let Some(note) = later {
        let error = if reached { SendError::partial(note) } else { SendError::transient(note) };
        return Err(error.after(Some(GREYLIST)));
    }
    if !doubtful.is_empty() {
        let names: Vec<&str> = doubtful.iter().map(String::as_str).collect();
        return Err(SendError::ambiguous(doubt(&names)));
    }
    if sent == 0 && !refused.is_empty() {
        let reasons = refused.join("; ");
        return Err(SendError::permanent(text!(
            "không người nhận nào nhận được: {reasons}",
            "no recipient took it: {reasons}"
        )));
    }
    for reason in &refused {
        tracing::warn!(%reason, "a recipient was refused for good");
    }
    if matches!(job.first()?.action, Action::Withdraw) && job.edition.is_none() {
        return Ok(Progress::Gone);
    }
    Ok(Progress::Live(receipt(job)?))
}

/// Who gets this job: everybody on the list for something new; for a correction or a withdrawal those who
/// have had the article, and only they.
pub(super) async fn audience(email: &Email, job: &Job) -> Result<Vec<String>, SendError> {
    if job.edition.is_none() && !matches!(job.first()?.action, Action::Create(_)) {
        return Ok(job.copies.holders().await?.into_iter().collect());
    }
    email.recipients.read().map_err(|note| SendError::attention(crate::channel::Attention::Misconfigured, note))
}

/// The receipt names the job whose messages began the thread, so that a correction can answer them.
pub(super) fn receipt(job: &Job) -> Result<Receipt, SendError> {
    let thread = match &job.first()?.live {
        Live::Shown { receipt, .. } if job.edition.is_none() => receipt.remote_id.clone(),
        _ => job.key.clone(),
    };
    Ok(job.receipt(thread, None))
}

/// In words: these recipients may or may not have had it.
pub(super) fn doubt(recipients: &[&str]) -> Text {
    let names = recipients.join(", ");
    text!("chưa rõ những người này đã nhận thư chưa: {names}", "it is not known whether these have had it: {names}")
}

/// The message with its recipient's own headers in front.
fn letter(email: &Email, job: &Job, recipient: &str) -> Result<Vec<u8>, SendError> {
    let id = message_id(email, &job.key, recipient);
    let thread = match (&job.first()?.live, job.edition) {
        (Live::Shown { receipt, .. }, None) => {
            let original = message_id(email, &receipt.remote_id, recipient);
            format!("In-Reply-To: <{original}>\r\nReferences: <{original}>\r\n")
        }
        _ => String::new(),
    };
    let mut letter = format!("To: {recipient}\r\nMessage-ID: <{id}>\r\n{thread}").into_bytes();
    letter.extend_from_slice(&job.payload.bytes);
    Ok(letter)
}

/// Derived from the job and the recipient: a repeat carries the same one.
fn message_id(email: &Email, job_key: &str, recipient: &str) -> String {
    let hash = sha256_hex(format!("{job_key} {recipient}").as_bytes());
    format!("{}@{}", hash.get(..32).unwrap_or(&hash), email.sender.email.domain())
}
