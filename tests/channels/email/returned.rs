//! Letters that came back, as mail systems write them: `tests/channels/email/returned/`.

use std::path::Path;

use loa::audience::letter_id;

/// Whom a letter came back for.
pub(crate) struct For<'a> {
    pub(crate) token: &'a str,
    pub(crate) address: &'a str,
    /// The job that the letter was of.
    pub(crate) job: &'a str,
}

/// The letter of that name; `date` tells letters of the same form apart.
pub(crate) fn returned(name: &str, whom: &For<'_>, date: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/channels/email/returned");
    let letter = std::fs::read_to_string(folder.join(format!("{name}.eml"))).expect(name);
    letter
        .replace("{TOKEN}", whom.token)
        .replace("{TOKEN_UPPER}", &whom.token.to_uppercase())
        .replace("{ADDRESS}", whom.address)
        .replace("{ID}", &letter_id(whom.job, whom.address))
        .replace("{DATE}", date)
        .replace('\n', "\r\n")
        .into_bytes()
}
