//! The files that people edit: every mistake is told with file, line, key and the nearest valid name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use loa::channel::{KINDS, Office};
use loa::config::{ChannelSpec, Config, ConfigError, duration, load_channels, rate, size};
use loa::dispatch::RetryPolicy;
use loa::queue::Rate;
use loa::schedule::Timing;
use loa::store::{SqliteOptions, StoreOptions};
use loa::text::{Language, nearest};
use serde::Deserialize;

use crate::sample::HANOI;

const CHANNEL: &str = r#"name = "Cổng"
kind = "site"

[settings]
folder = "var/site"
base_url = "https://anbinh.example.vn"

[route]
topics = ["thông báo"]

[schedule]
timing = ["30 4 * * *"]
quiet = "21:30-05:30"
grace = "6h"

[limits]
rate = "30/h"
concurrency = 2
timeout = "10s"

[retry]
attempts = 5
first = "1s"
longest = "10m"
"#;

fn office() -> Office {
    Office { name: "UBND xã An Bình".to_owned(), timezone: HANOI, language: Language::Vi, public_url: None }
}

fn channel(source: &str) -> Result<ChannelSpec, ConfigError> {
    ChannelSpec::parse(Path::new("channels/cong.toml"), source, HANOI)
}

/// Parses and opens, as `loa check` does.
fn check(source: &str) -> Result<ChannelSpec, ConfigError> {
    let spec = channel(source)?;
    spec.open(&office(), Path::new("/nowhere"), false)?;
    Ok(spec)
}

/// The message about `CHANNEL` with `old` replaced by `new`.
fn mistake(old: &str, new: &str) -> ConfigError {
    assert!(CHANNEL.contains(old), "{old}");
    match check(&CHANNEL.replacen(old, new, 1)) {
        Ok(_) => panic!("{new} was taken"),
        Err(error) => error,
    }
}

/// Line of `CHANNEL` on which `words` stand.
fn line_of(words: &str) -> usize {
    1 + CHANNEL.lines().position(|line| line.contains(words)).unwrap()
}

#[test]
fn a_channel_file_means_what_it_says() {
    let spec = check(CHANNEL).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((spec.channel.as_str(), spec.name.as_str(), spec.kind.name), ("cong", "Cổng", "site"));
    assert!(spec.enabled && !spec.rehearsal);
    assert_eq!(spec.schedule.grace, Duration::from_secs(6 * 3_600));
    assert!(
        matches!(&spec.schedule.timing, Timing::Cron(lines) if lines.len() == 1 && lines[0].written() == "30 4 * * *")
    );
    assert_eq!(spec.limits.rate, Some(Rate { most: 30, per: Duration::from_secs(3_600) }));
    assert_eq!((spec.limits.concurrency, spec.limits.timeout), (2, Duration::from_secs(10)));
    let retry = RetryPolicy { attempts: 5, first: Duration::from_secs(1), longest: Duration::from_secs(600) };
    assert_eq!(spec.retry, retry);
    let least = channel("kind = \"site\"\n[settings]\nfolder = \"x\"").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(least.name, "cong", "a channel without a name has its file's");
    assert_eq!(least.retry, RetryPolicy::default());
    assert_eq!(least.schedule.zone, HANOI);
}

#[test]
fn an_unknown_field_is_told_with_file_line_key_and_the_nearest_name() {
    for (old, new, line, wrong, near) in [
        ("name = ", "nmae = ", 1, "nmae", "name"),
        ("folder = ", "foldr = ", 5, "foldr", "folder"),
        ("topics = ", "topic = ", 9, "topic", "topics"),
        ("grace = ", "grce = ", 14, "grce", "grace"),
        ("rate = ", "rates = ", 17, "rates", "rate"),
        ("attempts = ", "atempts = ", 22, "atempts", "attempts"),
        ("[limits]", "[limit]", 16, "limit", "limits"),
    ] {
        let error = mistake(old, new);
        assert_eq!(error.line, Some(line), "{error}");
        let vi = error.show(Language::Vi);
        let en = error.show(Language::En);
        let place = format!("channels/cong.toml:{line}: ");
        assert!(vi.starts_with(&place) && en.starts_with(&place), "{vi}\n{en}");
        assert!(vi.contains(&format!("không có trường \"{wrong}\"; có phải \"{near}\"?")), "{vi}");
        assert!(en.contains(&format!("there is no field \"{wrong}\"; did you mean \"{near}\"?")), "{en}");
    }
}

