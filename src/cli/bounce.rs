//! `email bounce`: a letter that came back, from the mail server's pipe.

use std::io::Read as _;

use serde_json::json;

use super::CliError;
use super::print::Printer;
use crate::app::{App, LONGEST_LETTER, Received};
use crate::text;

/// Reads one letter from standard input. What is of no account is no failure: the mail server would send that back
/// again.
pub(super) async fn bounce(app: &App, printer: &Printer) -> Result<(), CliError> {
    let mut letter = Vec::new();
    let read = std::io::stdin().lock().take(LONGEST_LETTER).read_to_end(&mut letter);
    read.map_err(|error| CliError::Text(text!("không đọc được thư: {error}", "cannot read the letter: {error}")))?;
    let received = app.mailroom().receive(&letter).await?;
    if printer.json() {
        let counted = matches!(received, Received::Counted(_));
        printer.value(&json!({ "counted": counted, "message": received.text().get(printer.language()) }));
    }
    printer.text(received.text());
    Ok(())
}
