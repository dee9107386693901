//! The state of a point in words: its condition, its figures, what limits it and why.

use super::curve::Curve;
use crate::experiment::analyse::condition::{Condition, PointState};
use crate::experiment::analyse::culprit::{Culprit, deadlocks};
use crate::experiment::analyse::summary::{Overrun, Summary, in_groups};
use crate::experiment::analyse::words::{self, percent};
use crate::experiment::plan::percentile;
use crate::language::Metric;
use crate::model::RateUnit;
use crate::parts::{Deadlock, Overdue, Reaction, ReactionKind};
use crate::statistics::rare::can_hide;

/// What runs without a loss leave possible: `there 0 of 5 runs lost capacity; up to 45 % of runs could (95 % confidence)`.
pub(super) fn hidden(state: &PointState) -> String {
    let share = share(can_hide(state.of));
    format!("there 0 of {} runs lost capacity; up to {share} of runs could (95 % confidence)", state.of)
}

/// A share of runs: `45 %`, `3.4 %`.
pub fn share(share: f64) -> String {
    format!("{} %", hundredths(share))
}

/// An interval of a share of runs: `0.4 to 3.4 %`, `9 to 49 %`. A share that was seen is never shown as 0.
fn shares(low: f64, high: f64) -> String {
    let low = if low >= 0.01 && high >= 0.1 { format!("{:.0}", low * 100.0) } else { hundredths(low) };
    format!("{low} to {} %", hundredths(high))
}

/// In hundredths, with one decimal below ten and as many as it takes below one.
fn hundredths(share: f64) -> String {
    let (number, mut digits) = (share * 100.0, usize::from(share < 0.099_5));
    while number > 0.0 && digits < 6 && format!("{number:.digits$}").parse() == Ok(0.0) {
        digits += 1;
    }
    format!("{number:.digits$}")
}

/// A condition that is not safe, in a few words: `damaged in 5 of 20 runs (9 to 49 %)`.
pub fn unsafe_words(summary: &Summary, state: &PointState, rates: RateUnit) -> String {
    let runs = match state.runs {
        runs if runs == state.of => String::new(),
        0 => String::new(),
        runs => format!(" in {runs} of {} runs ({})", state.of, shares(state.share.low, state.share.high)),
    };
    let lost = || summary.capacity.words().map_or_else(String::new, |lost| format!(": {lost} lost for good"));
    match state.condition {
        Condition::Dead => format!("dead{runs}: after the load ends, no worker responds{}", besides(summary, state)),
        Condition::Damaged => format!("damaged{runs}{}{}", lost(), besides(summary, state)),
        Condition::Unstable => {
            let alone = alone(state);
            let Some(Overrun { sent, ended, from }) = summary.growth.overrun else {
                return format!("unstable: {}{alone}", backlog(summary).unwrap_or_default());
            };
            let [sent, ended] = [sent, ended].map(|rate| rates.words(rate * 60.0));
            // It is the highest of rates over parts of the window, which vary.
            let from = from.map(|rate| rates.of_two_digits(rate * 60.0));
            let from = from.map_or_else(String::new, |rate| format!(" from about {rate} on"));
            format!("unstable{from}: {sent} arrive and {ended} end over the last eighth of the window{alone}")
        }
        Condition::Collapsed => format!("collapsed{runs}: {}{}", success(summary, state), goodput(state)),
        Condition::Sheds => format!("sheds load{runs}: {}{}", success(summary, state), goodput(state)),
        Condition::Overloaded | Condition::Failing => {
            format!("{}{runs}: {}", state.condition.word(), success(summary, state))
        }
        Condition::Slow => {
            let missed = state.missed.map_or_else(String::new, |objective| {
                let metric = objective.metric();
                let figure = summary.metric(metric).map_or(f64::NAN, |interval| interval.estimate);
                let sign = if objective.is_at_least() { "<" } else { ">" };
                let bound = objective.bound();
                let mut amounts = [figure, bound].map(|value| words::amount(value, metric, rates));
                if amounts[0] == amounts[1] {
                    amounts = [figure, bound].map(|value| words::amount_beside(value, figure, metric, rates));
                }
                format!(": {} {} {sign} {}", short_name(metric), amounts[0], amounts[1])
            });
            let is_time = state.missed.is_none_or(|objective| objective.metric().is_time());
            format!("{}{runs}{missed}", if is_time { "too slow" } else { "misses an objective" })
        }
        Condition::Healthy => "healthy".into(),
    }
}

