//! Sentences laid out for a terminal.

use crate::language::visible;

/// A paragraph whose first line starts with `lead` and whose others are indented as far, broken at `width` columns;
/// whole where there is no terminal to break it for.
pub fn paragraph(lead: &str, text: &str, width: Option<usize>) -> String {
    hanging(lead, lead.chars().count(), text, width)
}

/// The same with the lines after the first indented by `indent`.
pub fn hanging(lead: &str, indent: usize, text: &str, width: Option<usize>) -> String {
    let first = lead.chars().count();
    let room = |from: usize| width.map_or(usize::MAX, |width| width.saturating_sub(from).max(40));
    let mut out = lead.to_owned();
    let (mut used, mut most) = (0, room(first));
    for word in words(&visible(text)) {
        let wide = word.chars().count();
        if used > 0 && used + 1 + wide > most {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            (used, most) = (0, room(indent));
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(&word);
        used += wide;
    }
    out.push('\n');
    out
}

/// Words, a unit with its number: `100 %` and `1.5 s` are one.
fn words(text: &str) -> Vec<String> {
    let is_unit = |word: &str| {
        let unit = word.trim_end_matches([',', ';', ':', '.', ')']);
        matches!(unit, "%" | "s" | "ms" | "us")
    };
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if is_unit(word) && last.ends_with(|sign: char| sign.is_ascii_digit()) => {
                last.push_str(&format!(" {word}"));
            }
            _ => words.push(word.into()),
        }
    }
    words
}

/// A name as it stands in a sentence: in quotes, or it would be read as part of it.
pub(super) fn quoted(name: &str) -> String {
    format!("“{name}”")
}

/// Names in a sentence: `“a”`, `“a” and “b”`, `“a”, “b” and “c”`.
pub(super) fn list(names: &[&str]) -> String {
    joined(&names.iter().map(|name| quoted(name)).collect::<Vec<_>>(), "and")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn joined(words: &[String], and: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} {and} {last}", others.join(", ")),
    }
}

/// The first three of a longer list of names: `a, b, c and 4 others`.
pub(super) fn first_three(names: &[String]) -> String {
    match names {
        [a, b, c, rest @ ..] if !rest.is_empty() => format!("{a}, {b}, {c} and {}", count(rest.len(), "other")),
        names => joined(names, "and"),
    }
}

/// A number of things: `1 setting`, `2 settings`, `3 tries`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match one.strip_suffix('y') {
        _ if number == 1 => format!("{number} {one}"),
        // No noun here ends with a vowel and `y`.
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{count, first_three, list, paragraph};

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(list(&["a"]), "“a”");
        assert_eq!(list(&["a", "b", "c"]), "“a”, “b” and “c”");
        assert_eq!(list(&["a", "b, c"]), "“a” and “b, c”");
        let names =
            |count: usize| ["a", "b", "c", "d", "e"][..count].iter().map(|&name| name.into()).collect::<Vec<_>>();
        assert_eq!(first_three(&names(3)), "a, b and c");
        assert_eq!(first_three(&names(4)), "a, b, c and 1 other");
        assert_eq!(first_three(&names(5)), "a, b, c and 2 others");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([count(0, "run"), count(1, "run"), count(2, "run")], ["0 runs", "1 run", "2 runs"]);
        assert_eq!([count(1, "try"), count(2, "try")], ["1 try", "2 tries"]);
    }

    #[test]
    fn long_sentences_hang_below_their_lead() {
        let text = "one two three four five six seven eight nine ten eleven";
        assert_eq!(paragraph("- ", text, None), format!("- {text}\n"));
        assert_eq!(paragraph("- ", text, Some(42)), "- one two three four five six seven eight\n  nine ten eleven\n");
        // A unit stays with its number.
        let text = "the 95th percentile of its time is 17.87 s, and 100 % of all succeed";
        assert_eq!(
            paragraph("", text, Some(42)),
            "the 95th percentile of its time is\n17.87 s, and 100 % of all succeed\n"
        );
    }
}
