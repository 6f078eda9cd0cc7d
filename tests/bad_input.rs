//! Bad input gets a clear answer, in both languages, and loses nothing.

use std::net::TcpListener;
use std::process::Output;

use serde_json::Value;

use crate::support::hostile_http::Fault;
use crate::support::house::{
    BEARER, JSON, daemon, deliveries, errors, house, house_with, json, logged, on_channel, open, printed, settled,
};
use crate::support::process::eventually;
use crate::support::world::{SECRET, World};

/// Runs a command in one language.
fn run_in(world: &World, language: &str, arguments: &[&str]) -> Output {
    // A daemon that starts although it should not must not keep the test waiting.
    let loa = world.loa(arguments);
    let mut command = std::process::Command::new("timeout");
    command.arg("10").arg(loa.get_program()).args(loa.get_args()).env("LOA_LANG", language);
    command.output().expect("loa runs")
}

/// Runs a command in both languages; it fails, and says `vi` and `en` on standard error.
fn refused(world: &World, arguments: &[&str], vi: &str, en: &str) {
    for (language, words) in [("vi", vi), ("en", en)] {
        let output = run_in(world, language, arguments);
        let said = errors(&output);
        assert_eq!(output.status.code(), Some(1), "loa {arguments:?} in {language}: {said}");
        assert!(said.contains(words), "loa {arguments:?} in {language} says\n{said}not\n{words}");
        let prefix = if language == "vi" { "lỗi: " } else { "error: " };
        assert!(said.lines().all(|line| line.starts_with(prefix) || !line.starts_with("error")), "{said}");
    }
}

fn publish(world: &World, id: &str) -> Output {
    let file = world.article(id, "Lịch tiếp công dân", "Sáng thứ hai.");
    world.run(&["publish", &file.display().to_string()])
}

fn edit(world: &World, file: &str, from: &str, to: &str) {
    let before = std::fs::read_to_string(world.path(file)).expect("a file");
    assert!(before.contains(from), "{file} has no {from:?}:\n{before}");
    world.write(file, &before.replace(from, to));
}

