//! The list of recipients: a text or CSV file, one address a line.

use std::path::PathBuf;

use lettre::Address;

use crate::text;
use crate::text::Text;

/// Bad lines named in one message.
const MOST_NAMED: usize = 5;

/// A file with one address a line. Read anew for every job, so that an edit counts at once.
pub(super) struct Recipients {
    file: PathBuf,
}

impl Recipients {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// The file, for messages.
    pub(super) fn file(&self) -> String {
        self.file.display().to_string()
    }

    /// The addresses, in the order of the file, each once. The first column of a CSV counts; lines that
    /// begin with `#` and a heading `email` do not.
    pub(super) fn read(&self) -> Result<Vec<String>, Text> {
        let file = self.file.display();
        let list = std::fs::read_to_string(&self.file).map_err(|error| {
            text!(
                "không đọc được danh sách người nhận {file}: {error}",
                "cannot read the list of recipients {file}: {error}"
            )
        })?;
        let mut addresses: Vec<String> = Vec::new();
        let mut wrong = Vec::new();
        for (number, line) in (1..).zip(list.trim_start_matches('\u{feff}').lines()) {
            let first = line.split([',', ';', '\t']).next().unwrap_or_default().trim().trim_matches('"');
            if first.is_empty() || first.starts_with('#') || first.eq_ignore_ascii_case("email") {
                continue;
            }
            match first.parse::<Address>() {
                Ok(address) if address.to_string().is_ascii() => {
                    let address = address.to_string();
                    if !addresses.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
                        addresses.push(address);
                    }
                }
                _ => wrong.push(format!("{number}: {first}")),
            }
        }
        if !wrong.is_empty() {
            let (count, named) =
                (wrong.len(), wrong.get(..MOST_NAMED.min(wrong.len())).unwrap_or_default().join(" · "));
            return Err(text!(
                "danh sách {file} có {count} dòng không phải địa chỉ thư: {named}",
                "the list {file} has {count} lines that are no mail address: {named}"
            ));
        }
        Ok(addresses)
    }
}
