//! Traces of a point: which requests of its first replication are wanted, found in one run and recorded in another.

use std::str::FromStr;
use std::sync::atomic::AtomicBool;

use crate::experiment::plan::Plan;
use crate::experiment::run::pilot;
use crate::experiment::run::runner::limits;
use crate::load;
use crate::parts::{RequestEnd, Trace};

/// Requests that are traced at most.
pub const MOST: usize = 1000;

/// What is said of a wish that cannot be read.
const FORM: &str = "must be N, slowest[:N], failed[:N] or a percentile such as p95[:N]";

/// Which requests are traced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Which {
    /// Of those that succeed, the slowest.
    Slowest,
    /// The first to fail for each cause, the most frequent cause first; then the second for each.
    Failed,
    /// Of those that succeed, the ones around this quantile of the response time.
    Around(f64),
}

/// Which requests are traced, and how many: `3`, `slowest:3`, `failed`, `p95:2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceWish {
    /// Which.
    pub which: Which,
    /// How many at most.
    pub count: usize,
}

impl FromStr for TraceWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, count) = text.split_once(':').map_or((text, None), |(name, count)| (name, Some(count)));
        let (which, count) = match name {
            "slowest" => (Which::Slowest, count),
            "failed" => (Which::Failed, count),
            _ if name.starts_with('p') => (Which::Around(quantile(&name[1..])?), count),
            _ if count.is_none() => (Which::Slowest, Some(name)),
            _ => return Err(FORM.into()),
        };
        let count = match count.map(str::parse::<usize>) {
            None => 1,
            Some(Ok(count)) if (1..=MOST).contains(&count) => count,
            Some(Ok(_)) => return Err(format!("N must be from 1 to {MOST}")),
            Some(Err(_)) => return Err(FORM.into()),
        };
        Ok(Self { which, count })
    }
}

fn quantile(text: &str) -> Result<f64, String> {
    let percent = text.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.map(|percent| percent / 100.0).ok_or_else(|| "a percentile is p0 to p100, such as p95 or p99.9".into())
}

/// A request that was traced.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Its trace.
    pub trace: Trace,
    /// Its rank among the successful by response time, 1 for the slowest; none of one that failed.
    pub rank: Option<usize>,
}

/// The requests of a point that were traced.
#[derive(Clone, Debug)]
pub struct Traces {
    /// In the order of the wish.
    pub traces: Vec<Traced>,
    /// Requests in the window of the replication that succeeded.
    pub succeeded: usize,
    /// Those that failed.
    pub failed: usize,
}

/// Why there are no traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untraced {
    /// The system has more services and endpoints than accounts are kept for.
    #[error("the system has too many services and endpoints to be traced")]
    TooLarge,
    /// The two runs ended at different events: an interrupt or the limit on wall time stopped one of them.
    #[error("the run to be traced was ended early")]
    CutShort,
}

/// Traces requests of a point, in its first replication.
///
/// # Errors
/// Where they cannot be traced, or the run was interrupted.
pub fn trace(plan: &Plan, point: usize, wish: TraceWish, interrupted: &AtomicBool) -> Result<Traces, Untraced> {
    let limits = limits(plan, interrupted);
    let system = &plan.points[point].system;
    let load = pilot::load_of(plan, point, &limits);
    let (first, requests) = load::scouted(system, &load, plan.seed, 0, &limits).ok_or(Untraced::TooLarge)?;
    let picked = pick(&requests, wish);
    let chosen: Vec<Vec<RequestEnd>> = picked.iter().map(|&(request, _)| requests[request].clone()).collect();
    let traced = load::traced(system, &load, &chosen, plan.seed, 0, &limits);
    let (second, traces) = traced.ok_or(Untraced::TooLarge)?;
    if first.events != second.events {
        return Err(Untraced::CutShort);
    }
    let ranks = picked.into_iter().map(|(_, rank)| rank);
    let traces = traces.into_iter().zip(ranks).map(|(trace, rank)| Traced { trace, rank }).collect();
    let failed = requests.iter().filter(|tries| has_failed(tries)).count();
    Ok(Traces { traces, succeeded: requests.len() - failed, failed })
}

