//! Safe HTML as Markdown, for officers to go on writing: what Markdown has no word for stays HTML.

mod signs;

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::draft::clean;
use super::error::IntakeError;
use super::{inline, markup};
use signs::{escaped, sign};

/// What word processors put before the items of a list.
const BULLETS: [char; 3] = ['·', '•', '§'];
/// Elements that stand on lines of their own and need no sign.
const BLOCKS: [&str; 16] = [
    "p",
    "div",
    "section",
    "article",
    "header",
    "footer",
    "figure",
    "figcaption",
    "dl",
    "dt",
    "dd",
    "address",
    "details",
    "summary",
    "center",
    "main",
];
/// Elements that stay as they are inside a line.
const KEPT: [&str; 7] = ["sub", "sup", "u", "mark", "small", "kbd", "abbr"];

/// What somebody pasted from a word processor or a page: cleaned like an article at the door, without its pictures, as
/// Markdown.
///
/// # Errors
/// [`IntakeError::Invalid`] for HTML that no person can have written.
pub fn pasted(html: &str) -> Result<String, IntakeError> {
    let (html, _) = inline::lift(&markup::sanitise(&clean(html))?);
    Ok(as_markdown(&html))
}

/// Safe HTML as Markdown; made HTML again it says the same.
#[must_use]
pub fn as_markdown(html: &str) -> String {
    let tokenizer = Tokenizer::new(Sink(RefCell::new(Writer::default())), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    while matches!(tokenizer.feed(&input), html5ever::TokenizerResult::Script(())) {}
    tokenizer.end();
    let mut writer = tokenizer.sink.0.into_inner();
    writer.flush();
    let lines: Vec<&str> = writer.out.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

struct Sink(RefCell<Writer>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        // Words may come in pieces; what a sign in them means depends on its neighbours.
        if let Token::CharacterTokens(words) = &token {
            writer.pending.push_str(words);
            return TokenSinkResult::Continue;
        }
        writer.flush();
        match token {
            Token::TagToken(tag) if writer.raw.is_some() => writer.keep(&tag),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => writer.start(&tag),
            Token::TagToken(tag) => writer.end(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Emphasis that was opened.
struct Emphasis {
    from: usize,
    sign: &'static str,
    tag: &'static str,
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Words that were not written yet.
    pending: String,
    /// What begins each line: quotes, and room below the sign of a list's item.
    prefix: Vec<String>,
    /// The next number of each open list; `None`: it has none.
    lists: Vec<Option<usize>>,
    open: Vec<Emphasis>,
    /// Emphasis that has just been closed: where it began and ended.
    closed: Option<(usize, usize, &'static str, &'static str)>,
    links: Vec<String>,
    /// A table, and how many are open.
    raw: Option<(String, usize)>,
    /// Nothing stands on the line yet.
    fresh: bool,
    code: bool,
}

impl Writer {
    fn flush(&mut self) {
        let words = std::mem::take(&mut self.pending);
        if !words.is_empty() {
            self.words(&words);
        }
    }

    fn line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
        self.out.extend(self.prefix.iter().map(String::as_str));
        self.fresh = true;
    }

    /// Begins a block, after an empty line unless nothing stands on this one yet.
    fn block(&mut self) {
        if self.out.is_empty() {
            self.out.extend(self.prefix.iter().map(String::as_str));
            self.fresh = true;
        } else if !self.fresh {
            self.line();
            self.line();
        }
    }

    fn start(&mut self, tag: &Tag) {
        let value = |name: &str| {
            let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
            found.map(|attribute| attribute.value.to_string())
        };
        match &*tag.name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.block();
                let rank = tag.name.bytes().last().map_or(2, |digit| usize::from(digit - b'0'));
                self.out.push_str(&"#".repeat(rank));
                self.out.push(' ');
            }
            "blockquote" => {
                self.block();
                self.out.push_str("> ");
                self.prefix.push("> ".to_owned());
            }
            "ul" => self.list(None),
            "ol" => self.list(Some(value("start").and_then(|start| start.parse().ok()).unwrap_or(1))),
            "li" => self.item(),
            "br" => {
                self.out.push('\\');
                self.line();
            }
            "hr" => {
                self.block();
                self.out.push_str("***");
                self.fresh = false;
            }
            "pre" => {
                self.block();
                self.out.push_str("```");
                self.line();
                self.code = true;
            }
            "table" => self.raw = Some((String::new(), 0)),
            "a" => {
                let href = value("href").unwrap_or_default();
                // What leads nowhere is words alone.
                if !href.is_empty() {
                    self.inline("[");
                }
                self.links.push(href);
            }
            "img" => {
                let (alt, src) = (value("alt").unwrap_or_default(), value("src").unwrap_or_default());
                if !src.is_empty() {
                    self.inline(&format!("![{}](<{src}>)", alt.replace(['[', ']'], " ")));
                }
            }
            "code" if !self.code => self.inline("`"),
            name if BLOCKS.contains(&name) => self.block(),
            name if KEPT.contains(&name) => self.inline(&format!("<{name}>")),
            name => {
                if let Some((sign, tag)) = sign(name) {
                    self.open.push(Emphasis { from: self.out.len(), sign, tag });
                }
            }
        }
        if tag.name == *"table" {
            self.keep(tag);
        }
    }

    fn end(&mut self, tag: &Tag) {
        match &*tag.name {
            "blockquote" => drop(self.prefix.pop()),
            "ul" | "ol" => drop(self.lists.pop()),
            "li" => {
                self.prefix.pop();
                self.fresh = false;
            }
            "pre" => {
                self.code = false;
                self.line();
                self.out.push_str("```");
                self.fresh = false;
            }
            "a" => match self.links.pop() {
                Some(href) if !href.is_empty() => self.inline(&format!("](<{href}>)")),
                _ => {}
            },
            "code" if !self.code => self.inline("`"),
            name if KEPT.contains(&name) => self.inline(&format!("</{name}>")),
            name if BLOCKS.contains(&name) || name.starts_with('h') && name.len() == 2 => self.fresh = false,
            name if sign(name).is_some() => self.close(),
            _ => {}
        }
    }

    fn list(&mut self, number: Option<usize>) {
        if self.lists.is_empty() {
            self.block();
        }
        self.lists.push(number);
    }

    fn item(&mut self) {
        if !self.fresh {
            self.line();
        }
        let sign = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        };
        self.out.push_str(&sign);
        self.prefix.push(" ".repeat(sign.len()));
        self.fresh = true;
    }

    /// Puts the signs around what was emphasised, without its outer spaces.
    fn close(&mut self) {
        let Some(Emphasis { from, sign, tag }) = self.open.pop() else { return };
        let inner = self.out.split_off(from.min(self.out.len()));
        let words = inner.trim();
        let (before, after) = inner.split_once(words).unwrap_or(("", ""));
        if words.is_empty() {
            self.out.push_str(&inner);
            return;
        }
        self.out.push_str(before);
        let start = self.out.len();
        // Signs that touch a letter on the outside have to touch one on the inside too.
        let glued = self.out.ends_with(char::is_alphanumeric) && !words.starts_with(char::is_alphanumeric);
        if glued {
            self.out.extend(["<", tag, ">", words, "</", tag, ">"]);
        } else {
            self.out.extend([sign, words, sign]);
        }
        self.closed = (!glued && !words.ends_with(char::is_alphanumeric)).then_some((start, self.out.len(), sign, tag));
        self.out.push_str(after);
    }

    fn inline(&mut self, words: &str) {
        self.out.push_str(words);
        self.fresh = false;
    }

    fn words(&mut self, words: &str) {
        if let Some((raw, _)) = &mut self.raw {
            raw.push_str(&words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
            return;
        }
        if self.code {
            for (number, line) in words.trim_end_matches('\n').split('\n').enumerate() {
                if number > 0 {
                    self.line();
                }
                self.out.push_str(line);
            }
            return;
        }
        let spaced = words.starts_with(char::is_whitespace);
        let mut text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || (spaced && !self.fresh) {
            if !self.fresh && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
            if text.is_empty() {
                return;
            }
        }
        if self.fresh && text.starts_with(BULLETS) {
            let rest = text.trim_start_matches(BULLETS).trim_start().to_owned();
            self.out.push_str("- ");
            text = rest;
        }
        self.unglue(&text);
        let escaped = escaped(&text, self.fresh);
        self.out.push_str(&escaped);
        if words.ends_with(char::is_whitespace) {
            self.out.push(' ');
        }
        self.fresh = false;
    }

    /// Signs between a punctuation mark and a letter would not be read as signs: tags take their place.
    fn unglue(&mut self, next: &str) {
        let Some((start, end, sign, tag)) = self.closed.take() else { return };
        if end != self.out.len() || !next.starts_with(char::is_alphanumeric) {
            return;
        }
        let inner = self.out.split_off(start);
        let words = inner.strip_prefix(sign).and_then(|inner| inner.strip_suffix(sign)).unwrap_or(&inner);
        self.out.extend(["<", tag, ">", words, "</", tag, ">"]);
    }

    /// Keeps the tag of a table as it is.
    fn keep(&mut self, tag: &Tag) {
        let Some((raw, open)) = &mut self.raw else { return };
        let end = tag.kind == TagKind::EndTag;
        raw.push_str(if end { "</" } else { "<" });
        raw.push_str(&tag.name);
        for attribute in &tag.attrs {
            let value = attribute.value.replace('&', "&amp;").replace('"', "&quot;");
            raw.extend([" ", &*attribute.name.local, "=\"", &value, "\""]);
        }
        raw.push('>');
        if tag.name != *"table" {
            return;
        }
        *open = if end { open.saturating_sub(1) } else { *open + 1 };
        if *open == 0
            && let Some((raw, _)) = self.raw.take()
        {
            self.block();
            // An empty line would end it.
            let lines: Vec<&str> = raw.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            for (number, line) in lines.iter().enumerate() {
                if number > 0 {
                    self.line();
                }
                self.out.push_str(line);
            }
            self.fresh = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{as_markdown, pasted};
    use crate::intake::markup::{from_markdown, sanitise};
    use crate::intake::plain::to_plain;

    #[test]
    fn what_is_made_markdown_says_the_same_when_it_is_html_again() {
        for html in [
            "<p>Một <strong>hai</strong> <em>ba</em>.</p>\n<p>1. Không phải danh sách</p><p>- cũng không, 2 * 3 * 4, a_b_c, [x]</p>",
            "<h2>Bà con cần làm gì</h2><ul><li>Dự trữ nước <a href=\"https://a.vn/x?y=1&amp;z=(2)\">tại đây</a></li><li>Khóa van<ul><li>trước</li><li>sau</li></ul></li></ul><p>Hết</p>",
            "<ol><li><p>một</p></li><li><p>hai</p></li></ol><blockquote><p>Trích</p><p>dẫn</p></blockquote>",
            "<p>Trước</p><table><thead><tr><th>Khu vực</th></tr></thead>\n\n<tbody><tr><td>Thôn &lt;Đông&gt; &amp; Đoài</td></tr></tbody></table><p>Sau</p>",
            "<p><strong>Điều 1.</strong>Nội dung, H<sub>2</sub>O, 5 &lt; 6 &amp;amp; 7</p><p>dòng<br>mới</p>",
            "<pre><code>a\n  b *c*</code></pre><hr><p># không phải đề mục</p>",
        ] {
            let safe = sanitise(html).unwrap_or_default();
            let markdown = as_markdown(&safe);
            let again = sanitise(&from_markdown(&markdown)).unwrap_or_default();
            assert!(!safe.is_empty() && !markdown.is_empty());
            assert_eq!(to_plain(&again), to_plain(&safe), "{markdown}");
            assert_eq!(as_markdown(&again), markdown);
        }
    }

    #[test]
    fn what_is_pasted_from_a_word_processor_comes_out_clean() {
        let html = "<html><head><style>p.MsoNormal{margin:0}</style></head><body><!--StartFragment--><p class=MsoNormal style='x'><b>Thông\nbáo</b><o:p></o:p></p>\
            <p class=MsoListParagraph>·&nbsp;&nbsp; Thôn Đông</p><script>alert(1)</script><p onclick=\"x()\"><img src=\"file:///c:/x.png\">Hết</p></body></html>";
        assert_eq!(pasted(html), Ok("**Thông báo**\n\n- Thôn Đông\n\nHết".to_owned()));
    }
}
