//! The article in a page's own markup: what the page calls the article's body (schema.org), its `<article>`, the text in
//! its JSON-LD, or else its `<main>`. No rules for single sites.
//!
//! Only tags are read, no tree is built: broken pages cost no more than their length. What comes out is as unsafe as the
//! page; the door sanitises it like everything.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{Rawtext, Rcdata, ScriptData};
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use serde_json::Value;

/// What stands around the words of an article, or is none of them. A heading of the first rank repeats the title.
const AROUND: [&str; 13] = [
    "nav", "aside", "footer", "form", "style", "template", "noscript", "iframe", "svg", "button", "select", "h1",
    "dialog",
];
/// Elements without an end.
const VOID: [&str; 11] = ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "source", "wbr"];

/// Where a body may stand, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Body,
    Article,
    Data,
    Main,
}

/// The article's body as HTML or, from JSON-LD, as it stands there: the best that says at least `least` characters.
pub(super) fn article(page: &str, least: usize) -> Option<String> {
    let finder = Finder::default();
    let tokenizer = Tokenizer::new(finder, html5ever::tokenizer::TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(page));
    // A script is handed out and not run: the rest follows.
    while matches!(tokenizer.feed(&input), html5ever::TokenizerResult::Script(())) {}
    tokenizer.end();
    let found = tokenizer.sink.0.into_inner();
    let data = found.data.iter().filter_map(|json| serde_json::from_str(json).ok()).filter_map(|value| in_data(&value));
    let mut candidates: Vec<(Place, usize, String)> =
        found.pieces.into_iter().map(|piece| (piece.place, piece.length, piece.html)).collect();
    candidates.extend(data.map(|words| (Place::Data, words.chars().count(), words)));
    candidates.retain(|(_, length, _)| *length > 0 && *length >= least);
    candidates.into_iter().min_by_key(|(place, length, _)| (*place, std::cmp::Reverse(*length))).map(|(.., html)| html)
}

/// `articleBody` anywhere in JSON-LD.
fn in_data(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => match fields.get("articleBody") {
            Some(Value::String(body)) => Some(body.clone()),
            _ => fields.values().find_map(in_data),
        },
        Value::Array(list) => list.iter().find_map(in_data),
        _ => None,
    }
}

/// An element that may hold the article.
struct Piece {
    place: Place,
    /// Its name, and how many of that name are open inside and with it; 0: it has ended.
    name: String,
    open: usize,
    html: String,
    /// Characters that are no white space.
    length: usize,
}

#[derive(Default)]
struct Found {
    pieces: Vec<Piece>,
    data: Vec<String>,
    in_data: bool,
    in_script: bool,
    /// What is left out at the moment, and how many of that name are open.
    around: Option<(String, usize)>,
}

#[derive(Default)]
struct Finder(RefCell<Found>);