#[test]
fn a_bad_value_is_told_with_its_line_and_what_would_be_right() {
    for (old, new, vi, en) in [
        ("kind = \"site\"", "kind = \"siet\"", "có phải \"site\"", "did you mean \"site\""),
        ("\"30 4 * * *\"", "\"30 4 * *\"", "cần đúng 5", "exactly 5"),
        ("timing = [\"30 4 * * *\"]", "timing = \"now\"", "timing là \"immediate\"", "timing is \"immediate\""),
        ("timing = [\"30 4 * * *\"]", "timing = []", "timing là \"immediate\"", "timing is \"immediate\""),
        ("21:30-05:30", "21h30-5h30", "21:30-05:30", "quiet hours"),
        ("grace = \"6h\"", "grace = \"6 giờ\"", "\"30s\", \"15m\"", "is not a duration"),
        ("grace = \"6h\"", "grace = \"0h\"", "\"30s\", \"15m\"", "is not a duration"),
        ("rate = \"30/h\"", "rate = \"30\"", "\"30/h\"", "is not a rate"),
        ("rate = \"30/h\"", "rate = \"0/h\"", "\"30/h\"", "is not a rate"),
        ("concurrency = 2", "concurrency = 0", "từ 1 đến 64", "from 1 to 64"),
        ("concurrency = 2", "concurrency = \"2\"", "sai kiểu", "wrong type"),
        (
            "quiet = ",
            "timezone = \"Asia/Ho_Chi_Min\"\nquiet = ",
            "có phải \"Asia/Ho_Chi_Minh\"",
            "did you mean \"Asia/Ho_Chi_Minh\"",
        ),
        ("topics = [\"thông báo\"]", "when = \"'y tế' in topic\"", "\"topic\"", "unknown name \"topic\""),
        ("topics = [\"thông báo\"]", "topics = \"thông báo\"", "sai kiểu", "wrong type"),
        ("folder = \"var/site\"", "folder = 5", "sai kiểu", "wrong type"),
        ("timeout = \"10s\"", "timeout = 10", "sai kiểu", "wrong type"),
    ] {
        let error = mistake(old, new);
        let first = old.lines().next().unwrap();
        assert_eq!(error.line, Some(line_of(first)), "{error}");
        assert!(error.text.vi.contains(vi), "{}", error.text.vi);
        assert!(error.text.en.contains(en), "{}", error.text.en);
    }
    let mode = check(&CHANNEL.replace("kind = \"site\"", "kind = \"site\"\nmode = \"rehersal\"")).err().unwrap();
    assert_eq!(mode.line, Some(3));
    assert!(mode.text.vi.contains("có phải \"rehearsal\""), "{}", mode.text.vi);
    let missing = check(&CHANNEL.replace("folder = \"var/site\"\n", "")).err().unwrap();
    assert!(
        missing.text.vi.contains("thiếu \"folder\"") && missing.text.en.contains("\"folder\" is missing"),
        "{missing}"
    );
    let broken = check("kind = \"site").err().unwrap();
    assert_eq!(broken.line, Some(1));
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn a_secret_written_into_a_file_is_refused_and_never_repeated() {
    let fanpage =
        |secret: &str| format!("kind = \"fanpage\"\n[settings]\nurl = \"https://x.example.vn\"\nsecret = {secret}\n");
    let email = |secret: &str| {
        let rest = "from = \"a@x.vn\"\nrecipients = \"r.txt\"\nhost = \"h\"\nusername = \"u\"";
        format!("kind = \"email\"\n[settings]\n{rest}\npassword = {secret}\n")
    };
    for written in [
        format!("\"{SECRET}\""),
        format!("{{ value = \"{SECRET}\" }}"),
        format!("{{ env = \"A\", secret = \"{SECRET}\" }}"),
        format!("{{ env = \"A\", file = \"{SECRET}\" }}"),
        format!("[\"{SECRET}\"]"),
    ] {
        for file in [fanpage(&written), email(&written)] {
            let error = check(&file).err().unwrap_or_else(|| panic!("{written} was taken"));
            let shown = format!("{} {} {error:?}", error.show(Language::Vi), error.show(Language::En));
            assert!(!shown.contains(SECRET), "the secret is in the message: {shown}");
            assert!(shown.contains("{ env = \\\"NAME\\\" }") || shown.contains("{ env = \"NAME\" }"), "{shown}");
            assert_eq!(error.line, Some(1 + file.lines().position(|line| line.contains(SECRET)).unwrap()), "{error}");
        }
    }
}

#[test]
fn a_secret_that_is_not_there_is_named_and_its_content_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let file =
        |place: &str| format!("kind = \"fanpage\"\n[settings]\nurl = \"https://x.example.vn\"\nsecret = {place}\n");
    let open = |place: &str| {
        channel(&file(place)).unwrap_or_else(|error| panic!("{error}")).open(&office(), folder.path(), true)
    };
    let missing = open("{ env = \"LOA_NO_SUCH_SECRET\" }").err().unwrap();
    assert!(missing.text.vi.contains("LOA_NO_SUCH_SECRET"), "{missing}");
    let place = format!("{{ file = {:?} }}", path.display().to_string());
    assert!(open(&place).is_err(), "the file is missing");
    std::fs::write(&path, "\n").unwrap();
    assert!(open(&place).is_err(), "the file is empty");
    std::fs::write(&path, "không phải khóa!").unwrap();
    let bad = open(&place).err().unwrap();
    assert!(bad.text.vi.contains("whsec_") && !format!("{bad:?}").contains("không phải khóa"), "{bad}");
    std::fs::write(&path, format!("{SECRET}\r\n")).unwrap();
    assert!(open(&place).is_ok(), "a newline at the end does not count");
}

fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Vec<ChannelSpec>, Vec<ConfigError>>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, after) in files {
        let after = if after.is_empty() { String::new() } else { format!("[schedule]\nafter = \"{after}\"\n") };
        let text = format!("kind = \"site\"\n[settings]\nfolder = \"x\"\n{after}");
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let loaded = load_channels(folder.path(), HANOI);
    (folder, loaded)
}

#[test]
fn a_channel_can_follow_only_another_one_and_not_in_a_circle() {
    let (_keep, loaded) = folder(&[("a", "b"), ("b", "c"), ("c", "")]);
    assert_eq!(loaded.unwrap_or_default().len(), 3);
    let (_keep, unknown) = folder(&[("a", "protal"), ("portal", "")]);
    let errors = unknown.err().unwrap();
    assert_eq!((errors.len(), errors[0].line), (1, Some(5)));
    assert!(errors[0].text.vi.contains("có phải \"portal\""), "{}", errors[0]);
    let (_keep, circle) = folder(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]);
    let errors = circle.err().unwrap();
    assert_eq!(errors.len(), 3, "the three of the circle, not the one that leads into it: {errors:?}");
    assert!(errors.iter().all(|error| error.text.vi.contains("nối vòng") && error.text.en.contains("circle")));
    let (_keep, own) = folder(&[("a", "a")]);
    assert_eq!(own.err().unwrap().len(), 1);
}

