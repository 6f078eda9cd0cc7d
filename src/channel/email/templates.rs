//! The words and the looks of letters: built in, or files that the office has put beside its channel files.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::super::failure::RenderError;
use super::super::page::templates;
use crate::channel::{OpenContext, SettingsError, Template};
use crate::text;
use crate::text::Text;

/// Which letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sheet {
    /// About one article.
    Single,
    /// About several: an edition.
    Digest,
}

impl Sheet {
    /// Its templates: plain text and HTML.
    pub(super) fn files(self) -> (&'static str, &'static str) {
        let [(txt, _), (html, _), (digest_txt, _), (digest_html, _)] = FILES;
        match self {
            Self::Single => (txt, html),
            Self::Digest => (digest_txt, digest_html),
        }
    }
}

/// Where the office puts its own, and what is built in.
const FILES: [(&str, &str); 4] = [
    ("templates/email.txt", include_str!("templates/email.txt")),
    ("templates/email.html", include_str!("templates/email.html")),
    ("templates/email-digest.txt", include_str!("templates/email-digest.txt")),
    ("templates/email-digest.html", include_str!("templates/email-digest.html")),
];

/// What they are for.
pub(in crate::channel) const TEMPLATES: &[Template] = &[
    template(0, || text!("Thư một bài, phần chữ thường", "A letter about one article, as plain text"), 1),
    template(1, || text!("Thư một bài, phần HTML", "A letter about one article, as HTML"), 1),
    template(2, || text!("Thư tổng hợp nhiều bài, phần chữ thường", "A digest, as plain text"), 2),
    template(3, || text!("Thư tổng hợp nhiều bài, phần HTML", "A digest, as HTML"), 2),
];

const fn template(place: usize, about: fn() -> Text, articles: usize) -> Template {
    let (file, built_in) = FILES[place];
    Template { kind: super::KIND.name, file, about, built_in, articles }
}

/// The four templates.
pub(super) struct Templates {
    plain: Environment<'static>,
    html: Environment<'static>,
}

impl Templates {
    /// The office's own where it has some, otherwise those that are built in.
    pub(super) fn open(cx: &OpenContext<'_>) -> Result<Self, SettingsError> {
        let mut found = Self { plain: environment(AutoEscape::None), html: environment(AutoEscape::Html) };
        for (file, built_in) in FILES {
            let source = cx.beside(None, file)?.unwrap_or_else(|| built_in.to_owned());
            let environment = if file.contains(".html") { &mut found.html } else { &mut found.plain };
            environment.add_template_owned(file, source).map_err(|error| SettingsError::new(broken(&error)))?;
        }
        Ok(found)
    }

    /// Plain text and HTML.
    pub(super) fn fill(&self, sheet: Sheet, values: &Value) -> Result<(String, String), RenderError> {
        let (plain, html) = sheet.files();
        let fill = |templates: &Environment<'_>, name: &str| {
            let filled = templates.get_template(name).and_then(|template| template.render(values));
            filled.map_err(|error| RenderError(broken(&error)))
        };
        Ok((fill(&self.plain, plain)?, fill(&self.html, html)?))
    }
}

/// A name that no value has is a mistake, and not nothing.
fn environment(escape: AutoEscape) -> Environment<'static> {
    let mut environment = templates(escape);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
}

fn broken(error: &minijinja::Error) -> Text {
    let file = error.name().unwrap_or("?").to_owned();
    let line = error.line().unwrap_or_default();
    let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    text!(
        "mẫu thư {file}, dòng {line}: {detail}. Sửa tệp này, hoặc xóa đi để dùng mẫu có sẵn",
        "the letter's template {file}, line {line}: {detail}. Correct the file, or remove it to use the one built in"
    )
}
