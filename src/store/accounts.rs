//! Officers' accounts.

use unicode_normalization::UnicodeNormalization as _;

use super::Store;
use super::db::{Sql, args};
use super::people::record;
use super::row::{Row, millis};
use super::tx::Tx;
use crate::people::{Account, AccountChange, AccountId, Credentials, NewAccount, PasswordHash, Role, TwoSteps};
use crate::queue::{By, StoreError};
use crate::text;
use crate::text::{Language, Text};

/// The columns of an account, `a` being the table.
macro_rules! account_columns {
    () => {
        "a.id, a.name, a.display, a.role, a.totp, a.language, a.created_at, a.disabled_at"
    };
}
pub(super) use account_columns;

pub(super) fn account(row: &Row) -> Result<Account, StoreError> {
    let role = row.text("role")?;
    let odd = || StoreError::Corrupt(format!("there is no role \"{role}\""));
    Ok(Account {
        id: AccountId(row.int("id")?),
        name: row.string("name")?,
        display: row.string("display")?,
        role: Role::named(role).ok_or_else(odd)?,
        two_steps: row.opt_text("totp")?.is_some(),
        language: row.opt_text("language")?.and_then(Language::from_locale),
        created_at: row.instant("created_at")?,
        disabled_at: row.opt_instant("disabled_at")?,
    })
}

impl Store {
    pub(super) async fn accounts_now(&self) -> Result<Vec<Account>, StoreError> {
        const ALL: Sql = Sql::both(concat!("SELECT ", account_columns!(), " FROM accounts a ORDER BY a.name"));
        self.readers.fetch(ALL, Vec::new()).await?.iter().map(account).collect()
    }

    pub(super) async fn credentials_now(&self, name: String) -> Result<Option<Credentials>, StoreError> {
        const NAMED: Sql = Sql::both(concat!(
            "SELECT ",
            account_columns!(),
            ", a.password FROM accounts a WHERE a.name = $1 AND a.disabled_at IS NULL"
        ));
        let Some(row) = self.readers.first(NAMED, args![name]).await? else { return Ok(None) };
        let totp = row.opt_text("totp")?.map(|secret| {
            TwoSteps::written(secret).ok_or_else(|| StoreError::Corrupt("a second step cannot be read".to_owned()))
        });
        let password = PasswordHash::kept(row.string("password")?);
        Ok(Some(Credentials { account: account(&row)?, password, totp: totp.transpose()? }))
    }
}

async fn number(tx: &mut Tx) -> Result<i64, StoreError> {
    const NUMBER: Sql = Sql::both("SELECT count(*) AS number FROM accounts");
    tx.connection.first(NUMBER, Vec::new()).await?.map_or(Ok(0), |row| row.int("number"))
}

/// Whether there is any account; nobody else makes or changes one until the transaction ends.
pub(super) async fn any(tx: &mut Tx) -> Result<bool, StoreError> {
    tx.alone_at("accounts").await?;
    Ok(number(tx).await? > 0)
}

pub(super) async fn add(tx: &mut Tx, new: &NewAccount, by: &By) -> Result<Result<AccountId, Text>, StoreError> {
    const ADD: Sql = Sql::both(
        "INSERT INTO accounts (name, display, role, password, totp_step, created_at) VALUES ($1, $2, $3, $4, 0, $5) \
         ON CONFLICT (name) DO NOTHING RETURNING id",
    );
    tx.alone_at("accounts").await?;
    if let Some(like) = looks_like(tx, new).await? {
        return Ok(Err(text!(
            "sổ ghi theo tên hiển thị, mà tên này giống \"{like}\" đang có; thêm chức danh cho khác, ví dụ \"{like} (Văn phòng)\"",
            "the ledger knows people by this name, and it looks like \"{like}\", who is there already; add an office, such as \"{like} (Office)\""
        )));
    }
    let args = args![&new.name, &new.display, new.role.name(), new.password.as_str(), millis(by.at)];
    let name = &new.name;
    let Some(row) = tx.connection.first(ADD, args).await? else {
        return Ok(Err(text!(
            "đã có người dùng tên {name}; chọn tên khác",
            "there is a {name} already; choose another"
        )));
    };
    let role = new.role.text();
    let note = Text {
        vi: format!("thêm người dùng {name} ({})", role.vi),
        en: format!("account {name} was made ({})", role.en),
    };
    record(tx, &by.who, "account", by.at, None, None, &note).await?;
    Ok(Ok(AccountId(row.int("id")?)))
}

