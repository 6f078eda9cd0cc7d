//! A copy as it stands on the site, and what a person has changed in it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::page::shorten;
use crate::article::sha256_hex;
use crate::text;
use crate::text::Text;

/// The fields that are asked for.
pub(super) const FIELDS: (&str, &str) =
    ("_fields", "id,slug,status,link,modified_gmt,title.raw,content.raw,excerpt.raw,categories,tags,featured_media");

/// Characters of a changed line that a note shows.
const SHOWN: usize = 90;

/// A post, as one who may edit it sees it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Copy {
    pub(super) id: u64,
    pub(super) slug: String,
    pub(super) status: String,
    pub(super) link: String,
    #[serde(default)]
    pub(super) modified_gmt: String,
    pub(super) title: Raw,
    pub(super) content: Raw,
    pub(super) excerpt: Raw,
    #[serde(default)]
    pub(super) categories: Vec<u64>,
    #[serde(default)]
    pub(super) tags: Vec<u64>,
    #[serde(default)]
    pub(super) featured_media: u64,
}

/// Text as it was typed. An anonymous caller is not given it, so an answer without it is none.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Raw {
    pub(super) raw: String,
}

impl Copy {
    pub(super) fn read(value: Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }

    pub(super) fn in_trash(&self) -> bool {
        self.status == "trash"
    }

    /// Whether readers may find it, now or by itself later.
    pub(super) fn is_out(&self) -> bool {
        matches!(self.status.as_str(), "publish" | "future" | "private" | "pending")
    }

    /// The mark that loa left in it: names the article, and the print of the words that were written with it.
    fn mark(&self) -> Option<&str> {
        self.content.raw.split_once("<!-- loa:")?.1.split_once(" -->").map(|(mark, _)| mark)
    }

    /// Whether these are words that loa wrote after `before`, whatever revision: a lost answer leaves such behind.
    pub(super) fn is_written_since(&self, before: &Print) -> bool {
        let own = words_print(&self.title.raw, &self.excerpt.raw, &self.content.raw);
        self.mark().is_some_and(|mark| mark != before.mark && mark.ends_with(&own))
    }

    /// Whether `words`, which loa hides in what it writes, stand in it.
    pub(super) fn carries(&self, words: &str) -> bool {
        self.content.raw.contains(words)
    }
}

/// Fingerprint of a copy after loa wrote it, detailed enough to show later which lines a person has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Print {
    title: String,
    excerpt: String,
    status: String,
    lines: Vec<String>,
    #[serde(default)]
    mark: String,
    /// Terms at that moment, so that those which a person adds later can be kept.
    #[serde(default)]
    categories: Vec<u64>,
    #[serde(default)]
    tags: Vec<u64>,
}

impl Print {
    pub(super) fn of(copy: &Copy) -> Self {
        Self {
            title: short(&copy.title.raw),
            excerpt: short(&copy.excerpt.raw),
            status: copy.status.clone(),
            lines: lines(&copy.content.raw).map(short).collect(),
            mark: copy.mark().unwrap_or_default().to_owned(),
            categories: copy.categories.clone(),
            tags: copy.tags.clone(),
        }
    }

    /// The words of `copy`, with the terms of before: those which a person has added stay known as theirs.
    pub(super) fn words_of(&self, copy: &Copy) -> Self {
        Self { categories: self.categories.clone(), tags: self.tags.clone(), ..Self::of(copy) }
    }

    /// Of a copy that is not there any more.
    pub(super) fn gone() -> Self {
        Self { status: "gone".to_owned(), ..Self::default() }
    }

