//! The office that is measured: ten webhook channels, and articles of an ordinary length.

use std::path::Path;

use loa::app::{App, run};
use loa::clock::Clock;
use loa::config::Config;
use loa::intake::{DraftContext, Format, Order, parse};
use loa::ledger::Filter;
use loa::lifecycle::Lifecycle;
use tempfile::TempDir;

use crate::sink::Sink;
use crate::{CHANNELS, IN_FLIGHT};

/// The store of an office on one machine.
pub(crate) const SQLITE: &str = "path = \"loa.db\"";
pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

pub(crate) type Running = (Lifecycle, tokio::task::JoinHandle<Result<(), loa::app::AppError>>);

pub(crate) fn start(app: App) -> Running {
    let life = Lifecycle::default();
    let daemon = tokio::spawn(run(app, life.clone(), Box::new(|_| {})));
    (life, daemon)
}

pub(crate) async fn open(office: &Path) -> App {
    open_file(&office.join("config.toml")).await
}

pub(crate) async fn open_file(file: &Path) -> App {
    let config = Config::load(file).unwrap_or_else(|error| panic!("{error}"));
    App::open(config, Clock::system()).await.unwrap_or_else(|error| panic!("{error}"))
}

fn draft(number: usize) -> loa::intake::Draft {
    let text = include_str!("../../src/demo/articles/lich-tiep-cong-dan.md");
    // An ordinary article has some eight thousand characters.
    let more = "\n\nĐề nghị các thôn thông báo cho Nhân dân biết và thực hiện.".repeat(60);
    let text = text.replacen("title = \"", &format!("title = \"{} ", marker(number)), 1);
    parse(format!("{text}{more}").as_bytes(), Format::Markdown).unwrap()
}

/// Tells the sink which article a request is about.
pub(crate) fn marker(number: usize) -> String {
    format!("BAI{number:07}")
}

pub(crate) async fn publish(app: &App, number: usize) {
    let id = number.to_string();
    let cx = DraftContext { source: "bench", external_id: Some(&id), zone: app.config().office.timezone };
    app.intake().accept(draft(number), &cx, Order::Publish, "bench", None).await.unwrap();
}

/// Whether something has been sent whose answer is not on record yet.
pub(crate) async fn sending(app: &App) -> bool {
    let filter = Filter { state: Some("sending".to_owned()), most: Some(1), ..Filter::default() };
    !app.ledger().deliveries(filter).await.unwrap().is_empty()
}

/// An office with ten webhook channels.
pub(crate) fn office(sink: &Sink, store: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("channels")).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    write("port", &free.to_string());
    write(
        "config.toml",
        &format!(
            "name = \"UBND xã An Bình\"\n[store]\n{store}\n[http]\nlisten = \"127.0.0.1:{free}\"\n[log]\nlevel = \"error\"\n"
        ),
    );
    write("secret", SECRET);
    let secret = folder.path().join("secret").display().to_string();
    for number in 0..CHANNELS {
        write(
            &format!("channels/hook{number}.toml"),
            &format!(
                "kind = \"fanpage\"\n[limits]\nconcurrency = {IN_FLIGHT}\n[settings]\nurl = \"http://127.0.0.1:{}/{number}\"\n\
             secret = {{ file = \"{secret}\" }}\ntext_limit = 20000\n",
                sink.port
            ),
        );
    }
    folder
}
