//! Replications that fall into two groups: a mean over both describes neither.

use super::{LEVEL, Summary};
use crate::language::Metric;
use crate::metric::{MetricKind, MetricScope};
use crate::statistics::Interval;

/// How much of the distance between two groups the values of either may spread at most.
const TIGHT: f64 = 0.25;

/// The highest mean of the lower group relative to that of the higher one.
const APART: f64 = 0.5;

/// The same where it is known which replications lost capacity.
const APART_BY_LOSS: f64 = 0.9;

/// The same where some runs miss the required success, and others meet it.
const APART_BY_SUCCESS: f64 = 0.9;

/// The success rate of the better group below which both fail, and are one.
const SERVED: f64 = 0.1;

/// The mean of some runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupMean {
    /// How many runs.
    pub runs: usize,
    /// Their mean.
    pub mean: f64,
}

/// A figure of a point as a sentence gives it: the mean of all runs, or of each of two groups where the runs fall into two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    /// Over all runs.
    pub all: f64,
    /// Of each group, that with the higher throughput first.
    pub groups: Option<[GroupMean; 2]>,
}

impl Means {
    /// That of the group that has most, or of all runs where they are one group.
    pub fn most(&self) -> f64 {
        self.groups.map_or(self.all, |[one, other]| one.mean.max(other.mean))
    }

    /// That of the group that has least.
    pub fn least(&self) -> f64 {
        self.groups.map_or(self.all, |[one, other]| one.mean.min(other.mean))
    }

    /// Relative to a figure.
    pub fn relative_to(self, base: f64) -> Self {
        let of_group = |group: GroupMean| GroupMean { mean: group.mean / base, ..group };
        Self { all: self.all / base, groups: self.groups.map(|groups| groups.map(of_group)) }
    }

    /// In words: `490/min`, or `406/min in 1 run, 46.4/min in 4` of two groups.
    pub fn words(&self, words: impl Fn(f64) -> String) -> String {
        let groups = self.groups.and_then(|groups| in_groups(groups, &words));
        groups.unwrap_or_else(|| words(self.all))
    }
}

/// Replications in two groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Those with the higher throughput.
    high: Vec<u64>,
    /// The others.
    low: Vec<u64>,
}

impl Summary {
    /// The mean of a metric in each of the two groups of [`split`](Self::split), that with the higher throughput first: what
    /// every sentence, table and chart gives in place of a mean over both. None where the runs are one group, where a group
    /// has no value, and of a percentile.
    pub fn group_means(&self, metric: Metric) -> Option<[GroupMean; 2]> {
        let split = self.split()?;
        let (means, sizes) = (split.means(self, metric)?, split.sizes());
        let means = [0, 1].map(|group| GroupMean { runs: sizes[group], mean: means[group] });
        means.iter().all(|group| group.mean.is_finite()).then_some(means)
    }

    /// A metric as a sentence gives it; none where the point has no such figure.
    pub fn means(&self, metric: Metric) -> Option<Means> {
        Some(Means { all: self.metric(metric)?.estimate, groups: self.group_means(metric) })
    }

    /// The two groups into which the replications fall by their throughput: those that lost capacity and the others, if
    /// their means differ by more than a tenth; else those on either side of a gap, if one group has at most half of
    /// the other's throughput and neither spreads by more than a quarter of the gap. None where they do not.
    pub fn split(&self) -> Option<Split> {
        let mut values = self.by_trial(&MetricScope::Whole, Metric::ThroughputPerMin);
        values.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        if self.capacity.groups.is_some() {
            let (lossy, intact): (Vec<_>, Vec<_>) =
                values.iter().copied().partition(|(replication, _)| self.capacity.lossy.contains(replication));
            return groups(&lossy, &intact, APART_BY_LOSS);
        }
        let gap = |at: usize| values[at].1 - values[at - 1].1;
        let at = (1..values.len()).max_by(|&a, &b| gap(a).total_cmp(&gap(b)))?;
        let (low, high) = values.split_at(at);
        let spread =
            |group: &[(u64, f64)]| group.last().zip(group.first()).map_or(0.0, |(last, first)| last.1 - first.1);
        let is_tight = spread(low).max(spread(high)) <= TIGHT * gap(at);
        let split = if values.len() > 2 && is_tight { groups(low, high, APART) } else { None };
        let split = split.filter(|split| {
            let success = split.means(self, Metric::SuccessRate);
            success.is_none_or(|[high, low]| serves_some(high, low))
        });
        split.or_else(|| self.split_by_success(&values))
    }

