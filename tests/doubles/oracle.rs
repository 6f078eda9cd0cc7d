//! The oracle finds what is wrong and nothing else.

use crate::support::oracle::{Board, Event, Finding, Medium, Oracle, Sighting, Verdict, Wanted};

fn seen(audience: &str, article: &str, revision: u64, event: Event) -> Sighting {
    let (audience, article) = (audience.to_owned(), article.to_owned());
    Sighting { channel: "kênh".to_owned(), audience, article, revision, event }
}

fn on_board(wanted: impl Into<Wanted>, history: &[(u64, Event)]) -> Verdict {
    let history = history.iter().map(|(revision, event)| seen("", "bai-1", *revision, *event)).collect();
    Oracle::new().expect("bai-1", wanted).board("kênh", history).verdict()
}

fn in_letters(wanted: impl Into<Wanted>, history: &[(u64, Event)]) -> Verdict {
    let history = history.iter().map(|(revision, event)| seen("a@x.vn", "bai-1", *revision, *event)).collect();
    Oracle::new().expect("bai-1", wanted).letters("kênh", ["a@x.vn"], history).verdict()
}

fn whats(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.what.as_str()).collect()
}

const PUBLISHED: Event = Event::Published;
const CORRECTED: Event = Event::Corrected;
const WITHDRAWN: Event = Event::Withdrawn;

#[test]
fn what_should_be_and_is_passes() {
    on_board(Some(1), &[(1, PUBLISHED)]).assert_clean();
    on_board(Some(3), &[(1, PUBLISHED), (3, CORRECTED), (3, CORRECTED)]).assert_clean();
    on_board(None, &[(1, PUBLISHED), (1, WITHDRAWN), (1, WITHDRAWN)]).assert_clean();
    on_board(None, &[]).assert_clean();
    on_board(Some(2), &[(1, PUBLISHED), (1, WITHDRAWN), (2, PUBLISHED)]).assert_clean();
    in_letters(Some(2), &[(1, PUBLISHED), (2, CORRECTED)]).assert_clean();
    in_letters(None, &[(1, PUBLISHED), (1, WITHDRAWN)]).assert_clean();
    in_letters(None, &[]).assert_clean();
}

#[test]
fn what_never_came_is_lost() {
    assert_eq!(whats(&on_board(Some(1), &[]).lost), ["wanted revision 1, nothing is there"]);
    let taken_back = on_board(Some(2), &[(1, PUBLISHED), (1, WITHDRAWN)]);
    assert_eq!(whats(&taken_back.lost), ["wanted revision 2, it was withdrawn"]);
    assert_eq!(on_board(Some(2), &[(2, CORRECTED)]).lost.len(), 1);
    let one_missing = [seen("a@x.vn", "bai-1", 1, PUBLISHED)];
    let mut oracle = Oracle::new();
    oracle.expect("bai-1", Some(1)).letters("email", ["a@x.vn", "b@x.vn"], one_missing.to_vec());
    assert_eq!(
        oracle.verdict().to_string(),
        "1 lost, 0 doubled, 0 stale, 0 unexpected\n  lost: bai-1 on email to b@x.vn: wanted revision 1, nothing is there"
    );
}

#[test]
fn what_came_twice_is_doubled() {
    let twice = on_board(Some(1), &[(1, PUBLISHED), (1, PUBLISHED)]);
    assert_eq!((whats(&twice.doubled), twice.stale.len()), (vec!["published again at revision 1"], 0));
    let healed = on_board(None, &[(1, PUBLISHED), (1, PUBLISHED), (1, WITHDRAWN)]);
    assert_eq!(healed.doubled.len(), 1);
    assert_eq!(in_letters(Some(1), &[(1, PUBLISHED), (1, PUBLISHED)]).doubled.len(), 1);
    assert_eq!(in_letters(Some(2), &[(1, PUBLISHED), (2, CORRECTED), (2, CORRECTED)]).doubled.len(), 1);
    assert_eq!(in_letters(Some(2), &[(1, PUBLISHED), (2, PUBLISHED)]).doubled.len(), 1);
    assert_eq!(in_letters(None, &[(1, PUBLISHED), (1, WITHDRAWN), (1, WITHDRAWN)]).doubled.len(), 1);
}

