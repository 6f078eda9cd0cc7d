//! What the commands print, word for word: the snapshots are in `tests/cli/`.
//! To renew them after a wanted change: `INSTA_UPDATE=always cargo test --test loa -- cli::`.

use std::process::Output;

use loa::channel::KINDS;
use loa::text::Language;

use crate::support::house::{house, printed};
use crate::support::process::eventually;
use crate::support::world::World;

/// Masks what differs from run to run: folders, ports, times, hashes, versions of the build.
fn masked(world: &World, text: &str) -> String {
    let folder = world.path("x").parent().expect("a folder").display().to_string();
    let mut text = text.replace(&folder, "[folder]");
    for (form, mask) in [
        ("9999-99-99T99:99:99.999999999Z", "[time]"),
        ("9999-99-99T99:99:99.999Z", "[time]"),
        ("9999-99-99T99:99:99Z", "[time]"),
        ("9999-99-99T99:99:99+07:00", "[time]"),
        ("9999-99-99T99:99", "[time]"),
        ("99/99 99:99:99", "DD/MM hh:mm:ss"),
        ("99:99 99/99/9999", "[time]"),
        ("99/99/9999", "[date]"),
        ("99-99-9999", "[date]"),
    ] {
        text = replaced(&text, form, mask);
    }
    replaced(&text, &"h".repeat(64), "[sha256]")
}

/// Replaces what has this form: 9 is a digit, h a hexadecimal one.
fn replaced(text: &str, form: &str, mask: &str) -> String {
    let (text, form): (Vec<char>, Vec<char>) = (text.chars().collect(), form.chars().collect());
    let fits = |found: &[char]| {
        found.len() == form.len()
            && found.iter().zip(&form).all(|(found, form)| match form {
                '9' => found.is_ascii_digit(),
                'h' => found.is_ascii_hexdigit(),
                other => found == other,
            })
    };
    let (mut out, mut at) = (String::new(), 0);
    while at < text.len() {
        if fits(text.get(at..at + form.len()).unwrap_or_default()) {
            out.push_str(mask);
            at += form.len();
        } else {
            out.extend(text.get(at));
            at += 1;
        }
    }
    out
}

fn shown(world: &World, arguments: &[&str], output: &Output) -> String {
    let code = output.status.code().unwrap_or(-1);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines = |text: &str| text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    let text = format!("$ loa {}\n{}{}[exit {code}]\n", arguments.join(" "), lines(&out), lines(&err));
    masked(world, &text)
}

/// Runs commands one after the other and compares everything they print with a snapshot.
fn compare(world: &World, name: &str, language: &str, commands: &[&[&str]]) {
    let session: Vec<String> = commands
        .iter()
        .map(|arguments| {
            let mut command = world.loa(arguments);
            command.env("LOA_LANG", language).env("USER", "thu").env_remove("COLUMNS");
            shown(world, arguments, &command.output().expect("loa runs"))
        })
        .collect();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, session.join("\n")));
}

/// A house whose radio waits for its hour on New Year's Eve, and three of whose articles are in.
fn furnished() -> World {
    let world = house();
    let radio = std::fs::read_to_string(world.path("channels/radio.toml")).expect("a file");
    world.write("channels/radio.toml", &radio.replace("\"immediate\"", "[\"0 16 31 12 *\"]"));
    world.article("lich", "Lịch tiếp công dân", "Sáng thứ hai.");
    world.article("nuoc", "Tạm dừng cấp nước", "Cả ngày chủ nhật.");
    world
}

#[test]
fn help_says_what_every_command_does() {
    let world = house();
    compare(
        &world,
        "help",
        "vi",
        &[
            &["--help"],
            &["demo", "--help"],
            &["run", "--help"],
            &["check", "--help"],
            &["publish", "--help"],
            &["correct", "--help"],
            &["withdraw", "--help"],
            &["preview", "--help"],
            &["say", "--help"],
            &["deliveries", "--help"],
            &["retry", "--help"],
            &["approve", "--help"],
            &["resolve", "--help"],
            &["channels", "--help"],
            &["pause", "--help"],
            &["resume", "--help"],
            &["kinds", "--help"],
            &["subscribers", "--help"],
            &["subscribers", "import", "--help"],
            &["subscribers", "export", "--help"],
            &["subscribers", "add", "--help"],
            &["subscribers", "remove", "--help"],
            &["email", "bounce", "--help"],
            &["backup", "--help"],
            &["restore", "--help"],
            &["doctor", "--help"],
            &["feeds", "--help"],
            &["balance", "--help"],
        ],
    );
}