    /// Whether all runs together do not show if the required success is met, because some of them miss it and others meet it,
    /// and not by chance: those that miss it have at most nine tenths of the others' throughput.
    pub fn is_missed_in_part(&self) -> bool {
        let Interval { low, high, .. } = self.success_rate;
        low < self.required_success && high >= self.required_success && self.by_success().is_some()
    }

    /// The runs by whether they meet the required success, where their mean does not show whether it is met.
    fn split_by_success(&self, values: &[(u64, f64)]) -> Option<Split> {
        let [meet, miss] = self.by_success().filter(|_| self.is_missed_in_part())?;
        let of = |group: &[u64]| -> Vec<(u64, f64)> {
            values.iter().copied().filter(|(replication, _)| group.contains(replication)).collect()
        };
        groups(&of(&miss), &of(&meet), APART_BY_SUCCESS)
    }

    /// The runs that meet the required success, and those that miss it; none where one of these has no run, where each run that
    /// misses it may do so by chance, or where those that miss it have nearly the others' throughput.
    fn by_success(&self) -> Option<[Vec<u64>; 2]> {
        let rates = self.by_trial(&MetricScope::Whole, Metric::SuccessRate);
        let (meet, miss): (Vec<_>, Vec<_>) = rates.into_iter().partition(|(_, rate)| *rate >= self.required_success);
        let is_certain = |(_, rate): &(u64, f64)| {
            let (successes, all) = ((rate * self.sent).round() as u64, self.sent.round() as u64);
            Interval::proportion(successes, all, LEVEL).is_some_and(|interval| interval.high < self.required_success)
        };
        let numbers = |group: &[(u64, f64)]| group.iter().map(|(replication, _)| *replication).collect::<Vec<u64>>();
        if meet.is_empty() || !miss.iter().any(is_certain) {
            return None;
        }
        let [meet, miss] = [&meet, &miss].map(|group| numbers(group));
        let throughput = self.by_trial(&MetricScope::Whole, Metric::ThroughputPerMin);
        let mean = |group: &[u64]| {
            let of_group = throughput.iter().filter(|(replication, _)| group.contains(replication));
            of_group.map(|(_, value)| value).sum::<f64>() / group.len() as f64
        };
        (mean(&miss) <= APART_BY_SUCCESS * mean(&meet)).then_some([meet, miss])
    }
}

/// Whether runs with these success rates fare differently: where nearly all requests fail in both, the ratio of their
/// throughputs is one of small numbers.
fn serves_some(high: f64, low: f64) -> bool {
    high.max(low) >= SERVED
}

/// Two groups, if the mean of one is at most this share of the other's.
fn groups(one: &[(u64, f64)], other: &[(u64, f64)], apart: f64) -> Option<Split> {
    let mean = |group: &[(u64, f64)]| group.iter().map(|(_, value)| value).sum::<f64>() / group.len() as f64;
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let (low, high) = if mean(one) <= mean(other) { (one, other) } else { (other, one) };
    let numbers = |group: &[(u64, f64)]| group.iter().map(|(replication, _)| *replication).collect();
    let is_apart = mean(low) < mean(high) && mean(low) <= apart * mean(high);
    is_apart.then(|| Split { high: numbers(high), low: numbers(low) })
}

