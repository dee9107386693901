//! What happened to replicas and breakers, put together over the replications and over the processes of a service.

use super::number::seconds;
use crate::experiment::analyse::summary::{HistorySummary, Summary};
use crate::parts::MarkKind;

/// Marks of one kind that follow each other within this share of the run are one line.
const TOGETHER: f64 = 1.0 / 40.0;
/// Lines of the list that is printed.
const MOST: usize = 16;

/// Something that happened in at least half of the replications, at about the same time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Happening {
    /// What.
    pub what: MarkKind,
    /// To what: a replica, or the breakers of a service.
    pub place: String,
    /// The first and the last time, in seconds, of all replications and processes.
    pub at_s: (f64, f64),
    /// Marks that it stands for.
    pub marks: usize,
    /// Replications in which it happened.
    pub runs: usize,
}

impl Happening {
    /// `shop replica 1 restarts`.
    pub fn words(&self) -> String {
        let what = match self.what {
            MarkKind::ScaledUp | MarkKind::ScaledDown => return self.place.replacen(" from ", " goes from ", 1),
            MarkKind::Down => "goes down",
            MarkKind::Restart => "restarts",
            MarkKind::OutOfMemory => "is killed for want of memory",
            MarkKind::Up => "is up",
            MarkKind::Unready => "is not ready",
            MarkKind::Ready => "is ready",
            MarkKind::DeployBegins => "begins",
            MarkKind::DeployEnds => "is complete",
            MarkKind::Open => "opens",
            MarkKind::HalfOpen => "is half-open",
            MarkKind::Closed => "closes",
        };
        format!("{} {what}", self.place)
    }
}

/// Seconds at which something happens, and in which replications.
type Occurrences = Vec<(f64, u64)>;

/// What happened, in the order of the times, in this number of replications, which end at this second.
pub(super) fn happenings(history: &HistorySummary, replications: usize, end_s: f64) -> Vec<Happening> {
    let mut groups: Vec<((MarkKind, &str), Occurrences)> = Vec::new();
    for (replication, mark) in &history.marks {
        // Breakers of one name in several processes.
        let place = mark.place.split(", ").next().unwrap_or(&mark.place);
        let (key, at) = ((mark.what, place), (mark.at.seconds(), *replication));
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, times)) => times.push(at),
            None => groups.push((key, vec![at])),
        }
    }
    let mut all = Vec::new();
    for ((what, place), mut times) in groups {
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        for near in times.chunk_by(|a, b| b.0 - a.0 <= end_s * TOGETHER) {
            let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
            let mut runs: Vec<u64> = near.iter().map(|&(_, replication)| replication).collect();
            runs.sort_unstable();
            runs.dedup();
            if 2 * runs.len() >= replications {
                let (place, at_s) = (place.to_owned(), (first.0, last.0));
                all.push(Happening { what, place, at_s, marks: near.len(), runs: runs.len() });
            }
        }
    }
    all.sort_by(|a, b| a.at_s.0.total_cmp(&b.at_s.0));
    all
}

/// The list of what happened to replicas and breakers, for a point of which that was recorded.
pub fn happened(summary: &Summary) -> String {
    let Some((timeline, history)) = summary.timeline.as_ref().and_then(|it| Some((it, it.history.as_ref()?))) else {
        return String::new();
    };
    let end = timeline.moments.last().map_or(0.0, |last| last.to_s);
    let all = happenings(history, summary.replications, end);
    if all.is_empty() {
        return String::new();
    }
    let line = |it: &Happening| {
        let (from, to) = it.at_s;
        let when = if from == to { seconds(from) } else { format!("{}–{}", seconds(from), seconds(to)) };
        let runs = match (it.runs, summary.replications) {
            (_, 1) => String::new(),
            (runs, all) if runs == all => String::new(),
            (runs, all) => format!(" (in {runs} of {all} runs)"),
        };
        format!("  {when:<16} {}{runs}\n", it.words())
    };
    let more = match all.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("  and {more} more\n"),
    };
    let lines: String = all.iter().take(MOST).map(line).collect();
    format!("what happened to replicas and breakers\n{lines}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;
    use crate::parts::Mark;

    fn history(marks: &[(u64, f64, MarkKind, &str)]) -> HistorySummary {
        let mark = |&(replication, at, what, place): &(u64, f64, MarkKind, &str)| {
            (replication, Mark { at: Time::from_seconds(at), what, place: place.into() })
        };
        HistorySummary { failures: vec![], levels: vec![], marks: marks.iter().map(mark).collect(), more_marks: 0 }
    }

    /// Breakers of two processes in three runs open at about the same time; a restart in one run of three is no rule.
    #[test]
    fn marks_at_about_the_same_time_are_one() {
        use MarkKind::{Open, Restart};
        let marks = history(&[
            (0, 12.0, Open, "shop breaker pay, replica 0"),
            (0, 13.0, Open, "shop breaker pay, replica 1"),
            (1, 12.5, Open, "shop breaker pay, replica 0"),
            (2, 14.0, Open, "shop breaker pay, replica 1"),
            (1, 30.0, Restart, "shop replica 1"),
            (0, 70.0, Open, "shop breaker pay, replica 0"),
            (2, 71.0, Open, "shop breaker pay, replica 0"),
        ]);
        let told = |replications: usize| {
            let all = happenings(&marks, replications, 100.0);
            all.iter().map(|it| (it.words(), it.at_s, it.marks, it.runs)).collect::<Vec<_>>()
        };
        let opens = "shop breaker pay opens".to_owned();
        assert_eq!(told(3), [(opens.clone(), (12.0, 14.0), 4, 3), (opens, (70.0, 71.0), 2, 2)]);
        assert_eq!(told(2)[1].0, "shop replica 1 restarts");
    }
}