#[test]
fn check_reads_well_in_both_languages() {
    let world = furnished();
    for language in ["vi", "en"] {
        compare(&world, &format!("check-{language}"), language, &[&["check"], &["check", "--json"]]);
    }
}

/// Against the table, not a snapshot: a new kind changes its own folder and its row only.
#[test]
fn kinds_lists_the_table_in_both_languages() {
    let world = furnished();
    for (language, asked, more) in [
        ("vi", Language::Vi, "Tệp mẫu: loa kinds LOẠI > channels/TÊN.toml"),
        ("en", Language::En, "An example file: loa kinds KIND > channels/NAME.toml"),
    ] {
        let output = world.loa(&["kinds"]).env("LOA_LANG", language).output().expect("loa runs");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut expected: Vec<String> =
            KINDS.iter().map(|kind| format!("{:<10} {}", kind.name, (kind.about)().get(asked))).collect();
        expected.push(more.to_owned());
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn publishing_and_looking_reads_well_in_both_languages() {
    for language in ["vi", "en"] {
        let world = furnished();
        let (one, two) = (world.path("lich.md").display().to_string(), world.path("nuoc.md").display().to_string());
        compare(
            &world,
            &format!("journey-{language}"),
            language,
            &[
                &["deliveries"],
                &["publish", &one],
                &["publish", &one, "--json"],
                &["publish", &two, "--json"],
                &["deliveries"],
                &["deliveries", "--state", "held"],
                &["deliveries", "--article", "lich", "--json"],
                &["withdraw", "nuoc"],
                &["withdraw", "nuoc"],
                &["deliveries", "--article", "nuoc"],
                &["balance"],
                &["balance", "--json"],
                &["channels"],
                &["pause", "email"],
                &["channels"],
                &["channels", "--json"],
                &["resume", "email"],
                &["resume", "email"],
                &["retry", "--all"],
                &["retry", "1"],
                &["resolve", "1", "--went-out"],
                &["resolve", "1", "--did-not", "--json"],
            ],
        );
    }
}

#[test]
fn keeping_a_list_of_people_reads_well_in_both_languages() {
    for language in ["vi", "en"] {
        let world = house();
        let list = "Họ tên;Thư điện tử\nTrần Thị Lan;lan@example.vn\nai đó;không có\n\"Lê \"\"Minh\"\"; tổ 3\";minh@example.vn\n;LAN@example.vn\n";
        world.write("ds.csv", list);
        let file = world.path("ds.csv").display().to_string();
        compare(
            &world,
            &format!("subscribers-{language}"),
            language,
            &[
                &["subscribers", "import", "email", &file],
                &["subscribers", "import", "email", &file, "--json"],
                &["subscribers", "add", "email", "hoa@example.vn", "--name", "Hoa"],
                &["subscribers", "add", "email", "Hoa@example.vn"],
                &["subscribers", "add", "email", "hoa"],
                &["subscribers", "remove", "email", "lan@example.vn"],
                &["subscribers", "remove", "email", "lan@example.vn"],
                &["subscribers", "remove", "email", "hoa@example.vn", "--for-good"],
                &["subscribers", "add", "email", "hoa@example.vn"],
                &["subscribers", "import", "email", &file],
                &["subscribers", "export", "email"],
                &["subscribers", "export", "email", "--json"],
                &["subscribers", "add", "email", "hoa@example.vn", "--again", "--json"],
                &["subscribers", "export", "radio"],
                &["subscribers", "export", "emial"],
                &["subscribers", "import", "email", "khong-co.csv"],
            ],
        );
    }
}

/// What was given out can be taken in again, in another office too.
#[test]
fn an_exported_list_is_taken_in_again_as_it_was() {
    let world = house();
    let names = ["Trần, Lan", "\"Minh\"", "Hai; chữ", ""];
    for (at, name) in names.iter().enumerate() {
        printed(&world, &["subscribers", "add", "email", &format!("a{at}@example.vn"), "--name", name]);
    }
    printed(&world, &["subscribers", "remove", "email", "a3@example.vn", "--for-good"]);
    let list = printed(&world, &["subscribers", "export", "email"]);
    assert!(list.starts_with("email,name,standing,listed,since,reason\n"), "{list}");
    assert_eq!(list.lines().count(), 5);
    assert!(!list.contains("huy-nhan-thu"));
    let other = house();
    other.write("ds.csv", &list);
    let file = other.path("ds.csv").display().to_string();
    let sum = crate::support::house::json(&other, &["subscribers", "import", "email", &file, "--json"]);
    assert_eq!((&sum["added"], &sum["kept_out"], &sum["bad"]), (&3.into(), &1.into(), &0.into()));
    let again = printed(&other, &["subscribers", "export", "email"]);
    let columns = |list: &str| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_reader(list.as_bytes());
        reader.records().map(|record| record.unwrap().iter().take(2).map(str::to_owned).collect()).collect()
    };
    assert_eq!(columns(&again), columns(&list)[..3]);
}

/// By the process's own count of its memory.
#[test]
fn a_hundred_thousand_people_are_taken_in_without_being_held_in_memory() {
    use std::fmt::Write as _;
    let world = house();
    let list = |number: usize| {
        let mut list = String::from("email,name,place\n");
        for at in 0..number {
            let name = "Nguyễn ".repeat(30);
            writeln!(list, "nguoi.{at:06}@example.vn,{name}{at},Thôn Đoài").expect("a string");
        }
        list.push_str("nguoi.000000@example.vn,Người thứ 0,\nkhông\n");
        world.write("ds.csv", &list);
        world.path("ds.csv").display().to_string()
    };
    let peak = |file: &str| -> u64 {
        let sum = world.path("tong.json").display().to_string();
        let loa = format!("{:?}", world.loa(&["subscribers", "import", "email", file, "--json"]));
        let script =
            format!("{loa} > {sum} 2>/dev/null & while grep VmHWM /proc/$!/status 2>/dev/null; do sleep 0.01; done");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.lines().filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).max().expect("a peak in kB")
    };
    let small = peak(&list(5_001));
    let large = peak(&list(100_000));
    let sum: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(world.path("tong.json")).unwrap()).unwrap();
    assert_eq!(
        (&sum["added"], &sum["known"], &sum["duplicates"], &sum["bad"]),
        (&94_999.into(), &5_001.into(), &1.into(), &1.into())
    );
    // Fingerprints (16 bytes each) and the store's cache may grow; names and addresses (29 MB) may not be in there.
    assert!(large < small + 20_000, "{small} kB for 5,000 people, {large} kB for 100,000");
}

