//! Lists of people: a text or CSV file, one to a line, or TOML.

use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::Entry;
use super::columns::{Columns, delimiter};
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

/// What a line of a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Somebody, with the line's number, counted from 1.
    Person(usize, Entry),
    /// Somebody who is not to be written to: the line of an export that says so.
    NotOne(usize, Entry),
    /// Nobody, though it should.
    Bad(BadLine),
}

/// The lines of a list, one by one, in its order.
pub type Lines = Box<dyn Iterator<Item = Line> + Send>;

/// The people of a list, one by one, in its order.
pub type Entries = Box<dyn Iterator<Item = Result<Entry, BadLine>> + Send>;

/// The people named in `file`, without those of whom it says that they may not be written to.
///
/// # Errors
/// As for [`lines`].
pub fn entries(file: &Path) -> Result<Entries, Text> {
    Ok(Box::new(lines(file)?.filter_map(|line| match line {
        Line::Person(_, entry) => Some(Ok(entry)),
        Line::NotOne(..) => None,
        Line::Bad(bad) => Some(Err(bad)),
    })))
}

/// What is written in `file`. Text and CSV are read line by line, so that a long list needs no memory: columns stand
/// between commas, semicolons or tabs, a heading says which is which, and lines that begin with `#` are left out.
/// Without a heading the address is the column with an `@`, and the first other column with a letter is the name. A
/// `.toml` file holds `[[recipients]]` with `email` and, if wanted, `name`.
///
/// # Errors
/// When the file cannot be read, is a workbook, or is not TOML where its name says so.
pub fn lines(file: &Path) -> Result<Lines, Text> {
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
    let mut opened = opened(file).map_err(unreadable)?;
    if is_workbook(opened.fill_buf().map_err(unreadable)?) {
        return Err(text!(
            "{shown} là tệp bảng tính; trong Excel chọn Lưu thành, kiểu \"CSV UTF-8\", rồi dùng tệp .csv ấy",
            "{shown} is a workbook; in Excel choose Save as, type \"CSV UTF-8\", and use that .csv file"
        ));
    }
    let between = delimiter(&mut opened).map_err(unreadable)?;
    // Lines are counted by their feeds; a carriage return before one is white space. Old files have nothing else.
    let feeds = opened.fill_buf().map_err(unreadable)?.contains(&b'\n');
    let reader = csv::ReaderBuilder::new()
        .delimiter(between)
        .has_headers(false)
        .flexible(true)
        .terminator(if feeds { csv::Terminator::Any(b'\n') } else { csv::Terminator::CRLF })
        .comment(Some(b'#'))
        .from_reader(opened);
    let mut columns: Option<Columns> = None;
    Ok(Box::new(reader.into_byte_records().filter_map(move |record| {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Some(bad(line, Text::same(error.to_string())));
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let Some(fields) = fields(&record) else {
            return Some(bad(
                line,
                text!(
                    "dòng này không phải chữ UTF-8; lưu lại danh sách với bảng mã UTF-8",
                    "the line is not UTF-8; save the list as UTF-8"
                ),
            ));
        };
        let first = fields.first().map(String::as_str).unwrap_or_default();
        // Excel tells itself in a first line what stands between the columns.
        if fields.iter().all(String::is_empty) || first.starts_with('#') || (line == 1 && first.starts_with("sep=")) {
            return None;
        }
        match &columns {
            None => {
                let found = Columns::of_heading(&fields);
                let is_heading = found.is_some();
                let found = columns.insert(found.unwrap_or_default());
                if is_heading { None } else { Some(found.read(line, &fields)) }
            }
            Some(columns) => Some(columns.read(line, &fields)),
        }
    })))
}

/// Opens a list that may be in UTF-16, as spreadsheets save "Unicode text".
fn opened(file: &Path) -> io::Result<BufReader<Box<dyn Read + Send>>> {
    let mut opened = BufReader::new(std::fs::File::open(file)?);
    let unit: fn([u8; 2]) -> u16 = match opened.fill_buf()? {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Ok(BufReader::new(Box::new(opened))),
    };
    let mut bytes = Vec::new();
    opened.read_to_end(&mut bytes)?;
    let units = bytes.chunks_exact(2).filter_map(|pair| Some(unit(pair.try_into().ok()?)));
    let text: String = char::decode_utf16(units).map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Ok(BufReader::new(Box::new(io::Cursor::new(text))))
}

/// The first bytes of an `.xlsx` or `.ods`, or of an `.xls`.
fn is_workbook(begin: &[u8]) -> bool {
    begin.starts_with(b"PK\x03\x04") || begin.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
}

/// The fields of a line without the space around them; `None` where they are no text.
fn fields(record: &csv::ByteRecord) -> Option<Vec<String>> {
    let field = |field| Some(meant(std::str::from_utf8(field).ok()?.trim_matches(blank)).to_owned());
    record.iter().map(field).collect()
}

/// A cell without the mark that our own tables put before what a spreadsheet would take for a formula.
fn meant(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

/// White space, and what spreadsheets put at the beginning of a file or between words.
fn blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// A line's number.
pub(super) fn number(line: u64) -> usize {
    usize::try_from(line).unwrap_or(usize::MAX)
}

pub(super) fn bad(line: u64, text: Text) -> Line {
    Line::Bad(BadLine { line: number(line), text })
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

fn from_toml(list: &str) -> Result<Vec<Line>, toml::de::Error> {
    let file: File = toml::from_str(list)?;
    // The parser reads from front to back: each line break is counted once.
    let (mut at, mut line) = (0, 1);
    let mut line_of = |start: usize| {
        line += list.bytes().take(start).skip(at).filter(|byte| *byte == b'\n').count() as u64;
        at = start.max(at);
        line
    };
    let person = |person: Person| {
        let line = line_of(person.email.span().start);
        match person.email.get_ref().parse() {
            Ok(address) => Line::Person(number(line), Entry::new(address, person.name.as_deref().unwrap_or_default())),
            Err(text) => bad(line, text),
        }
    };
    Ok(file.recipients.into_iter().map(person).collect())
}
