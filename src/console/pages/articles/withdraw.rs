//! Taking an article back everywhere, after a look at what that does on each channel.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::super::standing::Standing;
use super::super::{Route, act, look};
use super::address;
use super::one::{deliveries, find};
use crate::console::Face;
use crate::console::guard::{Officer, Stop};
use crate::delivery::{Live, State as DeliveryState};
use crate::ledger::DeliveryRow;
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

const WITHDRAW: &str = "/articles/{id}/withdraw";

pub(super) fn routes() -> Vec<Route> {
    vec![look(WITHDRAW, Role::Editor, ask), act(WITHDRAW, Role::Editor, withdraw)]
}

/// What a withdrawal does on one channel.
fn consequence(row: &DeliveryRow, standing: &Standing) -> Text {
    let channel = standing.name(&row.delivery.channel);
    let in_doubt = matches!(row.delivery.state, DeliveryState::Uncertain { .. } | DeliveryState::Sending { .. });
    match &row.delivery.live {
        Live::Shown { receipt, .. } if receipt.rehearsal => {
            text!(
                "{channel}: mới diễn tập, công chúng không thấy gì",
                "{channel}: only rehearsed; nobody sees anything"
            )
        }
        Live::Shown { .. } if standing.is_letters(&row.delivery.channel) => text!(
            "{channel}: đã gửi nên không gỡ được; gửi thông báo thu hồi cho người đã nhận",
            "{channel}: what was sent stays sent; those who have it get a notice of withdrawal"
        ),
        Live::Shown { .. } => text!(
            "{channel}: gỡ bài đang hiện; nơi không gỡ được thì thay bằng thông báo thu hồi",
            "{channel}: the copy is taken down, or a notice of withdrawal stands in its place where it cannot be"
        ),
        Live::Staged { .. } => text!("{channel}: xóa bản ẩn, công chúng chưa thấy", "{channel}: the hidden copy goes"),
        Live::Maybe(_) => text!(
            "{channel}: chưa rõ đã lên chưa; lên rồi thì gỡ",
            "{channel}: nobody knows whether it is there; if it is, it is taken down"
        ),
        Live::Nothing if in_doubt => text!(
            "{channel}: chưa rõ đã lên chưa; lên rồi thì gỡ",
            "{channel}: nobody knows whether it is there; if it is, it is taken down"
        ),
        Live::Nothing => text!("{channel}: chưa gửi, sẽ không gửi nữa", "{channel}: not sent yet, and never will be"),
    }
}

async fn ask(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    if row.withdrawn_at.is_some() {
        let text = text!("bài này đã thu hồi rồi", "this article is withdrawn already");
        return officer.on_to(&address(row.id), Notice::refused(text)).await;
    }
    let rows = deliveries(&face, row.id).await?;
    let standing = Standing::of(&face, &rows).await?;
    let name = &row.title;
    let mut consequences: Vec<Text> = rows.iter().map(|row| consequence(row, &standing)).collect();
    if consequences.is_empty() {
        consequences.push(text!("Bài này không đi kênh nào.", "This article goes to no channel."));
    }
    consequences.push(text!(
        "Muốn đăng lại sau này thì phải yêu cầu rõ; người đã đọc thì vẫn đã đọc.",
        "To publish it again somebody has to ask for that by name; who has read it has read it."
    ));
    let context = json!({
        "question": text!("Thu hồi bài “{name}” khỏi mọi kênh?", "Take “{name}” back everywhere?"),
        "consequences": consequences,
        "action": format!("{}/withdraw", address(row.id)),
        "button": text!("Thu hồi", "Withdraw"),
        "grave": true,
        "fields": [],
        "back": address(row.id),
    });
    officer.page("confirm.html", &text!("Thu hồi bài", "Withdraw an article"), context)
}

async fn withdraw(State(face): State<Arc<Face>>, officer: Officer, Path(id): Path<i64>) -> Result<Response, Stop> {
    let row = find(&face, id).await?;
    let notice = match face.console.desk.decisions.withdraw(row.id, officer.by()).await? {
        Ok(()) => Notice::done(text!(
            "đã ghi lệnh thu hồi; các kênh đang làm",
            "the withdrawal is ordered; the channels are at it"
        )),
        Err(refused) => Notice::refused(refused),
    };
    officer.on_to(&address(row.id), notice).await
}