#[test]
fn a_preview_is_the_exact_payload() {
    let world = furnished();
    let file = world.path("lich.md").display().to_string();
    for channel in ["portal", "fanpage"] {
        let first = printed(&world, &["preview", &file, "--channel", channel]);
        assert!(first.contains("Lịch tiếp công dân"), "{first}");
    }
    let radio = printed(&world, &["preview", &file, "--channel", "radio"]);
    assert!(radio.contains("Lịch tiếp công dân") && radio.contains("Sáng thứ hai."), "{radio}");
    let email = printed(&world, &["preview", &file, "--channel", "email"]);
    assert!(email.contains("Subject: ") && email.contains("X-Loa-Article: cli/lich"), "{email}");
}

#[test]
fn every_delivery_that_went_out_names_its_place() {
    let world = house();
    let _daemon = crate::support::house::daemon(&world);
    let file = world.article("lich", "Lịch tiếp công dân", "Sáng thứ hai.").display().to_string();
    printed(&world, &["publish", "--wait", &file]);
    let rows = eventually("four deliveries", || {
        let rows = crate::support::house::deliveries(&world);
        rows.iter().all(|row| row["state"] == "settled").then_some(rows)
    });
    assert!(rows.iter().all(|row| row["remote_id"].is_string() && row["payload_hash"].is_string()), "{rows:#?}");
}

