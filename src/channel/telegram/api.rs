//! Calls to the Bot API. The token is part of every address: addresses are never written down anywhere.

use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::answer::{Failure, read};
use crate::channel::failure::{Attention, SendError};
use crate::channel::pictures::Picture;
use crate::channel::{Health, Secret, client};
use crate::text;

/// The bot and its chat.
pub(super) struct Bot {
    pub(super) client: Client,
    /// Without a slash at its end.
    pub(super) host: String,
    /// Read again for every try: a new token is taken over without a restart.
    pub(super) token: Secret,
    /// A number, or `@name`.
    pub(super) chat: Value,
    /// Whether the message makes a sound.
    pub(super) silent: bool,
}

/// The calls of one try.
pub(super) struct Call<'a> {
    pub(super) bot: &'a Bot,
    token: SecretString,
    now: DateTime<Utc>,
}

impl Bot {
    /// Begins a try with the token of this moment.
    pub(super) fn call(&self, now: DateTime<Utc>) -> Result<Call<'_>, SendError> {
        let token = self.token.read().map_err(|error| SendError::attention(Attention::Credential, error.0))?;
        Ok(Call { bot: self, token, now })
    }
}

impl Call<'_> {
    pub(super) async fn call(&self, method: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.request(method)?.header(CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// The same with files, under the names by which the fields refer to them.
    pub(super) async fn upload(
        &self,
        method: &str,
        fields: Vec<(&'static str, String)>,
        files: Vec<(String, Picture)>,
    ) -> Result<Value, Failure> {
        let mut form = fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value));
        for (name, picture) in files {
            let part = Part::bytes(picture.bytes).file_name(picture.file_name).mime_str(picture.media_type);
            form = form.part(name, part.map_err(|_| unsendable())?);
        }
        self.send(self.request(method)?.multipart(form)).await
    }

    fn request(&self, method: &str) -> Result<RequestBuilder, Failure> {
        let token = self.token.expose_secret();
        // Anything else in it would end up as another path.
        if !token.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-')) {
            return Err(Failure::Lost(SendError::attention(
                Attention::Credential,
                text!(
                    "mã bot chứa ký tự không hợp lệ; ghi lại mã vào chỗ giữ bí mật",
                    "the bot's token holds characters that no token has; write it again where the secret is kept"
                ),
            )));
        }
        let url = Url::parse(&format!("{}/bot{token}/{method}", self.bot.host)).map_err(|_| unsendable())?;
        Ok(self.bot.client.post(url))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = client::send(request, self.now).await.map_err(Failure::Lost)?;
        read(&answer, &self.token)
    }

    /// Whether the bot lives and may post in the chat.
    pub(super) async fn health(&self) -> Result<Health, SendError> {
        let me = self.call("getMe", &json!({})).await.map_err(Failure::repeatable)?;
        let chat = self.call("getChat", &json!({ "chat_id": self.bot.chat })).await.map_err(Failure::repeatable)?;
        let ask = json!({ "chat_id": self.bot.chat, "user_id": me.get("id") });
        let member = self.call("getChatMember", &ask).await.map_err(Failure::repeatable)?;
        let word = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_channel = word(&chat, "type") == "channel";
        let posts = match word(&member, "status").as_str() {
            "creator" => true,
            "administrator" => !is_channel || member.get("can_post_messages").and_then(Value::as_bool).unwrap_or(false),
            "member" => !is_channel,
            _ => false,
        };
        let (name, title) = (word(&me, "username"), word(&chat, "title"));
        if !posts {
            let note = text!(
                "bot @{name} chưa có quyền đăng trong “{title}”: thêm bot làm quản trị viên có quyền đăng tin",
                "the bot @{name} may not post in “{title}”: make it an administrator that may post"
            );
            return Err(SendError::attention(Attention::Misconfigured, note));
        }
        let note = text!("bot @{name} đăng được trong “{title}”", "the bot @{name} can post in “{title}”");
        Ok(Health { proven: true, credential_ends: None, note })
    }
}

fn unsendable() -> Failure {
    Failure::Lost(SendError::permanent(text!(
        "không tạo được yêu cầu gửi tới Telegram",
        "the request to Telegram cannot be made"
    )))
}
