//! What officers do about one delivery: say whether it is there, let it go on, ask for another copy.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::articles::address;
use super::standing::Standing;
use super::{Route, act, look};
use crate::console::Face;
use crate::console::guard::{Form, Officer, Stop};
use crate::delivery::{DeliveryId, Hold, State as DeliveryState};
use crate::ledger::DeliveryRow;
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

const RESOLVE: &str = "/deliveries/{id}/resolve";
const RETRY: &str = "/deliveries/{id}/retry";
const AGAIN: &str = "/deliveries/{id}/again";
const MISSED: &str = "/deliveries/{id}/missed";
/// Letters in doubt are shown up to this many.
const IN_DOUBT: u32 = 200;

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(RESOLVE, Role::Editor, ask_resolve),
        act(RESOLVE, Role::Editor, resolve),
        look(RETRY, Role::Editor, ask_retry),
        act(RETRY, Role::Editor, retry),
        look(AGAIN, Role::Editor, ask_again),
        act(AGAIN, Role::Editor, again),
        look(MISSED, Role::Editor, ask_missed),
        act(MISSED, Role::Editor, missed),
    ]
}

/// The delivery of this number.
pub(super) async fn find(face: &Face, id: i64) -> Result<DeliveryRow, Stop> {
    face.console.ledger.delivery(DeliveryId(id)).await?.ok_or(Stop::NotFound)
}

/// Back to the article, with what came of it.
async fn back(officer: &Officer, row: &DeliveryRow, done: Result<Text, Text>) -> Result<Response, Stop> {
    let notice = match done {
        Ok(text) => Notice::done(text),
        Err(text) => Notice::refused(text),
    };
    officer.on_to(&address(row.delivery.article), notice).await
}

/// What a page says of the delivery that it is about.
pub(super) async fn context(face: &Face, row: &DeliveryRow) -> Result<Value, Stop> {
    let standing = Standing::of(face, std::slice::from_ref(row)).await?;
    let mut shown = standing.shown(row);
    let receipt = row.delivery.live.receipt();
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("url".to_owned(), json!(receipt.and_then(|receipt| receipt.url.clone())));
        fields.insert("back".to_owned(), json!(address(row.delivery.article)));
        fields.insert("letters".to_owned(), json!(standing.is_letters(&row.delivery.channel)));
    }
    Ok(json!({ "now": face.console.clock.now(), "one": shown }))
}

fn with(mut context: Value, more: &Value) -> Value {
    if let (Some(fields), Some(more)) = (context.as_object_mut(), more.as_object()) {
        fields.extend(more.clone());
    }
    context
}

async fn ask_resolve(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let DeliveryState::Uncertain { job, look, .. } = &row.delivery.state else {
        let text = text!("lượt phát này không còn gì chưa rõ", "nothing about this delivery is uncertain any more");
        return back(&officer, &row, Err(text)).await;
    };
    let ledger = &face.console.ledger;
    let in_doubt = ledger.copies_of(row.delivery.id, Some("begun".to_owned()), None, IN_DOUBT).await?;
    let tried = ledger.attempts(row.delivery.id).await?;
    let tried = tried.iter().rev().find(|attempt| attempt.errand != "look_up");
    let more = json!({
        "key": row.key.to_string(),
        "what": match job.action.name() {
            "create" => text!("đăng bài", "publishing it"),
            "update" => text!("đính chính", "correcting it"),
            _ => text!("thu hồi", "taking it back"),
        },
        "withdraws": job.action.revision().is_none(),
        "looks": look,
        "tried": tried.map(|attempt| attempt.started),
        "note": tried.and_then(|attempt| attempt.note.clone()),
        "recipients": in_doubt.iter().map(|copy| json!({ "address": copy.recipient, "at": copy.at })).collect::<Vec<_>>(),
        "more_recipients": in_doubt.len() >= IN_DOUBT as usize,
    });
    officer.page("resolve.html", &text!("Đã lên hay chưa?", "Is it there?"), with(context(&face, &row).await?, &more))
}

async fn resolve(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let went_out = match form.get("answer") {
        "yes" => true,
        "no" => false,
        _ => return Err(Stop::refused(text!("hãy chọn đã lên hoặc chưa lên", "say whether it is there or not"))),
    };
    let recipients = form.all("recipient");
    if form.get("by_recipient") == "1" && recipients.is_empty() {
        return Err(Stop::refused(text!("hãy chọn ít nhất một người nhận", "choose at least one recipient")));
    }
    let decisions = &face.console.desk.decisions;
    let done = decisions.resolve(row.delivery.id, went_out, recipients, officer.by()).await?.map(|_| {
        if went_out {
            text!("đã ghi: đã lên", "recorded: it is there")
        } else {
            text!("đã ghi: chưa lên; loa gửi lại", "recorded: it is not there; loa sends it")
        }
    });
    back(&officer, &row, done).await
}

