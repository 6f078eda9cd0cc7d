//! The real binary, killed: nothing lost, nothing doubled, and what cannot be known is asked.

use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use loa::article::ArticleKey;
use loa::speech::Region;
use loa::speech::number::cardinal;
use serde_json::Value;

use crate::support::hostile_http::Fault;
use crate::support::hostile_smtp::OnMessage;
use crate::support::oracle::{Delivery, Wanted};
use crate::support::world::{RECIPIENTS, World};

const ROUNDS: usize = 50;
/// Rounds that live through the same minute together; they mostly wait for the radio's slot.
const AT_ONCE: usize = 17;
/// Rounds that stand still together.
const FROZEN_AT_ONCE: usize = 10;
/// Longer than a lease lasts, and the next look for leases that ran out.
pub(crate) const PAST_A_LEASE: Duration = Duration::from_secs(75);
const ARTICLES: u64 = 40;
const PATIENCE: Duration = Duration::from_secs(150);

/// Looks again and again until it has come true, without holding up anything else.
pub(crate) fn eventually(what: &str, mut come_true: impl FnMut() -> bool) {
    let began = now();
    while !come_true() {
        assert!(now() - began < PATIENCE, "in vain: {what}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary under test lives in real time")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970")
}

/// Real time passes: when the kill comes is the subject of the test, not a way to wait for something.
pub(crate) fn let_live(span: Duration) {
    let until = now() + span;
    while let Some(left) = until.checked_sub(now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

pub(crate) fn kill(mut daemon: Child) {
    daemon.kill().expect("SIGKILL");
    daemon.wait().expect("an ended daemon");
}

/// What `loa deliveries --json` says.
fn deliveries(world: &World) -> Vec<Value> {
    let output = world.run(&["deliveries", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn field<'v>(row: &'v Value, name: &str) -> &'v str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn is_at_rest(row: &Value) -> bool {
    let asks = field(row, "state") == "uncertain" && row.get("due").is_none_or(Value::is_null);
    field(row, "state") == "settled" || asks
}

pub(crate) fn settle_everything(world: &World) {
    eventually("every delivery settles or asks", || {
        let rows = deliveries(world);
        !rows.is_empty() && rows.iter().all(is_at_rest)
    });
}

/// What loa admits not to know.
pub(crate) fn asked(world: &World) -> BTreeSet<Delivery> {
    deliveries(world)
        .iter()
        .filter(|row| field(row, "state") == "uncertain")
        .map(|row| {
            (field(row, "channel").to_owned(), format!("{}/{}", field(row, "source"), field(row, "external_id")))
        })
        .collect()
}

/// A person answers every question from the mailboxes, truthfully.
pub(crate) fn answer(world: &World) {
    for row in deliveries(world).iter().filter(|row| field(row, "state") == "uncertain") {
        assert_eq!(field(row, "channel"), "email", "only mail cannot be looked up: {row}");
        let article = format!("{}/{}", field(row, "source"), field(row, "external_id"));
        let id = row.get("id").and_then(Value::as_i64).expect("a number").to_string();
        let output = world.run(&["recipients", &id, "--state", "begun", "--json"]);
        let in_doubt: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        for copy in &in_doubt {
            let recipient = field(copy, "recipient");
            let letters = world.smtp.letters_to(recipient);
            let has_it = letters.iter().any(|letter| letter.articles().iter().any(|(key, _)| *key == article));
            let saw = if has_it { "--went-out" } else { "--did-not" };
            assert!(world.run(&["resolve", &id, saw, "--recipient", recipient]).status.success());
        }
    }
}

/// Titles that no reading changes and none of which is part of another.
fn title(number: u64) -> String {
    format!("Bài thử {} hết", cardinal(number, Region::North))
}

pub(crate) fn publish_forty(world: &World) -> Vec<(String, ArticleKey, Wanted)> {
    let mut files = Vec::new();
    let mut expected = Vec::new();
    for number in 1..=ARTICLES {
        let id = format!("bai-{number}");
        files.push(world.article(&id, &title(number), "Nội dung của bài thử, đủ dấu: ặ ễ ộ ứ ỵ đ."));
        let key = ArticleKey { source: "cli".to_owned(), external_id: id };
        expected.push((title(number), key, Wanted::Revision(1)));
    }
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let arguments: Vec<&str> = std::iter::once("publish").chain(files.iter().map(String::as_str)).collect();
    let output = world.run(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    expected
}

fn one_round(seed: u64) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let world = World::new("[\"* * * * *\"]");
    let mut daemon = world.daemon();
    let expected = publish_forty(&world);
    for _ in 0..3 {
        let_live(Duration::from_millis(random.u64(0..700)));
        kill(daemon);
        daemon = world.daemon();
    }
    // Once more around the radio's slot, to hit an edition while it is being made.
    let into_minute = Duration::from_millis(u64::try_from(now().as_millis() % 60_000).expect("a minute"));
    let_live(Duration::from_secs(60).saturating_sub(into_minute) + Duration::from_millis(random.u64(0..400)));
    kill(daemon);
    daemon = world.daemon();
    let questions = assert_whole(&world, &expected, seed);
    kill(daemon);
    questions
}

/// Everything is where it should be, once; what loa asked about is answered first. Says how much that was.
pub(crate) fn assert_whole(world: &World, expected: &[(String, ArticleKey, Wanted)], seed: u64) -> usize {
    settle_everything(world);
    let questions = asked(world);
    world.verdict(expected, &questions).assert_clean();
    answer(world);
    settle_everything(world);
    // Now nothing is excused: every channel shows every article once.
    let verdict = world.verdict(expected, &BTreeSet::new());
    let aired = world.aired();
    for (title, key, _) in expected {
        let times = aired.get(&key.to_string()).copied().unwrap_or_default();
        assert_eq!(times, 1, "seed {seed}: {title} is on the air {times} times\n{}", world.log());
    }
    assert!(verdict.is_clean(), "seed {seed}: {verdict}\n{}", world.log());
    world.radio().assert_whole();
    world.site().assert_whole();
    questions.len()
}

pub(crate) fn signal(name: &str, process: &Child) {
    let sent = Command::new("sh").args(["-c", "kill -\"$0\" \"$1\"", name, &process.id().to_string()]).status();
    assert!(sent.expect("a shell").success());
}

/// Runs `round` so many times, each with a number of its own, as many `at_once` as are told: they mostly wait.
pub(crate) fn rounds(count: usize, at_once: usize, round: impl Fn(u64) + Send + Sync + 'static) {
    let (next, round) = (Arc::new(AtomicUsize::new(0)), Arc::new(round));
    let hands: Vec<_> = (0..at_once.min(count))
        .map(|_| {
            let (next, round) = (Arc::clone(&next), Arc::clone(&round));
            std::thread::spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::AcqRel);
                    if number >= count {
                        return;
                    }
                    round(u64::try_from(number).expect("a small number"));
                }
            })
        })
        .collect();
    for hand in hands {
        hand.join().expect("a clean round");
    }
}

