//! Requests from templates. Values are quoted for the place where they stand: in JSON as JSON, in an address
//! percent-encoded, in a form as they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};

use super::super::failure::RenderError;
use super::super::page::{iso_time, templates, written_time};
use super::super::{Item, Office};
use crate::article::{Article, sha256_hex};
use crate::delivery::{Action, job_key};
use crate::text;

/// Where the value of a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Json,
    Address,
    Words,
}

/// A template that was understood.
#[derive(Debug)]
pub(super) struct Template {
    place: Place,
    name: String,
}

/// A body, as templates.
#[derive(Debug)]
pub(super) enum BodyShape {
    Nothing,
    Json(Template),
    Form(Vec<(String, Template)>),
    Multipart { fields: Vec<(String, Template)>, pictures: Option<PictureParts> },
}

/// How pictures go along.
#[derive(Clone, Debug)]
pub(super) struct PictureParts {
    pub(super) field: String,
    pub(super) alt: Option<String>,
    pub(super) most: usize,
}

/// A request, as templates.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) step: &'static str,
    pub(super) method: String,
    pub(super) url: Template,
    /// `None`: a secret, which is put in when it is sent.
    pub(super) headers: Vec<(String, Option<Template>)>,
    pub(super) body: BodyShape,
}

/// A request without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Body,
}

/// What stands in a preview where a secret will be.
pub(super) const HIDDEN: &str = "***";
/// What stands in a preview for a name that the far side has not given yet.
pub(super) const NOT_KNOWN_YET: &str = "REMOTE_ID";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Body {
    Nothing,
    Json(serde_json::Value),
    Form(Vec<(String, String)>),
    Multipart(Vec<(String, String)>),
}

/// Everything that templates are filled by.
pub(super) struct Press {
    json: Environment<'static>,
    address: Environment<'static>,
    words: Environment<'static>,
    channel: String,
    office: Office,
    base: String,
    values: BTreeMap<String, String>,
}

impl Press {
    pub(super) fn new(channel: &str, office: &Office, base: String, values: BTreeMap<String, String>) -> Self {
        Self {
            json: environment(write_json),
            address: environment(write_address),
            words: environment(write_words),
            channel: channel.to_owned(),
            office: office.clone(),
            base,
            values,
        }
    }

    /// Takes in a template under a name of its own.
    pub(super) fn add(&mut self, place: Place, name: String, source: &str) -> Result<Template, Error> {
        let environment = match place {
            Place::Json => &mut self.json,
            Place::Address => &mut self.address,
            Place::Words => &mut self.words,
        };
        environment.add_template_owned(name.clone(), source.to_owned())?;
        Ok(Template { place, name })
    }

    pub(super) fn fill(&self, template: &Template, values: &Value) -> Result<String, Error> {
        let environment = match template.place {
            Place::Json => &self.json,
            Place::Address => &self.address,
            Place::Words => &self.words,
        };
        environment.get_template(&template.name)?.render(values)
    }

    /// What templates see of an item. `remote_id` is known once the far side has said it; `key` names the job,
    /// and so is another one for every revision: look-ups do without it.
    pub(super) fn values(&self, item: &Item, remote_id: Option<&str>, with_key: bool) -> Value {
        let article = &*item.article;
        let zone = self.office.timezone;
        let mut values = context! {
            article => Serde(article),
            images => images(article),
            slug => item.slug(),
            uuid => uuid(article),
            revision => item.revision.0,
            action => item.action.name(),
            corrected => matches!(item.action, Action::Update(_)),
            office => context! { name => self.office.name.as_str(), timezone => zone.name() },
            link => item.link.as_deref(),
            source_html => source_html(&self.office.name, item.link.as_deref()),
            source_text => source_text(&self.office.name, item.link.as_deref()),
            correction_html => correction(item, &self.office).map(|words| format!("<p><em>{words}</em></p>")),
            correction_text => correction(item, &self.office),
            published => iso_time(item.published, zone),
            updated => iso_time(item.updated, zone),
            base => Value::from_safe_string(self.base.clone()),
            values => Value::from(Serde(&self.values)),
        };
        if with_key {
            let key = job_key(&self.channel, &article.key, item.action, &item.live, item.updated, item.again);
            values = context! { key, ..values };
        }
        if let Some(remote_id) = remote_id {
            values = context! { remote_id, ..values };
        }
        values
    }

    /// What a request that is about no article may see.
    pub(super) fn bare_values(&self) -> Value {
        context! {
            office => context! { name => self.office.name.as_str(), timezone => self.office.timezone.name() },
            base => Value::from_safe_string(self.base.clone()),
            values => Value::from(Serde(&self.values)),
        }
    }

