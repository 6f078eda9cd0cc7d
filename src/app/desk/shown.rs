//! A payload for people: pages as pages, letters as letters, scripts as words, requests as what they say.

use mail_parser::{Message, MessageParser};
use serde_json::Value;

use crate::channel::Payload;
use crate::console::{Doubt, Part, PartBody, PayloadView};
use crate::text;
use crate::text::Text;

/// Words longer than this are a text, not a value.
const LONG: usize = 80;
/// A fragment of a page in a page of its own.
const HEAD: &str = "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
                    content=\"width=device-width\"><style>body{font:1rem/1.5 system-ui,sans-serif;margin:1rem;\
                    color:#1c1b1a;background:#fff;overflow-wrap:break-word}img{max-width:100%;height:auto}\
                    table{border-collapse:collapse}td,th{border:1px solid #c9c4be;padding:.25rem .5rem}\
                    .lines{white-space:pre-wrap}</style></head><body>";

/// What a page in a frame, which may fetch nothing, is given instead of its pictures.
#[derive(Default)]
pub(super) struct Dress {
    /// Address, hash, and the picture itself as an address.
    pub(super) pictures: Vec<(String, String, String)>,
}

/// What the bytes say.
pub(super) fn payload_view(payload: &Payload, style: Option<&str>, dress: &Dress) -> PayloadView {
    let words = String::from_utf8_lossy(&payload.bytes).into_owned();
    let parts = match payload.extension {
        "html" => vec![part(page_words(), PartBody::Page(dressed(&words, style, dress)))],
        "eml" => letter(&payload.bytes, dress),
        "json" => request(&words, dress),
        "txt" => vec![part(text!("Lời", "Words"), PartBody::Plain(words))],
        _ => vec![part(technical(), PartBody::Technical(words))],
    };
    let about = payload.beside.iter().find(|(ending, _)| *ending == "json");
    let about: Value = about.and_then(|(_, json)| serde_json::from_slice(json).ok()).unwrap_or_default();
    PayloadView {
        hash: payload.hash(),
        bytes: payload.bytes.len(),
        parts,
        seconds: about["seconds"].as_f64().map(|seconds| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole seconds of a script")]
            let whole = seconds.max(0.0) as u64;
            whole
        }),
        doubts: doubts(&about),
        note: payload.note.clone(),
    }
}

fn part(title: Text, body: PartBody) -> Part {
    Part { title, body }
}

fn page_words() -> Text {
    text!("Trang", "Page")
}

fn technical() -> Text {
    text!("Nội dung gửi, nguyên văn", "What is sent, as it is")
}

/// Each word once, however often it is read.
fn doubts(about: &Value) -> Vec<Doubt> {
    let mut found: Vec<Doubt> = Vec::new();
    for doubt in about["doubts"].as_array().into_iter().flatten().map(doubt) {
        if !found.iter().any(|known| known.written == doubt.written && known.read_as == doubt.read_as) {
            found.push(doubt);
        }
    }
    found
}

