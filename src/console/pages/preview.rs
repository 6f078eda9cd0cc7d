//! A manuscript as every channel will show it, before anything goes out; and handing it over.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::json;

use super::approvals::instant;
use super::write::{NEW, article_page, open};
use super::{Route, act, look};
use crate::article::sha256_hex;
use crate::console::guard::{Form, Guest, Officer, Stop, framed, with_frames};
use crate::console::view::frame;
use crate::console::{ChannelView, Face, Outlook, Preview, ReadingChange, ReadingEntry, Unable};
use crate::people::{Notice, Role};
use crate::queue::Written;
use crate::text;
use crate::text::Text;

/// What was previewed this long ago is looked at again before it is published: its copies would say that hour.
const FRESH: TimeDelta = TimeDelta::minutes(30);
/// Readings in which the one for a word is looked for.
const AMONG: usize = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        look("/write/{token}/preview", Role::Editor, show),
        look("/write/{token}/frame/{name}/{id}", Role::Editor, seen_alone),
        act("/write/{token}/publish", Role::Editor, publish),
        act("/write/{token}/reading", Role::Editor, reading),
    ]
}

/// What was seen, on every channel: publishing asks that it is still the same.
fn fingerprint(written: &Written, preview: &Preview) -> String {
    let hash = |channel: &ChannelView| channel.payload.as_ref().map(|payload| payload.hash.clone());
    let outlook = |channel: &ChannelView| match channel.outlook {
        Outlook::Sends { .. } => "sends",
        Outlook::Rehearses => "rehearses",
        Outlook::Refuses { .. } => "refuses",
        Outlook::Off => "off",
        Outlook::Fails { .. } => "fails",
    };
    let seen =
        |channel: &ChannelView| (channel.channel.clone(), outlook(channel), channel.notes.clone(), hash(channel));
    let channels: Vec<_> = preview.channels.iter().map(seen).collect();
    sha256_hex(&serde_json::to_vec(&(written, channels)).unwrap_or_default())
}

async fn show(State(face): State<Arc<Face>>, officer: Officer, Path(token): Path<String>) -> Result<Response, Stop> {
    let manuscript = open(&face, &token).await?;
    let desk = &face.console.desk;
    if !desk.writing.check(&manuscript.written).is_empty() {
        return Ok(super::write::back_to_mistakes(&token));
    }
    let written = manuscript.written.clone();
    let (article, title) = (manuscript.corrects.map(|(id, _)| id), manuscript.written.title.clone());
    let base = manuscript.corrects.map(|(_, base)| base);
    let preview = match desk.writing.preview(manuscript, None, face.console.clock.now()).await {
        Ok(preview) => preview,
        // Such as a picture that must not be used: said where it can be put right.
        Err(Unable::Refused(text)) => return officer.on_to(&format!("{NEW}/{token}"), Notice::refused(text)).await,
        Err(other) => return Err(other.into()),
    };
    let seen = fingerprint(&written, &preview);
    let going = preview.channels.iter().filter(|channel| channel.payload.is_some()).count();
    let channels = preview.channels.into_iter().map(|channel| {
        let name: String = form_urlencoded::byte_serialize(channel.channel.as_bytes()).collect();
        json!({ "seen": channel, "frames": format!("{NEW}/{token}/frame/{}", name.replace('+', "%20")) })
    });
    let channels: Vec<_> = channels.collect();
    let context = json!({
        "token": token,
        "seen": seen,
        "at": preview.at.timestamp_millis(),
        "withdrawn": preview.withdrawn,
        "overtaken": preview.overtaken,
        "base": base,
        "headline": title,
        "article": article,
        "channels": channels,
        "missing_pictures": preview.missing_pictures,
        "going": going,
        "now": face.console.clock.now(),
    });
    Ok(with_frames(officer.page("preview.html", &text!("Xem trước", "Preview"), context)?))
}

