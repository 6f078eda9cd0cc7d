//! The repository's own configuration and every example file, opened by the real binary.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use loa::channel::KINDS;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::process::{Daemon, eventually};

/// Every kind and its example, as the program prints it.
fn examples(folder: &Path) -> Vec<(String, String)> {
    let print = |kind: &str| {
        let example = run(folder, &["kinds", kind]);
        assert_eq!(example.status.code(), Some(0), "{}", said(&example));
        (kind.to_owned(), String::from_utf8(example.stdout).expect("UTF-8"))
    };
    KINDS.iter().map(|kind| print(kind.name)).collect()
}

/// The names of the secrets that a channel file asks for.
fn secrets(example: &str) -> Vec<String> {
    let named = example.split("{ env = \"").skip(1);
    named.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

static DKIM_KEY: LazyLock<SecretString> = LazyLock::new(|| loa::channel::new_signing_key().expect("a key"));

/// Something of the right form for the secret of this name.
fn secret(name: &str) -> &'static str {
    match name {
        "GHOST_ADMIN_API_KEY" => crate::support::far::ghost::KEY,
        "DKIM_KEY" => DKIM_KEY.expose_secret(),
        _ => crate::support::world::SECRET,
    }
}

/// A copy of the repository's `config.toml` and `channels/`, on a port of its own.
fn shipped() -> TempDir {
    let (folder, repository) = (tempfile::tempdir().expect("a folder"), Path::new(env!("CARGO_MANIFEST_DIR")));
    std::fs::create_dir(folder.path().join("channels")).expect("a folder");
    std::fs::create_dir(folder.path().join("channels/templates")).expect("a folder");
    for part in ["channels", "channels/templates"] {
        for entry in std::fs::read_dir(repository.join(part)).expect("the shipped channels").flatten() {
            if entry.path().is_file() {
                std::fs::copy(entry.path(), folder.path().join(part).join(entry.file_name())).expect("a copy");
            }
        }
    }
    let config = std::fs::read_to_string(repository.join("config.toml")).expect("the shipped config.toml");
    let moved = config.replace("127.0.0.1:8686", "127.0.0.1:0");
    assert_ne!(config, moved, "the shipped port is where this test expects it");
    std::fs::write(folder.path().join("config.toml"), moved).expect("a copy");
    folder
}

