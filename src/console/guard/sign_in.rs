//! Proving who somebody is.

use std::sync::Arc;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use super::cookies;
use super::{Guest, Officer, SESSION, Stop};
use crate::console::Face;
use crate::people::{
    ABSOLUTE, Account, AccountId, Credentials, NewSession, Password, PasswordHash, Token, sign_in_name,
};
use crate::queue::{By, Record, StoreError};
use crate::text;
use crate::text::Text;

/// Why somebody is not signed in.
pub(in crate::console) enum Refusal {
    /// Too many tries.
    Wait(DateTime<Utc>),
    /// The name or the password is wrong; which of them is not said.
    Wrong,
    /// The password is right; a code is needed, or another one.
    Code {
        /// Whether one was given.
        given: bool,
    },
    /// It cannot be known just now.
    Stop(Stop),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Stop(error.into())
    }
}

/// Whose name, password and code these are.
pub(in crate::console) async fn prove(
    face: &Arc<Face>,
    guest: &Guest,
    (name, password, code): (&str, &str, &str),
) -> Result<Account, Refusal> {
    let known = password_of(face, guest, name, password).await?;
    if let Some(secret) = &known.totp {
        let fresh = match secret.step_of(code, face.console.clock.now()) {
            Some(step) => face.console.people.use_code(known.account.id, step).await?,
            None => false,
        };
        if !fresh {
            return Err(Refusal::Code { given: !code.trim().is_empty() });
        }
    }
    face.attempts.went_well(&known.account.name, &guest.address);
    Ok(known.account)
}

/// Whether this is the password of somebody who is signed in: whoever finds a screen unlocked cannot take the account over.
pub(in crate::console) async fn prove_again(
    face: &Arc<Face>,
    guest: &Guest,
    officer: &Officer,
    password: &str,
) -> Result<(), Refusal> {
    let name = &officer.session.account.name;
    password_of(face, guest, name, password).await?;
    face.attempts.went_well(name, &guest.address);
    Ok(())
}

/// Whose name and password these are. It takes as long for a name that is not there.
async fn password_of(face: &Arc<Face>, guest: &Guest, name: &str, password: &str) -> Result<Credentials, Refusal> {
    let now = face.console.clock.now();
    let name = sign_in_name(name).unwrap_or_default();
    face.attempts.begin(&name, &guest.address, now).map_err(Refusal::Wait)?;
    let known = face.console.people.credentials(name).await?;
    let (hash, password) = (known.as_ref().map(|known| known.password.clone()), Password::typed(password));
    let compared = beside(face, move || {
        let nobodys = PasswordHash::nobodys();
        hash.as_ref().unwrap_or(nobodys).is_of(&password)
    });
    let right = compared.await.map_err(Refusal::Stop)?;
    if let Some(known) = known.filter(|_| right) {
        return Ok(known);
    }
    tracing::warn!(address = %guest.address, "somebody could not sign in");
    refused(face, &guest.address, now).await?;
    Err(Refusal::Wrong)
}

/// A wrong try is a line in the ledger; the name that was typed is not, for it may be a password.
async fn refused(face: &Face, address: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let note = text!("đăng nhập không được từ {address}", "could not sign in from {address}");
    let by = By { who: "?".to_owned(), at: now };
    face.console.people.record(Record { by, what: "sign_in_refused", channel: None, note }).await
}

/// Begins a session under a new token, whatever cookie was there before.
pub(in crate::console) async fn begin(
    face: &Face,
    guest: &Guest,
    account: AccountId,
    headers: &mut HeaderMap,
) -> Result<(), Stop> {
    let (token, csrf) = (Token::new()?, Token::new()?);
    let address = guest.address.clone();
    let new = NewSession { hash: token.hash(), account, csrf, address, now: face.console.clock.now() };
    face.console.people.sign_in(new).await?;
    cookies::set(headers, SESSION, &token, ABSOLUTE, guest.secure);
    Ok(())
}

/// Hashes a new password, beside everything else.
pub(in crate::console) async fn hashed(face: &Face, password: Password) -> Result<PasswordHash, Stop> {
    let hashed = beside(face, move || PasswordHash::of(&password)).await?;
    Ok(hashed?)
}

async fn beside<T: Send + 'static>(face: &Face, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stop> {
    let failed = |detail: Text| Stop::Failed(detail.en);
    let _turn = face.hashing.acquire().await.map_err(|error| failed(Text::same(error.to_string())))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| failed(Text::same(error.to_string())))
}
