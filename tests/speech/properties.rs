//! What holds for every input: no panic, a closed alphabet, NFC, and nothing left to do the second time.

use loa::speech::{CodeStyle, Lexicon, Normaliser, Region, Voice, breath::Breath, clean, syllables};
use proptest::prelude::*;
use std::sync::LazyLock;
use unicode_normalization::is_nfc;

static READER: LazyLock<Normaliser> = LazyLock::new(|| Normaliser::new(Voice::default(), Lexicon::default()));
static OTHER: LazyLock<Normaliser> = LazyLock::new(|| {
    let voice = Voice { region: Region::South, code_style: CodeStyle::Spelled, tu: Some("Thành ủy".to_owned()) };
    Normaliser::new(voice, Lexicon::default())
});

/// Pieces whose neighbours matter.
const PIECES: &[&str] = &[
    "1",
    "02",
    "7",
    "12",
    "24",
    "25",
    "30",
    "113",
    "2023",
    "1.234",
    "12,5",
    "0912",
    "345",
    "/",
    "-",
    " - ",
    "–",
    ".",
    ",",
    ":",
    ";",
    "(",
    ")",
    "%",
    "+",
    "…",
    "&",
    "@",
    "#",
    "'",
    "\"",
    "“",
    "”",
    "²",
    "°",
    "$",
    "=",
    "x",
    "h",
    "g",
    "m",
    "m2",
    "km",
    "kg",
    "ha",
    "đ",
    "đồng",
    "triệu",
    "tỷ",
    "ngày",
    "tháng",
    "năm",
    "quý",
    "thứ",
    "khóa",
    "lần",
    "số",
    "từ",
    "đến",
    "và",
    "sáng",
    "giờ",
    "phút",
    "I",
    "II",
    "IV",
    "V",
    "XIII",
    "X",
    "C",
    "A",
    "B",
    "UBND",
    "HĐND",
    "BCĐ",
    "NQ",
    "QĐ",
    "TW",
    "TT",
    "TU",
    "CA",
    "BAN",
    "XYZ",
    "VI",
    "ĐT",
    "QL",
    "TP",
    "P",
    "Q",
    "Ban Chỉ đạo",
    "xã",
    "Tổ",
    "người",
    "hộ",
    "tuổi",
    "gọi",
    "điện thoại",
    "Quyết định",
    "Nghị quyết",
    "facebook",
    "Zalo",
    "vn",
    "gov",
    "www",
    "http",
    "com",
    "ubnd",
    "ĐẠI",
    "HỘI",
    "Hà Nội",
    "một",
    "hai",
    "thắng",
    "tỷ số",
    "Km",
    "a",
    "b",
    "ơ",
    "ế",
    "\u{301}",
    "\u{200b}",
    "№",
    "½",
    "Ⅻ",
    "①",
    "²",
    "🎉",
    "中",
    "ⅷ",
    "ª",
    "\n",
    "BTV",
    "GĐ",
    "SN",
    "24/7",
    "5G",
    "H5N1",
    "e",
    "é",
    "Ê",
    "th",
    "nd",
    "1tr",
    "k",
    "p",
    "s",
    "f",
    "PGS",
    "TS",
];

fn pieces() -> impl Strategy<Value = String> {
    let piece = (prop::sample::select(PIECES), prop::bool::weighted(0.55));
    prop::collection::vec(piece, 0..14).prop_map(|pieces| {
        let mut out = String::new();
        for (piece, space) in pieces {
            out.push_str(piece);
            if space {
                out.push(' ');
            }
        }
        out
    })
}

fn check(reader: &Normaliser, input: &str) -> Result<(), TestCaseError> {
    let once = reader.text(input);
    for c in once.text.chars() {
        let plain = c.is_alphabetic() && !c.is_numeric();
        prop_assert!(
            plain || matches!(c, ' ' | '\n' | ',' | '.' | ';' | ':' | '?' | '!' | '…'),
            "{c:?} left in {:?} of {input:?}",
            once.text
        );
    }
    prop_assert!(is_nfc(&once.text));
    prop_assert_eq!(once.text.matches('\n').count(), input.matches('\n').count());
    for token in &once.tokens {
        prop_assert_eq!(input.get(token.span.clone()), Some(token.written.as_str()));
        if is_nfc(input) {
            prop_assert_eq!(once.text.get(token.heard.clone()), Some(token.spoken.as_str()));
        }
    }
    prop_assert!(once.tokens.windows(2).all(|pair| matches!(pair, [a, b] if a.span.end <= b.span.start)));
    let twice = reader.text(&once.text);
    prop_assert_eq!(&twice.text, &once.text, "not stable, from {:?}", input);
    let marked = Breath::default().mark(&once.text);
    prop_assert_eq!(syllables(&marked), syllables(&once.text));
    let _ = clean::article(input);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_and_stays_read(input in any::<String>()) {
        check(&READER, &input)?;
    }

    #[test]
    fn any_mix_of_telling_pieces_is_read_and_stays_read(input in pieces()) {
        check(&READER, &input)?;
    }

    #[test]
    fn every_voice_reads_and_stays_read(input in pieces()) {
        check(&OTHER, &input)?;
    }

    #[test]
    fn signs_and_digits_in_any_order_are_read(input in "[0-9a-zA-ZĐđàéơư ./,:;()%+&@#$°²\"'…–-]{0,40}") {
        check(&READER, &input)?;
    }
}

/// `PROPTEST_CASES` asks for a longer run.
fn cases() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "more cases for a long run")]
    let asked = std::env::var("PROPTEST_CASES");
    asked.ok().and_then(|n| n.parse().ok()).unwrap_or(2000)
}

#[test]
fn every_shipped_reading_is_read_as_it_stands() {
    let data = [
        include_str!("../../src/speech/data/lexicon.tsv"),
        include_str!("../../src/speech/data/context.tsv"),
        include_str!("../../src/speech/data/codes.tsv"),
        include_str!("../../src/speech/data/fields.tsv"),
        include_str!("../../src/speech/data/units.tsv"),
        include_str!("../../src/speech/data/web.tsv"),
    ];
    let mut changed = Vec::new();
    for line in data.iter().flat_map(|tsv| tsv.lines()).filter(|line| !line.starts_with('#')) {
        let Some(spoken) = line.split('\t').nth(1) else {
            continue;
        };
        let again = READER.line(spoken).text;
        if again != spoken {
            changed.push(format!("{line} -> {again}"));
        }
    }
    assert!(changed.is_empty(), "{changed:#?}");
}
