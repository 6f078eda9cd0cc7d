//! `backup`, `restore`, `doctor`: what an administrator does so that the store lasts for years.

use serde_json::json;

use super::args::{Backup, Restore};
use super::print::Printer;
use super::{CliError, who};
use crate::app;
use crate::app::Level;
use crate::clock::Clock;
use crate::config::Config;
use crate::text;

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1024 * 1024)
}

pub(super) async fn backup(config: &Config, asked: Backup, printer: &Printer) -> Result<(), CliError> {
    let told = |done: u64, all: u64| {
        let (done, all) = (megabytes(done), megabytes(all));
        printer.progress(&text!("đã chép {done} trong khoảng {all} MB", "{done} of about {all} MB"));
    };
    let copied = app::back_up(config, &asked.file, &told).await;
    printer.no_progress();
    let bytes = copied?;
    let (file, size) = (asked.file.display(), megabytes(bytes));
    if printer.json() {
        printer.value(&json!({ "file": asked.file, "bytes": bytes }));
    }
    printer.text(&text!(
        "đã sao lưu vào {file} ({size} MB), đã đọc lại và thấy lành. Trong đó có địa chỉ người nhận: cất nơi chỉ quản trị viên đọc được",
        "backed up into {file} ({size} MB), read through and found sound. It holds recipients' addresses: keep it where only administrators can read"
    ));
    Ok(())
}

pub(super) async fn restore(config: Config, asked: Restore, printer: &Printer) -> Result<(), CliError> {
    let kept = app::restore(config, Clock::system(), asked.file.as_deref().filter(|_| !asked.in_place), who()).await?;
    if printer.json() {
        printer.value(&json!({ "kept": kept }));
    }
    if let Some(kept) = kept {
        let kept = kept.display();
        printer.text(&text!("kho trước đó được giữ ở {kept}", "the store that was there is kept at {kept}"));
    }
    printer.text(&text!(
        "đã khôi phục. Mọi kênh đang TẠM DỪNG, kể cả kênh thêm sau này: loa không biết người dân đã thấy gì từ lúc sao lưu.\n\
         1. loa run\n\
         2. loa deliveries --state uncertain: những lượt có thể đã lên; xem kênh, rồi loa resolve SỐ --went-out hoặc --did-not\n\
         3. từng kênh một: xem kênh đã có gì, rồi loa resume KÊNH\n\
         Bài đăng sau lúc sao lưu không có trong kho: gửi lại thì sẽ lên lần nữa, chỉ gửi lại bài nào kênh chưa có.",
        "restored. Every channel is PAUSED, also one that is added later: loa does not know what the public has seen since the backup.\n\
         1. loa run\n\
         2. loa deliveries --state uncertain: what may have gone out; look at the channel, then loa resolve ID --went-out or --did-not\n\
         3. channel by channel: see what it shows, then loa resume CHANNEL\n\
         Articles published after the backup are not in the store: handed in again they go out again; hand in only what a channel lacks."
    ));
    Ok(())
}

pub(super) async fn doctor(config: &Config, printer: &Printer) -> Result<(), CliError> {
    printer.progress(&text!("đang xem hết kho dữ liệu…", "looking at all of the store…"));
    let findings = app::examine(config, &Clock::system()).await;
    printer.no_progress();
    if printer.json() {
        let finding = |finding: &app::Finding| json!({ "check": finding.check, "level": finding.level, "text": finding.text.get(printer.language()) });
        printer.value(&findings.iter().map(finding).collect());
    } else {
        for finding in &findings {
            let mark = match finding.level {
                Level::Well => text!("tốt", "well"),
                Level::Note => text!("lưu ý", "note"),
                Level::Wrong => text!("CẦN XỬ LÝ", "WRONG"),
            };
            printer.line(&format!("{}: {}", mark.get(printer.language()), finding.text.get(printer.language())));
        }
    }
    if findings.iter().any(|finding| finding.level == Level::Wrong) { Err(CliError::Said) } else { Ok(()) }
}
