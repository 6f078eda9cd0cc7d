//! The message: everything but the recipient's own headers, so that all of them get the same bytes.

use std::time::SystemTime;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};

use super::super::failure::RenderError;
use super::super::page::{templates, written_time};
use super::super::{Item, RenderContext};
use crate::article::sha256_hex;
use crate::delivery::Action;
use crate::text;

/// Fills the templates.
pub(super) struct Letter {
    plain: Environment<'static>,
    html: Environment<'static>,
}

impl Letter {
    pub(super) fn new() -> Result<Self, RenderError> {
        let mut plain = templates(AutoEscape::None);
        plain.add_template("letter", include_str!("templates/letter.txt")).map_err(|error| failed(&error))?;
        let mut html = templates(AutoEscape::Html);
        html.add_template("letter", include_str!("templates/letter.html")).map_err(|error| failed(&error))?;
        Ok(Self { plain, html })
    }

    /// The message without `To`, `Message-ID` and what else belongs to one recipient.
    pub(super) fn message(&self, items: &[Item], sender: &Mailbox, cx: &RenderContext) -> Result<Vec<u8>, RenderError> {
        let first =
            items.first().ok_or_else(|| RenderError(text!("thư không có bài nào", "the message holds no article")))?;
        let zone = cx.office.timezone;
        let subject = if items.len() == 1 {
            title(first)
        } else {
            let (office, day) = (&cx.office.name, cx.at.with_timezone(&zone).format("%d/%m/%Y"));
            format!("{office}: bản tin ngày {day}")
        };
        let entries: Vec<_> = items
            .iter()
            .map(|item| {
                context! {
                    title => title(item),
                    article => Serde(&*item.article),
                    paragraphs => item.article.paragraphs().map(str::to_owned).collect::<Vec<_>>(),
                    published => written_time(item.published, zone),
                    link => item.link.as_deref(),
                    withdrawn => item.action == Action::Withdraw,
                    corrected => matches!(item.action, Action::Update(_)),
                }
            })
            .collect();
        let values = context! { subject => subject.as_str(), entries, office => cx.office.name.as_str() };
        let (text, html) = (fill(&self.plain, &values)?, fill(&self.html, &values)?);
        // A boundary made from the content: the same message has the same bytes.
        let boundary = sha256_hex(format!("{text}{html}").as_bytes());
        let body = MultiPart::alternative()
            .boundary(format!("loa-{}", boundary.get(..32).unwrap_or(&boundary)))
            .singlepart(SinglePart::plain(text))
            .singlepart(SinglePart::html(html));
        let mut message = Message::builder()
            .from(sender.clone())
            .subject(subject)
            .date(SystemTime::from(cx.at))
            // RFC 3834: nobody's holiday notice should answer this.
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Precedence", "bulk"))
            .envelope(envelope(sender)?);
        // For the office's own mail rules: what the message is about.
        if let [only] = items {
            let event = match only.action {
                Action::Create(_) => "article.published",
                Action::Update(_) => "article.corrected",
                Action::Withdraw => "article.withdrawn",
            };
            message = message
                .raw_header(header("X-Loa-Event", event))
                .raw_header(header("X-Loa-Article", &only.article.key.to_string()))
                .raw_header(header("X-Loa-Revision", &only.revision.to_string()));
        }
        let message = message.multipart(body).map_err(|error| {
            RenderError(text!("không soạn được thư: {error}", "cannot compose the message: {error}"))
        })?;
        Ok(message.formatted())
    }
}

fn fill(templates: &Environment<'_>, values: &Value) -> Result<String, RenderError> {
    let template = templates.get_template("letter").map_err(|error| failed(&error))?;
    template.render(values).map_err(|error| failed(&error))
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The builder wants an envelope; the real one is made for each recipient.
fn envelope(sender: &Mailbox) -> Result<lettre::address::Envelope, RenderError> {
    lettre::address::Envelope::new(Some(sender.email.clone()), vec![sender.email.clone()]).map_err(|error| {
        RenderError(text!("địa chỉ gửi không hợp lệ: {error}", "the sender's address is not valid: {error}"))
    })
}

fn title(item: &Item) -> String {
    let title = &item.article.title;
    match item.action {
        Action::Create(_) => title.clone(),
        Action::Update(_) => format!("Đính chính: {title}"),
        Action::Withdraw => format!("Thu hồi: {title}"),
    }
}

fn failed(error: &minijinja::Error) -> RenderError {
    RenderError(text!("mẫu thư bị lỗi: {error}", "the message's template failed: {error}"))
}
