//! Who gets a channel's letters: the people in a file, or the channel's own list of subscribers.

use std::path::PathBuf;

use crate::audience::{BadLine, Entry, entries};
use crate::channel::{Attention, Copies, SendError};
use crate::text;
use crate::text::Text;

/// Bad lines named in one message.
const MOST_NAMED: usize = 5;
/// People handed to the store together.
const BATCH: usize = 1_000;

/// Where the people are.
pub(super) enum Recipients {
    /// In a file. Read anew for every job, so that an edit counts at once.
    File(PathBuf),
    /// In the store: `loa subscribers`.
    Subscribers,
}

impl Recipients {
    /// Whether the list can be read; says which of its lines name nobody. They leave out nobody but themselves.
    pub(super) fn check(&self) -> Result<Option<Text>, Text> {
        let Self::File(file) = self else { return Ok(None) };
        let wrong: Vec<BadLine> = entries(file)?.filter_map(Result::err).collect();
        Ok((!wrong.is_empty()).then(|| bad_lines(file.display(), &wrong)))
    }

    /// Puts everybody on the job's list. A bad line leaves out nobody but itself.
    pub(super) async fn invite(&self, copies: &dyn Copies) -> Result<(), SendError> {
        let Self::File(file) = self else { return copies.invite_subscribers().await };
        let people = entries(file).map_err(|note| SendError::attention(Attention::Misconfigured, note))?;
        let (mut batch, mut wrong): (Vec<Entry>, Vec<BadLine>) = (Vec::new(), Vec::new());
        for person in people {
            match person {
                Ok(person) => batch.push(person),
                Err(line) => wrong.push(line),
            }
            if batch.len() == BATCH {
                copies.invite(std::mem::take(&mut batch)).await?;
            }
        }
        copies.invite(batch).await?;
        if !wrong.is_empty() {
            tracing::warn!(reason = %bad_lines(file.display(), &wrong), "some lines of the list name nobody");
        }
        Ok(())
    }

    /// Nobody is on the list.
    pub(super) fn empty(&self) -> Text {
        match self {
            Self::File(file) => {
                let file = file.display();
                text!(
                    "danh sách người nhận {file} không có ai; điền tên, rồi: loa resume KÊNH",
                    "the list of recipients {file} is empty; fill it in, then: loa resume CHANNEL"
                )
            }
            Self::Subscribers => text!(
                "kênh chưa có ai đăng ký nhận thư; thêm người: loa subscribers add KÊNH ĐỊA_CHỈ, rồi: loa resume KÊNH",
                "nobody subscribes to this channel; add people: loa subscribers add CHANNEL ADDRESS, then: loa resume CHANNEL"
            ),
        }
    }
}

fn bad_lines(file: impl std::fmt::Display, wrong: &[BadLine]) -> Text {
    let count = wrong.len();
    let named = |words: fn(&Text) -> &str| -> String {
        let lines: Vec<String> =
            wrong.iter().take(MOST_NAMED).map(|BadLine { line, text }| format!("{line}: {}", words(text))).collect();
        lines.join(" · ")
    };
    Text {
        vi: format!("danh sách {file} có {count} dòng không đúng, dòng {}", named(|text| &text.vi)),
        en: format!("{count} lines of the list {file} are not right, line {}", named(|text| &text.en)),
    }
}
