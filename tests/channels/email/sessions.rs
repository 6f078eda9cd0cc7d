//! What a mail server may do to a mailing, phase by phase, and what is on record of it afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use loa::channel::{Attention, Class, CopyCount, CopyState, Job, Progress, Seen, SendError};

use super::desk::Desk;
use crate::channels::bench::{create, update};
use crate::sample::article;
use crate::support::hostile_smtp::{Extension, HostileSmtp, OnConnection, OnMessage, OnRecipient, SmtpState};

fn people(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("nguoi{number:03}@example.vn")).collect()
}

async fn desk(smtp: &HostileSmtp, people: &[String], more: &str) -> Desk {
    let port = smtp.port();
    let settings = format!(
        "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n{more}"
    );
    Desk::new(&settings, &people.iter().map(String::as_str).collect::<Vec<_>>()).await
}

/// How often each recipient reads the letter.
fn readers(smtp: &HostileSmtp, people: &[String]) -> Vec<usize> {
    people.iter().map(|name| smtp.letters_to(name).len()).collect()
}

fn seen<T>(smtp: &HostileSmtp, look: impl FnOnce(&SmtpState) -> T) -> T {
    smtp.state().look(look)
}

async fn count(job: &Job) -> CopyCount {
    job.copies.count().await.unwrap()
}

fn live(progress: Result<Progress, SendError>) {
    assert!(matches!(progress, Ok(Progress::Live(_))), "{progress:?}");
}

#[tokio::test]
async fn everybody_gets_one_over_few_sessions() {
    let (smtp, people) = (HostileSmtp::start(), people(60));
    let desk = desk(&smtp, &people, "connections = 3").await;
    let job = desk.job(create(article("1")));
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), vec![1; 60]);
    assert!(seen(&smtp, |state| state.connections) <= 3);
    assert_eq!(seen(&smtp, |state| state.violations.clone()), Vec::<String>::new());
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), vec![1; 60], "a repeat finds everybody served");
}

#[tokio::test]
async fn commands_go_ahead_of_their_answers_only_where_that_is_offered() {
    for offered in [vec![Extension::Pipelining], Vec::new()] {
        let (smtp, people) = (HostileSmtp::start(), people(12));
        smtp.extensions(offered.clone());
        smtp.recipient(&people[3], vec![OnRecipient::Rcpt(550, "5.2.1 Mailbox disabled for now")]);
        smtp.recipient(&people[7], vec![OnRecipient::Rcpt(452, "4.2.2 Mailbox full")]);
        let desk = desk(&smtp, &people, "connections = 1").await;
        let job = desk.job(create(article("1")));
        assert!(desk.channel.advance(&job).await.is_err(), "one is put off");
        assert_eq!(readers(&smtp, &people), [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1]);
        assert_eq!(seen(&smtp, |state| state.violations.clone()), Vec::<String>::new());
        // Of sender, recipient and content, the first two.
        assert_eq!(seen(&smtp, |state| (state.connections, state.ahead)), (1, 24 * offered.len()));
        desk.clock.advance(TimeDelta::minutes(5));
        live(desk.channel.advance(&job).await);
        assert_eq!(count(&job).await, CopyCount { sent: 11, refused: 1, ..CopyCount::default() });
    }
}

#[tokio::test]
async fn a_server_that_waits_for_content_though_it_refused_the_recipient_gets_none() {
    let (smtp, people) = (HostileSmtp::start(), people(6));
    smtp.connections_always(OnConnection::WaitForContent);
    smtp.recipient(&people[2], vec![OnRecipient::Rcpt(550, "5.2.1 Mailbox disabled for now")]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    let job = desk.job(create(article("1")));
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), [1, 1, 0, 1, 1, 1]);
    assert_eq!(seen(&smtp, |state| (state.violations.clone(), state.connections)), (Vec::new(), 2));
    assert_eq!(count(&job).await, CopyCount { sent: 5, refused: 1, ..CopyCount::default() });
}

