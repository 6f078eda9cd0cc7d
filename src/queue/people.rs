//! Officers' accounts and sessions, and the ledger of what they did. `store` keeps it.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use super::StoreError;
use crate::people::{Account, AccountChange, AccountId, Credentials, NewAccount, NewSession, Notice, Session};
use crate::text::Text;

/// Who does something, and when, for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The officer as people call them.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Something for the ledger that changes nothing else in the store: a channel's file was changed, somebody could not
/// sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who did it.
    pub by: By,
    /// What, in one word.
    pub what: &'static str,
    /// On which channel.
    pub channel: Option<String>,
    /// In words.
    pub note: Text,
}

/// What the store refuses, in words for people.
pub type Refusable<T> = Result<Result<T, Text>, StoreError>;

/// Officers. Whatever changes an account, and every sign-in, is a line in the ledger, written in the same transaction.
pub trait People: Send + Sync {
    /// Whether there is any account.
    fn has_accounts(&self) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Every account, by name.
    fn accounts(&self) -> BoxFuture<'_, Result<Vec<Account>, StoreError>>;

    /// What proves that somebody is the owner of the account of this name, if there is one that is not disabled.
    fn credentials(&self, name: String) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>>;

    /// Makes an account; refused where the name is taken.
    fn add_account(&self, new: NewAccount, by: By) -> BoxFuture<'_, Refusable<AccountId>>;

    /// Changes an account. Refused where there is none, and where nobody would be left to look after the others.
    fn change_account(&self, id: AccountId, change: AccountChange, by: By) -> BoxFuture<'_, Refusable<()>>;

    /// Notes that the code of this step was used; false when it, or a later one, was used before.
    fn use_code(&self, id: AccountId, step: i64) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Begins a session.
    fn sign_in(&self, new: NewSession) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The session of this hash, unless it is over or its account is disabled.
    fn session(&self, hash: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<Option<Session>, StoreError>>;

    /// Notes that a session is in use, and takes the notice that was shown.
    fn touch(&self, hash: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Leaves a notice for the session's next page.
    fn leave_notice(&self, hash: String, notice: Notice) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Ends a session.
    fn sign_out(&self, hash: String, by: By) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Offers a one-time link to make the first administrator, in place of any before; false when there are accounts.
    fn offer_setup(&self, hash: String, expires: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Takes the link and gives the right to send the form instead, until `expires`; false when there is no such link.
    fn take_setup(
        &self,
        link: String,
        form: String,
        expires: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Whether this is the right to send the form.
    fn may_set_up(&self, form: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Makes the first account and takes the right; refused without it, or where there are accounts.
    fn set_up(&self, form: String, new: NewAccount, now: DateTime<Utc>) -> BoxFuture<'_, Refusable<AccountId>>;

    /// Writes a line into the ledger.
    fn record(&self, record: Record) -> BoxFuture<'_, Result<(), StoreError>>;
}
