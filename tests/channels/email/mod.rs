//! Email: what a letter looks like, who gets one, and what a mail server may do.

mod basics;
mod bounces;
mod desk;
mod office;
pub(crate) mod people;
mod returned;
mod unsubscribe;