/// How many runs show by themselves that a point is unstable; nothing where all do.
fn alone(state: &PointState) -> String {
    let bounds = || shares(state.share.low, state.share.high);
    match (state.runs, state.of) {
        (0, _) => "; only all runs together show it".into(),
        (runs, all) if runs == all => String::new(),
        (1, all) => format!("; 1 of {all} runs by itself shows it ({})", bounds()),
        (runs, all) => format!("; {runs} of {all} runs by themselves show it ({})", bounds()),
    }
}

/// `, goodput 118 % of the best at a lower load`, of two groups of runs that of each; nothing where there is no lower load.
fn goodput(state: &PointState) -> String {
    let Some(goodput) = state.goodput else { return String::new() };
    match goodput.groups.and_then(|groups| in_groups(groups, share)) {
        Some(groups) => format!(", goodput {groups} (relative to the best at a lower load)"),
        None => format!(", goodput {} of the best at a lower load", share(goodput.all)),
    }
}

/// Whether the words of a state have the success rate.
fn has_success(state: &PointState) -> bool {
    match state.condition {
        Condition::Dead | Condition::Damaged => state.missed.is_some(),
        Condition::Collapsed | Condition::Sheds | Condition::Overloaded | Condition::Failing => true,
        Condition::Unstable | Condition::Slow | Condition::Healthy => false,
    }
}

/// What else is wrong where capacity is lost: what is left may serve next to nothing.
fn besides(summary: &Summary, state: &PointState) -> String {
    let missed = state.missed.map(|_| success(summary, state));
    let all: Vec<String> = missed.into_iter().chain(backlog(summary)).collect();
    if all.is_empty() { String::new() } else { format!(", {}", all.join(", ")) }
}

/// `20 of 20 clients still wait at the end of the window, for 97 s so far`: means over the runs.
fn held(overdue: Overdue, runs: usize) -> String {
    let [waiting, clients] = [overdue.waiting, overdue.clients].map(|number| number as f64 / runs as f64);
    let waiting =
        if waiting >= 9.95 || waiting.fract() == 0.0 { format!("{waiting:.0}") } else { format!("{waiting:.1}") };
    let wait = if waiting == "1" { "waits" } else { "wait" };
    let time = in_seconds(overdue.mean_s());
    format!("{waiting} of {clients:.0} clients still {wait} at the end of the window, for {time} so far")
}

/// `the backlog grows by 5.10 requests/s`, `the backlog grows by 0.54 messages/h`, or which clients are held at the end; none
/// where nothing grows.
fn backlog(summary: &Summary) -> Option<String> {
    let held = || Some(held(summary.growth.overdue?, summary.replications));
    let Some(rise) = summary.growth.any().map(|rise| rise.estimate) else { return held() };
    let what = match (summary.growth.requests, summary.resources.iter().any(|one| one.name.starts_with("queue "))) {
        (Some(_), _) => "requests",
        (None, true) => "messages",
        (None, false) => "jobs",
    };
    let (rise, unit) = words::slow_rate(rise);
    Some(format!("the backlog grows by {} {what}/{unit}", digits(rise)))
}

