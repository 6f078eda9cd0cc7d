//! Email: what a letter looks like, who gets one, and what a mail server may do.

mod basics;
mod bounces;
mod desk;
mod office;
pub(crate) mod people;
mod postfix;
mod returned;
mod sessions;
mod unsubscribe;
