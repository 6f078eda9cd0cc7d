//! The three ways in, on the real daemon: the watched folder, the command line, the API.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use mail_parser::MessageParser;
use serde_json::{Value, json};

use crate::support::hostile_http::Fault;
use crate::support::house::{
    BEARER, JSON, daemon, deliveries, house, house_with, json, logged, on_channel, printed, settled,
};
use crate::support::process::{Daemon, eventually, now, within};
use crate::support::public::Event;
use crate::support::world::{RECIPIENTS, World};

/// A commune's notice with every Vietnamese letter in every tone, in words that the announcer reads as they stand.
const NOTICE: &str = "\
Ba thôn Đồng, thôn Đoài và thôn Hạ cần tổ chức dọn vệ sinh đường làng vào sáng thứ bảy. Bà con có xe bò, xe tải nhỏ hãy giúp chở rác về bãi tập kết ở cổng chợ.

Năm nay trời nắng gắt, nước ở lằn mương đã cạn, mặt ruộng chẳng còn phẳng. Các hộ sẵn sàng máy bơm, cẩn thận khi kéo dây điện, tận dụng lúc ấm trời để dẫn nước, đắp bờ, gánh nặng cùng chia.

Trẻ bé nghỉ lễ nên để mẹ và cô giáo dạy vẽ, tập chữ, chơi trò lành mạnh. Lê, chè, mơ chín rộ; thị, ổi đã có người hỏi mua.

Ai nghĩ tới chí thú làm ăn thì ghi tên vào sổ hỗ trợ; họ tên viết rõ, lo đủ giấy tờ, giữ kỹ. Kỳ họp tới, ý kiến của bà con cũng được gỡ rối từng việc, từ vụ mùa, thư từ, sự kiện, lịch sử làng, kỷ niệm ngày hội đến phòng bệnh kiết lỵ.";

const LETTERS: &str = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵđ";

/// A title for each way in, and what the article is called there.
const BY_FOLDER: (&str, &str) = ("Thông báo tới thôn Đoài về dọn vệ sinh", "folder/doan-thu-muc");
const BY_CLI: (&str, &str) = ("Thông báo tới thôn Đồng về dọn vệ sinh", "cli/doan-dong-lenh");
const BY_POST: (&str, &str) = ("Thông báo tới thôn Hạ về dọn vệ sinh", "cms/2026-41");
const BY_PUT: (&str, &str) = ("Thông báo tới các trường học về dọn vệ sinh", "cong-van/2026-42");

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A page's text.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
        text.push(' ');
    }
    words(&text)
}

fn file_with(folder: &Path, ending: &str, needle: &str) -> String {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                let heading = format!("<h1>{needle}</h1>");
                if text.contains(&heading) || (ending == "txt" && text.contains(needle)) {
                    return text;
                }
            }
        }
    }
    unreachable!("no {ending} in {} shows {needle}", folder.display())
}

/// Every channel shows this article once, with every letter.
fn arrived_once(world: &World, (title, key): (&str, &str)) {
    let paragraphs: Vec<String> = NOTICE.split("\n\n").map(words).collect();
    let whole = |place: &str, text: &str| {
        let text = words(text);
        for paragraph in &paragraphs {
            assert!(text.contains(paragraph.as_str()), "{key} on {place} misses {paragraph:?}:\n{text}");
        }
    };
    assert_eq!(world.site().standing(title).copies, 1, "{key} stands once on the portal");
    whole("the portal", &text_of(&file_with(&world.path("site"), "html", title)));
    assert_eq!(world.radio().standing(title).copies, 1, "{key} stands once in the radio's folder");
    whole("the radio", &file_with(&world.path("radio"), "txt", title));
    let posts: Vec<Value> = world.hook.state().look(|state| {
        let bodies = state.requests.iter().map(|request| serde_json::from_slice::<Value>(&request.body).expect("JSON"));
        bodies.filter(|post| post["data"]["id"] == key).collect()
    });
    let [post] = posts.as_slice() else { unreachable!("{key} was posted {} times", posts.len()) };
    assert_eq!(post["data"]["title"], title);
    whole("the Fanpage", post["data"]["text"].as_str().expect("a text"));
    for recipient in RECIPIENTS {
        let letters = world.smtp.letters_to(recipient);
        let about: Vec<_> =
            letters.iter().filter(|letter| letter.articles().iter().any(|(article, _)| article == key)).collect();
        let [letter] = about.as_slice() else { unreachable!("{recipient} got {key} {} times", about.len()) };
        let mail = MessageParser::default().parse(&letter.raw).expect("a message");
        assert!(mail.subject().is_some_and(|subject| subject.contains(title)), "{:?}", mail.subject());
        whole("the letter's text", &mail.body_text(0).expect("a text part"));
        whole("the letter's HTML", &text_of(&mail.body_html(0).expect("an HTML part")));
    }
}

