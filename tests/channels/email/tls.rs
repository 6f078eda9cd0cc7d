//! Letters over TLS, as offices have it, to a real Postfix.

use std::process::Stdio;

use crate::support::process::within;
use crate::support::real_postfix::RealPostfix;
use crate::support::world::World;

/// Looks of 25 ms: a minute.
const PATIENCE: u32 = 2_400;

/// An office whose mail goes by this security, before its daemon runs.
fn office(port: u16, security: &str) -> (World, Vec<String>) {
    let world = World::bare();
    let people: Vec<String> = (1..=40).map(|number| format!("nguoi{number:02}@example.vn")).collect();
    world.write("channels/nguoi-nhan.txt", &people.join("\n"));
    let settings = format!(
        "from = \"UBND xã An Bình <tin@anbinh.example.vn>\"\nrecipients = \"channels/nguoi-nhan.txt\"\n\
         host = \"localhost\"\nport = {port}\nsecurity = \"{security}\"\nconnections = 3"
    );
    world.patient_channel("email", "email", &settings, "");
    let article = world.article("bai", "Lịch cấp nước", "Nội dung của bài thử, đủ dấu: ặ ễ ộ ứ ỵ đ.");
    assert!(world.run(&["publish", &article.display().to_string()]).status.success());
    (world, people)
}

fn said(world: &World, arguments: &[&str]) -> String {
    String::from_utf8_lossy(&world.run(arguments).stdout).into_owned()
}

#[test]
fn everybody_gets_one_over_tls_of_either_kind() {
    let postfix = RealPostfix::start();
    let mut expected = 0;
    for (security, port) in [("starttls", postfix.port()), ("tls", postfix.tls_port())] {
        let (world, people) = office(port, security);
        let mut daemon = world.loa(&["run"]);
        daemon.env("SSL_CERT_FILE", postfix.authority()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = daemon.spawn().expect("a daemon");
        let settled = || said(&world, &["deliveries", "--json"]).contains("\"settled\"").then_some(());
        within(PATIENCE, settled).unwrap_or_else(|| panic!("{security}: {}", said(&world, &["deliveries"])));
        daemon.kill().expect("SIGKILL");
        daemon.wait().expect("an ended daemon");
        postfix.settle();
        expected += 1;
        for name in &people {
            assert_eq!(postfix.mailboxes().get(name).map_or(0, Vec::len), expected, "{security}: {name}");
        }
        let letters = postfix.raw_letters();
        assert!(letters.iter().all(|letter| letter.contains("using TLSv1.")), "{security}: {}", letters[0]);
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_pauses_the_channel_and_says_where_to_look() {
    let postfix = RealPostfix::start();
    for (security, port) in [("starttls", postfix.port()), ("tls", postfix.tls_port())] {
        let (world, _) = office(port, security);
        let mut daemon = world.daemon();
        let paused =
            || said(&world, &["channels"]).contains("Check security and the server's certificate").then_some(());
        let paused = within(PATIENCE, paused);
        daemon.kill().expect("SIGKILL");
        daemon.wait().expect("an ended daemon");
        assert!(paused.is_some(), "{security}: {}{}", said(&world, &["channels"]), said(&world, &["deliveries"]));
    }
    assert_eq!(postfix.delivered(), 0);
}