/// The success rate, and the share of the work behind the answers that completes if that is what misses the objective.
fn success(summary: &Summary, state: &PointState) -> String {
    let missed = |metric| state.missed.filter(|objective| objective.metric() == metric).map(|it| it.bound());
    let of_answers = |rate: f64| beside(rate, missed(Metric::SuccessRate));
    let groups = summary.group_means(Metric::SuccessRate).and_then(|groups| in_groups(groups, of_answers));
    let answers = match groups {
        Some(groups) => format!("success {groups}"),
        None => format!("{} success", of_answers(summary.success_rate.estimate)),
    };
    let of_work = missed(Metric::CompletionRate);
    match summary.metric(Metric::CompletionRate).filter(|_| of_work.is_some()) {
        Some(rate) => {
            format!("{answers}, but {} of the work behind the answers completes", beside(rate.estimate, of_work))
        }
        None => answers,
    }
}

/// A share in percent, with as many decimals as tell it from the bound that it misses: `89.5 %` for 90 %.
fn beside(share: f64, bound: Option<f64>) -> String {
    let Some(bound) = bound.filter(|&bound| percent(bound) == percent(share) && bound != share) else {
        return percent(share);
    };
    let at = |decimals: usize, share: f64| format!("{:.decimals$} %", share * 100.0);
    let told = (0..6).find(|&decimals| at(decimals, share) != at(decimals, bound));
    at(told.unwrap_or(6), share)
}

/// A state with the two groups of runs, where there are two, and with the recovery, where one is timed.
pub fn condition(summary: &Summary, state: &PointState, rates: RateUnit) -> String {
    let mut words = match state.condition {
        // The objectives are met over the window, but what does not recover is not called healthy.
        Condition::Healthy if summary.never_recovered > 0 => "meets the objectives over the window".into(),
        _ => unsafe_words(summary, state, rates),
    };
    if let Some(groups) = groups(summary, rates) {
        words += &format!("; {groups}");
    }
    if let Some(recovery) = recovery(summary) {
        words += &format!("; {recovery}");
    }
    words
}

/// The throughput in each of the two groups of runs, where there are two: `490/min in 15 runs, 289/min in 5 that lost
/// capacity`, `467/min in 1 run, 31/min in 4`.
fn groups(summary: &Summary, rates: RateUnit) -> Option<String> {
    let words = |rate: f64, other: f64, [runs, others]: [usize; 2], which: &str| {
        let plural = if runs == 1 { "" } else { "s" };
        format!("{} in {runs} run{plural}, {} in {others}{which}", rates.words(rate), rates.words(other))
    };
    if let Some([intact, damaged]) = summary.capacity.groups {
        let sizes = [intact.runs, damaged.runs];
        let (rate, less) = intact.throughput_per_min.zip(damaged.throughput_per_min)?;
        let differ = rates.words(rate) != rates.words(less);
        return differ.then(|| words(rate, less, sizes, " that lost capacity"));
    }
    let [high, low] = summary.group_means(Metric::ThroughputPerMin)?;
    Some(words(high.mean, low.mean, [high.runs, low.runs], ""))
}

/// How long a point takes to recover from what disturbs it: `recovers in 18 s`; none where nothing disturbs it, or with no
/// effect.
fn recovery(summary: &Summary) -> Option<String> {
    let time = summary.recovery_s.filter(|_| !summary.is_undisturbed)?;
    Some(match (summary.never_recovered, summary.replications) {
        (0, _) if time.estimate == 0.0 => "recovers at once".into(),
        (0, _) => format!("recovers in {}", in_seconds(time.estimate)),
        (never, all) if never == all => "does not recover before the run ends".into(),
        (never, all) => format!("does not recover in {never} of {all} runs"),
    })
}

/// A time, from ten seconds on in whole seconds: `9.42 s`, `97 s`.
fn in_seconds(seconds: f64) -> String {
    if seconds >= 9.95 { format!("{seconds:.0} s") } else { words::time(seconds) }
}

/// `p95` for the 95th percentile of the response time; other metrics by their name.
pub fn short_name(metric: Metric) -> &'static str {
    if metric.is_response_time() { metric.short() } else { metric.words() }
}

/// `517/min, 100 % success, p95 1.2 s`: with the percentile that the objectives name.
pub(super) fn figures(summary: &Summary, curve: &Curve) -> String {
    parts(summary, curve).join(", ")
}