#[tokio::test]
async fn nothing_is_in_doubt_before_the_final_dot() {
    for fault in [OnMessage::RejectAtData(451), OnMessage::DataReply(451)] {
        let (smtp, people) = (HostileSmtp::start(), people(3));
        smtp.script(vec![OnMessage::Accept, fault.clone()]);
        let desk = desk(&smtp, &people, "connections = 1").await;
        let job = desk.job(create(article("1")));
        let error = desk.channel.advance(&job).await.unwrap_err();
        assert_eq!(error.class, Class::Partial { retry_after: Some(Duration::from_mins(5)) }, "{fault:?}: {error}");
        assert_eq!(readers(&smtp, &people), [1, 0, 1]);
        assert_eq!(desk.channel.look_up(&job).await.unwrap(), Seen::Begun);
        // Not before the server wants it again.
        assert!(desk.channel.advance(&job).await.is_err());
        assert_eq!(readers(&smtp, &people), [1, 0, 1]);
        desk.clock.advance(TimeDelta::minutes(5));
        live(desk.channel.advance(&job).await);
        assert_eq!(readers(&smtp, &people), [1, 1, 1]);
    }
}

#[tokio::test]
async fn a_letter_that_could_not_be_written_to_its_end_is_in_nobodys_doubt() {
    let (smtp, people) = (HostileSmtp::start(), people(2));
    smtp.script(vec![OnMessage::DeafAtData]).extensions(vec![Extension::Pipelining]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    // More than fits on the way to a server that does not read.
    let mut long = article("1");
    long.body_html = format!("<p>{}</p>", "Đề nghị các thôn thông báo. ".repeat(200_000));
    let job = desk.job(create(long));
    let deaf = async {
        smtp.wait_until("the server hears nothing", |state| state.hanging == 1).await;
        smtp.release();
    };
    let (progress, ()) = tokio::join!(desk.channel.advance(&job), deaf);
    let error = progress.unwrap_err();
    assert!(matches!(error.class, Class::Partial { .. }), "{error:?}");
    assert_eq!(count(&job).await, CopyCount { open: 1, sent: 1, ..count(&job).await });
    desk.clock.advance(TimeDelta::minutes(5));
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), [1, 1]);
}

#[tokio::test]
async fn only_354_lets_a_letter_go_and_an_answer_too_many_is_taken_for_no_other() {
    let (smtp, people) = (HostileSmtp::start(), people(3));
    smtp.script(vec![OnMessage::RejectAtData(250)]);
    smtp.connections(vec![OnConnection::Welcome, OnConnection::AnswersTwice]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert!(error.note.vi.contains("trả lời không đúng lúc"), "{error}");
    assert_eq!(readers(&smtp, &people), [0, 0, 1]);
    desk.clock.advance(TimeDelta::minutes(5));
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), vec![1; 3]);
}

#[tokio::test]
async fn a_lost_answer_to_the_final_dot_is_one_recipients_doubt() {
    for fault in [OnMessage::DropAfterDot, OnMessage::HangAfterDot] {
        let (smtp, people) = (HostileSmtp::start(), people(5));
        smtp.script(vec![OnMessage::Accept, fault.clone()]);
        let desk = desk(&smtp, &people, "connections = 1").await;
        let job = desk.job(create(article("1")));
        let progress = desk.channel.advance(&job).await.unwrap();
        let Progress::InDoubt { note, .. } = progress else { unreachable!("{fault:?}: {progress:?}") };
        assert!(note.vi.contains(&people[1]) && !note.vi.contains(&people[2]), "{note}");
        assert_eq!(readers(&smtp, &people), vec![1; 5], "the others have theirs");
        let counted = CopyCount { begun: 1, sent: 4, ..CopyCount::default() };
        assert_eq!(count(&job).await, counted);
        // Going on is harmless, and says again who is in doubt.
        assert_eq!(desk.channel.look_up(&job).await.unwrap(), Seen::Begun);
        assert!(matches!(desk.channel.advance(&job).await, Ok(Progress::InDoubt { .. })));
        assert_eq!(readers(&smtp, &people), vec![1; 5], "and nobody gets a second one");
    }
}

