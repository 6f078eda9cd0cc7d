//! The message: everything but the recipient's own headers, so that all of them get the same bytes.

use chrono::{DateTime, Datelike as _, Utc, Weekday};
use chrono_tz::Tz;
use lettre::Address;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::super::failure::RenderError;
use super::super::page::{shorten, written_time};
use super::super::{Item, RenderContext};
use super::headers::{Headers, date};
use super::letter::PLACEHOLDER;
use super::manner::Manner;
use super::pictures::{Shown, shown};
use super::quoted;
use super::templates::{Sheet, Templates};
use crate::article::sha256_hex;
use crate::delivery::Action;
use crate::text;

/// What a mail program shows beside the subject.
const LEAD: usize = 140;
/// The boundary inside which pictures stand ends like this.
const RELATED: &str = "-anh";

/// Fills the templates.
pub(super) struct Letter {
    manner: Manner,
    templates: Templates,
}

impl Letter {
    pub(super) fn new(manner: Manner, templates: Templates) -> Self {
        Self { manner, templates }
    }

    pub(super) fn manner(&self) -> &Manner {
        &self.manner
    }

    /// The message without `To`, `Message-ID` and what else belongs to one recipient.
    pub(super) fn message(&self, items: &[Item], cx: &RenderContext) -> Result<Vec<u8>, RenderError> {
        let subject = subject(items, cx)?;
        let pictures = shown(&self.manner, items);
        let carries = pictures.iter().flatten().any(|shown| shown.src.starts_with("cid:"));
        let (plain, html) = self.bodies(items, &pictures, &subject, cx)?;
        // A boundary made from the content: the same message has the same bytes.
        let hash = sha256_hex(format!("{plain}{html}").as_bytes());
        let boundary = format!("loa-{}", hash.get(..32).unwrap_or(&hash));
        let mut head = self.head(items, &subject, cx);
        head.add("MIME-Version", "1.0");
        head.add("Content-Type", &format!("multipart/alternative;\r\n boundary=\"{boundary}\""));
        let mut out = head.into_string().into_bytes();
        let mut put = |lines: &str| out.extend_from_slice(lines.as_bytes());
        put(&format!("\r\n--{boundary}\r\n"));
        let related = format!("{boundary}{RELATED}");
        let html_part = part("html", &html);
        put(&part("plain", &plain));
        put(&format!("--{boundary}\r\n"));
        if carries {
            put(&format!(
                "Content-Type: multipart/related; type=\"text/html\";\r\n boundary=\"{related}\"\r\n\r\n--{related}\r\n\
                 {html_part}--{related}--\r\n"
            ));
        } else {
            put(&html_part);
        }
        put(&format!("--{boundary}--\r\n"));
        Ok(out)
    }

