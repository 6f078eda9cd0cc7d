//! `[store]`: one file, or a database server that several machines share.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::error::ConfigError;
use super::values::size;
use crate::channel::Secret;
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
}

impl StoreTable {
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
            let max_size = self.max_size.map(|value| size(value.get_ref()).map_err(|text| wrong(value.span(), text)));
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
