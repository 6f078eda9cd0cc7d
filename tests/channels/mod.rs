//! One file per adapter that speaks to an API: the table of faults, and what is particular to its far side.

mod graph;
mod graph_answers;
mod graph_rounds;
mod single_jobs;
mod telegram;
