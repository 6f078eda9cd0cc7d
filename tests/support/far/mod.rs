//! The models of far sides with APIs: their records, their rules, their traps, and what the public sees of them.

pub(crate) mod wordpress;