    /// The request that `shape` makes of these values.
    pub(super) fn request(&self, shape: &Shape, values: &Value) -> Result<Request, RenderError> {
        let step = shape.step;
        let fill = |template: &Template| {
            self.fill(template, values).map_err(|error| {
                let error = reason(&error);
                RenderError(text!(
                    "mẫu [settings.{step}] bị lỗi: {error}",
                    "a template of [settings.{step}] failed: {error}"
                ))
            })
        };
        let all = |fields: &[(String, Template)]| {
            fields.iter().map(|(name, template)| Ok((name.clone(), fill(template)?))).collect::<Result<Vec<_>, _>>()
        };
        let mut headers = BTreeMap::new();
        for (name, template) in &shape.headers {
            let value = template.as_ref().map_or(Ok(HIDDEN.to_owned()), fill)?;
            headers.insert(name.clone(), one_line(&value));
        }
        let body = match &shape.body {
            BodyShape::Nothing => Body::Nothing,
            BodyShape::Json(template) => Body::Json(serde_json::from_str(&fill(template)?).map_err(|error| {
                RenderError(text!(
                    "mẫu [settings.{step}].json không cho ra JSON: {error}",
                    "the template [settings.{step}].json does not make JSON: {error}"
                ))
            })?),
            BodyShape::Form(fields) => Body::Form(all(fields)?),
            BodyShape::Multipart { fields, .. } => Body::Multipart(all(fields)?),
        };
        Ok(Request { method: shape.method.clone(), url: fill(&shape.url)?, headers, body })
    }
}

/// Every copy names its source and leads back to it.
fn source_text(office: &str, link: Option<&str>) -> String {
    let link = link.map(|link| format!("\nXem bài gốc: {link}")).unwrap_or_default();
    format!("Nguồn: {office}{link}")
}

fn source_html(office: &str, link: Option<&str>) -> String {
    let link = link.map(|link| format!(" <a href=\"{}\">Xem bài gốc</a>", escaped(link))).unwrap_or_default();
    format!("<p>Nguồn: {}.{link}</p>", escaped(office))
}

/// A correction says that it is one.
fn correction(item: &Item, office: &Office) -> Option<String> {
    let at = written_time(item.updated, office.timezone);
    matches!(item.action, Action::Update(_)).then(|| format!("Đính chính lúc {at}."))
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A header is one line, whatever a title holds.
fn one_line(value: &str) -> String {
    value.split(char::is_control).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A template's mistake in one line.
pub(super) fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

#[derive(Serialize)]
struct Picture<'a> {
    url: &'a str,
    alt: &'a str,
    caption: Option<&'a str>,
}

fn images(article: &Article) -> Vec<Value> {
    let shown = article.images.iter().map(|image| Picture {
        url: &image.url,
        alt: &image.alt,
        caption: image.caption.as_deref(),
    });
    shown.map(|picture| Value::from(Serde(picture))).collect()
}

/// A UUID (RFC 9562, version 8) that is the same for every revision of an article, for far sides that let the
/// client name the copy.
fn uuid(article: &Article) -> String {
    let hash = sha256_hex(article.key.to_string().as_bytes());
    let hex: Vec<char> = hash.chars().collect();
    let part = |from: usize, to: usize| hex.iter().take(to).skip(from).collect::<String>();
    let variant = match hex.get(16).and_then(|c| c.to_digit(16)).unwrap_or_default() & 3 {
        0 => '8',
        1 => '9',
        2 => 'a',
        _ => 'b',
    };
    format!("{}-{}-8{}-{variant}{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

type Formatter = fn(&mut Output<'_>, &mut State<'_, '_>, &Value) -> Result<(), Error>;

fn environment(formatter: Formatter) -> Environment<'static> {
    let mut environment = templates(AutoEscape::None);
    environment.set_formatter(formatter);
    // A name that is written wrong is a mistake, not an empty place.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("tojson", |value: Value| json(&value).map(Value::from_safe_string));
    environment.add_filter("urlencode", |value: Value| Value::from_safe_string(encoded(&plain(&value))));
    environment
}

fn json(value: &Value) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

fn plain(value: &Value) -> String {
    if value.is_none() { String::new() } else { value.to_string() }
}

fn encoded(words: &str) -> String {
    words.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn put(out: &mut Output<'_>, words: &str) -> Result<(), Error> {
    out.write_str(words).map_err(|_| Error::from(ErrorKind::WriteFailure))
}

fn write_json(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_safe() { put(out, &plain(value)) } else { put(out, &json(value)?) }
}

fn write_address(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_safe() { put(out, &plain(value)) } else { put(out, &encoded(&plain(value))) }
}

fn write_words(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    put(out, &plain(value))
}
