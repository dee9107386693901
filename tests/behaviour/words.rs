//! `docs/STYLE.md` over everything that users read: documents, help texts, messages.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use sim::cli::Arguments;

/// Words that no text has; plain words say the same.
const WORDS: [&str; 10] =
    ["anybody", "dear", "dearer", "hinges", "knock", "nobody", "stood", "surely", "whoever", "whose"];

/// The same for phrases.
const PHRASES: [&str; 16] = [
    "any of them, none",
    "for ever",
    "gives way",
    "go on where",
    "goes on",
    "is told",
    "is to be a",
    "leads nowhere",
    "let pass",
    "may stay",
    "nobody waits",
    "not told from",
    "put aside",
    "so many in",
    "time going on",
    "told from",
];

/// Whether a text has a word or phrase as a whole: `for ever` is not in `for every`.
fn has(text: &str, words: &str) -> bool {
    let is_letter = |sign: char| sign.is_alphanumeric() || "-_".contains(sign);
    text.match_indices(words)
        .any(|(at, _)| !text[..at].ends_with(is_letter) && !text[at + words.len()..].starts_with(is_letter))
}

/// The first word or phrase that a text should not have, whatever its case and its line breaks.
fn found(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    PHRASES.iter().chain(&WORDS).find(|words| has(&text, words)).copied()
}

/// All files in a folder and its folders with this extension.
fn files(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, extension, out);
        } else if path.extension().is_some_and(|it| it == extension) {
            out.push(path);
        }
    }
}

#[test]
fn documents_and_messages_are_plain_english() {
    let mut all = vec![PathBuf::from("README.md"), PathBuf::from("CHANGELOG.md")];
    files(Path::new("docs"), "md", &mut all);
    files(Path::new("tests/mistakes"), "txt", &mut all);
    files(Path::new("tests/whatifs"), "txt", &mut all);
    assert!(all.len() > 200, "{}", all.len());
    // The style guide names what to avoid.
    all.retain(|path| path != Path::new("docs/STYLE.md"));
    let faults = all.iter().filter_map(|path| {
        let text = fs::read_to_string(path).expect("a text");
        found(&text).map(|words| format!("{}: {words}\n", path.display()))
    });
    let faults: String = faults.collect();
    assert!(faults.is_empty(), "{faults}docs/STYLE.md says what to write");
}

#[test]
fn help_texts_are_plain_english() {
    fn check(mut command: Command, faults: &mut Vec<String>) {
        let help = command.render_long_help().to_string();
        faults.extend(found(&help).map(|words| format!("{}: {words}", command.get_name())));
        for sub in command.get_subcommands() {
            check(sub.clone(), faults);
        }
    }
    let mut faults = Vec::new();
    check(Arguments::command(), &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
}

/// Messages that no golden shows are string literals, which comments and tests are not.
#[test]
fn literals_are_plain_english() {
    let mut all = Vec::new();
    files(Path::new("src"), "rs", &mut all);
    files(Path::new("core/src"), "rs", &mut all);
    let mut faults = Vec::new();
    for path in
        all.iter().filter(|path| !path.ends_with("tests.rs") && !path.components().any(|it| it.as_os_str() == "tests"))
    {
        let text = fs::read_to_string(path).expect("a source");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        // A backslash continues a literal on the next line.
        let code = lines.map(|line| line.trim_end_matches('\\')).collect::<Vec<_>>().join("\n");
        let phrase = PHRASES.iter().find(|phrase| has(&code, phrase));
        faults.extend(phrase.map(|phrase| format!("{}: {phrase}", path.display())));
    }
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn avoided_words_are_found() {
    assert_eq!(found("It works for\n  nobody."), Some("nobody"));
    assert_eq!(found("the path `a` leads\nnowhere"), Some("leads nowhere"));
    assert_eq!(found("understood, whose_name, load-profile-nobody.toml"), None);
}