#[test]
fn a_malformed_article_is_refused_with_the_place_of_the_mistake() {
    let world = house();
    let cases: [(&str, &[u8], &str, &str); 13] = [
        (
            "a.json",
            "{\n  \"title\": \"Đường\" \"thôn\"\n}".as_bytes(),
            "JSON sai ở dòng 2, cột 20",
            "the JSON is broken in line 2, column 20",
        ),
        ("b.json", b"{\n  \"title\": \"Thi\n}", "JSON sai ở dòng 2, cột 16", "the JSON is broken in line 2, column 16"),
        ("c.json", b"", "JSON sai ở dòng 1", "the JSON is broken in line 1"),
        (
            "d.json",
            b"{\"titel\": \"x\", \"body_text\": \"y\"}",
            "không có trường \"titel\"; có phải \"title\"?",
            "there is no field \"titel\"; did you mean \"title\"?",
        ),
        ("e.json", b"{\"title\": 7, \"body_text\": \"y\"}", "trường không hợp lệ", "a field is not valid"),
        (
            "f.md",
            b"+++\ntitle = \"x\"\ntopics = [\"a\"\n+++\n\ny\n",
            "phần đầu TOML sai",
            "the TOML front matter is broken",
        ),
        ("g.md", b"---\ntitle: \"x\ntopics: [a\n---\n\ny\n", "phần đầu YAML sai", "the YAML front matter is broken"),
        (
            "h.txt",
            b"Thong bao\nNgay\nTh\xf4ng\n",
            "tệp không phải UTF-8 (hỏng từ dòng 3)",
            "the file is not UTF-8 (broken in line 3)",
        ),
        ("i.txt", b"", "thiếu tiêu đề (title)", "the title is missing"),
        ("k.docx", b"PK", "dùng .json, .md hoặc .txt", "use .json, .md or .txt"),
        (
            "l.json",
            b"{\"title\":\"x\",\"body_text\":\"y\",\"published_at\":\"hom nay\"}",
            "published_at",
            "published_at",
        ),
        (
            "m.json",
            b"{\"title\":\"x\",\"body_text\":\"y\",\"body_html\":\"z\"}",
            "chỉ dùng một trong",
            "give only one of",
        ),
        (
            "n.json",
            b"{\"title\":\"x\",\"body_text\":\"y\",\"priority\":\"urgnet\"}",
            "có phải \"urgent\"?",
            "did you mean \"urgent\"?",
        ),
    ];
    for (name, bytes, vi, en) in cases {
        let file = world.path(name);
        std::fs::write(&file, bytes).expect("a file");
        let shown = file.display().to_string();
        for command in ["publish", "correct"] {
            refused(&world, &[command, &shown], vi, en);
        }
        refused(&world, &["preview", &shown, "--channel", "portal"], vi, en);
    }
    let missing = world.path("khong-co.md").display().to_string();
    refused(&world, &["publish", &missing], "không đọc được tệp", "cannot read the file");
    assert_eq!(deliveries(&world).len(), 0, "nothing was taken");
    // A good one among them is taken all the same; the command still says that something was wrong.
    let good = world.article("tot", "Lịch tiếp công dân", "Sáng thứ hai.").display().to_string();
    let output = world.run(&["publish", &missing, &good]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(deliveries(&world).len(), 4);
}

#[test]
fn a_mistake_in_a_channel_file_is_named_with_file_line_key_and_the_nearest_name() {
    // What to change in fanpage.toml, the line it is on then, and what is said.
    let cases = [
        (
            "kind = \"fanpage\"",
            "kind = \"fanpage\"\nmodee = \"live\"",
            2,
            "không có trường \"modee\"; có phải \"mode\"?",
            "there is no field \"modee\"; did you mean \"mode\"?",
        ),
        (
            "kind = \"fanpage\"",
            "kind = \"fanpgae\"",
            1,
            "không có giá trị \"fanpgae\"; có phải \"fanpage\"?",
            "there is no value \"fanpgae\"; did you mean \"fanpage\"?",
        ),
        (
            "url =",
            "urll =",
            10,
            "không có trường \"urll\"; có phải \"url\"?",
            "there is no field \"urll\"; did you mean \"url\"?",
        ),
        (
            "timeout = \"1s\"",
            "timeout = \"1 giây\"",
            4,
            "\"1 giây\" không phải khoảng thời gian",
            "\"1 giây\" is not a duration",
        ),
        ("attempts = 8", "attempts = \"tám\"", 6, "sai kiểu", "wrong type"),
        ("[limits]", "[schedule]\nafter = \"potral\"\n[limits]", 4, "có phải \"portal\"?", "did you mean \"portal\"?"),
        ("[limits]", "[schedule]\ntiming = [\"30 25 * * *\"]\n[limits]", 4, "25", "25"),
        ("[limits]", "[schedule]\nquiet = \"21:30\"\n[limits]", 4, "21:30", "21:30"),
        (
            "[limits]",
            "[route]\nwhen = \"priority ==\"\n[limits]",
            4,
            "điều kiện \"priority ==\" không hợp lệ",
            "\"priority ==\"",
        ),
        ("[limits]", "[limits", 3, "không hợp lệ", "not valid"),
    ];
    for (from, to, line, vi, en) in cases {
        let world = house();
        edit(&world, "channels/fanpage.toml", from, to);
        let place = format!("{}:{line}: ", world.path("channels/fanpage.toml").display());
        refused(&world, &["check"], &place, &place);
        refused(&world, &["check"], vi, en);
        // A mistake in [settings] is that channel's alone; any other keeps loa from starting.
        if line != 10 {
            refused(&world, &["run"], vi, en);
            assert_eq!(publish(&world, "bai").status.code(), Some(1), "nothing is half published");
        }
        let output = world.run(&["check", "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((&report["ok"], &report["errors"][0]["line"]), (&false.into(), &line.into()), "{report:#}");
    }
}

#[test]
fn every_file_s_mistake_is_reported_at_once() {
    let world = house();
    edit(&world, "channels/fanpage.toml", "url =", "urll =");
    edit(&world, "channels/radio.toml", "kind = \"radio\"", "kind = \"raido\"");
    let said = errors(&world.run(&["check"]));
    assert!(said.contains("did you mean \"radio\"?"), "{said}");
    edit(&world, "channels/radio.toml", "kind = \"raido\"", "kind = \"radio\"");
    edit(&world, "channels/radio.toml", "folder =", "foldr =");
    let said = errors(&world.run(&["check"]));
    assert!(said.contains("did you mean \"url\"?") && said.contains("did you mean \"folder\"?"), "{said}");
}

#[test]
fn a_secret_written_into_a_file_is_refused_and_not_repeated() {
    let world = house();
    let before = std::fs::read_to_string(world.path("channels/fanpage.toml")).expect("a file");
    let (head, rest) = before.split_once("secret = ").expect("a secret");
    let (_, tail) = rest.split_once('\n').expect("a line");
    world.write("channels/fanpage.toml", &format!("{head}secret = \"{SECRET}\"\n{tail}"));
    refused(&world, &["check"], "{ env = \"TÊN_BIẾN\" }", "{ env = \"NAME\" }");
    for arguments in [&["check"] as &[&str], &["check", "--json"], &["channels", "--json"]] {
        let output = world.run(arguments);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), errors(&output));
        assert!(!said.contains(SECRET) && !said.contains("MDEyMzQ1"), "{said}");
    }
}

#[test]
fn a_channel_without_its_secret_is_paused_while_the_others_work_and_resumes_when_its_file_is_right() {
    let world = house();
    let right = std::fs::read_to_string(world.path("channels/fanpage.toml")).expect("a file");
    let (head, rest) = right.split_once("secret = ").expect("a secret");
    let (_, tail) = rest.split_once('\n').expect("a line");
    world.write("channels/fanpage.toml", &format!("{head}secret = {{ env = \"LOA_TEST_KHONG_CO\" }}\n{tail}"));
    refused(&world, &["check"], "biến môi trường LOA_TEST_KHONG_CO chưa được đặt", "LOA_TEST_KHONG_CO is not set");
    let _daemon = daemon(&world);
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
    for channel in ["portal", "email", "radio"] {
        on_channel(&world, channel, "settled");
    }
    let channels = json(&world, &["channels", "--json"]);
    let fanpage = channels.as_array().and_then(|all| all.iter().find(|one| one["channel"] == "fanpage"));
    let paused = fanpage.and_then(|one| one["paused"]["reason"].as_str()).unwrap_or_default();
    assert!(paused.contains("LOA_TEST_KHONG_CO"), "{channels:#}");
    assert_eq!(on_channel(&world, "fanpage", "waiting")["channel"], "fanpage");
    world.write("channels/fanpage.toml", &right);
    settled(&world, 4);
    assert_eq!(world.hook.sightings("fanpage").len(), 1);
    assert!(
        json(&world, &["channels", "--json"])
            .as_array()
            .is_some_and(|all| all.iter().all(|one| one["paused"].is_null()))
    );
}

#[test]
fn a_folder_that_cannot_be_written_pauses_its_channel_and_says_which() {
    let world = house();
    world.write("radio", "đây là một tệp, không phải thư mục");
    let _daemon = daemon(&world);
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
    for channel in ["portal", "email", "fanpage"] {
        on_channel(&world, channel, "settled");
    }
    let reason = eventually("the radio is paused", || {
        let channels = json(&world, &["channels", "--json"]);
        let radio = channels.as_array()?.iter().find(|one| one["channel"] == "radio")?.clone();
        Some(radio["paused"]["reason"].as_str()?.to_owned())
    });
    let folder = world.path("radio").display().to_string();
    assert!(reason.contains("cannot write") && reason.contains(&folder), "{reason}");
    assert_eq!(std::fs::read_to_string(&folder).expect("the file"), "đây là một tệp, không phải thư mục");
    std::fs::remove_file(&folder).expect("a removed file");
    printed(&world, &["resume", "radio"]);
    settled(&world, 4);
    assert_eq!(world.radio().standing("Lịch tiếp công dân").copies, 1);
}

#[test]
fn a_port_in_use_is_named() {
    let world = house();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    edit(&world, "config.toml", "127.0.0.1:0", &address);
    let (vi, en) =
        (format!("cổng {address} đang có chương trình khác dùng"), format!("{address} is in use by another program"));
    refused(&world, &["run"], &vi, &en);
    // The commands need no port.
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
}

#[test]
fn a_full_store_refuses_with_the_reason_and_stays_readable() {
    let world = house();
    edit(&world, "config.toml", "path = \"loa.db\"", "path = \"loa.db\"\nmax_size = \"1MB\"");
    let daemon = daemon(&world);
    // Long articles, so that the ceiling is soon reached.
    let body = "Nội dung dài của thông báo. ".repeat(1_000);
    let mut taken = 0;
    let full = (0..100).find_map(|number| {
        let file = world.article(&format!("bai-{number}"), &format!("Thông báo số {number}"), &body);
        let output = world.run(&["publish", &file.display().to_string()]);
        if output.status.success() {
            taken += 1;
            return None;
        }
        Some((file, output))
    });
    let (file, output) = full.expect("the store is full at some point");
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("the store is full: nothing was taken"), "{}", errors(&output));
    assert!(taken > 0);
    refused(&world, &["publish", &file.display().to_string()], "kho dữ liệu hết chỗ", "the store is full");
    let article = serde_json::json!({ "external_id": "41", "title": "Một", "body_text": body }).to_string();
    let answer = daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], article.as_bytes());
    assert_eq!(answer.status, 507, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    // What is withdrawn is withdrawn all the same, by the command and by a CMS with a key of its own for the request.
    printed(&world, &["withdraw", "cli/bai-0"]);
    let key = ("idempotency-key", "withdraw-bai-1");
    let answer = daemon.call("DELETE", "/api/v1/articles/cli/bai-1", &[BEARER, key], b"");
    assert_eq!(answer.status, 202, "{answer:?}");
    let removed = || {
        let is_gone = |row: &&serde_json::Value| row["wanted"] == "withdrawn" && row["state"] == "settled";
        (deliveries(&world).iter().filter(is_gone).count() == 8).then_some(())
    };
    eventually("both are gone everywhere", removed);
    // A file stays in the folder until there is room.
    let waiting = world.path("inbox/dai.txt");
    std::fs::write(&waiting, format!("Thông báo dài\n\n{body}\n")).expect("a file");
    logged(&world, "the store took nothing; the file stays in the folder");
    // Everything acknowledged is there, nothing else is, and the accounts add up.
    assert_eq!(deliveries(&world).len(), taken * 4);
    let balance = json(&world, &["balance", "--json"]);
    for account in balance.as_array().expect("accounts") {
        assert_eq!(account["received"], taken, "{balance:#}");
    }
    drop(daemon);
    let told = world.run(&["doctor"]);
    assert_eq!(told.status.code(), Some(1));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("MB are left below store.max_size"), "{told}");
    // With room again, the file that waited is taken.
    edit(&world, "config.toml", "max_size = \"1MB\"", "max_size = \"50MB\"");
    let _daemon = crate::support::house::daemon(&world);
    let rows = settled(&world, (taken + 1) * 4);
    assert!(rows.iter().any(|row| row["external_id"] == "dai"));
    assert!(world.path("inbox/done/dai.txt").exists());
}

