//! Looking things up: what is found, by which words, and how fast where there is much.

use std::sync::Arc;

use chrono::TimeDelta;
use loa::article::{Article, ArticleId, Revision};
use loa::delivery::{Approved, Event, Hold, Plan, State};
use loa::ledger::{Archive, Filter, Ledger, Page, Sought};
use loa::queue::{Change, Current, Handover, Keep, Queue, Verdict};
use loa::store::Store;

use crate::sample::article;
use crate::store::{Place, hand, lease, now_plan, on_both, publish, t, withdraw};
use crate::support::process::now;

on_both! {
    articles_are_found_by_words_with_or_without_diacritics
    everything_that_is_asked_has_to_fit
    pages_follow_one_another_without_gaps_or_repeats
    words_from_before_there_were_any_are_made_once_and_go_with_their_article
    an_article_tells_who_wrote_each_revision_and_who_decided_what
    a_person_approves_where_two_are_asked_for_only_what_another_wrote
    another_copy_is_a_line_in_the_ledger_with_its_reason
}

fn named(id: &str, title: &str, topics: &[&str]) -> Article {
    Article { title: title.to_owned(), topics: topics.iter().map(|topic| (*topic).to_owned()).collect(), ..article(id) }
}

async fn keep(store: &Store, article: Article, channels: &[&str], minutes: i64) -> ArticleId {
    let plans = channels.iter().map(|channel| ((*channel).to_owned(), now_plan(t(minutes)))).collect();
    hand(store, article, plans, t(minutes)).await.unwrap().id
}

fn ids(page: &Page) -> Vec<i64> {
    page.rows.iter().map(|one| one.article.id.0).collect()
}

async fn found(store: &Store, sought: Sought) -> Vec<i64> {
    let most = if sought.most == 0 { 50 } else { sought.most };
    ids(&store.seek(Sought { most, ..sought }).await.unwrap())
}

fn words(words: &str) -> Sought {
    Sought { words: words.to_owned(), ..Sought::default() }
}

async fn articles_are_found_by_words_with_or_without_diacritics(place: Place) {
    let store = place.open().await;
    keep(&store, named("bai-2026_014", "Lịch tiếp công dân tháng 12", &["thông báo"]), &["portal"], 0).await;
    keep(&store, named("15", "Đường thôn Đoài tạm đóng", &["giao thông"]), &["portal"], 1).await;
    keep(&store, named("16", "Lịch tiêm chủng", &["y tế"]), &["portal"], 2).await;
    for (asked, expected) in [
        ("lịch", vec![3, 1]),
        ("LICH TIEP", vec![1]),
        ("tiếp lịch", vec![1]),
        ("cong dan", vec![1]),
        ("công đan", vec![1]),
        ("duong thon doai", vec![2]),
        ("Đường", vec![2]),
        ("tiêm ch", vec![3]),
        ("2026_014", vec![1]),
        ("bai-2026", vec![1]),
        ("15", vec![2]),
        ("2", vec![2, 1]),
        ("không có", vec![]),
        ("–", vec![]),
        ("\"' OR *:& \\", vec![]),
        ("", vec![3, 2, 1]),
    ] {
        assert_eq!(found(&store, words(asked)).await, expected, "{asked:?}");
    }
    // The newest title counts.
    keep(&store, named("16", "Thông báo hoãn tiêm", &["y tế", "thông báo"]), &["portal"], 3).await;
    assert_eq!(found(&store, words("lich")).await, [1]);
    assert_eq!(found(&store, words("hoan")).await, [3]);
    let under = |topic: &str| Sought { topic: Some(topic.to_owned()), ..Sought::default() };
    assert_eq!(found(&store, under("Thông báo")).await, [3, 1]);
    assert_eq!(found(&store, under("thông")).await, Vec::<i64>::new(), "a topic is whole");
    assert_eq!(store.topics(10).await.unwrap(), ["giao thông", "thông báo", "y tế"]);
    store.close().await;
}

