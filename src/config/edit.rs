//! Changes single keys of a channel file. Comments, order and layout of everything else stay as they are.

use toml_edit::{Array, Document, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::channel::{Field, Input};
use crate::text;
use crate::text::Text;

/// The text of a channel file, to be changed key by key. A dot in a key leads into a table.
#[derive(Clone, Debug)]
pub struct ChannelFile(DocumentMut);

/// What was typed into a field cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotTaken(pub Text);

impl ChannelFile {
    /// Reads the text.
    ///
    /// # Errors
    /// Where it is not TOML.
    pub fn read(source: &str) -> Result<Self, NotTaken> {
        let read = source.parse::<DocumentMut>();
        read.map(Self).map_err(|error| NotTaken(crate::text::nearest::parser_text(error.message())))
    }

    /// The text as it is now.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    fn item(&self, key: &str) -> Option<&Item> {
        key.split('.').try_fold(self.0.as_item(), |item, part| item.as_table_like()?.get(part))
    }

    /// Whether the file says anything under this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.item(key).is_some()
    }

    /// What stands there as people type it; a list is a line for each. Empty where nothing stands, and for secrets.
    #[must_use]
    pub fn shown(&self, key: &str, input: Input) -> String {
        if matches!(input, Input::Secret | Input::SecretLines | Input::InFile) {
            return String::new();
        }
        match self.item(key) {
            Some(Item::Value(Value::Array(list))) => list.iter().map(plain).collect::<Vec<_>>().join("\n"),
            Some(Item::Value(value)) => plain(value),
            _ => String::new(),
        }
    }

    /// Where a secret is kept, in the form `env` or `file` and a name.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<(&'static str, String)> {
        let table = self.item(key)?.as_table_like()?;
        ["env", "file"].into_iter().find_map(|place| Some((place, table.get(place)?.as_str()?.to_owned())))
    }

    /// Writes what was typed into a field; nothing typed takes the key away.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fill(&mut self, key: &str, field: &Field, typed: &str) -> Result<(), NotTaken> {
        match value(field, typed)? {
            Some(value) => self.set(key, value),
            None => {
                self.remove(key);
                Ok(())
            }
        }
    }

    /// Says that a secret is kept in this file.
    ///
    /// # Errors
    /// As for [`ChannelFile::fill`].
    pub fn keep_secret(&mut self, key: &str, path: &str) -> Result<(), NotTaken> {
        let mut place = InlineTable::new();
        place.insert("file", path.into());
        self.set(key, Value::InlineTable(place))
    }

    fn set(&mut self, key: &str, mut value: Value) -> Result<(), NotTaken> {
        let mut table: &mut dyn TableLike = self.0.as_table_mut();
        let (parents, last) = key.rsplit_once('.').unwrap_or(("", key));
        for (depth, parent) in parents.split('.').filter(|parent| !parent.is_empty()).enumerate() {
            let fresh = || if depth == 0 { Item::Table(Table::new()) } else { InlineTable::new().into() };
            let item = table.entry(parent).or_insert_with(fresh);
            table = item.as_table_like_mut().ok_or_else(|| {
                NotTaken(text!("\"{parent}\" trong tệp không phải một bảng", "\"{parent}\" in the file is not a table"))
            })?;
        }
        match table.get_mut(last) {
            Some(Item::Value(old)) => {
                // The comment behind it stays.
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            _ => drop(table.insert(last, Item::Value(value))),
        }
        Ok(())
    }

    /// Takes a key away; comments before and behind it stay.
    pub fn remove(&mut self, key: &str) {
        let (parents, last) = key.rsplit_once('.').unwrap_or(("", key));
        let mut item = self.0.as_item_mut();
        for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
            let Some(inner) = item.as_table_like_mut().and_then(|table| table.get_mut(parent)) else { return };
            item = inner;
        }
        let Some(table) = item.as_table_mut() else {
            if let Some(table) = item.as_table_like_mut() {
                table.remove(last);
                let is_empty = table.is_empty();
                if is_empty && parents.contains('.') {
                    self.remove(parents);
                }
            }
            return;
        };
        let Some(comments) = comments(table, last) else { return };
        let place = table.position();
        let after = table.iter().skip_while(|(key, _)| *key != last).nth(1);
        let after = after.filter(|(_, item)| item.is_value()).map(|(key, _)| key.to_owned());
        table.remove(last);
        if comments.is_empty() {
            return;
        }
        if let Some(mut next) = after.as_deref().and_then(|key| table.key_mut(key)) {
            put_before(next.leaf_decor_mut(), &comments);
            return;
        }
        match next_table(self.0.as_table_mut(), place.unwrap_or(-1)) {
            Some(next) => put_before(next.decor_mut(), &comments),
            None => {
                let trailing = self.0.trailing().as_str().unwrap_or_default();
                let trailing = format!("{comments}{trailing}");
                self.0.set_trailing(trailing);
            }
        }
    }

    /// Which of these keys stands on a line (from 1) of a file, if one does.
    #[must_use]
    pub fn on_line<'k>(source: &str, line: usize, keys: &[&'k str]) -> Option<&'k str> {
        let document = Document::parse(source).ok()?;
        let line_of = |at: usize| 1 + source.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let spans = keys.iter().filter_map(|key| {
            let (parents, last) = key.rsplit_once('.').unwrap_or(("", key));
            let parents = parents.split('.').filter(|parent| !parent.is_empty());
            let mut tables = parents.map(Some);
            let table = tables.try_fold(document.as_item(), |item, part| item.as_table_like()?.get(part?));
            let (name, item) = table?.as_table_like()?.get_key_value(last)?;
            let (from, to) = (name.span()?.start, item.span()?.end);
            Some((line_of(from), line_of(to.saturating_sub(1).max(from)), *key))
        });
        let around = spans.filter(|(from, to, _)| (*from..=*to).contains(&line));
        around.min_by_key(|(from, to, key)| (to - from, usize::MAX - key.len())).map(|(.., key)| key)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(words) => words.value().clone(),
        Value::Integer(number) => number.value().to_string(),
        Value::Boolean(yes) => yes.value().to_string(),
        other => other.to_string().trim().to_owned(),
    }
}

