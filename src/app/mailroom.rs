//! Letters that come back: whose they are, and what becomes of their recipient.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use crate::article::sha256_hex;
use crate::audience::{Bounce, Standing, Subscriber, Verdict, letter_id, read_bounce};
use crate::clock::Clock;
use crate::queue::{NewStanding, SoftBounce, StoreError, Subscribers};
use crate::text;
use crate::text::{Language, Text};

const LOOK_EVERY: Duration = Duration::from_mins(1);
/// A letter longer than this is read only so far.
pub const LONGEST_LETTER: u64 = 4 * 1024 * 1024;

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It changed how somebody stands, or would have.
    Counted(Text),
    /// It is of no account.
    Ignored(Text),
}

impl Received {
    /// In words. Never holds a token.
    #[must_use]
    pub fn text(&self) -> &Text {
        match self {
            Self::Counted(text) | Self::Ignored(text) => text,
        }
    }
}

/// Reads letters that come back.
#[derive(Clone)]
pub struct Mailroom {
    pub(super) subscribers: Arc<dyn Subscribers>,
    pub(super) clock: Clock,
    pub(super) language: Language,
    pub(super) soft_bounces: u32,
}

impl Mailroom {
    /// Takes in one letter, as it came from the mail server. The same letter again changes nothing.
    ///
    /// # Errors
    /// What the store reports; then the letter is to be handed in again.
    pub async fn receive(&self, letter: &[u8]) -> Result<Received, StoreError> {
        let bounce = match read_bounce(letter) {
            Ok(bounce) => bounce,
            Err(why) => return Ok(Received::Ignored(ignored(&why))),
        };
        let Some(whose) = self.whose(&bounce).await? else {
            let why = text!("không phải trả lời cho bức thư nào loa đã gửi", "it answers no letter that loa sent");
            return Ok(Received::Ignored(ignored(&why)));
        };
        // A mailbox behind theirs refused, to which they have their mail forwarded: theirs is there.
        let is_theirs = bounce.addresses.is_empty() || bounce.addresses.contains(&whose.address);
        match bounce.verdict {
            Verdict::Hard if is_theirs => {
                let reason = text!("thư bị trả lại", "returned");
                self.stand(whose, Standing::Bounced, "loa", &reason, &bounce).await
            }
            Verdict::Soft | Verdict::Hard => self.put_off(whose, &bounce, letter).await,
            Verdict::Complaint => {
                let reason = text!("báo thư không mong muốn", "reported as unwanted");
                self.stand(whose, Standing::Complained, "loa", &reason, &bounce).await
            }
            Verdict::Unsubscribe => {
                let reason = text!("gửi thư xin hủy", "asked by mail");
                self.stand(whose, Standing::Unsubscribed, "recipient", &reason, &bounce).await
            }
        }
    }

    /// The recipient whose letter came back: their token says so, or the id of a letter that was sent to them.
    async fn whose(&self, bounce: &Bounce) -> Result<Option<Subscriber>, StoreError> {
        for token in &bounce.tokens {
            if let Some(found) = self.subscribers.by_token(token.clone()).await? {
                return Ok(Some(found));
            }
        }
        for address in &bounce.addresses {
            for (subscriber, jobs) in self.subscribers.find(address.clone()).await? {
                if jobs.iter().any(|key| bounce.letters.contains(&letter_id(key, address.as_str()))) {
                    return Ok(Some(subscriber));
                }
            }
        }
        Ok(None)
    }

