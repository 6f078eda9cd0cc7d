//! How fast text becomes speech: `cargo bench --bench speech`. The rows of one table show that time grows as the
//! text does; the last one is text that is nearly all numbers.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use loa::speech::{Lexicon, Normaliser, Voice};

/// An article of the demo, as running text.
const ARTICLE: &str = include_str!("../src/demo/articles/lich-tiep-cong-dan.md");
/// Sentences full of dates, sums and codes.
const NUMBERS: &str = include_str!("../tests/speech/readings.tsv");

fn main() {
    divan::main();
}

fn reader() -> Normaliser {
    Normaliser::new(Voice::default(), Lexicon::default())
}

/// `text`, repeated paragraph after paragraph, up to `size` bytes.
fn lines(text: &str, size: usize) -> String {
    let mut out = String::with_capacity(size + text.len());
    while out.len() < size {
        out.push_str(text);
        out.push('\n');
    }
    out
}

fn read(bencher: Bencher<'_, '_>, text: &str) {
    let reader = reader();
    bencher.counter(BytesCount::of_str(text)).bench_local(|| reader.text(black_box(text)).text.len());
}

#[divan::bench(args = [10_000, 100_000, 1_000_000], sample_count = 10)]
fn article(bencher: Bencher<'_, '_>, size: usize) {
    read(bencher, &lines(ARTICLE, size));
}

#[divan::bench(args = [10_000, 100_000, 1_000_000], sample_count = 10)]
fn numbers(bencher: Bencher<'_, '_>, size: usize) {
    let written: Vec<&str> = NUMBERS.lines().filter_map(|line| Some(line.split_once('\t')?.0)).collect();
    read(bencher, &lines(&written.join("\n"), size));
}

/// One line without an end: nothing may look back or ahead over all of it.
#[divan::bench(args = [10_000, 100_000, 1_000_000], sample_count = 10)]
fn one_line(bencher: Bencher<'_, '_>, size: usize) {
    let written: Vec<&str> = NUMBERS.lines().filter_map(|line| Some(line.split_once('\t')?.0)).collect();
    read(bencher, &lines(&written.join(" "), size).replace('\n', " "));
}
