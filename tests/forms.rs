//! The forms that set up channels: every key is described, and only what was changed in a file changes.

use std::collections::BTreeSet;
use std::path::Path;

use chrono_tz::Asia::Ho_Chi_Minh;
use loa::channel::{Field, Input, KINDS, Kind, Office};
use loa::config::{ChannelFile, ChannelSpec, GROUPS, keys};
use loa::text::Language;

fn office() -> Office {
    Office {
        name: "UBND xã An Bình".to_owned(),
        timezone: Ho_Chi_Minh,
        language: Language::Vi,
        public_url: Some("https://anbinh.example.vn".to_owned()),
    }
}

/// Whether a file loads, without its secrets.
fn loads(text: &str, base: &Path) -> Result<(), String> {
    let spec = ChannelSpec::parse(&base.join("channels/k.toml"), text, Ho_Chi_Minh).map_err(|e| e.to_string())?;
    spec.open(&office(), base, false).map(drop).map_err(|error| error.to_string())
}

fn base() -> tempfile::TempDir {
    let base = tempfile::tempdir().unwrap();
    std::fs::create_dir(base.path().join("channels")).unwrap();
    std::fs::write(base.path().join("channels/nguoi-nhan.txt"), "lan@example.vn\n").unwrap();
    base
}

fn field(kind: &Kind, key: &str) -> Field {
    *kind.fields.iter().find(|field| field.key == key).unwrap_or_else(|| panic!("{} has no {key}", kind.name))
}

#[test]
fn every_key_that_a_kind_reads_can_be_filled_in() {
    let mut seen = 0;
    for kind in KINDS {
        let read: BTreeSet<String> = (kind.keys)().0.into_iter().collect();
        let described: BTreeSet<String> = kind.fields.iter().map(|field| field.key.to_owned()).collect();
        assert_eq!(described, read, "{}: what is described and what is read", kind.name);
        assert_eq!(kind.fields.len(), read.len(), "{}: once each", kind.name);
        seen += read.len();
    }
    assert!(seen > 80, "only {seen} keys");
    let read: BTreeSet<String> = keys().0.into_iter().collect();
    let mut described: BTreeSet<String> = ["kind", "settings"].map(str::to_owned).into();
    for group in GROUPS {
        let prefix = if group.table.is_empty() { String::new() } else { format!("{}.", group.table) };
        described.extend(group.fields.iter().map(|field| format!("{prefix}{}", field.key)));
    }
    assert_eq!(described, read);
}

#[test]
fn every_field_has_words_in_both_languages() {
    let all = KINDS.iter().flat_map(|kind| kind.fields).chain(GROUPS.iter().flat_map(|group| group.fields));
    for field in all {
        let mut texts = vec![(field.label)(), (field.help)()];
        if let Input::Choice(choices) | Input::Choices(choices) = field.input {
            texts.extend(choices.iter().map(|(_, text)| text()));
        }
        for text in texts {
            assert!(!text.vi.is_empty() && !text.en.is_empty(), "{}", field.key);
        }
    }
}

#[test]
fn what_is_said_to_be_required_is_and_nothing_else() {
    let base = base();
    for kind in KINDS {
        loads(kind.example, base.path()).unwrap();
        let example = ChannelFile::read(kind.example).unwrap();
        let mut tried = 0;
        for field in kind.fields {
            let key = format!("settings.{}", field.key);
            if !example.has(&key) {
                continue;
            }
            let mut without = example.clone();
            without.remove(&key);
            let loaded = loads(&without.text(), base.path());
            // What an example's own templates speak of is another matter.
            let missing = loaded.as_ref().is_err_and(|error| error.contains("missing"));
            assert_eq!(missing, field.required, "{} without {key}: {loaded:?}", kind.name);
            tried += 1;
        }
        assert!(tried > 0, "{}", kind.name);
    }
}

#[test]
fn every_choice_that_is_offered_is_taken() {
    let base = base();
    let mut tried = 0;
    for kind in KINDS {
        for field in kind.fields {
            let leads = kind.fields.iter().any(|other| other.only.is_some_and(|(key, _)| key == field.key));
            let (Input::Choice(choices) | Input::Choices(choices)) = field.input else { continue };
            for (word, _) in choices.iter().filter(|_| !leads) {
                let mut file = ChannelFile::read(kind.example).unwrap();
                file.fill(&format!("settings.{}", field.key), field, word).unwrap();
                loads(&file.text(), base.path()).unwrap();
                tried += 1;
            }
            let mut file = ChannelFile::read(kind.example).unwrap();
            assert!(file.fill(&format!("settings.{}", field.key), field, "khac-han").is_err(), "{}", field.key);
        }
    }
    assert!(tried > 15, "only {tried}");
}