    /// What the letter says, as plain text and as HTML.
    fn bodies(
        &self,
        items: &[Item],
        pictures: &[Vec<Shown<'_>>],
        subject: &str,
        cx: &RenderContext,
    ) -> Result<(String, String), RenderError> {
        let sheet = if items.len() == 1 { Sheet::Single } else { Sheet::Digest };
        self.templates.fill(sheet, &self.values(items, pictures, subject, cx))
    }

    /// Fills the templates once, for those that are not well.
    pub(super) fn attempt(&self, items: &[Item], cx: &RenderContext) -> Result<(), RenderError> {
        let (plain, html) = self.bodies(items, &shown(&self.manner, items), &subject(items, cx)?, cx)?;
        let (txt, htm) = if items.len() == 1 { Sheet::Single } else { Sheet::Digest }.files();
        for (words, file) in [(plain, txt), (html, htm)] {
            if cx.office.public_url.is_some() && !words.contains(PLACEHOLDER) {
                return Err(RenderError(text!(
                    "mẫu thư {file} thiếu liên kết hủy nhận thư: thêm {{{{ unsubscribe }}}}",
                    "the letter's template {file} lacks the unsubscribe link: add {{{{ unsubscribe }}}}"
                )));
            }
        }
        Ok(())
    }

    fn head(&self, items: &[Item], subject: &str, cx: &RenderContext) -> Headers {
        let manner = &self.manner;
        let mut head = Headers::default();
        head.mailbox("From", manner.sender.name.as_deref(), manner.sender.email.as_ref());
        if let Some(reply) = &manner.reply_to {
            head.mailbox("Reply-To", reply.name.as_deref(), reply.email.as_ref());
        }
        head.words("Subject", subject);
        head.add("Date", &date(cx.at, cx.office.timezone));
        // RFC 2919, RFC 2369, RFC 8058. On one line: folding has broken signatures in practice.
        head.add("List-Id", &format!("<{}.{}>", manner.list(), manner.domain()));
        let link = unsubscribe(cx).filter(|link| link.starts_with("https://"));
        let letter = manner.bounces.as_ref().map(unsubscribe_letter);
        let ways: Vec<String> = [&link, &letter].into_iter().flatten().map(|way| format!("<{way}>")).collect();
        if !ways.is_empty() {
            head.add("List-Unsubscribe", &ways.join(", "));
        }
        if link.is_some() {
            head.add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
        // RFC 3834: nobody's holiday notice should answer this.
        head.add("Auto-Submitted", "auto-generated");
        head.add("Precedence", "bulk");
        // For the office's own mail rules: what the message is about.
        if let [only] = items {
            let event = match only.action {
                Action::Create(_) => "article.published",
                Action::Update(_) => "article.corrected",
                Action::Withdraw => "article.withdrawn",
            };
            head.add("X-Loa-Event", event);
            head.name("X-Loa-Article", &only.article.key.to_string());
            head.add("X-Loa-Revision", &only.revision.to_string());
        }
        head
    }

    fn values(&self, items: &[Item], pictures: &[Vec<Shown<'_>>], subject: &str, cx: &RenderContext) -> Value {
        let zone = cx.office.timezone;
        let entries: Vec<Value> =
            items.iter().zip(pictures).map(|(item, pictures)| entry(item, pictures, zone)).collect();
        let lead = match items {
            [only] if only.action != Action::Withdraw => shorten(only.article.lead(), LEAD),
            _ => shorten(&items.iter().map(title).collect::<Vec<_>>().join(" · "), LEAD),
        };
        context! {
            subject, entries, lead,
            office => cx.office.name.as_str(),
            day => written_day(cx.at, zone),
            unsubscribe => unsubscribe(cx),
            reply_to => self.manner.answers().to_string(),
        }
    }
}

fn entry(item: &Item, pictures: &[Shown<'_>], zone: Tz) -> Value {
    let pictures: Vec<Value> = pictures
        .iter()
        .map(|Shown { image, src }| {
            context! {
                src => src.as_str(),
                alt => image.alt.as_str(),
                caption => image.caption.as_deref(),
                // Outlook knows no max-width.
                width => image.kept.as_ref().map(|kept| kept.width.min(600)),
            }
        })
        .collect();
    context! {
        title => item.article.title.as_str(),
        heading => title(item),
        article => Serde(&*item.article),
        paragraphs => item.article.paragraphs().map(str::to_owned).collect::<Vec<_>>(),
        pictures,
        published => written_time(item.published, zone),
        updated => written_time(item.updated, zone),
        link => item.link.as_deref(),
        withdrawn => item.action == Action::Withdraw,
        corrected => matches!(item.action, Action::Update(_)),
        urgent => item.article.priority == crate::article::Priority::Urgent,
    }
}

fn subject(items: &[Item], cx: &RenderContext) -> Result<String, RenderError> {
    match items {
        [] => Err(RenderError(text!("thư không có bài nào", "the message holds no article"))),
        [only] => Ok(title(only)),
        _ => {
            let (office, day) = (&cx.office.name, cx.at.with_timezone(&cx.office.timezone).format("%d/%m/%Y"));
            Ok(format!("{office}: bản tin ngày {day}"))
        }
    }
}

fn title(item: &Item) -> String {
    let title = &item.article.title;
    match item.action {
        Action::Create(_) => title.clone(),
        Action::Update(_) => format!("Đính chính: {title}"),
        Action::Withdraw => format!("Thu hồi: {title}"),
    }
}

/// The recipient's own page for stopping the letters.
fn unsubscribe(cx: &RenderContext) -> Option<String> {
    cx.office.public_url.as_ref().map(|base| format!("{base}/huy-nhan-thu/{PLACEHOLDER}"))
}

/// A letter that does the same.
fn unsubscribe_letter(bounces: &Address) -> String {
    format!("mailto:{}+{PLACEHOLDER}@{}?subject=huy", bounces.user(), bounces.domain())
}

/// "Thứ Ba, ngày 24 tháng 11 năm 2026", with the zeros of official papers.
fn written_day(at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    let weekday = match at.weekday() {
        Weekday::Mon => "Thứ Hai",
        Weekday::Tue => "Thứ Ba",
        Weekday::Wed => "Thứ Tư",
        Weekday::Thu => "Thứ Năm",
        Weekday::Fri => "Thứ Sáu",
        Weekday::Sat => "Thứ Bảy",
        Weekday::Sun => "Chủ nhật",
    };
    let (day, month, year) = (at.day(), at.month(), at.year());
    let zero = |number: u32, below: u32| if number < below { "0" } else { "" };
    format!("{weekday}, ngày {}{day} tháng {}{month} năm {year}", zero(day, 10), zero(month, 3))
}

fn part(kind: &str, words: &str) -> String {
    let encoded = quoted::encode(words);
    // The last line's end belongs to the boundary.
    format!(
        "Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
        String::from_utf8_lossy(&encoded)
    )
}

/// Where the pictures of a payload that carries some are put, and their boundary.
pub(super) fn related_end(payload: &[u8]) -> Option<(usize, String)> {
    let last = format!("{RELATED}--\r\n");
    let end = payload.windows(last.len()).rposition(|window| window == last.as_bytes())?;
    let start = payload.get(..end)?.iter().rposition(|byte| *byte == b'\n')? + 1;
    let boundary = payload.get(start..end + RELATED.len())?.strip_prefix(b"--")?;
    Some((start, String::from_utf8_lossy(boundary).into_owned()))
}
