//! One file, many places: `[[targets]]` makes a channel of each, with its own row in the results.

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text;
use crate::text::Text;

/// One place that the file's channel goes to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    /// Names the place in commands and results.
    pub(super) id: Spanned<String>,
    /// The name people use.
    pub(super) name: Option<String>,
    pub(super) enabled: Option<bool>,
    #[serde(rename = "settings")]
    _settings: Option<IgnoredAny>,
}

/// What is wrong with a list of targets, and where.
pub(super) fn check(targets: &[Target]) -> Result<(), (std::ops::Range<usize>, Text)> {
    for (position, target) in targets.iter().enumerate() {
        let id = target.id.get_ref();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if id.is_empty() || !id.chars().all(plain) {
            return Err((
                target.id.span(),
                text!(
                    "id \"{id}\" chỉ gồm chữ thường không dấu, chữ số và gạch nối, như \"xa-an-binh\"",
                    "id \"{id}\" may hold lower-case letters, digits and hyphens, such as \"xa-an-binh\""
                ),
            ));
        }
        if targets.iter().take(position).any(|earlier| earlier.id.get_ref() == id) {
            return Err((
                target.id.span(),
                text!(
                    "id \"{id}\" đã dùng ở trên; mỗi nơi một id riêng",
                    "id \"{id}\" stands above already; each needs its own"
                ),
            ));
        }
    }
    Ok(())
}

/// The `[targets.settings]` of the target at `position`.
pub(super) fn settings<'i>(file: &mut DeTable<'i>, position: usize) -> Option<Spanned<DeValue<'i>>> {
    let targets = file.remove("targets")?;
    let DeValue::Array(targets) = targets.into_inner() else { return None };
    let DeValue::Table(mut target) = targets.into_iter().nth(position)?.into_inner() else { return None };
    target.remove("settings")
}

/// Lays `over` on `under`: tables are merged key by key, everything else is replaced. A secret is one thing: where it
/// is kept is not mixed from both.
pub(super) fn merge<'i>(under: &mut DeTable<'i>, over: DeTable<'i>) {
    for (key, value) in over {
        let inner = under.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut);
        match (inner, value.get_ref()) {
            (Some(DeValue::Table(below)), DeValue::Table(above)) if !is_secret(above) => {
                if let DeValue::Table(above) = value.into_inner() {
                    merge(below, above);
                }
            }
            _ => {
                under.insert(key, value);
            }
        }
    }
}

fn is_secret(table: &DeTable<'_>) -> bool {
    ["env", "file"].iter().any(|key| table.contains_key(*key))
}