#[tokio::test]
async fn a_greylisting_server_gets_it_again_after_minutes_and_a_stubborn_one_is_given_up() {
    let (smtp, people) = (HostileSmtp::start(), people(4));
    smtp.recipient(&people[0], vec![OnRecipient::Greylist]);
    smtp.recipient(&people[1], vec![OnRecipient::Rcpt(452, "4.2.2 Mailbox full"); 9]);
    let desk = desk(&smtp, &people, "connections = 2\npatience_days = 1").await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert_eq!(error.class, Class::Partial { retry_after: Some(Duration::from_mins(5)) });
    desk.clock.advance(TimeDelta::minutes(5));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert!(error.note.en.contains(&people[1]) && error.note.en.contains("Mailbox full"), "{error}");
    assert_eq!(readers(&smtp, &people), [1, 0, 1, 1]);
    desk.clock.advance(TimeDelta::hours(25));
    live(desk.channel.advance(&job).await);
    assert_eq!(count(&job).await, CopyCount { sent: 3, refused: 1, ..CopyCount::default() });
    let refused = job.copies.named(CopyState::Refused, 9).await.unwrap();
    assert!(refused[0].1.contains("4.2.2 Mailbox full"), "{refused:?}");
}

#[tokio::test]
async fn a_dead_mailbox_is_refused_alone_and_not_written_to_again() {
    let (smtp, people) = (HostileSmtp::start(), people(4));
    smtp.recipient(&people[0], vec![OnRecipient::Rcpt(550, "5.1.1 No such user"); 9]);
    smtp.recipient(&people[1], vec![OnRecipient::Rcpt(550, "5.2.1 Mailbox disabled for now"); 9]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    let job = desk.job(create(article("1")));
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), [0, 0, 1, 1]);
    assert_eq!(count(&job).await, CopyCount { sent: 2, refused: 2, ..CopyCount::default() });
    let next = desk.job(create(article("2")));
    live(desk.channel.advance(&next).await);
    let counted = count(&next).await;
    assert_eq!((counted.left_out, counted.refused, counted.sent), (1, 1, 2), "one is asked again");
    let asked: BTreeSet<String> =
        seen(&smtp, |state| state.refused_recipients.iter().skip(2).map(|(name, _)| name.clone()).collect());
    assert_eq!(asked, [people[1].clone()].into());
}

#[tokio::test]
async fn a_sender_that_is_refused_costs_nobody_their_place_on_the_list() {
    let (smtp, people) = (HostileSmtp::start(), people(30));
    for name in &people {
        smtp.recipient(name, vec![OnRecipient::Rcpt(550, "5.1.0 Sender address rejected: User unknown"); 9]);
    }
    let desk = desk(&smtp, &people, "connections = 1").await;
    let error = desk.channel.advance(&desk.job(create(article("1")))).await.unwrap_err();
    assert!(matches!(error.class, Class::NeedsAttention(Attention::Misconfigured)), "{error}");
    let next = desk.job(create(article("2")));
    next.copies.invite(super::desk::people(&people.iter().map(String::as_str).collect::<Vec<_>>())).await.unwrap();
    assert_eq!(count(&next).await.left_out, 0, "nobody is taken for dead");
}

#[tokio::test]
async fn one_who_is_put_off_for_hours_is_waited_for_though_nobody_else_has_it() {
    let (smtp, people) = (HostileSmtp::start(), people(1));
    smtp.recipient(&people[0], vec![OnRecipient::Rcpt(450, "4.2.0 Later"); 3]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    let job = desk.job(create(article("1")));
    for _ in 0..3 {
        let error = desk.channel.advance(&job).await.unwrap_err();
        assert_eq!(error.class, Class::PutOff { retry_after: Some(Duration::from_mins(5)) }, "no try is spent");
        desk.clock.advance(TimeDelta::minutes(5));
    }
    live(desk.channel.advance(&job).await);
}

#[tokio::test]
async fn a_session_that_ends_after_some_letters_costs_nobody_theirs() {
    let (smtp, people) = (HostileSmtp::start(), people(20));
    smtp.connections(vec![OnConnection::Code421AfterN(3); 9]);
    let desk = desk(&smtp, &people, "connections = 2").await;
    let job = desk.job(create(article("1")));
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), vec![1; 20]);
    assert!(seen(&smtp, |state| state.thrown_out) >= 5);
}