#[test]
fn every_file_of_a_folder_is_checked_and_every_mistake_told() {
    let (keep, _) = folder(&[("a", ""), ("b", "")]);
    for name in ["a", "b"] {
        std::fs::write(keep.path().join(format!("{name}.toml")), "kind = \"siet\"").unwrap();
    }
    std::fs::write(keep.path().join(".hidden.toml"), "rubbish").unwrap();
    std::fs::write(keep.path().join("readme.txt"), "rubbish").unwrap();
    assert_eq!(load_channels(keep.path(), HANOI).err().unwrap().len(), 2);
    assert_eq!(load_channels(&keep.path().join("none"), HANOI).err().unwrap().len(), 1);
}

fn config(source: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("/etc/loa/config.toml"), source)
}

#[test]
fn what_is_kept_is_kept_for_thirteen_months_and_ten_years_unless_somebody_says_otherwise() {
    let keep = |words: &str| config(&format!("[store]\n{words}")).unwrap_or_else(|error| panic!("{error}")).keep;
    let days = |days| Some(chrono::TimeDelta::days(days));
    assert_eq!((keep("").trail, keep("").article), (days(400), days(3_650)));
    let keep_of = |words| (keep(words).trail, keep(words).article);
    assert_eq!(keep_of("keep_days = 30\narticle_days = 90"), (days(30), days(90)));
    assert_eq!(keep_of("keep_days = 0"), (None, None));
    assert_eq!(keep_of("article_days = 0"), (days(400), None));
    assert_eq!(keep_of("keep_days = 5000"), (days(5_000), days(5_000)));
    for wrong in ["keep_days = 30\narticle_days = 29", "keep_days = 0\narticle_days = 90"] {
        let error = config(&format!("[store]\n{wrong}")).expect_err("a mistake");
        assert_eq!(error.line, Some(3), "{error}");
    }
}

#[test]
fn config_toml_means_what_it_says_and_may_be_empty() {
    let empty = config("").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(empty.office.timezone, HANOI);
    assert_eq!(empty.office.language, Language::Vi);
    assert_eq!(empty.channels, PathBuf::from("/etc/loa/channels"));
    assert_eq!(empty.http.listen, None);
    assert!(matches!(&empty.store, StoreOptions::Sqlite(SqliteOptions { max_size: None, .. })));
    let full = config(
        "name = \"UBND\"\nlanguage = \"en\"\n[store]\npath = \"/data/loa.db\"\nmax_size = \"2GB\"\n[shutdown]\ngrace = \"5s\"\n",
    );
    let full = full.unwrap_or_else(|error| panic!("{error}"));
    let StoreOptions::Sqlite(file) = full.store else { panic!("{:?}", full.store) };
    assert_eq!((file.path, file.max_size), (PathBuf::from("/data/loa.db"), Some(2 << 30)));
    assert_eq!((full.office.language, full.grace), (Language::En, Duration::from_secs(5)));
}

#[test]
fn a_store_on_a_server_is_named_without_its_password() {
    let read = config("[store]\nurl = \"postgres://loa@db.noi-bo:5433/loa\"\npassword = { file = \"bi-mat\" }\n");
    let store = read.unwrap_or_else(|error| panic!("{error}")).store;
    assert!(matches!(store, StoreOptions::Postgres(_)) && store.file().is_none());
    let shown = format!("{store:?}");
    assert!(shown.contains("db.noi-bo:5433/loa") && !shown.contains("bi-mat"), "{shown}");
}

