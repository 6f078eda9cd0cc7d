//! The officers who use the console: what each may do, and how they prove who they are.

mod account;
mod password;
mod role;
mod session;
mod token;
mod two_steps;

pub use account::{Account, AccountChange, AccountId, Credentials, NewAccount, sign_in_name};
pub use password::{Password, PasswordHash};
pub use role::Role;
pub use session::{ABSOLUTE, IDLE, NewSession, Notice, Session, Tone};
pub use token::{NoRandomness, Token};
pub use two_steps::TwoSteps;
