//! The simulation against theory: a model that is a queueing network of product form has an exact answer (Baskett,
//! Chandy, Muntz and Palacios 1975), and any closed network of stations has bounds (Denning and Buzen 1978). A figure
//! that is certainly elsewhere is a mistake of the simulator's.
//!
//! Theory speaks of a steady state, the simulation starts from rest and has a window of finite length. What that can
//! make is allowed for, by rules that are assumptions, not theorems; the tests try them with short windows:
//!
//! - A closed network is taken to be ahead of the same network in another state by no more requests than it has users, so that the
//!   throughput is off by no more than users a window, however short the warm-up is.
//! - An open network from rest fills up: the mean response time may be too short, and is only called wrong so if the
//!   warm-up is twenty times as long as the slowest station takes to forget (Morse 1955). The mean over those who were
//!   answered in the window differs from that of all by about the requests inside out of all that came.

mod network;

use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::Plan;
use crate::language::Metric;
use crate::metric::MetricScope;
use crate::statistics::Interval;
use crate::statistics::theory::{self, bounds, mva};
use network::{Network, Users};

/// The probability with which a right simulator passes all tests of a sweep.
const CERTAIN: f64 = 1.0 - 1e-4;

/// Relaxation times after which an open network has forgotten that it was empty.
const FORGOTTEN: f64 = 20.0;

/// Steps of the solution of a network that are worth a test.
const MOST_STEPS: usize = 4_000_000;

/// What theory says of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Theory {
    /// The value, by mean value analysis of a closed network.
    MeanValueAnalysis(f64),
    /// The value, by Jackson's theorem for an open network.
    Jackson(f64),
    /// The most that any closed network with these demands does.
    AsymptoticBound(f64),
}

impl Theory {
    /// The number, in the unit of the metric.
    pub fn value(self) -> f64 {
        match self {
            Self::MeanValueAnalysis(value) | Self::Jackson(value) | Self::AsymptoticBound(value) => value,
        }
    }

    /// How it is known: `exact mean value analysis`.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanValueAnalysis(_) => "exact mean value analysis",
            Self::Jackson(_) => "Jackson's theorem",
            Self::AsymptoticBound(_) => "the asymptotic bound",
        }
    }
}

/// A figure of a point beside what theory says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// Index of the point.
    pub point: usize,
    /// The figure.
    pub metric: Metric,
    /// What theory says.
    pub theory: Theory,
    /// The simulation's interval, so wide that a right simulator is hardly ever outside.
    pub simulated: Interval,
    /// What the finite window may make, below and above.
    pub allowed: (f64, f64),
}

impl Check {
    /// Whether the simulation agrees with the theory.
    pub fn holds(&self) -> bool {
        let Interval { low, high, .. } = self.simulated;
        let (below, above) = self.allowed;
        let value = self.theory.value();
        let is_not_above = low <= value + above;
        match self.theory {
            Theory::AsymptoticBound(_) => is_not_above,
            Theory::MeanValueAnalysis(_) | Theory::Jackson(_) => is_not_above && high >= value - below,
        }
    }
}

/// The figures of a sweep that theory knows something about.
pub fn check(plan: &Plan, summaries: &[Summary]) -> Vec<Check> {
    let level = 1.0 - (1.0 - CERTAIN) / summaries.len().max(1) as f64;
    summaries.iter().filter_map(|summary| of_point(plan, summary, level)).collect()
}

fn of_point(plan: &Plan, summary: &Summary, level: f64) -> Option<Check> {
    let point = &plan.points[summary.point];
    // These theories have no requests that are refused or given up, and no queue without a steady state.
    let rises = summary.growth.any().or(summary.growth.lengthens).is_some();
    if summary.success_rate.estimate < 1.0 || !summary.unsound.is_empty() || rises {
        return None;
    }
    let network = Network::of(&point.system, &point.load)?;
    let (metric, theory, allowed) = match network.users {
        Users::Closed { count, think_s } => closed(&network, count, think_s)?,
        Users::Open { rate, warm_up_s } => open(&network, rate, warm_up_s)?,
    };
    let simulated =
        summary.metric_at(&MetricScope::Whole, metric, level).filter(|interval| interval.high.is_finite())?;
    Some(Check { point: summary.point, metric, theory, simulated, allowed })
}

/// The throughput of a closed network.
fn closed(network: &Network, count: u32, think_s: f64) -> Option<(Metric, Theory, (f64, f64))> {
    let stations: Vec<mva::Centre> = network.nodes.iter().map(network::Node::station).collect();
    let customers = count as usize;
    let lines = network.nodes.iter().filter(|node| node.servers.is_some_and(|servers| servers > 1)).count();
    let steps = if lines > 1 { customers.saturating_mul(customers) } else { customers }.saturating_mul(stations.len());
    let per_min = |a_second: f64| a_second * 60.0;
    let theory = if network.is_product_form && steps <= MOST_STEPS {
        Theory::MeanValueAnalysis(per_min(mva::solve(&stations, think_s, customers).ok()?.throughput))
    } else {
        Theory::AsymptoticBound(per_min(bounds::asymptotic(&stations, think_s, customers).ok()?.throughput_high))
    };
    let allowed = per_min(f64::from(count) / network.window_s);
    Some((Metric::ThroughputPerMin, theory, (allowed, allowed)))
}

/// The mean response time of an open network of exponential stations.
fn open(network: &Network, rate: f64, warm_up_s: f64) -> Option<(Metric, Theory, (f64, f64))> {
    if !network.is_product_form {
        return None;
    }
    let (mut inside, mut relaxation) = (0.0, 0.0f64);
    for node in &network.nodes {
        let Some(servers) = node.servers else {
            inside += rate * node.demand_s;
            relaxation = relaxation.max(node.demand_s);
            continue;
        };
        if !node.is_exponential {
            return None;
        }
        let (arrivals, service_s) = (rate * node.visits, node.demand_s / node.visits);
        inside += theory::mmc(arrivals, service_s, servers as usize).ok()?.in_system;
        // The slowest rate of an M/M/c is about the smaller of these (Gamarnik and Goldberg 2013).
        let gap = ((f64::from(servers) / service_s).sqrt() - arrivals.sqrt()).powi(2);
        relaxation = relaxation.max(1.0 / gap.min(1.0 / service_s));
    }
    let response_s = inside / rate;
    let edge = response_s * ((1.0 + inside) / (rate * network.window_s)).min(1.0);
    let below = if warm_up_s >= FORGOTTEN * relaxation { edge } else { f64::INFINITY };
    Some((Metric::MeanS, Theory::Jackson(response_s), (below, edge)))
}

#[cfg(test)]
mod tests;
