//! Posting one job to its audience: who is on the list, who still has to have it, and what came of it.

use std::path::Path;
use std::time::Duration;

use super::letter::Letters;
use super::rounds::{self, Round};
use super::{Email, Transport};
use crate::channel::{CopyChange, CopyCount, CopyState, Job, Progress, SendError, files};
use crate::delivery::{Action, Live, Receipt};
use crate::text;
use crate::text::Text;

/// Copies read from the list at a time.
pub(super) const PAGE: usize = 500;
/// Recipients named in one message.
const MOST_NAMED: usize = 5;

/// Everybody who has not had this job's message yet gets it.
pub(super) async fn post(email: &Email, job: &Job) -> Result<Progress, SendError> {
    invite(email, job).await?;
    let before = job.copies.count().await?;
    if before == CopyCount::default() {
        return nobody(email, job);
    }
    let round = if before.open == 0 {
        Round::default()
    } else {
        let letters = Letters::new(email, job).await?;
        match &email.transport {
            Transport::File(folder) => to_files(folder, job, &letters).await?,
            Transport::Smtp(server) => rounds::over_smtp(email, server, job, letters).await?,
        }
    };
    verdict(job, round).await
}

/// Makes the job's list, unless it is complete: everybody for something new; for a correction or a withdrawal those
/// who have had the article, and only they.
async fn invite(email: &Email, job: &Job) -> Result<(), SendError> {
    if job.copies.is_complete().await? {
        return Ok(());
    }
    if is_reply(job)? {
        job.copies.invite_holders().await?;
    } else {
        email.recipients.invite(&*job.copies).await?;
    }
    if job.copies.count().await? == CopyCount::default() {
        // An empty list stays open: people may yet be added.
        return Ok(());
    }
    job.copies.complete().await
}

fn is_reply(job: &Job) -> Result<bool, SendError> {
    Ok(job.edition.is_none() && !matches!(job.first()?.action, Action::Create(_)))
}

/// Sending to nobody is never a success, except for taking back what nobody has had.
fn nobody(email: &Email, job: &Job) -> Result<Progress, SendError> {
    let item = job.first()?;
    if !is_reply(job)? {
        return Err(SendError::attention(crate::channel::Attention::Misconfigured, email.recipients.empty()));
    }
    if matches!((item.action, &item.live), (Action::Withdraw, Live::Maybe(_))) {
        return Ok(Progress::Gone);
    }
    Err(SendError::permanent(text!(
        "không có ghi nhận ai đã nhận bài này, nên không có ai để gửi đính chính hay thu hồi",
        "nobody is on record as having had this article, so there is nobody to tell"
    )))
}

/// Every message becomes a file; the same message again is the same file.
async fn to_files(folder: &Path, job: &Job, letters: &Letters) -> Result<Round, SendError> {
    let mut after = None;
    loop {
        let page = job.copies.open(after.take(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(Round::default()) };
        after = Some(last.address.clone());
        let mut written = Vec::with_capacity(page.len());
        for to in page {
            let path = folder.join(format!("{}.eml", letters.message_id(&job.key, &to.address)));
            files::write(&path, &letters.letter(&to)?).await.map_err(files::FileError::into_send_error)?;
            written.push((to.address, CopyChange::Sent));
        }
        job.copies.record(written).await?;
    }
}

async fn verdict(job: &Job, round: Round) -> Result<Progress, SendError> {
    let count = job.copies.count().await?;
    let reached = count.sent + count.begun > 0;
    if let Some(error) = round.stopped {
        // What some have had must be finished for the others, not begun again.
        return Err(if reached { error.midway() } else { error });
    }
    if round.halted && count.open > 0 {
        let (sent, open) = (count.sent, count.open);
        let note = text!(
            "dừng giữa chừng (có lệnh, hoặc hết giờ của kênh): đã gửi {sent} thư, còn {open} thư",
            "interrupted (by an order, or the end of the channel's hours): {sent} letters sent, {open} are left"
        );
        let error = SendError::put_off(note).after(Some(Duration::from_secs(1)));
        return Err(if reached { error.midway() } else { error });
    }
    if count.open > 0 {
        let wait = count.next.unwrap_or_default().max(round.full.unwrap_or_default());
        let note = unfinished(job, &count, round.full).await?;
        let error = SendError::put_off(note).after(Some(wait));
        return Err(if reached { error.midway() } else { error });
    }
    if count.begun > 0 {
        return Ok(Progress::InDoubt { receipt: receipt(job)?, note: doubt(job, count.begun).await? });
    }
    if count.sent == 0 && count.refused > 0 {
        let reasons = named(job, CopyState::Refused, count.refused).await?;
        return Err(SendError::permanent(text!(
            "không người nhận nào nhận được: {reasons}",
            "no recipient took it: {reasons}"
        )));
    }
    if count.sent == 0 && !is_reply(job)? {
        return Err(SendError::permanent(text!(
            "không gửi được cho ai: mọi người trong danh sách đều đã hủy nhận hoặc có hộp thư hỏng",
            "nobody could be written to: everybody on the list has unsubscribed or has a mailbox that refuses"
        )));
    }
    let CopyCount { sent, refused, left_out, .. } = count;
    if refused + left_out > 0 {
        tracing::info!(key = %job.key, sent, refused, left_out, "not everybody on the list has had it");
    }
    if matches!(job.first()?.action, Action::Withdraw) && job.edition.is_none() {
        return Ok(Progress::Gone);
    }
    Ok(Progress::Live(receipt(job)?))
}

/// In words: what is still to be sent, and why it was not yet.
async fn unfinished(job: &Job, count: &CopyCount, full: Option<Duration>) -> Result<Text, SendError> {
    let (sent, open) = (count.sent, count.open);
    if full.is_some() {
        return Ok(text!(
            "đã gửi {sent} thư; còn {open} thư đợi, vì đã hết hạn mức của giờ này",
            "{sent} letters sent; {open} more wait, for this hour's share is used up"
        ));
    }
    let reasons = named(job, CopyState::Open, count.open).await?;
    Ok(text!(
        "đã gửi {sent} thư; {open} thư máy chủ chưa nhận, sẽ gửi lại: {reasons}",
        "{sent} letters sent; {open} not taken yet and sent again: {reasons}"
    ))
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
async fn doubt(job: &Job, count: usize) -> Result<Text, SendError> {
    let names = named(job, CopyState::Begun, count).await?;
    Ok(text!(
        "chưa rõ {count} người này đã nhận thư chưa: {names}. Xem đủ: loa recipients SỐ --state begun; hỏi họ hoặc xem nhật ký \
         máy chủ thư, rồi trả lời từng người: loa resolve SỐ --went-out (hoặc --did-not) --recipient ĐỊA_CHỈ",
        "it is not known whether these {count} have had it: {names}. All of them: loa recipients ID --state begun; ask them, or \
         look into the mail server's log, then answer for each: loa resolve ID --went-out (or --did-not) --recipient ADDRESS"
    ))
}

async fn named(job: &Job, state: CopyState, count: usize) -> Result<String, SendError> {
    let some = job.copies.named(state, MOST_NAMED).await?;
    let mut names: Vec<String> = some
        .into_iter()
        .map(|(recipient, reason)| if reason.is_empty() { recipient } else { format!("{recipient}: {reason}") })
        .collect();
    if count > names.len() {
        names.push("…".to_owned());
    }
    Ok(names.join("; "))
}