const FILE: &str = r#"# Của xã An Bình.
name    = "Đài xã"      # như trên biển
kind    = "radio"

[settings]
# nơi ghi
folder  = "var/radio"   # dùng chung
station = 'Đài "An Bình"'
voices  = [
  "nam",   # anh Ba
  "nữ",
]

# Nhận bài
[route]
except = ["nội bộ"]

# cuối tệp
"#;

#[test]
fn a_key_that_is_changed_leaves_everything_else_as_it_was() {
    let kind = KINDS.iter().find(|kind| kind.name == "radio").unwrap();
    let fill = |file: &mut ChannelFile, key: &str, typed: &str| {
        file.fill(&format!("settings.{key}"), &field(kind, key), typed).unwrap();
    };
    let mut file = ChannelFile::read(FILE).unwrap();
    assert_eq!(file.text(), FILE, "nothing was changed");
    assert_eq!(file.shown("settings.voices", Input::Lines), "nam\nnữ");
    assert_eq!(file.shown("settings.station", Input::Line), "Đài \"An Bình\"");

    fill(&mut file, "folder", "var/đài");
    assert_eq!(file.text(), FILE.replace("\"var/radio\"", "\"var/đài\""));
    fill(&mut file, "syllables_per_minute", "170");
    assert!(file.text().contains("]\nsyllables_per_minute = 170\n\n# Nhận bài\n[route]"), "{}", file.text());
    fill(&mut file, "syllables_per_minute", " ");
    assert_eq!(file.text(), FILE.replace("\"var/radio\"", "\"var/đài\""));

    // A key goes, what people wrote about it stays.
    fill(&mut file, "folder", "");
    let text = file.text();
    assert!(text.contains("[settings]\n# nơi ghi\n# dùng chung\nstation = 'Đài \"An Bình\"'\n"), "{text}");
    file.remove("settings.voices");
    file.remove("route.except");
    let text = file.text();
    assert!(!text.contains("voices") && text.contains("# Nhận bài\n[route]\n"), "{text}");
    assert!(text.ends_with("[route]\n\n# cuối tệp\n"), "{text}");

    // Tables that are not there are made.
    let quiet = GROUPS.iter().flat_map(|group| group.fields).find(|field| field.key == "quiet").unwrap();
    file.fill("schedule.quiet", quiet, "21:00-05:00").unwrap();
    assert!(file.text().contains("[schedule]\nquiet = \"21:00-05:00\"\n"), "{}", file.text());
    file.keep_secret("settings.dkim.key", "/x/y").unwrap();
    assert_eq!(file.secret("settings.dkim.key"), Some(("file", "/x/y".to_owned())));
    assert!(file.text().contains("dkim = { key = { file = \"/x/y\" } }"), "{}", file.text());
    file.remove("settings.dkim.key");
    assert!(!file.has("settings.dkim"), "{}", file.text());
}

#[test]
fn hours_are_typed_as_one_word_or_a_line_each() {
    let timing = GROUPS.iter().flat_map(|group| group.fields).find(|field| field.key == "timing").unwrap();
    let mut file = ChannelFile::read(FILE).unwrap();
    file.fill("schedule.timing", timing, "30 4 * * *\r\n\r\n 0 16 * * 1-5 \r\n").unwrap();
    assert!(file.text().contains("timing = [\"30 4 * * *\", \"0 16 * * 1-5\"]"), "{}", file.text());
    assert_eq!(file.shown("schedule.timing", Input::Timing), "30 4 * * *\n0 16 * * 1-5");
    file.fill("schedule.timing", timing, "immediate").unwrap();
    assert!(file.text().contains("timing = \"immediate\""), "{}", file.text());
}

#[test]
fn the_key_on_a_line_is_found() {
    let all = ["name", "settings.folder", "settings.voices", "settings.dkim.key", "route.except"];
    let on = |line| ChannelFile::on_line(FILE, line, &all);
    assert_eq!(on(2), Some("name"));
    assert_eq!(on(7), Some("settings.folder"));
    assert_eq!((on(9), on(11), on(12)), (Some("settings.voices"), Some("settings.voices"), Some("settings.voices")));
    assert_eq!((on(1), on(5), on(14)), (None, None, None));
}
