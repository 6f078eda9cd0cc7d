//! Which column of a list says what.

use std::io::{self, BufRead};

use super::list::{Line, bad, number};
use super::{Address, Entry, Standing, folded};
use crate::text;

/// The columns of an exported list. Taken in again, it says the same.
pub const EXPORTED: [&str; 6] = ["email", "name", "standing", "listed", "since", "reason"];

/// Words over the column of addresses, folded; the later ones may also stand over a place where somebody lives.
const ADDRESS: [&[&str]; 2] = [
    &[
        "email",
        "mail",
        "e mail",
        "email address",
        "e mail address",
        "mail address",
        "dia chi email",
        "dia chi e mail",
        "dia chi mail",
        "thu dien tu",
        "dia chi thu",
        "dia chi thu dien tu",
        "hop thu",
        "hop thu dien tu",
    ],
    &["address", "dia chi", "thu"],
];
/// Such a word may be followed by whose address it is.
const MORE_TO_IT: [&str; 3] = ["email ", "e mail ", "thu dien tu "];
const NAME: &[&str] = &[
    "name",
    "full name",
    "fullname",
    "display name",
    "ho ten",
    "ho va ten",
    "ho va ten nguoi nhan",
    "ten nguoi nhan",
    "nguoi nhan",
];
const FAMILY_NAME: &[&str] = &["ho", "ho dem", "ho va dem", "ho va ten dem", "ho ten dem", "last name"];
const GIVEN_NAME: &[&str] = &["ten", "first name"];

/// Where a line of the list has what. By default it is looked for in each line anew.
#[derive(Default)]
pub(super) struct Columns {
    address: Option<usize>,
    /// Joined by spaces.
    name: Vec<usize>,
    standing: Option<usize>,
    listed: Option<usize>,
}

impl Columns {
    /// What a heading says; `None` when it is none.
    pub(super) fn of_heading(fields: &[String]) -> Option<Self> {
        if fields.iter().any(|field| field.contains('@')) {
            return None;
        }
        let words: Vec<String> = fields.iter().map(|field| folded(field)).collect();
        let find = |names: &[&str]| words.iter().position(|word| names.contains(&word.as_str()));
        let [sure, unsure] = ADDRESS.map(find);
        let begins = |word: &String| MORE_TO_IT.iter().any(|name| word.starts_with(name));
        let address = sure.or_else(|| words.iter().position(begins)).or(unsure)?;
        let family = [find(FAMILY_NAME), find(GIVEN_NAME)].into_iter().flatten().collect();
        Some(Self {
            address: Some(address),
            name: find(NAME).map_or(family, |name| vec![name]),
            standing: find(&["standing"]),
            listed: find(&["listed"]),
        })
    }

    /// Whom a line names.
    pub(super) fn read(&self, line: u64, fields: &[String]) -> Line {
        let field = |at: usize| fields.get(at).map(String::as_str).unwrap_or_default();
        let at =
            self.address.unwrap_or_else(|| fields.iter().position(|field| field.contains('@')).unwrap_or_default());
        let written = field(at);
        let (inline_name, address) = parts(written);
        let address: Address = match address.parse() {
            Ok(address) => address,
            // A quote that is not closed swallows lines: say where it began, not all that it took.
            Err(_) if fields.iter().any(|field| field.contains('\n')) => {
                return bad(
                    line,
                    text!(
                        "dấu ngoặc kép mở ở dòng này không đóng lại; các dòng sau bị cuốn theo, không đọc được",
                        "a quote that opens on this line is not closed; the lines after it were swallowed"
                    ),
                );
            }
            Err(_) if written.is_empty() => {
                return bad(line, text!("dòng này không có địa chỉ thư", "the line has no mail address"));
            }
            Err(text) => return bad(line, text),
        };
        let named = if self.address.is_some() {
            self.name.iter().map(|at| field(*at)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        } else {
            let is_name = |(column, field): &(usize, &String)| *column != at && field.chars().any(char::is_alphabetic);
            fields.iter().enumerate().find(is_name).map(|(_, name)| name.clone()).unwrap_or_default()
        };
        let entry = Entry::new(address, if named.trim().is_empty() { inline_name } else { &named });
        let said = |column: Option<usize>| column.map(field).unwrap_or_default();
        let out = Standing::named(said(self.standing)).is_some_and(|standing| standing != Standing::Active);
        let line = number(line);
        if out || said(self.listed) == "false" { Line::NotOne(line, entry) } else { Line::Person(line, entry) }
    }
}

/// `Nguyễn An <an@example.vn>` as mail programs write it, or an address alone.
fn parts(written: &str) -> (&str, &str) {
    match written.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"'), address),
        None => ("", written),
    }
}

/// What stands between the columns: of comma, semicolon and tab the one that is met most often in the first line with
/// anything in it. Also moves past the mark that spreadsheets put at the beginning of a file.
pub(super) fn delimiter(opened: &mut impl BufRead) -> io::Result<u8> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if opened.fill_buf()?.starts_with(MARK) {
        opened.consume(MARK.len());
    }
    let begin = opened.fill_buf()?;
    if let Some([said @ (b',' | b';' | b'\t'), ..]) = begin.strip_prefix(b"sep=") {
        return Ok(*said);
    }
    let line = begin.split(|byte| matches!(byte, b'\n' | b'\r')).find(|line| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.starts_with(b"#")
    });
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in line.unwrap_or_default() {
        quoted ^= *byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += u32::from(!quoted && byte == delimiter);
        }
    }
    // The first of the most frequent: `max_by_key` would take the last.
    Ok(counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter))
}
