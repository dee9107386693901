//! A difference where the runs of a point fall into two groups: the mean of each group, and the difference in each. A
//! mean over both groups is that of no run.

use crate::experiment::analyse::summary::{GroupMean, Summary};
use crate::language::Metric;
use crate::metric::MetricScope;

/// The groups of the pairs of a difference, those with the higher throughput first; empty where neither point has any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Groups {
    /// The means of the one.
    pub ours: Option<[GroupMean; 2]>,
    /// The means of the other.
    pub theirs: Option<[GroupMean; 2]>,
    /// The difference among the pairs of each combination of their groups; of a relative difference, relative to the other's
    /// mean there.
    pub differences: [Option<GroupMean>; 4],
}

/// The two points of a difference, and the values that both have.
pub(super) struct Pairs<'a> {
    pub points: [&'a Summary; 2],
    /// The replication, and the value of each point in it.
    pub values: Vec<(u64, [f64; 2])>,
}

impl Pairs<'_> {
    /// Its groups in a metric.
    pub fn groups(&self, metric: Metric, is_relative: bool) -> Groups {
        let splits = self.points.map(|point| point.split().filter(|split| split.has_means(metric)));
        let side = |which: usize, replication: u64| {
            let split = splits[which].as_ref();
            split.map_or(0, |split| usize::from(!split.is_high(replication)))
        };
        let chosen = |is_in: &dyn Fn(u64) -> bool| -> Vec<[f64; 2]> {
            self.values.iter().filter(|(replication, _)| is_in(*replication)).map(|(_, pair)| *pair).collect()
        };
        let of_point = |which: usize| {
            let group = |wanted: usize| {
                let values = chosen(&|replication| side(which, replication) == wanted);
                mean(values.iter().map(|pair| pair[which]))
            };
            splits[which].as_ref().and(Some([group(0)?, group(1)?]))
        };
        let (ours, theirs) = (of_point(0), of_point(1));
        if ours.is_none() && theirs.is_none() {
            return Groups::default();
        }
        let differences = [0, 1, 2, 3].map(|index| {
            let pairs = chosen(&|replication| 2 * side(0, replication) + side(1, replication) == index);
            let base = mean(pairs.iter().map(|pair| pair[1]))?;
            let change = mean(pairs.iter().map(|pair| pair[0] - pair[1]))?;
            let scale = if is_relative { base.mean } else { 1.0 };
            Some(GroupMean { mean: change.mean / scale, ..change }).filter(|change| change.mean.is_finite())
        });
        Groups { ours, theirs, differences }
    }

    /// The values of each point.
    pub fn unzipped(&self) -> (Vec<f64>, Vec<f64>) {
        self.values.iter().map(|(_, pair)| (pair[0], pair[1])).unzip()
    }

    /// The replications that both points have a value for.
    pub fn of<'a>(points: [&'a Summary; 2], scope: &MetricScope, metric: Metric) -> Pairs<'a> {
        let [ours, theirs] = points.map(|point| point.by_trial(scope, metric));
        let pair = |&(replication, our): &(u64, f64)| {
            let at = theirs.binary_search_by_key(&replication, |(other, _)| *other).ok()?;
            Some((replication, [our, theirs[at].1]))
        };
        let values = ours.iter().filter_map(pair).collect();
        Pairs { points, values }
    }
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> Option<GroupMean> {
    let runs = values.clone().count();
    (runs > 0).then(|| GroupMean { runs, mean: values.sum::<f64>() / runs as f64 })
}

impl Groups {
    /// The differences, if there is more than one: what is said in place of the difference of all.
    pub fn told(&self) -> Option<impl Iterator<Item = GroupMean>> {
        let all = self.differences.into_iter().flatten();
        (all.clone().count() > 1).then_some(all)
    }
}
