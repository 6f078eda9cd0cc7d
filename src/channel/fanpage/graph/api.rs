//! Calls to the Graph API. The token goes in a header, never in an address; answers come back read.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::answer::{Failure, read};
use super::usage;
use crate::channel::failure::{Attention, SendError};
use crate::channel::pictures::Picture;
use crate::channel::{Allowance, Secret, client};
use crate::text;
use crate::text::Text;

/// Where the calls go, and whose page it is.
pub(super) struct Graph {
    pub(super) client: Client,
    /// Host and version, without a slash at its end.
    pub(super) root: String,
    pub(super) page: String,
    pub(super) token: Secret,
    pub(super) app_id: Option<String>,
    pub(super) app_secret: Option<Secret>,
    /// In which Facebook words what is meant for users.
    pub(super) locale: &'static str,
    /// What the last answer said of the allowance.
    pub(super) usage: Mutex<Option<Allowance>>,
}

/// The secrets as they are now. They are read again for every try: a new token is taken over without a restart.
pub(super) struct Keys {
    pub(super) token: SecretString,
    pub(super) app_secret: Option<SecretString>,
}

impl Keys {
    pub(super) fn all(&self) -> Vec<&SecretString> {
        [Some(&self.token), self.app_secret.as_ref()].into_iter().flatten().collect()
    }
}

/// The calls of one try.
pub(super) struct Call<'a> {
    pub(super) graph: &'a Graph,
    pub(super) keys: Keys,
    pub(super) now: DateTime<Utc>,
}

impl Graph {
    /// Begins a try with the secrets of this moment.
    pub(super) fn call(&self, now: DateTime<Utc>) -> Result<Call<'_>, SendError> {
        let read =
            |secret: &Secret| secret.read().map_err(|error| SendError::attention(Attention::Credential, error.0));
        let keys = Keys { token: read(&self.token)?, app_secret: self.app_secret.as_ref().map(read).transpose()? };
        Ok(Call { graph: self, keys, now })
    }

    pub(super) fn allowance(&self) -> Option<Allowance> {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call<'_> {
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path, query, &self.keys.token)?).await
    }

    /// The same under the app's own name, which only the question about a token asks for.
    pub(super) async fn get_as_app(
        &self,
        path: &str,
        query: &[(&str, &str)],
        app_token: &SecretString,
    ) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path, query, app_token)?).await
    }

    pub(super) async fn post(&self, path: &str, mut body: Map<String, Value>) -> Result<Value, Failure> {
        body.extend(self.proof().map(|proof| (PROOF.to_owned(), Value::String(proof))));
        let bytes = serde_json::to_vec(&body).unwrap_or_default();
        let request = self.request(Method::POST, path, &[], &self.keys.token)?;
        self.send(request.header(CONTENT_TYPE, "application/json").body(bytes)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(self.request(Method::DELETE, path, &[], &self.keys.token)?).await
    }

    /// Uploads a picture with the fields beside it.
    pub(super) async fn upload(
        &self,
        path: &str,
        fields: Vec<(&'static str, String)>,
        picture: Option<Picture>,
    ) -> Result<Value, Failure> {
        let proof = self.proof().map(|proof| (PROOF, proof));
        let mut form = fields.into_iter().chain(proof).fold(Form::new(), |form, (name, value)| form.text(name, value));
        if let Some(picture) = picture {
            let part = Part::bytes(picture.bytes).file_name(picture.file_name).mime_str(picture.media_type);
            form = form.part("source", part.map_err(|_| unsendable())?);
        }
        self.send(self.request(Method::POST, path, &[], &self.keys.token)?.multipart(form)).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        token: &SecretString,
    ) -> Result<RequestBuilder, Failure> {
        let mut url = Url::parse(&format!("{}/{path}", self.graph.root)).map_err(|_| unsendable())?;
        let takes_body = method == Method::POST;
        url.query_pairs_mut().append_pair("locale", self.graph.locale).extend_pairs(query);
        if let Some(proof) = self.proof().filter(|_| !takes_body && std::ptr::eq(token, &raw const self.keys.token)) {
            url.query_pairs_mut().append_pair(PROOF, &proof);
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| {
            Failure::Lost(SendError::attention(
                Attention::Credential,
                text!(
                    "mã truy cập chứa ký tự không hợp lệ; ghi lại mã vào chỗ giữ bí mật",
                    "the token holds characters that no token has; write it again where the secret is kept"
                ),
            ))
        })?;
        bearer.set_sensitive(true);
        Ok(self.graph.client.request(method, url).header(AUTHORIZATION, bearer).header(ACCEPT, "application/json"))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = client::send(request, self.now).await.map_err(Failure::Lost)?;
        let said = usage::allowance(&answer.headers);
        // Without much traffic Graph says nothing: then there is nothing to slow down for.
        *self.graph.usage.lock().unwrap_or_else(PoisonError::into_inner) = said;
        let version = answer.headers.get("facebook-api-version").and_then(|value| value.to_str().ok());
        tracing::debug!(status = answer.status.as_u16(), version, "Graph answered");
        // What follows from a secret is one.
        let proof = self.proof().map(SecretString::from);
        let secrets: Vec<&SecretString> = self.keys.all().into_iter().chain(&proof).collect();
        read(&answer, said.and_then(|said| said.regained_in), &secrets)
    }

    fn proof(&self) -> Option<String> {
        self.keys.app_secret.as_ref().and_then(|secret| appsecret_proof(secret, &self.keys.token))
    }
}

const PROOF: &str = "appsecret_proof";

/// HMAC-SHA256 of the token under the app's secret, in lower-case hexadecimal: proves that whoever holds the
/// token also knows the app.
fn appsecret_proof(app_secret: &SecretString, token: &SecretString) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose_secret().as_bytes()).ok()?;
    mac.update(token.expose_secret().as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

fn unsendable() -> Failure {
    Failure::Lost(SendError::permanent(text!(
        "không tạo được yêu cầu gửi tới Facebook",
        "the request to Facebook cannot be made"
    )))
}

/// A note for a good answer in which something is missing.
pub(super) fn incomplete(what: &str) -> Text {
    text!("Facebook trả lời thiếu \"{what}\"", "Facebook's answer lacks \"{what}\"")
}