/// Drops a file into the watched folder whole.
fn drop_file(world: &World, name: &str, bytes: &[u8]) {
    let hidden = world.path("inbox").join(".dang-ghi");
    std::fs::write(&hidden, bytes).expect("a file");
    std::fs::rename(hidden, world.path("inbox").join(name)).expect("a file in the watched folder");
}

fn names(folder: PathBuf) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn put(daemon: &Daemon, path: &str, title: &str, body: &str) -> crate::support::process::Answer {
    let body = json!({ "title": title, "body_text": body });
    daemon.call("PUT", path, &[BEARER, JSON], body.to_string().as_bytes())
}

#[test]
fn the_notice_of_these_tests_has_every_vietnamese_letter_in_every_tone() {
    let missing: Vec<char> = LETTERS.chars().filter(|letter| !NOTICE.to_lowercase().contains(*letter)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn an_article_arrives_once_on_each_of_four_channels_by_each_way_in_with_every_letter() {
    let world = house();
    let daemon = daemon(&world);
    drop_file(&world, "doan-thu-muc.txt", format!("{}\n\n{NOTICE}\n", BY_FOLDER.0).as_bytes());
    let file = world.path("doan-dong-lenh.md");
    std::fs::write(&file, format!("# {}\n\n{NOTICE}\n", BY_CLI.0)).expect("an article's file");
    printed(&world, &["publish", &file.display().to_string()]);
    let posted = json!({ "external_id": "2026-41", "title": BY_POST.0, "body_text": NOTICE }).to_string();
    let answer = daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], posted.as_bytes());
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json()["deliveries"], 4);
    let location = answer.header("location").expect("a Location").to_owned();
    let answer = put(&daemon, "/api/v1/articles/cong-van/2026-42", BY_PUT.0, NOTICE);
    assert_eq!(answer.status, 202, "{answer:?}");

    settled(&world, 16);
    for article in [BY_FOLDER, BY_CLI, BY_POST, BY_PUT] {
        arrived_once(&world, article);
    }
    let shown = daemon.call("GET", &location, &[BEARER], b"");
    assert_eq!(shown.status, 200);
    assert_eq!(shown.json()["title"], BY_POST.0);
    assert_eq!(shown.json()["deliveries"].as_array().map(Vec::len), Some(4));
    let (status, _) = daemon.stop();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn letters_written_as_base_and_accent_arrive_composed() {
    let world = house();
    let _daemon = daemon(&world);
    let apart = |text: &str| -> String {
        use unicode_normalization::UnicodeNormalization as _;
        text.nfd().collect()
    };
    drop_file(&world, "doan-thu-muc.txt", apart(&format!("{}\n\n{NOTICE}\n", BY_FOLDER.0)).as_bytes());
    settled(&world, 4);
    arrived_once(&world, BY_FOLDER);
}

#[test]
fn what_another_process_publishes_is_on_the_portal_within_a_second() {
    let world = house();
    let _daemon = daemon(&world);
    let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.");
    printed(&world, &["publish", &file.display().to_string()]);
    let published = now();
    eventually("the article stands on the portal", || {
        (world.site().standing("Lịch tiếp công dân").copies == 1).then_some(())
    });
    assert!(published.elapsed().as_millis() < 1_000, "it took {:?}", published.elapsed());
    settled(&world, 4);
}

#[test]
fn publish_with_wait_tells_what_became_of_every_channel() {
    let world = house();
    let _daemon = daemon(&world);
    let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.");
    let said = printed(&world, &["publish", "--wait", &file.display().to_string()]);
    for channel in ["portal", "fanpage", "email", "radio"] {
        assert!(said.contains(&format!("  {channel}: done")), "{said}");
    }
    assert!(deliveries(&world).iter().all(|delivery| delivery["state"] == "settled"));
}

