//! The words of a line of an access log: apart by spaces, together in quotes or brackets.

/// The words, without their quotes or brackets.
pub(super) fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' => quoted(&rest[1..]),
            '[' => rest[1..].split_once(']').unwrap_or((&rest[1..], "")),
            _ => {
                let mut is_quoted = false;
                let end = rest.find(|sign: char| {
                    is_quoted ^= sign == '"';
                    sign == ' ' && !is_quoted
                });
                rest.split_at(end.unwrap_or(rest.len()))
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

/// What stands before the quote that ends it, and after; a backslash takes the meaning from a quote.
fn quoted(text: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = text.find(|sign: char| {
        let ends = sign == '"' && !is_escaped;
        is_escaped = sign == '\\' && !is_escaped;
        ends
    });
    match end {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    }
}

/// The method and the path of `GET /buy?id=1 HTTP/1.1`, without the query.
pub(super) fn class(request: &str) -> String {
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    format!("{method} {}", target.split(['?', '#']).next().unwrap_or("")).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_brackets_hold_words_together() {
        assert_eq!(words(r#"a [b c] "d \" e" rt="1 2" f"#), ["a", "b c", r#"d \" e"#, r#"rt="1 2""#, "f"]);
        assert_eq!(words("\"open"), ["open"]);
        assert!(words("  ").is_empty());
        assert_eq!(class("GET /buy?id=1 HTTP/1.1"), "GET /buy");
        assert_eq!(class("-"), "-");
    }
}
