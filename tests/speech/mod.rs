//! Text in, spoken Vietnamese out.

mod properties;
mod readings;
