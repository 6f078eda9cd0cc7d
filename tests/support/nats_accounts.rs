//! Accounts of a NATS server: an operator who vouches for an account, which vouches for its user, each by a signed word
//! (a JWT) about the next one's key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// What `issuer` says of `subject`.
fn word(issuer: &KeyPair, subject: &KeyPair, name: &str, nats: Value) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "jti": name,
        "iat": 1_767_225_600,
        "iss": issuer.public_key(),
        "sub": subject.public_key(),
        "name": name,
        "nats": nats,
    });
    let said = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(claims));
    let signature = issuer.sign(said.as_bytes()).expect("a key that signs");
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn account(limits: &[(&str, i64)]) -> Value {
    let mut all = json!({ "wildcards": true });
    for name in ["subs", "data", "payload", "imports", "exports", "conn", "leaf"] {
        all[name] = json!(-1);
    }
    for (name, limit) in limits {
        all[name] = json!(limit);
    }
    json!({ "type": "account", "version": 2, "limits": all })
}

/// Lines of a server's configuration, and what the `.creds` file of the one user holds.
pub(crate) fn made() -> (String, String) {
    let (operator, system, office, user) =
        (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account(), KeyPair::new_user());
    let own = json!({ "type": "operator", "version": 2, "system_account": system.public_key() });
    let own = word(&operator, &operator, "province", own);
    let unlimited = [("mem_storage", -1), ("disk_storage", -1), ("streams", -1), ("consumer", -1)];
    let accounts = [
        (system.public_key(), word(&operator, &system, "SYS", account(&[]))),
        (office.public_key(), word(&operator, &office, "xa-an-binh", account(&unlimited))),
    ];
    let preload: String = accounts.iter().map(|(key, word)| format!("  {key}: {word}\n")).collect();
    let config = format!(
        "operator: {own}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload {{\n{preload}}}\n",
        system.public_key()
    );
    let claims = json!({ "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 });
    let credentials = format!(
        "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        word(&office, &user, "loa", claims),
        user.seed().expect("a key of our own")
    );
    (config, credentials)
}
