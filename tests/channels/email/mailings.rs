//! What happens while a mailing is under way, or when it is over but for a doubt: through the daemon.

use std::time::Duration;

use loa::article::ArticleKey;
use loa::delivery::State;

use super::office::MailOffice;
use crate::sample::utc;
use crate::support::hostile_smtp::OnMessage;
use crate::support::letter::Letter;
use crate::support::process::within;
use crate::support::world::World;

const NAMES: [&str; 4] = ["an@example.vn", "binh@example.vn", "chi@example.vn", "dung@example.vn"];

fn key(id: &str) -> ArticleKey {
    ArticleKey { source: "cli".to_owned(), external_id: id.to_owned() }
}

/// How many letters each has had.
fn letters(office: &MailOffice) -> Vec<usize> {
    NAMES.iter().map(|name| office.letters(name)).collect()
}

async fn state(office: &MailOffice) -> State {
    office.inside.rows().await.remove(0).delivery.state
}

/// Which of the two articles a letter speaks of.
fn speaks_of(letter: &Letter) -> Vec<usize> {
    let text = String::from_utf8_lossy(&letter.raw).into_owned();
    (1..=2).filter(|number| text.contains(&format!("Ban tin so {number}"))).collect()
}

#[tokio::test]
async fn one_recipient_in_doubt_keeps_no_correction_and_no_withdrawal_from_anybody() {
    let office = MailOffice::start_with("", "connections = 1", &NAMES).await;
    office.world.smtp.script(vec![OnMessage::Accept, OnMessage::DropAfterDot]);
    office.publish("1").await;
    assert!(matches!(state(&office).await, State::Uncertain { look: None, .. }));
    assert_eq!(letters(&office), [1, 1, 1, 1]);
    let corrected = office.world.article("1", "Bài 1", "Chiều thứ hai, không phải sáng.");
    office.inside.publish(&corrected).await;
    office.inside.drain().await;
    assert_eq!(letters(&office), [2, 2, 2, 2], "whoever may have the mistake gets the correction");
    assert_eq!(state(&office).await, State::Settled);
    office.inside.withdraw(&key("1")).await;
    office.inside.drain().await;
    assert_eq!(letters(&office), [3, 3, 3, 3]);
    assert_eq!(state(&office).await, State::Settled);
    office.stop().await;
}

#[tokio::test]
async fn who_had_a_letter_of_a_mailing_that_was_broken_off_hears_of_the_withdrawal_and_nobody_else() {
    let names: Vec<String> = (1..=12).map(|number| format!("nguoi{number:02}@example.vn")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let office = MailOffice::start_with("", "connections = 1", &names).await;
    let smtp = &office.world.smtp;
    smtp.always(OnMessage::DropAfterDot);
    office.publish("1").await;
    let paused = office.inside.app.ledger().pauses().await.unwrap();
    assert_eq!(paused.len(), 1, "a person is told");
    let had: Vec<usize> = names.iter().map(|name| office.letters(name)).collect();
    assert!(had.iter().sum::<usize>() >= 8 && had.contains(&0), "{had:?}");
    office.inside.withdraw(&key("1")).await;
    smtp.always(OnMessage::Accept);
    let (now, who) = (office.inside.clock.now(), "hoa".to_owned());
    office.inside.app.queue().resume("thu".to_owned(), who, now).await.unwrap();
    office.inside.drain().await;
    let told: Vec<usize> = names.iter().map(|name| office.letters(name)).collect();
    assert_eq!(told, had.iter().map(|letters| letters * 2).collect::<Vec<_>>());
    assert_eq!(state(&office).await, State::Settled);
    office.stop().await;
}

#[test]
fn a_withdrawal_after_a_kill_in_the_middle_of_a_mailing_reaches_those_who_had_the_letter_and_nobody_else() {
    let world = World::bare();
    let names: Vec<String> = (1..=6).map(|number| format!("nguoi{number}@example.vn")).collect();
    world.write("channels/nguoi-nhan.txt", &names.join("\n"));
    world.email("connections = 1");
    world.smtp.script(vec![OnMessage::Accept, OnMessage::Accept, OnMessage::SlowReply(Duration::from_secs(30))]);
    let article = world.article("1", "Bài 1", "Sáng thứ hai.");
    assert!(world.run(&["publish", &article.display().to_string()]).status.success());
    let mut daemon = world.daemon();
    let third = || world.smtp.state().look(|state| state.hanging == 1).then_some(());
    within(1_600, third).expect("the third letter waits for its answer");
    daemon.kill().expect("SIGKILL");
    daemon.wait().expect("an ended daemon");
    world.smtp.release();
    let had: Vec<usize> = names.iter().map(|name| world.smtp.letters_to(name).len()).collect();
    assert!(had[0] == 1 && had[1] == 1 && had[3..] == [0, 0, 0], "{had:?}");
    assert!(world.run(&["withdraw", "1"]).status.success());
    let mut daemon = world.daemon();
    let told =
        || (world.smtp.letters_to(&names[0]).len() == 2 && world.smtp.letters_to(&names[1]).len() == 2).then_some(());
    within(1_600, told).unwrap_or_else(|| panic!("nobody is told: {}", world.log()));
    crate::crash::settle_everything(&world);
    daemon.kill().expect("SIGKILL");
    daemon.wait().expect("an ended daemon");
    assert!(names[3..].iter().all(|name| world.smtp.letters_to(name).is_empty()), "who never had it hears nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_about_a_correction_is_answered_apart_from_an_earlier_one_that_it_has_overtaken() {
    let office = MailOffice::start_with("", "connections = 1", &NAMES).await;
    office.world.smtp.script(vec![OnMessage::Accept, OnMessage::DropAfterDot]);
    office.publish("1").await;
    office.world.smtp.script(vec![OnMessage::Accept, OnMessage::Accept, OnMessage::DropAfterDot]);
    office.inside.publish(&office.world.article("1", "Bài 1", "Chiều thứ hai, không phải sáng.")).await;
    office.inside.drain().await;
    assert_eq!(letters(&office), [2, 2, 2, 2]);
    let id = office.inside.rows().await[0].delivery.id.to_string();
    let overtaken = office.world.run(&["resolve", &id, "--did-not", "--recipient", NAMES[1]]);
    assert!(!overtaken.status.success(), "the correction has reached them: {overtaken:?}");
    let answered = office.world.run(&["resolve", &id, "--did-not", "--recipient", NAMES[2]]);
    assert!(answered.status.success(), "{answered:?}");
    office.inside.drain().await;
    assert_eq!(letters(&office), [2, 2, 3, 2], "only the one who was answered for");
    assert_eq!(state(&office).await, State::Settled);
    office.stop().await;
}

#[tokio::test]
async fn when_everybody_has_left_nothing_is_taken_for_sent() {
    let office = MailOffice::start_with("", "", &NAMES).await;
    for name in NAMES {
        let standing = loa::audience::Standing::Unsubscribed;
        let at = office.inside.clock.now();
        let new = loa::queue::NewStanding { standing, reason: None, who: "hoa".to_owned(), at };
        office.inside.app.subscribers().stand("thu".to_owned(), name.parse().unwrap(), new).await.unwrap();
    }
    office.publish("1").await;
    assert!(matches!(state(&office).await, State::Failed { .. }), "{:?}", state(&office).await);
    office.stop().await;
}

// The daemon goes on while the command line answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_about_an_edition_is_answered_once_for_all_its_articles() {
    let settings = "connections = 1\n[schedule]\ntiming = [\"0 10 * * *\"]";
    let office = MailOffice::start_with("", settings, &NAMES).await;
    office.world.smtp.script(vec![OnMessage::Accept, OnMessage::DropAfterDot]);
    office.inside.publish(&office.world.article("1", "Bài 1", "Sáng thứ hai.")).await;
    office.publish("2").await;
    let rows = office.inside.rows().await;
    assert!(rows.iter().all(|row| matches!(row.delivery.state, State::Uncertain { .. })), "{rows:?}");
    for saw in ["--did-not", "--went-out"] {
        let id = rows[0].delivery.id.to_string();
        let output = office.world.run(&["resolve", &id, saw, "--recipient", NAMES[1]]);
        if saw == "--did-not" {
            assert!(output.status.success(), "{output:?}");
            office.inside.drain().await;
            assert_eq!(letters(&office), [1, 2, 1, 1], "the answer was taken at its word");
        } else {
            assert!(!output.status.success(), "there is nothing left to answer");
        }
    }
    let rows = office.inside.rows().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:?}");
    office.stop().await;
}

