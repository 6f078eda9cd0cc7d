//! Email: what a letter looks like, who gets one, and what a mail server may do.

mod basics;
mod bounces;
mod bureau;
mod desk;
mod dkim;
mod full;
mod letters;
mod looks;
mod mailings;
mod office;
pub(crate) mod people;
mod kills;
mod returned;
mod sessions;
mod templates;
mod tls;
mod unsubscribe;
