//! Text that others wrote, safe to show: a control character would move the cursor, colour the screen or break a line.

use std::borrow::Cow;

/// Digits in a row beyond which a number is written with an exponent.
const MOST_DIGITS: usize = 21;

/// The text with a symbol for each control character: `␛` for an escape, `␊` for a line feed (Unicode's control
/// pictures, U+2400), `�` for those that have none and for the marks that reverse the direction of writing (Unicode
/// Technical Report 36, section 2.2).
pub fn visible(text: &str) -> Cow<'_, str> {
    shown(text, is_hidden)
}

/// The same of a text that may have several lines.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    shown(text, |sign| sign != '\n' && is_hidden(sign))
}

/// The same of a text that was laid out and coloured by us: line feeds and colours (SGR sequences of ECMA-48) stay.
pub fn visible_layout(text: &str) -> Cow<'_, str> {
    if !text.contains(|sign| sign != '\n' && is_hidden(sign)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        out.push_str(&visible_lines(&rest[..at]));
        let colour = colour(&rest[at..]).unwrap_or(0);
        out.push_str(&rest[at..at + colour]);
        let end = if colour > 0 { colour } else { 1 };
        if colour == 0 {
            out.push(symbol('\x1b'));
        }
        rest = &rest[at + end..];
    }
    out.push_str(&visible_lines(rest));
    Cow::Owned(out)
}

/// The length of the colour that a text begins with.
fn colour(text: &str) -> Option<usize> {
    let body = text.strip_prefix("\x1b[")?;
    let end = body.find(|sign: char| !(sign.is_ascii_digit() || sign == ';'))?;
    body[end..].starts_with('m').then_some(2 + end + 1)
}

fn shown(text: &str, is_hidden: impl Fn(char) -> bool + Copy) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|sign| if is_hidden(sign) { symbol(sign) } else { sign }).collect())
}

fn is_hidden(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}')
        || matches!(sign, '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn symbol(sign: char) -> char {
    match sign {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(sign)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '␡',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// The text with its very long numbers in scientific notation: 1e308 instead of 309 digits.
pub fn brief(text: &str) -> Cow<'_, str> {
    let is_long = |bytes: &[u8]| bytes.len() > MOST_DIGITS;
    if !text.as_bytes().split(|byte| !byte.is_ascii_digit()).any(is_long) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let whole = rest.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(rest.len());
        let fraction = rest[whole..]
            .strip_prefix('.')
            .map_or(0, |digits| 1 + digits.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(digits.len()));
        let end = if fraction > 1 { whole + fraction } else { whole };
        match rest[..end].parse::<f64>() {
            Ok(number) if whole > MOST_DIGITS || end - whole > MOST_DIGITS => out.push_str(&format!("{number:e}")),
            _ => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_symbols() {
        assert_eq!(visible("plain, ä, 日本, 👩‍🔬"), "plain, ä, 日本, 👩‍🔬");
        assert_eq!(visible("a\u{1b}[2J\r\n\t\0\u{7f}b"), "a␛[2J␍␊␉␀␡b");
        assert_eq!(visible("\u{9b}31m \u{202e}x\u{2066}"), "�31m �x�");
        assert_eq!(visible_lines("a\nb\r"), "a\nb␍");
    }

    #[test]
    fn our_colours_stay_and_nothing_else_moves_the_cursor() {
        assert_eq!(visible_layout("\u{1b}[1mtitle\u{1b}[0m\n"), "\u{1b}[1mtitle\u{1b}[0m\n");
        assert_eq!(visible_layout("\u{1b}[1;31mx\u{1b}[2J\u{1b}]0;t\u{7}\n"), "\u{1b}[1;31mx␛[2J␛]0;t␇\n");
        assert_eq!(visible_layout("\u{1b}"), "␛");
        assert_eq!(visible_layout("\u{1b}[12"), "␛[12");
    }

    #[test]
    fn long_numbers_have_an_exponent() {
        let long = f64::MAX.to_string();
        assert_eq!(brief(&format!("`cv` is {long}.")), "`cv` is 1.7976931348623157e308.");
        assert_eq!(brief(&format!("\"{}.0s\"", 1e30)), "\"1e30s\"");
        assert_eq!(brief(&5e-300.to_string()), "5e-300");
        assert_eq!(brief("123456789012345678901 and 1.5"), "123456789012345678901 and 1.5");
    }
}