#[test]
fn delete_withdraws_everywhere_and_put_again_changes_nothing() {
    let world = house();
    let daemon = daemon(&world);
    let (path, title) = ("/api/v1/articles/cms/41", "Tạm dừng cấp nước");
    let first = put(&daemon, path, title, "Cả ngày chủ nhật.");
    let again = put(&daemon, path, title, "Cả ngày chủ nhật.");
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!((&first.json()["changed"], &again.json()["changed"]), (&json!(true), &json!(false)));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(again.json()["revision"], 1);
    settled(&world, 4);
    assert_eq!(put(&daemon, path, title, "Sáng chủ nhật.").json()["revision"], 2);
    settled(&world, 4);

    let gone = daemon.call("DELETE", path, &[BEARER], b"");
    assert_eq!((gone.status, &gone.json()["changed"]), (202, &json!(true)), "{gone:?}");
    let rows = settled(&world, 4);
    assert!(rows.iter().all(|row| row["wanted"] == "withdrawn"), "{rows:#?}");
    assert_eq!(world.site().standing(title).copies, 0, "the page is a notice now");
    let events: Vec<Event> = world.hook.sightings("fanpage").iter().map(|seen| seen.event).collect();
    assert_eq!(events, [Event::Published, Event::Corrected, Event::Withdrawn]);
    let recalls: Vec<Event> = world.smtp.letters_to(RECIPIENTS[0]).iter().map(|letter| letter.event()).collect();
    assert_eq!(recalls, [Event::Published, Event::Corrected, Event::Withdrawn]);

    assert_eq!(daemon.call("DELETE", path, &[BEARER], b"").json()["changed"], false);
    let refused = put(&daemon, path, title, "Sáng chủ nhật.");
    assert_eq!(refused.status, 409, "{refused:?}");
    assert_eq!(refused.json()["detail"].as_str().map(|detail| detail.contains("withdrawn")), Some(true));
    assert_eq!(put(&daemon, &format!("{path}?again=true"), title, "Sáng chủ nhật.").status, 202);
    settled(&world, 4);
    assert_eq!(world.site().standing(title).copies, 1, "it stands there again");
}

#[test]
fn an_idempotency_key_gets_the_same_answer_and_never_stands_for_another_body() {
    let world = house();
    let daemon = daemon(&world);
    let key = ("Idempotency-Key", "\"yeu-cau-1\"");
    let body = json!({ "external_id": "41", "title": "Một", "body_text": "Một." }).to_string();
    let other = json!({ "external_id": "42", "title": "Hai", "body_text": "Hai." }).to_string();
    let post = |body: &str, key| daemon.call("POST", "/api/v1/articles", &[BEARER, JSON, key], body.as_bytes());
    let (first, again) = (post(&body, key), post(&body, key));
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("location"), again.header("location"));
    let reused = post(&other, key);
    assert_eq!(reused.status, 422, "{reused:?}");
    assert_eq!(reused.header("content-type"), Some("application/problem+json"));
    assert_eq!(post(&other, ("Idempotency-Key", "yeu-cau-2")).status, 202);
    settled(&world, 8);
    assert_eq!(world.hook.sightings("fanpage").len(), 2);
    // The same body for another address is another request.
    let same = json!({ "title": "Ba", "body_text": "Ba." }).to_string();
    let put = |path| daemon.call("PUT", path, &[BEARER, JSON, ("Idempotency-Key", "yeu-cau-3")], same.as_bytes());
    assert_eq!(put("/api/v1/articles/cms/43").status, 202);
    assert_eq!(put("/api/v1/articles/cms/44").status, 422);
}

#[test]
fn the_api_answers_every_misuse_with_a_problem_that_says_what_to_do() {
    let world = house();
    let daemon = daemon(&world);
    let articles = "/api/v1/articles";
    let small = json!({ "external_id": "1", "title": "Một", "body_text": "Một." }).to_string();
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    let typo = json!({ "external_id": "1", "titel": "Một", "body_text": "Một." }).to_string();
    let wrong_token = ("Authorization", "Bearer sai");
    let plain = ("Content-Type", "text/plain");
    let vietnamese = ("Accept-Language", "vi-VN");
    /// Status, method, path, headers, body, and words of the answer.
    type Case<'a> = (u16, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8], &'a str);
    let cases: [Case<'_>; 16] = [
        (401, "POST", articles, &[JSON], small.as_bytes(), "a valid token is needed"),
        (401, "POST", articles, &[JSON, wrong_token], small.as_bytes(), "a valid token is needed"),
        (401, "GET", "/api/v1/deliveries", &[], b"", "a valid token is needed"),
        (401, "POST", articles, &[JSON, vietnamese], small.as_bytes(), "cần mã truy cập hợp lệ"),
        (404, "GET", "/api/v1/articles/999", &[BEARER], b"", "there is no article 999"),
        (404, "GET", "/api/v1/articles/999", &[BEARER, vietnamese], b"", "không có bài số 999"),
        (404, "DELETE", "/api/v1/articles/cms/chua-co", &[BEARER], b"", "there is no article cms/chua-co"),
        (404, "GET", "/khong-co", &[], b"", "nothing at this address"),
        (405, "PATCH", articles, &[BEARER, JSON], small.as_bytes(), "does not take that method"),
        (413, "POST", articles, &[BEARER, JSON], &large, "too large; at most 4 MiB"),
        (415, "POST", articles, &[BEARER, plain], small.as_bytes(), "has to be application/json"),
        (422, "POST", articles, &[BEARER, JSON], b"{\n  \"title\": \"M", "line 2, column"),
        (422, "POST", articles, &[BEARER, JSON], typo.as_bytes(), "did you mean \"title\"?"),
        (422, "POST", articles, &[BEARER, JSON], b"{\"external_id\":\"1\"}", "the title is missing"),
        (400, "GET", "/api/v1/deliveries?limit=mot", &[BEARER], b"", "limit"),
        (400, "GET", "/api/v1/articles/mot", &[BEARER], b"", "not valid"),
    ];
    for (status, method, path, headers, body, detail) in cases {
        let answer = daemon.call(method, path, headers, body);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method} {path}: {answer:?}");
        let problem = answer.json();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().is_some_and(|said| said.contains(detail)), "{method} {path}: {problem}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
    assert_eq!(deliveries(&world).len(), 0, "nothing of it was taken");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(daemon.call("GET", path, &[], b"").status, 200, "{path}");
    }
}