#[tokio::test]
async fn a_server_that_is_gone_is_tried_later_and_a_refused_login_pauses_the_channel() {
    let (smtp, people) = (HostileSmtp::start(), people(3));
    smtp.connections(vec![OnConnection::DropOnConnect; 9]);
    let desk = desk(&smtp, &people, "").await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert!(matches!(error.class, Class::Transient { .. }), "{error}");
    assert_eq!(count(&job).await.open, 3);

    let smtp = HostileSmtp::start();
    smtp.connections(vec![OnConnection::Auth535; 9]);
    let secret = desk.folder.path().join("secret");
    std::fs::write(&secret, "sai").unwrap();
    let login =
        format!("username = \"tin\"\npassword = {{ file = {} }}", toml::Value::String(secret.display().to_string()));
    let desk = self::desk(&smtp, &people, &login).await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert_eq!(error.class, Class::NeedsAttention(Attention::Credential), "{error}");
    assert_eq!(count(&job).await.open, 3);

    smtp.connections(vec![OnConnection::Auth535Repeats]);
    std::fs::write(&secret, "BiMatTam99").unwrap();
    let said = desk.channel.advance(&job).await.unwrap_err().to_string();
    assert!(said.contains("535") || said.contains("5.7.8"), "{said}");
    assert!(
        !said.contains("BiMatTam99") && !said.contains("QmlNYXRUYW05OQ") && !said.contains("CaU1hdFRhbTk5"),
        "{said}"
    );
}

#[tokio::test]
async fn tls_that_is_not_there_yet_is_waited_for_and_tls_that_is_refused_pauses_the_channel() {
    let transient = Class::Transient { retry_after: None };
    let refused = Class::NeedsAttention(Attention::Misconfigured);
    for (code, class) in [(454, transient), (502, refused)] {
        let (smtp, people) = (HostileSmtp::start(), people(1));
        smtp.connections(vec![OnConnection::Starttls(code)]);
        let settings = format!(
            "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"starttls\"",
            smtp.port()
        );
        let desk = Desk::new(&settings, &[&people[0]]).await;
        let error = desk.channel.advance(&desk.job(create(article("1")))).await.unwrap_err();
        assert_eq!(error.class, class, "{code}: {error}");
        assert_eq!(readers(&smtp, &people), [0]);
    }
}

#[tokio::test]
async fn a_servers_words_that_repeat_the_sender_give_no_recipients_token_away() {
    let (smtp, people) = (HostileSmtp::start(), people(2));
    smtp.recipient(&people[0], vec![OnRecipient::RepeatSender]);
    let desk = desk(&smtp, &people, "bounces = \"bounce@anbinh.example.vn\"").await;
    let job = desk.job(create(article("1")));
    live(desk.channel.advance(&job).await);
    let refused = job.copies.named(CopyState::Refused, 9).await.unwrap();
    let [(recipient, words)] = &refused[..] else { unreachable!("{refused:?}") };
    assert_eq!(recipient, &people[0]);
    assert!(words.contains("<bounce+…@anbinh.example.vn> may not write here"), "{words}");
}

#[tokio::test]
async fn a_line_that_names_nobody_is_told_of_and_keeps_nobody_elses_letter() {
    let smtp = HostileSmtp::start();
    let named = ["nguoi001@example.vn".to_owned(), "nguoi 002 example.vn".to_owned(), "nguoi003@example.vn".to_owned()];
    let desk = desk(&smtp, &named, "bounces = \"bounce@anbinh.example.vn\"").await;
    let advice = desk.channel.advice();
    let [advice] = &advice[..] else { unreachable!("{advice:?}") };
    assert!(advice.vi.contains("dòng 2: ") && advice.en.contains("line 2: "), "{advice}");
    live(desk.channel.advance(&desk.job(create(article("1")))).await);
    assert_eq!(readers(&smtp, &named), [1, 0, 1]);
}

