//! A channel's file as text, for what no form can hold; and its end.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;

use super::form::collided;
use super::{LIST, address, after, failed, listed};
use crate::console::guard::{Form, Officer, Stop};
use crate::console::{ChannelForm, Face, FileChange, Saved};
use crate::people::Notice;
use crate::text;
use crate::text::Text;

async fn file(face: &Face, name: &str) -> Result<ChannelForm, Stop> {
    face.console.desk.files.form(name.to_owned()).await.map_err(failed)?.ok_or(Stop::NotFound)
}

fn title(name: &str) -> Text {
    text!("Tệp của kênh {name}", "The file of {name}")
}

pub(super) async fn edit(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let file = file(&face, &name).await?;
    let broken = face.console.desk.files.broken().await.map_err(failed)?;
    let trouble = broken.into_iter().find(|(broken, _)| *broken == file.channel).map(|(_, text)| text);
    let context = json!({
        "text": file.source, "seen": file.seen, "href": address(&name), "trouble": trouble, "form": !file.groups.is_empty(),
    });
    officer.page("channel_file.html", &title(&name), context)
}

pub(super) async fn save(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let (seen, text) = (form.get("seen").to_owned(), form.get("text").to_owned());
    if text.trim().is_empty() {
        return Err(Stop::refused(text!("tệp không được để trống", "the file must not be empty")));
    }
    let change = FileChange::Text { seen: seen.clone(), text: text.clone() };
    let saved = face.console.desk.files.change(name.clone(), change, officer.by()).await?;
    match &saved {
        Saved::Wrong(mistakes) => {
            let context = json!({
                "text": text, "seen": seen, "href": address(&name), "trouble": listed(mistakes), "form": false,
            });
            officer.page_again("channel_file.html", &title(&name), context)
        }
        Saved::Changed(collision) => collided(&officer, &name, "file", collision, &form, |_| false),
        saved => after(&officer, saved, &address(&name)).await?.ok_or(Stop::NotFound),
    }
}

/// The second look before a file goes.
pub(super) async fn ask_delete(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
) -> Result<Response, Stop> {
    let file = file(&face, &name).await?;
    let channel = &file.channel;
    let context = json!({
        "question": text!("Xóa kênh {channel}?", "Delete the channel {channel}?"),
        "consequences": [
            text!("Kênh không nhận bài nữa. Bản đã đăng vẫn còn, sổ vẫn còn.", "It takes no more articles. What was published stays, and so does the ledger."),
            text!("Tệp nằm trong các bản cũ, đưa trở lại được.", "The file stays among its versions and can be put back."),
        ],
        "action": format!("{}/delete", address(channel)),
        "button": text!("Xóa kênh", "Delete the channel"),
        "grave": true,
        "fields": [{ "name": "seen", "value": file.seen }],
        "back": address(&name),
    });
    officer.page("confirm.html", &text!("Xóa kênh", "Delete a channel"), context)
}

pub(super) async fn delete(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(name): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let change = FileChange::Delete { seen: form.get("seen").to_owned() };
    let saved = face.console.desk.files.change(name.clone(), change, officer.by()).await?;
    let refused = match &saved {
        Saved::Done => {
            let text = text!("đã xóa kênh {name}", "the channel {name} was deleted");
            return officer.on_to(LIST, Notice::done(text)).await;
        }
        Saved::Wrong(mistakes) => listed(mistakes),
        Saved::Changed(_) => {
            text!("có người vừa sửa tệp này; hãy xem lại", "somebody has just changed this file; look again")
        }
        saved => return after(&officer, saved, &address(&name)).await?.ok_or(Stop::NotFound),
    };
    officer.on_to(&address(&name), Notice::refused(refused)).await
}
