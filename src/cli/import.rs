//! `subscribers import`: a list put on a channel's list.

use std::collections::HashSet;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::print::Printer;
use super::{CliError, who};
use crate::app::App;
use crate::audience::{Address, BadLine, Entry, Line, lines};
use crate::queue::Imported;
use crate::text;

/// People put on a list in one transaction: others wait no longer than for that.
const BATCH: usize = 5_000;
/// Bad lines named; the others are counted.
const MOST_NAMED: usize = 50;

/// What an import came to.
#[derive(Default)]
struct Sum {
    imported: Imported,
    twice: usize,
    bad: usize,
    /// The first of them.
    named: Vec<BadLine>,
}

/// Reads the list line by line and puts people on it in batches; of those already read only a fingerprint is kept.
pub(super) async fn import(
    app: &App,
    channel: String,
    file: &std::path::Path,
    again: bool,
    printer: &Printer,
) -> Result<(), CliError> {
    let mut sum = Sum::default();
    let (mut seen, mut batch): (HashSet<[u8; 16]>, Vec<Entry>) = (HashSet::new(), Vec::new());
    let mut read = 0_usize;
    for line in lines(file).map_err(CliError::Text)? {
        match line {
            Line::Person(_, entry) if !seen.insert(fingerprint(&entry.address)) => sum.twice += 1,
            Line::Person(_, entry) => batch.push(entry),
            Line::NotOne(..) => sum.imported.kept_out += 1,
            Line::Bad(bad) => {
                sum.bad += 1;
                if sum.named.len() < MOST_NAMED {
                    sum.named.push(bad);
                }
            }
        }
        read += 1;
        if batch.len() == BATCH {
            put(app, &channel, std::mem::take(&mut batch), again, &mut sum.imported).await?;
            printer.progress(&text!("đã đọc {read} dòng", "{read} lines read"));
        }
    }
    put(app, &channel, batch, again, &mut sum.imported).await?;
    if read >= BATCH {
        printer.no_progress();
    }
    report(&sum, printer)
}

async fn put(app: &App, channel: &str, batch: Vec<Entry>, again: bool, total: &mut Imported) -> Result<(), CliError> {
    if batch.is_empty() {
        return Ok(());
    }
    let done = app.subscribers().import(channel.to_owned(), batch, again, who(), app.clock().now()).await?;
    total.added += done.added;
    total.known += done.known;
    total.kept_out += done.kept_out;
    Ok(())
}

fn fingerprint(address: &Address) -> [u8; 16] {
    let mut print = [0; 16];
    for (to, from) in print.iter_mut().zip(Sha256::digest(address.as_str())) {
        *to = from;
    }
    print
}

fn report(sum: &Sum, printer: &Printer) -> Result<(), CliError> {
    let Sum { imported: Imported { added, known, kept_out }, twice, bad, .. } = *sum;
    if printer.json() {
        let lines =
            sum.named.iter().map(|bad| json!({ "line": bad.line, "message": bad.text.get(printer.language()) }));
        printer.value(&json!({
            "added": added,
            "known": known,
            "kept_out": kept_out,
            "duplicates": twice,
            "bad": bad,
            "bad_lines": lines.collect::<Vec<_>>(),
        }));
    } else {
        for BadLine { line, text } in &sum.named {
            printer.error(&text!("dòng {line}: {vi}", "line {line}: {en}", vi = &text.vi, en = &text.en));
        }
        if bad > sum.named.len() {
            let more = bad - sum.named.len();
            printer.error(&text!("và {more} dòng khác không đúng", "and {more} more lines that are not right"));
        }
    }
    printer.text(&text!(
        "thêm {added}; đã có {known}; trùng trong tệp {twice}; không thêm {kept_out} người đã hủy nhận hoặc có hộp thư hỏng; {bad} dòng không đúng",
        "{added} added; {known} there before; {twice} twice in the file; {kept_out} kept out who unsubscribed or whose mailbox refuses; {bad} lines not right"
    ));
    if kept_out > 0 {
        printer.text(&text!(
            "  người đã hủy chỉ được thêm lại khi chính họ yêu cầu: --again",
            "  who unsubscribed is put back only at their own request: --again"
        ));
    }
    if bad > 0 { Err(CliError::Said) } else { Ok(()) }
}
