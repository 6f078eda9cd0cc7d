//! `subscribers`: who is on a channel's list.

use clap::Subcommand;
use serde_json::json;

use super::export::export;
use super::import::import;
use super::print::Printer;
use super::{CliError, who};
use crate::app::App;
use crate::audience::{Address, Entry, Standing};
use crate::queue::NewStanding;
use crate::text;

#[derive(Subcommand)]
pub(super) enum SubscribersCommand {
    /// Thêm người từ tệp .csv, .txt, .toml · Put people on the list from a file
    Import {
        /// Kênh · The channel
        #[arg(value_name = "CHANNEL")]
        channel: String,
        /// Tệp danh sách · The list
        #[arg(value_name = "FILE")]
        file: std::path::PathBuf,
        /// Thêm cả người đã hủy nhận hoặc có hộp thư hỏng · Those too who unsubscribed or bounced
        #[arg(long)]
        again: bool,
    },
    /// In danh sách dạng CSV · Print the list as CSV
    Export {
        /// Kênh · The channel
        #[arg(value_name = "CHANNEL")]
        channel: String,
    },
    /// Thêm một người · Put one person on the list
    Add {
        /// Kênh · The channel
        #[arg(value_name = "CHANNEL")]
        channel: String,
        /// Địa chỉ thư · Mail address
        #[arg(value_name = "ADDRESS")]
        address: String,
        /// Họ tên · Name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Dù người này đã hủy nhận hoặc có hộp thư hỏng · Though they unsubscribed or bounced
        #[arg(long)]
        again: bool,
    },
    /// Bỏ một người khỏi danh sách · Take one person off the list
    Remove {
        /// Kênh · The channel
        #[arg(value_name = "CHANNEL")]
        channel: String,
        /// Địa chỉ thư · Mail address
        #[arg(value_name = "ADDRESS")]
        address: String,
        /// Không bao giờ gửi thư nữa, dù có tên trong tệp nào · Never written to again, whatever file names them
        #[arg(long)]
        for_good: bool,
    },
}

pub(super) async fn subscribers(app: &App, asked: SubscribersCommand, printer: &Printer) -> Result<(), CliError> {
    let channel = match &asked {
        SubscribersCommand::Import { channel, .. }
        | SubscribersCommand::Export { channel }
        | SubscribersCommand::Add { channel, .. }
        | SubscribersCommand::Remove { channel, .. } => channel.clone(),
    };
    app.has_audience(&channel).map_err(CliError::Text)?;
    if matches!(asked, SubscribersCommand::Import { .. } | SubscribersCommand::Add { .. })
        && app.specs().iter().any(|spec| spec.channel == channel && spec.sets("recipients"))
    {
        printer.text(&text!(
            "lưu ý: kênh {channel} lấy người nhận từ tệp ghi ở recipients, không từ danh sách này; bỏ dòng recipients trong tệp kênh để dùng danh sách này",
            "note: channel {channel} takes its recipients from the file named in recipients, not from this list; remove that line of its file to use this list"
        ));
    }
    match asked {
        SubscribersCommand::Import { file, again, .. } => import(app, channel, &file, again, printer).await,
        SubscribersCommand::Export { .. } => export(app, &channel, printer).await,
        SubscribersCommand::Add { address, name, again, .. } => {
            let address = address.parse().map_err(CliError::Text)?;
            add(app, channel, Entry::new(address, name.as_deref().unwrap_or_default()), again, printer).await
        }
        SubscribersCommand::Remove { address, for_good, .. } => {
            let address = address.parse().map_err(CliError::Text)?;
            remove(app, channel, address, for_good, printer).await
        }
    }
}

async fn add(app: &App, channel: String, entry: Entry, again: bool, printer: &Printer) -> Result<(), CliError> {
    let address = entry.address.clone();
    let done = app.subscribers().import(channel.clone(), vec![entry], again, who(), app.clock().now()).await?;
    if printer.json() {
        printer.value(&json!({ "added": done.added, "known": done.known, "kept_out": done.kept_out }));
    }
    if done.kept_out > 0 {
        return Err(CliError::Text(text!(
            "{address} đã hủy nhận thư hoặc hộp thư không nhận được, nên không được thêm. Chỉ khi chính người đó yêu cầu: loa subscribers add {channel} {address} --again",
            "{address} unsubscribed, or their mailbox refuses, and is not added. Only at their own request: loa subscribers add {channel} {address} --again"
        )));
    }
    printer.text(&if done.added > 0 {
        text!("đã thêm {address}", "{address} added")
    } else {
        text!("{address} đã có trong danh sách", "{address} is on the list already")
    });
    Ok(())
}

async fn remove(
    app: &App,
    channel: String,
    address: Address,
    for_good: bool,
    printer: &Printer,
) -> Result<(), CliError> {
    let (shown, now) = (address.clone(), app.clock().now());
    if for_good {
        let reason = text!("cơ quan ghi theo yêu cầu", "recorded by the office");
        let new = NewStanding {
            standing: Standing::Unsubscribed,
            reason: Some(reason.get(printer.language()).to_owned()),
            who: who(),
            at: now,
        };
        let before = app.subscribers().stand(channel, address, new).await?;
        if printer.json() {
            printer.value(&json!({ "standing": "unsubscribed", "before": before }));
        }
        printer.text(&text!("từ nay không gửi thư cho {shown} nữa", "{shown} is not written to any more"));
        return Ok(());
    }
    let removed = app.subscribers().remove(channel, address, who(), now).await?;
    if printer.json() {
        printer.value(&json!({ "removed": removed }));
    }
    if !removed {
        return Err(CliError::Text(text!("{shown} không có trong danh sách", "{shown} is not on the list")));
    }
    printer.text(&text!(
        "đã bỏ {shown} khỏi danh sách; vẫn nhận đính chính của những bài đã nhận. Không gửi gì nữa: thêm --for-good",
        "{shown} taken off the list; they still get corrections of what they have had. To write to them no more: --for-good"
    ));
    Ok(())
}