#[tokio::test]
async fn an_hour_brings_no_more_than_its_share_in_all_and_to_one_domain() {
    let smtp = HostileSmtp::start();
    let mut people = people(8);
    people.extend((1..=4).map(|number| format!("khach{number}@khac.example.com")));
    let desk = desk(&smtp, &people, "connections = 2\nper_hour = 7\nper_hour_to_domain = 5").await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert_eq!(error.class, Class::Partial { retry_after: Some(Duration::from_mins(5)) }, "{error}");
    let to_domain = people.iter().filter(|name| name.ends_with("@example.vn")).map(|name| smtp.letters_to(name).len());
    assert_eq!((seen(&smtp, |state| state.letters.len()), to_domain.sum::<usize>() <= 5), (7, true));
    // A later job, a restart: the hour remembers.
    desk.clock.advance(TimeDelta::minutes(30));
    assert!(desk.channel.advance(&job).await.is_err());
    assert_eq!(seen(&smtp, |state| state.letters.len()), 7);
    desk.clock.advance(TimeDelta::minutes(31));
    live(desk.channel.advance(&job).await);
    assert_eq!(readers(&smtp, &people), vec![1; 12]);
}

#[tokio::test]
async fn refusals_on_grounds_of_policy_stop_the_mailing_before_everybody_is_refused() {
    let (smtp, people) = (HostileSmtp::start(), people(90));
    smtp.everyone(OnRecipient::Rcpt(550, "5.7.26 This mail is unauthenticated"));
    let desk = desk(&smtp, &people, "connections = 2").await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert_eq!(error.class, Class::NeedsAttention(Attention::Misconfigured), "{error}");
    let counted = count(&job).await;
    assert!((20..=24).contains(&counted.refused) && counted.open >= 66, "{counted:?}");
    assert_eq!(counted.left_out, 0, "the people are not to blame");
}

