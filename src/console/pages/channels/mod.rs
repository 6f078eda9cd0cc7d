//! The channels: how they stand, what can be done with them, and their files.

mod file;
mod form;
mod history;
mod hours;
mod list;
mod one;

use std::fmt::Write as _;

use super::{Route, act, look};
use crate::console::guard::{Officer, Stop};
use crate::console::{FileMistake, Saved};
use crate::people::{Notice, Role};
use crate::text;
use crate::text::Text;

const LIST: &str = "/channels";

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(LIST, Role::Viewer, list::page),
        look("/new-channel", Role::Administrator, form::new),
        act("/new-channel", Role::Administrator, form::add),
        look("/channels/{name}", Role::Viewer, one::page),
        // Whoever sees a channel go wrong has to be able to stop it.
        act("/channels/{name}/pause", Role::Editor, one::pause),
        act("/channels/{name}/resume", Role::Editor, one::resume),
        act("/channels/{name}/check", Role::Editor, one::check),
        act("/channels/{name}/try", Role::Editor, one::try_out),
        look("/channels/{name}/routing", Role::Viewer, one::routing),
        look("/channels/{name}/set", Role::Administrator, one::ask_set),
        act("/channels/{name}/set", Role::Administrator, one::set),
        look("/channels/{name}/edit", Role::Administrator, form::edit),
        act("/channels/{name}/edit", Role::Administrator, form::save),
        look("/channels/{name}/file", Role::Administrator, file::edit),
        act("/channels/{name}/file", Role::Administrator, file::save),
        look("/channels/{name}/delete", Role::Administrator, file::ask_delete),
        act("/channels/{name}/delete", Role::Administrator, file::delete),
        look("/channels/{name}/history", Role::Administrator, history::page),
        look("/channels/{name}/history/{id}", Role::Administrator, history::version),
        act("/channels/{name}/history/{id}", Role::Administrator, history::back),
    ]
}

/// The address of a channel's page.
pub(super) fn address(channel: &str) -> String {
    let mut address = format!("{LIST}/");
    for byte in channel.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
            address.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

/// A failure of files, which is nobody's mistake.
fn failed(text: Text) -> Stop {
    Stop::Failed(text.en)
}

/// A page after a file was changed; `None` where the change's own page has to say more.
async fn after(officer: &Officer, saved: &Saved, to: &str) -> Result<Option<axum::response::Response>, Stop> {
    let notice = match saved {
        Saved::Done => Notice::done(text!("đã lưu; loa dùng ngay", "saved; loa uses it at once")),
        Saved::Same => Notice::done(text!("không có gì thay đổi", "nothing was changed")),
        Saved::Refused(text) => Notice::refused(text.clone()),
        Saved::NotThere => return Err(Stop::NotFound),
        Saved::Wrong(_) | Saved::Changed(_) => return Ok(None),
    };
    officer.on_to(to, notice).await.map(Some)
}

/// The mistakes in a line, for pages without fields.
fn listed(mistakes: &[FileMistake]) -> Text {
    let said = |mistake: &FileMistake| {
        let Text { vi, en } = &mistake.text;
        match mistake.line {
            Some(line) => text!("dòng {line}: {vi}", "line {line}: {en}"),
            None => mistake.text.clone(),
        }
    };
    let said: Vec<Text> = mistakes.iter().map(said).collect();
    let join = |pick: fn(&Text) -> &str| said.iter().map(pick).collect::<Vec<_>>().join("; ");
    Text { vi: join(|text| &text.vi), en: join(|text| &text.en) }
}
