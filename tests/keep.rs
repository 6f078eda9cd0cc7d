//! A store that lasts for years: what goes and what stays, backups and the way back, the first schema, the doctor.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use loa::article::{Article, ArticleId, Image, Kept, Revision};
use loa::clock::Clock;
use loa::delivery::{Action, DeliveryId, Errand, Job, Lease, Live, Outcome, Receipt, State, Unclear, Wanted};
use loa::ledger::Ledger as _;
use loa::queue::{About, Change, Current, Keep, Pause, PauseCause, Queue as _, StoreError, Verdict};
use loa::store::{Restored, SqliteOptions, Store};
use loa::text::Text;
use serde_json::{Value, json};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqlStr};

use crate::sample::article;
use crate::store::{Place, all, handover, lease, now_plan, on_both, only, publish, settle, t, withdraw};
use crate::support::house::{BEARER, JSON, daemon, deliveries, errors, house, json as printed_json, printed, settled};
use crate::support::process::eventually;
use crate::support::world::{Inside, World};

on_both! {
    what_has_come_to_rest_loses_its_trail_and_keeps_its_receipt
    an_old_correction_and_an_old_withdrawal_still_reach_the_copies
    what_is_not_settled_is_never_taken_away
    a_forgotten_article_handed_in_again_goes_nowhere_unless_somebody_asks_by_name
    the_number_of_a_forgotten_article_brings_none_of_its_words_back
    pictures_go_with_the_last_revision_that_shows_them
    holders_of_letters_stay_as_long_as_the_article
    a_store_that_comes_back_leases_nothing_until_a_person_lets_each_channel_go
    what_may_have_gone_out_since_the_backup_is_asked_and_what_is_not_due_waits
    a_store_written_under_the_first_schema_goes_on
    a_pause_is_not_shown_anew_once_a_person_has_ended_it
}

const DAY: i64 = 24 * 60;

fn days(trail: i64, article: i64) -> Keep {
    Keep { trail: Some(TimeDelta::days(trail)), article: Some(TimeDelta::days(article)) }
}

fn receipt() -> Receipt {
    Receipt {
        remote_id: "remote".to_owned(),
        url: Some("https://x/1".to_owned()),
        payload_hash: "hash".to_owned(),
        rehearsal: false,
        seen: None,
    }
}

/// A number that the database counts.
async fn count(place: &Place, query: &str) -> i64 {
    let query = AssertSqlSafe(query.to_owned());
    match place {
        Place::File(folder) => {
            let path = folder.path().join("loa.db");
            let mut own = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut own).await.unwrap()
        }
        Place::Server(database) => {
            let mut own = database.connect().await;
            sqlx::query_scalar(query).fetch_one(&mut own).await.unwrap()
        }
    }
}

async fn sent(store: &Store, channel: &str, at: DateTime<Utc>) {
    for work in lease(store, channel, at).await.work {
        assert_eq!(settle(store, &work, Outcome::Shown(receipt()), at).await, 0);
    }
}

async fn correct(store: &Store, id: &str, at: DateTime<Utc>) {
    let article = Article { title: "Đính chính".to_owned(), ..article(id) };
    crate::store::hand(store, article, vec![("portal".to_owned(), now_plan(at))], at).await.unwrap();
}

async fn what_has_come_to_rest_loses_its_trail_and_keeps_its_receipt(place: Place) {
    let store = place.open().await;
    publish(&store, "1", &["portal"], t(0)).await;
    let first = lease(&store, "portal", t(0)).await.work.remove(0);
    let again = Outcome::NotTaken { retry_at: t(1), note: Text::same("no") };
    settle(&store, &first, again, t(0)).await;
    sent(&store, "portal", t(1)).await;
    correct(&store, "1", t(DAY)).await;
    sent(&store, "portal", t(DAY)).await;
    let before = only(&store, "portal").await;
    assert_eq!(store.attempts(before.id).await.unwrap().len(), 3);
    let early = store.tidy(&days(30, 300), t(31 * DAY - 1)).await.unwrap();
    assert_eq!(early.at_rest, 0, "thirty days are counted from the last thing that happened");
    let tidied = store.tidy(&days(30, 300), t(31 * DAY + 1)).await.unwrap();
    assert_eq!((tidied.at_rest, tidied.forgotten), (1, 0));
    assert_eq!(only(&store, "portal").await, before, "identity, receipt and fence stay");
    let left = store.attempts(before.id).await.unwrap();
    assert_eq!(left.iter().map(|attempt| attempt.errand.as_str()).collect::<Vec<_>>(), ["update"]);
    assert_eq!(count(&place, "SELECT count(*) FROM revisions").await, 1);
    assert_eq!(store.tidy(&days(30, 300), t(32 * DAY)).await.unwrap().at_rest, 0, "once");
    // The same content is still nothing new.
    let known = store.find("1").await.unwrap();
    assert_eq!((known.len(), known[0].revision), (1, Revision(2)));
}

