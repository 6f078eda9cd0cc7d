//! Sending, correcting and taking back.

use serde_json::{Map, Value, json};

use super::answer::{Failure, Meaning};
use super::api::Call;
use super::copy::Copy;
use super::known;
use super::render::Message;
use crate::article::Image;
use crate::channel::failure::{Class, SendError};
use crate::channel::pictures::{Fit, Picture};
use crate::channel::{Job, Progress};
use crate::delivery::Receipt;
use crate::text;

/// Under 10 MB, and small enough that width and height together stay under 10,000.
const PHOTO: Fit = Fit { bytes: 9_500_000, edge: 2_560, jpeg: true };

/// A picture as it is sent: its bytes, or the address from which Telegram fetches it.
enum Photo {
    Bytes(Picture),
    Address(String),
}

impl Call<'_> {
    /// Sends the message. Nothing about a lost answer can be found out.
    pub(super) async fn create(&self, job: &Job, message: &Message) -> Result<Progress, SendError> {
        let photos = self.photos(job, &message.photos).await?;
        let sent = match photos.len() {
            0 => self.call("sendMessage", &self.text(message)).await,
            1 => self.photo(message, photos).await,
            _ => self.album(message, photos).await,
        };
        let sent = match sent {
            // Nothing was sent: a picture that they cannot use must not keep the news back.
            Err(Failure::Refused(refusal)) if refusal.meaning == Meaning::Picture => {
                let reason = refusal.into_send_error().note;
                tracing::warn!(%reason, "the message goes out without its pictures");
                self.call("sendMessage", &self.text(message)).await
            }
            sent => sent,
        };
        let result = sent.map_err(Failure::into_send_error)?;
        let (copy, url) = Copy::read(&result).ok_or_else(|| {
            SendError::ambiguous(text!(
                "Telegram trả lời thiếu số của tin",
                "Telegram's answer lacks the message's number"
            ))
        })?;
        Ok(Progress::Live(job.receipt(copy.to_string(), url)))
    }

    /// Edits the message. Done twice it is done once.
    pub(super) async fn correct(&self, job: &Job, live: &Receipt, message: &Message) -> Result<Progress, SendError> {
        match self.edit(&known(live)?, message).await {
            Ok(()) => Ok(Progress::Live(job.receipt(live.remote_id.clone(), live.url.clone()))),
            Err(failure) if failure.meaning() == Some(Meaning::Gone) => Err(SendError::permanent(text!(
                "tin không còn trên Telegram: có người đã xóa. Muốn đăng lại: thu hồi bài rồi đăng thành bài mới",
                "the message is not on Telegram any more: somebody deleted it. To post it again, withdraw the article and publish it anew"
            ))),
            Err(failure) => Err(failure.repeatable()),
        }
    }

    /// Deletes every message of the copy; from two days on Telegram refuses that, and the notice takes the
    /// text's place.
    pub(super) async fn take_back(&self, copy: &Copy, notice: &Message) -> Result<Progress, SendError> {
        for message in &copy.messages {
            let deleted = self.call("deleteMessage", &json!({ "chat_id": copy.chat, "message_id": message })).await;
            match deleted {
                Ok(_) => {}
                Err(failure) if failure.meaning() == Some(Meaning::Gone) => {}
                Err(failure) if failure.meaning() == Some(Meaning::TooOld) => {
                    let rest = Copy { messages: vec![*message], ..copy.clone() };
                    return self.notice(&rest, notice).await;
                }
                Err(failure) => return Err(failure.repeatable()),
            }
        }
        Ok(Progress::Gone)
    }

    async fn notice(&self, copy: &Copy, notice: &Message) -> Result<Progress, SendError> {
        match self.edit(copy, notice).await {
            Ok(()) => Ok(Progress::Notice),
            Err(failure) if failure.meaning() == Some(Meaning::Gone) => Ok(Progress::Gone),
            Err(Failure::Refused(refusal)) if refusal.meaning == Meaning::Refused => {
                let note = refusal.into_send_error().note;
                Err(SendError::permanent(text!(
                    "Telegram không cho xóa hay sửa tin này ({vi}). Xóa bằng tay trong kênh, rồi: loa retry SỐ",
                    "Telegram lets this message be neither deleted nor edited ({en}). Delete it by hand, then: loa retry ID",
                    vi = &note.vi,
                    en = &note.en
                )))
            }
            Err(failure) => Err(failure.repeatable()),
        }
    }

    async fn edit(&self, copy: &Copy, message: &Message) -> Result<(), Failure> {
        let mut body = Map::from_iter([
            ("chat_id".to_owned(), json!(copy.chat)),
            ("message_id".to_owned(), json!(copy.messages.first())),
            ("parse_mode".to_owned(), json!("HTML")),
        ]);
        let method = if copy.photo {
            body.insert("caption".to_owned(), json!(message.html));
            "editMessageCaption"
        } else {
            body.insert("text".to_owned(), json!(message.html));
            body.insert("link_preview_options".to_owned(), preview(message));
            "editMessageText"
        };
        match self.call(method, &Value::Object(body)).await {
            Err(failure) if failure.meaning() == Some(Meaning::Done) => Ok(()),
            edited => edited.map(drop),
        }
    }

    fn text(&self, message: &Message) -> Value {
        json!({
            "chat_id": self.bot.chat,
            "text": message.html,
            "parse_mode": "HTML",
            "disable_notification": self.bot.silent,
            "link_preview_options": preview(message),
        })
    }

    /// What photos and albums have in common.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let chat = self.bot.chat.as_str().map_or_else(|| self.bot.chat.to_string(), str::to_owned);
        vec![("chat_id", chat), ("disable_notification", self.bot.silent.to_string())]
    }

    async fn photo(&self, message: &Message, photos: Vec<Photo>) -> Result<Value, Failure> {
        let mut fields = self.fields();
        fields.extend([("caption", message.html.clone()), ("parse_mode", "HTML".to_owned())]);
        let mut files = Vec::new();
        for photo in photos {
            match photo {
                Photo::Bytes(picture) => files.push(("photo".to_owned(), picture)),
                Photo::Address(url) => fields.push(("photo", url)),
            }
        }
        self.upload("sendPhoto", fields, files).await
    }

    async fn album(&self, message: &Message, photos: Vec<Photo>) -> Result<Value, Failure> {
        let (mut media, mut files) = (Vec::new(), Vec::new());
        for (number, photo) in photos.into_iter().enumerate() {
            let place = match photo {
                Photo::Bytes(picture) => {
                    let name = format!("p{number}");
                    let place = format!("attach://{name}");
                    files.push((name, picture));
                    place
                }
                Photo::Address(url) => url,
            };
            let mut one = json!({ "type": "photo", "media": place });
            // The caption of the first stands under the album as long as no other has one.
            if let (0, Some(fields)) = (number, one.as_object_mut()) {
                fields.insert("caption".to_owned(), json!(message.html));
                fields.insert("parse_mode".to_owned(), json!("HTML"));
            }
            media.push(one);
        }
        let mut fields = self.fields();
        fields.push(("media", Value::Array(media).to_string()));
        self.upload("sendMediaGroup", fields, files).await
    }

    /// The pictures, fitted; one that cannot be read is left out.
    async fn photos(&self, job: &Job, images: &[Image]) -> Result<Vec<Photo>, SendError> {
        let mut photos = Vec::new();
        for image in images {
            match job.picture(image, PHOTO).await {
                Ok(Some(picture)) => photos.push(Photo::Bytes(picture)),
                Ok(None) => photos.push(Photo::Address(image.url.clone())),
                Err(error) if error.class == Class::Permanent => {
                    tracing::warn!(reason = %error.note, "a picture is left out");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(photos)
    }
}

fn preview(message: &Message) -> Value {
    match &message.link {
        Some(link) => json!({ "url": link }),
        None => json!({ "is_disabled": true }),
    }
}
