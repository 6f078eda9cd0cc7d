//! Every fault of the mail server.

use std::io::ErrorKind;
use std::time::Duration;

use super::talker::{Talker, letter};
use crate::support::hostile_smtp::{Extension, HostileSmtp, OnMessage, OnRecipient};
use crate::support::public::{Event, Sighting};

fn far_that(faults: Vec<OnMessage>) -> HostileSmtp {
    let far = HostileSmtp::start();
    far.script(faults);
    far
}

fn stored(far: &HostileSmtp) -> usize {
    far.state().look(|state| state.letters.len())
}

#[tokio::test]
async fn an_accepted_message_is_stored_with_its_envelope() {
    let far = HostileSmtp::start();
    let mut talker = Talker::greeted(&far).await;
    let text = letter("bai-1", 2, "corrected") + "\r\n..a dot\r\n...";
    talker.letter(&["a@x.vn", "b@x.vn"], &text).await;
    assert!(talker.hear().await.starts_with("250 2.0.0 Ok: queued as 000001"));
    assert!(talker.say("QUIT").await.starts_with("221 "));
    let found = far.letters_to("b@x.vn").remove(0);
    assert_eq!((found.from.as_str(), found.recipients.len()), ("bounce@loa.example", 2));
    assert_eq!(found.message_id(), "bai-1-2@loa.example");
    assert!(found.wire.ends_with(b"\r\n..a dot\r\n...\r\n") && found.raw.ends_with(b"\r\n.a dot\r\n..\r\n"));
    let seen = |to: &str| Sighting {
        channel: "email".to_owned(),
        audience: to.to_owned(),
        article: "bai-1".to_owned(),
        revision: 2,
        event: Event::Corrected,
    };
    assert_eq!(far.sightings("email"), [seen("a@x.vn"), seen("b@x.vn")]);
    assert!(far.state().look(|state| state.violations.is_empty()));
}

#[tokio::test]
async fn an_edition_shows_all_its_articles_and_a_foreign_letter_its_message_id() {
    let far = HostileSmtp::start();
    let mut talker = Talker::greeted(&far).await;
    let edition = "X-Loa-Article: b1\r\nX-Loa-Revision: 1\r\nX-Loa-Article: b2\r\nX-Loa-Revision: 4\r\n\r\nTin";
    talker.letter(&["a@x.vn"], edition).await;
    talker.hear().await;
    talker.letter(&["a@x.vn"], "Message-Id: <other@x>\r\n\r\nTin").await;
    talker.hear().await;
    let seen: Vec<_> = far.sightings("email").into_iter().map(|seen| (seen.article, seen.revision)).collect();
    assert_eq!(seen, [("b1".to_owned(), 1), ("b2".to_owned(), 4), ("other@x".to_owned(), 1)]);
}

#[tokio::test]
async fn broken_lines_are_noted() {
    let far = HostileSmtp::start();
    far.extensions(vec![]);
    let mut talker = Talker::greeted(&far).await;
    talker.letter(&["a@x.vn"], &format!("Subject: x\r\n\r\nbare\nlong {}\r\ntám", "x".repeat(994))).await;
    talker.hear().await;
    let noted = far.state().snapshot().violations;
    assert_eq!(noted.len(), 3, "{noted:?}");
}

#[tokio::test]
async fn recipients_are_refused_one_by_one() {
    let far = HostileSmtp::start();
    far.recipient("Gone@x.vn", vec![OnRecipient::Rcpt(550, "5.1.1 No such user"), OnRecipient::Accept]);
    let mut talker = Talker::greeted(&far).await;
    let replies = talker.envelope(&["a@x.vn", "gone@x.vn", "b@x.vn"]).await;
    assert_eq!(replies[1], "550 5.1.1 No such user\r\n");
    talker.say("DATA").await;
    talker.send((letter("bai-1", 1, "published") + "\r\n.\r\n").as_bytes()).await;
    assert!(talker.hear().await.starts_with("250 "));
    assert_eq!(far.state().look(|state| state.letters[0].recipients.clone()), ["a@x.vn", "b@x.vn"]);
    assert_eq!(far.state().snapshot().refused_recipients, [("gone@x.vn".to_owned(), 550)]);
    assert!(talker.envelope(&["gone@x.vn"]).await[0].starts_with("250 "));
}

#[tokio::test]
async fn without_recipients_data_is_refused() {
    let far = HostileSmtp::start();
    far.everyone(OnRecipient::Rcpt(452, "4.5.3 Too many recipients"));
    let mut talker = Talker::greeted(&far).await;
    assert!(talker.envelope(&["a@x.vn"]).await[0].starts_with("452 4.5.3"));
    assert!(talker.say("DATA").await.starts_with("554 5.5.1"));
    assert!(talker.say("RSET").await.starts_with("250 "));
}

