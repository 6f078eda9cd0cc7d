//! Letters that come back: what they mean, whose they are, and what becomes of their recipients.

use loa::audience::{Address, Standing, Verdict, letter_id, read_bounce};
use loa::text::Text;
use proptest::prelude::*;

use super::office::MailOffice;
use super::returned::{For, returned};
use crate::support::process::eventually;

const TOKEN: &str = "abcdefghijklmnopqrstuvwx23";
const DAY: &str = "Tue, 24 Nov 2026 09:03:00 +0700";

fn lan() -> For<'static> {
    For { token: TOKEN, address: "lan@example.vn", job: "viec-1" }
}

fn why_not(message: &[u8]) -> Text {
    read_bounce(message).expect_err("it is of no account")
}

#[test]
fn every_mail_systems_bounce_is_understood() {
    use Verdict::{Complaint, Hard, Soft, Unsubscribe};
    for (name, verdict, words, has_address) in [
        ("postfix-unknown", Hard, "unknown user", true),
        ("postfix-full", Soft, "over quota", true),
        ("exchange", Hard, "RecipientNotFound", true),
        ("gmail", Hard, "does not exist", true),
        ("exim", Hard, "Unrouteable", true),
        ("abuse", Complaint, "abuse", false),
        ("request", Unsubscribe, "Hủy", false),
    ] {
        let bounce = read_bounce(&returned(name, &lan(), DAY)).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(bounce.verdict, verdict, "{name}");
        assert!(bounce.reason.contains(words), "{name}: {}", bounce.reason);
        assert!(!bounce.reason.contains(TOKEN), "{name}");
        let lan: Address = "lan@example.vn".parse().unwrap();
        assert_eq!(bounce.addresses.contains(&lan), has_address, "{name}: {:?}", bounce.addresses);
        if name == "exchange" {
            assert!(bounce.tokens.is_empty(), "this one came to another address");
        } else {
            assert_eq!(bounce.tokens, [TOKEN], "{name}");
        }
        if !matches!(name, "abuse" | "request") {
            assert_eq!(bounce.letters, [letter_id("viec-1", "lan@example.vn")], "{name}");
        }
    }
}

#[test]
fn what_is_no_failure_of_the_recipient_is_of_no_account() {
    for (name, words) in [("delayed", "chậm"), ("delivered", "đã đến"), ("policy", "cấu hình"), ("vacation", "tự động")]
    {
        let why = why_not(&returned(name, &lan(), DAY));
        assert!(why.vi.contains(words), "{name}: {why:?}");
    }
    let plain =
        |subject: &str| format!("From: a@example.vn\r\nTo: bounce+{TOKEN}@x.vn\r\nSubject: {subject}\r\n\r\nChào\r\n");
    for subject in ["Re: Hủy lịch tiếp công dân", "Hỏi về lịch", ""] {
        assert!(why_not(plain(subject).as_bytes()).vi.contains("hủy nhận"), "{subject}");
    }
    for subject in ["hủy", "HUY", "Re: huy nhan thu", "unsubscribe", "Unsubscribe."] {
        let bounce = read_bounce(plain(subject).as_bytes()).unwrap_or_else(|why| panic!("{subject}: {why}"));
        assert_eq!((bounce.verdict, bounce.tokens), (Verdict::Unsubscribe, vec![TOKEN.to_owned()]), "{subject}");
    }
    // A token in the body is not a request's: somebody may have sent the letter on.
    let quoted =
        format!("From: a@example.vn\r\nTo: b@x.vn\r\nSubject: huy\r\n\r\n> https://x/huy-nhan-thu/{TOKEN}\r\n");
    assert!(why_not(quoted.as_bytes()).vi.contains("không nói về"));
    assert!(why_not(b"").vi.contains("không đọc được"));
}

#[test]
fn what_a_mail_system_says_is_kept_without_the_token_that_it_repeats() {
    for (status, upper) in [("5.1.1", false), ("5.7.1", true)] {
        let token = if upper { TOKEN.to_uppercase() } else { TOKEN.to_owned() };
        let letter = format!(
            "From: mailer-daemon@x.vn\r\nTo: b2+{TOKEN}@anbinh.example.vn\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\
             Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.vn\r\n\r\n\
             Final-Recipient: rfc822; an@example.vn\r\nAction: failed\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; 550 {status} <b2+{token}@anbinh.example.vn> and \
             https://x/huy-nhan-thu/{token}: rejected\r\n\r\n--b--\r\n"
        );
        let said = match read_bounce(letter.as_bytes()) {
            Ok(bounce) => bounce.reason,
            Err(why) => format!("{} {}", why.vi, why.en),
        };
        assert!(said.contains("<b2+…@anbinh.example.vn> and https://x/huy-nhan-thu/…: rejected"), "{said}");
    }
}