#[test]
fn a_damaged_store_is_left_as_it_is() {
    let (vi, en) = ("tệp kho dữ liệu bị hỏng hoặc không phải của loa", "the store file is damaged or not loa's");
    let garbage = "Đây không phải kho dữ liệu. ".repeat(1_000).into_bytes();
    let half_overwritten = {
        let world = house();
        assert_eq!(publish(&world, "bai").status.code(), Some(0));
        let mut bytes = std::fs::read(world.path("loa.db")).expect("a store");
        bytes.iter_mut().skip(100).for_each(|byte| *byte = 0xa5);
        bytes
    };
    for damaged in [garbage, half_overwritten] {
        let world = house();
        std::fs::write(world.path("loa.db"), &damaged).expect("a damaged store");
        let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.").display().to_string();
        for arguments in [&["publish", &file] as &[&str], &["run"], &["deliveries"], &["balance", "--json"]] {
            refused(&world, arguments, vi, en);
            assert_eq!(std::fs::read(world.path("loa.db")).expect("the store"), damaged, "{arguments:?} changed it");
        }
    }
}

#[test]
fn a_store_of_a_newer_loa_is_left_alone() {
    let world = house();
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        use sqlx::{ConnectOptions as _, Connection as _};
        let mut store = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(world.path("loa.db"))
            .connect()
            .await
            .expect("the store");
        sqlx::query("UPDATE _sqlx_migrations SET version = 999 WHERE version = 1")
            .execute(&mut store)
            .await
            .expect("a newer version");
        store.close().await.expect("closed");
    });
    refused(&world, &["deliveries"], "do phiên bản loa mới hơn tạo ra", "was made by a newer loa");
}

