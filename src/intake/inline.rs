//! Pictures that stand in the body: taken out of it and treated like those that are listed, so that every channel shows
//! them, fetched and judged, with their words.

/// A picture found in a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inline {
    pub(super) url: String,
    pub(super) alt: String,
}

/// Safe HTML without its pictures, and the pictures in order. One without an address is nothing to show.
pub(super) fn lift(html: &str) -> (String, Vec<Inline>) {
    let mut kept = String::with_capacity(html.len());
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once("<img") {
        kept.push_str(before);
        let (attributes, after) = attributes(tag);
        let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        if let Some(url) = value("src").filter(|url| !url.is_empty()) {
            found.push(Inline { url, alt: value("alt").unwrap_or_default() });
        }
        rest = after;
    }
    kept.push_str(rest);
    if found.is_empty() { (html.to_owned(), found) } else { (kept.replace("<p></p>", "").trim().to_owned(), found) }
}

/// The attributes of a tag whose name has been read, and what follows the tag. The sanitiser has written them: every
/// value stands between double quotes.
fn attributes(tag: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (found, after);
        }
        let quoted = rest.split_once("=\"").and_then(|(name, value)| Some((name, value.split_once('"')?)));
        let Some((name, (value, after))) = quoted else { return (found, "") };
        found.push((name.to_owned(), plain(value)));
        rest = after;
    }
}

/// An attribute's value without the sanitiser's escapes.
fn plain(value: &str) -> String {
    value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::{Inline, lift};

    #[test]
    fn pictures_leave_the_body_with_their_words() {
        let (html, found) = lift(
            "<p>Một</p>\n<p><img src=\"https://a.vn/x.jpg?a=1&amp;b=2\" alt=\"5 > 3 &amp; &quot;hồ&quot;\"></p>\n<p>Hai<img alt=\"trống\"></p>",
        );
        assert_eq!(html, "<p>Một</p>\n\n<p>Hai</p>");
        let alt = "5 > 3 & \"hồ\"".to_owned();
        assert_eq!(found, [Inline { url: "https://a.vn/x.jpg?a=1&b=2".to_owned(), alt }]);
        assert_eq!(lift("<p>không ảnh</p>"), ("<p>không ảnh</p>".to_owned(), Vec::new()));
        assert_eq!(lift("<img").0, "<img", "a tag that never ends holds no picture");
    }
}
