//! The articles: the matrix of articles and channels, and each article with all that was ever done about it.

mod list;
mod one;
mod revisions;
mod withdraw;

use super::Route;

pub(super) const LIST: &str = "/articles";

pub(super) fn routes() -> Vec<Route> {
    [list::routes(), one::routes(), revisions::routes(), withdraw::routes()].into_iter().flatten().collect()
}

/// The address of an article.
pub(super) fn address(article: crate::article::ArticleId) -> String {
    format!("{LIST}/{article}")
}
