//! What the user reads: stdout is data, stderr is talk. A reader that has seen enough (`sim sweep ... | head`) is no
//! mistake; a full disk behind stdout is one.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use super::exit::{Exit, ExitFailure};
use crate::language::{Mistake, Mistakes, visible_layout, visible_lines};
use crate::report::{hanging, mistake_annotations, paragraph};

/// Columns beyond which sentences are broken, however wide the terminal is.
const WIDEST: usize = 120;

/// The two streams. Colours are removed where a stream is no terminal or the user wants none (`NO_COLOR`).
#[derive(Debug)]
pub struct Page {
    /// Why stdout could not be written, unless its reader only went away.
    unwritten: Option<io::Error>,
    closed: bool,
}

impl Page {
    /// The streams of this process.
    pub fn terminal() -> Self {
        Self { unwritten: None, closed: false }
    }

    /// Columns for sentences; none where they are not read on a terminal, unless `COLUMNS` says how many there are.
    pub(super) fn width(&self) -> Option<usize> {
        if io::stdout().is_terminal() { columns() } else { asked() }
    }

    /// Prints text for people. Control characters in it become symbols, but for line feeds and our colours.
    pub(super) fn print(&mut self, text: impl Display) {
        self.data(visible_layout(&text.to_string()));
    }

    /// Prints data for programs, as it is.
    pub(super) fn data(&mut self, text: impl Display) {
        if self.closed {
            return;
        }
        let mut stdout = anstream::stdout().lock();
        if let Err(error) = write!(stdout, "{text}").and_then(|()| stdout.flush()) {
            self.closed = true;
            self.unwritten = Some(error).filter(|error| error.kind() != ErrorKind::BrokenPipe);
        }
    }

    /// Prints what the answer is about.
    pub(super) fn heading(&mut self, title: &str) {
        let bold = Style::new().bold();
        self.print(format!("{bold}{}{bold:#}\n", paragraph("", title, self.width()).trim_end()));
    }

    /// Prints a sentence.
    pub(super) fn sentence(&mut self, text: &str) {
        self.print(paragraph("", text, self.width()));
    }

    /// Prints a part of the answer, with an empty line before it; nothing where the part is empty.
    pub(super) fn part(&mut self, text: impl AsRef<str>) {
        if !text.as_ref().is_empty() {
            self.print(format!("\n{}", text.as_ref()));
        }
    }

    /// Says something on stderr.
    pub(super) fn say(&self, text: impl Display) {
        // There is nowhere left to complain.
        let _ = writeln!(anstream::stderr(), "{}", visible_layout(&text.to_string()));
    }

    /// Says that something may be wrong.
    pub(super) fn warn(&self, text: impl Display) {
        let text = broken(&visible_lines(&text.to_string()), "warning: ".len());
        self.say(format!("{} {text}", label("warning:", AnsiColor::Yellow)));
    }

    /// Says that something is wrong.
    pub(super) fn complain(&self, text: impl Display) {
        let text = broken(&visible_lines(&text.to_string()), "error: ".len());
        self.say(format!("{} {text}", label("error:", AnsiColor::Red)));
    }

    /// Says that something is wrong, and shows where.
    pub(super) fn complain_of(&self, mistake: &Mistake) {
        self.say(mistake.render(true).trim_end());
    }

    /// Says something on stderr in a sentence.
    pub(super) fn remark(&self, text: &str) {
        self.say(broken(text, 0));
    }

    /// Writes workflow commands to stderr, which the runner of GitHub Actions reads as well; nothing elsewhere.
    pub(super) fn annotate(&self, commands: impl FnOnce() -> String) {
        if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
            let commands = commands();
            if !commands.is_empty() {
                self.say(commands.trim_end());
            }
        }
    }

    /// Says what is wrong with an input.
    pub(super) fn correct(&self, mistakes: &Mistakes) {
        self.say(mistakes.render(true).trim_end());
        self.annotate(|| mistake_annotations(mistakes));
    }

    /// Says why a command failed, if it did, and gives the code to end with.
    pub fn close(self, done: Result<Exit, ExitFailure>) -> Exit {
        let exit = match done {
            Ok(exit) => exit,
            Err(ExitFailure::Mistakes(mistakes)) => {
                self.correct(&mistakes);
                Exit::Mistake
            }
            Err(failure) => {
                self.complain(failure);
                Exit::Mistake
            }
        };
        match &self.unwritten {
            Some(reason) => {
                self.complain(format!("cannot write to stdout: {reason}"));
                Exit::Mistake
            }
            None => exit,
        }
    }
}

/// Columns of the terminal, as many as sentences have at most.
fn columns() -> Option<usize> {
    comfy_table::Table::new().width().map(|width| usize::from(width).min(WIDEST))
}

/// The columns that the environment asks for (POSIX, XBD 8.3), as many as sentences have at most.
fn asked() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok()?.parse::<usize>().ok()?;
    (columns > 0).then_some(columns.min(WIDEST))
}

/// Each line of a text on stderr, broken at the width of the terminal and then indented by `indent`; the first line has
/// a lead of that width. As it is where stderr is no terminal and the environment asks for no width.
fn broken(text: &str, indent: usize) -> String {
    let width = if io::stderr().is_terminal() { columns() } else { asked() };
    let Some(width) = width else { return text.to_owned() };
    let lead = " ".repeat(indent);
    let line = |(number, line): (usize, &str)| {
        // What is laid out already, such as an excerpt of a file, stays as it is.
        let is_sentence = number == 0 || !line.starts_with(' ');
        let lead = if number == 0 { &lead } else { "" };
        if is_sentence { hanging(lead, indent, line, Some(width)).trim().to_owned() } else { line.to_owned() }
    };
    text.lines().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

fn label(word: &str, color: AnsiColor) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}")
}