async fn an_old_correction_and_an_old_withdrawal_still_reach_the_copies(place: Place) {
    let store = place.open().await;
    for id in ["1", "2"] {
        publish(&store, id, &["portal"], t(0)).await;
    }
    sent(&store, "portal", t(0)).await;
    assert_eq!(store.tidy(&days(30, 300), t(40 * DAY)).await.unwrap().at_rest, 2);
    correct(&store, "1", t(50 * DAY)).await;
    withdraw(&store, "2", t(50 * DAY)).await;
    let work = lease(&store, "portal", t(50 * DAY)).await.work;
    assert_eq!(work.len(), 2);
    for work in &work {
        let Live::Shown { receipt, .. } = &work.items[0].live else { panic!("{work:?}") };
        assert_eq!(receipt.remote_id, "remote", "the copy is known");
        settle(&store, work, Outcome::Shown(receipt.clone()), t(50 * DAY)).await;
    }
    // It lives anew from then on.
    assert_eq!(store.tidy(&days(30, 300), t(310 * DAY)).await.unwrap().forgotten, 0);
    assert!(store.tidy(&days(30, 300), t(351 * DAY)).await.unwrap().forgotten > 0);
}

async fn what_is_not_settled_is_never_taken_away(place: Place) {
    let store = place.open().await;
    publish(&store, "waits", &["portal"], t(0)).await;
    publish(&store, "failed", &["fanpage"], t(0)).await;
    let work = lease(&store, "fanpage", t(0)).await.work.remove(0);
    settle(&store, &work, Outcome::Refused(Text::same("no")), t(0)).await;
    let before = all(&store).await;
    let tidied = store.tidy(&days(1, 2), t(4_000 * DAY)).await.unwrap();
    assert_eq!((tidied.at_rest, tidied.forgotten), (0, 0));
    assert_eq!(all(&store).await, before);
    assert_eq!(lease(&store, "portal", t(1)).await.work.len(), 1);
}

/// Hands an article in the way the CMS does, or by name.
async fn hand_in(store: &Store, article: Article, anew: bool, at: DateTime<Utc>) -> Verdict {
    let order = handover(&article, at);
    let article = Arc::new(article);
    let decide = move |known: Option<&Current>| {
        assert!(known.is_none(), "it is known");
        let (revision, article) = (Revision::FIRST, Arc::clone(&article));
        let plans = vec![("portal".to_owned(), now_plan(at))];
        Ok(if anew { Change::Anew { revision, article, plans } } else { Change::Revise { revision, article, plans } })
    };
    store.accept(order, Box::new(decide)).await.unwrap()
}