#[test]
fn a_mistake_in_config_toml_is_told_with_its_line() {
    for (source, line, vi, en) in [
        ("\ntimezon = \"x\"", 2, "có phải \"timezone\"", "did you mean \"timezone\""),
        ("timezone = \"Hanoi\"", 1, "không có múi giờ", "no time zone"),
        ("language = \"fr\"", 1, "không có giá trị \"fr\"", "no value \"fr\""),
        ("[store]\npaht = \"x\"", 2, "có phải \"path\"", "did you mean \"path\""),
        ("[store]\nmax_size = \"2 tỉ\"", 2, "\"500MB\"", "is not a size"),
        ("[store]\nmax_size = \"900KB\"", 2, "ít nhất 1MB", "at least 1MB"),
        ("[store]\nurl = \"mysql://loa@db/loa\"", 2, "postgres://", "postgres://"),
        ("[store]\nurl = \"postgres://loa:bimat@db/loa\"", 2, "không viết trong url", "does not stand in the url"),
        ("[store]\nurl = \"postgres://db/loa?password=bimat\"", 2, "không viết trong url", "does not stand in the url"),
        ("[store]\nurl = \"postgres://loa@db/loa\"\npath = \"loa.db\"", 3, "của tệp SQLite", "belong to a SQLite file"),
        ("[store]\npath = \"loa.db\"\npassword = { env = \"P\" }", 3, "chỉ dùng cùng url", "goes with url only"),
        ("[http]\nlisten = 8080", 2, "sai kiểu", "wrong type"),
        ("[[http.tokens]]\nname = \"cms\"\nsha256 = \"abc\"", 3, "64 chữ số", "64 hexadecimal"),
        ("[shutdown]\ngrace = \"soon\"", 2, "khoảng thời gian", "is not a duration"),
        ("[log]\nformat = \"jsno\"", 2, "có phải \"json\"", "did you mean \"json\""),
    ] {
        let error = config(source).err().unwrap_or_else(|| panic!("{source} was taken"));
        assert_eq!(error.line, Some(line), "{error}");
        assert!(error.text.vi.contains(vi), "{}", error.text.vi);
        assert!(error.text.en.contains(en), "{}", error.text.en);
        assert!(!error.to_string().contains("bimat"), "a secret in {error}");
    }
    let missing = Config::load(Path::new("/no/such/config.toml")).err().unwrap();
    assert!(missing.text.vi.contains("--config"), "{missing}");
}

#[test]
fn small_values_are_read_as_people_write_them() {
    assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
    assert_eq!(duration(" 2d "), Ok(Duration::from_secs(172_800)));
    assert_eq!(rate("5/m"), Ok(Rate { most: 5, per: Duration::from_secs(60) }));
    assert_eq!(size("500MB"), Ok(500 << 20));
    for bad in ["", "s", "5", "-5s", "1.5h", "5 giờ", "99999999999999999999s", "18446744073709551615d"] {
        assert!(duration(bad).is_err_and(|text| text.vi.contains(bad) && text.en.contains(bad)), "{bad}");
    }
    for bad in ["", "5", "/h", "5/", "5/w", "-1/h", "h/5"] {
        assert!(rate(bad).is_err(), "{bad}");
    }
    for bad in ["", "5", "5TB", "0MB", "99999999999999999GB"] {
        assert!(size(bad).is_err(), "{bad}");
    }
}

#[test]
fn every_kinds_example_parses_and_opens() {
    let base = tempfile::tempdir().unwrap();
    std::fs::create_dir(base.path().join("channels")).unwrap();
    std::fs::write(base.path().join("channels/nguoi-nhan.txt"), "a@example.vn\n").unwrap();
    assert!(KINDS.len() >= 4);
    for kind in KINDS {
        let file = PathBuf::from(format!("channels/{}.toml", kind.name));
        let spec = ChannelSpec::parse(&file, kind.example, HANOI).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(spec.kind.name, kind.name);
        // What the law may forbid, or costs an account of its own, is switched on by hand.
        assert!(spec.enabled != matches!(kind.name, "telegram" | "zalo") && !spec.rehearsal, "{}", kind.name);
        if let Err(error) = spec.open(&office(), base.path(), false) {
            panic!("{error}");
        }
        let about = (kind.about)();
        assert!(!about.vi.is_empty() && !about.en.is_empty() && about.vi != about.en);
    }
}

