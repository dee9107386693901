//! Sequential stopping: whether the replications of a point tell its figures precisely enough, and how many more
//! are needed if not.
//!
//! A procedure that stops as soon as an interval looks narrow stops too often where it is narrow by chance, and then it does not
//! cover what it should (Law and Kelton 1982, *Confidence intervals for steady-state simulations: a survey of
//! sequential procedures*, Management Science 28; Singham and Schruben 2012, *Finite-sample performance of absolute
//! precision stopping rules*, INFORMS Journal on Computing 24). What is done about it:
//!
//! - The first look is after at least ten replications.
//! - Looks are few: from one to the next the number of replications grows by a quarter at least, and aims at what the
//!   present spread says is needed.
//! - The half-width of the interval is taken larger at each look, by a factor of `1 + 1/√n`, as Chow and Robbins (1965,
//!   *On the asymptotic theory of fixed-width sequential confidence intervals for the mean*, Annals of Mathematical
//!   Statistics 36) enlarge the variance, so that a small spread of few replications stops nothing.
//! - A relative half-width `g` is aimed at as `g / (1 + g)`, since it is relative to the estimate and not to the truth
//!   (Law, *Simulation Modeling and Analysis*, ch. 9).
//!
//! The test `precision` measures the coverage that is left over hundreds of experiments.
//!
//! The answer is a function of the point's trials in the order of replications, so results depend neither on threads
//! nor on where a run was resumed.

use crate::experiment::analyse::summary::{self, Summary};
use crate::experiment::analyse::trial::Trial;
use crate::experiment::plan::{FEWEST, Plan, Precision};
use crate::language::Metric;
use crate::statistics::Interval;

/// Growth of the number of replications from one look to the next: at least, and at most.
const GROWTH: (f64, f64) = (1.25, 2.0);

/// What to do about a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrecisionStep {
    /// Every figure is known precisely enough.
    Enough,
    /// Not every figure is, but as many replications were run as are allowed.
    Maximum,
    /// Run on until there are so many replications, then ask again.
    Until(u32),
}

/// A figure that is not known as precisely as was asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shortfall {
    /// Index of the point.
    pub point: usize,
    /// Which figure: of several the one that needs most replications.
    pub metric: Metric,
    /// Half of its interval, relative; of a share absolute. Infinite where it has a bound on one side only.
    pub half_width: f64,
    /// Replications that it rests on.
    pub replications: usize,
    /// About how many would do; none where that cannot be told.
    pub needed: Option<u64>,
}

/// Replications of each point before anything is asked.
pub fn first(plan: &Plan) -> u32 {
    match plan.most() {
        Some(most) => plan.replications.max(FEWEST).min(most),
        None => plan.replications,
    }
}

/// What to do about a point of which `run` replications were run, the first ones, with these results in the
/// order of replications; replications that gave none are missing.
pub fn step(plan: &Plan, run: u32, trials: &[&Trial]) -> PrecisionStep {
    let first = first(plan);
    if run < first {
        return PrecisionStep::Until(first);
    }
    let used = summary::usable(trials);
    match (excludes(plan, run, &used), figures(plan, run, &used)) {
        (PrecisionStep::Until(a), PrecisionStep::Until(b)) => PrecisionStep::Until(a.max(b)),
        (PrecisionStep::Until(more), _) | (_, PrecisionStep::Until(more)) => PrecisionStep::Until(more),
        (_, step) => step,
    }
}

/// Whether a loss of capacity was seen, or is excluded by the replications without one.
fn excludes(plan: &Plan, run: u32, used: &[&Trial]) -> PrecisionStep {
    let needed = plan.exclude_loss.map_or(0, |exclusion| exclusion.most);
    let lost = used.iter().any(|trial| trial.is_damaged());
    if lost || run >= needed { PrecisionStep::Enough } else { PrecisionStep::Until(needed) }
}

/// Whether the figures are known precisely enough.
fn figures(plan: &Plan, run: u32, used: &[&Trial]) -> PrecisionStep {
    let Some(precision) = &plan.precision else { return PrecisionStep::Enough };
    let count = f64::from(run);
    let caution = 1.0 + 1.0 / count.sqrt();
    let excess = summary::intervals(used, &precision.of).into_iter().map(|(metric, interval)| {
        let aim = if metric.is_rate() { precision.half_width } else { cautious(precision.half_width) };
        caution * half_width(interval, metric) / aim
    });
    let excess = excess.fold(0.0, f64::max);
    if excess <= 1.0 {
        return PrecisionStep::Enough;
    }
    if run >= precision.most {
        return PrecisionStep::Maximum;
    }
    let (least, most) = GROWTH;
    let next = (count * excess * excess).clamp((count * least).ceil(), count * most).ceil();
    PrecisionStep::Until((next as u32).min(precision.most))
}

/// What to aim at, so that the half-width relative to the truth is as asked.
fn cautious(half_width: f64) -> f64 {
    half_width / (1.0 + half_width)
}

/// Half of an interval, relative but for shares; infinite where a bound is missing.
fn half_width(interval: Interval, metric: Metric) -> f64 {
    if metric.is_rate() { interval.half_width() } else { interval.relative_half_width() }
}

/// The points of which a figure is not known as precisely as was asked.
pub fn shortfalls(plan: &Plan, summaries: &[Summary]) -> Vec<Shortfall> {
    let Some(precision) = &plan.precision else { return Vec::new() };
    summaries.iter().filter_map(|summary| shortfall(precision, summary)).collect()
}

fn shortfall(precision: &Precision, summary: &Summary) -> Option<Shortfall> {
    let known = precision.of.iter().filter_map(|&metric| Some((metric, half_width(summary.metric(metric)?, metric))));
    let (metric, half_width) = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let factor = half_width / precision.half_width;
    let replications = summary.replications;
    (factor > 1.0).then(|| Shortfall {
        point: summary.point,
        metric,
        half_width,
        replications,
        needed: factor.is_finite().then(|| (replications as f64 * factor * factor * 1.1).ceil().min(1e9) as u64),
    })
}
