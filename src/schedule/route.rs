//! Which articles a channel takes.

use std::sync::Arc;

use minijinja::{Environment, context};

use crate::article::{Article, Priority};
use crate::text;
use crate::text::Text;

/// A channel's `[route]`. Everything is optional; what is left out takes every article.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Takes articles with at least one of these topics.
    pub topics: Vec<String>,
    /// Takes none with one of these topics.
    pub except: Vec<String>,
    /// Takes articles of these organisations only.
    pub organisations: Vec<String>,
    /// Takes articles of these priorities only.
    pub priority: Vec<Priority>,
    /// Takes articles for which this expression is true.
    pub when: Option<Arc<str>>,
}

/// A `when` expression that cannot be understood or evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RouteError(pub Text);

impl Route {
    /// Whether the channel takes `article`.
    ///
    /// # Errors
    /// [`RouteError`] when the `when` expression fails on this article.
    pub fn takes(&self, article: &Article) -> Result<bool, RouteError> {
        let has = |names: &[String]| names.iter().any(|name| article.topics.iter().any(|topic| same(name, topic)));
        let of = |names: &[String]| {
            names
                .iter()
                .any(|name| article.organisation.as_deref().is_some_and(|organisation| same(name, organisation)))
        };
        let listed = (self.topics.is_empty() || has(&self.topics))
            && !has(&self.except)
            && (self.organisations.is_empty() || of(&self.organisations))
            && (self.priority.is_empty() || self.priority.contains(&article.priority));
        match &self.when {
            Some(when) if listed => evaluate(when, article),
            _ => Ok(listed),
        }
    }

    /// Checks a `when` expression without an article at hand.
    ///
    /// # Errors
    /// [`RouteError`] when it cannot be parsed or names something that an article does not have.
    pub fn check(when: &str) -> Result<(), RouteError> {
        let names = Environment::new()
            .compile_expression(when)
            .map_err(|error| not_valid(when, &error))?
            .undeclared_variables(false);
        let known = ["source", "title", "topics", "organisation", "priority", "language"];
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let known = known.join(", ");
                Err(RouteError(text!(
                    "điều kiện \"{when}\" dùng tên lạ \"{name}\"; có thể dùng: {known}",
                    "the condition \"{when}\" uses the unknown name \"{name}\"; there are: {known}"
                )))
            }
            None => Ok(()),
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

fn evaluate(when: &str, article: &Article) -> Result<bool, RouteError> {
    let facts = context! {
        source => article.key.source.as_str(),
        title => article.title.as_str(),
        topics => article.topics.clone(),
        organisation => article.organisation.as_deref(),
        priority => article.priority.name(),
        language => article.language.as_str(),
    };
    let environment = Environment::new();
    let expression = environment.compile_expression(when).map_err(|error| not_valid(when, &error))?;
    Ok(expression.eval(facts).map_err(|error| not_valid(when, &error))?.is_true())
}

fn not_valid(when: &str, error: &minijinja::Error) -> RouteError {
    RouteError(text!("điều kiện \"{when}\" không hợp lệ: {error}", "the condition \"{when}\" is not valid: {error}"))
}
