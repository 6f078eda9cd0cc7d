//! `user`: officers' accounts, from the machine that loa runs on.

use std::io::{BufRead as _, IsTerminal as _};

use clap::Subcommand;
use serde_json::json;

use super::print::Printer;
use super::{CliError, who};
use crate::app::App;
use crate::people::{Account, AccountChange, NewAccount, Password, PasswordHash, Role, Token, sign_in_name};
use crate::queue::By;
use crate::text;
use crate::text::Text;

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Thêm một người; hỏi mật khẩu, hoặc đọc từ stdin · Add somebody; asks for the password, or reads it from stdin
    Add {
        /// Tên đăng nhập · Name to sign in with
        #[arg(value_name = "NAME")]
        name: String,
        /// Quyền · Role
        #[arg(long, value_name = "ROLE")]
        role: RoleName,
        /// Họ tên, hiện trong sổ · Name as people say it, shown in the ledger
        #[arg(long, value_name = "NAME", default_value = "")]
        display: String,
    },
    /// Xem mọi người · List everybody
    List,
    /// Đặt mật khẩu mới · Set a new password
    Password {
        /// Tên đăng nhập · Name to sign in with
        #[arg(value_name = "NAME")]
        name: String,
        /// Tắt luôn mã hai bước, khi mất điện thoại · Switch the second step off too, where the phone is lost
        #[arg(long)]
        one_step: bool,
    },
    /// Khóa một người · Disable somebody
    Disable {
        /// Tên đăng nhập · Name to sign in with
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Mở lại cho một người · Enable somebody again
    Enable {
        /// Tên đăng nhập · Name to sign in with
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// The names of the roles.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum RoleName {
    /// Chỉ xem · Looks
    Viewer,
    /// Soạn bài · Writes
    Editor,
    /// Duyệt · Approves
    Approver,
    /// Quản trị · Looks after everything
    Administrator,
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::Viewer => Role::Viewer,
            Self::Editor => Role::Editor,
            Self::Approver => Role::Approver,
            Self::Administrator => Role::Administrator,
        }
    }
}

pub(super) async fn user(app: &App, asked: UserCommand, printer: &Printer) -> Result<(), CliError> {
    match asked {
        UserCommand::Add { name, role, display } => add(app, (&name, &display), role.role(), printer).await,
        UserCommand::List => list(app, printer).await,
        UserCommand::Password { name, one_step } => {
            let account = find(app, &name).await?;
            let hash = ask(printer)?;
            change(app, &account, AccountChange::Password { hash, keep: None }).await?;
            if one_step {
                change(app, &account, AccountChange::TwoSteps(None)).await?;
            }
            printer.text(&text!("đã đặt mật khẩu mới cho {name}", "{name} has a new password"));
            Ok(())
        }
        UserCommand::Disable { name } => {
            change(app, &find(app, &name).await?, AccountChange::Disabled(true)).await?;
            printer.text(&text!("đã khóa {name}", "{name} is disabled"));
            Ok(())
        }
        UserCommand::Enable { name } => {
            change(app, &find(app, &name).await?, AccountChange::Disabled(false)).await?;
            printer.text(&text!("đã mở lại {name}", "{name} is enabled again"));
            Ok(())
        }
    }
}

fn by(app: &App) -> By {
    By { who: who(), at: app.clock().now() }
}

async fn add(app: &App, (name, display): (&str, &str), role: Role, printer: &Printer) -> Result<(), CliError> {
    // Before anybody types a password for nothing.
    let name = sign_in_name(name).map_err(CliError::Text)?;
    let new = NewAccount::checked(&name, display, role, ask(printer)?).map_err(CliError::Text)?;
    let id = app.people().add_account(new, by(app)).await?.map_err(CliError::Text)?;
    if printer.json() {
        printer.value(&json!({ "id": id.0, "name": name, "role": role }));
    }
    let role = role.text();
    printer
        .text(&Text { vi: format!("đã thêm {name} ({})", role.vi), en: format!("{name} was added ({})", role.en) });
    Ok(())
}