fn doubt(doubt: &Value) -> Doubt {
    let words = |name: &str| doubt[name].as_str().unwrap_or_default().to_owned();
    let unknown = crate::speech::Certainty::Unknown.label();
    Doubt {
        written: words("written"),
        read_as: words("read_as"),
        why: if words("certainty") == unknown {
            text!("loa không biết chữ này", "loa does not know it")
        } else {
            text!(
                "có nhiều cách đọc; đây là cách hay gặp nhất",
                "it can be read in several ways; this is the likeliest"
            )
        },
        others: doubt["others"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        sentence: words("sentence"),
    }
}

/// Subject, sender, and both bodies.
fn letter(bytes: &[u8], dress: &Dress) -> Vec<Part> {
    let Some(letter) = MessageParser::default().parse(bytes) else {
        return vec![part(technical(), PartBody::Technical(String::from_utf8_lossy(bytes).into_owned()))];
    };
    let mut parts = vec![part(text!("Đầu thư", "Head"), PartBody::Values(head(&letter)))];
    if let Some(html) = letter.body_html(0) {
        parts.push(part(text!("Thư", "Letter"), PartBody::Page(dressed(&html, None, dress))));
    }
    if let Some(plain) = letter.body_text(0) {
        let title = text!("Bản chữ thường", "As plain text");
        parts.push(part(title, PartBody::Plain(plain.replace("\r\n", "\n"))));
    }
    parts
}

fn head(letter: &Message<'_>) -> Vec<(Text, String)> {
    let from = letter.from().and_then(|from| from.first()).map(|from| {
        let (name, address) = (from.name().unwrap_or_default(), from.address().unwrap_or_default());
        if name.is_empty() { address.to_owned() } else { format!("{name} <{address}>") }
    });
    vec![
        (text!("Tiêu đề", "Subject"), letter.subject().unwrap_or_default().to_owned()),
        (text!("Người gửi", "From"), from.unwrap_or_default()),
    ]
}

/// The texts of a request, short ones as values, then the request itself.
fn request(json: &str, dress: &Dress) -> Vec<Part> {
    let (mut values, mut parts) = (Vec::new(), Vec::new());
    if let Ok(value) = serde_json::from_str::<Value>(json) {
        gather("", &value, &mut values, &mut parts, dress);
    }
    if !values.is_empty() {
        parts.insert(0, part(text!("Chi tiết", "Details"), PartBody::Values(values)));
    }
    parts.push(part(technical(), PartBody::Technical(json.to_owned())));
    parts
}

fn gather(name: &str, value: &Value, values: &mut Vec<(Text, String)>, parts: &mut Vec<Part>, dress: &Dress) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| gather(name, value, values, parts, dress)),
        Value::Array(list) => list.iter().for_each(|value| gather(name, value, values, parts, dress)),
        Value::String(words) => {
            if is_html(words) {
                parts.push(part(page_words(), PartBody::Page(dressed(words, None, dress))));
            } else if words.contains('\n') || (words.chars().count() > LONG && words.contains(' ')) {
                parts.push(part(text!("Lời", "Words"), PartBody::Plain(words.clone())));
            } else if let Some(word) = word(name) {
                values.push((word, words.clone()));
            }
        }
        _ => {}
    }
}

/// The words for what requests usually say; the rest is technical.
fn word(name: &str) -> Option<Text> {
    Some(match name {
        "title" | "headline" | "name" => text!("Tiêu đề", "Title"),
        "text" | "body" | "status" | "message" | "content" | "html" => text!("Lời", "Words"),
        "summary" | "description" | "excerpt" | "custom_excerpt" | "lead" => text!("Tóm tắt", "Summary"),
        "link" | "canonical_url" => text!("Dẫn về", "Link"),
        "alt" => text!("Tả ảnh", "What a picture shows"),
        "author" => text!("Tác giả", "Author"),
        _ => return None,
    })
}

fn is_html(words: &str) -> bool {
    ["</p>", "</b>", "</a>", "</li>", "</div>", "</td>", "<br"].iter().any(|tag| words.contains(tag))
}

/// A page that needs nothing from anywhere.
fn dressed(html: &str, style: Option<&str>, dress: &Dress) -> String {
    let html = with_pictures(html, dress);
    if html.contains("<html") || html.contains("<HTML") {
        return match style {
            Some(style) => html.replacen("</head>", &format!("<style>{style}</style></head>"), 1),
            None => html,
        };
    }
    // Where nothing else makes paragraphs, lines do.
    let lined = !["<p", "<div", "<ul", "<table", "<h2", "<figure"].iter().any(|tag| html.contains(tag));
    let class = if lined { " class=\"lines\"" } else { "" };
    format!("{HEAD}<div{class}>{html}</div></body></html>")
}

/// Every address of a picture that is kept becomes the picture itself.
fn with_pictures(html: &str, dress: &Dress) -> String {
    if dress.pictures.is_empty() {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(" src=\"") {
        let Some((address, tail)) = after.split_once('"') else { break };
        let plain = address.replace("&amp;", "&");
        let found = dress
            .pictures
            .iter()
            .find(|(url, hash, _)| plain == *url || hash.get(..16).is_some_and(|start| plain.contains(start)));
        out.push_str(before);
        out.push_str(" src=\"");
        out.push_str(found.map_or(address, |(.., picture)| picture));
        out.push('"');
        rest = tail;
    }
    out.push_str(rest);
    out
}