#[tokio::test]
async fn a_greylisted_recipient_is_let_in_the_second_time() {
    let far = HostileSmtp::start();
    far.everyone(OnRecipient::Greylist);
    let mut talker = Talker::greeted(&far).await;
    let replies = talker.envelope(&["a@x.vn", "b@x.vn", "a@x.vn"]).await;
    let codes: Vec<_> = replies.iter().map(|reply| reply.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(codes, ["450", "450", "250"]);
}

#[tokio::test]
async fn dropped_after_the_dot_is_stored_and_unanswered() {
    let far = far_that(vec![OnMessage::DropAfterDot]);
    let mut talker = Talker::greeted(&far).await;
    talker.letter(&["a@x.vn"], &letter("bai-1", 1, "published")).await;
    assert_eq!(talker.hear().await, "");
    assert_eq!(stored(&far), 1);
}

#[tokio::test]
async fn dropped_at_data_is_not_stored() {
    let far = far_that(vec![OnMessage::DropAtData]);
    let mut talker = Talker::greeted(&far).await;
    talker.envelope(&["a@x.vn"]).await;
    assert!(talker.say("DATA").await.starts_with("354 "));
    talker.send(b"Subject: x\r\n").await;
    let end = talker.try_hear().await;
    assert!(
        end.as_ref().is_ok_and(String::is_empty) || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    );
    assert_eq!((stored(&far), far.state().snapshot().messages), (0, vec![OnMessage::DropAtData]));
}

#[tokio::test]
async fn a_client_that_leaves_before_the_dot_leaves_nothing() {
    let far = HostileSmtp::start();
    let mut talker = Talker::greeted(&far).await;
    talker.envelope(&["a@x.vn"]).await;
    talker.say("DATA").await;
    talker.send(b"Subject: x\r\n\r\nhalf\r\n.").await;
    drop(talker);
    let mut next = Talker::greeted(&far).await;
    next.letter(&["b@x.vn"], &letter("bai-1", 1, "published")).await;
    next.hear().await;
    assert_eq!((stored(&far), far.letters_to("a@x.vn").len()), (1, 0));
}

#[tokio::test]
async fn replies_at_data_and_after_the_dot_come_as_named() {
    let cases = [
        (OnMessage::DataReply(451), 451, 0),
        (OnMessage::DataReply(554), 554, 0),
        (OnMessage::StoreThenReply(451), 451, 1),
    ];
    for (fault, code, letters) in cases {
        let far = far_that(vec![fault]);
        let mut talker = Talker::greeted(&far).await;
        talker.letter(&["a@x.vn"], &letter("bai-1", 1, "published")).await;
        assert!(talker.hear().await.starts_with(&format!("{code} ")));
        assert_eq!(stored(&far), letters);
        talker.letter(&["a@x.vn"], &letter("bai-1", 1, "published")).await;
        assert!(talker.hear().await.starts_with("250 "));
    }
    let far = far_that(vec![OnMessage::RejectAtData(452)]);
    let mut talker = Talker::greeted(&far).await;
    talker.envelope(&["a@x.vn"]).await;
    assert!(talker.say("DATA").await.starts_with("452 "));
    assert_eq!(stored(&far), 0);
    talker.letter(&["a@x.vn"], &letter("bai-1", 1, "published")).await;
    assert!(talker.hear().await.starts_with("250 "));
}

#[tokio::test]
async fn a_held_back_reply_comes_when_released() {
    for fault in [OnMessage::HangAfterDot, OnMessage::SlowReply(Duration::from_secs(5))] {
        let far = far_that(vec![fault]);
        let mut talker = Talker::greeted(&far).await;
        talker.letter(&["a@x.vn"], &letter("bai-1", 1, "published")).await;
        far.wait_until("the reply is held back", |state| state.hanging == 1 && state.letters.len() == 1).await;
        far.release();
        assert!(talker.hear().await.starts_with("250 "));
        far.wait_until("nothing is held back", |state| state.hanging == 0).await;
    }
}

#[tokio::test]
async fn a_slow_reply_comes_by_itself_and_a_hanging_one_ends_with_the_client() {
    let far = far_that(vec![OnMessage::SlowReply(Duration::from_millis(30)), OnMessage::HangAfterDot]);
    let mut talker = Talker::greeted(&far).await;
    talker.letter(&["a@x.vn"], &letter("bai-1", 1, "published")).await;
    assert!(talker.hear().await.starts_with("250 "));
    talker.letter(&["a@x.vn"], &letter("bai-2", 1, "published")).await;
    far.wait_until("the reply is held back", |state| state.hanging == 1).await;
    drop(talker);
    far.wait_until("the client was seen to leave", |state| state.hanging == 0).await;
    assert_eq!(stored(&far), 2);
}

#[tokio::test]
async fn a_large_message_is_refused_at_mail_or_after_the_dot() {
    let far = HostileSmtp::start();
    far.extensions(vec![Extension::Size(600)]);
    let mut talker = Talker::greeted(&far).await;
    assert!(talker.say("MAIL FROM:<a@x.vn> SIZE=601 BODY=8BITMIME").await.starts_with("552 5.3.4"));
    talker.letter(&["a@x.vn"], &format!("Subject: x\r\n\r\n{}", "x".repeat(700))).await;
    assert!(talker.hear().await.starts_with("552 5.3.4"));
    assert_eq!(stored(&far), 0);
}
