//! The week: when each channel sends, when it is quiet, and the editions to come with what is in them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{Datelike as _, NaiveDate};
use serde_json::{Value, json};

use super::channels::address;
use super::{Route, act, look};
use crate::console::guard::{Form, Officer, Stop};
use crate::console::{ChannelWeek, Face, Shift};
use crate::delivery::DeliveryId;
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

const SCHEDULE: &str = "/schedule";

pub(super) fn routes() -> Vec<Route> {
    vec![look(SCHEDULE, Role::Viewer, page), act("/schedule/{id}/move", Role::Editor, shift)]
}

/// A day as people say it.
fn day(date: NaiveDate) -> Text {
    let names = [
        ("Thứ Hai", "Monday"),
        ("Thứ Ba", "Tuesday"),
        ("Thứ Tư", "Wednesday"),
        ("Thứ Năm", "Thursday"),
        ("Thứ Sáu", "Friday"),
        ("Thứ Bảy", "Saturday"),
        ("Chủ nhật", "Sunday"),
    ];
    let (vi, en) = names.into_iter().cycle().nth(date.weekday().num_days_from_monday() as usize).unwrap_or_default();
    let date = date.format("%d/%m");
    text!("{vi} {date}", "{en} {date}")
}

fn row(week: &ChannelWeek) -> Value {
    let days: Vec<Value> =
        week.days.iter().map(|one| json!({ "day": day(one.date), "slots": one.slots, "more": one.more })).collect();
    json!({
        "name": week.name, "href": address(&week.channel), "slots": week.slots, "quiet": week.quiet, "days": days,
    })
}

async fn page(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    let now = face.console.clock.now();
    let timetable = &face.console.desk.timetable;
    let weeks = timetable.week(now);
    let first = now.with_timezone(&face.console.zone).date_naive();
    let heads: Vec<Text> = first.iter_days().take(7).map(day).collect();
    let editions = timetable.editions().await?;
    let editions: Vec<Value> = editions
        .iter()
        .map(|one| json!({ "channel": one.channel, "name": one.name, "href": address(&one.channel), "coming": one.coming }))
        .collect();
    let role = officer.session.account.role;
    let context = json!({
        "now": now,
        "heads": heads,
        "weeks": weeks.iter().map(row).collect::<Vec<_>>(),
        "editions": editions,
        "edits": role >= Role::Editor,
        "administers": role >= Role::Administrator,
    });
    officer.page("schedule.html", &text!("Lịch phát", "Schedule"), context)
}

async fn shift(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Stop> {
    let (shift, done) = match form.get("to") {
        "up" => (Shift::Up, text!("đã xếp lên trước", "moved up")),
        "down" => (Shift::Down, text!("đã xếp xuống sau", "moved down")),
        "later" => (Shift::Later, text!("đã dời sang bản tin sau", "moved into the edition after")),
        "sooner" => (Shift::Sooner, text!("đã đưa về bản tin kế tiếp", "moved into the next edition")),
        _ => return Err(Stop::refused(text!("hãy chọn việc cần làm", "choose what to do"))),
    };
    let notice = match face.console.desk.timetable.shift(DeliveryId(id), shift, officer.by()).await? {
        Ok(()) => Notice::done(done),
        Err(refused) => Notice::refused(refused),
    };
    officer.on_to(SCHEDULE, notice).await
}
