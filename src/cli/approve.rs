//! `approve`: what waits for a named person, and their word about it.

use serde_json::json;

use super::CliError;
use super::args::Approve;
use super::decide::by;
use super::print::Printer;
use crate::app::App;
use crate::console::{Decisions, PayloadView, Proof, reason};
use crate::delivery::DeliveryId;
use crate::text;
use crate::text::Text;

/// So many are listed.
const LISTED: u32 = 1_000;

pub(super) async fn approve(app: &App, asked: Approve, printer: &Printer) -> Result<(), CliError> {
    let Some(id) = asked.id.map(DeliveryId) else { return list(app, printer).await };
    if let Some(word) = asked.back {
        Decisions::send_back(app, id, word, by(app)).await?.map_err(CliError::Text)?;
        printer.text(&text!("đã trả lại lượt phát {id}", "delivery {id} was sent back"));
        return Ok(());
    }
    let by = by(app);
    let proof = Decisions::proof(app, id, by.at, false).await?.map_err(CliError::Text)?;
    if asked.show {
        printer.bytes(&proof.bytes);
        return Ok(());
    }
    let Proof { view: PayloadView { hash, .. }, revision, .. } = proof;
    if asked.hash.is_some_and(|asked| !asked.eq_ignore_ascii_case(&hash)) {
        return Err(CliError::Text(text!(
            "nội dung sẽ gửi có mã băm khác: {hash}; chưa duyệt. Xem: loa approve {id} --show",
            "the payload has another hash: {hash}; nothing was approved. Look: loa approve {id} --show"
        )));
    }
    let seen = by.at;
    let after = Decisions::approve(app, id, hash.clone(), seen, by).await?.map_err(CliError::Text)?;
    if printer.json() {
        printer.value(&json!({ "id": id, "revision": revision, "payload_hash": hash, "state": after.state.name() }));
    }
    printer.text(&text!(
        "đã duyệt lượt phát {id}, bản {revision}, nội dung {hash}",
        "approved: delivery {id}, revision {revision}, payload {hash}"
    ));
    Ok(())
}

async fn list(app: &App, printer: &Printer) -> Result<(), CliError> {
    let rows = app.archive().unapproved(None, LISTED).await?;
    if printer.json() {
        let language = printer.language();
        let list = rows.iter().map(|row| {
            json!({
                "id": row.delivery.id,
                "article": row.delivery.article,
                "channel": row.delivery.channel,
                "title": row.title,
                "reason": reason(&row.delivery.state, None).map(|text| text.get(language).to_owned()),
            })
        });
        printer.value(&list.collect());
        return Ok(());
    }
    if rows.is_empty() {
        printer.text(&text!("không có gì chờ duyệt", "nothing waits for approval"));
    }
    for row in rows {
        let (id, channel, title) = (row.delivery.id, &row.delivery.channel, &row.title);
        let why = reason(&row.delivery.state, None).unwrap_or_default();
        printer.text(&Text {
            vi: format!("  {id}  {channel}  {title}: {}", why.vi),
            en: format!("  {id}  {channel}  {title}: {}", why.en),
        });
    }
    Ok(())
}
