//! An officer's account.

use chrono::{DateTime, Utc};

use super::{PasswordHash, Role, TwoSteps};
use crate::text;
use crate::text::{Language, Text};

/// Longest name to sign in with, and longest name that people use, in characters.
const LONGEST: usize = 60;

/// The number of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub i64);

/// An account, without what proves who uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// What is typed to sign in.
    pub name: String,
    /// What people call its owner; the ledger does, too.
    pub display: String,
    /// What it may do.
    pub role: Role,
    /// Whether signing in takes a code besides the password.
    pub two_steps: bool,
    /// What its owner reads; `None`: the office's language.
    pub language: Option<Language>,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// Since when nobody can sign in with it.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// What proves that somebody is the owner of an account.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub account: Account,
    /// The password, hashed.
    pub password: PasswordHash,
    /// The second step, where it is on.
    pub totp: Option<TwoSteps>,
}

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What is typed to sign in; see [`sign_in_name`].
    pub name: String,
    /// What people call its owner.
    pub display: String,
    /// What it may do.
    pub role: Role,
    /// The password, hashed.
    pub password: PasswordHash,
}

/// What becomes of an account.
#[derive(Clone, Debug)]
pub enum AccountChange {
    /// It may do more, or less.
    Role(Role),
    /// Another password; whoever is signed in elsewhere with the old one no longer is. The session named here stays.
    Password {
        /// The new one, hashed.
        hash: PasswordHash,
        /// The hash of the session whose owner changes their own password.
        keep: Option<String>,
    },
    /// The second step is switched on, or off.
    TwoSteps(Option<TwoSteps>),
    /// What its owner reads.
    Language(Option<Language>),
    /// Nobody signs in with it any more, or somebody does again.
    Disabled(bool),
}

/// A name to sign in with as it is kept: lower case, without spaces around it.
///
/// # Errors
/// What a name looks like.
pub fn sign_in_name(written: &str) -> Result<String, Text> {
    let name = written.trim().to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if name.is_empty() || name.chars().count() > LONGEST || !name.chars().all(fits) {
        return Err(text!(
            "tên đăng nhập gồm chữ, số, dấu chấm, gạch nối, không có dấu cách, ví dụ: lan.nguyen",
            "a name to sign in with has letters, digits, dots and hyphens and no spaces, such as lan.nguyen"
        ));
    }
    Ok(name)
}

impl NewAccount {
    /// Checks what somebody wrote. Where nothing is written as the name that people use, it is the one to sign in with.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn checked(name: &str, display: &str, role: Role, password: PasswordHash) -> Result<Self, Text> {
        let name = sign_in_name(name)?;
        let display = display.trim();
        if display.chars().count() > LONGEST || display.chars().any(char::is_control) {
            return Err(text!("họ tên dài quá {LONGEST} chữ", "the name is longer than {LONGEST} characters"));
        }
        let display = if display.is_empty() { name.clone() } else { display.to_owned() };
        Ok(Self { name, display, role, password })
    }
}
