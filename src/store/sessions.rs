//! Who is signed in, and the link to make the first account; the trait [`People`] over them and the accounts.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::Store;
use super::accounts::{self, account, account_columns};
use super::db::{Sql, args};
use super::people::record;
use super::row::{Row, from_json, millis, to_json};
use super::tx::Tx;
use crate::people::{
    ABSOLUTE, Account, AccountChange, AccountId, Credentials, IDLE, NewAccount, NewSession, Notice, Session, Token,
};
use crate::queue::{By, People, Record, Refusable, StoreError};
use crate::text;

fn session(row: &Row) -> Result<Session, StoreError> {
    let odd = || StoreError::Corrupt("a session cannot be read".to_owned());
    Ok(Session {
        hash: row.string("hash")?,
        account: account(row)?,
        csrf: Token::brought(row.text("csrf")?).ok_or_else(odd)?,
        notice: row.opt_text("notice")?.map(from_json).transpose()?,
        seen_at: row.instant("seen_at")?,
    })
}

async fn sign_in(tx: &mut Tx, new: &NewSession) -> Result<(), StoreError> {
    const OVER: Sql = Sql::both("DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2");
    const BEGIN: Sql = Sql::both(
        "INSERT INTO sessions (hash, account_id, csrf, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)",
    );
    const WHO: Sql = Sql::both("SELECT display FROM accounts WHERE id = $1");
    let now = new.now;
    tx.connection.execute(OVER, args![millis(now), millis(now - IDLE)]).await?;
    let args = args![&new.hash, new.account.0, new.csrf.reveal(), millis(now), millis(now + ABSOLUTE)];
    tx.connection.execute(BEGIN, args).await?;
    let row = tx.connection.first(WHO, args![new.account.0]).await?;
    let who = row.map(|row| row.string("display")).transpose()?.unwrap_or_default();
    let address = &new.address;
    let note = text!("đăng nhập từ {address}", "signed in from {address}");
    record(tx, &who, "sign_in", now, None, None, &note).await
}

async fn sign_out(tx: &mut Tx, hash: &str, by: &By) -> Result<(), StoreError> {
    const END: Sql = Sql::both("DELETE FROM sessions WHERE hash = $1");
    if tx.connection.execute(END, args![hash]).await? == 0 {
        return Ok(());
    }
    record(tx, &by.who, "sign_out", by.at, None, None, &text!("đăng xuất", "signed out")).await
}

async fn offer(tx: &mut Tx, hash: &str, expires: DateTime<Utc>) -> Result<bool, StoreError> {
    const EARLIER: Sql = Sql::both("DELETE FROM setup");
    const OFFER: Sql = Sql::both("INSERT INTO setup (hash, step, expires_at) VALUES ($1, 'link', $2)");
    if accounts::any(tx).await? {
        return Ok(false);
    }
    tx.connection.execute(EARLIER, Vec::new()).await?;
    tx.connection.execute(OFFER, args![hash, millis(expires)]).await?;
    Ok(true)
}

struct Taking {
    link: String,
    form: String,
    expires: DateTime<Utc>,
    now: DateTime<Utc>,
}

async fn take(tx: &mut Tx, asked: &Taking) -> Result<bool, StoreError> {
    const TAKE: Sql = Sql::both(
        "UPDATE setup SET hash = $2, step = 'form', expires_at = $3 WHERE hash = $1 AND step = 'link' AND expires_at > $4",
    );
    if accounts::any(tx).await? {
        return Ok(false);
    }
    let args = args![&asked.link, &asked.form, millis(asked.expires), millis(asked.now)];
    Ok(tx.connection.execute(TAKE, args).await? == 1)
}

async fn set_up(
    tx: &mut Tx,
    form: &str,
    new: &NewAccount,
    now: DateTime<Utc>,
) -> Result<Result<AccountId, crate::text::Text>, StoreError> {
    const USE: Sql = Sql::both("DELETE FROM setup WHERE hash = $1 AND step = 'form' AND expires_at > $2");
    let there_are = accounts::any(tx).await?;
    if there_are || tx.connection.execute(USE, args![form, millis(now)]).await? == 0 {
        return Ok(Err(text!(
            "liên kết thiết lập đã dùng hoặc hết hạn; khởi động lại loa để có liên kết mới",
            "the set-up link was used or is over; start loa again for a new one"
        )));
    }
    let by = By { who: new.display.clone(), at: now };
    accounts::add(tx, new, &by).await
}