/// Rounds of each fault that takes a minute: one, or `LOA_ROUNDS`.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
pub(crate) fn asked_rounds() -> usize {
    std::env::var("LOA_ROUNDS").map_or(1, |rounds| rounds.parse().expect("LOA_ROUNDS is a number"))
}

#[test]
fn fifty_rounds_of_forty_articles_killed_at_random_lose_and_double_nothing() {
    let questions = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&questions);
    rounds(ROUNDS, AT_ONCE, move |seed| {
        asked.fetch_add(one_round(seed), Ordering::AcqRel);
    });
    let questions = questions.load(Ordering::Acquire);
    println!(
        "{ROUNDS} rounds × {ARTICLES} articles × 4 channels: 0 lost, 0 doubled; {questions} deliveries were asked about"
    );
}

#[test]
fn a_daemon_that_was_stopped_past_its_leases_loses_and_doubles_nothing() {
    rounds(asked_rounds(), FROZEN_AT_ONCE, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new("[\"* * * * *\"]");
        let daemon = world.daemon();
        let expected = publish_forty(&world);
        let_live(Duration::from_millis(random.u64(0..700)));
        signal("STOP", &daemon);
        let_live(PAST_A_LEASE);
        signal("CONT", &daemon);
        assert_whole(&world, &expected, seed);
        kill(daemon);
    });
}

#[test]
fn killed_before_the_send_it_is_sent_once_after_the_restart() {
    let world = World::new("\"immediate\"");
    world.hook.go_offline();
    world.smtp.go_offline();
    let daemon = world.daemon();
    let file = world.article("bai", "Bài chưa gửi", "Nội dung.");
    assert!(world.run(&["publish", &file.display().to_string()]).status.success());
    eventually("both far sides were tried in vain", || {
        deliveries(&world).iter().filter(|row| row.get("tries").and_then(Value::as_u64) > Some(0)).count() >= 2
    });
    kill(daemon);
    world.hook.come_back();
    world.smtp.come_back();
    let daemon = world.daemon();
    settle_everything(&world);
    let expected = [(
        "Bài chưa gửi".to_owned(),
        ArticleKey { source: "cli".to_owned(), external_id: "bai".to_owned() },
        Wanted::Revision(1),
    )];
    world.verdict(&expected, &BTreeSet::new()).assert_clean();
    kill(daemon);
}

