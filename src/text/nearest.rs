//! "Did you mean": the nearest valid name for one that does not exist.

use super::Text;
use crate::text;

/// Two names are alike when at least this much of them agrees (Jaro–Winkler).
const ALIKE: f64 = 0.75;

/// A name that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What was written.
    pub name: String,
    /// What would have been valid.
    pub valid: Vec<String>,
    /// True for the name of a field, false for one of a fixed set of values.
    pub field: bool,
}

impl Unknown {
    /// For people: what is wrong, the nearest valid name, and all of them.
    #[must_use]
    pub fn text(&self) -> Text {
        let (name, valid) = (&self.name, self.valid.join(", "));
        let (what_vi, what_en) = if self.field { ("trường", "field") } else { ("giá trị", "value") };
        match nearest(name, self.valid.iter().map(String::as_str)) {
            Some(near) => text!(
                "không có {what_vi} \"{name}\"; có phải \"{near}\"? Hợp lệ: {valid}",
                "there is no {what_en} \"{name}\"; did you mean \"{near}\"? Valid: {valid}"
            ),
            None => text!(
                "không có {what_vi} \"{name}\". Hợp lệ: {valid}",
                "there is no {what_en} \"{name}\". Valid: {valid}"
            ),
        }
    }
}

/// The valid name most like `written`, if any is like it at all.
#[must_use]
pub fn nearest<'n>(written: &str, valid: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let written = written.to_lowercase();
    valid
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&written, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Reads serde's "unknown field `x`, expected one of `a`, `b`" (or "unknown variant"). The message is the
/// only way in which serde hands those names on; a test keeps this in step with it.
#[must_use]
pub fn from_parser(message: &str) -> Option<Unknown> {
    let (field, rest) = match message.strip_prefix("unknown field ") {
        Some(rest) => (true, rest),
        None => (false, message.strip_prefix("unknown variant ")?),
    };
    let mut quoted = rest.split('`').skip(1).step_by(2).map(str::to_owned);
    Some(Unknown { name: quoted.next()?, valid: quoted.collect(), field })
}

/// What a parser says of a secret that stands in a file.
pub const SECRET_IS_NAMED: &str = "a secret is named, not written: { env = \"NAME\" } or { file = \"/path\" }";

/// The parser's message in both languages, where it is one of the common ones.
#[must_use]
pub fn parser_text(message: &str) -> Text {
    if let Some(unknown) = from_parser(message) {
        return unknown.text();
    }
    if let Some(name) = message.strip_prefix("missing field ").map(|rest| rest.trim_matches('`')) {
        return text!("thiếu \"{name}\"", "\"{name}\" is missing");
    }
    if let Some((found, wanted)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        return text!("sai kiểu: gặp {found}, cần {wanted}", "wrong type: found {found}, expected {wanted}");
    }
    let message = message.trim();
    if message == SECRET_IS_NAMED {
        let vi = "đừng ghi thẳng bí mật vào đây; viết { env = \"TÊN_BIẾN\" } hoặc { file = \"/đường/dẫn\" }";
        return Text { vi: vi.to_owned(), en: message.to_owned() };
    }
    text!("không hợp lệ: {message}", "not valid: {message}")
}
