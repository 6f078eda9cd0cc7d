//! Which articles a channel takes.

use std::sync::Arc;

use minijinja::{Environment, ErrorKind, Value, context};
use unicode_normalization::UnicodeNormalization as _;

use crate::article::{Article, Priority};
use crate::text;
use crate::text::{Text, nearest};

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

/// Why a channel does not take an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Not {
    /// It has this topic, which the channel leaves out.
    Except(String),
    /// It has none of the channel's topics.
    Topics,
    /// It is of none of the channel's organisations.
    Organisations,
    /// The channel does not take this priority.
    Priority(Priority),
    /// This condition is not true of it.
    When(Arc<str>),
}

impl Not {
    /// In words.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Except(topic) => {
                text!("có chủ đề \"{topic}\" mà kênh loại trừ", "it has the topic \"{topic}\", which is left out")
            }
            Self::Topics => text!("không có chủ đề nào mà kênh nhận", "it has none of the channel's topics"),
            Self::Organisations => {
                text!("không thuộc cơ quan nào mà kênh nhận", "it is of none of the channel's organisations")
            }
            Self::Priority(priority) => {
                let priority = priority.name();
                text!("kênh không nhận mức \"{priority}\"", "the channel does not take the priority \"{priority}\"")
            }
            Self::When(when) => text!("điều kiện không đúng: {when}", "the condition is not true: {when}"),
        }
    }
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
        Ok(self.why_not(article)?.is_none())
    }

    /// Why the channel does not take `article`; `None` where it does.
    ///
    /// # Errors
    /// As for [`Route::takes`].
    pub fn why_not(&self, article: &Article) -> Result<Option<Not>, RouteError> {
        let has = |name: &&String| article.topics.iter().any(|topic| same(name, topic));
        let of = |name: &String| article.organisation.as_deref().is_some_and(|own| same(name, own));
        if let Some(except) = self.except.iter().find(has) {
            return Ok(Some(Not::Except(except.clone())));
        }
        if !self.topics.is_empty() && !self.topics.iter().any(|name| has(&name)) {
            return Ok(Some(Not::Topics));
        }
        if !self.organisations.is_empty() && !self.organisations.iter().any(of) {
            return Ok(Some(Not::Organisations));
        }
        if !self.priority.is_empty() && !self.priority.contains(&article.priority) {
            return Ok(Some(Not::Priority(article.priority)));
        }
        match &self.when {
            Some(when) if !evaluate(when, article)? => Ok(Some(Not::When(Arc::clone(when)))),
            _ => Ok(None),
        }
    }

    /// Why the channel does not take `article`; `None`: it does.
    ///
    /// # Errors
    /// [`RouteError`] when the `when` expression fails on this article.
    pub fn refusal(&self, article: &Article) -> Result<Option<Text>, RouteError> {
        let has = |name: &String| article.topics.iter().any(|topic| same(name, topic));
        if let Some(name) = self.except.iter().find(|name| has(name)) {
            return Ok(Some(text!(
                "kênh không nhận chủ đề \"{name}\"",
                "the channel takes nothing on the topic \"{name}\""
            )));
        }
        if !self.topics.is_empty() && !self.topics.iter().any(has) {
            let topics = self.topics.join(", ");
            return Ok(Some(text!("kênh chỉ nhận chủ đề: {topics}", "the channel takes these topics only: {topics}")));
        }
        if !self.priority.is_empty() && !self.priority.contains(&article.priority) {
            return Ok(Some(text!(
                "kênh không nhận bài ở mức ưu tiên này",
                "the channel takes no articles of this priority"
            )));
        }
        if self.takes(article)? {
            return Ok(None);
        }
        Ok(Some(match &self.when {
            Some(when) if Self { when: None, ..self.clone() }.takes(article)? => {
                text!("điều kiện của kênh không đúng: {when}", "the channel's condition does not hold: {when}")
            }
            _ => text!("kênh chỉ nhận bài của cơ quan khác", "the channel takes articles of other bodies only"),
        }))
    }

    /// Checks a `when` expression without an article at hand.
    ///
    /// # Errors
    /// [`RouteError`] when it cannot be parsed or names something that an article does not have.
    pub fn check(when: &str) -> Result<(), RouteError> {
        let environment = Environment::new();
        let expression = environment.compile_expression(when).map_err(|error| not_valid(when, &error))?;
        let names = expression.undeclared_variables(false);
        let known = ["source", "title", "topics", "organisation", "priority", "language"];
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                let near = nearest::nearest(name, known).unwrap_or("topics");
                let known = known.join(", ");
                Err(RouteError(text!(
                    "điều kiện \"{when}\" dùng tên lạ \"{name}\"; có phải \"{near}\"? Có thể dùng: {known}",
                    "the condition \"{when}\" uses the unknown name \"{name}\"; did you mean \"{near}\"? There are: {known}"
                )))
            }
            // Filters and tests are looked for only when they are used.
            None => match expression.eval(facts("", "", &[], None, Priority::Normal, "")) {
                Err(error) if is_unknown(&error) => Err(not_valid(when, &error)),
                _ => Ok(()),
            },
        }
    }
}

fn is_unknown(error: &minijinja::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction | ErrorKind::UnknownMethod
    )
}

/// What a condition knows of an article.
fn facts(
    source: &str,
    title: &str,
    topics: &[String],
    organisation: Option<&str>,
    priority: Priority,
    language: &str,
) -> Value {
    context! { source, title, topics => topics.to_vec(), organisation, priority => priority.name(), language }
}

/// Without regard to case, and to how the keyboard composes accents: an article is in NFC, a file may not be.
fn same(a: &str, b: &str) -> bool {
    let plain = |words: &str| words.to_lowercase().nfc().collect::<String>();
    a == b || plain(a) == plain(b)
}

fn evaluate(when: &str, article: &Article) -> Result<bool, RouteError> {
    let facts = facts(
        &article.key.source,
        &article.title,
        &article.topics,
        article.organisation.as_deref(),
        article.priority,
        &article.language,
    );
    let environment = Environment::new();
    let composed: String = when.nfc().collect();
    let expression = environment.compile_expression(&composed).map_err(|error| not_valid(when, &error))?;
    Ok(expression.eval(facts).map_err(|error| not_valid(when, &error))?.is_true())
}

fn not_valid(when: &str, error: &minijinja::Error) -> RouteError {
    RouteError(text!("điều kiện \"{when}\" không hợp lệ: {error}", "the condition \"{when}\" is not valid: {error}"))
}