    async fn stand(
        &self,
        whose: Subscriber,
        standing: Standing,
        who: &str,
        reason: &Text,
        bounce: &Bounce,
    ) -> Result<Received, StoreError> {
        let new = NewStanding {
            standing,
            reason: Some(format!("{}: {}", reason.get(self.language), bounce.reason)),
            who: who.to_owned(),
            at: self.clock.now(),
        };
        let (channel, address) = (whose.channel.clone(), whose.address.clone());
        let before = self.subscribers.stand(whose.channel, whose.address, new).await?;
        let is_out = before.is_some_and(|before| before != Standing::Active);
        let Text { vi, en } = reason;
        let text = if is_out {
            text!(
                "{address}, kênh {channel}: {vi}; vốn đã không được gửi thư",
                "{address} on {channel}: {en}; not written to anyway"
            )
        } else {
            text!(
                "{address}, kênh {channel}: {vi}; từ nay không gửi thư nữa",
                "{address} on {channel}: {en}; not written to any more"
            )
        };
        Ok(Received::Counted(text))
    }

    async fn put_off(&self, whose: Subscriber, bounce: &Bounce, letter: &[u8]) -> Result<Received, StoreError> {
        let soft = SoftBounce {
            message: sha256_hex(letter),
            reason: bounce.reason.clone(),
            limit: self.soft_bounces,
            at: self.clock.now(),
        };
        let (channel, address) = (whose.channel.clone(), whose.address.clone());
        let stands = self.subscribers.soft_bounce(whose.channel, whose.address, soft).await?;
        Ok(Received::Counted(if stands == Some(Standing::Active) {
            text!(
                "{address}, kênh {channel}: hộp thư tạm thời không nhận; đã ghi",
                "{address} on {channel}: the mailbox does not take mail for now; noted"
            )
        } else {
            text!(
                "{address}, kênh {channel}: hộp thư không nhận được; không gửi thư nữa",
                "{address} on {channel}: the mailbox does not take mail; not written to any more"
            )
        }))
    }
}

fn ignored(why: &Text) -> Text {
    Text { vi: format!("bỏ qua thư này: {}", why.vi), en: format!("ignored: {}", why.en) }
}

/// Takes in what lies in a Maildir, at once and then every minute, until `stop`. A letter moves to `cur` once what it
/// says is on disk; one that is read twice because loa ended in between changes nothing the second time.
pub(super) async fn watch(maildir: &Path, mailroom: &Mailroom, stop: &CancellationToken) {
    let mut trouble = None;
    while !stop.is_cancelled() {
        let now = look(maildir, mailroom, stop).await.err();
        // What is wrong stays wrong for many looks: say so once.
        if now.is_some() && now != trouble {
            let folder = maildir.display();
            tracing::error!(%folder, error = now.as_deref(), "letters that came back cannot be taken in");
        }
        trouble = now;
        tokio::select! {
            () = mailroom.clock.sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn look(maildir: &Path, mailroom: &Mailroom, stop: &CancellationToken) -> Result<(), String> {
    let said = |error: io::Error| error.to_string();
    let mut names = Vec::new();
    let mut entries = tokio::fs::read_dir(maildir.join("new")).await.map_err(said)?;
    while let Some(entry) = entries.next_entry().await.map_err(said)? {
        let is_file = entry.file_type().await.is_ok_and(|kind| kind.is_file());
        if is_file && !entry.file_name().to_string_lossy().starts_with('.') {
            names.push(entry.file_name());
        }
    }
    names.sort();
    for name in names {
        if stop.is_cancelled() {
            return Ok(());
        }
        let path = maildir.join("new").join(&name);
        match read(&path).await {
            Ok(letter) => {
                let received = mailroom.receive(&letter).await.map_err(|error| error.to_string())?;
                match &received {
                    Received::Counted(text) => tracing::info!(result = %text, "a letter came back"),
                    Received::Ignored(text) => tracing::info!(file = ?name, result = %text, "a letter came in"),
                }
            }
            Err(error) => tracing::warn!(file = ?name, %error, "a letter that came back cannot be read"),
        }
        let mut seen = name;
        seen.push(":2,S");
        tokio::fs::rename(&path, maildir.join("cur").join(seen)).await.map_err(said)?;
    }
    Ok(())
}

async fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut letter = Vec::new();
    tokio::fs::File::open(path).await?.take(LONGEST_LETTER).read_to_end(&mut letter).await?;
    Ok(letter)
}
