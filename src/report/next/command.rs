//! A command line as it can be pasted into a shell.

use std::path::Path;

use crate::experiment::plan::Plan;

/// Columns by which the lines after the first of a command are indented further.
const FURTHER: usize = 4;

/// A command: its first words, and its options, each with its value.
pub(super) struct Command {
    words: Vec<String>,
}

impl Command {
    /// `sim sweep FILE`, with what the command line set.
    pub fn new(name: &str, plan: &Plan) -> Self {
        Self::without(name, plan, |_| false)
    }

    /// The same without what the command line set at some paths.
    pub fn without(name: &str, plan: &Plan, is_left_out: impl Fn(&str) -> bool) -> Self {
        let origin = plan.origin();
        let command = Self { words: vec![format!("sim {name} {}", quoted(&origin.file.display().to_string()))] };
        let kept = origin.set.iter().filter(|(path, _)| !is_left_out(path));
        kept.fold(command, |command, (path, value)| command.with("--set", &format!("{path}={value}")))
    }

    /// The same with an option and its value. Of what is set twice the last one counts, and only it is written.
    pub fn with(mut self, option: &str, value: &str) -> Self {
        if let Some(path) = value.split_once('=').map(|(path, _)| path).filter(|_| option == "--set") {
            let sets = |word: &String, quote: &str| word.starts_with(&format!("--set {quote}{path}="));
            self.words.retain(|word| !sets(word, "") && !sets(word, "'"));
        }
        self.words.push(format!("{option} {}", quoted(value)));
        self
    }

    /// The same with an option without a value.
    pub fn flag(mut self, option: &str) -> Self {
        self.words.push(option.into());
        self
    }

    /// On one line after `lead`, or on as many as it takes at this width: all but the last end with a backslash, so that
    /// they can be pasted as they are.
    pub fn lines(&self, lead: &str, width: Option<usize>) -> String {
        let mut text = lead.to_owned();
        let mut used = lead.chars().count();
        let indent = used + FURTHER;
        for (index, word) in self.words.iter().enumerate() {
            let wide = word.chars().count();
            // The last line needs no room for a backslash.
            let room = if index + 1 == self.words.len() { 0 } else { 2 };
            if index > 0 && width.is_some_and(|width| used + 1 + wide + room > width) {
                text.push_str(" \\\n");
                text.extend(std::iter::repeat_n(' ', indent));
                used = indent;
            } else if index > 0 {
                text.push(' ');
                used += 1;
            }
            text.push_str(word);
            used += wide;
        }
        text + "\n"
    }
}

/// The command that measures a point of an experiment on the real system, of which only the reader knows the address.
pub fn measure_command(
    file: &Path,
    (variant, at): (Option<&str>, &[(String, String)]),
    repetitions: u32,
    width: Option<usize>,
) -> String {
    let command = Command { words: vec![format!("sim measure {}", quoted(&file.display().to_string()))] };
    let command = variant.into_iter().fold(command, |command, name| command.with("--variant", name));
    let command = at.iter().fold(command, |command, (name, value)| command.with("--at", &format!("{name}={value}")));
    command.with("--replications", &repetitions.to_string()).with("--target", "URL").lines(super::LEAD, width)
}

/// Options that say how a command answers or where, and not what it asks: each with its value, or without one.
const WITH_VALUE: [&str; 8] = ["--output", "-o", "--report", "--threads", "--format", "--table", "--files", "--shard"];
const ALONE: [&str; 7] = ["--quiet", "-q", "--open", "--svg", "--dark", "--no-charts", "--fresh"];

/// A command as it was given, without the options that do not change what it finds.
pub fn as_given(arguments: impl IntoIterator<Item = String>) -> String {
    let mut words = vec!["sim".to_owned()];
    let mut arguments = arguments.into_iter();
    while let Some(word) = arguments.next() {
        let option = word.split_once('=').map_or(word.as_str(), |(option, _)| option);
        if WITH_VALUE.contains(&option) {
            if option == word {
                arguments.next();
            }
        } else if !ALONE.contains(&word.as_str()) {
            words.push(quoted(&word));
        }
    }
    words.join(" ")
}

/// A word that a POSIX shell takes as it is: in single quotes where it has to be (Shell Command Language, section 2.2).
fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "_@%+=:,./-".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, as_given, quoted};

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("models/mm1.toml"), "models/mm1.toml");
        assert_eq!(quoted("p95_s<=2"), "'p95_s<=2'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn what_is_set_twice_is_written_once() {
        let command = Command { words: vec!["sim knee a.toml".into()] };
        let command = command.with("--set", "load.profile=[1, 2]").with("--set", "load.rate=5/s");
        let command = command.with("--set", "load.profile=[3]");
        assert_eq!(command.lines("", None), "sim knee a.toml --set load.rate=5/s --set 'load.profile=[3]'\n");
    }

    #[test]
    fn a_command_is_repeated_without_what_does_not_matter() {
        let given = ["knee", "a b.toml", "--output", "/tmp/x", "--objective", "p95_s<=2", "-q", "--format=json"];
        assert_eq!(as_given(given.map(String::from)), "sim knee 'a b.toml' --objective 'p95_s<=2'");
    }

    #[test]
    fn long_commands_are_continued() {
        let command = Command { words: vec!["sim knee a.toml".into(), "--from 1".into(), "--to 20".into()] };
        assert_eq!(command.lines("next  ", None), "next  sim knee a.toml --from 1 --to 20\n");
        assert_eq!(command.lines("next  ", Some(32)), "next  sim knee a.toml --from 1 \\\n          --to 20\n");
        assert_eq!(command.lines("next  ", Some(38)), "next  sim knee a.toml --from 1 --to 20\n");
    }
}
