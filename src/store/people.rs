//! What people decide: about one delivery, or about a channel. Each decision is a line in the ledger.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::approvals;
use super::db::{Arg, Connection, Sql, args};
use super::deliveries::{load, swap};
use super::row::{millis, to_json};
use super::single_copies::resolve_copies;
use super::tx::Tx;
use crate::delivery::{Delivery, DeliveryId, Event, Hold, Plan, State, apply};
use crate::queue::{Leased, Pause, PauseCause, StoreError};
use crate::text;
use crate::text::Text;

/// A person's word about one delivery.
pub(super) struct Decision {
    pub(super) id: DeliveryId,
    pub(super) event: Event,
    pub(super) who: String,
    pub(super) now: DateTime<Utc>,
}

pub(super) async fn decide(tx: &mut Tx, decision: &Decision) -> Result<Result<Delivery, Text>, StoreError> {
    let Decision { id, event, who, now } = decision;
    let Some(before) = load(&mut tx.connection, &[*id]).await?.pop() else {
        return Ok(Err(text!("không có lượt phát số {id}", "there is no delivery {id}")));
    };
    if let Err(refused) = approvals::check(&mut tx.connection, &before, event, who).await? {
        return Ok(Err(refused));
    }
    let (what, note) = said(&before, event);
    let event = resolve_copies(&mut tx.connection, &before, event.clone(), *now).await?;
    let Ok(after) = apply(&before, event) else {
        if let (Event::Release(_), State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } }) =
            (&decision.event, &before.state)
        {
            return Ok(Err(text!(
                "lượt phát {id} chờ duyệt: xem nội dung rồi duyệt ở trang Chờ duyệt, hoặc: loa approve {id}",
                "delivery {id} waits for approval: look at it on the page Approvals and approve it there, or: loa approve {id}"
            )));
        }
        let state = before.state.name();
        return Ok(Err(text!(
            "lượt phát {id} đang ở trạng thái \"{state}\", không làm việc này được",
            "delivery {id} is \"{state}\", in which this cannot be done"
        )));
    };
    let change = (before, after);
    swap(&mut tx.connection, std::slice::from_ref(&change)).await?;
    let (before, after) = change;
    approvals::keep(&mut tx.connection, &before, &decision.event, who, *now).await?;
    record(tx, who, what, *now, Some(&before.channel), Some(&before), &note).await?;
    if let Event::Release(plan) = &decision.event {
        release_with(tx, &before, plan, decision).await?;
    }
    tx.wake(&after.channel);
    Ok(Ok(after))
}

/// What was begun in one edition goes on together: whoever has had it must not miss, or get twice, a part of it.
async fn release_with(tx: &mut Tx, first: &Delivery, plan: &Plan, decision: &Decision) -> Result<(), StoreError> {
    const TOGETHER: Sql = Sql::both(
        "SELECT id FROM deliveries WHERE channel = $1 AND edition = $2 AND state IN ('waiting', 'held', 'failed') AND id <> $3",
    );
    let Some(slot) = first.plan.edition.filter(|_| first.is_begun()) else { return Ok(()) };
    let rows = tx.connection.fetch(TOGETHER, args![&first.channel, millis(slot), first.id.0]).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.int("id").map(DeliveryId)).collect::<Result<_, _>>()?;
    let for_all = |state: &State| match state {
        State::Held { why } => matches!(why, Hold::Late { .. } | Hold::RehearsalOfLive),
        _ => true,
    };
    let mut changes = Vec::new();
    for before in load(&mut tx.connection, &ids).await? {
        if before.is_begun()
            && for_all(&before.state)
            && let Ok(after) = apply(&before, Event::Release(plan.clone()))
        {
            changes.push((before, after));
        }
    }
    swap(&mut tx.connection, &changes).await?;
    let (what, note) = said(first, &decision.event);
    for (before, _) in &changes {
        record(tx, &decision.who, what, decision.now, Some(&before.channel), Some(before), &note).await?;
    }
    Ok(())
}

/// What a decision is called in the ledger.
fn said(before: &Delivery, event: &Event) -> (&'static str, Text) {
    match event {
        Event::Resolve { went_out: true, .. } => ("resolve", text!("xác nhận: đã lên", "resolved: it went out")),
        Event::Resolve { .. } => ("resolve", text!("xác nhận: chưa lên", "resolved: it did not go out")),
        Event::Approve { plan, .. } => {
            let hash = plan.approved.as_ref().map(|approved| approved.hash.as_str()).unwrap_or_default();
            ("approve", text!("duyệt nội dung {hash}", "approved the payload {hash}"))
        }
        Event::SendBack { word, .. } => ("send_back", text!("trả lại: {word}", "sent back: {word}")),
        Event::SendAgain { why, .. } => {
            let receipt = before.live.receipt();
            let left = receipt.and_then(|receipt| receipt.url.as_deref().or(Some(&receipt.remote_id)));
            let left = left.unwrap_or_default();
            let text = text!(
                "gửi thêm một bản nữa: {why}. Bản trước không còn được theo dõi: {left}",
                "another copy was asked for: {why}. The one before is no longer looked after: {left}"
            );
            ("send_again", text)
        }
        _ => ("retry", text!("cho gửi lại", "let it go on")),
    }
}

/// Pauses a channel that is not paused yet.
pub(super) async fn pause(tx: &mut Tx, channel: &str, pause: &Pause) -> Result<(), StoreError> {
    const PAUSE: Sql = Sql::both("INSERT INTO pauses (channel, pause) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    if tx.connection.execute(PAUSE, args![channel, to_json(pause)?]).await? == 0 {
        return Ok(());
    }
    let who = match &pause.cause {
        PauseCause::Person(name) => name.as_str(),
        PauseCause::Attention(_) => "loa",
    };
    record(tx, who, "pause", pause.since, Some(channel), None, &pause.note).await
}