/// What was typed, as TOML; `None`: nothing.
fn value(field: &Field, typed: &str) -> Result<Option<Value>, NotTaken> {
    let line = typed.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let lines = || line.lines().map(str::trim).filter(|line| !line.is_empty());
    let known = |choices: &[crate::channel::Choice], word: &str| {
        let valid = choices.iter().map(|(word, _)| (*word).to_owned()).collect();
        let unknown = crate::text::nearest::Unknown { name: word.to_owned(), valid, field: false };
        if choices.iter().any(|(known, _)| *known == word) { Ok(()) } else { Err(NotTaken(unknown.text())) }
    };
    Ok(Some(match field.input {
        Input::Line => line.into(),
        Input::Number => number(line).ok_or_else(|| {
            NotTaken(text!("\"{line}\" không phải một số nguyên", "\"{line}\" is not a whole number"))
        })?,
        Input::NumberOrName => number(line).unwrap_or_else(|| line.into()),
        Input::YesNo => match line {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(NotTaken(text!("chọn có hoặc không", "choose yes or no"))),
        },
        Input::Choice(choices) => {
            known(choices, line)?;
            // Some keys say yes, no or something else.
            line.parse::<bool>().map_or_else(|_| line.into(), Value::from)
        }
        Input::Choices(choices) => {
            for word in lines() {
                known(choices, word)?;
            }
            Value::Array(lines().collect::<Array>())
        }
        Input::Timing if lines().count() == 1 && line.chars().all(char::is_alphabetic) => line.into(),
        Input::Timing | Input::Lines => Value::Array(lines().collect::<Array>()),
        Input::Secret | Input::SecretLines | Input::InFile => return Ok(None),
    }))
}

fn number(line: &str) -> Option<Value> {
    line.parse::<i64>().ok().map(Value::from)
}

/// The comments before and behind a key of a table, each on a line; `None` where there is no such key.
fn comments(table: &Table, key: &str) -> Option<String> {
    let (name, item) = table.get_key_value(key)?;
    let before = name.leaf_decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let behind = item.as_value().and_then(|value| value.decor().suffix()?.as_str()).unwrap_or_default().trim();
    let mut kept = if before.contains('#') { before.to_owned() } else { String::new() };
    if behind.starts_with('#') {
        kept.push_str(behind);
        kept.push('\n');
    }
    Some(kept)
}

fn put_before(decor: &mut toml_edit::Decor, comments: &str) {
    let old = decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let both = format!("{comments}{old}");
    decor.set_prefix(both);
}

/// The table whose header comes next in the file.
fn next_table(root: &mut Table, after: isize) -> Option<&mut Table> {
    let place = places(root).into_iter().filter(|place| *place > after).min()?;
    at_place(root, place)
}

fn places(table: &Table) -> Vec<isize> {
    let inner = table.iter().flat_map(|(_, item)| match item {
        Item::Table(inner) => places(inner),
        Item::ArrayOfTables(list) => list.iter().flat_map(places).collect(),
        _ => Vec::new(),
    });
    let own = table.position().filter(|_| !table.is_implicit());
    own.into_iter().chain(inner).collect()
}

fn at_place(table: &mut Table, place: isize) -> Option<&mut Table> {
    if table.position() == Some(place) && !table.is_implicit() {
        return Some(table);
    }
    table.iter_mut().find_map(|(_, item)| match item {
        Item::Table(inner) => at_place(inner, place),
        Item::ArrayOfTables(list) => list.iter_mut().find_map(|inner| at_place(inner, place)),
        _ => None,
    })
}
