//! A skeleton of a model: settings with where each comes from, and what is not known, as TOML in the language of models.
//!
//! What is imported fills a [`Sketch`] section by section. Each value has an [`Origin`], which becomes its entry of
//! `[provenance]`; what the source does not say is a comment that begins with `gap:`, beside a value that is assumed, where
//! the language needs one.

mod steps;

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

pub(super) use steps::{Branch, Step, Timing};

/// Columns of a comment.
const WIDTH: usize = 118;

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// Measured: where and how.
    Measured(String),
    /// Documented: by whom.
    Documented(String),
    /// Assumed: why, and the plausible range as TOML.
    Assumed(String, Option<[String; 2]>),
}

impl Origin {
    /// It is measured.
    pub fn measured(reason: impl Into<String>) -> Self {
        Self::Measured(reason.into())
    }

    /// A file says so.
    pub fn documented(reason: impl Into<String>) -> Self {
        Self::Documented(reason.into())
    }

    /// It is a guess, and lies within these values, which are texts such as "10ms".
    pub fn assumed(reason: impl Into<String>, low: &str, high: &str) -> Self {
        Self::Assumed(reason.into(), Some([quoted(low), quoted(high)]))
    }

    /// It is a guess between two numbers.
    pub fn assumed_number(reason: impl Into<String>, low: u64, high: u64) -> Self {
        Self::Assumed(reason.into(), Some([low.to_string(), high.to_string()]))
    }

    /// It is a guess.
    pub fn guess(reason: impl Into<String>) -> Self {
        Self::Assumed(reason.into(), None)
    }

    fn toml(&self) -> String {
        match self {
            Self::Measured(reason) => format!("{{ measured = {} }}", quoted(reason)),
            Self::Documented(reason) => format!("{{ documented = {} }}", quoted(reason)),
            Self::Assumed(reason, None) => format!("{{ assumed = {} }}", quoted(reason)),
            Self::Assumed(reason, Some([low, high])) => {
                format!("{{ assumed = {}, range = [{low}, {high}] }}", quoted(reason))
            }
        }
    }
}

/// A line of a section.
#[derive(Clone, Debug)]
enum Line {
    Comment(String),
    Value { key: String, toml: String, origin: Option<Origin> },
    Steps(Vec<Step>),
}

/// A table of the model.
#[derive(Clone, Debug)]
pub(super) struct Section {
    path: String,
    lines: Vec<Line>,
}

impl Section {
    /// The table with this path, such as `services.web`.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), lines: Vec::new() }
    }

    /// Adds a value, as TOML.
    pub fn set(&mut self, key: &str, toml: impl Into<String>, origin: Origin) {
        self.lines.push(Line::Value { key: key.into(), toml: toml.into(), origin: Some(origin) });
    }

    /// Adds a text.
    pub fn text(&mut self, key: &str, text: &str, origin: Origin) {
        self.set(key, quoted(text), origin);
    }

    /// Adds a value that needs no provenance, as TOML: a name, a kind.
    pub fn plain(&mut self, key: &str, toml: impl Into<String>) {
        self.lines.push(Line::Value { key: key.into(), toml: toml.into(), origin: None });
    }

    /// Adds what is not known, and what to do about it.
    pub fn gap(&mut self, text: impl AsRef<str>) {
        self.lines.push(Line::Comment(format!("gap: {}", text.as_ref())));
    }

    /// Adds a comment.
    pub fn comment(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Comment(text.into()));
    }

    /// Adds the steps of an endpoint.
    pub fn steps(&mut self, steps: Vec<Step>) {
        self.lines.push(Line::Steps(steps));
    }

    /// Whether a key has this text.
    pub fn is(&self, key: &str, text: &str) -> bool {
        let is_it =
            |line: &Line| matches!(line, Line::Value { key: known, toml, .. } if known == key && *toml == quoted(text));
        self.lines.iter().any(is_it)
    }

    /// Whether it has this key.
    pub fn has(&self, key: &str) -> bool {
        self.lines.iter().any(|line| matches!(line, Line::Value { key: known, .. } if known == key))
    }
}

/// A skeleton of a model.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    /// What the system is, in a sentence.
    pub(super) title: String,
    /// Comments at the top: what it was made from.
    pub(super) head: Vec<String>,
    /// The tables, in their order.
    pub(super) sections: Vec<Section>,
    /// What was left out, for people.
    pub remarks: Vec<String>,
}

