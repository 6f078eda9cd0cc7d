//! The specification, in journey order.

mod support;

mod doubles;

mod hostile;

mod crash;