#[tokio::test]
async fn a_mailing_rests_in_quiet_hours_and_is_finished_after_them_however_long_they_are() {
    let settings = "connections = 1\n[schedule]\nquiet = \"09:30-21:30\"\ngrace = \"1h\"";
    let office = MailOffice::start_with("", settings, &NAMES).await;
    let (smtp, clock) = (&office.world.smtp, &office.inside.clock);
    clock.advance_to(utc("2026-11-24T09:29:40+07:00"));
    smtp.script(vec![OnMessage::SlowReply(Duration::from_secs(5))]);
    office.inside.publish(&office.world.article("1", "Bài 1", "Sáng thứ hai.")).await;
    smtp.wait_until("the first letter waits for its answer", |state| state.hanging == 1).await;
    clock.advance_to(utc("2026-11-24T09:30:00+07:00"));
    smtp.release();
    let rest = async {
        while !matches!(state(&office).await, State::Waiting { .. }) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), rest).await.expect("the mailing rests");
    assert_eq!(letters(&office), [1, 0, 0, 0]);
    office.inside.drain().await;
    assert_eq!(letters(&office), [1, 1, 1, 1]);
    assert_eq!(state(&office).await, State::Settled);
    assert_eq!(clock.now(), utc("2026-11-24T21:30:00+07:00"));
    office.stop().await;
}

#[tokio::test]
async fn what_is_withdrawn_while_a_digest_leaves_is_not_in_the_rest_of_its_letters() {
    let settings = "connections = 1\n[schedule]\ntiming = [\"1 9 * * *\"]";
    let office = MailOffice::start_with("", settings, &NAMES).await;
    let (smtp, clock) = (&office.world.smtp, &office.inside.clock);
    for id in ["1", "2"] {
        office.inside.publish(&office.world.article(id, &format!("Ban tin so {id}"), "Sáng thứ hai.")).await;
    }
    smtp.script(vec![OnMessage::SlowReply(Duration::from_secs(5))]);
    clock.advance_to(utc("2026-11-24T09:01:00+07:00"));
    smtp.wait_until("the first letter waits for its answer", |state| state.hanging == 1).await;
    office.inside.withdraw(&key("1")).await;
    smtp.release();
    office.inside.drain().await;
    let had: Vec<_> = NAMES.iter().map(|name| smtp.letters_to(name)).collect();
    let told: Vec<Vec<Vec<usize>>> = had.iter().map(|letters| letters.iter().map(speaks_of).collect()).collect();
    assert_eq!(told[0], [vec![1, 2], vec![1]], "who had it is told that it is withdrawn");
    // Everybody on the edition's list hears of the withdrawal, whichever part of the mailing they were in.
    assert!(told[1..].iter().all(|letters| letters[0] == [2]), "{told:?}");
    office.stop().await;
}