/// Means of groups of runs in words, each written by `words`: `406/min in 1 run, 46.4/min in 4`. None where all groups
/// have the same words.
pub fn in_groups(means: impl IntoIterator<Item = GroupMean>, words: impl Fn(f64) -> String) -> Option<String> {
    let means: Vec<(String, usize)> = means.into_iter().map(|group| (words(group.mean), group.runs)).collect();
    if means.iter().all(|(mean, _)| *mean == means[0].0) {
        return None;
    }
    let one = |(index, (mean, runs)): (usize, &(String, usize))| match (index, runs) {
        (0, 1) => format!("{mean} in 1 run"),
        (0, runs) => format!("{mean} in {runs} runs"),
        (_, runs) => format!("{mean} in {runs}"),
    };
    Some(means.iter().enumerate().map(one).collect::<Vec<_>>().join(", "))
}

impl Split {
    /// How many replications each group has, that with the higher throughput first.
    fn sizes(&self) -> [usize; 2] {
        [self.high.len(), self.low.len()]
    }

    /// Whether a replication is one of those with the higher throughput.
    pub fn is_high(&self, replication: u64) -> bool {
        self.high.contains(&replication)
    }

    /// Whether a metric has a mean in each group: a percentile is that of the requests of all runs together.
    pub fn has_means(&self, metric: Metric) -> bool {
        !matches!(metric.kind(), MetricKind::Quantile(_))
    }

    /// The mean of a metric in each group, in the same order; none where a group has no value, and of a percentile.
    fn means(&self, summary: &Summary, metric: Metric) -> Option<[f64; 2]> {
        if !self.has_means(metric) {
            return None;
        }
        let values = summary.by_trial(&MetricScope::Whole, metric);
        let mean = |group: &[u64]| {
            let own: Vec<f64> =
                values.iter().filter(|(replication, _)| group.contains(replication)).map(|(_, value)| *value).collect();
            (!own.is_empty()).then(|| own.iter().sum::<f64>() / own.len() as f64)
        };
        Some([mean(&self.high)?, mean(&self.low)?])
    }
}

#[cfg(test)]
mod tests {
    use super::{GroupMean, Means, groups, in_groups, serves_some};

    #[test]
    fn runs_that_all_fail_are_no_groups() {
        assert!(!serves_some(0.006, 0.0) && serves_some(0.989, 0.094));
    }

    #[test]
    fn groups_are_apart() {
        let high = [(0, 390.0), (3, 410.0)];
        let split = groups(&high, &[(1, 31.0), (2, 33.0)], 0.5).expect("two groups");
        assert_eq!((split.high, split.low), (vec![0, 3], vec![1, 2]));
        assert_eq!(groups(&high, &[(1, 300.0)], 0.5), None);
        assert_eq!(groups(&[(1, 300.0)], &high, 0.9).map(|split| split.sizes()), Some([2, 1]));
        assert_eq!(groups(&high, &[], 0.9), None);
        assert_eq!(groups(&[(0, 0.0)], &[(1, 0.0)], 0.9), None, "two groups that serve nothing are one");
    }

    #[test]
    fn a_figure_is_that_of_each_group() {
        let group = |runs, mean| GroupMean { runs, mean };
        let means = Means { all: 118.8, groups: Some([group(1, 408.0), group(4, 46.5)]) };
        assert_eq!((means.most(), means.least()), (408.0, 46.5));
        let words = |mean: f64| format!("{:.0} %", mean * 100.0);
        assert_eq!(means.relative_to(400.0).words(words), "102 % in 1 run, 12 % in 4");
        assert_eq!(Means { all: 200.0, groups: None }.relative_to(400.0).words(words), "50 %");
    }

    #[test]
    fn groups_that_read_alike_are_one() {
        let words = |means: [f64; 2]| {
            let means = means.map(|mean| GroupMean { runs: if mean > 100.0 { 1 } else { 4 }, mean });
            in_groups(means, |mean| format!("{mean:.0}/min"))
        };
        assert_eq!(words([406.2, 46.4]).as_deref(), Some("406/min in 1 run, 46/min in 4"));
        assert_eq!(words([99.9, 99.8]), None);
    }
}
