//! One letter for each, and nobody told twice.

use std::collections::BTreeSet;

use loa::channel::{CopyChange, Departures, Leave, Progress, Seen};
use mail_parser::MessageParser;

use super::desk::{Desk, TO_FILES, people};
use crate::channels::bench::{create, withdraw};
use crate::sample::article;

#[tokio::test]
async fn an_email_is_multipart_with_its_own_recipient_and_nobody_elses() {
    let desk = Desk::new(TO_FILES, &["lan@example.vn", "minh@example.vn"]).await;
    let job = desk.job(create(article("1")));
    assert!(matches!(desk.channel.advance(&job).await.unwrap(), Progress::Live(_)));
    let letters = desk.letters();
    assert_eq!(letters.len(), 2, "one letter each");
    let mut recipients = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for letter in &letters {
        assert!(letter.is_ascii(), "a server without 8BITMIME would break it");
        let message = MessageParser::default().parse(letter).unwrap();
        assert_eq!(message.subject(), Some("Lịch tiếp công dân định kỳ tháng 12 năm 2026"));
        assert_eq!(message.from().and_then(|from| from.first()).and_then(|from| from.name()), Some("UBND xã An Bình"));
        let to: Vec<_> = message.to().unwrap().iter().filter_map(|to| to.address()).map(str::to_owned).collect();
        assert_eq!(to.len(), 1, "{to:?}");
        let whole = String::from_utf8(letter.clone()).unwrap();
        let other = if to[0] == "lan@example.vn" { "minh@example.vn" } else { "lan@example.vn" };
        assert!(!whole.contains(other) && !whole.to_lowercase().contains("\nbcc:"), "{whole}");
        assert!(whole.contains("multipart/alternative"), "{whole}");
        assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1));
        assert!(message.body_text(0).unwrap().contains("Ủy ban nhân dân xã thông báo"));
        assert!(message.body_html(0).unwrap().contains("<p>Ủy ban nhân dân xã thông báo"));
        assert_eq!(message.header("Auto-Submitted").and_then(|value| value.as_text()), Some("auto-generated"));
        assert!(whole.lines().all(|line| line.len() <= 998));
        recipients.insert(to[0].clone());
        ids.insert(message.message_id().unwrap().to_owned());
    }
    assert_eq!((recipients.len(), ids.len()), (2, 2));
}

#[tokio::test]
async fn a_withdrawal_by_email_that_broke_off_is_not_taken_for_done() {
    let names = ["lan@example.vn", "minh@example.vn"];
    let desk = Desk::new(TO_FILES, &names).await;
    let Progress::Live(receipt) = desk.channel.advance(&desk.job(create(article("1")))).await.unwrap() else {
        panic!("nobody got it")
    };
    let (email, job) = (&desk.channel, desk.job(withdraw(article("1"), &receipt)));
    assert_eq!(email.look_up(&job).await.unwrap(), Seen::Absent, "nobody has heard of it");
    job.copies.invite(people(&names)).await.unwrap();
    job.copies.complete().await.unwrap();
    job.copies.record(vec![(names[0].to_owned(), CopyChange::Sent)]).await.unwrap();
    assert_eq!(email.look_up(&job).await.unwrap(), Seen::Begun, "one of the two has not heard of it");
    assert_eq!(email.advance(&job).await.unwrap(), Progress::Gone);
    assert_eq!(desk.letters().len(), 3, "only the other one gets it");
    assert!(matches!(email.look_up(&job).await.unwrap(), Seen::Present(_)));
    let job = desk.job(withdraw(article("2"), &receipt));
    job.copies.invite(people(&names)).await.unwrap();
    job.copies.complete().await.unwrap();
    let leaving = Departures { recipients: vec![names[1].to_owned()], withdraw: true, ..Departures::default() };
    assert_eq!(job.copies.begin(leaving).await.unwrap(), [Leave::Now]);
    let progress = email.advance(&job).await.unwrap();
    assert!(matches!(&progress, Progress::InDoubt { note, .. } if note.vi.contains(names[1])), "{progress:?}");
}