    pub(super) fn read(seen: Option<&str>) -> Option<Self> {
        serde_json::from_str(seen?).ok()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether a reader would see the same.
    pub(super) fn same_words(&self, other: &Self) -> bool {
        let words =
            |print: &Self| (print.title.clone(), print.excerpt.clone(), print.status.clone(), print.lines.clone());
        words(self) == words(other)
    }

    /// Categories and tags that were put on `copy` since.
    pub(super) fn added_terms(&self, copy: &Copy) -> (Vec<u64>, Vec<u64>) {
        let added = |now: &[u64], then: &[u64]| now.iter().filter(|id| !then.contains(id)).copied().collect();
        (added(&copy.categories, &self.categories), added(&copy.tags, &self.tags))
    }

    /// What a person has changed in `copy` since, in a few lines.
    pub(super) fn difference(&self, copy: &Copy) -> Text {
        let now = Self::of(copy);
        let mut found = Vec::new();
        if now.status != self.status {
            let status = copy.status.as_str();
            found.push(text!("trạng thái nay là {status}", "its status is now {status}"));
        }
        if now.title != self.title {
            let title = shorten(&copy.title.raw, SHOWN);
            found.push(text!("tiêu đề nay là “{title}”", "its title is now “{title}”"));
        }
        if now.excerpt != self.excerpt {
            let excerpt = shorten(&copy.excerpt.raw, SHOWN);
            found.push(text!("tóm tắt nay là “{excerpt}”", "its summary is now “{excerpt}”"));
        }
        let new: Vec<&str> = lines(&copy.content.raw).filter(|line| !self.lines.contains(&short(line))).collect();
        if let Some(first) = new.first() {
            let (line, more) = (shorten(&plain(first), SHOWN), new.len() - 1);
            found.push(match more {
                0 => text!("dòng mới: “{line}”", "a new line: “{line}”"),
                _ => text!("dòng mới: “{line}” và {more} dòng khác", "new lines: “{line}” and {more} more"),
            });
        }
        let lost = self.lines.iter().filter(|line| !now.lines.contains(line)).count();
        if lost > 0 {
            found.push(text!("{lost} dòng của loa đã bị bỏ hoặc sửa", "{lost} of loa's lines are removed or changed"));
        }
        if found.is_empty() {
            found.push(text!("thứ tự các dòng đã đổi", "the order of its lines has changed"));
        }
        let join = |pick: fn(&Text) -> &str| found.iter().map(pick).collect::<Vec<_>>().join("; ");
        let (vi, en) = (join(|text| &text.vi), join(|text| &text.en));
        text!("bài trên trang đã được sửa tay: {vi}", "a person has edited the copy on the site: {en}")
    }
}

/// A print of what people read. Attributes and white space, which the site may change by itself, do not count.
pub(super) fn words_print(title: &str, excerpt: &str, content: &str) -> String {
    let read = |html: &str| {
        let text = plain(html).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        text.split_whitespace().collect::<String>()
    };
    let hash = sha256_hex([read(title), read(excerpt), read(content)].join("\n").as_bytes());
    hash.get(..16).unwrap_or(&hash).to_owned()
}

fn lines(content: &str) -> impl Iterator<Item = &str> {
    content.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Enough of a hash to tell lines of one article apart.
fn short(words: &str) -> String {
    let hash = sha256_hex(words.as_bytes());
    hash.get(..8).unwrap_or(&hash).to_owned()
}

/// A line without its tags.
fn plain(html: &str) -> String {
    let mut inside = false;
    let text = html.chars().filter(|c| {
        let was = inside;
        inside = match c {
            '<' => true,
            '>' => false,
            _ => inside,
        };
        !was && *c != '<'
    });
    text.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(title: &str, content: &str) -> Result<Copy, serde_json::Error> {
        serde_json::from_value(serde_json::json!({
            "id": 1, "slug": "a", "status": "publish", "link": "https://x/a", "title": {"raw": title},
            "content": {"raw": content}, "excerpt": {"raw": ""}, "categories": [1, 2],
        }))
    }

    #[test]
    fn a_note_shows_what_a_person_has_changed_and_no_more() -> Result<(), serde_json::Error> {
        let before = Print::of(&copy("Lịch tiếp dân", "<p>Thứ năm.</p>\n<p>7 giờ 30.</p>")?);
        assert_eq!(Print::read(Some(&before.write())), Some(before.clone()));
        let after = copy("Lịch tiếp dân tháng 12", "<p>Thứ năm.</p>\n<p>8 <b>giờ</b>.</p>")?;
        assert!(!before.same_words(&Print::of(&after)));
        assert_eq!(
            before.difference(&after).en,
            "a person has edited the copy on the site: its title is now “Lịch tiếp dân tháng 12”; a new line: \
             “8 giờ.”; 1 of loa's lines are removed or changed"
        );
        Ok(())
    }

    #[test]
    fn what_an_anonymous_caller_is_given_is_no_copy() {
        let rendered = serde_json::json!({"id": 1, "slug": "a", "status": "publish", "link": "https://x/a",
            "title": {"rendered": "a"}, "content": {"rendered": "a"}, "excerpt": {"rendered": "a"}});
        assert!(Copy::read(rendered).is_none());
    }

    #[test]
    fn terms_that_a_person_added_are_told_apart() -> Result<(), serde_json::Error> {
        let before = Print::of(&copy("a", "b")?);
        let now = Copy { categories: vec![1, 9], ..copy("a", "b")? };
        assert_eq!(before.added_terms(&now), (vec![9], vec![]));
        Ok(())
    }

    #[test]
    fn words_prove_that_nobody_has_touched_them() -> Result<(), serde_json::Error> {
        let print = words_print("A &amp; B", "", "<p><a href=\"x\">Một</a> hai.</p>");
        let at = |words: &str| format!("<p><a rel=\"noopener\" href=\"x\">Một</a> {words}<!-- loa:1 {print} --></p>");
        let before = Print::default();
        let written = copy("A & B", &at("hai."))?;
        assert!(written.is_written_since(&before));
        assert!(!written.is_written_since(&Print::of(&written)), "the answer was not lost: every change counts");
        assert!(!copy("A & B", &at("ba."))?.is_written_since(&before));
        assert!(!copy("A & C", &at("hai."))?.is_written_since(&before));
        assert!(!copy("A & B", "hai.")?.is_written_since(&before));
        Ok(())
    }
}
