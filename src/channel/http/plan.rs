//! From `[settings]` to requests that can be made: every template is tried with samples, so that a mistake is
//! reported where it stands, before anything is sent.

use std::ops::Range;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use toml::Spanned;

use super::super::{Secret, SettingsError, names_secret};
use super::pointer::Pointer;
use super::render::{BodyShape, PictureParts, Place, Press, Shape, Template, reason};
use super::sample::Samples;
use super::table::{AnswerTable, CallTable, HeaderWords, Headers, LookUpTable, PicturesTable, Table, Templates};
use crate::text;

/// All that the channel can ask of the far side.
pub(super) struct Plan {
    pub(super) create: Call,
    pub(super) correct: Option<Call>,
    pub(super) reveal: Option<Call>,
    pub(super) withdraw: Option<Call>,
    pub(super) look_up: Option<LookUp>,
    pub(super) probe: Option<Call>,
}

/// A request, and what its answers mean.
pub(super) struct Call {
    pub(super) shape: Shape,
    pub(super) secrets: Vec<SecretHeader>,
    pub(super) expect: Vec<u16>,
    pub(super) gone: Vec<u16>,
    pub(super) safe_to_repeat: bool,
    pub(super) id: Option<Pointer>,
    pub(super) url: Option<Pointer>,
}

/// A question, and where its answer says what.
pub(super) struct LookUp {
    pub(super) call: Call,
    pub(super) found: Pointer,
    pub(super) matches: Vec<(Pointer, Template)>,
    pub(super) public: Vec<(Pointer, String)>,
    pub(super) scan: bool,
}

/// A header that is put in when the request is sent.
#[derive(Clone)]
pub(super) struct SecretHeader {
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) secret: Secret,
    pub(super) span: Range<usize>,
}

/// Reads one `[settings]`.
pub(super) struct Planner {
    press: Press,
    samples: Samples,
    headers: Headers,
    templates: usize,
}

impl Planner {
    pub(super) fn new(press: Press, headers: Headers) -> Self {
        let samples = Samples::new(&press);
        Self { press, samples, headers, templates: 0 }
    }

    pub(super) fn plan(mut self, table: &Table) -> Result<(Plan, Press), SettingsError> {
        let create = self.call("create", "POST", &table.create)?;
        safe(table.create.get_ref(), &create)?;
        let mut optional = |step, method, call: &Option<Spanned<CallTable>>| {
            call.as_ref().map(|call| self.call(step, method, call)).transpose()
        };
        let plan = Plan {
            correct: optional("correct", "PUT", &table.correct)?,
            reveal: optional("reveal", "PUT", &table.reveal)?,
            withdraw: optional("withdraw", "DELETE", &table.withdraw)?,
            probe: optional("probe", "GET", &table.probe)?,
            look_up: table.look_up.as_ref().map(|asked| self.look_up(asked)).transpose()?,
            create,
        };
        if let (Some(reveal), None) = (&table.reveal, &plan.correct) {
            return Err(SettingsError::at(
                reveal.span(),
                text!(
                    "[settings.reveal] cần có [settings.correct]: bản nháp cũ phải sửa được trước khi cho hiện",
                    "[settings.reveal] needs [settings.correct]: an old draft has to be corrected before it is revealed"
                ),
            ));
        }
        Ok((plan, self.press))
    }

    fn call(&mut self, step: &'static str, method: &str, table: &Spanned<CallTable>) -> Result<Call, SettingsError> {
        let (span, table) = (table.span(), table.get_ref());
        let (headers, secrets) = self.headers(step, &table.headers)?;
        let written = [table.json.is_some(), table.form.is_some(), table.multipart.is_some()];
        if written.iter().filter(|written| **written).count() > 1 {
            return Err(SettingsError::at(
                span,
                text!("chỉ chọn một trong json, form, multipart", "choose one of json, form and multipart"),
            ));
        }
        let body = match (&table.json, &table.form, &table.multipart) {
            (Some(json), ..) => BodyShape::Json(self.template(step, Place::Json, json)?),
            (_, Some(form), _) => BodyShape::Form(self.fields(step, form)?),
            (.., Some(fields)) => BodyShape::Multipart {
                fields: self.fields(step, fields)?,
                pictures: table.pictures.as_ref().map(|parts| picture_parts(parts.get_ref())),
            },
            _ => BodyShape::Nothing,
        };
        if let (Some(pictures), None) = (&table.pictures, &table.multipart) {
            return Err(SettingsError::at(
                pictures.span(),
                text!("pictures chỉ đi cùng multipart", "pictures go along with multipart only"),
            ));
        }
        let url = self.template(step, Place::Address, &table.url)?;
        let (id, public) = answer(&table.answer)?;
        Ok(Call {
            shape: Shape { step, method: verb(table.method.as_ref(), method)?, url, headers, body },
            secrets,
            expect: codes(&table.expect)?,
            gone: table.gone.as_ref().map_or(Ok(vec![404, 410]), |gone| codes(gone))?,
            // Only a create makes something new each time.
            safe_to_repeat: table.safe_to_repeat.as_ref().map_or(step != "create", |safe| *safe.get_ref()),
            id,
            url: public,
        })
    }