impl TokenSink for Finder {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut found = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => found.opens(&tag),
            Token::TagToken(tag) => {
                found.closes(&tag);
                TokenSinkResult::Continue
            }
            Token::CharacterTokens(words) => {
                found.says(&words);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Found {
    fn opens(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        match name {
            "script" => {
                self.in_script = true;
                self.in_data =
                    attribute(tag, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("application/ld+json"));
                if self.in_data {
                    self.data.push(String::new());
                }
                return TokenSinkResult::RawData(ScriptData);
            }
            "style" | "noscript" | "iframe" => self.leave_out(name),
            "title" | "textarea" => {
                self.leave_out(name);
                return TokenSinkResult::RawData(Rcdata);
            }
            _ if VOID.contains(&name) => self.write(&start(tag)),
            _ => self.element(name, tag),
        }
        if matches!(name, "style" | "iframe") { TokenSinkResult::RawData(Rawtext) } else { TokenSinkResult::Continue }
    }

    fn leave_out(&mut self, name: &str) {
        match &mut self.around {
            Some((around, open)) if around == name => *open += 1,
            Some(_) => {}
            None => self.around = Some((name.to_owned(), 1)),
        }
    }

    fn element(&mut self, name: &str, tag: &Tag) {
        let inside = self.pieces.iter().any(|piece| piece.open > 0);
        if self.around.is_some() || inside && AROUND.contains(&name) {
            return self.leave_out(name);
        }
        self.write(&start(tag));
        for piece in self.pieces.iter_mut().filter(|piece| piece.open > 0 && piece.name == name) {
            piece.open += 1;
        }
        let property = attribute(tag, "itemprop").unwrap_or_default();
        let place = if property.split_ascii_whitespace().any(|word| word == "articleBody") {
            Place::Body
        } else if name == "article" {
            Place::Article
        } else if name == "main" {
            Place::Main
        } else {
            return;
        };
        // What stands inside is part of it: comments and teasers are articles of their own to some pages.
        if !self.pieces.iter().any(|piece| piece.open > 0 && piece.place == place) {
            self.pieces.push(Piece { place, name: name.to_owned(), open: 1, html: String::new(), length: 0 });
        }
    }

    fn closes(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        if name == "script" {
            (self.in_script, self.in_data) = (false, false);
            return;
        }
        if let Some((around, open)) = &mut self.around {
            if around == name {
                *open -= 1;
                if *open == 0 {
                    self.around = None;
                }
            }
            return;
        }
        for piece in self.pieces.iter_mut().filter(|piece| piece.open > 0 && piece.name == name) {
            piece.open -= 1;
        }
        self.write(&format!("</{name}>"));
    }

    fn says(&mut self, words: &str) {
        if self.in_data
            && let Some(data) = self.data.last_mut()
        {
            data.push_str(words);
        }
        if self.in_script || self.around.is_some() {
            return;
        }
        let length = words.chars().filter(|c| !c.is_whitespace()).count();
        self.pieces.iter_mut().filter(|piece| piece.open > 0).for_each(|piece| piece.length += length);
        self.write(&escape(words));
    }

    fn write(&mut self, html: &str) {
        if self.around.is_none() {
            self.pieces.iter_mut().filter(|piece| piece.open > 0).for_each(|piece| piece.html.push_str(html));
        }
    }
}

fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

fn start(tag: &Tag) -> String {
    let mut html = format!("<{}", &*tag.name);
    for attribute in &tag.attrs {
        let (name, value) = (&*attribute.name.local, escape(&attribute.value).replace('"', "&quot;"));
        html.extend([" ", name, "=\"", &value, "\""]);
    }
    html + ">"
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::article;

    #[test]
    fn the_body_that_the_page_names_is_better_than_its_article_and_that_than_its_data() {
        let data = r#"<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","articleBody":"Lời trong dữ liệu."}]}</script>"#;
        let page = |inside: &str| {
            format!(
                "<html><head>{data}</head><body><nav><a>Trang chủ</a></nav><main>Quanh {inside}</main></body></html>"
            )
        };
        let whole = page(
            "<article><h1>Tiêu đề</h1><p>Một &lt; hai.</p><aside>Tin khác</aside><div itemprop=\"articleBody\"><p>Lời <b>chính</b>.</p></div></article>",
        );
        assert_eq!(article(&whole, 0).as_deref(), Some("<p>Lời <b>chính</b>.</p>"));
        let page = page(
            "<article><h1>Tiêu đề</h1><p>Một &lt; hai.</p><nav>Lối<nav>x</nav>đi</nav><form>Bình luận</form></article>",
        );
        assert_eq!(article(&page, 0).as_deref(), Some("<p>Một &lt; hai.</p>"));
        assert_eq!(article(data, 0).as_deref(), Some("Lời trong dữ liệu."));
        assert_eq!(article("<main><p>Chỉ có thế.</p></main>", 0).as_deref(), Some("<p>Chỉ có thế.</p>"));
        assert_eq!(article("<div><p>Không có gì.</p></div>", 0), None);
        assert_eq!(article("<article><p>Ngắn.</p></article>", 50), None, "a teaser is no article");
    }

    #[test]
    fn what_is_never_closed_and_what_is_no_text_does_not_come_along() {
        let page =
            "<article><script>var x = '<p>không</p>';</script><style>p{}</style><p>Lời.<svg><text>hình</text></svg>";
        assert_eq!(article(page, 0).as_deref(), Some("<p>Lời."));
        assert_eq!(article("<article><aside>mãi mãi <p>Lời.", 0), None);
        let img = "<article><p>Lời.<img src=\"a.png\" alt='\"x\"'></p></article>";
        assert_eq!(article(img, 0).as_deref(), Some("<p>Lời.<img src=\"a.png\" alt=\"&quot;x&quot;\"></p>"));
    }
}
