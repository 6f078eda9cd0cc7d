//! The shape of the source: who may know whom, how large a file may grow, what may not be written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use loa::channel::KINDS;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file, by its path below `src/`.
fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&root(), &mut found);
    assert!(found.len() > 50, "only {} files were found", found.len());
    found
}

/// The file without comments.
fn code(source: &str) -> String {
    source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Identifiers that follow `prefix`, one for each member of a `{…}` list.
fn after(code: &str, prefix: &str) -> BTreeSet<String> {
    let ident =
        |words: &str| -> String { words.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect() };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '$')) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => drop(found.insert(ident(rest))),
            Some(list) => {
                let (mut depth, mut member) = (1, String::new());
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 || (depth == 1 && c == ',') {
                        found.insert(ident(member.trim()));
                        member.clear();
                        if depth == 0 {
                            break;
                        }
                    } else {
                        member.push(c);
                    }
                }
            }
        }
    }
    found.remove("");
    found
}

/// The modules of ours that a file names through `crate::`.
fn names(source: &str) -> BTreeSet<String> {
    after(&code(source), "crate::")
}

/// What a module's files name outside the module.
fn imports(module: &str) -> BTreeMap<String, BTreeSet<String>> {
    let of = |name: &str| name == format!("{module}.rs") || name.starts_with(&format!("{module}/"));
    let files: BTreeMap<_, _> = sources()
        .into_iter()
        .filter(|(name, _)| of(name))
        .map(|(name, source)| {
            let mut names = names(&source);
            names.remove(module);
            (name, names)
        })
        .collect();
    assert!(!files.is_empty(), "there is no module {module}");
    files
}

fn may_import(module: &str, allowed: &[&str]) {
    for (file, names) in imports(module) {
        for name in names {
            assert!(allowed.contains(&name.as_str()), "src/{file} imports crate::{name}; {module} may see {allowed:?}");
        }
    }
}

const WORDS: [&str; 6] = ["article", "audience", "clock", "delivery", "people", "text"];

