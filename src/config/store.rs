//! `[store]`: one file, or a database server that several machines share.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::values::size;
use crate::channel::Secret;
use crate::queue::Keep;
use crate::store::{PostgresOptions, SqliteOptions, StoreOptions};
use crate::text;
use crate::text::Text;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreTable {
    path: Option<Spanned<PathBuf>>,
    max_size: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    password: Option<Spanned<Secret>>,
    keep_days: Option<u32>,
    article_days: Option<Spanned<u32>>,
}

impl StoreTable {
    /// How long things are kept; 0 is for ever.
    pub(super) fn keep(&self, file: &Path, source: &str) -> Result<Keep, ConfigError> {
        let usual = Keep::default();
        let days = |written: Option<u32>, usual| match written {
            None => usual,
            Some(0) => None,
            Some(days) => Some(TimeDelta::days(i64::from(days))),
        };
        let trail = days(self.keep_days, usual.trail);
        let article = days(self.article_days.as_ref().map(|days| *days.get_ref()), usual.article);
        // A trail that is kept for longer than usual takes its article along.
        let article =
            if self.article_days.is_none() { article.filter(|_| trail.is_some()).max(trail) } else { article };
        if article.is_some_and(|article| trail.is_none_or(|trail| article < trail)) {
            let span = self.article_days.as_ref().map(Spanned::span);
            let text = text!(
                "article_days không được ngắn hơn keep_days (0 là giữ mãi): bài phải còn thì dấu vết của nó mới có nghĩa",
                "article_days cannot be shorter than keep_days (0 is for ever): without the article its trail means nothing"
            );
            return Err(ConfigError::at(file, source, span, text));
        }
        Ok(Keep { trail, article })
    }

    /// Checks what is written; paths start at `base`.
    pub(super) fn options(self, file: &Path, source: &str, base: &Path) -> Result<StoreOptions, ConfigError> {
        let wrong = |span: std::ops::Range<usize>, text: Text| ConfigError::at(file, source, Some(span), text);
        let Some(url) = self.url else {
            if let Some(password) = self.password {
                return Err(wrong(
                    password.span(),
                    text!(
                        "password chỉ dùng cùng url; tệp SQLite không có mật khẩu",
                        "password goes with url only; a SQLite file has none"
                    ),
                ));
            }
            let max_size = self.max_size.map(|value| enough(value.get_ref()).map_err(|text| wrong(value.span(), text)));
            let path = self.path.map_or_else(|| "var/loa.db".into(), Spanned::into_inner);
            return Ok(SqliteOptions { path: base.join(path), max_size: max_size.transpose()? }.into());
        };
        let beside = self.path.map(|path| path.span()).or_else(|| self.max_size.map(|size| size.span()));
        if let Some(span) = beside {
            return Err(wrong(
                span,
                text!(
                    "path và max_size là của tệp SQLite; đã có url thì bỏ chúng đi",
                    "path and max_size belong to a SQLite file; with url, leave them out"
                ),
            ));
        }
        let password = self.password.map(|secret| match secret.into_inner() {
            Secret::File(path) => Secret::File(base.join(path)),
            Secret::Env(name) => Secret::Env(name),
        });
        let options = PostgresOptions::new(url.get_ref(), password).map_err(|text| wrong(url.span(), text))?;
        Ok(options.into())
    }
}

/// A size in which a store has room to work.
fn enough(words: &str) -> Result<u64, Text> {
    let bytes = size(words)?;
    if bytes < SqliteOptions::LEAST_SIZE {
        return Err(text!(
            "max_size \"{words}\" quá nhỏ để loa làm việc: ít nhất 1MB; một cơ quan thường cần \"500MB\" trở lên",
            "max_size \"{words}\" is too small for loa to work in: at least 1MB; an office needs \"500MB\" and more"
        ));
    }
    Ok(bytes)
}