#[test]
fn a_second_daemon_on_one_store_is_refused_and_the_first_goes_on() {
    let world = house();
    let _daemon = daemon(&world);
    refused(
        &world,
        &["run"],
        "một tiến trình loa khác đang chạy trên kho dữ liệu này",
        "another loa is running on this store",
    );
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
    settled(&world, 4);
}

#[test]
fn a_missing_or_mistaken_configuration_is_named() {
    let world = house();
    edit(&world, "config.toml", "language = \"en\"", "langauge = \"en\"");
    refused(
        &world,
        &["check"],
        "config.toml:2: không có trường \"langauge\"; có phải \"language\"?",
        "config.toml:2: there is no field \"langauge\"; did you mean \"language\"?",
    );
    open(&world, "timezone = 1\n");
    refused(&world, &["check"], "config.toml", "config.toml");
    open(&world, "[shutdown]\ngrace = \"lâu\"\n");
    refused(&world, &["check"], "\"lâu\" không phải khoảng thời gian", "\"lâu\" is not a duration");
    std::fs::remove_file(world.path("config.toml")).expect("a removed file");
    for arguments in [&["check"] as &[&str], &["run"], &["deliveries"]] {
        refused(&world, arguments, "không đọc được tệp cấu hình", "cannot read the configuration");
        refused(&world, arguments, "--config ĐƯỜNG_DẪN", "--config PATH");
    }
    let world = house();
    std::fs::remove_dir_all(world.path("channels")).expect("a removed folder");
    refused(&world, &["check"], "không đọc được", "cannot be read");
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_right() {
    let world = house();
    let cases: [&[&str]; 10] = [
        &[],
        &["publsih"],
        &["publish"],
        &["deliveries", "--state", "done"],
        &["retry"],
        &["retry", "1", "--all"],
        &["resolve", "1"],
        &["resolve", "1", "--went-out", "--did-not"],
        &["preview", "bai.md"],
        &["retry", "một"],
    ];
    for arguments in cases {
        let output = world.run(arguments);
        assert_eq!(output.status.code(), Some(2), "loa {arguments:?}: {}", errors(&output));
        assert!(errors(&output).contains("Usage") || errors(&output).contains("--help"), "{}", errors(&output));
    }
    assert!(errors(&world.run(&["publsih"])).contains("publish"));
}

#[test]
fn an_unknown_channel_kind_article_or_delivery_is_answered_with_what_there_is() {
    let world = house();
    let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.").display().to_string();
    let (vi, en) = (
        "có phải \"fanpage\"? Hợp lệ: email, fanpage, portal, radio",
        "did you mean \"fanpage\"? Valid: email, fanpage, portal, radio",
    );
    refused(&world, &["preview", &file, "--channel", "fanpgae"], vi, en);
    refused(&world, &["pause", "fanpgae"], vi, en);
    refused(&world, &["resume", "fanpgae"], vi, en);
    refused(&world, &["deliveries", "--channel", "fanpgae"], vi, en);
    refused(&world, &["retry", "--channel", "fanpgae"], vi, en);
    refused(&world, &["kinds", "sitee"], "có phải \"site\"?", "did you mean \"site\"?");
    refused(&world, &["retry", "7"], "không có lượt phát số 7", "there is no delivery 7");
    refused(&world, &["resolve", "7", "--went-out"], "không có lượt phát số 7", "there is no delivery 7");
    refused(&world, &["withdraw", "khong-co"], "không có bài \"khong-co\"", "there is no article \"khong-co\"");
    refused(
        &world,
        &["deliveries", "--article", "khong-co"],
        "không có bài \"khong-co\"",
        "there is no article \"khong-co\"",
    );
    refused(&world, &["correct", &file], "chưa có bài cli/bai để đính chính", "there is no article cli/bai to correct");
}

#[test]
fn an_ambiguous_article_is_not_guessed() {
    let world = house();
    let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.").display().to_string();
    printed(&world, &["publish", &file]);
    printed(&world, &["publish", "--source", "van-phong", &file]);
    refused(&world, &["withdraw", "bai"], "\"bai\" có thể là nhiều bài: ", "\"bai\" may mean several articles: ");
    refused(&world, &["withdraw", "bai"], "van-phong/bai (số 2)", "van-phong/bai (number 2)");
    assert!(deliveries(&world).iter().all(|row| row["wanted"] == 1), "nothing was withdrawn");
    printed(&world, &["withdraw", "van-phong/bai"]);
    let rows = deliveries(&world);
    let withdrawn = |source: &str| rows.iter().any(|row| row["source"] == source && row["wanted"] == "withdrawn");
    assert!(withdrawn("van-phong") && !withdrawn("cli"), "{rows:#?}");
}

#[test]
fn a_withdrawn_article_comes_back_only_when_that_is_asked_for() {
    let world = house();
    let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.").display().to_string();
    printed(&world, &["publish", &file]);
    printed(&world, &["withdraw", "bai"]);
    refused(
        &world,
        &["publish", &file],
        "đã thu hồi; muốn đăng lại: loa publish --again",
        "is withdrawn; to publish it again: loa publish --again",
    );
    printed(&world, &["publish", "--again", &file]);
}

#[test]
fn an_edited_channel_file_takes_effect_and_a_mistake_leaves_the_running_channel_as_it_was() {
    let world = house();
    let _daemon = daemon(&world);
    edit(&world, "channels/portal.toml", "anbinh.example.vn", "moi.example.vn");
    logged(&world, "the channel was reloaded");
    assert_eq!(publish(&world, "mot").status.code(), Some(0));
    let rows = settled(&world, 4);
    let portal = rows.iter().find(|row| row["channel"] == "portal").expect("a delivery");
    assert!(portal["url"].as_str().is_some_and(|url| url.starts_with("https://moi.example.vn/")), "{portal:#}");

    edit(&world, "channels/fanpage.toml", "url =", "urll =");
    logged(&world, "it stays as it was");
    assert!(
        world.log().contains("fanpage.toml:10: there is no field \"urll\"; did you mean \"url\"?"),
        "{}",
        world.log()
    );
    edit(&world, "channels/portal.toml", "[limits]", "[limit]");
    logged(&world, "a channel file is wrong; that channel stays as it was");
    assert!(world.log().contains("portal.toml:3: "), "{}", world.log());
    // Handed over through the daemon: the command line would read the wrong files itself, and refuse.
    world.write("inbox/hai.txt", "Lịch thứ hai\n\nSáng thứ ba.\n");
    eventually("the second article is on the Fanpage", || (world.hook.sightings("fanpage").len() == 2).then_some(()));
    edit(&world, "channels/portal.toml", "[limit]", "[limits]");
    edit(&world, "channels/fanpage.toml", "urll =", "url =");
    let rows = settled(&world, 8);
    assert!(rows.iter().all(|row| row["state"] == "settled"));
}

#[test]
fn a_channel_that_is_added_or_switched_off_while_the_daemon_runs_takes_effect() {
    let world = house();
    let _daemon = daemon(&world);
    edit(&world, "channels/email.toml", "kind = \"email\"", "kind = \"email\"\nenabled = false");
    logged(&world, "the channel was switched off");
    world.write(
        "channels/loa-thon.toml",
        "kind = \"radio\"\n[schedule]\ntiming = \"immediate\"\n[settings]\nfolder = \"loa-thon\"\n",
    );
    logged(&world, "loa-thon");
    world.write("inbox/mot.txt", "Lịch thứ nhất\n\nSáng thứ hai.\n");
    let rows = settled(&world, 4);
    let mut channels: Vec<&str> = rows.iter().filter_map(|row| row["channel"].as_str()).collect();
    channels.sort_unstable();
    assert_eq!(channels, ["fanpage", "loa-thon", "portal", "radio"]);
}

#[test]
fn secrets_appear_in_no_log_store_answer_or_message() {
    const PASSWORD: &str = "mat-khau-thu-9c1d";
    let world = house_with("[shutdown]\ngrace = \"1s\"\n");
    edit(&world, "config.toml", "level = \"info\"", "level = \"trace\"");
    world.write("mat-khau", PASSWORD);
    let file = toml::Value::String(world.path("mat-khau").display().to_string());
    world.email(&format!("username = \"tin@anbinh.example.vn\"\npassword = {{ file = {file} }}\n"));
    // Both far sides refuse the credentials, which is when a careless program repeats them.
    world.smtp.requires_login("tin@anbinh.example.vn", "khac");
    world.hook.always(Fault::Status(401));
    let daemon = daemon(&world);
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
    eventually("both channels have tried", || {
        let tried = world.smtp.state().look(|state| state.failed_logins) > 0;
        (tried && !world.hook.state().look(|state| state.requests.is_empty())).then_some(())
    });
    eventually("both channels are paused", || {
        let channels = json(&world, &["channels", "--json"]);
        let paused = channels.as_array()?.iter().filter(|one| !one["paused"].is_null()).count();
        (paused == 2).then_some(())
    });
    let mut said = world.log();
    for arguments in [
        &["channels", "--json"] as &[&str],
        &["channels", "--probe"],
        &["deliveries", "--attempts", "--json"],
        &["deliveries", "--attempts"],
        &["check"],
        &["balance"],
    ] {
        let output = world.run(arguments);
        said.push_str(&String::from_utf8_lossy(&output.stdout));
        said.push_str(&errors(&output));
    }
    for path in ["/api/v1/channels", "/api/v1/deliveries", "/metrics"] {
        let answer = daemon.call("GET", path, &[BEARER], b"");
        said.push_str(&answer.head);
        said.push_str(&answer.body);
    }
    daemon.stop();
    said.push_str(&world.log());
    for name in ["loa.db", "loa.db-wal"] {
        said.push_str(&String::from_utf8_lossy(&std::fs::read(world.path(name)).unwrap_or_default()));
    }
    let encoded = "AHRpbkBhbmJpbmguZXhhbXBsZS52bgBtYXQta2hhdS10aHUtOWMxZA";
    for secret in
        [PASSWORD, SECRET, &SECRET["whsec_".len()..], "0123456789abcdef0123456789abcdef", encoded, "ma-cua-cms-7f3a"]
    {
        assert!(!said.contains(secret), "{secret} was repeated");
    }
    assert!(said.len() > 1_000);
}

#[test]
fn a_mistake_in_one_channel_file_keeps_nobody_from_withdrawing() {
    let world = house();
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
    edit(&world, "channels/fanpage.toml", "[limits]", "[limitz]");
    let withdrawn = world.run(&["withdraw", "bai"]);
    let said = String::from_utf8_lossy(&withdrawn.stderr).into_owned();
    assert!(withdrawn.status.success() && said.contains("limitz"), "{said}");
    let listed = world.run(&["deliveries", "--json"]);
    assert!(listed.status.success() && String::from_utf8_lossy(&listed.stdout).contains("withdrawn"));
}

#[test]
fn a_file_too_large_to_be_an_article_is_refused_unread() {
    let world = house();
    let large = world.path("lon.txt");
    std::fs::File::create(&large).and_then(|file| file.set_len(9 * 1024 * 1024)).expect("a large file");
    refused(&world, &["publish", &large.display().to_string()], "tối đa 8388608", "at most 8388608");
}

#[test]
fn a_stop_is_obeyed_while_a_changed_channel_waits_for_its_send() {
    let world = house();
    world.hook.always(Fault::PostThenHang);
    edit(&world, "channels/fanpage.toml", "timeout = \"1s\"", "timeout = \"120s\"");
    let daemon = daemon(&world);
    assert_eq!(publish(&world, "bai").status.code(), Some(0));
    world
        .hook
        .state()
        .wait_until_blocking(std::time::Duration::from_secs(30), "the post hangs", |seen| seen.hanging == 1);
    edit(&world, "channels/fanpage.toml", "timeout = \"120s\"", "timeout = \"110s\"");
    edit(&world, "channels/portal.toml", "kind = \"site\"", "kind = \"site\"\nname = \"Cổng mới\"");
    // The portal is taken over although the Fanpage still hangs.
    eventually("the channels are reloaded", || world.log().contains("the channel was reloaded").then_some(()));
    let (status, _) = daemon.stop();
    assert_eq!(status.code(), Some(0));
}