/// Runs in the folder itself, as people do.
fn loa(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loa"));
    command.args(arguments).current_dir(folder).env_remove("LOA_LANG");
    for name in KINDS.iter().flat_map(|kind| secrets(kind.example)) {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    loa(folder, arguments).output().expect("loa runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_shipped_files_are_right_where_they_stand() {
    let output = run(Path::new(env!("CARGO_MANIFEST_DIR")), &["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("cấu hình đúng: 4 kênh"), "in the office's language: {}", said(&output));
}

#[test]
fn the_shipped_office_runs_and_sends_nothing_outside() {
    let folder = shipped();
    let folder = folder.path();
    let daemon = Daemon::start(loa(folder, &["run"]), &folder.join("log"));
    assert!(daemon.said().contains("loa đang chạy với 4 kênh"), "{}", daemon.said());
    // Urgent, so that quiet hours do not matter at whatever hour this test runs.
    let article =
        "+++\ntitle = \"Cảnh báo mưa lớn\"\npriority = \"urgent\"\ntopics = [\"thời tiết\"]\n+++\n\nBà con ở nhà.\n";
    std::fs::write(folder.join("mua.part"), article).expect("a file");
    std::fs::rename(folder.join("mua.part"), folder.join("var/inbox/mua-lon.md")).expect("a file in the inbox");
    let rows = eventually("portal, Fanpage and email are done", || {
        let output = run(folder, &["deliveries", "--json"]);
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        (rows.iter().filter(|row| row["state"] == "settled").count() == 3).then_some(rows)
    });
    let row = |channel: &str| rows.iter().find(|row| row["channel"] == channel).expect("a delivery");
    assert_eq!((&row("portal")["state"], &row("portal")["rehearsal"]), (&"settled".into(), &false.into()));
    for channel in ["fanpage", "email"] {
        assert_eq!(row(channel)["rehearsal"], true, "{channel}");
        let rehearsed = std::fs::read_dir(folder.join("var/rehearsal").join(channel)).expect("rehearsals").count();
        assert_eq!(rehearsed, 1, "{channel}");
    }
    assert_eq!(row("radio")["state"], "waiting");
    assert!(row("radio")["reason"].as_str().is_some_and(|reason| reason.contains("bản tin")), "{}", row("radio"));
    assert!(row("radio")["due"].is_string(), "{}", row("radio"));
    let index = std::fs::read_to_string(folder.join("var/site/index.html")).expect("an index");
    assert!(index.contains("Cảnh báo mưa lớn"), "{index}");
    assert!(folder.join("var/inbox/done/mua-lon.md").exists());
    assert_eq!(daemon.stop().0.code(), Some(0));
    let log = std::fs::read_to_string(folder.join("log")).expect("a log");
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
}

#[test]
fn every_example_is_a_right_channel_file_once_its_secret_is_there() {
    let folder = shipped();
    let folder = folder.path();
    let examples = examples(folder);
    for (kind, example) in &examples {
        std::fs::write(folder.join(format!("channels/mau-{kind}.toml")), example).expect("a channel file");
    }
    let names: Vec<String> = examples.iter().flat_map(|(_, example)| secrets(example)).collect();
    assert!(names.len() >= 2, "{names:?}");
    let mut command = loa(folder, &["check"]);
    command.envs(names.iter().map(|name| (name, secret(name))));
    let output = command.output().expect("loa runs");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let count = examples.len() + 4;
    assert!(said(&output).contains(&format!("cấu hình đúng: {count} kênh")), "{}", said(&output));
    // Without the secrets, each is named.
    let output = run(folder, &["check"]);
    assert_eq!(output.status.code(), Some(1));
    for (_, example) in &examples {
        // A channel that is switched off needs none; one that is on stops at the first that is missing.
        if example.contains("enabled = false") {
            continue;
        }
        let mut asked = secrets(example).into_iter().peekable();
        assert!(asked.peek().is_none() || asked.any(|name| said(&output).contains(&name)), "{}", said(&output));
    }
}

#[test]
fn the_optional_lines_of_every_example_are_right_too() {
    let folder = shipped();
    let folder = folder.path();
    let examples = examples(folder);
    for (kind, example) in &examples {
        let is_setting = |rest: &str| {
            let name = rest.split('=').next().unwrap_or_default().trim();
            rest.contains('=') && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        let uncommented: Vec<&str> = example
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line))
            .collect();
        std::fs::write(folder.join(format!("channels/mau-{kind}.toml")), uncommented.join("\n")).expect("a file");
    }
    let mut command = loa(folder, &["check"]);
    let names = examples.iter().flat_map(|(_, example)| secrets(example));
    command.envs(names.map(|name| {
        let secret = secret(&name);
        (name, secret)
    }));
    let output = command.output().expect("loa runs");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn the_shipped_templates_are_the_ones_that_are_built_in() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let same = |name| (name, "email", name);
    let letters = ["email.txt", "email.html", "email-digest.txt", "email-digest.html"].map(same);
    let scripts = [("radio.txt", "radio", "script.txt"), ("radio-may-doc.txt", "radio", "clean.txt")];
    for (shipped, kind, built_in) in scripts.into_iter().chain(letters) {
        let read = |path: std::path::PathBuf| std::fs::read_to_string(path).expect("a template");
        let shipped = read(repository.join("channels/templates").join(shipped));
        assert_eq!(shipped, read(repository.join("src/channel").join(kind).join("templates").join(built_in)));
    }
}
