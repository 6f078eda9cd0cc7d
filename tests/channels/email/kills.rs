//! A mailing over a real Postfix and over the hostile mail server, with the real binary, killed again and again: whoever
//! can have a letter has exactly one, and everybody else has a reason.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::hostile_smtp::{HostileSmtp, OnRecipient};
use crate::support::process::within;
use crate::support::real_postfix::RealPostfix;
use crate::support::world::World;

const PEOPLE: usize = 2_000;
const CONNECTIONS: usize = 4;
const KILLS: usize = 5;
/// Looks of 25 ms: four minutes.
const PATIENCE: u32 = 9_600;

fn people() -> Vec<String> {
    let name = |number: usize| match number % 100 {
        0 => "chan",
        10 | 20 | 30 | 40 | 50 | 60 | 70 | 80 | 90 => "xam",
        _ => "nguoi",
    };
    (1..=PEOPLE).map(|number| format!("{}{number:04}@example.vn", name(number))).collect()
}

fn json(world: &World, arguments: &[&str]) -> Vec<Value> {
    let output = world.run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'v>(row: &'v Value, name: &str) -> &'v str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn state(world: &World) -> (String, bool) {
    let rows = json(world, &["deliveries", "--json"]);
    (text(&rows[0], "state").to_owned(), rows[0].get("due").is_none_or(Value::is_null))
}

/// What loa says of everybody: state and reason.
fn on_record(world: &World) -> BTreeMap<String, (String, String)> {
    json(world, &["recipients", "1", "--json"])
        .iter()
        .map(|row| (text(row, "recipient").to_owned(), (text(row, "state").to_owned(), text(row, "note").to_owned())))
        .collect()
}

/// A mail server, and what lies in its mailboxes.
trait MailServer {
    fn port(&self) -> u16;
    /// Letters in mailboxes.
    fn delivered(&self) -> usize;
    /// The letters of each recipient; once the server has nothing more to do.
    fn mailboxes(&self) -> BTreeMap<String, usize>;
}

impl MailServer for RealPostfix {
    fn port(&self) -> u16 {
        Self::port(self)
    }

    fn delivered(&self) -> usize {
        Self::delivered(self)
    }

    fn mailboxes(&self) -> BTreeMap<String, usize> {
        self.settle();
        Self::mailboxes(self).into_iter().map(|(name, letters)| (name, letters.len())).collect()
    }
}

impl MailServer for HostileSmtp {
    fn port(&self) -> u16 {
        Self::port(self)
    }

    fn delivered(&self) -> usize {
        self.state().look(|state| state.letters.len())
    }

    fn mailboxes(&self) -> BTreeMap<String, usize> {
        let mut boxes = BTreeMap::new();
        self.state().look(|state| {
            for recipient in state.letters.iter().flat_map(|letter| &letter.recipients) {
                *boxes.entry(recipient.clone()).or_default() += 1;
            }
        });
        boxes
    }
}

#[test]
fn two_thousand_people_five_kills_and_a_real_postfix() {
    everybody_has_one_or_a_reason(&RealPostfix::start());
}

#[test]
fn two_thousand_people_five_kills_and_a_hostile_mail_server() {
    let smtp = HostileSmtp::start();
    for name in people() {
        if name.starts_with("chan") {
            smtp.recipient(&name, vec![OnRecipient::Rcpt(550, "5.1.1 No such user"); 9]);
        } else if name.starts_with("xam") {
            smtp.recipient(&name, vec![OnRecipient::Greylist; 9]);
        }
    }
    everybody_has_one_or_a_reason(&smtp);
    assert_eq!(smtp.state().look(|state| state.violations.clone()), Vec::<String>::new());
}

fn everybody_has_one_or_a_reason(far: &dyn MailServer) {
    let world = World::bare();
    world.write("channels/nguoi-nhan.txt", &people().join("\n"));
    world.patient_channel(
        "email",
        "email",
        &format!(
            "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nrecipients = \"channels/nguoi-nhan.txt\"\n\
             host = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nput_off_minutes = 1\nconnections = {CONNECTIONS}\n\
             bounces = \"bounce@anbinh.example.vn\"",
            far.port()
        ),
        "",
    );
    let article = world.article("bai", "Lịch cấp nước", "Nội dung của bài thử, đủ dấu: ặ ễ ộ ứ ỵ đ.");
    assert!(world.run(&["publish", &article.display().to_string()]).status.success());
    let mut daemon = world.daemon();
    for kill in 1..=KILLS {
        let goal = kill * PEOPLE / (KILLS + 2);
        within(PATIENCE, || (far.delivered() >= goal).then_some(())).expect("letters arrive");
        daemon.kill().expect("SIGKILL");
        daemon.wait().expect("an ended daemon");
        daemon = world.daemon();
    }
    let ended = within(PATIENCE, || {
        Some(state(&world)).filter(|(state, asks)| state == "settled" || (state == "uncertain" && *asks))
    });
    let (ended, _) = ended.unwrap_or_else(|| panic!("it never ends: {:?}\n{}", state(&world), world.log()));
    let mut boxes = far.mailboxes();
    let record = on_record(&world);
    assert_eq!(record.len(), PEOPLE, "everybody is on record");
    let mut in_doubt = Vec::new();
    for (name, (state, reason)) in &record {
        let copies = boxes.get(name).copied().unwrap_or_default();
        match state.as_str() {
            "sent" => assert_eq!(copies, 1, "{name}"),
            "begun" => in_doubt.push((name.clone(), copies)),
            "refused" => {
                assert_eq!(copies, 0, "{name}");
                assert!(name.starts_with("chan") && reason.contains("5.1.1"), "{name}: {reason}");
            }
            other => panic!("{name} is {other}: {reason}"),
        }
        assert!(copies <= 1, "{name} has {copies}");
    }
    let refused = record.values().filter(|(state, _)| state == "refused").count();
    assert_eq!(refused, PEOPLE / 100);
    // Only what was in the middle of leaving can be in doubt.
    assert!(in_doubt.len() <= KILLS * CONNECTIONS, "{} in doubt: {in_doubt:?}\n{}", in_doubt.len(), world.log());
    assert_eq!(ended == "uncertain", !in_doubt.is_empty());
    // A person answers for each of them from the mailboxes, truthfully.
    for (name, copies) in &in_doubt {
        let saw = if *copies == 1 { "--went-out" } else { "--did-not" };
        let output = world.run(&["resolve", "1", saw, "--recipient", name]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    within(PATIENCE, || (state(&world).0 == "settled").then_some(())).expect("it is settled");
    boxes = far.mailboxes();
    daemon.kill().expect("SIGKILL");
    daemon.wait().expect("an ended daemon");
    for name in people() {
        let copies = boxes.get(&name).copied().unwrap_or_default();
        assert_eq!(copies, usize::from(!name.starts_with("chan")), "{name}");
    }
}
