//! The only place that prints. What is asked for goes to standard output, what went wrong to standard error.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use crate::text::{Language, Text};

/// Prints in one language, for people or for machines.
pub(super) struct Printer {
    language: Language,
    json: bool,
}

impl Printer {
    pub(super) fn new(language: Language, json: bool) -> Self {
        Self { language, json }
    }

    pub(super) fn speak(&mut self, language: Language) {
        self.language = language;
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// Whether a machine reads.
    pub(super) fn json(&self) -> bool {
        self.json
    }

    /// One line for people; machines are spared it.
    pub(super) fn text(&self, text: &Text) {
        if !self.json {
            self.line(text.get(self.language));
        }
    }

    /// One line, whoever reads.
    #[expect(clippy::unused_self, reason = "printing goes through the printer")]
    pub(super) fn line(&self, line: &str) {
        // A reader that went away (`loa deliveries | head`) is no failure.
        drop(writeln!(std::io::stdout().lock(), "{line}"));
    }

    /// Bytes as they are.
    #[expect(clippy::unused_self, reason = "printing goes through the printer")]
    pub(super) fn bytes(&self, bytes: &[u8]) {
        drop(std::io::stdout().lock().write_all(bytes));
    }

    /// JSON for machines.
    pub(super) fn value(&self, value: &Value) {
        self.line(&serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// What went wrong.
    pub(super) fn error(&self, text: &Text) {
        let prefix = match self.language {
            Language::Vi => "lỗi",
            Language::En => "error",
        };
        drop(writeln!(std::io::stderr().lock(), "{prefix}: {}", text.get(self.language)));
    }

    /// How far long work is, for a person at a terminal; each call writes over the last one.
    pub(super) fn progress(&self, text: &Text) {
        let mut terminal = std::io::stderr().lock();
        if !self.json && terminal.is_terminal() {
            drop(write!(terminal, "\r{}\u{1b}[K", text.get(self.language)));
            drop(terminal.flush());
        }
    }

    /// Takes away the last line of [`Printer::progress`].
    pub(super) fn no_progress(&self) {
        self.progress(&Text::default());
    }

    /// A table with a heading.
    pub(super) fn table(&self, heading: &[Text], rows: Vec<Vec<String>>) {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header(heading.iter().map(|text| text.get(self.language)));
        table.add_rows(rows);
        self.line(&table.to_string());
    }
}