    fn look_up(&mut self, table: &Spanned<LookUpTable>) -> Result<LookUp, SettingsError> {
        let (step, asked) = ("look_up", table.get_ref());
        let (headers, secrets) = self.headers(step, &asked.headers)?;
        let body = match (&asked.json, &asked.form) {
            (Some(json), _) => BodyShape::Json(self.template(step, Place::Json, json)?),
            (_, Some(form)) => BodyShape::Form(self.fields(step, form)?),
            _ => BodyShape::Nothing,
        };
        let (id, public) = answer(&asked.answer)?;
        if asked.r#match.get_ref().is_empty() {
            return Err(SettingsError::at(
                asked.r#match.span(),
                text!(
                    "match phải nêu ít nhất một chỗ chứng tỏ đó là bài của ta, như \"/slug\" = \"{{{{ slug }}}}\"",
                    "match has to name a place that proves that the copy is ours, such as \"/slug\" = \"{{{{ slug }}}}\""
                ),
            ));
        }
        let mut matches = Vec::new();
        for (pointer, value) in asked.r#match.get_ref() {
            matches.push((Pointer::parse(pointer, value.span())?, self.template(step, Place::Words, value)?));
        }
        let mut shows = Vec::new();
        for (pointer, value) in &asked.public {
            shows.push((Pointer::parse(pointer, value.span())?, value.get_ref().clone()));
        }
        let url = self.template(step, Place::Address, &asked.url)?;
        Ok(LookUp {
            call: Call {
                shape: Shape { step, method: verb(asked.method.as_ref(), "GET")?, url, headers, body },
                secrets,
                expect: codes(&asked.expect)?,
                gone: vec![404],
                safe_to_repeat: true,
                id,
                url: public,
            },
            found: Pointer::parse(asked.found.get_ref(), asked.found.span())?,
            matches,
            public: shows,
            scan: asked.scan,
        })
    }

    /// Takes in a template and fills it with every sample.
    fn template(&mut self, step: &str, place: Place, written: &Spanned<String>) -> Result<Template, SettingsError> {
        let bad = |error: &minijinja::Error| {
            let error = reason(error);
            SettingsError::at(written.span(), text!("mẫu sai: {error}", "the template is wrong: {error}"))
        };
        self.templates += 1;
        let name = format!("{step}.{}", self.templates);
        let template = self.press.add(place, name, written.get_ref()).map_err(|error| bad(&error))?;
        for values in self.samples.of(step) {
            let filled = self.press.fill(&template, values).map_err(|error| bad(&error))?;
            match place {
                Place::Json => drop(serde_json::from_str::<serde_json::Value>(&filled).map_err(|error| {
                    SettingsError::at(
                        written.span(),
                        text!(
                            "mẫu không cho ra JSON ({error}); viết {{{{ article.title }}}} không kèm dấu nháy, \
                             hoặc {{{{ (a ~ b) | tojson }}}}",
                            "the template does not make JSON ({error}); write {{{{ article.title }}}} without quotes \
                             around it, or {{{{ (a ~ b) | tojson }}}}"
                        ),
                    )
                })?),
                Place::Address => address(&filled, written.span())?,
                Place::Words => {}
            }
        }
        Ok(template)
    }

    fn fields(&mut self, step: &str, fields: &Templates) -> Result<Vec<(String, Template)>, SettingsError> {
        let read =
            |(name, value): (&String, &Spanned<String>)| Ok((name.clone(), self.template(step, Place::Words, value)?));
        fields.iter().map(read).collect()
    }

    /// The headers of a request: its own, and those of all requests that it does not set itself.
    #[expect(clippy::type_complexity, reason = "shown headers, and those that are secret")]
    fn headers(
        &mut self,
        step: &str,
        own: &Headers,
    ) -> Result<(Vec<(String, Option<Template>)>, Vec<SecretHeader>), SettingsError> {
        let shared = std::mem::take(&mut self.headers);
        let overridden = |name: &String| own.keys().any(|mine| mine.eq_ignore_ascii_case(name));
        let (mut shown, mut secrets) = (Vec::new(), Vec::new());
        for (name, value) in own.iter().chain(shared.iter().filter(|(name, _)| !overridden(name))) {
            header_name(name, value.span())?;
            match value.get_ref() {
                HeaderWords::Template(words) => {
                    keeps_no_secret(name, words, value.span())?;
                    let written = Spanned::new(value.span(), words.clone());
                    shown.push((name.clone(), Some(self.template(step, Place::Words, &written)?)));
                }
                HeaderWords::Secret { secret, prefix } => {
                    shown.push((name.clone(), None));
                    secrets.push(SecretHeader {
                        name: name.clone(),
                        prefix: prefix.clone(),
                        secret: secret.clone(),
                        span: value.span(),
                    });
                }
            }
        }
        self.headers = shared;
        Ok((shown, secrets))
    }
}

