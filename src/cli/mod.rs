//! The command line: a contract that scripts rely on.

mod approve;
mod args;
mod articles;
mod backup;
mod bounce;
mod check;
mod decide;
mod demo;
mod email;
mod export;
mod feeds;
mod import;
mod look;
mod preview;
mod print;
mod recipients;
mod say;
mod serve;
mod subscribers;
mod user;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::app::{App, AppError};
use crate::clock::Clock;
use crate::config::Config;
use crate::text::{Language, Text};
use args::{Args, Command, EmailCommand};
use print::Printer;

/// Parses the command line and does what it says. Exit codes: 0 done, 1 failed, 2 misused.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let printer = Printer::new(asked_language().unwrap_or_default(), args.json);
    match runtime {
        Ok(runtime) => runtime.block_on(run(args, printer)),
        Err(error) => {
            printer.error(&Text::same(error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// What a command came to.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    App(#[from] AppError),
    #[error("{0}")]
    Text(Text),
    /// The command did what it should and found something wrong; it has said so already.
    #[error("said already")]
    Said,
}

impl From<crate::queue::StoreError> for CliError {
    fn from(error: crate::queue::StoreError) -> Self {
        Self::App(AppError::Store(error))
    }
}

impl From<crate::config::ConfigError> for CliError {
    fn from(error: crate::config::ConfigError) -> Self {
        Self::App(error.into())
    }
}

async fn run(args: Args, mut printer: Printer) -> ExitCode {
    match dispatch(args, &mut printer).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::App(error)) => {
            error.lines(printer.language()).iter().for_each(|line| printer.error(&Text::same(line)));
            ExitCode::FAILURE
        }
        Err(CliError::Text(text)) => {
            printer.error(&text);
            ExitCode::FAILURE
        }
        Err(CliError::Said) => ExitCode::FAILURE,
    }
}

async fn dispatch(args: Args, printer: &mut Printer) -> Result<(), CliError> {
    match args.command {
        Command::Demo(asked) => return demo::demo(asked, printer).await,
        Command::Kinds(kinds) => return check::kinds(&kinds, printer),
        Command::Say(say) => return say::say(&say, &args.config, printer),
        _ => {}
    }
    let config = configured(&args.config, printer)?;
    match args.command {
        Command::Check => check::check(&config, printer),
        Command::Run => serve::run(config, printer).await,
        Command::Email(EmailCommand::Dns(asked)) => email::dns(&config, &asked, printer),
        Command::Backup(asked) => backup::backup(&config, asked, printer).await,
        Command::Restore(asked) => backup::restore(config, asked, printer).await,
        Command::Doctor => backup::doctor(&config, printer).await,
        Command::Preview(preview) => preview::preview(&config, &preview, printer).await,
        Command::Publish(publish) => articles::publish(&opened(config).await?, publish, printer).await,
        Command::Correct(correct) => articles::correct(&opened(config).await?, correct, printer).await,
        Command::Withdraw(withdraw) => {
            articles::withdraw(&opened_anyway(config, printer).await?, withdraw, printer).await
        }
        Command::Deliveries(asked) => look::deliveries(&opened_anyway(config, printer).await?, asked, printer).await,
        Command::Recipients(asked) => {
            recipients::recipients(&opened_anyway(config, printer).await?, &asked, printer).await
        }
        Command::Channels(asked) => look::channels(&opened_anyway(config, printer).await?, asked, printer).await,
        Command::Feeds(asked) => feeds::feeds(&opened_anyway(config, printer).await?, asked, printer).await,
        Command::User(asked) => user::user(&opened_anyway(config, printer).await?, asked, printer).await,
        Command::Balance => look::balance(&opened_anyway(config, printer).await?, printer).await,
        Command::Retry(retry) => decide::retry(&opened_anyway(config, printer).await?, retry, printer).await,
        Command::Approve(asked) => approve::approve(&opened_anyway(config, printer).await?, asked, printer).await,
        Command::Resolve(resolve) => decide::resolve(&opened_anyway(config, printer).await?, resolve, printer).await,
        Command::Pause(pause) => decide::pause(&opened_anyway(config, printer).await?, pause, printer).await,
        Command::Resume(resume) => decide::resume(&opened_anyway(config, printer).await?, resume, printer).await,
        Command::Subscribers(asked) => {
            subscribers::subscribers(&opened_anyway(config, printer).await?, asked, printer).await
        }
        Command::Email(EmailCommand::Bounce) => bounce::bounce(&opened_anyway(config, printer).await?, printer).await,
        Command::Demo(_) | Command::Kinds(_) | Command::Say(_) => Ok(()),
    }
}

fn configured(file: &Path, printer: &mut Printer) -> Result<Config, CliError> {
    let config = Config::load(file)?;
    if asked_language().is_none() {
        printer.speak(config.office.language);
    }
    Ok(config)
}

async fn opened(config: Config) -> Result<App, CliError> {
    Ok(App::open(config, Clock::system()).await?)
}

/// For what can be done although a channel file is wrong; says which one is.
async fn opened_anyway(config: Config, printer: &Printer) -> Result<App, CliError> {
    let (app, errors) = App::open_anyway(config, Clock::system()).await?;
    for error in errors {
        printer.error(&Text::same(error.show(printer.language())));
    }
    Ok(app)
}

/// The person at this terminal, for the ledger.
fn who() -> String {
    environment("USER").or_else(|| environment("LOGNAME")).unwrap_or_else(|| "cli".to_owned())
}

fn asked_language() -> Option<Language> {
    environment("LOA_LANG").and_then(|locale| Language::from_locale(&locale))
}

#[expect(clippy::disallowed_methods, reason = "the command line reads its environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
