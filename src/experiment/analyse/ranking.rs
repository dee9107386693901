//! Ranking and selection: at each place of the axes the variants are replicated until one of them is selected as the
//! best ([`crate::statistics::selection::select`]). Those that are eliminated on the way are replicated no more.
//!
//! The indifference zone is a share of what the runner-up of the first stage did, and fixed with it: who is better than
//! every other one by this share is better than the runner-up by that. It is taken as `share / (1 + share)`, since it
//! is relative to an estimate and not to the truth. A share such as the success rate has a zone in points.
//!
//! The answer is a function of the trials of the place in the order of replications, so results depend neither on
//! threads nor on where a run was resumed.

use crate::experiment::analyse::precision;
use crate::experiment::analyse::summary::{LEVEL, in_common};
use crate::experiment::plan::{Plan, Zone};
use crate::statistics::selection::{Rules, SelectionOutcome, SelectionStep, select};

/// How far the selection at a place has got, with the values of `plan.best_by` of each of its points by replication,
/// and the number of replications of each that were run. None without an indifference zone, and where a point lacks the
/// figure.
pub fn rank(plan: &Plan, values: &[Vec<(u64, f64)>], run: &[u32]) -> Option<SelectionOutcome> {
    let Zone { share, most } = plan.best_within?;
    let metric = plan.best_by;
    let rules = Rules { probability: LEVEL, first: precision::first(plan) as usize, most: most as usize };
    let sign = if metric.is_better_higher() { 1.0 } else { -1.0 };
    let observe = |systems: &[usize], count: usize| {
        if systems.iter().any(|&system| (run[system] as usize) < count) {
            return None;
        }
        let first = |&system: &usize| -> Vec<(u64, f64)> {
            let first = values[system].iter().take_while(|(replication, _)| *replication < count as u64);
            first.map(|&(replication, value)| (replication, sign * value)).collect()
        };
        Some(in_common(&systems.iter().map(first).collect::<Vec<_>>()))
    };
    let zone = |means: &[f64]| if metric.is_rate() { share } else { share / (1.0 + share) * runner_up(means).abs() };
    select(values.len(), rules, zone, observe)
}

/// Which of the points at a place need more replications, by index, and how many they need in all; none where
/// nothing more is asked for.
pub fn more(plan: &Plan, values: &[Vec<(u64, f64)>], run: &[u32]) -> Option<(Vec<usize>, u32)> {
    let SelectionOutcome { left, next, .. } = rank(plan, values, run)?;
    match next {
        SelectionStep::Until(count) => Some((left, count as u32)),
        SelectionStep::Selected | SelectionStep::Maximum => None,
    }
}

/// The highest mean but that of the best; that of the best where all are the same.
fn runner_up(means: &[f64]) -> f64 {
    let highest = |least: f64, mean: &f64| least.max(*mean);
    let best = means.iter().fold(f64::NEG_INFINITY, highest);
    let second = means.iter().filter(|&&mean| mean < best).fold(f64::NEG_INFINITY, highest);
    if second == f64::NEG_INFINITY { best } else { second }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_is_relative_to_the_best_of_the_others() {
        assert_eq!(runner_up(&[3.0, 1.0, 2.0]), 2.0);
        // Of times the least is the best.
        assert_eq!(runner_up(&[-3.0, -1.0, -2.0]), -2.0);
        assert_eq!(runner_up(&[0.0, -5.0, 0.0]), -5.0);
        assert_eq!(runner_up(&[4.0, 4.0]), 4.0);
    }
}
