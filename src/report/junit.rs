//! Verdicts as JUnit XML, so that a CI system shows each hypothesis as a test.
//!
//! JUnit's own schema is that of Ant's `junitreport` task; Jenkins, GitLab and most others read the elements `testsuite`,
//! `testcase`, `failure` and `error` of it. A hypothesis that fails is a `failure`; one that is undecided, and a trial
//! that gave no figures, is an `error`: in either case nothing is known. There are no times, so that the same trials give
//! the same bytes.

use anstream::adapter::strip_str;
use maud::{Markup, PreEscaped, html};

use super::findings::findings;
use super::verdicts::{claim, evidence};
use super::whole::Report;
use crate::experiment::analyse::verdict::{Judgement, Verdict};
use crate::language::visible_lines;

/// The whole document.
pub fn junit(report: &Report) -> String {
    let (name, title) = (&report.plan.name, visible_lines(&report.plan.title));
    let judgements = &report.judgements;
    let count = |verdict: Verdict| judgements.iter().filter(|judgement| judgement.verdict == verdict).count();
    let trials = trials(report, name);
    let tests = judgements.len() + 1;
    let (failures, errors) = (count(Verdict::Fails), count(Verdict::Undecided) + usize::from(trials.is_some()));
    let findings = findings(report, None);
    let markup = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name=(title) tests=(tests) failures=(failures) errors=(errors) {
            (PreEscaped("\n"))
            testsuite name=(name) tests=(tests) failures=(failures) errors=(errors) {
                (PreEscaped("\n"))
                @for judgement in judgements { (case(judgement, name)) (PreEscaped("\n")) }
                testcase name="every trial gives figures and obeys its laws" classname=(name) {
                    @if let Some(trials) = trials { (trials) }
                }
                (PreEscaped("\n"))
                system-out { (visible_lines(&strip_str(&findings).to_string())) }
                (PreEscaped("\n"))
            }
            (PreEscaped("\n"))
        }
        (PreEscaped("\n"))
    };
    markup.into_string()
}

/// A hypothesis.
fn case(judgement: &Judgement, suite: &str) -> Markup {
    let (claim, evidence) = (claim(judgement), evidence(judgement));
    let evidence = visible_lines(&evidence);
    html! {
        testcase name=(visible_lines(&claim)) classname=(suite) {
            @match judgement.verdict {
                Verdict::Holds => system-out { (evidence) },
                Verdict::Fails => failure type="fails" message=(evidence) {},
                Verdict::Undecided => error type="undecided" message=(evidence) {},
            }
        }
    }
}

/// What is wrong with the trials themselves; none where nothing is.
fn trials(report: &Report, name: &str) -> Option<Markup> {
    if !report.is_doubtful() && !report.is_partial() {
        return None;
    }
    let tally = &report.tally;
    let contradicted = report.checks.iter().filter(|check| !check.holds()).count();
    let message = format!(
        "{} of {} trials of {name} gave figures; {} failed, {} violate laws, {contradicted} figures contradict theory",
        tally.done, tally.planned, tally.failures, tally.violations
    );
    Some(html! { error type="trials" message=(message) {} })
}
