//! Flow-equivalent servers: a part of a network, seen from outside, as one
//! station whose completion rate depends on how many customers it holds.
//!
//! A group is the vector of its completion rates: entry `n` is its throughput,
//! per second, with `n` customers shut up inside; entry 0 is zero. All rates
//! here do not decrease with `n`: a product-form network of such stations is
//! itself such a station (Shanthikumar & Yao, *The Effect of Increasing Service
//! Rates in a Closed Queueing Network*, Journal of Applied Probability 23,
//! 1986).

use super::super::chain;

/// Fills `share` with the probabilities that `inside` holds `0..=customers` of
/// the customers, while `outside`, if there is anything outside, holds the
/// others.
///
/// With `n` inside, customers come in at the outside's rate with `customers -
/// n` and go out at the inside's with `n`: a birth-death chain.
pub(super) fn populations(outside: Option<&[f64]>, inside: &[f64], customers: usize, share: &mut Vec<f64>) {
    if let Some(outside) = outside {
        chain::stationary(customers, |n| outside[customers + 1 - n] / inside[n], share);
    } else {
        share.clear();
        share.resize(customers + 1, 0.0);
        share[customers] = 1.0;
    }
}

/// For every group, the rest of the network as one group; `None` where there is
/// no rest.
pub(super) fn complements(groups: &[Vec<f64>]) -> Vec<Option<Vec<f64>>> {
    let before = accumulate(groups.iter());
    let mut after = accumulate(groups.iter().rev());
    after.reverse();
    before
        .into_iter()
        .zip(after)
        .map(|pair| match pair {
            (Some(before), Some(after)) => Some(merge(&before, &after)),
            (one, other) => one.or(other),
        })
        .collect()
}

/// For every group, all groups passed on the way to it as one.
fn accumulate<'a>(groups: impl Iterator<Item = &'a Vec<f64>>) -> Vec<Option<Vec<f64>>> {
    let mut passed = Vec::new();
    let mut all: Option<Vec<f64>> = None;
    let mut last: Option<&Vec<f64>> = None;
    for group in groups {
        if let Some(last) = last.replace(group) {
            all = Some(match all {
                None => last.clone(),
                Some(all) => merge(&all, last),
            });
        }
        passed.push(all.clone());
    }
    passed
}

/// Two groups as one.
fn merge(one: &[f64], other: &[f64]) -> Vec<f64> {
    let mut share = Vec::new();
    (0..one.len())
        .map(|customers| {
            populations(Some(one), other, customers, &mut share);
            share.iter().zip(other).map(|(p, rate)| p * rate).sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(demand: f64, customers: usize) -> Vec<f64> {
        let rate = |n| if n == 0 { 0.0 } else { 1.0 / demand };
        (0..=customers).map(rate).collect()
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-14, "{found} is not {expected}");
        }
    }

    #[test]
    fn two_equal_queues_flow_at_n_over_n_plus_one() {
        let merged = merge(&queue(1.0, 4), &queue(1.0, 4));
        close(&merged, &[0.0, 0.5, 2.0 / 3.0, 0.75, 0.8]);
    }

    #[test]
    fn merging_is_commutative_and_associative() {
        let (a, b, c) = (queue(0.5, 30), queue(0.7, 30), queue(0.2, 30));
        close(&merge(&a, &b), &merge(&b, &a));
        close(&merge(&merge(&a, &b), &c), &merge(&a, &merge(&b, &c)));
    }

    #[test]
    fn complements_leave_out_one_group_each() {
        let groups = [queue(0.5, 8), queue(0.7, 8), queue(0.2, 8)];
        let [a, b, c] = &groups;
        let found = complements(&groups);
        close(found[0].as_ref().unwrap(), &merge(b, c));
        close(found[1].as_ref().unwrap(), &merge(a, c));
        close(found[2].as_ref().unwrap(), &merge(a, b));
        assert_eq!(complements(&groups[..1]), [None]);
    }

    #[test]
    fn a_lone_group_holds_everybody() {
        let mut share = Vec::new();
        populations(None, &queue(1.0, 3), 3, &mut share);
        assert_eq!(share, [0.0, 0.0, 0.0, 1.0]);
    }
}
