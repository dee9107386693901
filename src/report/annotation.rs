//! Mistakes and verdicts as workflow commands, which GitHub Actions shows beside the lines of a pull request.
//!
//! The form is that of GitHub's "Workflow commands" (`::error file=…,line=…,col=…,title=…::message`). As the toolkit of the
//! runner does, `%` and line breaks are escaped in messages, and `:` and `,` as well in properties.

use super::verdicts::{claim, evidence};
use super::whole::Report;
use crate::experiment::analyse::verdict::Verdict;
use crate::language::{Mistake, Mistakes, visible_lines};

/// How grave it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// The job should fail.
    Error,
    /// It may be wrong.
    Warning,
}

/// An annotation for each hypothesis that fails or is undecided, at the line on which it is written.
pub fn annotations(report: &Report) -> String {
    let file = report.plan.inputs().first().map(|file| file.display().to_string()).unwrap_or_default();
    let mut text = String::new();
    for (judgement, hypothesis) in report.judgements.iter().zip(&report.plan.hypotheses) {
        let (level, verdict) = match judgement.verdict {
            Verdict::Holds => continue,
            Verdict::Fails => (AnnotationLevel::Error, "fails"),
            Verdict::Undecided => (AnnotationLevel::Warning, "is undecided"),
        };
        let place = hypothesis.line.map(|line| (file.as_str(), line, None));
        let message = format!("{}: {}", claim(judgement), evidence(judgement));
        text += &command(level, place, &format!("hypothesis {verdict}"), &message);
    }
    text
}

/// An annotation for each mistake, at its place.
pub fn mistake_annotations(mistakes: &Mistakes) -> String {
    mistakes.0.iter().map(|mistake| mistake_annotation(mistake, AnnotationLevel::Error)).collect()
}

/// The annotation of one mistake, or of a warning about the input.
pub fn mistake_annotation(mistake: &Mistake, level: AnnotationLevel) -> String {
    let place = mistake.location().map(|(file, line, column)| (file, line, Some(column)));
    let mut message = mistake.title.clone();
    for line in mistake.notes.iter().chain(&mistake.helps) {
        message += &format!("\n{line}");
    }
    let title = match level {
        AnnotationLevel::Error => "mistake",
        AnnotationLevel::Warning => "warning",
    };
    command(level, place, title, &message)
}

fn command(level: AnnotationLevel, place: Option<(&str, usize, Option<usize>)>, title: &str, message: &str) -> String {
    let name = match level {
        AnnotationLevel::Error => "error",
        AnnotationLevel::Warning => "warning",
    };
    let mut properties = String::new();
    if let Some((file, line, column)) = place {
        properties += &format!("file={},line={line},", escaped_property(file));
        if let Some(column) = column {
            properties += &format!("col={column},");
        }
    }
    let title = escaped_property(&format!("sim: {title}"));
    format!("::{name} {properties}title={title}::{}\n", escaped(message))
}

/// A text in which nothing ends the command; control characters are shown as symbols.
fn escaped(text: &str) -> String {
    visible_lines(text).replace('%', "%25").replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{AnnotationLevel, command};

    #[test]
    fn nothing_in_a_text_ends_the_command() {
        assert_eq!(
            command(AnnotationLevel::Error, Some(("a,b:c.toml", 3, Some(7))), "mistake", "50 % of a::b\nand more"),
            "::error file=a%2Cb%3Ac.toml,line=3,col=7,title=sim%3A mistake::50 %25 of a::b%0Aand more\n"
        );
        assert_eq!(command(AnnotationLevel::Warning, None, "warning", "so"), "::warning title=sim%3A warning::so\n");
    }
}
