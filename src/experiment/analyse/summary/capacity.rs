//! Capacity that the replications of a point lost for good.

use crate::experiment::analyse::trial::Trial;
use crate::parts::Loss;
use crate::statistics::Moments;

/// What the replications of a point lost for good.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capacity {
    /// Replications after which no process of the target answered.
    pub dead: usize,
    /// Replications that lost some capacity, the dead ones among them.
    pub damaged: usize,
    /// Processes of the target that no longer answered: mean over the damaged replications, and their number. None
    /// where every process answered.
    pub processes: Option<(f64, u32)>,
    /// Units lost by resource: mean over the damaged replications, and the units in all.
    pub units: Vec<(String, f64, Option<u32>)>,
    /// The replications that lost some capacity.
    pub lossy: Vec<u64>,
    /// The replications in two groups; none unless there are both intact and damaged ones.
    pub groups: Option<[RunGroup; 2]>,
}

/// Replications that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunGroup {
    /// How many.
    pub runs: usize,
    /// Successes a minute, mean; none where no test took any time.
    pub throughput_per_min: Option<f64>,
}

impl RunGroup {
    fn of(trials: &[&Trial]) -> Self {
        let rates: Moments = trials.iter().filter_map(|trial| trial.throughput_per_min).collect();
        Self { runs: trials.len(), throughput_per_min: rates.mean() }
    }
}

impl Capacity {
    pub(super) fn of(used: &[&Trial]) -> Self {
        let (damaged, intact): (Vec<&Trial>, Vec<&Trial>) = used.iter().partition(|trial| trial.is_damaged());
        let count = damaged.len() as f64;
        let mut units: Vec<(String, f64, Option<u32>)> = Vec::new();
        for Loss { resource, lost, of } in damaged.iter().flat_map(|trial| &trial.losses) {
            match units.iter_mut().find(|(known, ..)| known == resource) {
                Some((_, sum, _)) => *sum += f64::from(*lost),
                None => units.push((resource.clone(), f64::from(*lost), *of)),
            }
        }
        units.iter_mut().for_each(|(_, sum, _)| *sum /= count);
        let dead: u32 = damaged.iter().filter_map(|trial| trial.dead).map(|(dead, _)| dead).sum();
        let all = damaged.iter().find_map(|trial| trial.dead).map_or(0, |(_, all)| all);
        let groups =
            (!damaged.is_empty() && !intact.is_empty()).then(|| [RunGroup::of(&intact), RunGroup::of(&damaged)]);
        Self {
            dead: used.iter().filter(|trial| trial.is_dead()).count(),
            damaged: damaged.len(),
            lossy: damaged.iter().map(|trial| trial.replication).collect(),
            processes: (dead > 0).then_some((f64::from(dead) / count, all)),
            units,
            groups,
        }
    }

    /// What was lost, in words: `1 of 10 workers`, `5 of 20 units of user-service pool auth`.
    pub fn words(&self) -> Option<String> {
        if let Some((dead, all)) = self.processes {
            let workers = if all == 1 { "worker" } else { "workers" };
            return Some(format!("{} of {all} {workers}", mean(dead)));
        }
        // What is lost of a bounded resource tells more than how many calls an unbounded client has hanging.
        let share = |(_, lost, of): &(String, f64, Option<u32>)| of.map_or(0.0, |of| lost / f64::from(of.max(1)));
        let mut most = self.units.first()?;
        for unit in &self.units {
            if share(unit) > share(most) {
                most = unit;
            }
        }
        let (resource, lost, of) = most;
        let unit = if resource.starts_with("queue ") { "consumer slot" } else { "unit" };
        let of = of.map_or_else(String::new, |of| format!(" of {of}"));
        let lost = mean(*lost);
        let plural = if of.is_empty() && lost == "1" || of == " of 1" { "" } else { "s" };
        Some(format!("{lost}{of} {unit}{plural} of {resource}"))
    }
}

/// A mean number of things: whole where it is whole.
fn mean(number: f64) -> String {
    if (number - number.round()).abs() < 0.05 { format!("{number:.0}") } else { format!("a mean of {number:.1}") }
}