impl Sketch {
    /// The model as TOML.
    pub fn toml(&self) -> String {
        let mut text = String::new();
        for line in &self.head {
            comment(&mut text, line);
        }
        let _ = writeln!(text, "\ntitle = {}", quoted(&self.title));
        let mut origins = Vec::new();
        for section in &self.sections {
            let _ = writeln!(text, "\n[{}]", section.path);
            for line in &section.lines {
                match line {
                    Line::Comment(words) => comment(&mut text, words),
                    Line::Value { key, toml, origin } => {
                        let _ = writeln!(text, "{key} = {toml}");
                        origins.extend(origin.clone().map(|origin| (format!("{}.{key}", section.path), origin)));
                    }
                    Line::Steps(all) => {
                        text.push_str("steps = ");
                        steps::write(&mut text, all, &format!("{}.steps", section.path), 0, &mut origins);
                        text.push('\n');
                    }
                }
            }
        }
        text.push_str("\n[provenance]\n");
        for (path, origin) in origins {
            let _ = writeln!(text, "{} = {}", quoted(&path), origin.toml());
        }
        text
    }

    /// What is assumed: the number of gaps.
    pub fn gaps(&self) -> usize {
        let lines = self.sections.iter().flat_map(|section| &section.lines);
        lines.filter(|line| matches!(line, Line::Comment(text) if text.starts_with("gap: "))).count()
    }
}

/// Writes a comment, broken into lines.
fn comment(text: &mut String, words: &str) {
    let mut column = usize::MAX;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if column.saturating_add(length + 1) > WIDTH {
            text.push_str(if column == usize::MAX { "#" } else { "\n#" });
            column = 1;
        }
        text.push(' ');
        text.extend(word.chars().map(|sign| if sign.is_control() { '\u{fffd}' } else { sign }));
        column += length + 1;
    }
    text.push('\n');
}

/// A text as a basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.replace(['\n', '\r', '\t'], " ")).to_string()
}

/// Names for services, endpoints, pools and queues, which paths can have without quotes: letters, digits, `-` and `_`.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// The name of each text.
    known: HashMap<String, String>,
    taken: HashSet<String>,
    /// The number that was last added to a name.
    last: HashMap<String, u64>,
}

impl Names {
    /// The name for what is called this elsewhere; the same for the same text, another for another one.
    pub fn name(&mut self, written: &str) -> String {
        if let Some(name) = self.known.get(written) {
            return name.clone();
        }
        let name = self.another(written);
        self.known.insert(written.into(), name.clone());
        name
    }

    /// A name that was not given before, for what is called this elsewhere.
    pub fn another(&mut self, written: &str) -> String {
        let plain = plain(written);
        let mut name = plain.clone();
        let last = self.last.entry(plain.clone()).or_insert(1);
        while !self.taken.insert(name.clone()) {
            *last += 1;
            name = format!("{plain}-{last}");
        }
        name
    }
}

/// A text in letters of ASCII, digits, `-` and `_`, at most 60 of them.
pub(super) fn plain(written: &str) -> String {
    let mut name = String::new();
    for sign in written.trim().chars() {
        match sign {
            'a'..='z' | '0'..='9' | '_' => name.push(sign),
            'A'..='Z' => name.push(sign.to_ascii_lowercase()),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
        if name.len() >= 60 {
            break;
        }
    }
    let name = name.trim_matches('-');
    if name.is_empty() { "unnamed".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_apart() {
        let mut names = Names::default();
        for (written, name) in [
            ("POST /orders/{id}", "post-orders-id"),
            ("post /orders/id", "post-orders-id-2"),
            ("POST /orders/{id}", "post-orders-id"),
            ("shop.Orders/Get", "shop-orders-get"),
            ("/", "unnamed"),
            ("Ärger", "rger"),
        ] {
            assert_eq!(names.name(written), name, "{written}");
        }
    }

    /// None of these has a letter of ASCII. With a search through all names this takes hours.
    #[test]
    fn many_names_that_are_alike_take_little_time() {
        let mut names = Names::default();
        for number in 1..=20_000_u32 {
            let written: String =
                number.to_string().chars().map(|digit| char::from_u32(digit as u32 + 0x4e00).unwrap()).collect();
            let name = names.name(&written);
            assert_eq!(name, if number == 1 { "unnamed".into() } else { format!("unnamed-{number}") });
        }
    }

    #[test]
    fn comments_are_broken_and_cannot_end_early() {
        let mut text = String::new();
        comment(&mut text, &format!("{} a\nb = 1 \u{7}", "word ".repeat(40)));
        assert!(text.lines().all(|line| line.starts_with("# ") && line.chars().count() <= WIDTH), "{text}");
        assert!(!text.contains('\u{7}'));
        comment(&mut text, "");
        assert_eq!(quoted("a \"b\"\nc"), r#"'a "b" c'"#);
    }
}