#[test]
fn the_same_file_dropped_again_is_nothing_new() {
    let world = house();
    let _daemon = daemon(&world);
    let text = "Lịch tiếp công dân\n\nSáng thứ hai.\n";
    drop_file(&world, "lich.txt", text.as_bytes());
    settled(&world, 4);
    drop_file(&world, "lich.txt", text.as_bytes());
    eventually("the second file is done too", || {
        (names(world.path("inbox/done")) == ["lich-2.txt", "lich.txt"]).then_some(())
    });
    let rows = settled(&world, 4);
    assert!(rows.iter().all(|row| row["wanted"] == 1), "{rows:#?}");
    assert_eq!(world.hook.sightings("fanpage").len(), 1);
    assert_eq!(world.smtp.letters_to(RECIPIENTS[0]).len(), 1);
    // Changed, it is a correction.
    drop_file(&world, "lich.txt", "Lịch tiếp công dân\n\nSáng thứ ba.\n".as_bytes());
    eventually("the correction is out", || (world.hook.sightings("fanpage").len() == 2).then_some(()));
    let rows = settled(&world, 4);
    assert!(rows.iter().all(|row| row["wanted"] == 2), "{rows:#?}");
}

#[test]
fn a_refused_file_has_the_reason_beside_it_and_the_others_go_on() {
    let world = house();
    let _daemon = daemon(&world);
    drop_file(&world, "hong.json", b"{\n  \"title\": \"Thi\n}");
    drop_file(&world, "anh.jpg", b"\xff\xd8\xff");
    drop_file(&world, "latin.txt", b"Th\xf4ng b\xe1o\n\nN\xf4i dung\n");
    drop_file(&world, "tot.txt", "Lịch tiếp công dân\n\nSáng thứ hai.\n".as_bytes());
    settled(&world, 4);
    let expected =
        ["anh.jpg", "anh.jpg.reason.txt", "hong.json", "hong.json.reason.txt", "latin.txt", "latin.txt.reason.txt"];
    eventually("all three are refused", || (names(world.path("inbox/refused")) == expected).then_some(()));
    assert_eq!(names(world.path("inbox/done")), ["tot.txt"]);
    let reason = |name: &str| {
        std::fs::read_to_string(world.path("inbox/refused").join(format!("{name}.reason.txt"))).expect("a reason")
    };
    assert!(reason("hong.json").contains("the JSON is broken in line 2, column"), "{}", reason("hong.json"));
    assert!(reason("anh.jpg").contains("use .json, .md or .txt"), "{}", reason("anh.jpg"));
    assert!(reason("latin.txt").contains("not UTF-8 (broken in line 1)"), "{}", reason("latin.txt"));
    assert_eq!(std::fs::read(world.path("inbox/refused/anh.jpg")).expect("the file"), b"\xff\xd8\xff");
}

