//! `check` and `kinds`.

use serde_json::{Value, json};

use super::CliError;
use super::args::Kinds;
use super::print::Printer;
use crate::channel::{KINDS, examples, kind};
use crate::config::{Config, ConfigError, load_channels};
use crate::text;
use crate::text::Text;
use crate::text::nearest::Unknown;

/// Reads every file as the daemon would, secrets included; touches no network.
pub(super) fn check(config: &Config, printer: &Printer) -> Result<(), CliError> {
    let specs = load_channels(&config.channels, config.office.timezone);
    let (specs, mut errors) = match specs {
        Ok(specs) => (specs, Vec::new()),
        Err(errors) => (Vec::new(), errors),
    };
    let mut advice = Vec::new();
    for spec in specs.iter().filter(|spec| spec.enabled) {
        match spec.open(&config.office, &config.base, !spec.rehearsal) {
            Ok(channel) => advice.extend(channel.advice().into_iter().map(|advice| (&spec.channel, advice))),
            Err(error) => errors.push(error),
        }
    }
    errors.extend(config.mail.bounces.as_ref().and_then(|maildir| maildir.check().err()));
    errors.extend(config.broker.as_ref().and_then(|broker| broker.check().err()));
    if printer.json() {
        let list: Vec<Value> = errors.iter().map(|error| error_json(error, printer)).collect();
        let advice: Vec<Value> = advice
            .iter()
            .map(|(channel, text)| json!({ "channel": channel, "message": text.get(printer.language()) }))
            .collect();
        printer.value(&json!({ "ok": errors.is_empty(), "errors": list, "advice": advice }));
    } else {
        for error in &errors {
            printer.error(&Text::same(error.show(printer.language())));
        }
    }
    if !errors.is_empty() {
        return Err(CliError::Said);
    }
    for spec in &specs {
        let (channel, name, kind) = (&spec.channel, &spec.name, spec.kind.name);
        let state = match (spec.enabled, spec.rehearsal) {
            (false, _) => text!("đang tắt", "switched off"),
            (true, true) => text!("diễn tập, không gửi ra ngoài", "rehearsal, sends nothing"),
            (true, false) => text!("chạy thật", "live"),
        };
        printer.text(&Text {
            vi: format!("  {channel} ({kind}) {name}: {}", state.vi),
            en: format!("  {channel} ({kind}) {name}: {}", state.en),
        });
    }
    for (channel, Text { vi, en }) in advice {
        printer.text(&text!("  lưu ý, kênh {channel}: {vi}", "  note, channel {channel}: {en}"));
    }
    let count = specs.len();
    printer.text(&text!("cấu hình đúng: {count} kênh", "the configuration is right: {count} channels"));
    Ok(())
}

fn error_json(error: &ConfigError, printer: &Printer) -> Value {
    json!({
        "file": error.file.display().to_string(),
        "line": error.line,
        "message": error.text.get(printer.language()),
    })
}

/// Lists the kinds, or prints an example file of one kind.
pub(super) fn kinds(asked: &Kinds, printer: &Printer) -> Result<(), CliError> {
    let Some(name) = asked.kind.as_deref() else {
        if printer.json() {
            let list: Vec<Value> = KINDS
                .iter()
                .map(|kind| json!({ "kind": kind.name, "about": (kind.about)().get(printer.language()) }))
                .collect();
            printer.value(&Value::from(list));
            return Ok(());
        }
        for kind in KINDS {
            let (name, about) = (kind.name, (kind.about)());
            printer.line(&format!("{name:<10} {}", about.get(printer.language())));
        }
        printer.text(&text!(
            "Tệp mẫu: loa kinds LOẠI > channels/TÊN.toml",
            "An example file: loa kinds KIND > channels/NAME.toml"
        ));
        return Ok(());
    };
    let unknown =
        |name: &str, valid: Vec<String>| CliError::Text(Unknown { name: name.to_owned(), valid, field: false }.text());
    let kind = kind(name).ok_or_else(|| unknown(name, KINDS.iter().map(|kind| kind.name.to_owned()).collect()))?;
    let text = match asked.example.as_deref() {
        None => kind.example,
        Some(name) => {
            let found = examples(kind).find(|example| example.name == name);
            let valid = || examples(kind).map(|example| example.name.to_owned()).collect();
            found.ok_or_else(|| unknown(name, valid()))?.text
        }
    };
    printer.bytes(text.as_bytes());
    Ok(())
}
