//! The answer to the question of an experiment, in a sentence that stands before everything else.
//!
//! It says what the verdicts say and nothing more. A yes or a no comes only from the hypothesis that the experiment marks
//! with `answers`. Without one, the sentence is what the changes of `[[effects]]` are worth; without these, what becomes of
//! the variants, as the title of the first chart says it.

use std::collections::HashSet;

use super::paragraph::{paragraph, quoted};
use super::whole::Report;
use super::{effects, figures};
use crate::experiment::analyse::effect::Worth;
use crate::experiment::analyse::verdict::{Judgement, Verdict};
use crate::language::{Answer, visible};

/// What stands before a yes or a no, and before a sentence that is neither.
const ANSWER: &str = "answer    ";
const IN_SHORT: &str = "in short  ";

/// The line for the terminal; empty where nothing can be said, or figures contradict a law.
pub fn answer(report: &Report, width: Option<usize>) -> String {
    let lead = if marked(report).is_some() { ANSWER } else { IN_SHORT };
    sentence(report).map_or_else(String::new, |sentence| paragraph(lead, &sentence, width))
}

/// The sentence; none where nothing can be said, or figures contradict a law.
pub(super) fn sentence(report: &Report) -> Option<String> {
    verdict(report).or_else(|| in_short(report))
}

/// What the changes are worth, or what becomes of the variants; none where figures are missing or contradict a law.
pub(super) fn in_short(report: &Report) -> Option<String> {
    if report.effects.is_empty() {
        return of_variants(report);
    }
    can_answer(report).then(|| worth(report))
}

/// What becomes of the variants; none where figures are missing or contradict a law.
pub(super) fn of_variants(report: &Report) -> Option<String> {
    figures::answer(report).filter(|_| can_answer(report))
}

/// The yes or no; none where no hypothesis gives one, and where figures are missing or contradict a law.
pub(super) fn verdict(report: &Report) -> Option<String> {
    marked(report).filter(|_| can_answer(report)).map(|(judgement, yes)| decided(judgement, yes))
}

fn can_answer(report: &Report) -> bool {
    !report.is_doubtful() && !report.summaries.is_empty()
}

/// The hypothesis that answers the question, and what its claim answers if it is true.
fn marked<'a>(report: &'a Report) -> Option<(&'a Judgement, Answer)> {
    report.judgements.iter().find_map(|judgement| Some((judgement, judgement.answers?)))
}

/// `Yes: the claim`, `No: “the claim” is refuted`.
fn decided(judgement: &Judgement, if_true: Answer) -> String {
    let claim = visible(&judgement.claim);
    let word = |answer: Answer| match answer {
        Answer::Yes => "Yes",
        Answer::No => "No",
    };
    match judgement.of_claim() {
        Verdict::Holds => format!("{}: {claim}", word(if_true)),
        Verdict::Fails => format!("{}: {} is refuted", word(if_true.other()), quoted(&claim)),
        Verdict::Undecided => format!("Not decided: {claim}"),
    }
}

/// `202 and a queue: helps (success rate), harms (mean response time); a limit of 150: helps (success rate), damaged in 1 of
/// 5 runs`.
fn worth(report: &Report) -> String {
    let effects = &report.effects;
    let mut changes: Vec<&str> = Vec::new();
    for effect in effects {
        if !changes.contains(&effect.change.as_str()) {
            changes.push(&effect.change);
        }
    }
    let words = |change: &&str| {
        let of = |worth: Worth| {
            let of = effects.iter().filter(|effect| effect.change == **change && effect.worth == worth);
            let mut names: Vec<&str> = of.map(|effect| effect.metric.words()).collect();
            let mut known = HashSet::new();
            names.retain(|name| known.insert(*name));
            (!names.is_empty()).then(|| format!("{} ({})", worth.word(), names.join(", ")))
        };
        let all = [Worth::Helps, Worth::Harms, Worth::Nothing, Worth::Undecided].map(of);
        let mut of_change = effects.iter().filter(|effect| effect.change == **change);
        let defect = of_change.find_map(|effect| effects::defect(report, effect));
        format!("{}: {}", visible(change), all.into_iter().flatten().chain(defect).collect::<Vec<_>>().join(", "))
    };
    changes.iter().map(words).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::decided;
    use crate::experiment::analyse::verdict::{Judgement, Verdict};
    use crate::language::Answer;

    #[test]
    fn a_claim_answers_with_what_became_of_it() {
        let judged = |verdict, refuted, answers| {
            let (claim, evidence) = ("it is faster".into(), String::new());
            let it = Judgement { claim, refuted, verdict, evidence, answers: None, replications_needed: None };
            decided(&it, answers)
        };
        let (yes, no) = (Answer::Yes, Answer::No);
        assert_eq!(judged(Verdict::Holds, false, yes), "Yes: it is faster");
        assert_eq!(judged(Verdict::Fails, false, yes), "No: “it is faster” is refuted");
        assert_eq!(judged(Verdict::Holds, true, yes), "No: “it is faster” is refuted");
        assert_eq!(judged(Verdict::Fails, true, yes), "Yes: it is faster");
        assert_eq!(judged(Verdict::Holds, false, no), "No: it is faster");
        assert_eq!(judged(Verdict::Fails, false, no), "Yes: “it is faster” is refuted");
        assert_eq!(judged(Verdict::Undecided, true, no), "Not decided: it is faster");
    }
}