/// Whom this name could be taken for.
async fn looks_like(tx: &mut Tx, new: &NewAccount) -> Result<Option<String>, StoreError> {
    const OTHERS: Sql = Sql::both("SELECT display FROM accounts WHERE name <> $1");
    let plain = |name: &str| {
        let letters = name.nfc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric());
        letters.collect::<String>()
    };
    for row in tx.connection.fetch(OTHERS, args![&new.name]).await? {
        let other = row.string("display")?;
        if plain(&other) == plain(&new.display) {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

pub(super) async fn change(
    tx: &mut Tx,
    id: AccountId,
    change: &AccountChange,
    by: &By,
) -> Result<Result<(), Text>, StoreError> {
    const ONE: Sql = Sql::both(concat!("SELECT ", account_columns!(), " FROM accounts a WHERE a.id = $1"));
    tx.alone_at("accounts").await?;
    let Some(before) = tx.connection.first(ONE, args![id.0]).await?.as_ref().map(account).transpose()? else {
        return Ok(Err(text!("không có người dùng này", "there is no such account")));
    };
    let stays = match change {
        AccountChange::Role(role) => *role == Role::Administrator,
        AccountChange::Disabled(disabled) => !disabled,
        _ => true,
    };
    if !stays && is_last_administrator(tx, &before).await? {
        return Ok(Err(text!(
            "đây là người quản trị cuối cùng; giao quyền quản trị cho người khác trước",
            "this is the last administrator; make somebody else one first"
        )));
    }
    write(tx, id, change, by).await?;
    let note = note(&before.name, change);
    record(tx, &by.who, "account", by.at, None, None, &note).await?;
    Ok(Ok(()))
}

async fn is_last_administrator(tx: &mut Tx, account: &Account) -> Result<bool, StoreError> {
    const OTHERS: Sql = Sql::both(
        "SELECT count(*) AS number FROM accounts WHERE role = 'administrator' AND disabled_at IS NULL AND id <> $1",
    );
    if account.role != Role::Administrator || account.disabled_at.is_some() {
        return Ok(false);
    }
    let row = tx.connection.first(OTHERS, args![account.id.0]).await?;
    Ok(row.map_or(Ok(0), |row| row.int("number"))? == 0)
}

async fn write(tx: &mut Tx, id: AccountId, change: &AccountChange, by: &By) -> Result<(), StoreError> {
    const ROLE: Sql = Sql::both("UPDATE accounts SET role = $2 WHERE id = $1");
    const PASSWORD: Sql = Sql::both("UPDATE accounts SET password = $2 WHERE id = $1");
    const TOTP: Sql = Sql::both("UPDATE accounts SET totp = $2, totp_step = 0 WHERE id = $1");
    const LANGUAGE: Sql = Sql::both("UPDATE accounts SET language = $2 WHERE id = $1");
    const DISABLED: Sql = Sql::both("UPDATE accounts SET disabled_at = $2 WHERE id = $1");
    const SESSIONS: Sql = Sql::both("DELETE FROM sessions WHERE account_id = $1 AND hash <> $2");
    let (statement, value) = match change {
        AccountChange::Role(role) => (ROLE, args![id.0, role.name()]),
        AccountChange::Password { hash, .. } => (PASSWORD, args![id.0, hash.as_str()]),
        AccountChange::TwoSteps(secret) => (TOTP, args![id.0, secret.as_ref().map(TwoSteps::reveal)]),
        AccountChange::Language(language) => {
            let name = language.map(|language| match language {
                Language::Vi => "vi",
                Language::En => "en",
            });
            (LANGUAGE, args![id.0, name])
        }
        AccountChange::Disabled(disabled) => (DISABLED, args![id.0, disabled.then(|| millis(by.at))]),
    };
    tx.connection.execute(statement, value).await?;
    match change {
        AccountChange::Password { keep, .. } => {
            tx.connection.execute(SESSIONS, args![id.0, keep.as_deref().unwrap_or_default()]).await?;
        }
        AccountChange::Disabled(true) => {
            tx.connection.execute(SESSIONS, args![id.0, ""]).await?;
        }
        _ => {}
    }
    Ok(())
}

fn note(name: &str, change: &AccountChange) -> Text {
    match change {
        AccountChange::Role(role) => {
            let role = role.text();
            Text { vi: format!("{name}: quyền {}", role.vi), en: format!("{name}: {}", role.en) }
        }
        AccountChange::Password { .. } => text!("{name}: đổi mật khẩu", "{name}: another password"),
        AccountChange::TwoSteps(Some(_)) => text!("{name}: bật mã hai bước", "{name}: second step on"),
        AccountChange::TwoSteps(None) => text!("{name}: tắt mã hai bước", "{name}: second step off"),
        AccountChange::Language(_) => text!("{name}: đổi ngôn ngữ", "{name}: another language"),
        AccountChange::Disabled(true) => text!("{name}: khóa", "{name}: disabled"),
        AccountChange::Disabled(false) => text!("{name}: mở lại", "{name}: enabled again"),
    }
}

/// Takes a code's step; false when it was used before.
pub(super) async fn use_code(tx: &mut Tx, id: AccountId, step: i64) -> Result<bool, StoreError> {
    const USE: Sql = Sql::both("UPDATE accounts SET totp_step = $2 WHERE id = $1 AND totp_step < $2");
    Ok(tx.connection.execute(USE, args![id.0, step]).await? == 1)
}
