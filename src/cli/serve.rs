//! `run`: the daemon in the foreground.

use super::print::Printer;
use super::user::announce;
use super::{CliError, opened};
use crate::app;
use crate::config::Config;
use crate::lifecycle::Lifecycle;
use crate::telemetry;
use crate::text;
use crate::text::Text;

pub(super) async fn run(config: Config, printer: &Printer) -> Result<(), CliError> {
    telemetry::start(&config.log);
    let app = opened(config).await?;
    let life = Lifecycle::default();
    life.listen().map_err(|error| CliError::Text(Text::same(error.to_string())))?;
    let (folder, channels) = (app.config().folder.clone(), app.summaries().iter().filter(|one| one.enabled).count());
    let language = printer.language();
    let (teller, told) = (Printer::new(language, printer.json()), app.clone());
    let listening = Box::new(move |address: Option<std::net::SocketAddr>| {
        teller.text(&text!(
            "loa đang chạy với {channels} kênh. Dừng: Ctrl-C",
            "loa is running with {channels} channels. To stop: Ctrl-C"
        ));
        if let Some(folder) = folder {
            let folder = folder.display();
            teller.text(&text!("  thả bài vào: {folder}", "  drop articles into: {folder}"));
        }
        if let Some(address) = address {
            teller.text(&text!("  API: http://{address}/api/v1/articles", "  API: http://{address}/api/v1/articles"));
            tokio::spawn(async move { announce(&told, address, &teller).await });
        }
    });
    let outcome = app::run(app.clone(), life, listening).await;
    app.close().await;
    outcome?;
    printer.text(&text!("loa đã dừng; hàng đợi được giữ nguyên", "loa has stopped; the queue is kept"));
    Ok(())
}
