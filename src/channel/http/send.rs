//! Requests on their way, with the secrets that belong to them.

use std::collections::BTreeMap;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::client::{self, Answer};
use super::super::failure::{Attention, SendError};
use super::super::pictures::Fit;
use super::super::{Job, SettingsError};
use super::answer::lost;
use super::plan::{Call, Plan, SecretHeader};
use super::render::{Body, BodyShape, HIDDEN, PictureParts, Request};
use super::table::Login;
use crate::text;
use crate::text::Text;

/// Pictures are sent as large as portals usually take them.
const FIT: Fit = Fit { bytes: 5 * 1024 * 1024, edge: 2_560, jpeg: false };

/// The client, with every secret of the channel.
pub(super) struct Sender {
    client: Client,
    /// By step and name of the header; the value with what stands before it.
    headers: BTreeMap<(&'static str, String), SecretString>,
    login: Option<(String, SecretString)>,
}

impl Sender {
    /// Reads the secrets; `live` is false in a rehearsal, which needs none.
    pub(super) fn open(client: Client, plan: &Plan, login: Option<&Login>, live: bool) -> Result<Self, SettingsError> {
        let mut sender = Self { client, headers: BTreeMap::new(), login: None };
        if !live {
            return Ok(sender);
        }
        for call in plan.calls() {
            for header in &call.secrets {
                sender.headers.insert((call.shape.step, header.name.clone()), read(header)?);
            }
        }
        sender.login = login
            .map(|login| {
                let secret = login.password.get_ref().read();
                let secret = secret.map_err(|error| SettingsError::at(login.password.span(), error.0))?;
                Ok((login.user.clone(), secret))
            })
            .transpose()?;
        Ok(sender)
    }

    /// Sends one request. What is lost on the way is judged by what the request does.
    pub(super) async fn send(&self, call: &Call, request: &Request, job: &Job) -> Result<Answer, SendError> {
        let builder = self.builder(call, request).map_err(|detail| unsendable(&detail))?;
        let builder = match (&request.body, &call.shape.body) {
            (Body::Multipart(fields), BodyShape::Multipart { pictures, .. }) => {
                builder.multipart(self.form(fields, pictures.as_ref(), job).await?)
            }
            _ => builder,
        };
        client::send(builder, job.now).await.map_err(|error| lost(call, error))
    }

    /// Sends a request that carries no pictures.
    pub(super) async fn ask(
        &self,
        call: &Call,
        request: &Request,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Answer, SendError> {
        client::send(self.builder(call, request).map_err(|detail| unsendable(&detail))?, now)
            .await
            .map_err(|error| lost(call, error))
    }

    /// Takes every secret out of words that the far side has said.
    pub(super) fn discreet(&self, error: SendError) -> SendError {
        let secrets = self.headers.values().chain(self.login.iter().map(|(_, password)| password));
        let hide = |words: String| {
            secrets.clone().fold(words, |words, secret| {
                let secret = secret.expose_secret();
                // "Bearer " and the like are no secret, but what follows is.
                let bare = secret.rsplit(' ').next().filter(|bare| bare.len() > 3).unwrap_or(secret);
                words.replace(secret, HIDDEN).replace(bare, HIDDEN)
            })
        };
        let note = Text { vi: hide(error.note.vi), en: hide(error.note.en) };
        SendError { class: error.class, note }
    }

    fn builder(&self, call: &Call, request: &Request) -> Result<RequestBuilder, String> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
        let url = Url::parse(&request.url).map_err(|error| error.to_string())?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let body = match &request.body {
            Body::Nothing | Body::Multipart(_) => None,
            Body::Json(value) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Some(value.to_string())
            }
            Body::Form(fields) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                Some(form_encoded(fields)?)
            }
        };
        for (name, shown) in &request.headers {
            let secret = self.headers.get(&(call.shape.step, name.clone()));
            let value = secret.map_or(shown.as_str(), |secret| secret.expose_secret());
            let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| format!("header {name}"))?;
            value.set_sensitive(secret.is_some());
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
            headers.insert(name, value);
        }
        let mut builder = self.client.request(method, url).headers(headers);
        if let Some((user, password)) = &self.login {
            builder = builder.basic_auth(user, Some(password.expose_secret()));
        }
        Ok(match body {
            Some(body) => builder.body(body),
            None => builder,
        })
    }

    async fn form(
        &self,
        fields: &[(String, String)],
        pictures: Option<&PictureParts>,
        job: &Job,
    ) -> Result<Form, SendError> {
        let mut form = Form::new();
        for (name, value) in fields {
            form = form.text(name.clone(), value.clone());
        }
        let Some(parts) = pictures else { return Ok(form) };
        for image in job.first()?.article.images.iter().take(parts.most) {
            let Some(picture) = job.picture(image, FIT).await? else { continue };
            let part = Part::bytes(picture.bytes).file_name(picture.file_name);
            let part = part.mime_str(picture.media_type).map_err(|error| unsendable(&error.to_string()))?;
            form = form.part(parts.field.clone(), part);
            if let Some(alt) = &parts.alt {
                form = form.text(alt.clone(), image.alt.clone());
            }
        }
        Ok(form)
    }
}

impl Plan {
    fn calls(&self) -> impl Iterator<Item = &Call> {
        let optional = [&self.correct, &self.reveal, &self.withdraw, &self.probe];
        let asked = self.look_up.iter().map(|look_up| &look_up.call);
        std::iter::once(&self.create).chain(optional.into_iter().flatten()).chain(asked)
    }
}

fn read(header: &SecretHeader) -> Result<SecretString, SettingsError> {
    let at = |text| SettingsError::at(header.span.clone(), text);
    let secret = header.secret.read().map_err(|error| at(error.0))?;
    let whole = format!("{}{}", header.prefix, secret.expose_secret());
    if HeaderValue::from_bytes(whole.as_bytes()).is_err() {
        let name = &header.name;
        return Err(at(text!(
            "bí mật cho {name} có ký tự không đặt được vào tiêu đề HTTP",
            "the secret for {name} holds a character that no header can hold"
        )));
    }
    Ok(SecretString::from(whole))
}

/// `application/x-www-form-urlencoded`, as the URL standard writes it.
fn form_encoded(fields: &[(String, String)]) -> Result<String, String> {
    let mut url = Url::parse("http://form.invalid/").map_err(|error| error.to_string())?;
    url.query_pairs_mut().extend_pairs(fields);
    Ok(url.query().unwrap_or_default().to_owned())
}

fn unsendable(detail: &str) -> SendError {
    let note = text!("không dựng được yêu cầu: {detail}", "the request cannot be made: {detail}");
    SendError::attention(Attention::Misconfigured, note)
}
