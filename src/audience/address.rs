//! Mail addresses, folded so that one mailbox has one spelling.

use std::fmt;
use std::str::FromStr;

use crate::text;
use crate::text::Text;

/// An ASCII mail address in lower case. Servers that tell `An@` from `an@` are not found in practice, and a person
/// who is listed under both would get everything twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        domain_of(&self.0)
    }

    /// Enough of it for its owner to know it, and for nobody else: `l•••@example.vn`.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.0.chars().next().filter(|first| *first != '@');
        format!("{}•••@{}", first.map_or_else(String::new, String::from), self.domain())
    }
}

/// What follows the last `@` of an address.
#[must_use]
pub fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Address {
    type Err = Text;

    /// Reads an address; white space around it is left out.
    fn from_str(written: &str) -> Result<Self, Text> {
        let written = written.trim();
        let wrong = || text!("\"{written}\" không phải địa chỉ thư", "\"{written}\" is no mail address");
        if !written.is_ascii() {
            return Err(text!(
                "\"{written}\" có chữ có dấu hoặc ký tự lạ; địa chỉ thư chỉ gồm chữ không dấu",
                "\"{written}\" has letters beyond ASCII, which a mail address cannot have"
            ));
        }
        let parsed: lettre::Address = written.parse().map_err(|_| wrong())?;
        // Mail to a machine of one label, or to a bare IP address, is a slip of the hand on a public list.
        let last = parsed.domain().rsplit('.').next().unwrap_or_default();
        if !parsed.domain().contains('.')
            || parsed.domain().starts_with('[')
            || last.bytes().all(|c| c.is_ascii_digit())
        {
            return Err(wrong());
        }
        Ok(Self(parsed.to_string().to_ascii_lowercase()))
    }
}
