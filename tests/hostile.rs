//! Hostile far sides: whatever they do, the public sees each article once, in its newest revision, or a
//! person has been told.

use std::collections::BTreeSet;
use std::time::Duration;

use loa::article::ArticleKey;
use loa::delivery::{Event, State};
use loa::queue::PauseCause;

use crate::support::hostile_http::{Fault, RetryAfter};
use crate::support::hostile_smtp::{OnConnection, OnMessage, OnRecipient};
use crate::support::oracle::Wanted;
use crate::support::world::{Inside, RECIPIENTS, World, undecided};

/// Radio slots are not the subject here: every minute will do.
const EVERY_MINUTE: &str = "[\"* * * * *\"]";

/// The three steps of an article's life; the far side misbehaves at one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Publish,
    Correct,
    Withdraw,
}

const STEPS: [Step; 3] = [Step::Publish, Step::Correct, Step::Withdraw];

fn key(id: &str) -> ArticleKey {
    ArticleKey { source: "cli".to_owned(), external_id: id.to_owned() }
}

/// Lives an article's life, with `trouble` made just before `step` and `relief` after loa came to rest.
async fn live(world: &World, inside: &Inside, step: Step, trouble: impl Fn(), relief: impl AsyncFn()) {
    let title = "Thông báo tiêm chủng";
    for now in STEPS {
        if now == step {
            trouble();
        }
        match now {
            Step::Publish => inside.publish(&world.article("bai", title, "Nội dung lần đầu.")).await,
            Step::Correct => inside.publish(&world.article("bai", title, "Nội dung đã sửa.")).await,
            Step::Withdraw => inside.withdraw(&key("bai")).await,
        }
        inside.drain().await;
        if now == step {
            relief().await;
            inside.drain().await;
        }
        let wanted = match now {
            Step::Publish => Wanted::Revision(1),
            Step::Correct => Wanted::Revision(2),
            Step::Withdraw => Wanted::Withdrawn,
        };
        let rows = inside.rows().await;
        let verdict = world.verdict(&[(title.to_owned(), key("bai"), wanted)], &undecided(&rows));
        assert!(verdict.is_clean(), "after {now:?} (trouble at {step:?}): {verdict}\n{rows:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_webhook_receiver_does_the_public_sees_one_newest_copy() {
    // Faults that end by themselves: loa repeats the same event, the receiver knows it by its id.
    let passing = [
        Fault::PostThen500,
        Fault::PostThenHang,
        Fault::PostThenReset,
        Fault::ResetBeforeRead,
        Fault::RefuseConnection,
        Fault::AnswerEarly(500),
        Fault::Html502,
        Fault::Status(503),
        Fault::Status(504),
        Fault::Status(409),
        Fault::StatusRetryAfter(429, RetryAfter::Seconds(120)),
        Fault::StatusRetryAfter(429, RetryAfter::DateIn(60)),
        Fault::StatusRetryAfter(503, RetryAfter::AsctimeIn(60)),
        Fault::StatusRetryAfter(429, RetryAfter::Garbage("mai quay lại")),
        Fault::Ok202,
        Fault::Ok204,
        Fault::GzipAnswer,
        Fault::Huge,
        Fault::TruncatedAnswer,
        Fault::CloseKeepAlive,
        Fault::SlowRead { bytes: 64, pause: Duration::from_millis(1) },
    ];
    for fault in passing {
        for step in STEPS {
            let world = World::new(EVERY_MINUTE);
            let inside = Inside::start(&world).await;
            live(
                &world,
                &inside,
                step,
                || {
                    world.hook.script(vec![fault.clone(), fault.clone()]);
                },
                async || {},
            )
            .await;
            let rows = inside.rows().await;
            assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{fault:?} at {step:?}: {rows:#?}");
            inside.stop().await;
            world.hook.state().look(|seen| {
                assert!(
                    seen.ids_reused_for_other_bodies.is_empty(),
                    "{fault:?} at {step:?}: an id was used for two bodies"
                );
                assert!(seen.disbelieved.is_empty(), "{fault:?} at {step:?}: a signature was wrong");
                assert_eq!(seen.redirects_followed, 0);
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_wants_a_person_pauses_the_channel_and_loses_nothing() {
    for fault in [Fault::Gone410, Fault::Status(401), Fault::Status(403), Fault::Status(404), Fault::Redirect301] {
        for step in STEPS {
            let world = World::new(EVERY_MINUTE);
            let inside = Inside::start(&world).await;
            let relief = async || {
                let paused = inside.app.queue().paused("fanpage".to_owned()).await.expect("the store answers");
                assert!(matches!(paused.expect("a paused channel").cause, PauseCause::Attention(_)), "{fault:?}");
                let tries: Vec<u32> = inside.rows().await.iter().map(|row| row.delivery.tries).collect();
                assert!(tries.iter().all(|tries| *tries == 0), "{fault:?} spent retries: {tries:?}");
                world.hook.always(Fault::Ok200);
                inside
                    .app
                    .queue()
                    .resume("fanpage".to_owned(), "test".to_owned(), inside.clock.now())
                    .await
                    .expect("resumed");
            };
            live(
                &world,
                &inside,
                step,
                || {
                    world.hook.always(fault.clone());
                },
                relief,
            )
            .await;
            let rows = inside.rows().await;
            assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{fault:?} at {step:?}: {rows:#?}");
            inside.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_that_is_refused_for_good_fails_alone_and_its_correction_gets_a_chance() {
    let world = World::new(EVERY_MINUTE);
    let inside = Inside::start(&world).await;
    world.hook.script(vec![Fault::Status(422)]);
    inside.publish(&world.article("bai", "Bài bị từ chối", "Lần đầu.")).await;
    inside.publish(&world.article("khac", "Bài khác vẫn đi", "Vẫn đi.")).await;
    let rows = inside.drain().await;
    let failed: Vec<_> = rows.iter().filter(|row| matches!(row.delivery.state, State::Failed { .. })).collect();
    assert_eq!(failed.len(), 1, "{rows:#?}");
    inside.publish(&world.article("bai", "Bài bị từ chối", "Đã sửa.")).await;
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    assert_eq!(world.hook.board().copies_of("cli/bai"), 1);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_does_not_know_ids_is_never_sent_the_same_post_twice() {
    for fault in [Fault::PostThen500, Fault::PostThenHang, Fault::PostThenReset] {
        let world = World::new(EVERY_MINUTE);
        world.hook.honours_id(false);
        world.fanpage("receiver_honours_id = false");
        let inside = Inside::start(&world).await;
        world.hook.script(vec![fault.clone()]);
        inside.publish(&world.article("bai", "Bài chưa rõ", "Nội dung.")).await;
        let rows = inside.drain().await;
        let uncertain = rows
            .iter()
            .find(|row| matches!(row.delivery.state, State::Uncertain { .. }))
            .expect("an uncertain delivery");
        assert_eq!(world.hook.board().copies_of("cli/bai"), 1, "{fault:?}");
        // A person looks, sees it there, and says so; the correction then reaches that copy.
        let plan = uncertain.delivery.plan.clone();
        let resolve = Event::Resolve { went_out: true, plan };
        inside
            .app
            .queue()
            .decide(uncertain.delivery.id, resolve, "test".to_owned(), inside.clock.now())
            .await
            .expect("the store answers")
            .expect("a decision");
        inside.publish(&world.article("bai", "Bài chưa rõ", "Đã sửa.")).await;
        let rows = inside.drain().await;
        assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{fault:?}: {rows:#?}");
        let expected = [("Bài chưa rõ".to_owned(), key("bai"), Wanted::Revision(2))];
        world.verdict(&expected, &BTreeSet::new()).assert_clean();
        inside.stop().await;
    }
}

/// What the mail server is told to do, by name.
type Trouble = (&'static str, fn(&World));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_mail_server_does_every_recipient_has_one_copy_or_a_person_is_told() {
    let troubles: Vec<Trouble> = vec![
        ("drops at DATA", |world| {
            world.smtp.script(vec![OnMessage::DropAtData]);
        }),
        ("drops after the dot", |world| {
            world.smtp.script(vec![OnMessage::DropAfterDot]);
        }),
        ("hangs after the dot", |world| {
            world.smtp.script(vec![OnMessage::HangAfterDot]);
        }),
        ("451 instead of 354", |world| {
            world.smtp.script(vec![OnMessage::RejectAtData(451)]);
        }),
        ("452 after the dot", |world| {
            world.smtp.script(vec![OnMessage::DataReply(452)]);
        }),
        ("slow answer", |world| {
            world.smtp.script(vec![OnMessage::SlowReply(Duration::from_millis(300))]);
        }),
        ("no connection", |world| {
            world.smtp.connections(vec![OnConnection::DropOnConnect]);
        }),
        ("421 after one message", |world| {
            world.smtp.connections(vec![OnConnection::Code421AfterN(1)]);
        }),
        ("greylisting", |world| {
            world.smtp.everyone(OnRecipient::Greylist);
        }),
        ("450 for one", |world| {
            world.smtp.recipient(RECIPIENTS[1], vec![OnRecipient::Rcpt(450, "4.2.0 later"), OnRecipient::Accept]);
        }),
    ];
    for (name, trouble) in troubles {
        for step in STEPS {
            let world = World::new(EVERY_MINUTE);
            let inside = Inside::start(&world).await;
            // What cannot be known is asked; the person answers truthfully, from the mailboxes.
            let relief = async || resolve_truthfully(&world, &inside).await;
            live(&world, &inside, step, || trouble(&world), relief).await;
            let rows = inside.rows().await;
            assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{name} at {step:?}: {rows:#?}");
            world.smtp.state().look(|seen| assert!(seen.violations.is_empty(), "{name}: {:?}", seen.violations));
            inside.stop().await;
        }
    }
}

/// Answers every question about mail by looking into the mailboxes.
async fn resolve_truthfully(world: &World, inside: &Inside) {
    for row in inside.rows().await {
        let State::Uncertain { job, .. } = &row.delivery.state else { continue };
        assert_eq!(row.delivery.channel, "email", "only mail cannot be looked up: {row:#?}");
        let key = row.key.to_string();
        let revision = job.action.revision().map(|revision| u64::from(revision.0));
        let everybody_has_it = RECIPIENTS.iter().all(|recipient| {
            world.smtp.letters_to(recipient).iter().flat_map(|letter| letter.sightings("email")).any(|seen| {
                seen.article == key
                    && revision.is_none_or(|revision| seen.revision == revision)
                    && event_fits(seen.event, job.action)
            })
        });
        let resolve = Event::Resolve { went_out: everybody_has_it, plan: row.delivery.plan.clone() };
        inside
            .app
            .queue()
            .decide(row.delivery.id, resolve, "test".to_owned(), inside.clock.now())
            .await
            .expect("the store answers")
            .expect("a decision");
    }
}

fn event_fits(event: crate::support::oracle::Event, action: loa::delivery::Action) -> bool {
    use crate::support::oracle::Event as Seen;
    use loa::delivery::Action;
    matches!(
        (event, action),
        (Seen::Published, Action::Create(_))
            | (Seen::Corrected, Action::Update(_))
            | (Seen::Withdrawn, Action::Withdraw)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recipient_refused_for_good_does_not_keep_the_others_from_their_mail() {
    let world = World::new(EVERY_MINUTE);
    let inside = Inside::start(&world).await;
    world.smtp.recipient(RECIPIENTS[0], vec![OnRecipient::Rcpt(550, "5.1.1 no such user")]);
    inside.publish(&world.article("bai", "Bài có người không nhận", "Nội dung.")).await;
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    assert_eq!(world.smtp.letters_to(RECIPIENTS[0]).len(), 0);
    assert_eq!(world.smtp.letters_to(RECIPIENTS[1]).len(), 1);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_pauses_mail_and_keeps_the_password_out_of_sight() {
    let world = World::new(EVERY_MINUTE);
    world.smtp.requires_login("tin@anbinh.example.vn", "mật-khẩu-đúng");
    world.write("password", "mat-khau-sai-12345");
    let password = toml::Value::String(world.path("password").display().to_string());
    world.email(&format!("username = \"tin@anbinh.example.vn\"\npassword = {{ file = {password} }}"));
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("bai", "Bài chờ mật khẩu", "Nội dung.")).await;
    let rows = inside.drain().await;
    let email = rows.iter().find(|row| row.delivery.channel == "email").expect("a delivery by mail");
    assert!(matches!(email.delivery.state, State::Waiting { .. }), "{email:#?}");
    assert_eq!(email.delivery.tries, 0, "a refused login spends no retries");
    let attempts = inside.app.ledger().attempts(email.delivery.id).await.expect("the ledger");
    assert_eq!(attempts.len(), 1, "a refused login is tried once");
    inside.stop().await;
    let store = std::fs::read(world.path("loa.db")).expect("the store's file");
    let wal = std::fs::read(world.path("loa.db-wal")).unwrap_or_default();
    for bytes in [store, wal] {
        let found = bytes.windows(18).any(|window| window == b"mat-khau-sai-12345");
        assert!(!found, "the password is in the store");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_channel_delays_no_other() {
    let world = World::new(EVERY_MINUTE);
    let inside = Inside::start(&world).await;
    world.hook.always(Fault::PostThenHang);
    for number in 0..5 {
        inside.publish(&world.article(&format!("bai-{number}"), &format!("Bài {number}"), "Nội dung.")).await;
    }
    // The Fanpage hangs a second at each try; mail is through long before its first answer.
    world.smtp.wait_until("all mail is out", |seen| seen.letters.len() == 10).await;
    world.hook.always(Fault::Ok200);
    world.hook.release();
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_that_is_refused_for_good_asks_before_any_other_revision_goes_out() {
    for went_out in [true, false] {
        let world = World::new(EVERY_MINUTE);
        let inside = Inside::start(&world).await;
        let first = if went_out { Fault::PostThen500 } else { Fault::Html502 };
        world.hook.script(vec![first, Fault::Status(422)]);
        inside.publish(&world.article("bai", "Bài nửa chừng", "Nội dung.")).await;
        let rows = inside.drain().await;
        let asks = rows.iter().find(|row| matches!(row.delivery.state, State::Uncertain { .. })).expect("a question");
        inside.publish(&world.article("bai", "Bài nửa chừng", "Đã sửa.")).await;
        inside.drain().await;
        let sent = world.hook.state().look(|seen| seen.requests.len());
        assert_eq!(sent, 2, "the correction waits for the answer");
        let resolve = Event::Resolve { went_out, plan: asks.delivery.plan.clone() };
        let (queue, now) = (inside.app.queue(), inside.clock.now());
        queue
            .decide(asks.delivery.id, resolve, "test".to_owned(), now)
            .await
            .expect("the store answers")
            .expect("a decision");
        let rows = inside.drain().await;
        assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
        let expected = [("Bài nửa chừng".to_owned(), key("bai"), Wanted::Revision(2))];
        world.verdict(&expected, &BTreeSet::new()).assert_clean();
        inside.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_does_not_shorten_the_time_that_a_receiver_asked_for() {
    let world = World::new(EVERY_MINUTE);
    let inside = Inside::start(&world).await;
    world.hook.script(vec![Fault::StatusRetryAfter(429, RetryAfter::Seconds(600))]);
    inside.publish(&world.article("bai", "Bài bị hoãn", "Lần một.")).await;
    world.hook.wait_until("the first try", |seen| seen.requests.len() == 1).await;
    let asked = inside.clock.now() + chrono::TimeDelta::seconds(600);
    let due = async || {
        let rows = inside.rows().await;
        let fanpage = rows.into_iter().find(|row| row.delivery.channel == "fanpage").expect("a delivery");
        (fanpage.delivery.tries, fanpage.delivery.state.due())
    };
    while due().await.0 == 0 {
        tokio::task::yield_now().await;
    }
    inside.publish(&world.article("bai", "Bài bị hoãn", "Lần hai.")).await;
    let (_, due) = due().await;
    assert!(due.is_some_and(|due| due >= asked), "the correction would go out at {due:?}, before {asked}");
    inside.drain().await;
    let expected = [("Bài bị hoãn".to_owned(), key("bai"), Wanted::Revision(2))];
    world.verdict(&expected, &BTreeSet::new()).assert_clean();
    assert_eq!(world.hook.state().look(|seen| seen.requests.len()), 2, "one refusal, then the newest revision");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_of_what_went_out_in_a_digest_reaches_those_who_had_the_digest() {
    let world = World::new(EVERY_MINUTE);
    let email = std::fs::read_to_string(world.path("channels/email.toml")).expect("the channel's file");
    world.write("channels/email.toml", &format!("{email}\n[schedule]\ntiming = [\"* * * * *\"]\n"));
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("mot", "Bài một", "Nội dung.")).await;
    inside.publish(&world.article("hai", "Bài hai", "Nội dung.")).await;
    inside.drain().await;
    inside.stop().await;
    assert_eq!(world.smtp.letters_to(RECIPIENTS[0]).len(), 1, "one digest with both");

    // The office now sends at once: the correction is a letter of its own.
    world.write("channels/email.toml", &email);
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("mot", "Bài một", "Đã sửa.")).await;
    inside.drain().await;
    inside.withdraw(&key("hai")).await;
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    for recipient in RECIPIENTS {
        let letters = world.smtp.letters_to(recipient);
        let events: Vec<_> = letters.iter().map(|letter| letter.event()).collect();
        use crate::support::oracle::Event as Seen;
        assert_eq!(events, [Seen::Published, Seen::Corrected, Seen::Withdrawn], "{recipient}");
    }
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_to_nobody_is_never_called_delivered() {
    let world = World::new(EVERY_MINUTE);
    world.write("channels/nguoi-nhan.txt", "# chưa có ai\n");
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("bai", "Bài không ai nhận", "Nội dung.")).await;
    let rows = inside.drain().await;
    let email = rows.iter().find(|row| row.delivery.channel == "email").expect("a delivery by mail");
    assert!(matches!(email.delivery.state, State::Waiting { .. }), "{email:#?}");
    let paused = inside.app.queue().paused("email".to_owned()).await.expect("the store answers");
    assert!(paused.expect("a paused channel").note.vi.contains("không có ai"));
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_paused_for_its_secret_goes_on_by_itself_once_the_secrets_file_is_right() {
    const NEW: &str = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=";
    let world = World::new(EVERY_MINUTE);
    let inside = Inside::start(&world).await;
    world.hook.trust(NEW);
    for number in 1..=3 {
        inside.publish(&world.article(&format!("bai-{number}"), &format!("Bài {number}"), "Nội dung.")).await;
    }
    let rows = inside.drain().await;
    let fanpage = || rows.iter().filter(|row| row.delivery.channel == "fanpage");
    assert!(fanpage().all(|row| row.delivery.tries == 0), "no try was spent: {rows:#?}");
    let paused = inside.app.queue().paused("fanpage".to_owned()).await.expect("the store answers");
    assert!(matches!(paused.expect("a paused channel").cause, PauseCause::Attention(_)));
    world.write("secret", NEW);
    world.hook.wait_until("all three have arrived", |seen| seen.sightings.len() == 3).await;
    let order: Vec<String> = world.hook.sightings("fanpage").into_iter().map(|seen| seen.article).collect();
    assert_eq!(order, ["cli/bai-1", "cli/bai-2", "cli/bai-3"]);
    inside.drain().await;
    assert!(inside.app.queue().paused("fanpage".to_owned()).await.expect("the store answers").is_none());
    inside.stop().await;
}
