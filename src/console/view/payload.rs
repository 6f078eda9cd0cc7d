//! A piece of a payload as a page of its own.

use minijinja::HtmlEscape;

use crate::console::PartBody;

const HEAD: &str = "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
                    content=\"width=device-width\"><style>body{font:1rem/1.5 system-ui,sans-serif;margin:1rem;\
                    color:#1c1b1a;background:#fff;white-space:pre-wrap;overflow-wrap:break-word}\
                    .code{font-family:ui-monospace,monospace;font-size:.875rem}</style></head>";

/// Words as HTML, each doubt of the speech check marked.
pub(super) fn doubts_marked(words: &str) -> String {
    HtmlEscape(words).to_string().replace("[?]", "<mark>[?]</mark>")
}

/// What stands in the frame of a piece; `None` for single values, which need none.
pub(in crate::console) fn frame(body: &PartBody) -> Option<String> {
    match body {
        PartBody::Page(html) => Some(html.clone()),
        PartBody::Plain(words) => Some(format!("{HEAD}<body>{}</body></html>", doubts_marked(words))),
        PartBody::Technical(words) => Some(format!("{HEAD}<body class=\"code\">{}</body></html>", HtmlEscape(words))),
        PartBody::Values(_) => None,
    }
}
