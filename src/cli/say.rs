//! `say`: spoken Vietnamese, one line out per line in.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::CliError;
use super::args::Say;
use super::print::Printer;
use crate::config::Config;
use crate::speech::{Lexicon, Normaliser, Voice};
use crate::text;

pub(super) fn say(asked: &Say, config: &Path, printer: &Printer) -> Result<(), CliError> {
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
    let normaliser = Normaliser::new(Voice::default(), lexicon(config)?);
    match &asked.audio {
        Some(file) => speak(&normaliser.text(&text).text, file, printer),
        None if asked.explain => {
            explain(&normaliser, &text, printer);
            Ok(())
        }
        None => {
            text.lines().for_each(|line| printer.line(&normaliser.line(line).text));
            Ok(())
        }
    }
}

/// The office's own readings, where there is an office.
fn lexicon(config: &Path) -> Result<Lexicon, CliError> {
    if !config.exists() {
        return Ok(Lexicon::default());
    }
    let file = Config::load(config)?.channels.join("lexicon.tsv");
    let Ok(tsv) = std::fs::read_to_string(&file) else { return Ok(Lexicon::default()) };
    Lexicon::parse(&tsv).map_err(|errors| {
        let file = file.display();
        let lines = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        CliError::Text(text!("{file} sai: {lines}", "{file} is wrong: {lines}"))
    })
}

fn explain(normaliser: &Normaliser, text: &str, printer: &Printer) {
    printer.line(&["line", "span", "written", "spoken", "class", "rule", "certainty", "alternatives"].join("\t"));
    for (number, line) in (1..).zip(text.lines()) {
        for token in &normaliser.line(line).tokens {
            let span = format!("{}-{}", token.span.start, token.span.end);
            let (class, certainty) = (token.class.name(), token.certainty.label());
            let others = token.alternatives.join(" | ");
            printer.line(&format!(
                "{number}\t{span}\t{}\t{}\t{class}\t{}\t{certainty}\t{others}",
                token.written, token.spoken, token.rule
            ));
        }
    }
}

/// For proof-listening: a machine reads the words aloud into a file.
fn speak(words: &str, file: &Path, printer: &Printer) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        CliError::Text(match error.kind() {
            std::io::ErrorKind::NotFound => text!(
                "chưa cài espeak-ng; trên Debian: apt install espeak-ng",
                "espeak-ng is not installed; on Debian: apt install espeak-ng"
            ),
            _ => text!("espeak-ng báo lỗi: {error}", "espeak-ng failed: {error}"),
        })
    };
    let mut engine = Command::new("espeak-ng");
    engine.args(["-v", "vi", "--stdin", "-w"]).arg(file).stdin(Stdio::piped());
    let mut engine = engine.spawn().map_err(failed)?;
    if let Some(mut input) = engine.stdin.take() {
        input.write_all(words.as_bytes()).map_err(failed)?;
    }
    let status = engine.wait().map_err(failed)?;
    if !status.success() {
        return Err(CliError::Text(text!("espeak-ng dừng với {status}", "espeak-ng ended with {status}")));
    }
    let file = file.display();
    printer.text(&text!("đã ghi âm vào {file}", "spoken into {file}"));
    Ok(())
}