#[test]
fn killed_after_the_send_and_before_the_answer_the_public_still_sees_one_copy() {
    let world = World::new("\"immediate\"");
    world.hook.script(vec![Fault::PostThenHang]);
    world.smtp.script(vec![OnMessage::HangAfterDot]);
    let daemon = world.daemon();
    let file = world.article("bai", "Bài đang gửi", "Nội dung.");
    assert!(world.run(&["publish", &file.display().to_string()]).status.success());
    world.hook.state().wait_until_blocking(PATIENCE, "the post hangs", |seen| seen.hanging == 1);
    world.smtp.state().wait_until_blocking(PATIENCE, "the mail hangs", |seen| seen.hanging == 1);
    kill(daemon);
    let daemon = world.daemon();
    settle_everything(&world);
    // The receiver knew the repeat by its id. Mail knows none: one recipient may have had it, a person is asked.
    let questions = asked(&world);
    assert_eq!(questions.len(), 1, "{questions:?}");
    let key = ArticleKey { source: "cli".to_owned(), external_id: "bai".to_owned() };
    let expected = [("Bài đang gửi".to_owned(), key, Wanted::Revision(1))];
    world.verdict(&expected, &questions).assert_clean();
    answer(&world);
    settle_everything(&world);
    world.verdict(&expected, &BTreeSet::new()).assert_clean();
    kill(daemon);
}

#[test]
fn killed_after_it_settled_nothing_is_sent_again() {
    let world = World::new("\"immediate\"");
    let daemon = world.daemon();
    let file = world.article("bai", "Bài đã gửi", "Nội dung.");
    assert!(world.run(&["publish", &file.display().to_string()]).status.success());
    settle_everything(&world);
    kill(daemon);
    let sent = |world: &World| {
        (
            world.hook.state().look(|seen| seen.requests.len()),
            world.smtp.state().look(|seen| seen.letters.len()),
            world.radio().count(),
        )
    };
    let before = sent(&world);
    let daemon = world.daemon();
    let second = world.article("hai", "Bài thứ hai", "Nội dung.");
    assert!(world.run(&["publish", &second.display().to_string()]).status.success());
    settle_everything(&world);
    kill(daemon);
    let (posts, letters, editions) = before;
    assert_eq!(sent(&world), (posts + 1, letters + 2, editions + 1), "only the second article went out");
}

#[test]
fn killed_in_the_middle_of_a_digest_the_rest_get_it_and_nobody_twice() {
    let world = World::new("\"immediate\"");
    let port = world.smtp.port();
    world.write(
        "channels/email.toml",
        &format!(
            "kind = \"email\"\n[schedule]\ntiming = [\"* * * * *\"]\n[limits]\ntimeout = \"1s\"\n[retry]\nfirst = \"1s\"\nlongest = \"2s\"\n\
             [settings]\nfrom = \"tin@anbinh.example.vn\"\nrecipients = \"channels/nguoi-nhan.txt\"\nhost = \"127.0.0.1\"\n\
             port = {port}\nsecurity = \"none\"\n"
        ),
    );
    // The first recipient gets the digest; at the second the mail server falls silent after the dot.
    world.smtp.script(vec![OnMessage::Accept, OnMessage::HangAfterDot]);
    let daemon = world.daemon();
    let files =
        ["mot", "hai", "ba"].map(|id| world.article(id, &format!("Bài {id}"), "Nội dung.").display().to_string());
    assert!(world.run(&["publish", &files[0], &files[1], &files[2]]).status.success());
    world.smtp.state().wait_until_blocking(PATIENCE, "the digest hangs", |seen| seen.hanging == 1);
    kill(daemon);
    let daemon = world.daemon();
    settle_everything(&world);
    let questions = deliveries(&world).iter().filter(|row| field(row, "state") == "uncertain").count();
    assert_eq!(questions, 3, "the whole edition asks about its second recipient");
    for row in deliveries(&world).iter().filter(|row| field(row, "state") == "uncertain") {
        let id = row.get("id").and_then(Value::as_i64).expect("a number").to_string();
        assert!(world.run(&["resolve", &id, "--went-out"]).status.success());
    }
    settle_everything(&world);
    for recipient in RECIPIENTS {
        assert_eq!(world.smtp.letters_to(recipient).len(), 1, "one digest for {recipient}");
    }
    kill(daemon);
}