#[tokio::test]
async fn a_correction_goes_to_those_who_have_the_article_and_answers_their_letter() {
    let (smtp, people) = (HostileSmtp::start(), people(3));
    smtp.recipient(&people[1], vec![OnRecipient::Rcpt(550, "5.2.1 Mailbox disabled for now"); 9]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    let Progress::Live(receipt) = desk.channel.advance(&desk.job(create(article("1")))).await.unwrap() else {
        panic!("not sent")
    };
    std::fs::write(desk.folder.path().join("nguoi-nhan.txt"), "moi@example.vn").unwrap();
    live(desk.channel.advance(&desk.job(update(article("1"), &receipt))).await);
    assert_eq!(readers(&smtp, &people), [2, 0, 2]);
    assert_eq!(smtp.letters_to("moi@example.vn").len(), 0, "who never had it is told nothing");
    let [first, second] = [0, 1].map(|at| {
        let raw = smtp.letters_to(&people[0])[at].raw.clone();
        String::from_utf8_lossy(&raw).into_owned()
    });
    let header = |letter: &str, name: &str| {
        letter.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    };
    assert_eq!(header(&second, "In-Reply-To:"), header(&first, "Message-ID:"));
    assert_ne!(header(&second, "Message-ID:"), header(&first, "Message-ID:"));
}

#[tokio::test]
async fn a_recipient_at_whom_the_session_breaks_off_holds_nobody_else_up() {
    let (smtp, people) = (HostileSmtp::start(), people(12));
    smtp.recipient(&people[4], vec![OnRecipient::Rcpt(421, "4.4.2 Lookup timed out, closing"); 9]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    assert!(matches!(error.class, Class::Partial { .. }) && error.note.vi.contains(&people[4]), "{error}");
    let expected: Vec<usize> = (0..12).map(|at| usize::from(at != 4)).collect();
    assert_eq!(readers(&smtp, &people), expected);
}

#[tokio::test]
async fn a_server_that_never_answers_for_a_letter_puts_few_in_doubt() {
    let (smtp, people) = (HostileSmtp::start(), people(60));
    smtp.always(OnMessage::DropAfterDot);
    let desk = desk(&smtp, &people, "connections = 2").await;
    let job = desk.job(create(article("1")));
    let error = desk.channel.advance(&job).await.unwrap_err();
    // A person looks at it: each next round would put more in doubt.
    assert!(matches!(error.class, Class::Interrupted(Attention::Misconfigured)), "{error}");
    let counted = count(&job).await;
    assert!(counted.begun <= 10 && counted.open >= 50, "{counted:?}");
}

/// What is decided while the first letter's answer is awaited counts for the second.
async fn decided_meanwhile(decide: impl AsyncFnOnce(&Desk, &Job)) -> (HostileSmtp, Vec<String>, CopyCount, SendError) {
    let (smtp, people) = (HostileSmtp::start(), people(6));
    smtp.script(vec![OnMessage::SlowReply(Duration::from_secs(5))]);
    let desk = desk(&smtp, &people, "connections = 1").await;
    let job = desk.job(create(article("1")));
    let meanwhile = async {
        smtp.wait_until("the first letter waits for its answer", |state| state.hanging == 1).await;
        decide(&desk, &job).await;
        smtp.release();
    };
    let (progress, ()) = tokio::join!(desk.channel.advance(&job), meanwhile);
    let counted = count(&job).await;
    let error = progress.err().unwrap_or_else(|| SendError::permanent(loa::text::Text::same("none")));
    (smtp, people, counted, error)
}

#[tokio::test]
async fn who_unsubscribes_during_a_mailing_gets_no_letter_any_more() {
    let (smtp, people, counted, _) = decided_meanwhile(async |desk: &Desk, _: &Job| {
        let (standing, at) = (loa::audience::Standing::Unsubscribed, desk.clock.now());
        let new = loa::queue::NewStanding { standing, reason: None, who: "recipient".to_owned(), at };
        let address = "nguoi004@example.vn".parse().unwrap();
        loa::queue::Subscribers::stand(&desk.store, "kenh".to_owned(), address, new).await.unwrap();
    })
    .await;
    assert_eq!(readers(&smtp, &people), [1, 1, 1, 0, 1, 1]);
    assert_eq!((counted.sent, counted.left_out), (5, 1));
}

#[tokio::test]
async fn a_channel_that_is_to_stop_leaves_nobody_in_doubt() {
    let (smtp, people, counted, error) = decided_meanwhile(async |_: &Desk, job: &Job| job.halt.cancel()).await;
    assert_eq!(readers(&smtp, &people), [1, 0, 0, 0, 0, 0]);
    assert_eq!((counted.sent, counted.open, counted.begun), (1, 5, 0));
    assert!(matches!(error.class, Class::Partial { .. }), "{error}");
}

#[tokio::test]
async fn a_withdrawal_overtakes_the_rest_of_a_mailing() {
    let (smtp, people, counted, _) = decided_meanwhile(async |desk: &Desk, _: &Job| {
        let article = std::sync::Arc::new(article("1"));
        let handover = || loa::queue::Handover {
            key: article.key.clone(),
            who: "Lan".to_owned(),
            writers: Vec::new(),
            now: desk.clock.now(),
            as_of: desk.clock.now(),
            request: None,
        };
        let content = article.clone();
        let publish = move |_: Option<&loa::queue::Current>| {
            let (revision, article) = (loa::article::Revision::FIRST, content.clone());
            Ok(loa::queue::Change::Revise { revision, article, plans: Vec::new() })
        };
        let withdraw = |_: Option<&loa::queue::Current>| Ok(loa::queue::Change::Withdraw { plans: Vec::new() });
        loa::queue::Queue::accept(&desk.store, handover(), Box::new(publish)).await.unwrap();
        loa::queue::Queue::accept(&desk.store, handover(), Box::new(withdraw)).await.unwrap();
    })
    .await;
    assert_eq!(readers(&smtp, &people), [1, 0, 0, 0, 0, 0]);
    assert_eq!((counted.sent, counted.open), (1, 5));
}

#[tokio::test]
async fn a_pause_ends_a_mailing_between_two_letters() {
    let (smtp, people, counted, error) = decided_meanwhile(async |desk: &Desk, _: &Job| {
        let cause = loa::queue::PauseCause::Person("Lan".to_owned());
        let pause = loa::queue::Pause { cause, since: desk.clock.now(), note: loa::text::Text::same("chờ đã") };
        loa::queue::Queue::pause(&desk.store, "kenh".to_owned(), pause).await.unwrap();
    })
    .await;
    assert_eq!(readers(&smtp, &people), [1, 0, 0, 0, 0, 0]);
    assert_eq!((counted.sent, counted.open), (1, 5));
    assert!(matches!(error.class, Class::Partial { .. }), "{error}");
}
