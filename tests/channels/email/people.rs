//! Lists of people: what files say, and what the store makes of them.

use std::path::Path;

use loa::audience::{Entry, Line, Standing, folded, lines};
use loa::queue::{Imported, NewStanding, SoftBounce, Subscribers as _};
use loa::store::{SqliteOptions, Store};
use sqlx::{ConnectOptions as _, Row as _};

use super::desk::people;
use crate::sample::utc;

/// Who changed what, with the note in Vietnamese.
pub(crate) async fn decisions(store: &Path) -> Vec<(String, String, String)> {
    let mut file = sqlx::sqlite::SqliteConnectOptions::new().filename(store).connect().await.expect("the store");
    let rows = sqlx::query("SELECT who, what, note ->> 'vi' AS note FROM decisions ORDER BY id")
        .fetch_all(&mut file)
        .await
        .expect("the decisions");
    rows.iter().map(|row| (row.get("who"), row.get("what"), row.get("note"))).collect()
}

/// What a list of this name and content says: `address|name`, `-address` of those who are out, `!line` of bad lines.
fn read(name: &str, content: impl AsRef<[u8]>) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, content).expect("a list");
    let shown = |entry: Entry| format!("{}|{}", entry.address, entry.name.unwrap_or_default());
    lines(&file)
        .expect("a readable list")
        .map(|line| match line {
            Line::Person(_, entry) => shown(entry),
            Line::NotOne(_, entry) => format!("-{}", entry.address),
            Line::Bad(bad) => format!("!{}", bad.line),
        })
        .collect()
}

#[test]
fn a_list_is_read_as_spreadsheets_and_people_write_it() {
    let lan = ["lan@example.vn|Trần Thị Lan", "minh@example.vn|Lê Minh"];
    for (name, content) in [
        ("plain", "# danh sách\n\nLan@Example.vn, Trần Thị Lan\n  minh@example.vn ,Lê  Minh\n"),
        ("commas", "email,name\nlan@example.vn,Trần Thị Lan\nminh@example.vn,Lê Minh\n"),
        ("turned round", "Họ tên;Thư điện tử\r\nTrần Thị Lan;lan@example.vn\r\nLê Minh;minh@example.vn\r\n"),
        (
            "Excel's mark",
            "\u{feff}STT,Họ và tên,Địa chỉ,E-mail\n1,Trần Thị Lan,Thôn Đoài,lan@example.vn\n2,Lê Minh,,minh@example.vn\n",
        ),
        (
            "decomposed",
            "Ho\u{323} te\u{302}n\tThu\u{31b} \u{111}ie\u{302}\u{323}n tu\u{31b}\u{309}\nTrần Thị Lan\tlan@example.vn\nLê Minh\tminh@example.vn\n",
        ),
        ("family and given", "Họ đệm,Tên,Hộp thư\nTrần Thị,Lan,lan@example.vn\nLê,Minh,minh@example.vn\n"),
        ("no heading, name first", "1;Trần Thị Lan;lan@example.vn\n2;Lê Minh;minh@example.vn\n"),
        (
            "an office's own",
            "STT,Họ và tên,Địa chỉ,Email cơ quan\n1,Trần Thị Lan,Thôn Đoài,lan@example.vn\n2,Lê Minh,,minh@example.vn\n",
        ),
        ("mail programs", "Trần Thị Lan <lan@example.vn>\n\"Lê Minh\" <minh@example.vn>\n"),
        ("only line feeds of old", "email,name\rlan@example.vn,Trần Thị Lan\rminh@example.vn,Lê Minh\r"),
    ] {
        assert_eq!(read("a.csv", content), lan, "{name}");
        // "Unicode text", as Excel calls it.
        let unmarked = content.trim_start_matches('\u{feff}');
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("\u{feff}{unmarked}").encode_utf16().flat_map(bytes).collect()
        };
        assert_eq!(read("a.csv", wide(u16::to_le_bytes)), lan, "{name}, UTF-16");
        assert_eq!(read("a.csv", wide(u16::to_be_bytes)), lan, "{name}, UTF-16");
    }
    assert_eq!(read("a.csv", "sep=;\nemail;name\nlan@example.vn;Lan\nco\n"), ["lan@example.vn|Lan", "!4"]);
    assert_eq!(read("a.csv", "email\nlan@1.2.3.4\nlan@[1.2.3.4]\nlan@4.vn\n"), ["!2", "!3", "lan@4.vn|"]);
    let toml = "[[recipients]]\nemail = \"lan@example.vn\"\nname = \"Trần Thị Lan\"\n\n[[recipients]]\nemail = \"x\"\n";
    assert_eq!(read("a.toml", toml), ["lan@example.vn|Trần Thị Lan", "!6"]);
}

