//! The name of a public copy: its chat, its messages, and whether they are pictures.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// Such as `-1001234567890:17`, or `-1001234567890:17,18,19:photo` for an album. Numbers may be larger than 32 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) chat: i64,
    /// Never empty; the text stands in the first.
    pub(super) messages: Vec<i64>,
    /// The text is a picture's caption.
    pub(super) photo: bool,
}

const PHOTO: &str = "photo";

impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<String> = self.messages.iter().map(i64::to_string).collect();
        write!(f, "{}:{}", self.chat, messages.join(","))?;
        if self.photo { write!(f, ":{PHOTO}") } else { Ok(()) }
    }
}

impl FromStr for Copy {
    type Err = ();

    fn from_str(words: &str) -> Result<Self, ()> {
        let mut parts = words.split(':');
        let chat = parts.next().ok_or(())?.parse().map_err(drop)?;
        let messages: Vec<i64> =
            parts.next().ok_or(())?.split(',').map(str::parse).collect::<Result<_, _>>().map_err(drop)?;
        let photo = parts.next();
        if photo.is_some_and(|word| word != PHOTO) || parts.next().is_some() {
            return Err(());
        }
        Ok(Self { chat, messages, photo: photo.is_some() })
    }
}

impl Copy {
    /// Reads the messages that a send brought back, and where the public finds the first.
    pub(super) fn read(result: &Value) -> Option<(Self, Option<String>)> {
        let sent: Vec<&Value> = match result {
            Value::Array(album) => album.iter().collect(),
            single => vec![single],
        };
        let first = sent.first()?;
        let chat = first.pointer("/chat/id")?.as_i64()?;
        let messages: Option<Vec<i64>> = sent.iter().map(|one| one.get("message_id")?.as_i64()).collect();
        let copy = Self { chat, messages: messages?, photo: first.get("photo").is_some() };
        let url = copy.url(first.pointer("/chat/username").and_then(Value::as_str));
        Some((copy, url))
    }

    /// The address of the first message; a small private group has none.
    fn url(&self, name: Option<&str>) -> Option<String> {
        let first = self.messages.first()?;
        match (name, self.chat.to_string().strip_prefix("-100")) {
            (Some(name), _) => Some(format!("https://t.me/{name}/{first}")),
            (None, Some(inner)) => Some(format!("https://t.me/c/{inner}/{first}")),
            (None, None) => None,
        }
    }
}
