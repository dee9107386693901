//! Sentences laid out for a terminal.

/// A paragraph whose first line starts with `lead` and whose others are indented as far, broken at `width` columns;
/// whole where there is no terminal to break it for.
pub(super) fn paragraph(lead: &str, text: &str, width: Option<usize>) -> String {
    let indent = lead.chars().count();
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(40));
    let mut out = lead.to_owned();
    let mut used = 0;
    for word in words(text) {
        let wide = word.chars().count();
        if used > 0 && used + 1 + wide > room {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            used = 0;
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

/// Words, a unit with its number: `100 %` is one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if word.starts_with('%') => last.push_str(&format!(" {word}")),
            _ => words.push(word.into()),
        }
    }
    words
}

/// A name as it stands in a sentence: one with a comma in quotes, or it would fall apart.
pub(super) fn quoted(name: &str) -> String {
    if name.contains(',') { format!("“{name}”") } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::paragraph;

    #[test]
    fn long_sentences_hang_below_their_lead() {
        let text = "one two three four five six seven eight nine ten eleven";
        assert_eq!(paragraph("- ", text, None), format!("- {text}\n"));
        assert_eq!(paragraph("- ", text, Some(42)), "- one two three four five six seven eight\n  nine ten eleven\n");
    }
}
