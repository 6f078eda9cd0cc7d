//! What Markdown takes for a sign, and how words keep it from doing so.

/// The signs of emphasis, and the tag that means the same.
pub(super) fn sign(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "strong" | "b" => Some(("**", "strong")),
        "em" | "i" | "cite" => Some(("*", "em")),
        "del" | "s" | "strike" => Some(("~~", "del")),
        _ => None,
    }
}

/// Words that are only words: no sign in them means anything.
pub(super) fn escaped(words: &str, opens: bool) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    let mut before = ' ';
    let mut rest = words.chars().peekable();
    let digits = words.chars().take_while(char::is_ascii_digit).count();
    let mut at = 0;
    while let Some(c) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        let means = match c {
            '\\' | '*' | '`' | '[' | ']' | '<' | '~' | '|' => true,
            '&' => after.is_alphanumeric() || after == '#',
            '_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
            '#' | '+' | '-' | '=' | '>' => opens && at == 0,
            '.' | ')' => opens && at == digits && digits > 0 && after == ' ',
            _ => false,
        };
        if means {
            out.push('\\');
        }
        out.push(c);
        before = c;
        at += 1;
    }
    out
}
