//! Verdicts in words: whether each hypothesis holds, and on what evidence.

use anstyle::{AnsiColor, Style};

use super::paragraph::paragraph;
use super::recovery;
use super::whole::Report;
use crate::experiment::analyse::verdict::{Judgement, Verdict};

/// All verdicts and how many there are of each; empty without hypotheses. Colours are written as ANSI sequences, for
/// the printer to remove where they are not wanted.
pub fn verdicts(report: &Report, width: Option<usize>) -> String {
    let mut text = String::new();
    for judgement in &report.judgements {
        let (word, style) = word(judgement);
        let lead = format!("{word:<9}  ");
        let line = paragraph(&lead, &claim(judgement), width);
        let rest = line.strip_prefix(word).unwrap_or(&line);
        text.push_str(&format!("{style}{word}{style:#}{rest}"));
        text.push_str(&paragraph("           ", &evidence(judgement), width));
    }
    if report.judgements.iter().any(|judgement| recovery::is_about(&judgement.evidence)) {
        text.push('\n');
        text.push_str(&paragraph("", &recovery::definition(report), width));
    }
    if report.judgements.len() > 1 {
        text.push_str(&format!("\n{}\n", count(report)));
    }
    text
}

/// `8 hypotheses: 4 hold, 4 refuted as expected, 0 fail, 0 undecided`.
pub(super) fn count(report: &Report) -> String {
    let count = |wanted: &dyn Fn(&Judgement) -> bool| report.judgements.iter().filter(|it| wanted(it)).count();
    let of = |verdict| count(&|judgement| judgement.verdict == verdict);
    let refuted = count(&|judgement| judgement.verdict == Verdict::Holds && judgement.refuted);
    let as_expected = if refuted > 0 { format!(", {refuted} refuted as expected") } else { String::new() };
    let (held, failed) = (of(Verdict::Holds) - refuted, of(Verdict::Fails));
    let agreeing = |count: usize, verb: &str| format!("{count} {verb}{}", if count == 1 { "s" } else { "" });
    format!(
        "{} hypotheses: {}{as_expected}, {}, {} undecided",
        report.judgements.len(),
        agreeing(held, "hold"),
        agreeing(failed, "fail"),
        of(Verdict::Undecided)
    )
}

/// What became of a claim, in a word and its colour.
pub(super) fn word(judgement: &Judgement) -> (&'static str, Style) {
    let bold = |color: AnsiColor| Style::new().bold().fg_color(Some(color.into()));
    match judgement.verdict {
        Verdict::Holds if judgement.refuted => ("refuted", bold(AnsiColor::Green)),
        Verdict::Holds => ("holds", bold(AnsiColor::Green)),
        Verdict::Fails => ("fails", bold(AnsiColor::Red)),
        Verdict::Undecided => ("undecided", bold(AnsiColor::Yellow)),
    }
}

/// The claim; for a belief that the experiment tries to refute, whether it was refuted.
pub(super) fn claim(judgement: &Judgement) -> String {
    let claim = &judgement.claim;
    match (judgement.refuted, judgement.verdict) {
        (false, _) => claim.clone(),
        (true, Verdict::Holds) => format!("as expected: “{claim}”"),
        (true, Verdict::Fails) => format!("expected to be refuted, and it is true: “{claim}”"),
        (true, Verdict::Undecided) => format!("expected to be refuted: “{claim}”"),
    }
}

pub(super) fn evidence(judgement: &Judgement) -> String {
    match judgement.replications_needed {
        Some(1_000_000..) => format!("{}; too close to the bound for any number of replications", judgement.evidence),
        Some(needed) => format!("{}; about --replications {needed} would decide", judgement.evidence),
        None => judgement.evidence.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(verdict: Verdict, refuted: bool, replications_needed: Option<u64>) -> Judgement {
        Judgement {
            claim: "it holds".into(),
            refuted,
            verdict,
            evidence: "seen".into(),
            answers: None,
            replications_needed,
        }
    }

    #[test]
    fn a_refuted_belief_is_said_to_be_one() {
        assert_eq!(claim(&judgement(Verdict::Holds, false, None)), "it holds");
        assert!(claim(&judgement(Verdict::Holds, true, None)).starts_with("as expected: "));
        assert!(claim(&judgement(Verdict::Fails, true, None)).starts_with("expected to be refuted, and it is true"));
    }

    #[test]
    fn the_remedy_of_doubt_is_named() {
        assert_eq!(
            evidence(&judgement(Verdict::Undecided, false, Some(40))),
            "seen; about --replications 40 would decide"
        );
        assert!(evidence(&judgement(Verdict::Undecided, false, Some(1_000_000_000))).contains("too close"));
    }
}
