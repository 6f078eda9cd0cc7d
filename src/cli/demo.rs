//! `demo`: the whole journey, shown.

use super::CliError;
use super::args::Demo as Asked;
use super::look::state_words;
use super::print::Printer;
use super::user::announce;
use crate::demo::{Demo, Report};
use crate::text;
use crate::text::Text;

pub(super) async fn demo(asked: Asked, printer: &Printer) -> Result<(), CliError> {
    let folder = match asked.dir {
        Some(folder) => folder,
        None => tempfile::Builder::new()
            .prefix("loa-demo-")
            .tempdir()
            .map_err(|error| CliError::Text(Text::same(error.to_string())))?
            .keep(),
    };
    printer.text(&text!(
        "loa demo: mọi việc diễn ra trên máy này, không gửi gì ra ngoài",
        "loa demo: everything stays on this machine"
    ));
    let demo = Demo::start(&folder).await?;
    let report = demo.perform(&|text| printer.text(&text)).await?;
    show(&report, printer);
    if asked.once {
        demo.stop().await?;
        return if report.settled { Ok(()) } else { Err(CliError::Said) };
    }
    if let Some(address) = demo.address() {
        announce(demo.app(), address, printer).await;
    }
    printer.text(&text!("Dừng: Ctrl-C", "To stop: Ctrl-C"));
    demo.until_stopped().await?;
    Ok(())
}

/// Articles down, channels across: the state of each, and where to look.
fn show(report: &Report, printer: &Printer) {
    let mut channels: Vec<&str> = report.rows.iter().map(|row| row.delivery.channel.as_str()).collect();
    channels.sort_unstable();
    channels.dedup();
    let mut articles: Vec<_> = report.rows.iter().map(|row| (row.delivery.article, &row.title)).collect();
    articles.dedup();
    let mut heading = vec![text!("bài", "article")];
    heading.extend(channels.iter().map(|channel| Text::same(*channel)));
    let cell = |article, channel: &str| {
        let row = report.rows.iter().find(|row| row.delivery.article == article && row.delivery.channel == channel);
        let Some(row) = row else { return String::new() };
        let words = state_words(row, &report.letters);
        match row.delivery.live.revision() {
            Some(revision) if revision.0 > 1 => {
                let corrected = text!(" (bản {revision})", " (rev {revision})");
                format!("{}{}", words.get(printer.language()), corrected.get(printer.language()))
            }
            _ => words.get(printer.language()).to_owned(),
        }
    };
    let table = articles.iter().map(|(article, title)| {
        std::iter::once((*title).clone()).chain(channels.iter().map(|channel| cell(*article, channel))).collect()
    });
    printer.table(&heading, table.collect());
    let folder = report.folder.display();
    printer.text(&text!("Xem kết quả trong {folder}:", "The results are in {folder}:"));
    for (place, vi, en) in [
        ("site/index.html", "cổng thông tin", "the portal"),
        (
            "webhook/*.json",
            "bài đăng Fanpage có chữ ký, như nơi nhận (trình diễn) đã nhận",
            "signed posts as the demo receiver got them",
        ),
        ("mail/*.eml", "thư, như máy chủ thư (trình diễn) đã nhận", "mails as the demo mail server got them"),
        ("radio/*.txt", "bản tin phát thanh", "radio scripts"),
    ] {
        printer.text(&Text { vi: format!("  {place:<16} {vi}"), en: format!("  {place:<16} {en}") });
    }
    if !report.settled {
        printer.error(&text!("có lượt phát chưa xong", "not every delivery settled"));
    }
}
