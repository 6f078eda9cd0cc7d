//! Lists of people: a text or CSV file, one to a line, or TOML.

use std::io::BufRead;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::Entry;
use crate::text;
use crate::text::Text;

/// A line that names nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub text: Text,
}

/// The people of a list, one by one, in its order.
pub type Entries = Box<dyn Iterator<Item = Result<Entry, BadLine>> + Send>;

/// The people named in `file`. Text and CSV are read line by line, so that a long list needs no memory; the first
/// column is the address, the second, if there is one, the name; lines that begin with `#` and a heading are left
/// out. A `.toml` file holds `[[recipients]]` with `email` and, if wanted, `name`.
///
/// # Errors
/// When the file cannot be read or is not TOML where its name says so.
pub fn entries(file: &Path) -> Result<Entries, Text> {
    let shown = file.display();
    let unreadable = |error: std::io::Error| {
        text!(
            "không đọc được danh sách người nhận {shown}: {error}",
            "cannot read the list of recipients {shown}: {error}"
        )
    };
    if file.extension().is_some_and(|ending| ending == "toml") {
        let list = std::fs::read_to_string(file).map_err(unreadable)?;
        let people = from_toml(&list).map_err(|error| {
            text!("danh sách {shown} không đúng: {error}", "the list {shown} is not right: {error}")
        })?;
        return Ok(Box::new(people.into_iter()));
    }
    let lines = std::io::BufReader::new(std::fs::File::open(file).map_err(unreadable)?).lines();
    Ok(Box::new((1..).zip(lines).filter_map(|(line, text)| match text {
        Ok(text) => from_line(line, &text),
        Err(error) => Some(Err(BadLine { line, text: Text::same(error.to_string()) })),
    })))
}

fn from_line(line: usize, text: &str) -> Option<Result<Entry, BadLine>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut columns = text.split([',', ';', '\t']).map(|column| column.trim().trim_matches('"'));
    let address = columns.next().unwrap_or_default();
    if address.is_empty() || address.starts_with('#') || (line == 1 && is_heading(address)) {
        return None;
    }
    let name = columns.next().filter(|name| !name.is_empty()).map(str::to_owned);
    Some(entry(line, address, name))
}

fn is_heading(word: &str) -> bool {
    ["email", "e-mail", "address", "thư", "địa chỉ"].iter().any(|heading| word.to_lowercase() == *heading)
}

fn entry(line: usize, address: &str, name: Option<String>) -> Result<Entry, BadLine> {
    match address.parse() {
        Ok(address) => Ok(Entry { address, name }),
        Err(text) => Err(BadLine { line, text }),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    recipients: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    email: Spanned<String>,
    name: Option<String>,
}

fn from_toml(list: &str) -> Result<Vec<Result<Entry, BadLine>>, toml::de::Error> {
    let file: File = toml::from_str(list)?;
    let line_of = |at: usize| list.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let person = |person: Person| entry(line_of(person.email.span().start), person.email.get_ref(), person.name);
    Ok(file.recipients.into_iter().map(person).collect())
}
