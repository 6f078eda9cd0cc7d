//! The ledger: who did what, what was tried, the chain, and both as a table.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use crate::support::browser::Browser;
use crate::support::house::{BEARER, JSON, daemon, house, printed, settled};
use crate::support::process::eventually;

const ARTICLE: &str = r#"{"external_id":"1","title":"=HYPERLINK(\"x\") Lịch tiếp dân","body_text":"Sáng thứ Hai."}"#;

/// The rows of a table as it was downloaded.
fn table(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').expect("the mark by which Excel knows UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Takes the transfer in pieces apart.
fn whole(body: &str) -> String {
    let (mut rest, mut whole) = (body.as_bytes(), Vec::new());
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap().trim();
        let size = usize::from_str_radix(size, 16).expect("a piece's size");
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    String::from_utf8(whole).unwrap()
}

pub(super) fn downloaded(browser: &mut Browser<'_>, path: &str) -> Vec<Vec<String>> {
    let answer = browser.get(path);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.header("content-type").unwrap().starts_with("text/csv"), "{}", answer.head);
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment"), "{}", answer.head);
    table(&whole(&answer.body))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_tells_who_did_what_and_what_was_tried() {
    let world = house();
    let daemon = daemon(&world);
    let mut officer = Browser::administrator(&daemon);
    officer.add("lan", "viewer");
    assert_eq!(daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], ARTICLE.as_bytes()).status, 202);
    settled(&world, 4);
    printed(&world, &["pause", "radio"]);
    let mut lan = Browser::signed_in(&daemon, "lan");
    let page = eventually("the chain was read through", || {
        let page = lan.get("/ledger").body;
        page.contains("the ledger is whole").then_some(page)
    });
    for words in
        ["cms", "published", "paused the channel", "Chị Quản Trị", "account lan was made", "signed in from 127.0.0.1"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(page.matches("<code>").count(), page.matches("class=\"hash\"").count());
    assert!(page.matches("class=\"hash\"").count() >= 5, "every line with its hash: {page}");
    assert!(page.len() < 100_000);

    let lines = |page: &str| page.matches("<li>\n    <p>").count();
    let only = |lan: &mut Browser<'_>, query: &str| {
        let page = lan.get(&format!("/ledger?{query}")).body;
        (lines(&page), page)
    };
    let (number, cms) = only(&mut lan, "who=cms");
    assert!(number == 1 && !cms.contains("paused the channel"), "{cms}");
    let (number, radio) = only(&mut lan, "channel=radio");
    assert!(number == 1 && radio.contains("paused the channel"), "{radio}");
    let (number, article) = only(&mut lan, "article=cms%2F1");
    assert!(number == 1 && article.contains("/ledger/article?id=1"), "{article}");
    assert_eq!(only(&mut lan, "month=2001-01").0, 0);
    let (number, tries) = only(&mut lan, "show=tries&article=1");
    assert!(number == 4 && tries.contains("attempt 1"), "{tries}");
    assert_eq!(only(&mut lan, "show=tries&channel=portal").0, 1);
    let (number, wrong) = only(&mut lan, "month=mai");
    assert!(number == 0 && wrong.contains("a month is written as"), "{wrong}");
    assert!(only(&mut lan, "article=99").1.contains("there is no such article"));
    assert_eq!(lan.get("/ledger/article?id=99").status, 404);
    assert_eq!(lan.get("/ledger/month?month=%22").status, 422);

    // As tables: what was decided stands before what was tried, also where both are of one instant.
    let at_once = "UPDATE attempts SET started_at = (SELECT at FROM decisions WHERE what = 'publish')";
    tamper(&world.path("loa.db"), at_once).await;
    let rows = downloaded(&mut lan, "/ledger/article?id=1");
    assert_eq!(rows.len(), 1 + 1 + 4, "{rows:#?}");
    assert!(rows.iter().all(|row| row.len() == 15));
    assert!(rows[1][8].starts_with("'=HYPERLINK"), "no formula: {:?}", rows[1]);
    assert_eq!((rows[1][2].as_str(), rows[1][3].as_str(), rows[1][14].len()), ("cms", "published", 64));
    assert!(rows[2..].iter().all(|row| row[1] == "attempt" && row[14].len() == 64), "{rows:#?}");
    let zone = chrono_tz::Asia::Ho_Chi_Minh;
    let month = loa::clock::Clock::system().now().with_timezone(&zone).format("%Y-%m").to_string();
    let rows = downloaded(&mut lan, &format!("/ledger/month?month={month}"));
    assert!(rows.len() > 8, "{rows:#?}");
    let hours: Vec<&String> = rows[1..].iter().map(|row| &row[0]).collect();
    assert!(hours.is_sorted(), "by the hour: {hours:?}");
    assert_eq!(downloaded(&mut lan, "/ledger/month?month=2001-01").len(), 1);
}

#[tokio::test]
async fn a_ledger_that_somebody_touched_says_where() {
    let world = house();
    let first = daemon(&world);
    drop(Browser::administrator(&first));
    printed(&world, &["pause", "radio"]);
    first.stop();
    let touched = "UPDATE decisions SET who = 'ai do' WHERE what = 'pause'";
    tamper(&world.path("loa.db"), touched).await;
    let daemon = daemon(&world);
    let mut officer = Browser::signed_in(&daemon, "quan.tri");
    let page = eventually("the chain was read through", || {
        let page = officer.get("/ledger").body;
        page.contains("the ledger is not whole").then_some(page)
    });
    assert!(page.contains("was changed"), "{page}");
    let metrics = daemon.call("GET", "/metrics", &[], b"").body;
    assert!(metrics.contains("loa_ledger_whole 0"), "{metrics}");
    assert!(world.log().contains("the ledger of decisions is not what was written"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_that_nobody_gave_is_told_by_the_doctor() {
    let world = house();
    let file = std::fs::read_to_string(world.path("channels/fanpage.toml")).unwrap();
    world.write("channels/fanpage.toml", &format!("{file}\n[schedule]\napproval = true\n"));
    let first = daemon(&world);
    assert_eq!(first.call("POST", "/api/v1/articles", &[BEARER, JSON], ARTICLE.as_bytes()).status, 202);
    let id = crate::support::house::on_channel(&world, "fanpage", "held")["id"].as_i64().unwrap();
    printed(&world, &["approve", &id.to_string()]);
    first.stop();
    assert!(printed(&world, &["doctor"]).contains("every approval stands in the ledger"));
    tamper(&world.path("loa.db"), "UPDATE approvals SET who = 'Ai Đó'").await;
    let told = world.run(&["doctor"]);
    assert!(!told.status.success());
    assert!(String::from_utf8_lossy(&told.stdout).contains("Ai Đó approved it, and no decision bears that out"));
}

pub(super) async fn tamper(file: &Path, sql: &str) {
    let mut own = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut own).await.unwrap();
    sqlx::Connection::close(own).await.unwrap();
}
