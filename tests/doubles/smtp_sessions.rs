//! Greetings, logins and what holds for a whole session with the mail server.

use std::io::ErrorKind;

use super::talker::{Talker, letter};
use crate::support::hostile_smtp::{Extension, HostileSmtp, OnConnection, OnMessage};

#[tokio::test]
async fn ehlo_offers_what_was_chosen() {
    let far = HostileSmtp::start();
    let mut talker = Talker::silent(&far).await;
    talker.hear().await;
    let all = "250-hostile.example\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n";
    assert_eq!(talker.say("EHLO loa").await, all);
    far.extensions(vec![Extension::AuthLogin]);
    assert_eq!(talker.say("EHLO loa").await, "250-hostile.example\r\n250 AUTH LOGIN\r\n");
    far.extensions(vec![]);
    assert_eq!(talker.say("EHLO loa").await, "250 hostile.example\r\n");
    assert!(talker.say("STARTTLS").await.starts_with("502 "));
}

#[tokio::test]
async fn commands_may_be_sent_ahead_only_where_it_is_offered() {
    let far = HostileSmtp::start();
    let ahead = b"MAIL FROM:<>\r\nRCPT TO:<a@x.vn>\r\nRCPT TO:<b@x.vn>\r\nDATA\r\n";
    for violations in [0, 3] {
        let mut talker = Talker::greeted(&far).await;
        talker.send(ahead).await;
        for code in ["250 ", "250 ", "250 ", "354 "] {
            assert!(talker.hear().await.starts_with(code));
        }
        assert_eq!(far.state().look(|state| state.violations.len()), violations);
        far.extensions(vec![]);
    }
}

#[tokio::test]
async fn connections_are_dropped_refused_and_thrown_out() {
    let far = HostileSmtp::start();
    far.connections(vec![OnConnection::DropOnConnect, OnConnection::Reply554Greeting, OnConnection::Code421AfterN(1)]);
    assert_eq!(Talker::silent(&far).await.hear().await, "");
    let mut refused = Talker::silent(&far).await;
    assert!(refused.hear().await.starts_with("554 5.3.2"));
    assert_eq!(refused.hear().await, "");
    let mut talker = Talker::greeted(&far).await;
    talker.letter(&["a@x.vn"], &letter("bai-1", 1, "published")).await;
    assert!(talker.hear().await.starts_with("250 "));
    assert!(talker.say("MAIL FROM:<>").await.starts_with("421 4.7.0"));
    assert_eq!(talker.hear().await, "");
    let state = far.state().snapshot();
    assert_eq!((state.connections, state.thrown_out, state.letters.len()), (3, 1, 1));
}

#[tokio::test]
async fn a_login_is_checked_and_can_be_refused() {
    let far = HostileSmtp::start();
    far.requires_login("loa", "s3cret").connections(vec![OnConnection::Auth535]);
    let right = "AUTH PLAIN AGxvYQBzM2NyZXQ=";
    let mut talker = Talker::greeted(&far).await;
    assert!(talker.say("MAIL FROM:<>").await.starts_with("530 5.7.0"));
    assert!(talker.say(right).await.starts_with("535 5.7.8"));
    let mut talker = Talker::greeted(&far).await;
    assert!(talker.say("AUTH PLAIN AGxvYQB3cm9uZw==").await.starts_with("535 "));
    assert!(talker.say(right).await.starts_with("235 "));
    assert!(talker.say("MAIL FROM:<>").await.starts_with("250 "));
    let mut talker = Talker::greeted(&far).await;
    assert_eq!(talker.say("AUTH LOGIN").await, "334 VXNlcm5hbWU6\r\n");
    assert_eq!(talker.say("bG9h").await, "334 UGFzc3dvcmQ6\r\n");
    assert!(talker.say("czNjcmV0").await.starts_with("235 "));
    let state = far.state().snapshot();
    assert_eq!((state.logins, state.failed_logins), (2, 2));
}

#[tokio::test]
async fn always_random_and_offline_work_as_for_webhooks() {
    let far = HostileSmtp::start();
    far.connections_always(OnConnection::DropOnConnect);
    assert_eq!(Talker::silent(&far).await.hear().await, "");
    far.connections_always(OnConnection::Welcome).always(OnMessage::DataReply(451));
    let mut talker = Talker::greeted(&far).await;
    talker.letter(&["a@x.vn"], "Subject: x\r\n").await;
    assert!(talker.hear().await.starts_with("451 "));
    far.random(1, vec![(OnMessage::Accept, 1), (OnMessage::DataReply(452), 1)]);
    for _ in 0..20 {
        talker.letter(&["a@x.vn"], "Subject: x\r\n").await;
        talker.hear().await;
    }
    let met = far.state().snapshot().messages;
    assert!(met.contains(&OnMessage::Accept) && met.contains(&OnMessage::DataReply(452)));
    let port = far.port();
    far.go_offline();
    assert!(talker.try_hear().await.map_or(true, |end| end.is_empty()));
    let refused = std::net::TcpStream::connect(far.address()).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    far.come_back();
    Talker::greeted(&far).await;
    assert_eq!(far.port(), port);
}
