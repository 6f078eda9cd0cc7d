//! What a channel needs in the domain name system.

use crate::text::Text;

/// Records to publish, and what was found of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsPlan {
    /// To be published.
    pub records: Vec<DnsRecord>,
    /// What was looked at.
    pub findings: Vec<Finding>,
}

/// A TXT record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// Its full name, without a dot at the end.
    pub name: String,
    /// Its text, in one piece.
    pub value: String,
    /// What it is for.
    pub about: Text,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be.
    pub good: bool,
    /// In words.
    pub text: Text,
}

impl DnsRecord {
    /// The text as zone files and most web forms want it: strings of at most 255 characters (RFC 1035 §3.3).
    #[must_use]
    pub fn quoted(&self) -> String {
        let letters: Vec<char> = self.value.chars().collect();
        let strings: Vec<String> =
            letters.chunks(255).map(|part| format!("\"{}\"", part.iter().collect::<String>())).collect();
        strings.join(" ")
    }
}
