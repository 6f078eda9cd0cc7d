//! The console in a real browser: what officers do from day to day, at a desk and on a phone, with JavaScript and without.

mod books;
mod coming_in;
mod deciding;
mod every_page;
mod keeping;
mod office;
mod publishing;
mod screens;