/// What is held waits for whoever may decide about it; what failed is tried again by whoever writes.
fn may_retry(officer: &Officer, row: &DeliveryRow) -> Result<(), Stop> {
    let held = matches!(row.delivery.state, DeliveryState::Held { .. });
    if held && officer.session.account.role < Role::Approver {
        return Err(Stop::Forbidden(Role::Approver));
    }
    Ok(())
}

async fn ask_retry(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    may_retry(&officer, &row)?;
    let standing = Standing::of(&face, std::slice::from_ref(&row)).await?;
    let (channel, name) = (standing.name(&row.delivery.channel), &row.title);
    let mut consequences = Vec::new();
    match &row.delivery.state {
        DeliveryState::Held { why: Hold::Edited { .. } } => consequences.push(text!(
            "Bản mà người khác đã sửa trên {channel} bị ghi đè bằng bản của loa.",
            "What somebody edited on {channel} is overwritten with loa's version."
        )),
        DeliveryState::Held { .. } => consequences.push(text!(
            "Bài lên {channel} ngay, hoặc vào giờ phát gần nhất của kênh.",
            "It goes out on {channel} at once, or at the channel's next hour."
        )),
        DeliveryState::Failed { .. } => consequences.push(text!(
            "loa gửi lại đến {channel}. Lần trước chắc chắn chưa lên, nên không thành hai bản.",
            "loa sends it to {channel} again. It is known not to be there, so this makes no second copy."
        )),
        _ => {
            let text =
                text!("lượt phát này không bị giữ và không thất bại", "this delivery is neither held nor failed");
            return back(&officer, &row, Err(text)).await;
        }
    }
    let context = json!({
        "question": text!("Cho “{name}” đi tiếp trên {channel}?", "Let “{name}” go on, on {channel}?"),
        "consequences": consequences,
        "action": format!("/deliveries/{id}/retry"),
        "button": text!("Cho đi tiếp", "Let it go on"),
        "grave": false,
        "fields": [],
        "back": address(row.delivery.article),
    });
    officer.page("confirm.html", &text!("Cho đi tiếp", "Let it go on"), context)
}

async fn retry(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    may_retry(&officer, &row)?;
    let done = face.console.desk.decisions.retry(row.delivery.id, officer.by()).await?;
    back(&officer, &row, done.map(|_| text!("đã cho đi tiếp", "it goes on"))).await
}

async fn ask_again(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let context = with(context(&face, &row).await?, &json!({ "trouble": null }));
    officer.page("again.html", &text!("Gửi thêm một bản nữa", "Send another copy"), context)
}

async fn again(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(id): Path<i64>,
    form: Form,
) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    if form.trimmed("why").is_empty() {
        let trouble = text!("hãy ghi lý do; lý do được ghi vào sổ", "say why; it is written into the ledger");
        let context = with(context(&face, &row).await?, &json!({ "trouble": trouble }));
        return officer.page_again("again.html", &text!("Gửi thêm một bản nữa", "Send another copy"), context);
    }
    let decisions = &face.console.desk.decisions;
    let done = decisions.send_again(row.delivery.id, form.trimmed("why").to_owned(), officer.by()).await?;
    back(&officer, &row, done.map(|_| text!("loa gửi thêm một bản nữa", "loa sends another copy"))).await
}

async fn ask_missed(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let standing = Standing::of(&face, std::slice::from_ref(&row)).await?;
    let (channel, name) = (standing.name(&row.delivery.channel), &row.title);
    let context = json!({
        "question": text!("Gửi “{name}” cho những người chưa nhận được trên {channel}?", "Send “{name}” to those on {channel} who missed it?"),
        "consequences": [
            text!("Chỉ những người mà máy chủ thư đã từ chối lần trước.", "Only those whose mail server refused it before."),
            text!("Người đã nhận không nhận thêm thư nào.", "Who has it gets no second letter."),
        ],
        "action": format!("/deliveries/{id}/missed"),
        "button": text!("Gửi bù", "Send it to them"),
        "grave": false,
        "fields": [],
        "back": address(row.delivery.article),
    });
    officer.page("confirm.html", &text!("Gửi bù", "Send it to those who missed it"), context)
}

async fn missed(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let done = face.console.desk.decisions.resend_missed(row.delivery.id, officer.by()).await?;
    let done = done.map(|count| text!("gửi bù cho {count} người", "{count} people get it now"));
    back(&officer, &row, done).await
}
