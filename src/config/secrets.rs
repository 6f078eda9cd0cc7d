//! The files that a channel's secrets are in: when one changes, the channel is opened again.

use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

/// Every `{ file = "…" }` anywhere in a channel file.
pub(super) fn files(source: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Ok(table) = DeTable::parse(source) {
        in_table(table.get_ref(), &mut found);
    }
    found
}

fn in_table(table: &DeTable<'_>, found: &mut Vec<PathBuf>) {
    // A setting that happens to be called so is watched as well: that does no harm.
    if let Some(DeValue::String(path)) = table.get("file").map(toml::Spanned::get_ref) {
        found.push(PathBuf::from(path.as_ref()));
    }
    table.iter().for_each(|(_, value)| in_value(value.get_ref(), found));
}

fn in_value(value: &DeValue<'_>, found: &mut Vec<PathBuf>) {
    match value {
        DeValue::Table(table) => in_table(table, found),
        DeValue::Array(list) => list.iter().for_each(|item| in_value(item.get_ref(), found)),
        _ => {}
    }
}
