//! Which articles a channel takes.

use std::sync::Arc;

use loa::article::{Article, Priority};
use loa::schedule::{Not, Route};
use unicode_normalization::UnicodeNormalization as _;

use crate::sample::article;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn takes(route: &Route, article: &Article) -> bool {
    route.takes(article).unwrap()
}

fn when(expression: &str) -> Route {
    Route::check(expression).unwrap();
    Route { when: Some(Arc::from(expression)), ..Route::default() }
}

#[test]
fn a_route_that_says_nothing_takes_everything() {
    assert!(takes(&Route::default(), &article("1")));
    assert!(takes(&Route::default(), &Article { topics: Vec::new(), organisation: None, ..article("1") }));
}

#[test]
fn a_route_says_why_it_does_not_take_an_article() {
    let article = Article { priority: Priority::Low, organisation: Some("UBND xã".to_owned()), ..article("1") };
    let why = |route: &Route| route.why_not(&article).unwrap();
    assert_eq!(why(&Route::default()), None);
    let except = Route { except: names(&["cải cách hành chính"]), topics: names(&["y tế"]), ..Route::default() };
    assert_eq!(why(&except), Some(Not::Except("cải cách hành chính".to_owned())), "an exception is said first");
    assert_eq!(why(&Route { topics: names(&["y tế"]), ..Route::default() }), Some(Not::Topics));
    assert_eq!(why(&Route { organisations: names(&["Đảng ủy"]), ..Route::default() }), Some(Not::Organisations));
    let urgent = Route { priority: vec![Priority::Urgent], ..Route::default() };
    assert_eq!(why(&urgent), Some(Not::Priority(Priority::Low)));
    let condition = when("priority == 'urgent'");
    assert_eq!(why(&condition), Some(Not::When(Arc::from("priority == 'urgent'"))));
    assert!(why(&condition).unwrap().text().vi.contains("priority == 'urgent'"));
}

#[test]
fn one_of_the_topics_is_enough_and_one_of_the_exceptions_too() {
    let topics = |list: &[&str]| Route { topics: names(list), ..Route::default() };
    assert!(takes(&topics(&["y tế", "thông báo"]), &article("1")));
    assert!(!takes(&topics(&["y tế"]), &article("1")));
    assert!(!takes(&topics(&["thông"]), &article("1")), "a part of a name is another name");
    let except = Route { except: names(&["cải cách hành chính"]), ..topics(&["thông báo"]) };
    assert!(!takes(&except, &article("1")), "an exception wins");
    assert!(takes(&Route { except: names(&["nội bộ"]), ..Route::default() }, &article("1")));
}

#[test]
fn case_does_not_matter_and_diacritics_do() {
    for same in ["THÔNG BÁO", "Thông Báo", "cải cách HÀNH CHÍNH"] {
        assert!(takes(&Route { topics: names(&[same]), ..Route::default() }, &article("1")), "{same}");
    }
    for other in ["thong bao", "thông bảo", "cai cach hanh chinh"] {
        assert!(!takes(&Route { topics: names(&[other]), ..Route::default() }, &article("1")), "{other}");
    }
}

#[test]
fn a_topic_typed_with_separate_accents_is_the_same_topic() {
    let typed: String = "Cải cách hành chính".nfd().collect();
    assert_ne!(typed, "Cải cách hành chính");
    assert!(takes(&Route { topics: vec![typed.clone()], ..Route::default() }, &article("1")));
    assert!(!takes(&Route { except: vec![typed], ..Route::default() }, &article("1")));
    let organisation: String = "UBND xã An Bình".nfd().collect();
    assert!(takes(&Route { organisations: vec![organisation], ..Route::default() }, &article("1")));
    let expression: String = "'cải cách hành chính' in topics".nfd().collect();
    assert!(takes(&when(&expression), &article("1")));
}

#[test]
fn organisations_and_priorities_narrow_the_choice() {
    let of = |name: &str| Route { organisations: names(&[name]), ..Route::default() };
    assert!(takes(&of("ubnd xã an bình"), &article("1")));
    assert!(!takes(&of("UBND xã An Phú"), &article("1")));
    assert!(!takes(&of("UBND xã An Bình"), &Article { organisation: None, ..article("1") }));
    let urgent = Route { priority: vec![Priority::Urgent], ..Route::default() };
    assert!(!takes(&urgent, &article("1")));
    assert!(takes(&urgent, &Article { priority: Priority::Urgent, ..article("1") }));
}

#[test]
fn a_condition_sees_the_articles_facts() {
    for (expression, expected) in [
        ("priority == 'urgent' or 'thông báo' in topics", true),
        ("priority == 'urgent'", false),
        ("source == 'cms' and language == 'vi'", true),
        ("title is startingwith('Lịch')", true),
        ("organisation == 'UBND xã An Bình'", true),
        ("topics | length > 2", false),
        ("not topics", false),
    ] {
        assert_eq!(takes(&when(expression), &article("1")), expected, "{expression}");
    }
    let listed = Route { topics: names(&["y tế"]), ..when("true") };
    assert!(!takes(&listed, &article("1")), "a condition adds to the lists, it does not replace them");
}

#[test]
fn a_condition_that_cannot_be_understood_is_refused_before_any_article_comes() {
    for bad in ["priority ==", "'y tế' in", "((", "topics |"] {
        let error = Route::check(bad).expect_err(bad).0;
        assert!(error.vi.contains("không hợp lệ") && error.en.contains("not valid"), "{error:?}");
        assert!(error.vi.contains(bad) && error.en.contains(bad), "{error:?}");
    }
    let unknown = Route::check("'y tế' in topic").expect_err("an unknown name was taken").0;
    for text in [&unknown.vi, &unknown.en] {
        assert!(text.contains("\"topic\"") && text.contains("topics"), "{text}");
    }
    assert!(unknown.vi.contains("có phải \"topics\"") && unknown.en.contains("did you mean \"topics\""), "{unknown:?}");
    // A filter or test that does not exist fails on every article: it has to be found now.
    for bad in ["title | khong_co", "title is khong_co"] {
        assert!(Route::check(bad).is_err(), "{bad} was taken");
    }
}
