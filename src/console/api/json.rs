//! Articles, deliveries, attempts and channels as JSON, the same in the API and on the command line.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::console::ChannelSummary;
use crate::delivery::{Live, State as DeliveryState, Wanted};
use crate::ledger::{ArticleRow, AttemptRow, DeliveryRow, Fate};
use crate::queue::{Pause, PauseCause};
use crate::text;
use crate::text::{Language, Text};

pub(super) fn article_json(row: &ArticleRow) -> Value {
    json!({
        "id": row.id,
        "source": row.key.source,
        "external_id": row.key.external_id,
        "revision": row.revision,
        "title": row.title,
        "withdrawn_at": row.withdrawn_at,
    })
}

/// The pause of a delivery's channel.
#[must_use]
pub fn pause_of<'p>(pauses: &'p [(String, Pause)], row: &DeliveryRow) -> Option<&'p Pause> {
    pauses.iter().find(|(name, _)| *name == row.delivery.channel).map(|(_, pause)| pause)
}

/// A channel as JSON, the same in the API and in `loa channels --json`.
#[must_use]
pub fn channel_json(summary: &ChannelSummary, pause: Option<&Pause>, language: Language) -> Value {
    let mut value = json!(summary);
    if let (Some(fields), Some(pause)) = (value.as_object_mut(), pause) {
        fields.insert("paused".to_owned(), json!({ "since": pause.since, "reason": pause.note.get(language) }));
    }
    value
}

/// An attempt as JSON, the same in the API and in `loa deliveries --json`.
#[must_use]
pub fn attempt_json(row: &AttemptRow, language: Language) -> Value {
    json!({
        "attempt": row.attempt,
        "errand": row.errand,
        "revision": row.revision,
        "started": row.started,
        "finished": row.finished,
        "outcome": row.outcome,
        "note": row.note.as_ref().map(|note| note.get(language)),
        "payload_hash": row.payload_hash,
        "url": row.url,
    })
}

/// A delivery as JSON, the same in the API and in `loa deliveries --json`.
#[must_use]
pub fn delivery_json(row: &DeliveryRow, pause: Option<&Pause>, letters: &[String], language: Language) -> Value {
    let delivery = &row.delivery;
    let (wanted, shown) = (wanted_json(delivery.wanted), delivery.live.receipt());
    let shown_revision = match &delivery.live {
        Live::Shown { revision, .. } => Some(*revision),
        _ => None,
    };
    json!({
        "id": delivery.id,
        "article": delivery.article,
        "source": row.key.source,
        "external_id": row.key.external_id,
        "title": row.title,
        "channel": delivery.channel,
        "wanted": wanted,
        "state": delivery.state.name(),
        "result": row.fate(letters).map(Fate::name),
        "reason": reason(&delivery.state, pause).map(|text| text.get(language).to_owned()),
        "due": delivery.state.due(),
        "tries": delivery.tries,
        "shown_revision": shown_revision,
        "rehearsal": shown.is_some_and(|receipt| receipt.rehearsal),
        "remote_id": shown.map(|receipt| &receipt.remote_id).filter(|id| !id.is_empty()),
        "url": shown.and_then(|receipt| receipt.url.clone()),
        "payload_hash": shown.map(|receipt| &receipt.payload_hash).filter(|hash| !hash.is_empty()),
    })
}

fn wanted_json(wanted: Wanted) -> Value {
    match wanted {
        Wanted::Revision(revision) => json!(revision),
        Wanted::Withdrawn => json!("withdrawn"),
    }
}

/// The pauses, and one more for each channel of these rows that is switched off or has no file any more: what waits there
/// waits until it is back, and people have to know.
#[must_use]
pub fn stops(mut pauses: Vec<(String, Pause)>, rows: &[DeliveryRow], on: &[String]) -> Vec<(String, Pause)> {
    for channel in rows.iter().map(|row| &row.delivery.channel) {
        if on.contains(channel) || pauses.iter().any(|(name, _)| name == channel) {
            continue;
        }
        let note = text!(
            "kênh đã tắt hoặc không còn tệp trong channels/; bản đã lên ở đó vẫn còn. Bật lại kênh thì loa làm tiếp",
            "the channel is switched off or has no file in channels/ any more; a copy that is out there stays. loa goes on once it is back"
        );
        let cause = PauseCause::Attention("off".to_owned());
        pauses.push((channel.clone(), Pause { cause, since: DateTime::default(), note }));
    }
    pauses
}

/// Why a delivery is where it is, in words.
#[must_use]
pub fn reason(state: &DeliveryState, pause: Option<&Pause>) -> Option<Text> {
    match state {
        DeliveryState::Waiting { .. } if pause.is_some() => pause.map(|pause| Text {
            vi: format!("kênh đang tạm dừng: {}", pause.note.vi),
            en: format!("the channel is paused: {}", pause.note.en),
        }),
        DeliveryState::Settled => None,
        DeliveryState::Waiting { why, .. } => Some(why.text()),
        DeliveryState::Sending { .. } => Some(text!("đang gửi", "being sent")),
        DeliveryState::Uncertain { note, look, .. } => Some(uncertain(note, look.is_some())),
        DeliveryState::Held { why } => Some(why.text()),
        DeliveryState::Failed { why } => Some(why.clone()),
    }
}

fn uncertain(note: &crate::text::Text, will_look: bool) -> Text {
    let (vi, en) = if will_look {
        ("loa sẽ tự kiểm tra lại", "loa will look again")
    } else {
        (
            "hãy xem kênh rồi báo: loa resolve ID --went-out hoặc --did-not",
            "look at the channel, then say: loa resolve ID --went-out or --did-not",
        )
    };
    Text { vi: format!("{}; {vi}", note.vi), en: format!("{}; {en}", note.en) }
}