async fn seen_alone(
    State(face): State<Arc<Face>>,
    guest: Guest,
    _: Officer,
    Path((token, channel, place)): Path<(String, String, usize)>,
) -> Result<Response, Stop> {
    let manuscript = open(&face, &token).await?;
    let at = instant(guest.query.trimmed("at")).unwrap_or_else(|| face.console.clock.now());
    let preview = face.console.desk.writing.preview(manuscript, Some(channel), at).await?;
    let payload = preview.channels.into_iter().next().and_then(|channel| channel.payload);
    let part = payload.and_then(|payload| payload.parts.into_iter().nth(place));
    part.and_then(|part| frame(&part.body)).map(framed).ok_or(Stop::NotFound)
}

async fn publish(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let manuscript = open(&face, &token).await?;
    let preview = format!("{NEW}/{token}/preview");
    let desk = &face.console.desk;
    if !desk.writing.check(&manuscript.written).is_empty() {
        return Ok(super::write::back_to_mistakes(&token));
    }
    let now = face.console.clock.now();
    let Some(at) = instant(form.get("at")).filter(|at| *at <= now && now - *at <= FRESH) else {
        let text = text!(
            "trang xem trước đã mở quá lâu nên giờ đăng trong bài đã cũ; chưa đăng. Xem lại rồi bấm Đăng",
            "that preview was shown so long ago that the time in it is old; nothing was published. Look again, then publish"
        );
        return officer.on_to(&preview, Notice::refused(text)).await;
    };
    let now_seen = match desk.writing.preview(manuscript.clone(), None, at).await {
        Ok(preview) => fingerprint(&manuscript.written, &preview),
        Err(Unable::Refused(text)) => return officer.on_to(&preview, Notice::refused(text)).await,
        Err(other) => return Err(other.into()),
    };
    if form.get("seen") != now_seen {
        let text = text!(
            "bài hoặc một kênh đã đổi sau lần xem trước này nên chưa đăng; đây là bản mới nhất, xem lại rồi bấm Đăng",
            "the article or a channel has changed since that preview, so it was not published; this is the newest"
        );
        return officer.on_to(&preview, Notice::refused(text)).await;
    }
    let again = !form.get("again").is_empty();
    let corrects = manuscript.corrects.is_some();
    let done = match desk.writing.hand_over(manuscript, officer.by(), at, again).await {
        Ok(done) => done,
        Err(Unable::Refused(text)) => return officer.on_to(&preview, Notice::refused(text)).await,
        Err(other) => return Err(other.into()),
    };
    let (channels, revision, missing) = (done.channels, done.revision, done.missing_pictures);
    let mut text = match (done.changed, corrects) {
        (false, _) => text!("bài không có gì mới nên không gửi lại", "there is nothing new in it, so nothing is sent"),
        (true, true) => text!(
            "đã ghi đính chính, bản {revision}, cho {channels} kênh",
            "the correction is taken over: revision {revision}, {channels} channels"
        ),
        (true, false) => text!("đã nhận bài, {channels} kênh", "the article is taken over: {channels} channels"),
    };
    if missing > 0 {
        let Text { vi, en } = text;
        text = text!(
            "{vi}; {missing} ảnh chưa tải được, bài đi kèm địa chỉ ảnh",
            "{en}; {missing} pictures could not be fetched and go as addresses"
        );
    }
    officer.on_to(&article_page(done.article), Notice::done(text)).await
}

/// A reading from the script's doubts: from now on it is read so.
async fn reading(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let readings = &face.console.desk.readings;
    let (written, spoken) = (form.trimmed("written").to_owned(), form.trimmed("spoken").to_owned());
    let known = readings.find(&written, AMONG).await?.own.into_iter().find(|known| known.written == written);
    let note = known.as_ref().map(|known| known.note.clone()).unwrap_or_default();
    let after = ReadingEntry { written: written.clone(), spoken: spoken.clone(), note };
    let change = match known {
        Some(before) => ReadingChange::Replace { before, after },
        None => ReadingChange::Add(after),
    };
    let notice = match readings.change(change, officer.by()).await {
        Ok(()) => Notice::done(text!(
            "từ nay đọc \"{written}\" là \"{spoken}\"",
            "\"{written}\" is read \"{spoken}\" from now on"
        )),
        Err(Unable::Refused(text)) => Notice::refused(text),
        Err(other) => return Err(other.into()),
    };
    officer.on_to(&format!("{NEW}/{token}/preview"), notice).await
}