async fn list(app: &App, printer: &Printer) -> Result<(), CliError> {
    let accounts = app.people().accounts().await?;
    if printer.json() {
        let rows = accounts.iter().map(|account| {
            json!({
                "id": account.id.0,
                "name": account.name,
                "display": account.display,
                "role": account.role,
                "two_steps": account.two_steps,
                "created_at": account.created_at,
                "disabled_at": account.disabled_at,
            })
        });
        printer.value(&rows.collect());
        return Ok(());
    }
    let heading = [
        text!("tên", "name"),
        text!("họ tên", "called"),
        text!("quyền", "role"),
        text!("mã hai bước", "second step"),
        text!("tình trạng", "state"),
    ];
    let language = printer.language();
    let say = |text: Text| text.get(language).to_owned();
    let row = |account: &Account| {
        let state = match account.disabled_at {
            Some(_) => text!("đã khóa", "disabled"),
            None => text!("dùng được", "active"),
        };
        let steps = if account.two_steps { text!("bật", "on") } else { text!("tắt", "off") };
        vec![account.name.clone(), account.display.clone(), say(account.role.text()), say(steps), say(state)]
    };
    printer.table(&heading, accounts.iter().map(row).collect());
    Ok(())
}

async fn find(app: &App, name: &str) -> Result<Account, CliError> {
    let name = sign_in_name(name).map_err(CliError::Text)?;
    let found = app.people().accounts().await?.into_iter().find(|account| account.name == name);
    found.ok_or_else(|| CliError::Text(text!("không có người dùng {name}", "there is no {name}")))
}

async fn change(app: &App, account: &Account, change: AccountChange) -> Result<(), CliError> {
    app.people().change_account(account.id, change, by(app)).await?.map_err(CliError::Text)
}

/// A new password: asked for twice at a terminal, or one line of standard input.
fn ask(printer: &Printer) -> Result<PasswordHash, CliError> {
    let unread = |error: std::io::Error| {
        CliError::Text(text!("không đọc được mật khẩu: {error}", "cannot read the password: {error}"))
    };
    let words = if std::io::stdin().is_terminal() {
        let prompt = |text: Text| rpassword::prompt_password(format!("{}: ", text.get(printer.language())));
        let words = prompt(text!("Mật khẩu", "Password")).map_err(unread)?;
        if prompt(text!("Gõ lại mật khẩu", "The password again")).map_err(unread)? != words {
            return Err(CliError::Text(text!("hai lần gõ không giống nhau", "the two differ")));
        }
        words
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(unread)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    let password = Password::new(&words).map_err(CliError::Text)?;
    PasswordHash::of(&password).map_err(|error| CliError::Text(Text::same(error.to_string())))
}

/// Offers to make the first administrator: the path of a one-time link, where there is no account yet.
pub(super) async fn offer_setup(app: &App) -> Result<Option<String>, CliError> {
    let people = app.people();
    if people.has_accounts().await? {
        return Ok(None);
    }
    let token = Token::new().map_err(|error| CliError::Text(Text::same(error.to_string())))?;
    let expires = app.clock().now() + chrono::TimeDelta::hours(crate::console::SETUP_HOURS);
    let offered = people.offer_setup(token.hash(), expires).await?;
    Ok(offered.then(|| format!("/set-up/{}", token.reveal())))
}

/// Says where the console is, and how its first account is made.
pub(super) async fn announce(app: &App, address: std::net::SocketAddr, printer: &Printer) {
    match offer_setup(app).await {
        Ok(Some(path)) => printer.text(&text!(
            "  tạo tài khoản quản trị đầu tiên (liên kết dùng một lần, trong 24 giờ): http://{address}{path}",
            "  make the first administrator (the link works once, for 24 hours): http://{address}{path}"
        )),
        Ok(None) => printer.text(&text!("  bàn làm việc: http://{address}/", "  console: http://{address}/")),
        Err(error) => printer.error(&Text::same(error.to_string())),
    }
}
