//! Roles, passwords, tokens and codes, as such.

use chrono::DateTime;
use loa::people::{Password, PasswordHash, Role, Token, TwoSteps};

#[test]
fn a_hash_fits_its_own_password_and_no_other_and_prints_nothing() {
    let password = Password::new("loa phường kêu to").unwrap();
    let hash = PasswordHash::of(&password).unwrap();
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
    assert!(hash.is_of(&Password::typed("loa phường kêu to")));
    assert!(!hash.is_of(&Password::typed("loa phường kêu tơ")));
    assert!(!PasswordHash::nobodys().is_of(&password));
    assert_ne!(hash, PasswordHash::of(&password).unwrap(), "each has a salt of its own");
    let printed = format!("{password:?} {hash:?}");
    assert_eq!(printed, "Password PasswordHash");
}

#[test]
fn passwords_that_are_too_easy_are_refused() {
    for easy in ["", "ngắn", "123456789", "aaaaaaaaaaaaaaa", "ababababababab"] {
        assert!(Password::new(easy).is_err(), "{easy}");
    }
    assert!(Password::new(&"a1b2".repeat(51)).is_err());
    assert!(Password::new("mười chữ thôi").is_ok());
}

#[test]
fn tokens_differ_and_do_not_print_themselves() {
    let (one, other) = (Token::new().unwrap(), Token::new().unwrap());
    assert_ne!(one, other);
    assert_eq!(Token::brought(one.reveal()), Some(one.clone()));
    assert_eq!(format!("{one:?}"), "Token");
    assert_ne!(one.hash(), one.reveal());
    for odd in ["", "ab", &"g".repeat(64), &"ặ".repeat(32)] {
        assert_eq!(Token::brought(odd), None, "{odd}");
    }
}

/// RFC 6238, appendix B: "12345678901234567890" at 59 s is 94287082; six digits of it.
#[test]
fn the_codes_are_those_of_the_standard() {
    let secret = TwoSteps::written("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    assert_eq!(secret.step_of("287082", at(59)), Some(1));
    assert_eq!(secret.step_of("287 082", at(89)), Some(1), "the code before counts too");
    assert_eq!(secret.step_of("287082", at(150)), None);
    assert_eq!(secret.step_of("081804", at(1_111_111_109)), Some(37_037_036));
    assert_eq!(secret.step_of("", at(59)), None);
    assert_eq!(format!("{secret:?}"), "TwoSteps");
}

#[test]
fn a_secret_can_be_written_down_and_the_link_says_whose_it_is() {
    let secret = TwoSteps::new().unwrap();
    assert_eq!(TwoSteps::written(&secret.reveal()).unwrap().reveal(), secret.reveal());
    assert!(TwoSteps::written("không").is_none());
    let link = secret.link("UBND xã An Bình", "lan");
    assert!(link.starts_with("otpauth://totp/UBND%20x%C3%A3%20An%20B%C3%ACnh:lan?secret="), "{link}");
}

#[test]
fn each_role_may_what_the_one_before_it_may() {
    assert!(Role::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(Role::ALL.into_iter().all(|role| Role::named(role.name()) == Some(role)));
    assert_eq!(Role::named("root"), None);
}
