//! From text to words.

use std::ops::Range;

use super::Fault;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// A name or a keyword.
    Name(String),
    Number(f64),
    /// In milliseconds.
    Duration(i64),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Signs, longer ones before those that they begin with.
const SIGNS: [&str; 22] = [
    "==", "!=", "=~", "!~", ">=", "<=", "=", ">", "<", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[", "]", ",",
];

/// Words of an expression at most.
const MOST: usize = 1000;

/// All words with their places; the last is [`Word::End`].
pub(super) fn words(text: &str) -> Result<Vec<(Word, Range<usize>)>, Fault> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (word, length) = if first.is_ascii_digit() || first == '.' && is_digit(rest, 1) {
            number(rest, at)?
        } else if is_letter(first) {
            let length = rest.find(|it: char| !is_letter(it) && !it.is_ascii_digit()).unwrap_or(rest.len());
            let name = &rest[..length];
            let word = match name.to_ascii_lowercase().as_str() {
                "inf" => Word::Number(f64::INFINITY),
                "nan" => Word::Number(f64::NAN),
                _ => Word::Name(name.into()),
            };
            (word, length)
        } else if matches!(first, '"' | '\'' | '`') {
            quoted(rest, first, at)?
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Word::Sign(sign), sign.len())
        } else if first == '@' {
            return Err(Fault::unsupported(at..at + 1, "the `@` modifier"));
        } else {
            let span = at..at + first.len_utf8();
            return Err(Fault::wrong(span, format!("`{first}` does not belong to PromQL"), "unexpected character"));
        };
        words.push((word, at..at + length));
        at += length;
    }
    if words.len() > MOST {
        let title = format!("the expression has more than {MOST} words");
        return Err(Fault::wrong(words[MOST].1.clone(), title, "too long"));
    }
    words.push((Word::End, text.len()..text.len()));
    Ok(words)
}

fn is_letter(it: char) -> bool {
    it.is_ascii_alphabetic() || it == '_' || it == ':'
}

fn is_digit(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
}

/// A number, or a duration such as `1h30m`.
fn number(rest: &str, at: usize) -> Result<(Word, usize), Fault> {
    let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '.' && it != '_').unwrap_or(rest.len());
    // An exponent may have a sign.
    let mut length = end;
    let is_plain = rest[..end].bytes().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b'e' | b'E'));
    if is_plain && rest[..end].ends_with(['e', 'E']) && rest[end..].starts_with(['+', '-']) && is_digit(rest, end + 1) {
        let digits = rest[end + 1..].find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len() - end - 1);
        length = end + 1 + digits;
    }
    let text = &rest[..length];
    if let Some(milliseconds) = duration(text) {
        return Ok((Word::Duration(milliseconds), length));
    }
    let hexadecimal = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let number = match hexadecimal {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| number as f64),
        None => text.parse::<f64>().ok(),
    };
    let number = number.ok_or_else(|| {
        Fault::wrong(at..at + length, format!("`{text}` is neither a number nor a duration"), "cannot be read")
            .help("durations are like 5m, 30s, 1h30m")
    })?;
    Ok((Word::Number(number), length))
}

/// Milliseconds of a duration such as `1h30m`: units from years to milliseconds, each at most once and in this order.
pub(super) fn duration(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 7] = [
        ("y", 31_536_000_000),
        ("w", 604_800_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let (mut rest, mut sum, mut next) = (text, 0i64, 0);
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit()).filter(|&digits| digits > 0)?;
        let count: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|it: char| it.is_ascii_digit()).unwrap_or(rest.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters]).filter(|&unit| unit >= next)?;
        next = unit + 1;
        sum = sum.checked_add(count.checked_mul(UNITS[unit].1)?)?;
        rest = &rest[letters..];
    }
    (next > 0).then_some(sum)
}

/// A text in quotes; in back quotes nothing is escaped.
fn quoted(rest: &str, quote: char, at: usize) -> Result<(Word, usize), Fault> {
    let mut text = String::new();
    let mut escaped = false;
    for (index, it) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
            text.push(match it {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' | '"' | '\'' => it,
                _ => {
                    let span = at + index - 1..at + index + it.len_utf8();
                    return Err(Fault::wrong(span, format!("`\\{it}` is no escape"), "unknown escape")
                        .help("write a backslash as \\\\"));
                }
            });
        } else if it == '\\' && quote != '`' {
            escaped = true;
        } else if it == quote {
            return Ok((Word::Text(text), index + quote.len_utf8()));
        } else {
            text.push(it);
        }
    }
    Err(Fault::wrong(at..at + rest.len(), "a text has no closing quote", "begins here"))
}
