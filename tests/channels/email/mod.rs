//! Email: what a letter looks like, who gets one, and what a mail server may do.

mod basics;
mod bureau;
mod desk;
mod dkim;
mod letters;
mod looks;
mod postfix;
mod sessions;
mod templates;