/// `Status` and `Diagnostic-Code`, and what they mean; `None`: nothing to do with the recipient.
#[test]
fn statuses_mean_what_the_table_says() {
    use Verdict::{Hard, Soft};
    for (status, said, verdict) in [
        ("5.1.1", "", Some(Hard)),
        ("5.1.2", "", Some(Hard)),
        ("5.1.3", "", Some(Hard)),
        ("5.1.10", "", Some(Hard)),
        ("5.1.8", "bad sender", None),
        ("5.2.1", "", Some(Hard)),
        ("5.2.2", "", Some(Soft)),
        ("5.2.3", "message too long", None),
        ("5.3.4", "message too big", None),
        ("5.4.4", "", Some(Hard)),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", Some(Hard)),
        ("5.4.310", "", Some(Hard)),
        ("5.4.6", "routing loop", Some(Soft)),
        ("5.4.7", "expired", Some(Soft)),
        ("5.5.0", "550 5.5.0 mailbox unavailable", Some(Soft)),
        ("5.6.0", "", None),
        ("5.7.1", "554 5.7.1 user unknown, or blocked", None),
        ("5.7.26", "", None),
        ("4.2.2", "", Some(Soft)),
        ("4.4.7", "", Some(Soft)),
        ("4.7.0", "421-4.7.0 unusual rate", None),
        ("2.0.0", "", None),
        ("5.0.0", "smtp; 550 5.1.1 no", Some(Hard)),
        ("5.0.0", "smtp; 550 User unknown", Some(Hard)),
        ("5.0.0", "smtp; 550 Mailbox full", Some(Soft)),
        ("5.0.0", "smtp; 554 Blocked for spam", None),
        ("5.0.0", "smtp; 554 Transaction failed", Some(Soft)),
        ("", "smtp; 550-5.1.1 no such user at 203.0.113.9", Some(Hard)),
        ("", "smtp; connect to mx[5.1.1.9]: 450 later", Some(Soft)),
        ("", "smtp; 550 no such user", Some(Hard)),
        ("", "", None),
        ("rubbish", "rubbish", None),
    ] {
        let report = format!(
            "From: mailer-daemon@x.vn\r\nTo: bounce+{TOKEN}@x.vn\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\
             Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; lan@example.vn\r\n\
             Action: failed\r\nStatus: {status}\r\nDiagnostic-Code: {said}\r\n\r\n--b--\r\n"
        );
        let read = read_bounce(report.as_bytes());
        assert_eq!(read.as_ref().ok().map(|bounce| bounce.verdict), verdict, "{status:?} {said:?}: {read:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let _ = read_bounce(&bytes);
    }

    /// Real bounces, cut and with bytes written over: what is still understood names no stranger's token.
    #[test]
    fn damaged_bounces_do_no_harm(
        which in 0_usize..8,
        cut in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let name = ["postfix-unknown", "postfix-full", "exchange", "gmail", "exim", "delayed", "abuse", "request"][which];
        let mut letter = returned(name, &lan(), DAY);
        for (at, byte) in damage {
            let at = at.index(letter.len());
            letter[at] = byte;
        }
        letter.truncate(cut.index(letter.len()));
        if let Ok(bounce) = read_bounce(&letter) {
            prop_assert!(bounce.reason.chars().count() <= 200 && !bounce.reason.contains(['\r', '\n']));
            prop_assert!(bounce.tokens.iter().all(|token| token.len() == 26));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_bounces_for_good_is_left_out_of_the_next_letter() {
    let office = MailOffice::start("", &["lan@example.vn", "minh@example.vn"]).await;
    office.publish("mot").await;
    let job = office.job_of("lan@example.vn").await;
    let token = office.token("lan@example.vn").await;
    let whom = For { token: &token, address: "lan@example.vn", job: &job };
    let said = office.bounce(&returned("postfix-unknown", &whom, DAY));
    assert!(said.contains("lan@example.vn") && !said.contains(&token), "{said}");
    assert_eq!(office.standing("lan@example.vn").await, Standing::Bounced);
    // Again changes nothing.
    office.bounce(&returned("postfix-unknown", &whom, DAY));
    office.publish("hai").await;
    assert_eq!(office.letters("lan@example.vn"), 1);
    assert_eq!(office.letters("minh@example.vn"), 2);
    assert_eq!(office.left_out().await, [("lan@example.vn".to_owned(), "bounced".to_owned())]);
    let told = super::people::decisions(&office.world.path("loa.db")).await;
    let bounced: Vec<_> = told.iter().filter(|(_, what, _)| what == "bounced").collect();
    assert!(
        matches!(bounced.as_slice(), [(who, _, note)] if who == "loa" && note.contains("lan@example.vn")),
        "{told:?}"
    );
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_only_the_id_of_a_letter_that_was_sent_proves_a_bounce() {
    let office = MailOffice::start("", &["lan@example.vn", "minh@example.vn"]).await;
    office.publish("mot").await;
    let job = office.job_of("lan@example.vn").await;
    // Forged: the address is right, the letter is not; the letter of somebody else; a token that nobody has.
    for (address, job) in [("lan@example.vn", "doan-mo"), ("ai.do@example.vn", job.as_str())] {
        let said = office.bounce(&returned("exchange", &For { token: TOKEN, address, job }, DAY));
        assert!(said.contains("ignored"), "{said}");
    }
    let forged = For { token: TOKEN, address: "lan@example.vn", job: "doan-mo" };
    assert!(office.bounce(&returned("postfix-unknown", &forged, DAY)).contains("ignored"));
    assert_eq!(office.standing("lan@example.vn").await, Standing::Active);
    let real = For { token: TOKEN, address: "lan@example.vn", job: &job };
    assert!(!office.bounce(&returned("exchange", &real, DAY)).contains("ignored"));
    assert_eq!(office.standing("lan@example.vn").await, Standing::Bounced);
    assert_eq!(office.standing("minh@example.vn").await, Standing::Active);
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_a_request_and_a_mailbox_behind_the_mailbox() {
    let names = ["lan@example.vn", "minh@example.vn", "hoa@example.vn"];
    let office = MailOffice::start("", &names).await;
    let token = async |address| office.token(address).await;
    let of = |token, address| For { token, address, job: "viec" };
    let (lan, minh, hoa) = (token(names[0]).await, token(names[1]).await, token(names[2]).await);
    office.bounce(&returned("abuse", &of(&lan, names[0]), DAY));
    assert_eq!(office.standing(names[0]).await, Standing::Complained);
    office.bounce(&returned("request", &of(&minh, names[1]), DAY));
    assert_eq!(office.standing(names[1]).await, Standing::Unsubscribed);
    // Hoa has her mail sent on to a mailbox that is gone: hers is not, so that it only counts.
    office.bounce(&returned("postfix-unknown", &of(&hoa, "hoa@noi-khac.example.vn"), DAY));
    assert_eq!(office.standing(names[2]).await, Standing::Active);
    assert_eq!(office.person(names[2]).await.soft_bounces, 1);
    office.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_maildir_is_emptied_at_the_start_and_every_minute_and_twice_is_once() {
    let office = MailOffice::start("[mail]\nbounces = \"thu-ve\"\nsoft_bounces = 2\n", &["lan@example.vn"]).await;
    let token = office.token("lan@example.vn").await;
    let whom = For { token: &token, address: "lan@example.vn", job: "viec" };
    let put = |name: &str, letter: &[u8]| {
        // As a mail server does it: whole, from tmp.
        let tmp = office.world.path("thu-ve/tmp").join(name);
        std::fs::write(&tmp, letter).unwrap();
        std::fs::rename(tmp, office.world.path("thu-ve/new").join(name)).unwrap();
    };
    let taken = |name: &str| {
        let cur = office.world.path("thu-ve/cur").join(format!("{name}:2,S"));
        eventually("the letter is taken in", || {
            office.inside.clock.advance(chrono::TimeDelta::seconds(1));
            cur.exists().then_some(())
        });
    };
    let full = returned("postfix-full", &whom, DAY);
    put("1.a", &full);
    put("2.rac", b"\xff\x00 rubbish");
    taken("1.a");
    taken("2.rac");
    assert_eq!(office.person("lan@example.vn").await.soft_bounces, 1);
    // loa died before it could move the letter away, and reads it again a day later.
    office.inside.clock.advance(chrono::TimeDelta::days(1));
    put("1.a", &full);
    std::fs::remove_file(office.world.path("thu-ve/cur/1.a:2,S")).unwrap();
    taken("1.a");
    assert_eq!(office.person("lan@example.vn").await.soft_bounces, 1);
    put("3.b", &returned("postfix-full", &whom, "Wed, 25 Nov 2026 09:03:00 +0700"));
    taken("3.b");
    assert_eq!(office.standing("lan@example.vn").await, Standing::Bounced);
    assert_eq!(std::fs::read_dir(office.world.path("thu-ve/new")).unwrap().count(), 0);
    office.stop().await;
}

#[test]
fn check_names_a_folder_that_is_no_maildir() {
    let world = crate::support::world::World::new("\"immediate\"");
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    world.write("config.toml", &format!("{config}[mail]\nbounces = \"thu-ve\"\n"));
    let refused = world.run(&["check"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("config.toml:9") && said.contains("Maildir"), "{said}");
    for inside in ["new", "cur", "tmp"] {
        std::fs::create_dir_all(world.path("thu-ve").join(inside)).unwrap();
    }
    assert_eq!(world.run(&["check"]).status.code(), Some(0));
}
