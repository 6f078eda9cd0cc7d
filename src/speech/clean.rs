//! Takes out of a source article what is not read: page furniture, captions, repeated titles, endings.

/// The article without page furniture; lines keep their order, blank lines are dropped.
#[must_use]
pub fn article(source: &str) -> String {
    let mut kept: Vec<String> = Vec::new();
    for line in source.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() || is_furniture(&line) || is_caption(&line) {
            continue;
        }
        let line = without_ending(&without_photo_notes(&line));
        let repeated = kept.len() < 4 && kept.iter().any(|earlier| same(earlier, &line));
        if !line.is_empty() && !repeated {
            kept.push(line);
        }
    }
    drop_category(&mut kept);
    kept.join("\n")
}

/// The headline to be read: the title, or, where that is only the category of a portal's page (in capitals, with the
/// headline repeated below it), the line that the page repeats.
#[must_use]
pub fn headline<'t>(title: &'t str, body: &'t str) -> &'t str {
    let shouted = !title.chars().any(char::is_lowercase);
    let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty() && !is_furniture(line)).take(4);
    let first = lines.next().unwrap_or_default();
    if shouted && !first.is_empty() && lines.any(|line| same(line, first)) { first } else { title }
}

/// "Ngày đăng 25/04/2023 | 13:30 | Lượt xem: 115" and its kin.
fn is_furniture(line: &str) -> bool {
    const HEADS: [&str; 12] = [
        "ngày đăng",
        "lượt xem",
        "cập nhật lúc",
        "cập nhật ngày",
        "đăng ngày",
        "chia sẻ bài",
        "in bài",
        "gửi bình luận",
        "tin liên quan",
        "các tin khác",
        "tin cùng chuyên mục",
        "bài viết liên quan",
    ];
    let low = line.to_lowercase();
    HEADS.iter().any(|head| low.starts_with(head)) || (low.contains("lượt xem") && low.contains('|'))
}

/// A line that only names a picture: "Ảnh: …", "(Ảnh minh họa)", "Toàn cảnh hội nghị (ảnh)".
fn is_caption(line: &str) -> bool {
    let low = line.to_lowercase();
    let bare = low.trim_matches(|c: char| !c.is_alphanumeric());
    bare.starts_with("ảnh:")
        || bare.starts_with("ảnh minh h")
        || bare.starts_with("nguồn ảnh")
        || bare == "ảnh"
        || bare.starts_with("hình ảnh:")
}

/// "(ảnh)", "(ảnh minh họa)", "(Ảnh: Minh Tâm)" inside a line.
fn without_photo_notes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((head, tail)) = rest.split_once('(') {
        out.push_str(head);
        match tail.split_once(')') {
            Some((inner, after)) if is_photo_note(inner) => {
                rest = after;
                let trimmed = out.trim_end().len();
                out.truncate(trimmed);
            }
            _ => {
                out.push('(');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_photo_note(inner: &str) -> bool {
    let low = inner.trim().to_lowercase();
    ["ảnh", "xem ảnh", "trong ảnh", "hình"].iter().any(|note| low == *note)
        || low.starts_with("ảnh ")
        || low.starts_with("ảnh:")
        || low.starts_with("trong ảnh")
}

/// "./." and "…/." close an article; the line keeps a single stop.
fn without_ending(line: &str) -> String {
    let body = line.trim_end_matches(['.', '/', '…', ' ']);
    if body.len() == line.len() || !line.ends_with("/.") && !line.ends_with("./") {
        return line.trim().to_owned();
    }
    format!("{body}.")
}

/// A first line that is the menu's name twice ("CẢI CÁCH HÀNH CHÍNH CẢI CÁCH HÀNH CHÍNH"), or all capitals above a title.
fn drop_category(lines: &mut Vec<String>) {
    let Some(first) = lines.first() else { return };
    let words: Vec<&str> = first.split(' ').collect();
    let (left, right) = words.split_at(words.len() / 2);
    let doubled = !left.is_empty() && left == right;
    let shouted = !first.chars().any(char::is_lowercase) && words.len() <= 6;
    let titled = lines.get(1).is_some_and(|next| next.chars().any(char::is_lowercase) && !next.ends_with('.'));
    if lines.len() > 2 && (doubled || (shouted && titled)) {
        lines.remove(0);
    }
}

fn same(a: &str, b: &str) -> bool {
    let folded = |s: &str| s.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    folded(a) == folded(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_furniture_goes() {
        let source = "TIN TỨC TIN TỨC\n\nXã họp dân\nNgày đăng 25/04/2023 | 13:30  | Lượt xem: 115\n\nXã họp dân\n\nSáng nay (ảnh), xã họp…/.";
        assert_eq!(article(source), "Xã họp dân\nSáng nay, xã họp.");
    }
}