#[test]
fn a_workbook_is_told_apart_from_a_list() {
    let folder = tempfile::tempdir().expect("a folder");
    for begin in [b"PK\x03\x04\x14\x00".as_slice(), b"\xd0\xcf\x11\xe0\xa1\xb1"] {
        let file = folder.path().join("danh-sach.csv");
        std::fs::write(&file, begin).expect("a file");
        let error = loa::audience::lines(&file).err().expect("a refusal");
        assert!(error.vi.contains("CSV UTF-8") && error.vi.contains("danh-sach.csv"), "{error}");
    }
}

#[test]
fn quotes_hold_commas_semicolons_and_quotes() {
    let list = "name,email\n\"Lan, Trần \"\"Tổ 3\"\"\",lan@example.vn\n\"Hai\ndòng; một người\",minh@example.vn\n";
    assert_eq!(read("a.csv", list), ["lan@example.vn|Lan, Trần \"Tổ 3\"", "minh@example.vn|Hai dòng; một người"]);
}

#[test]
fn what_names_nobody_is_reported_by_its_line() {
    let list = "email,name\nkhông có\nlan@example.vn,\ncò@example.vn,Cò\n,Vô danh\n@@,?\nminh@example.vn";
    let lines = ["!2", "lan@example.vn|", "!4", "!5", "!6", "minh@example.vn|"];
    assert_eq!(read("a.csv", list), lines);
    assert_eq!(read("a.csv", list.replace('\n', "\r\n")), lines, "as Excel ends them");
    assert_eq!(
        read("a.txt", b"lan@example.vn\nTr\xe2n\xff\nminh@example.vn\n"),
        ["lan@example.vn|", "!2", "minh@example.vn|"]
    );
    let open = "email,name\nlan@example.vn,Lan\n\"minh@example.vn,Minh\nhoa@example.vn,Hoa\n";
    assert_eq!(read("a.csv", open), ["lan@example.vn|Lan", "!3"], "an open quote is told where it begins");
}

#[test]
fn an_export_taken_in_again_leaves_out_who_is_out() {
    let list = "email,name,standing,listed,since,reason\nlan@example.vn,Lan,active,true,2026-11-24T02:00:00Z,\n\
                minh@example.vn,,unsubscribed,true,2026-11-24T02:00:00Z,x\nhoa@example.vn,,active,false,2026-11-24T02:00:00Z,\n";
    assert_eq!(read("a.csv", list), ["lan@example.vn|Lan", "-minh@example.vn", "-hoa@example.vn"]);
}

#[test]
fn words_fold_without_tone_marks() {
    assert_eq!(folded("  Thư  ĐIỆN_tử: "), "thu dien tu");
}

async fn store(folder: &tempfile::TempDir) -> Store {
    let path = folder.path().join("loa.db");
    Store::open(SqliteOptions { path, max_size: None }).await.expect("a store")
}

fn new(standing: Standing, reason: &str) -> NewStanding {
    let at = utc("2026-11-24T10:00:00+07:00");
    NewStanding { standing, reason: Some(reason.to_owned()), who: "thu".to_owned(), at }
}

#[tokio::test]
async fn who_left_is_put_back_by_no_import_but_the_deliberate_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let now = utc("2026-11-24T09:00:00+07:00");
    let import = |names: &'static [&'static str], again| {
        store.import("thu".to_owned(), people(names), again, "hoa".to_owned(), now)
    };
    let names = &["lan@example.vn", "minh@example.vn", "LAN@example.vn"];
    assert_eq!(import(names, false).await.unwrap(), Imported { added: 2, known: 0, kept_out: 0 });
    assert_eq!(import(names, false).await.unwrap(), Imported { added: 0, known: 2, kept_out: 0 });
    let lan: loa::audience::Address = "lan@example.vn".parse().unwrap();
    let left = store.stand("thu".to_owned(), lan.clone(), new(Standing::Unsubscribed, "x")).await.unwrap();
    assert_eq!(left, Some(Standing::Active));
    assert_eq!(import(names, false).await.unwrap(), Imported { added: 0, known: 1, kept_out: 1 });
    let page = async || store.page("thu".to_owned(), None, 10).await.unwrap();
    assert_eq!(page().await[0].standing, Standing::Unsubscribed);
    // A bounce or a complaint that comes later does not make them bounced: their own word counts.
    for later in [Standing::Bounced, Standing::Complained, Standing::Unsubscribed] {
        let before = store.stand("thu".to_owned(), lan.clone(), new(later, "y")).await.unwrap();
        assert_eq!(before, Some(Standing::Unsubscribed));
        assert_eq!(page().await[0].reason.as_deref(), Some("x"));
    }
    assert_eq!(import(names, true).await.unwrap(), Imported { added: 1, known: 1, kept_out: 0 });
    assert_eq!((page().await[0].standing, page().await[0].reason.clone()), (Standing::Active, None));
    // The other channel knows nothing of it, and its tokens are others.
    assert_eq!(store.page("tin".to_owned(), None, 10).await.unwrap(), []);
    let told: Vec<(String, String)> =
        decisions(&folder.path().join("loa.db")).await.into_iter().map(|(who, what, _)| (who, what)).collect();
    let told: Vec<(&str, &str)> = told.iter().map(|(who, what)| (who.as_str(), what.as_str())).collect();
    assert_eq!(told, [("hoa", "subscribe"), ("thu", "unsubscribed"), ("hoa", "subscribe")]);
}