/// Enters the pause that a restored store puts on every channel as this channel's own, if nobody has let it go. In one
/// transaction: what a person says meanwhile comes before it or after it.
pub(super) async fn show_pause(tx: &mut Tx, channel: &str) -> Result<(), StoreError> {
    const RESTORED: Sql = Sql::both(
        "SELECT pause FROM restores WHERE NOT EXISTS (SELECT 1 FROM let_go WHERE channel = $1) ORDER BY id DESC LIMIT 1",
    );
    match tx.connection.first(RESTORED, args![channel]).await? {
        Some(row) => pause(tx, channel, &row.json("pause")?).await,
        None => Ok(()),
    }
}

pub(super) async fn resume(tx: &mut Tx, channel: &str, who: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    // After the store was put back from a backup, a person has to name each channel.
    const LET_GO: Sql = Sql::both(
        "INSERT INTO let_go (channel, at) SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM restores) ON CONFLICT DO NOTHING",
    );
    const RESUME: Sql = Sql::both("DELETE FROM pauses WHERE channel = $1");
    const WAKE: Sql = Sql::both("DELETE FROM rests WHERE channel = $1 AND until > $2");
    let mut ended = 0;
    // A person knows better than the far side's last word, and what the public saw since a backup; loa does not.
    if who != "loa" {
        ended += tx.connection.execute(LET_GO, args![channel, millis(now)]).await?;
        ended += tx.connection.execute(WAKE, args![channel, millis(now)]).await?;
    }
    ended += tx.connection.execute(RESUME, args![channel]).await?;
    tx.wake(channel);
    if ended == 0 {
        return Ok(false);
    }
    record(tx, who, "resume", now, Some(channel), None, &text!("tiếp tục", "resumed")).await?;
    Ok(true)
}

pub(super) async fn throttle(tx: &mut Tx, channel: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
    const REST: Sql = Sql::both(
        "INSERT INTO rests (channel, until) VALUES ($1, $2) ON CONFLICT (channel) DO UPDATE SET until = \
         CASE WHEN excluded.until > rests.until THEN excluded.until ELSE rests.until END",
    );
    tx.connection.execute(REST, args![channel, millis(until)]).await.map(drop)
}

/// What keeps a channel from working.
#[derive(Default)]
pub(super) struct Standing {
    paused: bool,
    /// `None` when it does not rest.
    rests_until: Option<DateTime<Utc>>,
}

impl Standing {
    /// Nothing is leased; a rest ends by itself, a pause does not.
    pub(super) fn keeps_back(&self) -> Leased {
        Leased { work: Vec::new(), next: self.rests_until.filter(|_| !self.paused) }
    }
}

/// Channels that are paused, that rest, or that nobody has let go since the store was restored.
macro_rules! standings {
    ($channels:literal) => {
        concat!(
            "SELECT channel, CAST(1 AS bigint) AS paused, NULL AS rests_until FROM pauses \
             UNION ALL SELECT channel, 0, until FROM rests WHERE until > $1 \
             UNION ALL SELECT c.value, 1, NULL FROM ",
            $channels,
            " c WHERE EXISTS (SELECT 1 FROM restores) AND NOT EXISTS (SELECT 1 FROM let_go l WHERE l.channel = c.value)"
        )
    };
}

/// How each of these channels stands; those that may work are not in it.
pub(super) async fn standings(
    connection: &mut Connection,
    channels: &[String],
    now: DateTime<Utc>,
) -> Result<HashMap<String, Standing>, StoreError> {
    const STANDINGS: Sql =
        Sql { sqlite: standings!("json_each($2)"), postgres: standings!("json_array_elements_text($2::json)") };
    let mut standing: HashMap<String, Standing> = HashMap::new();
    for row in connection.fetch(STANDINGS, vec![millis(now).into(), Arg::rows(channels)?]).await? {
        let channel = row.string("channel")?;
        if !channels.contains(&channel) {
            continue;
        }
        let said = standing.entry(channel).or_default();
        said.paused |= row.flag("paused")?;
        said.rests_until = said.rests_until.max(row.opt_instant("rests_until")?);
    }
    Ok(standing)
}

/// Writes a line into the ledger of decisions; its seal follows at the end of the transaction.
pub(super) async fn record(
    tx: &mut Tx,
    who: &str,
    what: &str,
    at: DateTime<Utc>,
    channel: Option<&str>,
    delivery: Option<&Delivery>,
    note: &Text,
) -> Result<(), StoreError> {
    let about = (delivery.map(|delivery| delivery.article.0), delivery.map(|delivery| delivery.id.0));
    record_about(tx, who, what, at, channel, about, note).await
}

/// The same, about an article that has no delivery yet.
pub(super) async fn record_about(
    tx: &mut Tx,
    who: &str,
    what: &str,
    at: DateTime<Utc>,
    channel: Option<&str>,
    (article, delivery): (Option<i64>, Option<i64>),
    note: &Text,
) -> Result<(), StoreError> {
    const RECORD: Sql = Sql::both(
        "INSERT INTO decisions (at, who, what, article_id, delivery_id, channel, note) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         RETURNING id",
    );
    let args = args![millis(at), who, what, article, delivery, channel, to_json(note)?];
    if let Some(row) = tx.connection.first(RECORD, args).await? {
        tx.recorded.insert(row.int("id")?);
    }
    Ok(())
}