fn has_failed(tries: &[RequestEnd]) -> bool {
    tries.last().is_some_and(|end| end.failure.is_some())
}

/// The requests that a wish is about, with their ranks.
fn pick(requests: &[Vec<RequestEnd>], wish: TraceWish) -> Vec<(usize, Option<usize>)> {
    let last = |index: usize| requests[index][requests[index].len() - 1];
    let (failed, mut succeeded): (Vec<usize>, Vec<usize>) =
        (0..requests.len()).partition(|&index| has_failed(&requests[index]));
    succeeded.sort_by_key(|&index| std::cmp::Reverse(last(index).took()));
    let ranked = succeeded.iter().copied().zip((1..).map(Some));
    match wish.which {
        Which::Slowest => ranked.take(wish.count).collect(),
        Which::Around(q) => {
            let n = succeeded.len();
            let middle = n - ((q * n as f64).ceil() as usize).clamp(1, n.max(1)).min(n);
            let first = middle.saturating_sub((wish.count - 1) / 2).min(n.saturating_sub(wish.count));
            ranked.skip(first).take(wish.count).collect()
        }
        Which::Failed => {
            let mut causes: Vec<(_, Vec<usize>)> = Vec::new();
            for &index in &failed {
                let why = last(index).failure;
                match causes.iter_mut().find(|(known, _)| *known == why) {
                    Some((_, of_cause)) => of_cause.push(index),
                    None => causes.push((why, vec![index])),
                }
            }
            causes.sort_by_key(|(_, of_cause)| std::cmp::Reverse(of_cause.len()));
            let longest = causes.first().map_or(0, |(_, of_cause)| of_cause.len());
            let in_turn = (0..longest).flat_map(|turn| causes.iter().filter_map(move |(_, of)| of.get(turn).copied()));
            in_turn.take(wish.count).map(|index| (index, None)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;
    use crate::parts::Failure;

    fn end(key: u64, took: u64, failure: Failure) -> Vec<RequestEnd> {
        vec![RequestEnd { key, earlier: 0, born: Time::ZERO, ended: Time(took), failure, is_last: true }]
    }

    #[test]
    fn wishes_are_read() {
        let wish = |text: &str| text.parse::<TraceWish>();
        assert_eq!(wish("3"), Ok(TraceWish { which: Which::Slowest, count: 3 }));
        assert_eq!(wish("failed"), Ok(TraceWish { which: Which::Failed, count: 1 }));
        assert_eq!(wish("p95:2"), Ok(TraceWish { which: Which::Around(0.95), count: 2 }));
        assert!(wish("p99.9").is_ok());
        for wrong in ["", "0", "1001", "slowest:", "slowest:x", "fastest:2", "p", "p101", "pNaN", "p-1", "3:3"] {
            assert!(wish(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn requests_are_picked_by_time_and_by_cause() {
        let (late, refused) = (Failure::GAVE_UP, Failure::SHED);
        let mut all: Vec<_> = (1..=100).map(|n| end(n, n, Failure::NONE)).collect();
        all.extend([end(101, 5, refused), end(102, 6, late), end(103, 7, late)]);
        let keys = |text: &str| -> Vec<u64> {
            pick(&all, text.parse().unwrap()).into_iter().map(|(index, _)| all[index][0].key).collect()
        };
        assert_eq!(keys("2"), [100, 99]);
        assert_eq!(keys("p95"), [95]);
        assert_eq!(keys("p50:3"), [51, 50, 49]);
        assert_eq!((keys("p100"), keys("p0:2")), (vec![100], vec![2, 1]));
        assert_eq!(keys("failed:9"), [102, 101, 103]);
        assert_eq!(pick(&all, "p95".parse().unwrap()), [(94, Some(6))]);
        assert_eq!(pick(&[], "p95".parse().unwrap()), []);
    }
}