async fn everything_that_is_asked_has_to_fit(place: Place) {
    let store = place.open().await;
    keep(&store, named("1", "Họp thôn", &["họp"]), &["portal", "radio"], 0).await;
    keep(&store, named("2", "Họp xã", &["họp"]), &["portal"], 60).await;
    keep(&store, named("3", "Tuyển quân", &["quân sự"]), &["radio"], 24 * 60).await;
    withdraw(&store, "2", t(24 * 60 + 1)).await;
    let channel = |name: &str| Sought { channel: Some(name.to_owned()), ..Sought::default() };
    let state = |name: &str| Sought { state: Some(name.to_owned()), ..Sought::default() };
    assert_eq!(found(&store, channel("radio")).await, [3, 1]);
    assert_eq!(found(&store, channel("zalo")).await, Vec::<i64>::new());
    assert_eq!(found(&store, state("settled")).await, [2]);
    assert_eq!(found(&store, state("waiting")).await, [3, 1]);
    assert_eq!(
        found(&store, Sought { channel: Some("radio".to_owned()), ..state("settled") }).await,
        Vec::<i64>::new()
    );
    assert_eq!(found(&store, Sought { words: "hop".to_owned(), ..state("waiting") }).await, [1]);
    assert_eq!(found(&store, Sought { topic: Some("họp".to_owned()), ..channel("portal") }).await, [2, 1]);
    let day = Sought { from: Some(t(0)), until: Some(t(24 * 60)), ..Sought::default() };
    assert_eq!(found(&store, day.clone()).await, [2, 1]);
    assert_eq!(found(&store, Sought { words: "tuyen".to_owned(), ..day }).await, Vec::<i64>::new());
    assert_eq!(found(&store, Sought { from: Some(t(1)), ..Sought::default() }).await, [3, 2]);
    assert_eq!(found(&store, Sought { until: Some(t(0)), ..Sought::default() }).await, Vec::<i64>::new());
    // What a person has to look at stands in an index of its own.
    let first = store.deliveries(Filter { article: Some(ArticleId(1)), ..Filter::default() }).await.unwrap();
    let portal = first.iter().find(|row| row.delivery.channel == "portal").unwrap().delivery.id;
    let held = Event::Hold(Hold::Late { planned: t(0) });
    store.decide(portal, held, "Lan".to_owned(), t(3)).await.unwrap().unwrap();
    assert_eq!(found(&store, state("held")).await, [1]);
    assert_eq!(found(&store, Sought { channel: Some("radio".to_owned()), ..state("held") }).await, Vec::<i64>::new());
    store.close().await;
}

async fn pages_follow_one_another_without_gaps_or_repeats(place: Place) {
    let store = place.open().await;
    for number in 1..=23 {
        keep(&store, named(&number.to_string(), "Họp", &["họp"]), &["portal"], number).await;
    }
    for sought in [Sought::default(), words("hop"), Sought { channel: Some("portal".to_owned()), ..words("hop") }] {
        let (mut seen, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = store.seek(Sought { before, most: 10, ..sought.clone() }).await.unwrap();
            assert!(page.rows.iter().all(|one| one.deliveries.len() == 1));
            seen.extend(ids(&page));
            pages += 1;
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), ((1..=23).rev().collect(), 3), "{sought:?}");
    }
    store.close().await;
}

async fn words_from_before_there_were_any_are_made_once_and_go_with_their_article(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &[], t(0)).await;
    keep(&store, named("2", "Lịch họp", &["họp"]), &[], 1).await;
    store.close().await;
    place.tamper("DELETE FROM article_words; DELETE FROM topics; UPDATE words_begun SET upto = 0, done = 0").await;
    let store = place.open().await;
    assert_eq!(found(&store, words("lich hop")).await, [2]);
    assert_eq!(found(&store, Sought { topic: Some("họp".to_owned()), ..Sought::default() }).await, [2]);
    store.close().await;
    place.tamper("DELETE FROM article_words").await;
    let store = place.open().await;
    assert_eq!(found(&store, words("lich hop")).await, Vec::<i64>::new(), "it is done once");
    // A forgotten article is found no more, and neither are its approvals.
    keep(&store, named("2", "Lịch họp dời", &["họp"]), &[], 2).await;
    assert_eq!(found(&store, words("doi")).await, [2]);
    let keep = Keep { trail: Some(TimeDelta::days(1)), article: Some(TimeDelta::days(2)) };
    for days in [10, 20, 30] {
        store.tidy(&keep, t(days * 24 * 60)).await.unwrap();
    }
    assert_eq!(found(&store, words("doi")).await, Vec::<i64>::new());
    store.close().await;
}

