//! Officers' accounts and sessions, as every store keeps them.

use chrono::TimeDelta;
use loa::people::{
    ABSOLUTE, AccountChange, AccountId, IDLE, NewAccount, NewSession, Notice, Password, PasswordHash, Role, Token,
    TwoSteps,
};
use loa::queue::{By, People};
use loa::store::Store;
use loa::text::{Language, Text};

use crate::store::{Place, on_both, t};

on_both! {
    accounts_are_kept_with_what_proves_their_owner
    somebody_always_looks_after_the_others
    a_session_ends_when_it_idles_when_it_is_old_and_when_its_account_does
    a_code_counts_once
    the_right_to_set_up_is_given_once_and_taken_by_the_first_account
    two_stores_that_set_up_at_once_make_one_administrator
}

fn by(minutes: i64) -> By {
    By { who: "Lan".to_owned(), at: t(minutes) }
}

fn new(name: &str, role: Role) -> NewAccount {
    // The hash of a real password takes its time; what is kept is what is given.
    NewAccount::checked(name, "", role, PasswordHash::kept(format!("hash of {name}"))).unwrap()
}

async fn add(store: &Store, name: &str, role: Role) -> AccountId {
    store.add_account(new(name, role), by(0)).await.unwrap().unwrap()
}

async fn sign_in(store: &Store, account: AccountId, minutes: i64) -> String {
    let token = Token::new().unwrap();
    let session = NewSession {
        hash: token.hash(),
        account,
        csrf: Token::new().unwrap(),
        address: "10.0.0.7".to_owned(),
        now: t(minutes),
    };
    store.sign_in(session).await.unwrap();
    token.hash()
}

async fn accounts_are_kept_with_what_proves_their_owner(place: Place) {
    let store = place.open().await;
    assert!(!store.has_accounts().await.unwrap());
    let hash = PasswordHash::of(&Password::new("một câu dễ nhớ").unwrap()).unwrap();
    let chief = NewAccount::checked(" Chị.Cả ", "Chị Cả", Role::Administrator, hash.clone()).unwrap();
    let id = store.add_account(chief, by(0)).await.unwrap().unwrap();
    assert!(store.has_accounts().await.unwrap());
    let known = store.credentials("chị.cả".to_owned()).await.unwrap().unwrap();
    assert_eq!((known.account.id, known.account.display.as_str()), (id, "Chị Cả"));
    assert!(known.password.is_of(&Password::typed("một câu dễ nhớ")));
    assert_eq!(known.password, hash);
    assert!(known.totp.is_none() && !known.account.two_steps);
    assert!(!format!("{known:?}").contains("argon2"), "it prints nothing secret: {known:?}");
    let taken = store.add_account(new("CHỊ.CẢ", Role::Viewer), by(1)).await.unwrap();
    assert!(taken.unwrap_err().en.contains("choose another"));
    assert!(store.credentials("mai".to_owned()).await.unwrap().is_none());
    let change = AccountChange::Language(Some(Language::En));
    store.change_account(id, change, by(2)).await.unwrap().unwrap();
    let kept = store.accounts().await.unwrap();
    assert_eq!(kept.iter().map(|account| account.language).collect::<Vec<_>>(), [Some(Language::En)]);
    assert!(NewAccount::checked("có dấu cách", "", Role::Viewer, hash).is_err());
    store.close().await;
}

async fn somebody_always_looks_after_the_others(place: Place) {
    let store = place.open().await;
    let (one, two) = (add(&store, "một", Role::Administrator).await, add(&store, "hai", Role::Administrator).await);
    let less = |id| store.change_account(id, AccountChange::Role(Role::Viewer), by(1));
    let out = |id| store.change_account(id, AccountChange::Disabled(true), by(1));
    less(one).await.unwrap().unwrap();
    assert!(less(two).await.unwrap().is_err());
    assert!(out(two).await.unwrap().is_err());
    store.change_account(one, AccountChange::Role(Role::Administrator), by(2)).await.unwrap().unwrap();
    out(one).await.unwrap().unwrap();
    assert!(less(two).await.unwrap().is_err(), "one who cannot sign in looks after nobody");
    assert!(less(AccountId(99)).await.unwrap().is_err());
    // Two who would each be the last, on two machines at once.
    store.change_account(one, AccountChange::Disabled(false), by(3)).await.unwrap().unwrap();
    let other = place.open().await;
    let (a, b) = tokio::join!(less(one), other.change_account(two, AccountChange::Role(Role::Editor), by(4)));
    assert_eq!([a.unwrap().is_ok(), b.unwrap().is_ok()].iter().filter(|done| **done).count(), 1);
    store.close().await;
    other.close().await;
}

