//! Sentences of the kind communes publish, and how an announcer reads them.

use loa::speech::timing::Pace;
use loa::speech::{Certainty, Class, CodeStyle, Lexicon, Normaliser, Region, Voice, syllables};

/// written ⇥ spoken, one line each.
const TABLE: &str = include_str!("readings.tsv");

fn northern() -> Normaliser {
    Normaliser::new(Voice::default(), Lexicon::default())
}

#[test]
fn every_sentence_of_the_table_is_read_as_approved() {
    let reader = northern();
    let mut wrong = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let (written, spoken) = line.split_once('\t').unwrap_or((line, ""));
        let heard = reader.line(written).text;
        if heard != spoken {
            wrong.push(format!("{written}\n  want {spoken}\n  have {heard}"));
        }
    }
    assert!(wrong.is_empty(), "{} readings changed:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn running_text_is_flagged_at_most_once_in_two_hundred_syllables() {
    // Sentences only: the fragments of the table have no neighbours to decide by.
    let text: Vec<&str> = TABLE
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(written, _)| written)
        .filter(|written| written.ends_with('.') && written.len() > 60)
        .collect();
    let spoken = northern().text(&text.join("\n"));
    let doubtful = spoken.doubts().filter(|t| t.certainty == Certainty::Guess).count();
    assert!(doubtful * 200 <= syllables(&spoken.text), "{doubtful} guesses in {} syllables", syllables(&spoken.text));
}

#[test]
fn an_article_teaches_its_abbreviations() {
    let text = "Ban Vận động xây dựng cầu (BVĐXDC) họp sáng nay.\nThành viên BVĐXDC có 12 người.";
    let spoken = northern().text(text);
    assert_eq!(
        spoken.text,
        "Ban Vận động xây dựng cầu họp sáng nay.\nThành viên Ban Vận động xây dựng cầu có mười hai người."
    );
    assert!(spoken.tokens.iter().any(|t| t.class == Class::Definition && t.spoken.is_empty()));
}

#[test]
fn what_an_article_teaches_is_itself_read() {
    let text = "Ban Chỉ đạo UBND (BCĐU) họp.\nBCĐU giao việc.";
    let spoken = northern().text(text).text;
    assert_eq!(spoken, "Ban Chỉ đạo Ủy ban nhân dân họp.\nBan Chỉ đạo Ủy ban nhân dân giao việc.");
    // Found by the fuzzer.
    let jumble = "(HH)5\\HH H(HH)5S\nat2\n-\r)5\\HH H(HH)5\\\na=2";
    let once = northern().text(jumble).text;
    assert_eq!(northern().text(&once).text, once);
}

#[test]
fn an_unknown_abbreviation_is_spelled_and_never_sure() {
    let spoken = northern().line("Đoàn BQXZ đến thăm xã");
    let doubt = spoken.doubts().next().map(|t| (t.written.as_str(), t.spoken.as_str(), t.certainty));
    assert_eq!(doubt, Some(("BQXZ", "bê quy ích dét", Certainty::Unknown)));
}

#[test]
fn staff_beat_what_is_built_in_and_every_rule() -> Result<(), Box<dyn std::error::Error>> {
    let tsv = "UBND\tỦy ban\tgọn\n24/7\tsuốt ngày đêm\nzalo\tgia lô\n";
    let lexicon = Lexicon::parse(tsv).map_err(|errors| format!("{errors:?}"))?;
    let spoken = Normaliser::new(Voice::default(), lexicon).line("UBND trực 24/7 qua Zalo");
    assert_eq!(spoken.text, "Ủy ban trực suốt ngày đêm qua gia lô");
    assert_eq!(spoken.doubts().count(), 0);
    Ok(())
}

#[test]
fn the_office_chooses_its_voice() {
    let voice = |code_style| Voice { region: Region::South, code_style, tu: Some("Thành ủy".to_owned()) };
    let read = |style, text| Normaliser::new(voice(style), Lexicon::default()).line(text).text;
    assert_eq!(read(CodeStyle::Full, "1.204 hộ"), "Một ngàn hai trăm lẻ bốn hộ");
    let code = "Chỉ thị số 05-CT/TU";
    assert_eq!(read(CodeStyle::Full, code), "Chỉ thị số không năm, Chỉ thị Thành ủy");
    assert_eq!(read(CodeStyle::Short, code), "Chỉ thị số không năm của Thành ủy");
    assert_eq!(read(CodeStyle::Spelled, code), "Chỉ thị số không năm gạch ngang xê tê trên tê u");
    let spoken = northern().line(code);
    assert!(
        spoken.doubts().any(|t| t.alternatives.is_empty() || t.alternatives.iter().any(|a| a.contains("Thành ủy")))
    );
}

#[test]
fn spans_are_bytes_of_the_input_and_heard_bytes_of_the_output() {
    let text = "Sáng 5/9,\nUBND xã họp";
    let spoken = northern().text(text);
    for token in &spoken.tokens {
        assert_eq!(text.get(token.span.clone()), Some(token.written.as_str()));
        assert_eq!(spoken.text.get(token.heard.clone()), Some(token.spoken.as_str()));
    }
    assert!(spoken.tokens.iter().any(|t| t.written == "UBND" && t.class == Class::Abbreviation));
}

#[test]
fn an_item_is_timed_from_what_is_said() {
    let spoken = northern().line("Năm 2023, xã có 104 hộ.").text;
    assert_eq!(syllables(&spoken), 15);
    assert!((Pace::default().seconds(&spoken) - (15.0 / 3.0 + 0.3 + 0.8)).abs() < 1e-9);
}
