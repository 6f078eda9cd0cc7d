//! `email`: what a channel that sends letters needs beside its settings.

use std::io::Write as _;
use std::path::Path;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::CliError;
use super::args::EmailDns;
use super::print::Printer;
use crate::app::AppError;
use crate::channel::{DnsPlan, new_signing_key};
use crate::config::{Config, load_channels};
use crate::text;
use crate::text::nearest::Unknown;

/// The records to publish for a channel, and whether its keys are good. Touches no network.
pub(super) fn dns(config: &Config, asked: &EmailDns, printer: &Printer) -> Result<(), CliError> {
    let specs = load_channels(&config.channels, config.office.timezone).map_err(AppError::Config)?;
    let Some(spec) = specs.iter().find(|spec| spec.channel == asked.channel) else {
        let valid = specs.iter().map(|spec| spec.channel.clone()).collect();
        return Err(CliError::Text(Unknown { name: asked.channel.clone(), valid, field: false }.text()));
    };
    // Keys are read, other secrets are not needed.
    let channel = spec.open(&config.office, &config.base, false)?;
    let name = &asked.channel;
    let Some(plan) = channel.dns() else {
        return Err(CliError::Text(text!(
            "kênh {name} không gửi thư, nên không cần bản ghi DNS",
            "the channel {name} sends no letters and needs nothing in the DNS"
        )));
    };
    if let Some(file) = &asked.new_key {
        return new_key(file, printer);
    }
    if printer.json() {
        printer.value(&as_json(&plan, printer));
    } else {
        show(&plan, printer);
    }
    if plan.findings.iter().all(|finding| finding.good) { Ok(()) } else { Err(CliError::Said) }
}

fn show(plan: &DnsPlan, printer: &Printer) {
    for record in &plan.records {
        printer.line(&format!("; {}", record.about.get(printer.language())));
        printer.line(&format!("{}. IN TXT {}\n", record.name, record.quoted()));
    }
    for finding in &plan.findings {
        if finding.good {
            printer.text(&finding.text);
        } else {
            printer.error(&finding.text);
        }
    }
}

fn as_json(plan: &DnsPlan, printer: &Printer) -> Value {
    let records: Vec<Value> = plan
        .records
        .iter()
        .map(|record| {
            let about = record.about.get(printer.language());
            json!({ "name": record.name, "type": "TXT", "value": record.value, "about": about })
        })
        .collect();
    let findings: Vec<Value> = plan
        .findings
        .iter()
        .map(|finding| json!({ "ok": finding.good, "message": finding.text.get(printer.language()) }))
        .collect();
    json!({ "records": records, "findings": findings })
}

/// A key for nobody but its owner's eyes; a file that is there is never overwritten.
fn new_key(file: &Path, printer: &Printer) -> Result<(), CliError> {
    let path = file.display();
    let failed = |error: std::io::Error| {
        CliError::Text(match error.kind() {
            std::io::ErrorKind::AlreadyExists => text!(
                "tệp {path} đã có; loa không ghi đè lên khóa. Chọn tên khác",
                "the file {path} is there already; loa overwrites no key. Choose another name"
            ),
            _ => text!("không ghi được {path}: {error}", "cannot write {path}: {error}"),
        })
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options.open(file).map_err(failed)?;
    let key = new_signing_key().map_err(CliError::Text)?;
    out.write_all(key.expose_secret().as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
    if printer.json() {
        printer.value(&json!({ "key": path.to_string() }));
        return Ok(());
    }
    printer.text(&text!(
        "đã tạo khóa RSA 2048 bit trong {path}. Thêm vào tệp kênh:",
        "a new RSA key of 2048 bits is in {path}. Add to the channel's file:"
    ));
    let value = toml::Value::String(path.to_string());
    printer.line(&format!("\n[settings.dkim]\nselector = \"loa\"\nkey      = {{ file = {value} }}\n"));
    printer.text(&text!(
        "rồi chạy lại lệnh này, không có --new-key, để lấy bản ghi DNS",
        "then run this again without --new-key for the DNS records"
    ));
    Ok(())
}