async fn a_forgotten_article_handed_in_again_goes_nowhere_unless_somebody_asks_by_name(place: Place) {
    let store = place.open().await;
    let first = publish(&store, "1", &["portal"], t(0)).await;
    publish(&store, "taken-back", &["portal"], t(0)).await;
    sent(&store, "portal", t(0)).await;
    withdraw(&store, "taken-back", t(1)).await;
    for work in lease(&store, "portal", t(1)).await.work {
        settle(&store, &work, Outcome::Gone, t(1)).await;
    }
    let tidied = store.tidy(&days(30, 300), t(301 * DAY)).await.unwrap();
    assert_eq!(tidied.forgotten, 2);
    assert!(all(&store).await.is_empty());
    for table in ["articles", "revisions", "deliveries", "attempts", "decisions", "copies"] {
        assert_eq!(count(&place, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(count(&place, "SELECT count(*) FROM forgotten").await, 2);
    let at = t(302 * DAY);
    let Verdict::Accepted(same) = hand_in(&store, article("1"), false, at).await else { panic!("refused") };
    assert_eq!((same.id, same.changed, same.deliveries), (first.id, false, 0));
    let other = Article { title: "Khác".to_owned(), ..article("1") };
    assert!(matches!(hand_in(&store, other, false, at).await, Verdict::Refused(why) if why.en.contains("--again")));
    let back = hand_in(&store, article("taken-back"), false, at).await;
    assert!(matches!(back, Verdict::Refused(_)), "what was taken back stays away: {back:?}");
    assert!(lease(&store, "portal", at).await.work.is_empty(), "nothing goes out");
    let Verdict::Accepted(anew) = hand_in(&store, article("1"), true, at).await else { panic!("refused") };
    assert_eq!((anew.revision, anew.changed), (Revision(2), true), "no far side has seen this revision");
    assert_eq!(lease(&store, "portal", at).await.work.len(), 1);
    assert_eq!(count(&place, "SELECT count(*) FROM forgotten").await, 1);
}

async fn the_number_of_a_forgotten_article_brings_none_of_its_words_back(place: Place) {
    let (store, other) = (place.open().await, place.open().await);
    publish(&store, "1", &["portal"], t(0)).await;
    sent(&store, "portal", t(0)).await;
    assert_eq!(store.tidy(&days(30, 300), t(301 * DAY)).await.unwrap().forgotten, 1);
    let at = t(302 * DAY);
    publish(&other, "2", &["portal"], at).await;
    assert_eq!(crate::store::ids(&lease(&store, "portal", at).await), ["2"]);
}

fn with_picture(id: &str, hash: &str) -> Article {
    let kept = Kept { hash: hash.to_owned(), media_type: "image/png".to_owned(), width: 1, height: 1 };
    let url = format!("https://cms.example.vn/{hash}.png");
    Article { images: vec![Image { url, alt: String::new(), caption: None, kept: Some(kept) }], ..article(id) }
}

async fn pictures_go_with_the_last_revision_that_shows_them(place: Place) {
    let store = place.open().await;
    let plans = || vec![("portal".to_owned(), now_plan(t(0)))];
    for (id, hash) in [("1", "both"), ("1", "new"), ("2", "both"), ("3", "old"), ("3", "new")] {
        let article = with_picture(id, hash);
        let kept = article.images[0].kept.clone().unwrap();
        store.keep_picture(kept, b"png".to_vec(), t(0)).await.unwrap();
        crate::store::hand(&store, article, plans(), t(0)).await.unwrap();
    }
    let stray = with_picture("4", "stray").images.remove(0).kept.unwrap();
    store.keep_picture(stray.clone(), b"png".to_vec(), t(0)).await.unwrap();
    sent(&store, "portal", t(0)).await;
    let hashes = |hash: &str| format!("SELECT count(*) FROM pictures WHERE hash = '{hash}'");
    store.tidy(&days(30, 300), t(31 * DAY)).await.unwrap();
    for (hash, left) in [("both", 1), ("new", 1), ("old", 0), ("stray", 0)] {
        assert_eq!(count(&place, &hashes(hash)).await, left, "{hash}");
    }
    // Fetched again for an article that is only just coming: it waits for it.
    store.keep_picture(stray, b"png".to_vec(), t(299 * DAY)).await.unwrap();
    let both = with_picture("5", "both").images.remove(0).kept.unwrap();
    store.keep_picture(both, b"png".to_vec(), t(300 * DAY)).await.unwrap();
    assert_eq!(store.tidy(&days(30, 300), t(300 * DAY + 600)).await.unwrap().forgotten, 3);
    for (hash, left) in [("both", 1), ("new", 0), ("stray", 0)] {
        assert_eq!(count(&place, &hashes(hash)).await, left, "{hash}");
    }
}

async fn holders_of_letters_stay_as_long_as_the_article(place: Place) {
    use loa::audience::Entry;
    use loa::channel::CopyChange;
    let store = place.open().await;
    let accepted = publish(&store, "1", &["email"], t(0)).await;
    let clock = Clock::still_at(t(0));
    let people = ["an@example.vn", "binh@example.vn"];
    let copies = store.copies("email", "job", About::Article(accepted.id), &clock);
    let entries = people.iter().map(|person| Entry { address: person.parse().unwrap(), name: None }).collect();
    copies.invite(entries).await.unwrap();
    copies.complete().await.unwrap();
    let refused = CopyChange::Refused { reason: "no".to_owned(), dead: false };
    copies.record(vec![(people[0].to_owned(), CopyChange::Sent), (people[1].to_owned(), refused)]).await.unwrap();
    sent(&store, "email", t(0)).await;
    store.tidy(&days(30, 300), t(31 * DAY)).await.unwrap();
    assert_eq!(count(&place, "SELECT count(*) FROM copies").await, 1, "who did not get one is the trail");
    let correction = store.copies("email", "correction", About::Article(accepted.id), &clock);
    correction.invite_holders().await.unwrap();
    let told = correction.open(None, 10).await.unwrap();
    assert_eq!(told.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), [people[0]]);
    correction.record(vec![(people[0].to_owned(), CopyChange::Sent)]).await.unwrap();
    assert_eq!(store.tidy(&days(30, 300), t(301 * DAY)).await.unwrap().forgotten, 1);
    assert_eq!(count(&place, "SELECT count(*) FROM copies").await, 0);
    assert_eq!(count(&place, "SELECT count(*) FROM mailings").await, 0);
    assert_eq!(count(&place, "SELECT count(*) FROM recipients").await, 2, "who may be written to is no trail");
}

/// Coming back from a backup, with a person who is asked about everything, or channels that can be looked up.
fn restored(now: DateTime<Utc>, channels: &[&str], unclear: Unclear) -> Restored {
    let lost = unclear.clone();
    Restored {
        pause: Pause { cause: PauseCause::Person("Lan".to_owned()), since: now, note: Text::same("restored") },
        who: "Lan".to_owned(),
        channels: channels.iter().map(|channel| (*channel).to_owned()).collect(),
        on_lost: Arc::new(move |_| lost.clone()),
        on_restored: Arc::new(move |_| unclear.clone()),
    }
}

async fn a_store_that_comes_back_leases_nothing_until_a_person_lets_each_channel_go(place: Place) {
    let store = place.open().await;
    store.come_back(restored(t(0), &["portal"], Unclear::Ask(Text::same("?")))).await.unwrap();
    let channels = ["portal", "fanpage", "later"];
    for channel in channels {
        publish(&store, channel, &[channel], t(1)).await;
    }
    for channel in channels {
        assert!(lease(&store, channel, t(2)).await.work.is_empty(), "{channel} works");
        assert!(store.paused(channel.to_owned()).await.unwrap().is_some(), "{channel} is not seen to be paused");
        store.resume(channel.to_owned(), "loa".to_owned(), t(2)).await.unwrap();
        assert!(lease(&store, channel, t(2)).await.work.is_empty(), "only a person lets {channel} go");
    }
    assert!(store.resume("later".to_owned(), "Lan".to_owned(), t(3)).await.unwrap());
    assert_eq!(lease(&store, "later", t(3)).await.work.len(), 1);
    assert!(lease(&store, "portal", t(3)).await.work.is_empty(), "each channel for itself");
    assert!(!store.resume("later".to_owned(), "Lan".to_owned(), t(4)).await.unwrap(), "it goes already");
    // The next backup that comes back stops it again.
    store.come_back(restored(t(5), &[], Unclear::Ask(Text::same("?")))).await.unwrap();
    publish(&store, "more", &["later"], t(6)).await;
    assert!(lease(&store, "later", t(6)).await.work.is_empty());
}

async fn what_may_have_gone_out_since_the_backup_is_asked_and_what_is_not_due_waits(place: Place) {
    let store = place.open().await;
    publish(&store, "due", &["portal"], t(0)).await;
    publish(&store, "sent", &["fanpage"], t(0)).await;
    sent(&store, "fanpage", t(0)).await;
    publish(&store, "sending", &["fanpage"], t(0)).await;
    assert_eq!(lease(&store, "fanpage", t(0)).await.work.len(), 1);
    let embargo = vec![("zalo".to_owned(), now_plan(t(DAY)))];
    crate::store::hand(&store, article("embargo"), embargo, t(0)).await.unwrap();
    let look = Unclear::LookUp { at: t(60), note: Text::same("?") };
    store.come_back(restored(t(60), &[], look)).await.unwrap();
    let state = |channel| only_unsettled(&store, channel);
    assert!(matches!(state("portal").await, State::Uncertain { look: Some(_), .. }), "it may have gone out");
    assert!(matches!(state("fanpage").await, State::Uncertain { look: Some(_), .. }), "it was being sent");
    assert!(matches!(state("zalo").await, State::Waiting { .. }), "it was not due yet");
    store.resume("portal".to_owned(), "Lan".to_owned(), t(61)).await.unwrap();
    let leased = lease(&store, "portal", t(61)).await.work;
    assert_eq!(leased[0].looks, Some(0), "it is looked up, not sent");
    assert!(store.balance().await.unwrap().iter().all(loa::ledger::Balance::adds_up));
}

async fn only_unsettled(store: &Store, channel: &str) -> State {
    let found = all(store).await.into_iter().find(|one| one.channel == channel && one.state != State::Settled);
    found.unwrap_or_else(|| panic!("nothing on {channel}")).state
}

/// A value in a statement.
fn quoted<T: serde::Serialize>(value: &T) -> String {
    format!("'{}'", serde_json::to_string(value).unwrap().replace('\'', "''"))
}

/// Rows as a loa of the first schema wrote them, in every table it had.
fn first_rows(at: i64) -> String {
    let plan = now_plan(t(0));
    let live = Live::Shown { revision: Revision(2), receipt: receipt() };
    let delivery = |article: i64, channel: &str, live: &Live, wanted: Wanted, state: &State| {
        let due = state.due().map_or("NULL".to_owned(), |due| due.timestamp_millis().to_string());
        format!(
            "INSERT INTO deliveries (article_id, channel, state, due, urgency, wanted, live, detail, plan, tries, attempt, \
             version) VALUES ({article}, '{channel}', '{}', {due}, 1, {}, {}, {}, {}, 0, 1, 3);",
            state.name(),
            quoted(&wanted),
            quoted(live),
            quoted(state),
            quoted(&plan)
        )
    };
    let revision = |article: i64, revision: i64, of: &Article| {
        let (content, hash) = (quoted(of), of.content_hash());
        format!("INSERT INTO revisions VALUES ({article}, {revision}, {content}, '{hash}', {at});")
    };
    let one = with_picture("1", "anh");
    let corrected = Article { title: "Đính chính của '1'".to_owned(), ..one.clone() };
    let pause = Pause { cause: PauseCause::Person("Lan".to_owned()), since: t(0), note: Text::same("x") };
    // As it was written before leases knew since when they are.
    let sending = State::Sending {
        lease: Lease { attempt: 1, node: "old".to_owned(), since: t(0), until: t(1), rehearsal: false },
        errand: Errand::Send(Job { action: Action::Create(Revision(1)), edition: None }),
    };
    [
        format!("INSERT INTO articles (source, external_id, revision, accepted_at) VALUES ('cms', '1', 2, {at});"),
        format!("INSERT INTO articles (source, external_id, revision, accepted_at) VALUES ('cms', '2', 1, {at});"),
        revision(1, 1, &one),
        revision(1, 2, &corrected),
        revision(2, 1, &article("2")),
        format!("INSERT INTO articles (source, external_id, revision, accepted_at) VALUES ('cms', '3', 1, {at});"),
        revision(3, 1, &article("3")),
        delivery(1, "portal", &live, Wanted::Revision(Revision(2)), &State::Settled),
        delivery(2, "portal", &Live::Nothing, Wanted::Revision(Revision(1)), &plan.opening_state()),
        delivery(3, "portal", &Live::Nothing, Wanted::Revision(Revision(1)), &sending)
            .replace(&format!(",\"since\":{}", serde_json::to_string(&t(0)).unwrap()), ""),
        format!(
            "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, node, started_at) \
             VALUES (3, 1, 'portal', 'create', 1, 'old', {at});"
        ),
        format!("INSERT INTO editions VALUES ('radio', {at}, {at}, {at});"),
        format!(
            "INSERT INTO attempts (delivery_id, attempt, channel, errand, revision, node, started_at, finished_at, outcome) \
             VALUES (1, 1, 'portal', 'create', 2, 'n', {at}, {at}, 'live');"
        ),
        format!(
            "INSERT INTO decisions (at, who, what, article_id, note) VALUES ({at}, 'Lan', 'publish', 1, {});",
            quoted(&Text::same("bản 1"))
        ),
        format!("INSERT INTO pauses VALUES ('zalo', {});", quoted(&pause)),
        "INSERT INTO copies (channel, job_key, recipient, article_id, state) VALUES ('email', 'k', 'an@example.vn', 1, 'sent');"
            .to_owned(),
        format!("INSERT INTO request_keys VALUES ('cms k', 'f', 1, 1, 1, 1, {at});"),
    ]
    .join("\n")
}

/// The daemon has the restored store's pause seen when it opens a channel, which may be while a person ends one.
async fn a_pause_is_not_shown_anew_once_a_person_has_ended_it(place: Place) {
    let store = place.open().await;
    let paused = async || {
        let pauses = store.pauses().await.unwrap().into_iter();
        (pauses.map(|(name, _)| name).collect::<Vec<_>>(), store.paused("portal".to_owned()).await.unwrap().is_some())
    };
    let (show, resume) = (
        || store.show_pause("portal".to_owned()),
        |minute| store.resume("portal".to_owned(), "Lan".to_owned(), t(minute)),
    );
    let pause = Pause { cause: PauseCause::Person("Lan".to_owned()), since: t(0), note: Text::same("x") };
    store.pause("portal".to_owned(), pause).await.unwrap();
    show().await.unwrap();
    assert!(resume(1).await.unwrap());
    show().await.unwrap();
    assert_eq!(paused().await, (vec![], false), "nothing was restored");
    store.come_back(restored(t(2), &[], Unclear::Ask(Text::same("?")))).await.unwrap();
    assert_eq!(paused().await, (vec![], true));
    show().await.unwrap();
    assert_eq!(paused().await, (vec!["portal".to_owned()], true), "from now on it is seen");
    assert!(resume(3).await.unwrap());
    show().await.unwrap();
    assert_eq!(paused().await, (vec![], false));
}

async fn a_store_written_under_the_first_schema_goes_on(place: Place) {
    let first = |sql: &'static str| {
        let change = Migration::new(1, "first".into(), MigrationType::Simple, SqlStr::from_static(sql), false);
        Migrator::with_migrations(vec![change])
    };
    let rows = || sqlx::raw_sql(AssertSqlSafe(first_rows(t(0).timestamp_millis())));
    match &place {
        Place::File(folder) => {
            let path = folder.path().join("loa.db");
            let new = SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let mut own = new.connect().await.unwrap();
            let first = first(include_str!("../src/store/migrations/sqlite/0001_first.sql"));
            first.run_direct(None, &mut own, false).await.unwrap();
            rows().execute(&mut own).await.unwrap();
            own.close().await.unwrap();
        }
        Place::Server(database) => {
            let mut own = database.connect().await;
            let first = first(include_str!("../src/store/migrations/postgres/0001_first.sql"));
            first.run_direct(None, &mut own, false).await.unwrap();
            rows().execute(&mut own).await.unwrap();
        }
    }
    let store = place.open().await;
    // Everything is there, and works.
    assert_eq!(all(&store).await.len(), 3);
    let was_sent = DeliveryId(3);
    let tries = async || {
        let tries = store.attempts(was_sent).await.unwrap().into_iter();
        tries.map(|one| (one.started, one.finished, one.outcome)).collect::<Vec<_>>()
    };
    assert_eq!(tries().await, [(t(0), None, None)]);
    assert_eq!(
        store.sweep(t(1), None, Arc::new(|_| Unclear::Repeat { at: t(1), note: Text::same("lost") })).await.unwrap(),
        1
    );
    assert_eq!(tries().await, [(t(0), Some(t(1)), Some("lost".to_owned()))], "the row that was there is closed");
    assert!(store.paused("zalo".to_owned()).await.unwrap().is_some());
    assert!(store.paused("portal".to_owned()).await.unwrap().is_none(), "it was never restored");
    assert_eq!(count(&place, "SELECT count(*) FROM picture_uses WHERE hash = 'anh'").await, 2);
    sent(&store, "portal", t(1)).await;
    assert!(all(&store).await.iter().all(|one| one.state == State::Settled));
    let clock = Clock::still_at(t(1));
    let correction = store.copies("email", "correction", About::Article(ArticleId(1)), &clock);
    correction.invite_holders().await.unwrap();
    assert_eq!(correction.open(None, 10).await.unwrap().len(), 1, "its holder is known");
    correct(&store, "1", t(2)).await;
    sent(&store, "portal", t(2)).await;
    assert_eq!(store.find("1").await.unwrap()[0].revision, Revision(3));
    assert_eq!(store.tidy(&days(30, 300), t(31 * DAY)).await.unwrap().at_rest, 3);
    assert_eq!(store.tidy(&days(30, 300), t(310 * DAY)).await.unwrap().forgotten, 3);
    assert_eq!(count(&place, "SELECT count(*) FROM request_keys").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_gives_back_what_it_no_longer_needs_and_its_log_has_a_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loa.db");
    let store = Store::open(SqliteOptions { path: path.clone(), max_size: None }).await.unwrap();
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let log = folder.path().join("loa.db-wal");
    // Somebody who reads keeps the log from being begun anew.
    let mut reader = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    sqlx::query("SELECT count(*) FROM articles").fetch_one(&mut reader).await.unwrap();
    for number in 0..300 {
        let picture = Kept { hash: number.to_string(), media_type: "image/png".to_owned(), width: 1, height: 1 };
        store.keep_picture(picture, vec![7; 100_000], t(0)).await.unwrap();
    }
    assert!(size(&log) > 16 << 20, "{}", size(&log));
    store.mind_the_log().await.unwrap();
    assert!(size(&log) > 16 << 20, "it waited for no reader");
    sqlx::query("COMMIT").execute(&mut reader).await.unwrap();
    store.mind_the_log().await.unwrap();
    assert_eq!(size(&log), 0);
    let full = size(&path);
    assert!(full > 28_000_000, "{full}");
    let tidied = store.tidy(&days(30, 300), t(31 * DAY)).await.unwrap();
    assert_eq!(tidied.rows, 300);
    assert!(tidied.pages > 5_000, "{tidied:?}");
    reader.close().await.unwrap();
    store.close().await;
    eventually("the file is small", || (size(&path) < full / 3).then_some(()));
}

/// An article on its way through the API.
fn hand_over(daemon: &crate::support::process::Daemon, id: usize) {
    let body = json!({ "source": "cms", "external_id": format!("b{id}"), "title": format!("Bài {id}"), "body_text": "Nội dung." });
    let answer = daemon.call("POST", "/api/v1/articles", &[BEARER, JSON], body.to_string().as_bytes());
    assert_eq!(answer.status, 202, "{answer:?}");
}

fn exit(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let output = world.run(arguments);
    (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), errors(&output)))
}