impl People for Store {
    fn has_accounts(&self) -> BoxFuture<'_, Result<bool, StoreError>> {
        const ANY: Sql = Sql::both("SELECT id FROM accounts LIMIT 1");
        Box::pin(async move { Ok(self.readers.first(ANY, Vec::new()).await?.is_some()) })
    }

    fn accounts(&self) -> BoxFuture<'_, Result<Vec<Account>, StoreError>> {
        Box::pin(self.accounts_now())
    }

    fn credentials(&self, name: String) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        Box::pin(self.credentials_now(name))
    }

    fn add_account(&self, new: NewAccount, by: By) -> BoxFuture<'_, Refusable<AccountId>> {
        Box::pin(self.writer.run((new, by), |tx, (new, by)| Box::pin(accounts::add(tx, new, by))))
    }

    fn change_account(&self, id: AccountId, change: AccountChange, by: By) -> BoxFuture<'_, Refusable<()>> {
        Box::pin(
            self.writer
                .record((id, change, by), |tx, (id, change, by)| Box::pin(accounts::change(tx, *id, change, by))),
        )
    }

    fn use_code(&self, id: AccountId, step: i64) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.record((id, step), |tx, (id, step)| Box::pin(accounts::use_code(tx, *id, *step))))
    }

    fn sign_in(&self, new: NewSession) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.record(new, |tx, new| Box::pin(sign_in(tx, new))))
    }

    fn session(&self, hash: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<Option<Session>, StoreError>> {
        const SESSION: Sql = Sql::both(concat!(
            "SELECT s.hash, s.csrf, s.notice, s.seen_at, ",
            account_columns!(),
            " FROM sessions s JOIN accounts a ON a.id = s.account_id \
             WHERE s.hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND a.disabled_at IS NULL"
        ));
        Box::pin(async move {
            let row = self.readers.first(SESSION, args![hash, millis(now), millis(now - IDLE)]).await?;
            row.as_ref().map(session).transpose()
        })
    }

    fn touch(&self, hash: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>> {
        const TOUCH: Sql = Sql::both("UPDATE sessions SET seen_at = $2, notice = NULL WHERE hash = $1");
        Box::pin(self.writer.record((hash, now), |tx, (hash, now)| {
            Box::pin(async move { tx.connection.execute(TOUCH, args![hash, millis(*now)]).await.map(drop) })
        }))
    }

    fn leave_notice(&self, hash: String, notice: Notice) -> BoxFuture<'_, Result<(), StoreError>> {
        const LEAVE: Sql = Sql::both("UPDATE sessions SET notice = $2 WHERE hash = $1");
        Box::pin(self.writer.record((hash, notice), |tx, (hash, notice)| {
            Box::pin(async move { tx.connection.execute(LEAVE, args![hash, to_json(notice)?]).await.map(drop) })
        }))
    }

    fn sign_out(&self, hash: String, by: By) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.record((hash, by), |tx, (hash, by)| Box::pin(sign_out(tx, hash, by))))
    }

    fn offer_setup(&self, hash: String, expires: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.run((hash, expires), |tx, (hash, expires)| Box::pin(offer(tx, hash, *expires))))
    }

    fn take_setup(
        &self,
        link: String,
        form: String,
        expires: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        let taking = Taking { link, form, expires, now };
        Box::pin(self.writer.run(taking, |tx, taking| Box::pin(take(tx, taking))))
    }

    fn may_set_up(&self, form: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        const RIGHT: Sql = Sql::both("SELECT hash FROM setup WHERE hash = $1 AND step = 'form' AND expires_at > $2");
        Box::pin(async move { Ok(self.readers.first(RIGHT, args![form, millis(now)]).await?.is_some()) })
    }

    fn set_up(&self, form: String, new: NewAccount, now: DateTime<Utc>) -> BoxFuture<'_, Refusable<AccountId>> {
        Box::pin(self.writer.run((form, new, now), |tx, (form, new, now)| Box::pin(set_up(tx, form, new, *now))))
    }

    fn record(&self, asked: Record) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.record(asked, |tx, asked| {
            Box::pin(async move {
                let Record { by, what, channel, note } = asked;
                record(tx, &by.who, what, by.at, channel.as_deref(), None, note).await
            })
        }))
    }
}
