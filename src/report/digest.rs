//! Several experiments on one page, in Markdown: what each change is worth, and what became of each claim.

use super::answer;
use super::effects::{defect, sentence};
use super::lower;
use super::paragraph::paragraph;
use super::verdicts;
use super::whole::Report;
use crate::experiment::analyse::effect::{Observation, Worth};
use crate::experiment::analyse::verdict::{Judgement, Verdict};
use crate::language::visible;

/// The page. `files` are the experiments' paths as they were given, one for each report. On a terminal of `width` columns
/// it is as wide as that, and has a list in place of the table, in which no line can be broken.
pub fn digest(files: &[String], reports: &[Report], width: Option<usize>) -> String {
    let trials: usize = reports.iter().map(|report| report.tally.done).sum();
    let about = format!(
        "Written by `sim digest` from {}, {}; the same files give the same page. A\n\
         change helps or harms when the whole 95 % interval of the difference lies on one side of zero and is larger than\n\
         the smallest difference that matters. Both variants meet the same requests. Points are percentage points.\n",
        counted(reports.len(), "experiment", "experiments"),
        counted(trials, "simulated test", "simulated tests"),
    );
    // A line feed of a text is shown as a symbol.
    let about = if width.is_some() { paragraph("", &about.replace('\n', " "), width) } else { about };
    let mut text = format!("# What each change is worth\n\n{about}");
    let effects = || reports.iter().flat_map(|report| report.effects.iter().map(move |effect| (report, effect)));
    if effects().next().is_some() {
        text.push('\n');
    }
    if width.is_some() {
        for (report, effect) in effects() {
            let (name, worth) = (escaped(&report.plan.name), effect.worth.word());
            let line = format!("**{worth}** ({name}): {}", escaped(&sentence(report, effect)));
            text.push_str(&paragraph("- ", &line, width));
        }
    } else if effects().next().is_some() {
        text.push_str("| experiment | change | | instead of | by |\n|---|---|---|---|---|\n");
        effects().for_each(|(report, effect)| text.push_str(&row(report, effect)));
    }
    text.push_str(&count(reports, width));
    for (file, report) in files.iter().zip(reports) {
        text.push_str(&section(file, report, width));
    }
    text
}

/// An effect in the table.
fn row(report: &Report, effect: &Observation) -> String {
    let place = if effect.place.is_empty() { String::new() } else { format!(" at {}", effect.place) };
    let defect = defect(report, effect).map_or_else(String::new, |defect| format!("; **{defect}**"));
    format!(
        "| [{}](#{}) | {} | **{}**: {}{}{defect} | {} | {} |\n",
        escaped(&report.plan.name),
        anchor(&report.plan.name),
        escaped(&effect.change),
        effect.worth.word(),
        escaped(&effect.with()),
        escaped(&place),
        effect.without(),
        effect.difference(),
    )
}

/// How many changes help, and how many beliefs hold; empty where there are neither.
fn count(reports: &[Report], width: Option<usize>) -> String {
    let counts: Vec<String> = counts(reports).iter().map(|count| format!("{count}.")).collect();
    if counts.is_empty() { String::new() } else { format!("\n{}", paragraph("", &counts.join(" "), width)) }
}

/// The same in a sentence of the changes and one of the claims, where there are any.
pub(super) fn counts(reports: &[Report]) -> Vec<String> {
    let effects =
        |worth: Worth| reports.iter().flat_map(|report| &report.effects).filter(|it| it.worth == worth).count();
    let claims = |fate: Fate| {
        let all = reports.iter().flat_map(|report| &report.judgements);
        all.filter(|judgement| Fate::of(judgement) == fate).count()
    };
    let changes: usize = reports.iter().map(|report| report.effects.len()).sum();
    let all_claims: usize = reports.iter().map(|report| report.judgements.len()).sum();
    let of_changes = format!(
        "{}: {}, {}, {} and {}",
        counted(changes, "change", "changes"),
        counted(effects(Worth::Helps), "helps", "help"),
        counted(effects(Worth::Nothing), "does nothing", "do nothing"),
        counted(effects(Worth::Harms), "harms", "harm"),
        counted(effects(Worth::Undecided), "is undecided", "are undecided"),
    );
    let of_claims = format!(
        "{}: {}, {} and {}",
        counted(all_claims, "claim", "claims"),
        counted(claims(Fate::Held), "holds", "hold"),
        counted(claims(Fate::Refuted), "is refuted", "are refuted"),
        counted(claims(Fate::Open), "is open", "are open"),
    );
    let of_changes = (changes > 0).then_some(of_changes);
    of_changes.into_iter().chain((all_claims > 0).then_some(of_claims)).collect()
}

/// A number with the word that agrees with it.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn section(file: &str, report: &Report, width: Option<usize>) -> String {
    let (name, title) = (escaped(&report.plan.name), escaped(&report.plan.title));
    let file = visible(file).replace('`', "'");
    let title = paragraph("", &format!("{title} (`{file}`)"), width);
    let mut text = format!("\n## {name}\n\n{title}\n");
    if let Some(answer) = answer::of_variants(report) {
        text.push_str(&format!("{}\n", paragraph("", &format!("In short: {}", escaped(&answer)), width)));
    }
    if let Some(remark) = lower::remark(report) {
        text.push_str(&format!("{}\n", paragraph("", &escaped(&remark), width)));
    }
    for judgement in &report.judgements {
        let (claim, evidence) = (escaped(&judgement.claim), escaped(&verdicts::evidence(judgement)));
        text.push_str(&paragraph("- ", &format!("**{}**: “{claim}”: {evidence}", Fate::of(judgement).word()), width));
    }
    text
}

/// What became of a claim, whatever its author expected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Held,
    Refuted,
    Open,
}

impl Fate {
    fn of(judgement: &Judgement) -> Self {
        match (judgement.verdict, judgement.refuted) {
            (Verdict::Undecided, _) => Self::Open,
            (Verdict::Holds, false) | (Verdict::Fails, true) => Self::Held,
            (Verdict::Holds, true) | (Verdict::Fails, false) => Self::Refuted,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Held => "true",
            Self::Refuted => "not true",
            Self::Open => "undecided",
        }
    }
}

/// Text that is shown as it was written: nothing in it is HTML, a link, code or the end of a cell. Backslashes do that
/// (CommonMark 0.31, section 2.4; of the bar in a table cell GitHub Flavored Markdown, section 4.10).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in visible(text).chars() {
        if matches!(sign, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '~') {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

/// The anchor that GitHub gives a heading: small letters, hyphens for spaces, no other punctuation.
fn anchor(heading: &str) -> String {
    let kept = |sign: char| match sign {
        ' ' => Some('-'),
        sign if sign.is_alphanumeric() || matches!(sign, '-' | '_') => Some(sign),
        _ => None,
    };
    heading.chars().filter_map(kept).flat_map(char::to_lowercase).collect()
}