#[test]
fn a_backup_made_while_articles_go_out_comes_back_paused_and_doubles_nothing() {
    let world = house();
    let running = daemon(&world);
    for id in 0..5 {
        hand_over(&running, id);
    }
    settled(&world, 20);
    printed(&world, &["pause", "fanpage"]);
    hand_over(&running, 5);
    let backup = world.path("luu.db");
    let backup = backup.to_str().unwrap();
    std::thread::scope(|both| {
        let more = both.spawn(|| (6..40).for_each(|id| hand_over(&running, id)));
        printed(&world, &["backup", backup]);
        more.join().unwrap();
    });
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(backup).unwrap()) & 0o777, 0o600);
    let (code, said) = exit(&world, &["backup", backup]);
    assert_eq!(code, Some(1));
    assert!(said.contains("never overwrites"), "{said}");
    let nowhere = world.path("chua-gan/luu.db");
    let (code, said) = exit(&world, &["backup", nowhere.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(said.contains("mkdir -p") && !nowhere.exists(), "{said}");
    // What waited when the backup was made goes out after it.
    printed(&world, &["resume", "fanpage"]);
    settled(&world, 160);
    let (code, said) = exit(&world, &["restore", backup]);
    assert_eq!(code, Some(1), "while a daemon runs: {said}");
    assert!(said.contains("another loa is running"), "{said}");
    running.stop();
    let seen = world.hook.sightings("fanpage").len();
    let said = printed(&world, &["restore", backup]);
    assert!(said.contains("PAUSED") && said.contains("before-"), "{said}");
    assert_eq!(exit(&world, &["restore", "no-such-file"]).0, Some(1));
    let (code, said) = exit(&world, &["doctor"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("fanpage is paused since the restore"), "{said}");
    let running = daemon(&world);
    let paused = printed_json(&world, &["channels", "--json"]);
    assert!(paused.as_array().unwrap().iter().all(|channel| channel["paused"] != Value::Null), "{paused}");
    hand_over(&running, 100);
    let waits = |channel: &str| {
        deliveries(&world).into_iter().find(|one| one["external_id"] == "b100" && one["channel"] == channel)
    };
    eventually("the new article waits", || waits("fanpage").filter(|one| one["state"] == "waiting"));
    assert_eq!(world.hook.sightings("fanpage").len(), seen, "nothing leaves a paused channel");
    // The Fanpage's receiver knows a repeat by its id: what may have gone out is sent again under the same one.
    printed(&world, &["resume", "fanpage"]);
    eventually("the fanpage goes on", || waits("fanpage").filter(|one| one["state"] == "settled"));
    assert!(waits("radio").is_some_and(|one| one["state"] == "waiting"), "each channel for itself");
    let mut seen: Vec<String> = world.hook.sightings("fanpage").iter().map(|one| format!("{one:?}")).collect();
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "the public saw something twice");
    running.stop();
}

#[test]
fn what_waits_for_a_person_after_a_restore_asks_about_letters() {
    let world = house();
    let running = daemon(&world);
    printed(&world, &["pause", "email"]);
    hand_over(&running, 1);
    eventually("it waits", || deliveries(&world).into_iter().find(|one| one["channel"] == "email"));
    let backup = world.path("luu.db");
    printed(&world, &["backup", backup.to_str().unwrap()]);
    printed(&world, &["resume", "email"]);
    settled(&world, 4);
    running.stop();
    let letters = world.smtp.sightings("email").len();
    assert!(letters > 0);
    printed(&world, &["restore", backup.to_str().unwrap()]);
    let running = daemon(&world);
    printed(&world, &["resume", "email"]);
    let asked = deliveries(&world).into_iter().find(|one| one["channel"] == "email").unwrap();
    assert_eq!((&asked["state"], &asked["due"]), (&json!("uncertain"), &Value::Null), "{asked}");
    printed(&world, &["resolve", &asked["id"].to_string(), "--went-out"]);
    hand_over(&running, 2);
    eventually("the new one goes out", || {
        deliveries(&world)
            .into_iter()
            .find(|one| one["external_id"] == "b2" && one["channel"] == "email" && one["state"] == "settled")
    });
    assert_eq!(world.smtp.sightings("email").len(), 2 * letters, "one letter each, and no second one");
    running.stop();
}

#[test]
fn the_doctor_finds_a_healthy_store_well_and_changes_nothing() {
    let world = house();
    assert_eq!(exit(&world, &["doctor"]).0, Some(0), "there is none yet");
    let running = daemon(&world);
    hand_over(&running, 1);
    settled(&world, 4);
    let (code, said) = exit(&world, &["doctor"]);
    assert_eq!(code, Some(0), "beside a daemon: {said}");
    running.stop();
    let before = std::fs::read(world.path("loa.db")).unwrap();
    let found = printed_json(&world, &["doctor", "--json"]);
    assert!(found.as_array().unwrap().iter().all(|one| one["level"] != "wrong"), "{found}");
    assert!(std::fs::read(world.path("loa.db")).unwrap() == before, "it changed the store");
}

#[test]
fn the_doctor_says_what_is_wrong_with_a_damaged_store_and_leaves_it() {
    let world = house();
    let running = daemon(&world);
    (0..30).for_each(|id| hand_over(&running, id));
    settled(&world, 120);
    running.stop();
    let sound = std::fs::read(world.path("loa.db")).unwrap();
    let broken = |sql: &'static str| {
        std::fs::write(world.path("loa.db"), &sound).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let there = SqliteConnectOptions::new().filename(world.path("loa.db")).foreign_keys(false);
            let mut own = there.connect().await.unwrap();
            sqlx::raw_sql(SqlStr::from_static(sql)).execute(&mut own).await.unwrap();
            own.close().await.unwrap();
        });
        let before = std::fs::read(world.path("loa.db")).unwrap();
        let (code, said) = exit(&world, &["doctor"]);
        assert_eq!(code, Some(1), "{sql}: {said}");
        assert!(std::fs::read(world.path("loa.db")).unwrap() == before, "it changed the store");
        said
    };
    assert!(broken("DELETE FROM articles WHERE id = 3").contains("refer to nothing"));
    assert!(broken("DELETE FROM revisions WHERE article_id = 3").contains("content of 1 articles is missing"));
    assert!(broken("UPDATE deliveries SET state = 'failed' WHERE id = 3").contains("contradict"));
    assert!(broken("UPDATE deliveries SET live = '\"nothing\"' WHERE id = 3").contains("contradict"));
    assert!(broken("UPDATE deliveries SET live = 'x' WHERE id = 3").contains("does not add up"));
    assert!(broken("UPDATE decisions SET at = at + 86400000").contains("behind the ledger"));
    assert!(broken("UPDATE decisions SET who = 'Mai' WHERE id = 2").contains("decision 2 was changed"));
    assert!(broken("UPDATE deliveries SET channel = 'zalo', state = 'waiting' WHERE id = 3").contains("no good file"));
    // Pages of rubbish, in the middle and at the beginning.
    let mut rubbish = sound.clone();
    let middle = rubbish.len() / 8192 * 4096;
    rubbish[middle..middle + 8192].fill(0xa5);
    std::fs::write(world.path("loa.db"), &rubbish).unwrap();
    let (code, said) = exit(&world, &["doctor"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("damaged"), "{said}");
    assert_eq!(exit(&world, &["backup", world.path("hong.db").to_str().unwrap()]).0, Some(1), "no damaged backup");
    assert!(!world.path("hong.db").exists() && !world.path("hong.db.part").exists());
    rubbish[..4096].fill(0xa5);
    std::fs::write(world.path("loa.db"), &rubbish).unwrap();
    assert_eq!(exit(&world, &["doctor", "--json"]).0, Some(1));
    assert!(std::fs::read(world.path("loa.db")).unwrap() == rubbish, "it changed the store");
    // A sound backup takes its place all the same; what stood there is kept.
    std::fs::write(world.path("luu.db"), &sound).unwrap();
    let said = printed(&world, &["restore", world.path("luu.db").to_str().unwrap()]);
    assert!(said.contains("loa.db.before-"), "{said}");
    // A damaged one does not.
    let now = std::fs::read(world.path("loa.db")).unwrap();
    for bad in [&rubbish[..], b"", &sound[..sound.len() / 2]] {
        std::fs::write(world.path("luu.db"), bad).unwrap();
        assert_eq!(exit(&world, &["restore", world.path("luu.db").to_str().unwrap()]).0, Some(1));
        assert!(std::fs::read(world.path("loa.db")).unwrap() == now, "it changed the store");
        assert!(!world.path("loa.db.restoring").exists());
    }
}