#[test]
fn what_is_old_is_stale() {
    let behind = on_board(Some(2), &[(1, PUBLISHED)]);
    assert_eq!(whats(&behind.stale), ["wanted revision 2, revision 1 is shown"]);
    let back = on_board(Some(3), &[(1, PUBLISHED), (3, CORRECTED), (2, CORRECTED), (3, CORRECTED)]);
    assert_eq!(whats(&back.stale), ["corrected revision 2 when it was already at revision 3"]);
    let up = on_board(None, &[(1, PUBLISHED)]);
    assert_eq!(whats(&up.stale), ["wanted it withdrawn, revision 1 is still shown"]);
    let risen = on_board(None, &[(1, PUBLISHED), (1, WITHDRAWN), (1, PUBLISHED), (1, WITHDRAWN)]);
    assert_eq!(whats(&risen.stale), ["published revision 1 when it was withdrawn at revision 1"]);
    assert_eq!(in_letters(None, &[(1, PUBLISHED)]).stale.len(), 1);
    let mut no_recalls = Oracle::new();
    let history = vec![seen("a@x.vn", "bai-1", 1, PUBLISHED)];
    no_recalls.expect("bai-1", None).far_side("kênh", Medium::LettersWithoutRecall, ["a@x.vn"], history);
    no_recalls.verdict().assert_clean();
}

#[test]
fn what_nobody_asked_for_is_unexpected() {
    let history = vec![seen("", "bai-1", 1, PUBLISHED), seen("", "bai-9", 1, PUBLISHED)];
    let mut oracle = Oracle::new();
    oracle.expect("bai-1", Some(1)).never_on("nội bộ", "bai-1");
    oracle.board("kênh", history.clone()).board("nội bộ", history);
    let verdict = oracle.verdict();
    assert_eq!((verdict.unexpected.len(), verdict.lost.len()), (3, 0), "{verdict}");
    let mut stranger = Oracle::new();
    stranger.expect("bai-1", Some(1));
    stranger.letters("email", Vec::<String>::new(), vec![seen("c@x.vn", "bai-1", 1, PUBLISHED)]);
    assert_eq!(whats(&stranger.verdict().unexpected), ["not in this audience"]);
}

#[test]
fn a_channel_can_be_told_something_else() {
    let mut oracle = Oracle::new();
    oracle.expect_all([("bai-1", Some(2)), ("bai-2", None)]).expect_on("cũ", "bai-1", Some(1));
    oracle.board("cũ", vec![seen("", "bai-1", 1, PUBLISHED)]);
    oracle.verdict().assert_clean();
}

#[test]
fn what_loa_admits_not_to_know_explains_absence_but_no_double() {
    let mut oracle = Oracle::new();
    let delivery = ("kênh".to_owned(), "bai-1".to_owned());
    oracle.expect("bai-1", Some(2)).board("kênh", vec![]).undecided([delivery.clone()]);
    oracle.verdict().assert_clean();
    let mut doubled = Oracle::new();
    doubled.expect("bai-1", Some(1)).undecided([delivery.clone()]);
    doubled.board("kênh", vec![seen("", "bai-1", 1, PUBLISHED), seen("", "bai-1", 1, PUBLISHED)]);
    assert_eq!(doubled.verdict().doubled.len(), 1);
    doubled.may_have_doubled([delivery]);
    doubled.verdict().assert_clean();
}

#[test]
fn a_letter_of_correction_is_read_even_without_a_first_one() {
    let history = [seen("a@x.vn", "bai-1", 2, CORRECTED)];
    assert_eq!(Board::replayed(Medium::Letters, &history).shown("a@x.vn", "bai-1").copies, [2]);
    assert_eq!(Board::replayed(Medium::Board, &history).shown("a@x.vn", "bai-1").copies, [0; 0]);
}

#[test]
#[should_panic(expected = "1 lost, 0 doubled, 0 stale, 0 unexpected")]
fn a_verdict_panics_with_its_findings() {
    on_board(Some(1), &[]).and(Verdict::default()).assert_clean();
}
