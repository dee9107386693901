//! The first screen: the question, the answer in two sentences, one chart.

use maud::{Markup, html};

use super::Step;
use crate::experiment::analyse::finding::{self, Finding};
use crate::experiment::plan::Direction;
use crate::report::answer::{in_short, verdict};
use crate::report::whole::Report;
use crate::report::{figures, objectives, verdicts};

/// The first screen. `before` is what must be done before the next command can be used.
pub(super) fn answer(report: &Report, next: Option<&Step>, before: Option<&str>, chart: Option<Markup>) -> Markup {
    let farthest = farthest(report);
    let second = farthest.and_then(|finding| finding.lines.first().cloned());
    let short = in_short(report);
    let sentences: Vec<String> = verdict(report).into_iter().chain(short).chain(second).collect();
    html! {
        section #answer {
            div .words {
                h1 { (report.plan.title) }
                p .answer { @for sentence in &sentences { (ended(sentence)) " " } }
                @if let Some(why) = why(report, farthest) { p { b { "Why " } (ended(&why)) } }
                @if let Some((Some(command), why)) = next {
                    p { b { "Next " } code { (command) } " " (why) @if let Some(before) = before { ". " (before) } }
                }
                @if report.judgements.len() > 1 { p { a href="#hypotheses" { (verdicts::count(report)) } } }
                p .soft {
                    (report.effort()) ", 95 % intervals, seed " (report.plan.seed) "; objectives: " (objectives(report))
                }
            }
            @if let Some(chart) = chart { (chart) }
        }
    }
}

/// What is said of the variant that reaches farthest, or of the only point; none where points are compared without an axis.
fn farthest<'a>(report: &'a Report) -> Option<&'a Finding> {
    if !figures::has_curves(report.plan) {
        return report.findings.first().filter(|_| report.findings.len() == 1);
    }
    let is_capacity = report.plan.axes.first().is_some_and(|axis| axis.direction() == Direction::Capacity);
    let reach = |finding: &Finding| match (&finding.turn, is_capacity) {
        (None, _) => f64::INFINITY,
        (Some(turn), false) => turn.from.unwrap_or(f64::NEG_INFINITY),
        (Some(turn), true) => turn.from.map_or(f64::NEG_INFINITY, |from| -from),
    };
    let mut farthest = report.findings.first()?;
    for finding in &report.findings {
        if reach(finding) > reach(farthest) {
            farthest = finding;
        }
    }
    Some(farthest)
}

/// Why that variant stops being safe, where it does: what its finding says of the first point that is not.
fn why(report: &Report, finding: Option<&Finding>) -> Option<String> {
    let known = finding?.points.iter().filter_map(|&point| report.summary(point));
    let mut known = known.filter(|summary| report.state(summary.point).is_some_and(|state| !state.is_safe()));
    let why = finding::why(known.next()?);
    finding?.lines.contains(&why).then_some(why)
}

/// A sentence with its full stop, each unit on the line of its number.
pub(super) fn ended(sentence: &str) -> String {
    let stop = if sentence.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{}{stop}", joined(sentence))
}

/// A text in which no line ends between a number and its unit.
pub(super) fn joined(text: &str) -> String {
    ["%", "s", "ms", "us", "min"].iter().fold(text.to_owned(), |text, unit| {
        let spaced = format!(" {unit}");
        let mut words = text.split(&spaced);
        let mut out = words.next().unwrap_or_default().to_owned();
        for word in words {
            let is_unit = out.ends_with(|sign: char| sign.is_ascii_digit()) && !word.starts_with(char::is_alphanumeric);
            out.push_str(if is_unit { "\u{a0}" } else { " " });
            out.push_str(unit);
            out.push_str(word);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::ended;

    #[test]
    fn a_unit_stays_on_the_line_of_its_number() {
        assert_eq!(ended("p95 19.4 s, 100 % of 5 safe runs"), "p95 19.4\u{a0}s, 100\u{a0}% of 5 safe runs.");
        assert_eq!(ended("at 1 s"), "at 1\u{a0}s.");
    }
}