#[tokio::test]
async fn a_backup_of_a_newer_loa_is_refused_before_anything_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.db");
    let options = |path: &Path| SqliteOptions { path: path.to_owned(), max_size: None };
    Store::open(options(&newer)).await.unwrap().close().await;
    let mut own = SqliteConnectOptions::new().filename(&newer).connect().await.unwrap();
    let next = "UPDATE _sqlx_migrations SET version = 99 WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(next).execute(&mut own).await.unwrap();
    sqlx::query("PRAGMA journal_mode = DELETE").execute(&mut own).await.ok();
    own.close().await.unwrap();
    drop(std::fs::remove_file(folder.path().join("newer.db-wal")));
    let to = folder.path().join("loa.db");
    let facts = restored(t(0), &[], Unclear::Ask(Text::same("?")));
    let error = loa::store::restore(&newer, &options(&to), ".before", facts).await.unwrap_err();
    assert!(matches!(&error, StoreError::Newer(detail) if detail.contains("99")), "{error:?}");
    assert!(!to.exists());
}

#[test]
fn on_a_server_a_backup_is_the_servers_business_and_the_doctor_looks_all_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(crate::support::real_postgres::cluster().database());
    let cluster = crate::support::real_postgres::cluster();
    let world = house();
    let (url, password) = (database.url(cluster.port()), cluster.password_file());
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    let place = format!("url = \"{url}\"\npassword = {{ file = \"{}\" }}", password.display());
    world.write("config.toml", &config.replace("path = \"loa.db\"", &place));
    let file = world.article("mot", "Bài một", "Nội dung.");
    printed(&world, &["publish", file.to_str().unwrap()]);
    assert_eq!(exit(&world, &["doctor"]).0, Some(0));
    let (code, said) = exit(&world, &["backup", "x.dump"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("pg_dump --format=custom --file=x.dump --host=127.0.0.1"), "{said}");
    assert_eq!(exit(&world, &["restore", "x.dump"]).0, Some(1));
    printed(&world, &["restore", "--in-place"]);
    let states: Vec<Value> = deliveries(&world).into_iter().map(|one| one["state"].clone()).collect();
    assert!(states.contains(&json!("uncertain")), "{states:?}");
    assert_eq!(exit(&world, &["doctor"]).0, Some(1), "paused since then");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_daemon_tidies_by_its_clock_and_knows_again_what_it_forgot() {
    let world = World::new("\"immediate\"");
    let inside = Inside::start(&world).await;
    let file = world.article("mot", "Bài một", "Nội dung.");
    inside.publish(&file).await;
    inside.drain().await;
    inside.publish(&world.article("mot", "Bài một", "Nội dung đã sửa.")).await;
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:?}");
    let portal = rows.iter().find(|row| row.delivery.channel == "portal").unwrap().delivery.id;
    let ledger = inside.app.ledger();
    let until = async |goal: &str, left: usize, of: &str| {
        let mut every = tokio::time::interval(std::time::Duration::from_millis(20));
        for _ in 0..1_500 {
            every.tick().await;
            let there = match of {
                "attempts" => ledger.attempts(portal).await.unwrap().len(),
                _ => inside.rows().await.len(),
            };
            if there == left {
                return;
            }
        }
        panic!("in vain: {goal}");
    };
    until("both tries are in the ledger", 2, "attempts").await;
    inside.clock.advance(TimeDelta::days(401));
    until("the first one goes after thirteen months", 1, "attempts").await;
    assert_eq!(inside.rows().await.len(), rows.len(), "the article stays");
    inside.clock.advance(TimeDelta::days(3_650));
    until("the article is forgotten after ten years", 0, "rows").await;
    let seen = world.hook.sightings("fanpage").len();
    inside.publish(&file_of(&world)).await;
    assert!(inside.drain().await.is_empty(), "the same again is nothing new");
    assert_eq!(world.hook.sightings("fanpage").len(), seen);
    inside.stop().await;
}

/// The corrected article, as the CMS hands it in again.
fn file_of(world: &World) -> std::path::PathBuf {
    world.article("mot", "Bài một", "Nội dung đã sửa.")
}
