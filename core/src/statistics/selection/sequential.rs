//! Replicating on until the best of several systems is selected: the fully sequential procedure of Kim and Nelson
//! (2001, *A fully sequential procedure for indifference-zone selection in simulation*, ACM TOMACS 11), with `c = 1`.
//!
//! If the best is better than every other system by the indifference zone at least, it is selected with the stated
//! probability, whatever the correlation of the systems, as far as what a replication gives is normally distributed;
//! means over a window nearly are. The variance of each pair's difference is that of the first stage and never taken
//! anew. Two systems may stay beside each other as long as the sums of what they gave differ by less than a bound that
//! falls with each replication and is zero in the end, so that the procedure ends.
//!
//! It is looked at after fixed numbers of replications, each a quarter more than the one before: nothing that was found
//! decides when, and then fewer looks than one a replication do not err more often (Jennison, Johnstone and Turnbull
//! 1982, *Asymptotically optimal procedures for sequential adaptive selection of the best of several normal means*,
//! Statistical Decision Theory and Related Topics III).

use crate::statistics::Moments;
use crate::statistics::interval::admissible;

/// What a selection goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Probability that the best is selected, at least.
    pub probability: f64,
    /// Replications of the first stage.
    pub first: usize,
    /// Replications of a system at most.
    pub most: usize,
}

/// How far a selection has got.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectionOutcome {
    /// The systems that are not eliminated, by index in ascending order; at least one.
    pub left: Vec<usize>,
    /// Replications at the last look; zero before the first.
    pub replications: usize,
    /// What to do.
    pub next: SelectionStep,
    /// Replications with which one of those left is selected for certain; infinite where nothing ends it.
    pub enough: f64,
}

/// What to do about a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionStep {
    /// Nothing: one is left, or several that have done the same.
    Selected,
    /// Nothing: several are left, and have as many replications as are allowed.
    Maximum,
    /// Replicate those that are left until they have so many.
    Until(usize),
}

/// How far a selection among so many systems has got. More is better.
///
/// `observe` gives what these systems did in their common replications among the first so many, one list for each, in
/// the order of replications; none where not all of these were run yet. `zone` gives the indifference zone from the
/// means of the first stage; it stays as it is then.
///
/// `None` for fewer than two systems, fewer than two common replications in the first stage, lists of different
/// lengths, values or a zone not finite, a negative zone, or a probability outside (0, 1).
#[must_use]
pub fn select(
    systems: usize,
    rules: Rules,
    zone: impl FnOnce(&[f64]) -> f64,
    mut observe: impl FnMut(&[usize], usize) -> Option<Vec<Vec<f64>>>,
) -> Option<SelectionOutcome> {
    if systems < 2 || !admissible(rules.probability) {
        return None;
    }
    let left: Vec<usize> = (0..systems).collect();
    let mut at = rules.first.min(rules.most);
    let mut outcome = SelectionOutcome { left, replications: 0, next: SelectionStep::Until(at), enough: f64::INFINITY };
    let Some(mut values) = observe(&outcome.left, at) else { return Some(outcome) };
    let bounds = Bounds::of(&values, rules.probability, zone)?;
    loop {
        if values.len() != outcome.left.len() || !are_sound(&values) {
            return None;
        }
        let count = values.first()?.len() as f64;
        outcome.left = bounds.stay(&outcome.left, &values, count);
        outcome.replications = at;
        outcome.enough = bounds.enough(&outcome.left);
        if outcome.enough <= count {
            outcome.next = SelectionStep::Selected;
            return Some(outcome);
        }
        if at >= rules.most {
            outcome.next = SelectionStep::Maximum;
            return Some(outcome);
        }
        at = (at + at.div_ceil(4)).min(rules.most);
        outcome.next = SelectionStep::Until(at);
        match observe(&outcome.left, at) {
            Some(more) => values = more,
            None => return Some(outcome),
        }
    }
}

/// Lists of one length, of finite values.
fn are_sound(values: &[Vec<f64>]) -> bool {
    let count = values.first().map_or(0, Vec::len);
    values.iter().all(|system| system.len() == count && system.iter().all(|value| value.is_finite()))
}

/// What the sums of two systems may differ by while both stay.
struct Bounds {
    /// The indifference zone.
    zone: f64,
    /// For each pair, the replications after which the bound is zero.
    ends: Vec<Vec<f64>>,
}

impl Bounds {
    /// From the first stage.
    fn of(values: &[Vec<f64>], probability: f64, zone: impl FnOnce(&[f64]) -> f64) -> Option<Self> {
        let count = values.first()?.len();
        if count < 2 || !are_sound(values) {
            return None;
        }
        let means: Vec<f64> = values.iter().map(|system| system.iter().sum::<f64>() / count as f64).collect();
        let zone = zone(&means);
        if !zone.is_finite() || zone < 0.0 {
            return None;
        }
        let freedom = (count - 1) as f64;
        let risk = (1.0 - probability) / (values.len() - 1) as f64;
        // Below zero where to guess is certain enough.
        let eta = (0.5 * (libm::pow(2.0 * risk, -2.0 / freedom) - 1.0)).max(0.0);
        let end = |a: &Vec<f64>, b: &Vec<f64>| {
            let differences: Moments = a.iter().zip(b).map(|(a, b)| a - b).collect();
            let variance = differences.variance()?;
            // What does not vary needs no zone to be told apart.
            Some(if variance > 0.0 { 2.0 * eta * freedom * variance / (zone * zone) } else { 0.0 })
        };
        let row = |a: &Vec<f64>| values.iter().map(|b| end(a, b)).collect::<Option<Vec<f64>>>();
        Some(Self { zone, ends: values.iter().map(row).collect::<Option<_>>()? })
    }

    /// Those of the systems that stay, with what they did in so many replications. The one with the highest sum does.
    fn stay(&self, left: &[usize], values: &[Vec<f64>], count: f64) -> Vec<usize> {
        let sums: Vec<f64> = values.iter().map(|system| system.iter().sum()).collect();
        let bound = |a: usize, b: usize| {
            let end = self.ends[a][b];
            // Without a zone the bound of what varies is nowhere.
            if end.is_infinite() { f64::INFINITY } else { (0.5 * self.zone * (end - count)).max(0.0) }
        };
        let is_beaten = |system: usize| {
            let beats = |other: usize| sums[other] - sums[system] > bound(left[other], left[system]);
            (0..left.len()).any(beats)
        };
        (0..left.len()).filter(|&system| !is_beaten(system)).map(|system| left[system]).collect()
    }

    /// Replications after which the bounds of all pairs of these are zero; zero for one of them.
    fn enough(&self, left: &[usize]) -> f64 {
        let pairs = left.iter().flat_map(|&a| left.iter().map(move |&b| (a, b))).filter(|(a, b)| a < b);
        pairs.map(|(a, b)| self.ends[a][b]).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests;