async fn accept_as(store: &Store, who: &str, article: Article, approval: bool, minutes: i64) -> ArticleId {
    let handover = Handover {
        key: article.key.clone(),
        who: who.to_owned(),
        writers: Vec::new(),
        now: t(minutes),
        as_of: t(minutes),
        request: None,
    };
    let article = Arc::new(article);
    let decide = move |known: Option<&Current>| {
        let revision = known.map_or(Revision::FIRST, |known| known.revision.next());
        let plan = Plan { approval, ..now_plan(t(minutes)) };
        Ok(Change::Revise { revision, article: Arc::clone(&article), plans: vec![("portal".to_owned(), plan)] })
    };
    match store.accept(handover, Box::new(decide)).await.unwrap() {
        Verdict::Accepted(accepted) => accepted.id,
        other => panic!("{other:?}"),
    }
}

async fn an_article_tells_who_wrote_each_revision_and_who_decided_what(place: Place) {
    let store = place.open().await;
    let id = accept_as(&store, "cms", named("1", "Họp", &[]), false, 0).await;
    accept_as(&store, "Lan", named("1", "Họp dời", &[]), false, 1).await;
    let revisions = store.revisions(id).await.unwrap();
    let authors: Vec<_> =
        revisions.iter().map(|one| (one.revision.0, one.authors.first().map(String::as_str))).collect();
    assert_eq!(authors, [(2, Some("Lan")), (1, Some("cms"))]);
    assert_eq!(store.revision(id, Revision(1)).await.unwrap().unwrap().title, "Họp");
    assert_eq!(store.revision(id, Revision(3)).await.unwrap(), None);
    let decisions = store.decisions(id, 10).await.unwrap();
    let told: Vec<_> = decisions.iter().map(|one| (one.who.as_str(), one.what.as_str())).collect();
    assert_eq!(told, [("Lan", "correct"), ("cms", "publish")]);
    assert_eq!(store.decisions(id, 1).await.unwrap().len(), 1);
    store.close().await;
}

fn approval(hash: &str, by_another: bool) -> Event {
    let approved = Approved { hash: hash.to_owned(), at: t(0), edition: None };
    Event::Approve { plan: Plan { approved: Some(approved), ..now_plan(t(0)) }, by_another }
}

async fn a_person_approves_where_two_are_asked_for_only_what_another_wrote(place: Place) {
    let store = place.open().await;
    let id = accept_as(&store, "Lan", named("1", "Họp", &[]), true, 0).await;
    let waits = store.unapproved(None, 10).await.unwrap();
    assert_eq!(waits.len(), 1);
    let delivery = waits[0].delivery.id;
    assert_eq!(store.unapproved(Some(delivery), 10).await.unwrap().len(), 0);
    let decide = |event: Event, who: &str| store.decide(delivery, event, who.to_owned(), t(1));
    let own = decide(approval("abc", true), "Lan").await.unwrap().unwrap_err();
    assert!(own.en.contains("somebody else"), "{own:?}");
    let retried = decide(Event::Release(now_plan(t(1))), "Bình").await.unwrap().unwrap_err();
    assert!(retried.en.contains("loa approve"), "{retried:?}");
    assert!(store.approvals(id, 10).await.unwrap().is_empty(), "what was refused left nothing");
    let back = Event::SendBack { who: "Bình".to_owned(), word: "sai ngày".to_owned() };
    decide(back, "Bình").await.unwrap().unwrap();
    assert_eq!(store.unapproved(None, 10).await.unwrap().len(), 1, "it is still seen");
    let after = decide(approval("abc", true), "Bình").await.unwrap().unwrap();
    assert!(matches!(after.state, State::Waiting { .. }));
    let kept = store.approvals(id, 10).await.unwrap();
    let told: Vec<_> =
        kept.iter().map(|one| (one.who.as_str(), one.payload_hash.as_str(), one.revision.0, one.at)).collect();
    assert_eq!(told, [("Bình", "abc", 1, t(1))]);
    let what: Vec<_> = store.decisions(id, 10).await.unwrap().into_iter().map(|one| one.what).collect();
    assert_eq!(what, ["approve", "send_back", "publish"]);
    assert!(store.unapproved(None, 10).await.unwrap().is_empty());
    store.close().await;
}