#[test]
fn a_file_that_is_still_being_written_is_not_taken() {
    let world = house();
    let _daemon = daemon(&world);
    let inbox = world.path("inbox");
    for name in [".an.txt", "dang-tai.txt.part", "tam.txt.tmp", "~lich.txt"] {
        std::fs::write(inbox.join(name), "Chưa xong\n\nChưa").expect("a passing file");
    }
    let mut slow = std::fs::File::create(inbox.join("cham.txt")).expect("a file");
    write!(slow, "Thông báo viết chậm\n\n").expect("a line");
    // A writer that pauses for less than the time between two looks.
    for paragraph in 1..=12 {
        std::thread::park_timeout(std::time::Duration::from_millis(150));
        writeln!(slow, "Đoạn thứ {paragraph}.\n").expect("a line");
        slow.flush().expect("on disk");
    }
    drop(slow);
    settled(&world, 4);
    let rows = deliveries(&world);
    assert!(rows.iter().all(|row| row["wanted"] == 1), "it was taken once, whole: {rows:#?}");
    let page = text_of(&file_with(&world.path("site"), "html", "Thông báo viết chậm"));
    assert!(page.contains("Đoạn thứ 12."), "{page}");
    assert_eq!(names(world.path("inbox/done")), ["cham.txt"]);
    for name in [".an.txt", "dang-tai.txt.part", "tam.txt.tmp", "~lich.txt"] {
        assert!(inbox.join(name).exists(), "{name} was left alone");
    }
}

#[test]
fn a_file_that_a_dead_process_had_claimed_is_taken_again() {
    let world = house();
    std::fs::create_dir_all(world.path("inbox/claimed")).expect("a folder");
    world.write("inbox/claimed/do-dang.txt", "Lịch tiếp công dân\n\nSáng thứ hai.\n");
    let _daemon = daemon(&world);
    let rows = settled(&world, 4);
    assert!(rows.iter().all(|row| row["external_id"] == "do-dang"), "{rows:#?}");
    assert_eq!(names(world.path("inbox/done")), ["do-dang.txt"]);
    assert_eq!(names(world.path("inbox/claimed")), [""; 0]);
}

#[test]
fn a_stop_while_a_send_hangs_ends_within_the_grace_and_loses_nothing() {
    let world = house_with("[shutdown]\ngrace = \"2s\"\n");
    let channel = std::fs::read_to_string(world.path("channels/fanpage.toml")).expect("the channel's file");
    world.write("channels/fanpage.toml", &channel.replace("timeout = \"1s\"", "timeout = \"60s\""));
    world.hook.always(Fault::PostThenHang);
    let first = daemon(&world);
    let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.");
    printed(&world, &["publish", &file.display().to_string()]);
    for channel in ["portal", "email", "radio"] {
        on_channel(&world, channel, "settled");
    }
    eventually("the send hangs", || (world.hook.state().look(|state| state.hanging) == 1).then_some(()));
    let (status, took) = first.stop();
    assert_eq!(status.code(), Some(0), "{}", world.log());
    assert!(took.as_secs() < 5, "it took {took:?}");
    logged(&world, "the grace is over");
    // Whatever was in flight is named, and the next start settles it: the receiver knows the id.
    world.hook.always(Fault::Ok200);
    let second = daemon(&world);
    settled(&world, 4);
    assert_eq!(world.hook.sightings("fanpage").len(), 1);
    assert_eq!(world.smtp.letters_to(RECIPIENTS[0]).len(), 1);
    assert_eq!(second.stop().0.code(), Some(0));
}

#[test]
fn a_stop_lets_what_is_in_flight_finish() {
    let world = house();
    world.hook.script(vec![Fault::SlowRead { bytes: 64, pause: std::time::Duration::from_millis(60) }]);
    let channel = std::fs::read_to_string(world.path("channels/fanpage.toml")).expect("the channel's file");
    world.write("channels/fanpage.toml", &channel.replace("timeout = \"1s\"", "timeout = \"60s\""));
    let daemon = daemon(&world);
    let file = world.article("bai", "Lịch tiếp công dân", "Sáng thứ hai.");
    printed(&world, &["publish", &file.display().to_string()]);
    eventually("the send is in flight", || world.hook.state().look(|state| (state.connections > 0).then_some(())));
    let said = within(1, || Some(daemon.said())).expect("words");
    assert!(said.contains("loa is running with 4 channels"), "{said}");
    assert_eq!(daemon.stop().0.code(), Some(0));
    let rows = deliveries(&world);
    let fanpage = rows.iter().find(|row| row["channel"] == "fanpage").expect("a delivery");
    let sent = world.hook.sightings("fanpage").len();
    assert_eq!(sent == 1, fanpage["state"] == "settled", "{fanpage:#}");
    let balance = json(&world, &["balance", "--json"]);
    assert_eq!(balance.as_array().map(Vec::len), Some(4), "{balance:#}");
}
