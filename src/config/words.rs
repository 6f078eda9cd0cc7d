//! Keys that take words of several shapes.

use serde::Deserialize;

use crate::schedule::{Approval, CronLine, Timing};
use crate::text;
use crate::text::Text;

/// `false`, `true` or `"two"`.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ApprovalWords {
    Asked(bool),
    Word(String),
}

/// `"immediate"`, or cron lines.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum TimingWords {
    Word(String),
    Lines(Vec<String>),
}

/// Who has to approve.
pub(super) fn approval(words: &ApprovalWords) -> Result<Approval, Text> {
    match words {
        ApprovalWords::Asked(false) => Ok(Approval::No),
        ApprovalWords::Asked(true) => Ok(Approval::Asked),
        ApprovalWords::Word(word) if word == "two" => Ok(Approval::ByAnother),
        ApprovalWords::Word(_) => Err(text!(
            "approval là false, true, hoặc \"two\" (người duyệt không được là người soạn)",
            "approval is false, true, or \"two\" (whoever approves is not who wrote it)"
        )),
    }
}

/// When it sends.
pub(super) fn timing(words: &TimingWords) -> Result<Timing, Text> {
    match words {
        TimingWords::Word(word) if word == "immediate" => Ok(Timing::Immediate),
        TimingWords::Lines(lines) if !lines.is_empty() => {
            let lines: Result<Vec<CronLine>, _> = lines.iter().map(|line| line.parse::<CronLine>()).collect();
            Ok(Timing::Cron(lines.map_err(|error| error.0)?))
        }
        TimingWords::Word(_) | TimingWords::Lines(_) => Err(text!(
            "timing là \"immediate\" hoặc danh sách giờ phát như [\"30 4 * * *\", \"0 16 * * 1-5\"]",
            "timing is \"immediate\" or a list of cron lines such as [\"30 4 * * *\", \"0 16 * * 1-5\"]"
        )),
    }
}
