//! Ministries, departments and offices made of a letter and a field: BYT, SGDĐT, PTNMT.

use crate::speech::context::Cx;
use crate::speech::lex::Case;
use crate::speech::reading::Reading;
use crate::speech::token::Class;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// letters ⇥ field of government ⇥ "bộ", "sở", "phòng" it exists as.
const TABLE: &str = include_str!("../data/fields.tsv");

/// Levels: letter, name.
const LEVELS: [(&str, &str); 3] = [("B", "Bộ"), ("S", "Sở"), ("P", "Phòng")];

static FIELDS: LazyLock<FxHashMap<&'static str, (&'static str, &'static str)>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some((columns.next()?, (columns.next()?, columns.next()?)))
        })
        .collect()
});

pub(super) fn read(cx: &Cx<'_>) -> Option<Reading> {
    if cx.case(0) != Case::Upper {
        return None;
    }
    if let Some(name) = name(cx.text(0)) {
        return Some(Reading::say(1, name, Class::Abbreviation, "tên cơ quan"));
    }
    // "Sở TNMT", "Phòng GDĐT": the level is written out.
    let level = matches!(cx.back(1), "bộ" | "sở" | "phòng" | "ngành" | "ban" | "khoa");
    let (field, _) = FIELDS.get(cx.text(0)).filter(|_| level)?;
    Some(Reading::say(1, *field, Class::Abbreviation, "tên cơ quan"))
}

/// The organ an abbreviation names, none if it is not built this way.
pub(super) fn name(abbreviation: &str) -> Option<String> {
    LEVELS.iter().find_map(|(letter, level)| {
        let (field, levels) = FIELDS.get(abbreviation.strip_prefix(letter)?)?;
        levels.contains(&level.to_lowercase()).then(|| format!("{level} {field}"))
    })
}
