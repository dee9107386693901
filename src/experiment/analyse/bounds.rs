//! Asymptotic bounds along an axis of concurrency: however requests queue, N clients complete no more than min(N / (D + Z),
//! 1 / Dmax) a second, where D is a request's own time, Z the think time and Dmax its demand on the server that is full first
//! (Denning and Buzen 1978; Lazowska et al., *Quantitative System Performance*, 1984, chapter 5).

use super::demand::{most, without_waiting};
use super::summary::Summary;
use crate::experiment::plan::Plan;

/// By how much a demand may differ between points, relative to its least. One that grows with the load gives no bound for other
/// loads.
const ALIKE: f64 = 0.05;

/// Points that tell whether demands depend on the load, at least.
const FEWEST: usize = 2;

/// The bounds of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The server that is full first.
    pub resource: String,
    /// Completions a minute when it is full.
    pub most_per_min: f64,
    /// Completions a minute that each client adds while no request waits.
    pub per_client: f64,
}

impl Bounds {
    /// Completions a minute that this number of clients cannot exceed.
    pub fn at(&self, clients: f64) -> f64 {
        (clients * self.per_client).min(self.most_per_min)
    }

    /// The number of clients at which the two bounds meet.
    pub fn knee(&self) -> f64 {
        self.most_per_min / self.per_client
    }
}

/// The bounds of the points of a curve along the load's concurrency. None along other axes, for loads that are not closed, and
/// where the demands are not known at some points without failures, or differ between these.
pub fn bounds(plan: &Plan, points: &[usize], summaries: &[&Summary]) -> Option<Bounds> {
    // Of a service that is scaled the demand on a replica is no demand on the service.
    let is_scaled = |point: usize| plan.points[point].system.services.iter().any(|service| service.varies());
    if points.iter().any(|&point| is_scaled(point)) {
        return None;
    }
    let axis = plan.axes.first().filter(|axis| axis.path == "load.concurrency")?;
    let clients = |point: usize| plan.points[point].at.first().and_then(|&value| axis.values[value].number);
    let known = summaries.iter().filter(|summary| points.contains(&summary.point)).filter_map(|summary| {
        let (resource, most_per_min) = most(summary)?;
        let all = without_waiting(summary, &plan.points[summary.point].load)?;
        Some((resource, most_per_min, all / clients(summary.point)?))
    });
    let known: Vec<(String, f64, f64)> = known.collect();
    let (resource, ..) = known.first().filter(|_| known.len() >= FEWEST)?;
    if known.iter().any(|(other, ..)| other != resource) {
        return None;
    }
    Some(Bounds {
        resource: resource.clone(),
        most_per_min: highest(known.iter().map(|&(_, most, _)| most))?,
        per_client: highest(known.iter().map(|&(.., each)| each))?,
    })
}

/// The highest of some rates that are alike: none of the others is bounded by less.
fn highest(rates: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let (low, high) = rates.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), rate| (low.min(rate), high.max(rate)));
    (low > 0.0 && high <= low * (1.0 + ALIKE)).then_some(high)
}
