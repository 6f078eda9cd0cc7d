//! Email: what a letter looks like, who gets one, and what a mail server may do.

mod basics;
mod desk;
mod postfix;
mod sessions;