/// The line without its comment sign, if it is a setting that is commented out: "# key = value".
fn uncommented(line: &str) -> &str {
    let setting = line.strip_prefix("# ").filter(|setting| {
        setting.split_once('=').is_some_and(|(key, _)| key.trim().chars().all(|c| c.is_ascii_lowercase() || c == '_'))
    });
    setting.unwrap_or(line)
}

#[test]
fn an_examples_commented_settings_are_valid_too() {
    let mut found = 0;
    for kind in KINDS {
        let lines: Vec<&str> = kind.example.lines().map(uncommented).collect();
        found += lines.iter().zip(kind.example.lines()).filter(|(new, old)| *new != old).count();
        let spec = ChannelSpec::parse(Path::new("x.toml"), &lines.join("\n"), HANOI);
        let spec = spec.unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        let base = tempfile::tempdir().unwrap();
        std::fs::create_dir(base.path().join("channels")).unwrap();
        std::fs::write(base.path().join("channels/nguoi-nhan.txt"), "a@example.vn\n").unwrap();
        if let Err(error) = spec.open(&office(), base.path(), false) {
            panic!("{}: {error}", kind.name);
        }
    }
    assert!(found >= KINDS.len(), "no commented settings were found: has their form changed?");
}

#[test]
fn the_files_that_are_shipped_load() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if root.join("config.toml").exists() {
        let config = Config::load(&root.join("config.toml")).unwrap_or_else(|error| panic!("{error}"));
        let specs =
            load_channels(&config.channels, config.office.timezone).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert!(!specs.is_empty(), "no channels are shipped");
        for spec in specs {
            if let Err(error) = spec.open(&config.office, &config.base, false) {
                panic!("{error}");
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its errors are looked at")]
struct Sample {
    title: String,
    #[serde(default)]
    colour: Option<Colour>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its errors are looked at")]
struct One {
    only: u8,
}

#[test]
fn what_the_parsers_say_is_still_understood() {
    let toml = |source: &str| toml::from_str::<Sample>(source).unwrap_err().message().to_owned();
    let json = |source: &str| {
        let value: serde_json::Value = serde_json::from_str(source).unwrap();
        serde_json::from_value::<Sample>(value).unwrap_err().to_string()
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for message in [toml("titel = \"x\""), json("{\"titel\": \"x\"}")] {
        let unknown = nearest::from_parser(&message).unwrap_or_else(|| panic!("{message}"));
        assert_eq!((unknown.name.as_str(), unknown.field), ("titel", true));
        assert_eq!(unknown.valid, names(&["title", "colour"]));
    }
    for message in [toml("title = \"x\"\ncolour = \"gren\""), json("{\"title\": \"x\", \"colour\": \"gren\"}")] {
        let unknown = nearest::from_parser(&message).unwrap_or_else(|| panic!("{message}"));
        assert_eq!((unknown.name.as_str(), unknown.field), ("gren", false));
        assert_eq!(unknown.valid, names(&["red", "green"]));
        assert!(unknown.text().en.contains("did you mean \"green\""));
    }
    let one = toml::from_str::<One>("onyl = 1").unwrap_err().message().to_owned();
    assert_eq!(nearest::from_parser(&one).map(|unknown| unknown.valid), Some(names(&["only"])));
    for message in [toml(""), json("{}")] {
        assert_eq!(nearest::parser_text(&message).vi, "thiếu \"title\"", "{message}");
    }
    for message in [toml("title = 5"), json("{\"title\": 5}")] {
        assert!(nearest::parser_text(&message).vi.starts_with("sai kiểu: gặp"), "{message}");
    }
    assert_eq!(nearest::from_parser("something else"), None);
}

#[test]
fn the_nearest_name_is_near() {
    let names = ["timezone", "title", "topics"];
    assert_eq!(nearest::nearest("TimeZone", names), Some("timezone"));
    assert_eq!(nearest::nearest("titel", names), Some("title"));
    assert_eq!(nearest::nearest("xyz", names), None);
}

const COMMUNES: &str = "name = \"Trang các xã\"\nkind = \"site\"\n[settings]\nfolder = \"chung\"\n\
                        [[targets]]\nid = \"xa-an-binh\"\nname = \"Xã An Bình\"\n[targets.settings]\nfolder = \"an-binh\"\n\
                        [[targets]]\nid = \"xa-tan-phu\"\nenabled = false\n";

#[test]
fn one_file_with_targets_is_one_channel_for_each() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trang-xa.toml"), COMMUNES).unwrap();
    let specs = loa::config::load_channels(folder.path(), HANOI).unwrap();
    let seen: Vec<_> = specs.iter().map(|spec| (spec.channel.as_str(), spec.name.as_str(), spec.enabled)).collect();
    assert_eq!(
        seen,
        [
            ("trang-xa.xa-an-binh", "Trang các xã – Xã An Bình", true),
            ("trang-xa.xa-tan-phu", "Trang các xã – xa-tan-phu", false),
        ]
    );
}

#[test]
fn mistakes_among_targets_are_shown_at_their_line() {
    let parse = |source: &str| loa::config::ChannelSpec::parse_all(std::path::Path::new("xa.toml"), source, HANOI);
    let error = |source: &str| parse(source).map(|specs| specs.len()).expect_err(source);
    let twice = COMMUNES.replace("xa-tan-phu", "xa-an-binh");
    assert!(error(&twice).text.vi.contains("đã dùng ở trên"), "{:?}", error(&twice));
    assert_eq!(error(&twice).line, Some(11));
    let strange = COMMUNES.replace("xa-tan-phu", "Xã Tân Phú");
    assert!(error(&strange).text.vi.contains("chữ thường"), "{:?}", error(&strange));
    let none = "kind = \"site\"\ntargets = []\n[settings]\nfolder = \"a\"\n";
    assert!(error(none).text.vi.contains("để trống"));
    // A mistake inside a target's own settings stands at its own line.
    let bad = COMMUNES.replace("folder = \"an-binh\"", "foldr = \"an-binh\"");
    let spec = parse(&bad).unwrap().remove(0);
    let office = loa::channel::Office {
        name: "x".to_owned(),
        timezone: HANOI,
        language: loa::text::Language::Vi,
        public_url: None,
    };
    let Err(error) = spec.open(&office, std::path::Path::new("."), true) else { panic!("it opened") };
    assert_eq!(error.line, Some(9), "{error:?}");
}

#[test]
fn the_mailroom_is_set_up_with_a_folder_and_a_number_of_days() {
    let parse = |source: &str| loa::config::Config::parse(std::path::Path::new("/srv/loa/config.toml"), source);
    assert_eq!(parse("").unwrap().mail.soft_bounces, 5);
    let mail = parse("[mail]\nbounces = \"thu-ve\"\nsoft_bounces = 3\n").unwrap().mail;
    assert_eq!(mail.soft_bounces, 3);
    let maildir = mail.bounces.unwrap();
    assert_eq!(maildir.folder, std::path::Path::new("/srv/loa/thu-ve"));
    assert_eq!(maildir.check().unwrap_err().line, Some(2));
    let wrong = parse("[mail]\nsoft_bounces = 0\n").unwrap_err();
    assert_eq!(wrong.line, Some(2));
    assert!(parse("[mail]\nbounce = \"x\"\n").unwrap_err().text.vi.contains("bounces"));
}

/// A `config.toml` with one feed, and one thing about it changed.
fn feeds(old: &str, new: &str) -> Result<Config, ConfigError> {
    let source =
        "name = \"Xã\"\n\n[[feeds]]\nname = \"tinh\"\nurl = \"https://tinh.example.vn/rss.xml\"\nevery = \"15m\"\n";
    assert!(source.contains(old), "{old}");
    Config::parse(Path::new("/office/config.toml"), &source.replacen(old, new, 1))
}

#[test]
fn a_feed_means_what_it_says_and_its_mistakes_are_told_with_their_line() {
    let config = feeds("", "").unwrap_or_else(|error| panic!("{error}"));
    let [feed] = &*config.feeds else { panic!("{:?}", config.feeds) };
    assert_eq!((feed.name.as_str(), feed.source.as_str(), feed.backfill), ("tinh", "tinh", 0));
    assert_eq!(feed.every, Duration::from_secs(900));
    for (old, new, line, says) in [
        ("name = \"tinh\"", "name = \"tinh/xa\"", 4, "without a slash"),
        ("https://tinh", "ftp://tinh", 5, "the address of the feed"),
        ("\"15m\"", "\"10s\"", 6, "between \"1m\" and \"7d\""),
        ("\"15m\"", "\"often\"", 6, "not a duration"),
        ("every", "evry", 6, "did you mean \"every\""),
        ("every = \"15m\"", "full_text = \"pages\"", 6, "did you mean \"page\""),
        ("every = \"15m\"", "timeout = \"2m\"", 6, "at the most"),
        ("every = \"15m\"", "[[feeds]]\nname = \"tinh\"\nurl = \"https://a.vn\"", 7, "called \"tinh\" already"),
    ] {
        let error = feeds(old, new).expect_err(new);
        assert!(error.text.en.contains(says), "{new}: {}", error.text.en);
        assert_eq!(error.line, Some(line), "{new}: {error}");
    }
}

/// A `config.toml` with a broker, and one thing about it changed.
fn broker(old: &str, new: &str) -> Result<Config, ConfigError> {
    let source = "[broker]\nurl = \"nats://127.0.0.1:4222\"\nstream = \"LOA\"\nsubject = \"loa.bai\"\ntoken = { env = \"NATS\" }\n";
    assert!(source.contains(old), "{old}");
    Config::parse(Path::new("/office/config.toml"), &source.replacen(old, new, 1))
}

#[cfg(feature = "nats")]
#[test]
fn a_broker_means_what_it_says_and_its_mistakes_are_told_with_their_line() {
    let config = broker("", "").unwrap_or_else(|error| panic!("{error}"));
    let found = config.broker.expect("a broker");
    assert_eq!((found.durable.as_str(), found.refused.as_str()), ("loa", "loa.bai.refused"));
    for (old, new, line, says) in [
        ("nats://127", "http://127", 2, "the address of a NATS server"),
        ("nats://127", "nats://loa:bi-mat@127", 2, "no account in the url"),
        ("\"LOA\"", "\"L.A\"", 3, "one word"),
        ("loa.bai", "loa..bai", 4, "a subject of NATS"),
        ("loa.bai", "loa.>", 4, "give refused"),
        ("\"loa.bai\"", "\"loa.>\"\nrefused = \"loa.x\"", 5, "come back for ever"),
        ("token = { env = \"NATS\" }", "token = \"bi-mat\"", 5, "a secret is named, not written"),
        ("token", "tokn", 5, "did you mean \"token\""),
        ("token", "user = \"loa\"\ntoken", 1, "one of: user and password"),
    ] {
        let error = broker(old, new).expect_err(new);
        assert!(error.text.en.contains(says), "{new}: {}", error.text.en);
        assert_eq!(error.line, Some(line), "{new}: {error}");
        assert!(!error.text.en.contains("bi-mat"), "{error}");
    }
}

#[cfg(not(feature = "nats"))]
#[test]
fn a_broker_is_refused_by_a_loa_that_was_built_without() {
    let error = broker("", "").expect_err("a broker");
    assert!(error.text.en.contains("cargo build --release --features nats"), "{error}");
    assert_eq!(error.line, Some(1));
}
