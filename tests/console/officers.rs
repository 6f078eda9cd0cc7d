//! People look after people.

use crate::support::browser::{Browser, PASSWORD};
use crate::support::house::{daemon, house, printed};

#[test]
fn an_administrator_looks_after_people_and_stays_one() {
    let world = house();
    let daemon = daemon(&world);
    let mut chief = Browser::administrator(&daemon);
    chief.add("lan", "editor");
    let listed = chief.get("/people").body;
    assert!(listed.contains("lan was added") && listed.contains("/people/2"), "{listed}");
    let taken = [("name", "LAN"), ("role", "viewer"), ("password", PASSWORD)];
    let answer = chief.post("/people", &taken);
    assert!(answer.status == 422 && answer.body.contains("there is a lan already"), "{}", answer.body);
    assert!(!answer.body.contains(PASSWORD) && !answer.body.contains("argon2"), "nothing secret");

    let mut lan = Browser::signed_in(&daemon, "lan");
    assert_eq!(lan.get("/people").status, 403);
    assert_eq!(chief.post("/people/2/role", &[("role", "administrator")]).status, 303);
    assert_eq!(lan.get("/people").status, 200, "at once");
    assert_eq!(chief.post("/people/2/role", &[("role", "emperor")]).status, 422);
    assert_eq!(chief.post("/people/2/role", &[("role", "viewer")]).status, 303);

    // A second look, then out.
    let asked = chief.get("/people/2/disable").body;
    assert!(asked.contains("Disable the account of lan?"), "{asked}");
    assert_eq!(lan.get("/").status, 200, "a question changes nothing");
    assert_eq!(chief.post("/people/2/disable", &[]).status, 303);
    assert_eq!(lan.get("/").status, 303);
    assert_eq!(lan.sign_in("lan", PASSWORD).status, 401);
    assert_eq!(chief.post("/people/2/enable", &[]).status, 303);
    assert_eq!(lan.sign_in("lan", PASSWORD).status, 303);

    // Nobody locks the last one out, least of all themselves.
    chief.post("/people/1/role", &[("role", "viewer")]);
    assert!(chief.get("/people/1").body.contains("this is the last administrator"));
    chief.post("/people/1/disable", &[]);
    assert!(chief.get("/people/1").body.contains("nobody disables their own account"));
    assert_eq!(chief.get("/people/99").status, 404);

    let said = printed(&world, &["doctor"]);
    assert!(said.contains("the ledger of decisions is as it was written"), "{said}");
}
