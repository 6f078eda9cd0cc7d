//! Every channel, and how it stands.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::hours::in_words;
use super::{address, failed};
use crate::console::guard::{Officer, Stop};
use crate::console::view::{Badge, paused};
use crate::console::{Face, Standing};
use crate::people::Role;
use crate::text;
use crate::text::Text;

/// A credential that ends so soon is spoken of.
const ENDS_SOON: TimeDelta = TimeDelta::days(14);

/// What is to be known of a channel at a glance.
pub(super) fn badges(standing: &Standing) -> Vec<Badge> {
    let summary = &standing.summary;
    let mut badges = Vec::new();
    if standing.pause.is_some() {
        badges.push(paused());
    }
    if !summary.enabled {
        badges.push(Badge::new("quiet", "○", text!("đang tắt", "switched off")));
    }
    if summary.mode == "rehearsal" {
        badges.push(Badge::new("quiet", "◌", text!("diễn tập", "rehearsal")));
    }
    if standing.rests_until.is_some() {
        badges.push(Badge::new("going", "…", text!("đang nghỉ", "resting")));
    }
    if badges.is_empty() {
        badges.push(Badge::new("well", "✓", text!("chạy thật", "live")));
    }
    if standing.behind {
        badges.push(Badge::new("going", "→", text!("đang nhận tệp mới", "taking over its new file")));
    }
    badges
}

/// The window of a rate, as people say it.
fn window(seconds: u64) -> Text {
    match seconds {
        1 => text!("giây", "second"),
        60 => text!("phút", "minute"),
        3_600 => text!("giờ", "hour"),
        _ => text!("ngày", "day"),
    }
}

pub(super) fn shown(standing: &Standing, now: DateTime<Utc>) -> Value {
    let summary = &standing.summary;
    let ends = summary.credential_ends.map(|at| {
        let left = at - now;
        json!({ "at": at, "days": left.num_days().max(0), "over": left <= TimeDelta::zero(), "soon": left < ENDS_SOON })
    });
    let used = standing.used.as_ref();
    let used = used.map(|used| json!({ "used": used.used, "most": used.most, "window": window(used.seconds) }));
    json!({
        "channel": summary.channel,
        "href": address(&summary.channel),
        "file": address(&standing.file),
        "name": summary.name,
        "kind": summary.kind,
        "about": standing.about,
        "enabled": summary.enabled,
        "rehearsal": summary.mode == "rehearsal",
        "badges": badges(standing),
        "pause": standing.pause.as_ref().map(|pause| json!({ "note": pause.note, "since": pause.since })),
        "rests_until": standing.rests_until,
        "check_up": standing.check_up,
        "ends": ends,
        "used": used,
        "slot": summary.next_slot.filter(|_| summary.enabled),
        "quiet": summary.quiet,
        "after": standing.after,
        "approval": standing.approval,
        "timing": standing.timing.iter().map(|line| json!({ "line": line, "words": in_words(line) })).collect::<Vec<_>>(),
        "grace": standing.grace / 60,
        "behind": standing.behind,
    })
}

pub(super) async fn page(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    let now = face.console.clock.now();
    let desk = &face.console.desk;
    let standings = desk.care.standings().await?;
    let administers = officer.session.account.role >= Role::Administrator;
    let broken = desk.files.broken().await.map_err(failed)?;
    let past = if administers { desk.files.past().await.map_err(failed)? } else { Vec::new() };
    let context = json!({
        "now": now,
        "channels": standings.iter().map(|standing| shown(standing, now)).collect::<Vec<_>>(),
        "broken": broken.iter().map(|(name, text)| json!({ "name": name, "href": address(name), "text": text })).collect::<Vec<_>>(),
        "past": past.iter().map(|name| json!({ "name": name, "href": address(name) })).collect::<Vec<_>>(),
        "administers": administers,
    });
    officer.page("channels.html", &text!("Kênh", "Channels"), context)
}