async fn a_session_ends_when_it_idles_when_it_is_old_and_when_its_account_does(place: Place) {
    let store = place.open().await;
    let chief = add(&store, "cả", Role::Administrator).await;
    let lan = add(&store, "lan", Role::Editor).await;
    let at = |hash: &str, instant| store.session(hash.to_owned(), instant);
    let hash = sign_in(&store, lan, 0).await;
    let session = at(&hash, t(1)).await.unwrap().unwrap();
    assert_eq!((session.account.id, session.account.role), (lan, Role::Editor));
    assert!(at(&hash, t(0) + IDLE - TimeDelta::seconds(1)).await.unwrap().is_some());
    assert!(at(&hash, t(0) + IDLE).await.unwrap().is_none());
    // In use it lives on, but not for ever.
    let mut now = t(0);
    while now < t(0) + ABSOLUTE - TimeDelta::hours(6) {
        now += TimeDelta::hours(6);
        assert!(at(&hash, now).await.unwrap().is_some(), "{now}");
        store.touch(hash.clone(), now).await.unwrap();
    }
    assert!(at(&hash, t(0) + ABSOLUTE).await.unwrap().is_none());
    // A notice is shown once.
    let hash = sign_in(&store, lan, 20_000).await;
    let notice = Notice::done(Text::same("xong"));
    store.leave_notice(hash.clone(), notice.clone()).await.unwrap();
    assert_eq!(at(&hash, t(20_001)).await.unwrap().unwrap().notice, Some(notice));
    store.touch(hash.clone(), t(20_001)).await.unwrap();
    assert_eq!(at(&hash, t(20_001)).await.unwrap().unwrap().notice, None);
    // The role is that of the moment.
    store.change_account(lan, AccountChange::Role(Role::Viewer), by(20_002)).await.unwrap().unwrap();
    assert_eq!(at(&hash, t(20_003)).await.unwrap().unwrap().account.role, Role::Viewer);
    // A new password ends all but the session that set it.
    let other = sign_in(&store, lan, 20_003).await;
    let change = AccountChange::Password { hash: PasswordHash::kept("x".to_owned()), keep: Some(hash.clone()) };
    store.change_account(lan, change, by(20_004)).await.unwrap().unwrap();
    assert!(at(&hash, t(20_005)).await.unwrap().is_some());
    assert!(at(&other, t(20_005)).await.unwrap().is_none());
    store.change_account(lan, AccountChange::Disabled(true), by(20_006)).await.unwrap().unwrap();
    assert!(at(&hash, t(20_007)).await.unwrap().is_none());
    assert!(store.credentials("lan".to_owned()).await.unwrap().is_none());
    store.change_account(lan, AccountChange::Disabled(false), by(20_008)).await.unwrap().unwrap();
    assert!(at(&hash, t(20_009)).await.unwrap().is_none(), "signed out for good");
    let hash = sign_in(&store, chief, 20_010).await;
    store.sign_out(hash.clone(), by(20_011)).await.unwrap();
    assert!(at(&hash, t(20_011)).await.unwrap().is_none());
    store.close().await;
}

async fn a_code_counts_once(place: Place) {
    let store = place.open().await;
    let lan = add(&store, "lan", Role::Administrator).await;
    let secret = TwoSteps::new().unwrap();
    let change = AccountChange::TwoSteps(Some(secret.clone()));
    store.change_account(lan, change, by(1)).await.unwrap().unwrap();
    let known = store.credentials("lan".to_owned()).await.unwrap().unwrap();
    assert!(known.account.two_steps);
    assert_eq!(known.totp.unwrap().reveal(), secret.reveal());
    for (step, fresh) in [(100, true), (100, false), (99, false), (101, true)] {
        assert_eq!(store.use_code(lan, step).await.unwrap(), fresh, "{step}");
    }
    store.close().await;
}

async fn the_right_to_set_up_is_given_once_and_taken_by_the_first_account(place: Place) {
    let store = place.open().await;
    let (old, link, form) = (Token::new().unwrap(), Token::new().unwrap(), Token::new().unwrap());
    let take = |link: &Token, minutes| store.take_setup(link.hash(), form.hash(), t(minutes + 30), t(minutes));
    assert!(store.offer_setup(old.hash(), t(1_440)).await.unwrap());
    assert!(store.offer_setup(link.hash(), t(1_440)).await.unwrap());
    assert!(!take(&old, 1).await.unwrap(), "the newest counts");
    assert!(!take(&link, 1_440).await.unwrap(), "too late");
    assert!(take(&link, 10).await.unwrap());
    assert!(!take(&link, 11).await.unwrap(), "once");
    assert!(!take(&form, 11).await.unwrap(), "the form is no link");
    assert!(store.may_set_up(form.hash(), t(39)).await.unwrap());
    assert!(!store.may_set_up(form.hash(), t(40)).await.unwrap());
    let set_up = |form: &Token, minutes| store.set_up(form.hash(), new("cả", Role::Administrator), t(minutes));
    assert!(set_up(&link, 12).await.unwrap().is_err());
    assert!(set_up(&form, 40).await.unwrap().is_err());
    set_up(&form, 12).await.unwrap().unwrap();
    assert!(set_up(&form, 12).await.unwrap().is_err());
    assert!(!store.offer_setup(link.hash(), t(1_440)).await.unwrap(), "there is somebody");
    store.close().await;
}

async fn two_stores_that_set_up_at_once_make_one_administrator(place: Place) {
    let (one, two) = (place.open().await, place.open().await);
    let (link, form) = (Token::new().unwrap(), Token::new().unwrap());
    assert!(one.offer_setup(link.hash(), t(60)).await.unwrap());
    assert!(one.take_setup(link.hash(), form.hash(), t(60), t(0)).await.unwrap());
    let (a, b) = tokio::join!(
        one.set_up(form.hash(), new("một", Role::Administrator), t(1)),
        two.set_up(form.hash(), new("hai", Role::Administrator), t(1)),
    );
    assert_eq!([a.unwrap().is_ok(), b.unwrap().is_ok()].iter().filter(|done| **done).count(), 1);
    assert_eq!(one.accounts().await.unwrap().len(), 1);
    one.close().await;
    two.close().await;
}