#[test]
fn say_reads_with_the_offices_own_lexicon_and_tells_of_a_broken_line() {
    let world = crate::support::world::World::new("\"immediate\"");
    world.write("van-ban.txt", "Mời TNXYZ họp lúc 7h30.\n");
    let file = world.path("van-ban.txt").display().to_string();
    world.write("channels/lexicon.tsv", "TNXYZ\tthanh niên xung kích\t\n");
    let said = world.run(&["say", &file]);
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "Mời thanh niên xung kích họp lúc bảy giờ ba mươi phút.");
    world.write("channels/lexicon.tsv", "TNXYZ\n");
    let refused = world.run(&["say", &file]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("lexicon.tsv"), "{refused:?}");
}

#[test]
fn say_without_a_speech_engine_says_how_to_get_one() {
    let world = crate::support::world::World::new("\"immediate\"");
    world.write("van-ban.txt", "Một.\n");
    let (file, sound) = (world.path("van-ban.txt"), world.path("thu.wav"));
    let mut command = world.loa(&["say", "--audio", &sound.display().to_string(), &file.display().to_string()]);
    let refused = command.env("PATH", world.path("trong")).output().expect("loa runs");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("apt install espeak-ng"), "{refused:?}");
}

#[test]
fn say_speaks_into_a_file_for_proof_listening() {
    let world = crate::support::world::World::new("\"immediate\"");
    world.write("van-ban.txt", "UBND xã họp lúc 7h30 ngày 05/12.\n");
    let (file, sound) = (world.path("van-ban.txt"), world.path("thu.wav"));
    let said = world.run(&["say", "--audio", &sound.display().to_string(), &file.display().to_string()]);
    assert_eq!(said.status.code(), Some(0), "{said:?}");
    let wav = std::fs::read(&sound).expect("a sound file");
    assert_eq!((&wav[..4], &wav[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
    let rate = u32::from_le_bytes([wav[24], wav[25], wav[26], wav[27]]) as usize;
    let seconds = (wav.len() - 44) / (2 * rate);
    assert!(seconds >= 2, "sixteen syllables in {seconds} s");
    assert!(wav[44..].iter().any(|byte| *byte != 0), "silence");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_say_what_became_of_every_copy() {
    use crate::support::world::{Inside, World};
    let world = World::new("[\"* * * * *\"]");
    let inside = Inside::start(&world).await;
    let said = async || {
        inside.drain().await;
        let output = world.run(&["deliveries", "--article", "bai", "--json"]);
        let rows: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rows = rows.as_array().expect("rows").iter();
        let mut fates: Vec<(String, String)> = rows
            .map(|row| (row["channel"].as_str().unwrap().to_owned(), row["result"].as_str().unwrap().to_owned()))
            .collect();
        fates.sort();
        fates
    };
    let fates = |pairs: [&str; 4]| -> Vec<(String, String)> {
        ["email", "fanpage", "portal", "radio"].into_iter().map(str::to_owned).zip(pairs.map(str::to_owned)).collect()
    };
    inside.publish(&world.article("bai", "Lịch tiêm", "Thứ hai.")).await;
    assert_eq!(said().await, fates(["delivered"; 4]));
    inside.publish(&world.article("bai", "Lịch tiêm", "Thứ ba.")).await;
    assert_eq!(said().await, fates(["correction_sent", "corrected", "corrected", "correction_sent"]));
    let key = loa::article::ArticleKey { source: "cli".to_owned(), external_id: "bai".to_owned() };
    inside.withdraw(&key).await;
    assert_eq!(said().await, fates(["notice_sent", "removed", "removed", "notice_sent"]));
    let table = world.run(&["deliveries", "--article", "bai"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains("cannot be removed: notice sent") && table.contains("removed"), "{table}");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_of_what_is_out_already_shows_the_correction() {
    use crate::support::world::{Inside, World};
    let world = World::new("[\"* * * * *\"]");
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("bai", "Lịch tiêm", "Thứ hai.")).await;
    inside.drain().await;
    let file = world.article("bai", "Lịch tiêm", "Thứ ba.").display().to_string();
    let previewed = world.run(&["preview", &file, "--channel", "fanpage"]);
    let said = String::from_utf8_lossy(&previewed.stdout).into_owned();
    assert!(said.contains("article.corrected") && said.contains("ĐÍNH CHÍNH"), "{previewed:?}");
    inside.stop().await;
}
