//! Mistakes in the settings of an HTTP channel are found by `loa check`, where they stand.

use std::path::Path;

use loa::channel::{KINDS, examples};
use loa::config::ChannelSpec;

use super::bench;
use crate::sample::HANOI;

/// A right file, a line of which each case spoils.
const RIGHT: &str = r#"kind = "http"
[settings]
base = "https://cong.example.vn"
headers = { Accept = "application/json" }
[settings.create]
url = "{{ base }}/api"
json = '{ "title": {{ article.title }} }'
answer = { id = "/id", url = "header:Location" }
expect = [201]
[settings.correct]
url = "{{ base }}/api/{{ remote_id }}"
form = { title = "{{ article.title }}" }
[settings.look_up]
url = "{{ base }}/api?code={{ slug }}"
found = "/data"
match = { "/code" = "{{ slug }}" }
"#;

fn check(source: &str) -> Result<(), (Option<usize>, String)> {
    let at = |error: loa::config::ConfigError| (error.line, error.text.vi);
    let spec = ChannelSpec::parse(Path::new("cong.toml"), source, HANOI).map_err(at)?;
    spec.open(&bench::office(), Path::new("/"), false).map(drop).map_err(at)
}

#[test]
fn mistakes_are_reported_at_their_place() {
    assert_eq!(check(RIGHT), Ok(()));
    let cases = [
        // What is written in place of what, the line that is named, and words of the message.
        ("{{ article.title }} }'", "{{ article.titel }} }'", 7, "mẫu sai"),
        ("{{ article.title }} }'", "{{ article.title }'", 7, "mẫu sai"),
        ("{{ article.title }} }'", "\"{{ article.title }}\" }'", 7, "không kèm dấu nháy"),
        ("{{ article.title }} }'", "{{ remote_id }} }'", 7, "mẫu sai"),
        ("{{ article.title }} }'", "{{ article.title | khong_co }} }'", 7, "mẫu sai"),
        ("\"{{ base }}/api\"", "\"/api\"", 6, "http(s)://"),
        ("\"{{ base }}/api\"", "\"ftp://x.example.vn/api\"", 6, "http(s)://"),
        ("\"{{ base }}/api\"", "\"{{ base }}/api?token=abc\"", 6, "bí mật"),
        ("\"{{ base }}/api\"", "\"https://lan:mk@x.example.vn/api\"", 6, "bí mật"),
        ("\"/id\"", "\"data.id\"", 8, "RFC 6901"),
        ("header:Location", "header:Lo cation", 8, "tiêu đề"),
        ("Accept = \"application/json\"", "Authorization = \"Bearer abc\"", 4, "env"),
        ("Accept = \"application/json\"", "X-Api-Key = \"abc\"", 4, "env"),
        ("Accept = \"application/json\"", "\"X Y\" = \"abc\"", 4, "tiêu đề"),
        ("[201]", "[201, 42]", 9, "mã trả lời"),
        ("expect = [201]", "safe_to_repeat = true", 9, "Idempotency-Key"),
        ("expect = [201]", "method = \"PUSH\"", 9, "POST"),
        ("expect = [201]", "pictures = { field = \"hinh\" }", 9, "multipart"),
        ("\"/data\"", "\"data\"", 15, "RFC 6901"),
        ("match = { \"/code\" = \"{{ slug }}\" }", "match = { }", 16, "match"),
        ("{ \"/code\" = \"{{ slug }}\" }", "{ \"/code\" = \"{{ key }}\" }", 16, "mẫu sai"),
        ("https://cong.example.vn", "cong.example.vn", 3, "http(s)://"),
    ];
    for (from, to, line, words) in cases {
        let spoiled = RIGHT.replacen(from, to, 1);
        assert_ne!(spoiled, RIGHT, "{from}");
        let (found, said) = check(&spoiled).expect_err(to);
        assert_eq!(found, Some(line), "{to}: {said}");
        assert!(said.contains(words), "{to}: {said}");
    }
}

#[test]
fn parts_that_do_not_fit_together_are_refused() {
    let (_, said) = check(&RIGHT.replace("form = {", "json = '{}'\nform = {")).unwrap_err();
    assert!(said.contains("json, form, multipart"), "{said}");
    let reveal = "[settings.reveal]\nurl = \"{{ base }}/{{ remote_id }}\"\n";
    let alone = RIGHT.replace("[settings.correct]", "[settings.withdraw]") + reveal;
    assert!(check(&alone).unwrap_err().1.contains("[settings.correct]"));
    assert_eq!(check(&(RIGHT.to_owned() + reveal)), Ok(()));
    let (_, said) = check(&RIGHT.replace("expect", "expekt")).unwrap_err();
    assert!(said.contains("có phải \"expect\""), "{said}");
    assert!(check("kind = \"http\"\n[settings]\n").unwrap_err().1.contains("create"));
    // A put by our own name, or a key, is a reason to call a repeat safe.
    for reason in ["method = \"PUT\"", "headers = { Idempotency-Key = \"{{ key }}\" }"] {
        assert_eq!(check(&RIGHT.replace("expect = [201]", &format!("safe_to_repeat = true\n{reason}"))), Ok(()));
    }
}

#[test]
fn a_secret_that_is_missing_is_named_at_its_place() {
    let secret = RIGHT.replace("Accept = \"application/json\"", "Authorization = { env = \"KHONG_CO_BIEN_NAY\" }");
    assert_eq!(check(&secret), Ok(()), "a rehearsal needs none");
    let spec = ChannelSpec::parse(Path::new("cong.toml"), &secret, HANOI).unwrap();
    let error = spec.open(&bench::office(), Path::new("/"), true).err().unwrap();
    assert_eq!(error.line, Some(4));
    assert!(error.text.vi.contains("KHONG_CO_BIEN_NAY"), "{error}");
}

#[test]
fn every_further_example_opens() {
    let http = KINDS.iter().find(|kind| kind.name == "http").unwrap();
    let names: Vec<&str> = examples(http).map(|example| example.name).collect();
    assert_eq!(names, ["liferay", "drupal", "xa"]);
    for example in examples(http) {
        // What stands above the targets is a channel of its own.
        let own = example.text.split("\n[[targets]]").next().unwrap();
        assert_eq!(check(own), Ok(()), "{}", example.name);
        // Each target's own settings are a part of the same table.
        for target in example.text.split("\n[[targets]]").skip(1) {
            let target: toml::Table = target.parse().unwrap();
            assert!(target["id"].is_str() && target["name"].is_str(), "{target}");
            assert!(target["targets"]["settings"]["base"].is_str(), "{target}");
        }
        assert!(
            http.example.contains(&format!("loa kinds http {}", example.name)) || http.example.contains(example.name)
        );
    }
}
