//! `say`: spoken Vietnamese, one line out per line in.

use std::io::Read as _;

use super::CliError;
use super::args::Say;
use super::print::Printer;
use crate::speech::{Lexicon, Normaliser, Voice};
use crate::text;

pub(super) fn say(asked: &Say, printer: &Printer) -> Result<(), CliError> {
    let mut text = String::new();
    let read = match &asked.file {
        Some(file) => std::fs::read_to_string(file).map(|read| text = read),
        None => std::io::stdin().read_to_string(&mut text).map(drop),
    };
    read.map_err(|error| {
        CliError::Text(text!(
            "không đọc được văn bản (cần UTF-8): {error}",
            "cannot read the text (UTF-8 is needed): {error}"
        ))
    })?;
    let normaliser = Normaliser::new(Voice::default(), Lexicon::default());
    if asked.explain {
        let heading = ["line", "span", "written", "spoken", "class", "rule", "certainty", "alternatives"].join("\t");
        printer.line(&heading);
    }
    for (number, line) in (1..).zip(text.lines()) {
        let spoken = normaliser.line(line);
        if !asked.explain {
            printer.line(&spoken.text);
            continue;
        }
        for token in &spoken.tokens {
            let span = format!("{}-{}", token.span.start, token.span.end);
            let (class, certainty) = (token.class.name(), token.certainty.label());
            let others = token.alternatives.join(" | ");
            printer.line(&format!(
                "{number}\t{span}\t{}\t{}\t{class}\t{}\t{certainty}\t{others}",
                token.written, token.spoken, token.rule
            ));
        }
    }
    Ok(())
}