#[tokio::test]
async fn taking_off_the_list_is_not_for_good_and_pages_follow_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let now = utc("2026-11-24T09:00:00+07:00");
    let names = ["a@example.vn", "b@example.vn", "c@example.vn"];
    store.import("thu".to_owned(), people(&names), false, "hoa".to_owned(), now).await.unwrap();
    let b: loa::audience::Address = "b@example.vn".parse().unwrap();
    let remove = || store.remove("thu".to_owned(), b.clone(), "hoa".to_owned(), now);
    assert!(remove().await.unwrap() && !remove().await.unwrap());
    let first = store.page("thu".to_owned(), None, 2).await.unwrap();
    let second = store.page("thu".to_owned(), Some(first[1].address.clone()), 2).await.unwrap();
    let listed: Vec<(&str, bool)> = first.iter().chain(&second).map(|one| (one.address.as_str(), one.listed)).collect();
    assert_eq!(listed, [("a@example.vn", true), ("b@example.vn", false), ("c@example.vn", true)]);
    let found = store.by_token(first[0].token.clone()).await.unwrap().unwrap();
    assert_eq!(found, first[0]);
    assert_eq!(store.by_token("a".repeat(26)).await.unwrap(), None);
    // Somebody never heard of can leave in advance; a list that names them later does not reach them.
    let d: loa::audience::Address = "d@example.vn".parse().unwrap();
    assert_eq!(store.stand("thu".to_owned(), d, new(Standing::Unsubscribed, "x")).await.unwrap(), None);
    let again = store.import("thu".to_owned(), people(&["b@example.vn", "d@example.vn"]), false, "hoa".to_owned(), now);
    assert_eq!(again.await.unwrap(), Imported { added: 1, known: 0, kept_out: 1 });
}

#[tokio::test]
async fn temporary_bounces_count_by_days_and_each_letter_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder).await;
    let start = utc("2026-11-24T09:00:00+07:00");
    store.import("thu".to_owned(), people(&["lan@example.vn"]), false, "hoa".to_owned(), start).await.unwrap();
    let lan: loa::audience::Address = "lan@example.vn".parse().unwrap();
    let bounce = |message: &str, days: i64| {
        let at = start + chrono::TimeDelta::days(days);
        let bounce = SoftBounce { message: message.to_owned(), reason: "552 5.2.2".to_owned(), limit: 3, at };
        store.soft_bounce("thu".to_owned(), lan.clone(), bounce)
    };
    let count = async || store.page("thu".to_owned(), None, 1).await.unwrap()[0].soft_bounces;
    for (message, day, counted) in [
        ("a", 0, 1),
        ("b", 0, 1), // the same day
        ("a", 1, 1), // the same letter, read again after a crash at midnight
        ("c", 1, 2),
        ("d", 31, 1), // the first two are too old by now
        ("e", 32, 2),
    ] {
        assert_eq!(bounce(message, day).await.unwrap(), Some(Standing::Active), "{message}");
        assert_eq!(count().await, counted, "{message} on day {day}");
    }
    assert_eq!(bounce("f", 33).await.unwrap(), Some(Standing::Bounced));
    assert_eq!(bounce("g", 34).await.unwrap(), Some(Standing::Bounced));
    let lan = store.page("thu".to_owned(), None, 1).await.unwrap().remove(0);
    assert!(lan.reason.unwrap().contains("552 5.2.2"));
    let stranger: loa::audience::Address = "ai@example.vn".parse().unwrap();
    let bounce = SoftBounce { message: "h".to_owned(), reason: String::new(), limit: 3, at: start };
    assert_eq!(store.soft_bounce("thu".to_owned(), stranger, bounce).await.unwrap(), None);
}