/// The same after what was said of the point in this state, without what that has already; empty where it has all.
pub(super) fn figures_beside(summary: &Summary, state: &PointState, curve: &Curve, said: &str) -> String {
    let is_said = |part: &String| has(said, part) || has_success(state) && *part == success_alone(summary);
    parts(summary, curve).into_iter().filter(|part| !is_said(part)).collect::<Vec<_>>().join(", ")
}

/// Whether a text has these words, and not as a part of longer ones: `22/s` is not in `122/s`.
fn has(text: &str, words: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || matches!(c, '.' | ',');
    text.match_indices(words)
        .any(|(at, _)| !text[..at].ends_with(continues) && !text[at + words.len()..].starts_with(char::is_alphanumeric))
}

fn parts(summary: &Summary, curve: &Curve) -> Vec<String> {
    let percentile = percentile(&curve.plan.objectives);
    let time = summary.metric(percentile).map(|it| format!("{} {}", percentile.short(), words::time(it.estimate)));
    let first = [rate(summary, curve.rates), success_alone(summary)];
    let behind = fallback(summary).into_iter().chain(lost_work(summary));
    first.into_iter().chain(behind).chain(time).chain(recovery(summary)).collect()
}

/// Share of the steps with a fallback from which a sentence says that it answers: an assumption.
const BY_FALLBACK: f64 = 0.01;

/// Which part of what succeeds does so by a fallback: `the fallback of shop.order answers 75 % of its calls`; of several
/// fallbacks that with the largest part.
pub fn fallback(summary: &Summary) -> Option<String> {
    let share = |one: &Reaction| one.count as f64 / one.occasions.max(1) as f64;
    let fallbacks = summary.reactions.iter().filter(|one| one.kind == ReactionKind::Fallback);
    let most = fallbacks.max_by(|a, b| share(a).total_cmp(&share(b))).filter(|most| share(most) >= BY_FALLBACK)?;
    Some(format!("the fallback of {} answers {} of its calls", most.place, percent(share(most))))
}

fn success_alone(summary: &Summary) -> String {
    match summary.group_means(Metric::SuccessRate).and_then(|groups| in_groups(groups, percent)) {
        Some(groups) => format!("success {groups}"),
        None => format!("{} success", percent(summary.success_rate.estimate)),
    }
}

/// What part of the work behind the answers is lost, and where most of it: `4 % of the work behind the answers dropped by
/// queue tasks / worker`.
fn lost_work(summary: &Summary) -> Option<String> {
    let most = summary.lost_work.iter().max_by_key(|lost| lost.count)?;
    let share = summary.work_failed;
    let how = if most.is_dropped() { "dropped by" } else { "failed at" };
    (share > 0.0).then(|| format!("{} % of the work behind the answers {how} {}", hundredths(share), most.name))
}

pub(super) fn rate(summary: &Summary, rates: RateUnit) -> String {
    let means = summary.means(Metric::ThroughputPerMin);
    means.map_or_else(|| "no throughput".into(), |means| means.words(|rate| rates.words(rate)))
}

