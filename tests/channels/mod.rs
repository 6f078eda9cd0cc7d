//! One file per adapter that speaks to an API: the table of faults, and what is particular to its far side.

mod wordpress;
mod wordpress_real;