fn picture_parts(parts: &PicturesTable) -> PictureParts {
    PictureParts { field: parts.field.clone(), alt: parts.alt.clone(), most: parts.most.unwrap_or(10) }
}

/// A create may be called safe to repeat only for a reason.
fn safe(table: &CallTable, create: &Call) -> Result<(), SettingsError> {
    let named = create.shape.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
    match &table.safe_to_repeat {
        Some(safe) if *safe.get_ref() && create.shape.method != "PUT" && !named => Err(SettingsError::at(
            safe.span(),
            text!(
                "safe_to_repeat = true chỉ đúng khi tạo bằng PUT theo mã của ta, hoặc có tiêu đề Idempotency-Key = \
                 \"{{{{ key }}}}\"",
                "safe_to_repeat = true holds only for a PUT by a name of ours, or with a header Idempotency-Key = \
                 \"{{{{ key }}}}\""
            ),
        )),
        _ => Ok(()),
    }
}

fn answer(table: &AnswerTable) -> Result<(Option<Pointer>, Option<Pointer>), SettingsError> {
    let read = |written: &Spanned<String>| Pointer::parse(written.get_ref(), written.span());
    Ok((table.id.as_ref().map(read).transpose()?, table.url.as_ref().map(read).transpose()?))
}

fn verb(written: Option<&Spanned<String>>, usual: &str) -> Result<String, SettingsError> {
    let Some(written) = written else { return Ok(usual.to_owned()) };
    let method = written.get_ref();
    if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
        return Ok(method.clone());
    }
    Err(SettingsError::at(
        written.span(),
        text!(
            "method \"{method}\" không hợp lệ; dùng GET, POST, PUT, PATCH hoặc DELETE",
            "method \"{method}\" is not valid; use GET, POST, PUT, PATCH or DELETE"
        ),
    ))
}

fn codes(written: &[Spanned<u16>]) -> Result<Vec<u16>, SettingsError> {
    let read = |code: &Spanned<u16>| match *code.get_ref() {
        number @ 200..=599 => Ok(number),
        number => Err(SettingsError::at(
            code.span(),
            text!("{number} không phải mã trả lời HTTP (200–599)", "{number} is not a status of HTTP (200–599)"),
        )),
    };
    written.iter().map(read).collect()
}

fn header_name(name: &str, span: Range<usize>) -> Result<(), SettingsError> {
    match HeaderName::from_bytes(name.as_bytes()) {
        Ok(_) => Ok(()),
        Err(_) => Err(SettingsError::at(
            span,
            text!("\"{name}\" không phải tên tiêu đề HTTP", "\"{name}\" is not the name of a header"),
        )),
    }
}

/// Secrets are named in files, never written there.
fn keeps_no_secret(name: &str, words: &str, span: Range<usize>) -> Result<(), SettingsError> {
    if !names_secret(name) && HeaderValue::from_bytes(words.as_bytes()).is_ok() {
        return Ok(());
    }
    Err(SettingsError::at(
        span,
        text!(
            "{name} là bí mật (hoặc có ký tự lạ): đừng ghi thẳng; viết {{ env = \"TÊN_BIẾN\" }} hoặc \
             {{ file = \"/đường/dẫn\" }}, thêm prefix = \"Bearer \" nếu cần",
            "{name} is a secret (or holds a strange character): do not write it here; use {{ env = \"NAME\" }} or \
             {{ file = \"/path\" }}, with prefix = \"Bearer \" where needed"
        ),
    ))
}

/// An address is whole, and holds no secret.
fn address(filled: &str, span: Range<usize>) -> Result<(), SettingsError> {
    let url = Url::parse(filled).ok().filter(super::super::client::is_web);
    let Some(url) = url else {
        return Err(SettingsError::at(
            span,
            text!(
                "url phải thành địa chỉ đầy đủ http(s)://…, nhưng ra \"{filled}\"",
                "url has to become a whole http(s):// address, but it makes \"{filled}\""
            ),
        ));
    };
    let guarded = ["token", "access_token", "api_key", "apikey", "key", "secret", "password"];
    let named = url.query_pairs().any(|(name, _)| guarded.contains(&name.to_lowercase().as_str()));
    if named || !url.username().is_empty() || url.password().is_some() {
        return Err(SettingsError::at(
            span,
            text!("đừng để bí mật trong url; dùng headers hoặc login", "keep secrets out of url; use headers or login"),
        ));
    }
    Ok(())
}

/// The values of a table that only templates see.
pub(super) fn base(table: &Table) -> Result<String, SettingsError> {
    let Some(written) = &table.base else { return Ok(String::new()) };
    let base = written.get_ref().trim_end_matches('/').to_owned();
    address(&base, written.span())?;
    Ok(base)
}