fn digits(number: f64) -> String {
    if number >= 10.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

pub(super) fn limit(summary: &Summary) -> String {
    let limit = summary.culprit.as_ref().and_then(Culprit::limit_words);
    limit.map_or_else(String::new, |limit| format!(", limited by {limit}"))
}

/// Why: the circle of a deadlock where there is one, else what is behind the figures.
pub fn why(summary: &Summary) -> String {
    match &summary.deadlock {
        Some((deadlock, _)) => circle(deadlock),
        None => summary.culprit.as_ref().map_or_else(|| cause(summary), |culprit| culprit.sentence.clone()),
    }
}

pub(super) fn circle(deadlock: &Deadlock) -> String {
    let circle = deadlock.circle.first().cloned().unwrap_or_default();
    format!("{}: {circle}", deadlocks(&deadlock.resource))
}

/// Why a point does badly, in a few words.
pub fn cause(summary: &Summary) -> String {
    match &summary.culprit {
        Some(culprit) => culprit.cause(),
        None => summary.failures.first().map_or_else(|| "no culprit is known".into(), |(cause, _)| cause.clone()),
    }
}

/// Whether what is behind two points differs.
pub fn is_another(one: &Summary, other: &Summary) -> bool {
    let name = |summary: &Summary| summary.culprit.as_ref().map(|culprit| culprit.name.clone());
    one.deadlock.is_none() && other.deadlock.is_none() && name(one) != name(other)
}

#[cfg(test)]
mod tests {
    use super::{alone, beside, goodput, has, share, shares};
    use crate::experiment::analyse::condition::{Condition, PointState};
    use crate::experiment::analyse::summary::{GroupMean, Means};
    use crate::statistics::Interval;
    use crate::statistics::rare::can_hide;

    /// 89.5 % misses 90 %, and would round to it.
    #[test]
    fn a_share_is_told_from_the_bound_that_it_misses() {
        let all = [(0.895, Some(0.9)), (0.8997, Some(0.9)), (0.7, Some(0.9)), (0.895, None)];
        assert_eq!(all.map(|(share, bound)| beside(share, bound)), ["89.5 %", "89.97 %", "70 %", "90 %"]);
    }

    #[test]
    fn words_are_no_part_of_longer_ones() {
        let said = "unstable: 10,122/s arrive and 122/s end; 1 of 4 runs by itself shows it";
        assert_eq!(["122/s", "22/s", "1 of 4 run", "10"].map(|part| has(said, part)), [true, false, false, true]);
        assert!(!has("unstable: 10,122/s arrive", "122/s"), "a part of a number");
    }

    /// A point in this condition in some of five runs.
    fn in_runs(condition: Condition, runs: usize, goodput: Option<Means>) -> PointState {
        let share = Interval { estimate: runs as f64 / 5.0, low: 0.1, high: 0.9 };
        PointState { point: 0, condition, runs, of: 5, share, missed: None, goodput }
    }

    #[test]
    fn growth_that_single_runs_hide_is_said_to_be_that_of_all() {
        let words = |runs| alone(&in_runs(Condition::Unstable, runs, None));
        assert_eq!(words(0), "; only all runs together show it");
        assert_eq!(words(1), "; 1 of 5 runs by itself shows it (10 to 90 %)");
        assert_eq!(words(3), "; 3 of 5 runs by themselves show it (10 to 90 %)");
        assert_eq!(words(5), "");
    }

    /// One run of five serves as much as at a lower load, and four a tenth: 28 % is that of no run.
    #[test]
    fn goodput_of_two_groups_is_that_of_each() {
        let groups = Some([GroupMean { runs: 1, mean: 1.0 }, GroupMean { runs: 4, mean: 0.1 }]);
        let state = |groups| in_runs(Condition::Collapsed, 4, Some(Means { all: 0.28, groups }));
        assert_eq!(
            goodput(&state(groups)),
            ", goodput 100 % in 1 run, 10 % in 4 (relative to the best at a lower load)"
        );
        assert_eq!(goodput(&state(None)), ", goodput 28 % of the best at a lower load");
    }

    /// Bounds of Clopper and Pearson: 4 of 300 gives 0.36 to 3.38 %, 5 of 20 gives 8.66 to 49.1 %, 1 of 20 gives 0.13 to 24.9 %.
    #[test]
    fn what_was_seen_is_never_shown_as_nothing() {
        let of = |runs, all| {
            let interval = Interval::exact_proportion(runs, all, 0.95).unwrap();
            shares(interval.low, interval.high)
        };
        assert_eq!(of(4, 300), "0.4 to 3.4 %");
        assert_eq!(of(5, 20), "9 to 49 %");
        assert_eq!(of(1, 20), "0.1 to 25 %");
        assert_eq!(of(1, 1_000), "0.003 to 0.6 %");
        assert_eq!((share(can_hide(20)), share(can_hide(299))), ("14 %".into(), "1.0 %".into()));
    }
}