fn words_and(more: &[&'static str]) -> Vec<&'static str> {
    [&WORDS[..], more].concat()
}

#[test]
fn the_reading_of_imports_can_see() {
    let seen =
        names("use crate::text;\nuse crate::{queue::{A, B}, store};\nfn f() { crate::config::x() }\n// crate::cli\n");
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["config", "queue", "store", "text"]);
}

#[test]
fn words_import_nothing_of_ours_but_words() {
    for word in WORDS {
        may_import(word, &WORDS);
    }
}

#[test]
fn speech_imports_nothing_of_ours() {
    may_import("speech", &[]);
}

#[test]
fn adapters_see_words_channel_and_speech_and_never_each_other() {
    may_import("channel", &words_and(&["speech"]));
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    for (file, source) in sources() {
        let Some((own, _)) = file.strip_prefix("channel/").and_then(|path| path.split_once('/')) else { continue };
        let code = code(&source);
        for other in kinds.iter().filter(|kind| **kind != own) {
            let reached = ["super::", "super::super::", "crate::channel::"]
                .iter()
                .any(|prefix| after(&code, prefix).contains(*other));
            assert!(!reached, "src/{file} reaches into the adapter {other}");
        }
        // What renders sends nothing.
        if file.ends_with("/render.rs") {
            for network in ["reqwest", "lettre::transport", "tokio", "super::client", "std::net"] {
                assert!(!code.contains(network), "src/{file} renders and names {network}");
            }
        }
    }
}

#[test]
fn the_journey_sees_only_what_comes_before_it() {
    may_import("queue", &words_and(&["channel"]));
    may_import("schedule", &words_and(&["queue"]));
    may_import("dispatch", &words_and(&["queue", "channel"]));
    may_import("ledger", &words_and(&["queue"]));
    may_import("console", &words_and(&["queue", "ledger"]));
    may_import("intake", &words_and(&["queue", "schedule", "console", "ledger"]));
    may_import("store", &words_and(&["queue", "ledger", "channel"]));
}

#[test]
fn only_app_sees_the_store() {
    for (file, source) in sources() {
        if !names(&source).contains("store") || file.starts_with("store/") || file.starts_with("app/") {
            continue;
        }
        // `config` names the options that it fills in, and nothing else.
        let options = match file.as_str() {
            "config/store.rs" => "use crate::store::{PostgresOptions, SqliteOptions, StoreOptions};",
            "config/office.rs" => "use crate::store::StoreOptions;",
            _ => panic!("src/{file} sees the store"),
        };
        assert!(source.contains(options));
        assert_eq!(source.matches("crate::store::").count(), 1);
    }
}

#[test]
fn all_sql_lives_in_the_store() {
    for (file, source) in sources() {
        let sql = ["sqlx::", "INSERT INTO", "SELECT "].into_iter().find(|word| code(&source).contains(word));
        assert!(sql.is_none() || file.starts_with("store/"), "src/{file} holds {sql:?}");
    }
}

#[test]
fn files_stay_small() {
    let mut sizes: Vec<(usize, String)> =
        sources().into_iter().map(|(file, source)| (source.lines().count(), file)).collect();
    sizes.sort();
    let (largest, file) = sizes.last().unwrap();
    assert!(*largest <= 400, "src/{file} has {largest} lines");
    let median = sizes[sizes.len() / 2].0;
    assert!(median <= 150, "the median file has {median} lines");
}

#[test]
fn every_adapters_folder_looks_the_same_inside() {
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("channel")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            for file in ["mod.rs", "render.rs", "form.rs", "example.toml"] {
                assert!(path.join(file).is_file(), "{} has no {file}", path.display());
            }
            folders.insert(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    let kinds: BTreeSet<String> = KINDS.iter().map(|kind| kind.name.to_owned()).collect();
    assert_eq!(folders, kinds, "one folder, one row in KINDS");
}

#[test]
fn nothing_is_allowed_silently_and_nothing_is_unwrapped() {
    for (file, source) in sources() {
        for bad in ["#[allow", "#![allow", ".unwrap()", ".expect(", "panic!(", "unsafe ", "todo!(", "dbg!("] {
            let line = source.lines().position(|line| !line.trim_start().starts_with("//") && line.contains(bad));
            assert!(line.is_none(), "src/{file}:{}: {bad}", line.unwrap_or_default() + 1);
        }
    }
}

#[test]
fn the_map_declares_modules_in_the_order_of_the_journey() {
    let map = std::fs::read_to_string(root().join("lib.rs")).unwrap();
    let declared: Vec<&str> = map
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod ")))
        .map(|name| name.trim_end_matches(';'))
        .collect();
    let place = |module: &str| {
        declared.iter().position(|name| *name == module).unwrap_or_else(|| panic!("lib.rs does not declare {module}"))
    };
    // rustfmt sorts neighbours: a blank line or a comment between them keeps the journey's own order.
    let journey = ["intake", "queue", "schedule", "dispatch", "channel", "ledger", "console"];
    for pair in journey.windows(2) {
        assert!(place(pair[0]) < place(pair[1]), "lib.rs declares {} before {}", pair[1], pair[0]);
    }
    for word in WORDS {
        assert!(place(word) < place("intake"), "{word} is a word and comes before the journey");
    }
    for tool in ["app", "cli", "config", "lifecycle", "speech", "store", "telemetry"] {
        assert!(place(tool) > place("console"), "{tool} is a tool and comes after the journey");
    }
}

#[test]
fn the_name_of_a_kind_stands_in_its_own_folder_only() {
    for (file, source) in sources() {
        for kind in KINDS.iter().map(|kind| kind.name) {
            // The demo is an office: it names the channels that it sets up. Speech reads out whatever people write.
            // A list's column of addresses is called what people call it.
            let elsewhere = ["demo/", "speech/", "audience/"].iter().any(|room| file.starts_with(room));
            if file.starts_with(&format!("channel/{kind}/")) || elsewhere {
                continue;
            }
            let literal = format!("\"{kind}\"");
            // A kind may be called as a URL's scheme is.
            let is_scheme = |line: &str| line.contains("\"https\"") || line.contains("starts_with(\"http\")");
            let named = code(&source).lines().any(|line| line.contains(&literal) && !is_scheme(line));
            assert!(!named, "src/{file} names the kind {literal}");
        }
    }
}