async fn another_copy_is_a_line_in_the_ledger_with_its_reason(place: Place) {
    let store = place.open().await;
    let id = accept_as(&store, "Lan", named("1", "Họp", &[]), false, 0).await;
    let leased = lease(&store, "portal", t(0)).await;
    let item = &leased.work[0].items[0];
    let receipt = loa::delivery::Receipt {
        remote_id: "77".to_owned(),
        url: Some("https://example.vn/77".to_owned()),
        payload_hash: "abc".to_owned(),
        rehearsal: false,
        seen: None,
    };
    let shown = loa::delivery::Outcome::Shown(receipt);
    let settlement = loa::queue::Settlement {
        delivery: item.delivery,
        event: Event::Settle { attempt: item.attempt, outcome: shown },
        report: None,
    };
    store.settle(vec![settlement]).await.unwrap();
    let again =
        Event::SendAgain { plan: Plan { again: Some(t(5)), ..now_plan(t(5)) }, why: "bị xóa nhầm".to_owned() };
    store.decide(item.delivery, again, "Lan".to_owned(), t(5)).await.unwrap().unwrap();
    let last = store.decisions(id, 1).await.unwrap().pop().unwrap();
    let note = last.note.unwrap();
    assert_eq!(last.what, "send_again");
    assert!(note.vi.contains("bị xóa nhầm") && note.vi.contains("https://example.vn/77"), "{note:?}");
    let leased = lease(&store, "portal", t(5)).await;
    assert_eq!(leased.work[0].items[0].again, Some(t(5)), "the worker knows that it is another job");
    store.close().await;
}

/// Everything that the pages ask, on a store that holds an office's ten years.
#[tokio::test]
async fn what_is_looked_for_is_found_at_once_however_much_the_store_holds() {
    let place = crate::board::ten_years().await;
    place.tamper("UPDATE words_begun SET upto = 0, done = 0").await;
    let began = now();
    let store = place.open().await;
    println!("the words of 100,000 articles were made in {:?}", began.elapsed());
    let state = |name: &str| Sought { state: Some(name.to_owned()), most: 25, ..Sought::default() };
    let on = |channel: &str, sought: Sought| Sought { channel: Some(channel.to_owned()), ..sought };
    let worded = |asked: &str| Sought { most: 25, ..words(asked) };
    let questions = [
        ("everything", Sought { most: 25, ..Sought::default() }, 25),
        ("an old page", Sought { before: Some(ArticleId(5_000)), most: 25, ..Sought::default() }, 25),
        ("a common word", worded("bài"), 25),
        ("one article", worded("bai-99"), 25),
        ("nothing", worded("không có gì cả"), 0),
        ("held", state("held"), 25),
        ("failed", state("failed"), 0),
        ("waiting", state("waiting"), 25),
        ("held there", on("radio", state("held")), 25),
        ("on no channel", on("x", worded("bài")), 0),
        ("a word and a state", Sought { words: "bai".to_owned(), ..state("failed") }, 0),
    ];
    for (question, sought, expected) in questions {
        // The first time everything is read from the disk.
        assert_eq!(found(&store, sought.clone()).await.len(), expected, "{question}");
        let began = now();
        found(&store, sought).await;
        let took = began.elapsed();
        println!("{question}: {took:?}");
        assert!(took.as_millis() < 100, "{question}: {took:?}");
    }
    // One article's page, and that of one of its deliveries.
    let of = Filter { article: Some(ArticleId(60_000)), ..Filter::default() };
    let rows = store.deliveries(of.clone()).await.unwrap();
    assert_eq!(rows.len(), 8);
    let one = rows[0].delivery.id;
    for question in [of, Filter { delivery: Some(one), ..Filter::default() }] {
        let began = now();
        let found = store.deliveries(question.clone()).await.unwrap();
        let took = began.elapsed();
        println!("{question:?}: {} in {took:?}", found.len());
        assert!(took.as_millis() < 50, "{took:?}");
    }
    let began = now();
    assert_eq!(store.unapproved(None, 51).await.unwrap().len(), 51);
    store.decisions(ArticleId(7), 50).await.unwrap();
    println!("approvals: {:?}", began.elapsed());
    assert!(began.elapsed().as_millis() < 100);
    store.close().await;
}
