//! Which load test narrows the answer of a calibrated model most, for the time that it takes.
//!
//! Preposterior analysis (Raiffa and Schlaifer, *Applied Statistical Decision Theory*, 1961): a draw of the posterior is taken
//! as the truth, the result of a test is drawn from what the model gives there, from the noise of a test and from what the
//! model gets wrong, and all draws are weighted by how well they agree with that result. The band of the answer under these
//! weights, averaged over truths and results, is what is expected after the test. Emulators stand for the model, so that each
//! of the draws counts (as in Strong, Oakley, Brennan and Breeze, *Estimating the expected value of sample information using the
//! probabilistic sensitivity analysis sample*, Medical Decision Making 35, 2015).

use super::calibration::ENDS;
use super::candidates::{Candidate, Laboratory, Observed, Rival, candidates};
use super::posterior::Posterior;
use super::quantile::quantile;
use super::sampler::normal;
use crate::experiment::plan::{Ranged, Site};
use crate::kernel::random::Stream;
use crate::language::{Mistake, Mistakes};
use crate::metric::Metric;
use crate::statistics::emulator::Emulator;

/// Draws of the posterior that are run.
const SETTINGS: usize = 40;

/// Replications of each.
const REPLICATIONS: u32 = 3;

/// Draws that are the truth in turn.
const TRUTHS: usize = 100;

/// Results of a test for each truth.
const RESULTS: usize = 2;

/// What a figure may be off by in any case: 0.2 %, or 0.2 points. No load test is measured better.
const FLOOR: f64 = 0.002;

/// Half of a 90 % interval in standard deviations of the normal distribution.
const NINETY: f64 = 1.644_853_626_951_472_2;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The figure that is the answer.
    pub metric: Metric,
    /// The variant at which it is wanted.
    pub variant: String,
    /// The values of axes or paths there.
    pub at: Vec<(String, String)>,
    /// The figures that a test measures.
    pub metrics: Vec<Metric>,
    /// Seconds between two runs.
    pub pause: f64,
    /// Seconds that it takes to change the system.
    pub change: f64,
}

/// A test, and what it is expected to leave of the band.
#[derive(Clone, Debug)]
pub struct Narrowing {
    /// The test.
    pub candidate: Candidate,
    /// What it takes in seconds: a run, a pause, the change of the system.
    pub cost: f64,
    /// The figure that narrows the band most, by index; none where no figure depends on what is not known.
    pub metric: Option<usize>,
    /// How much narrower the band becomes, of what it is: 0 to 1.
    pub narrower: f64,
}

impl Narrowing {
    /// How much narrower the band becomes in an hour, if it could be measured for so long at the same value.
    pub fn per_hour(&self) -> f64 {
        self.narrower / (self.cost / 3600.0)
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Narrowings {
    /// What was asked.
    pub aim: Aim,
    /// The answer now: its median and its 90 % band, from parameters and from what the model gets wrong.
    pub now: [f64; 3],
    /// What no test of the model's parameters can take away: half of the 90 % band that is left if they are known.
    pub left: f64,
    /// The tests, that first which narrows the band most for its time.
    pub tests: Vec<Narrowing>,
    /// Draws of the posterior that were run, and all of them.
    pub draws: [usize; 2],
    /// Replications of each draw.
    pub replications: u32,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended it early.
    pub is_interrupted: bool,
}

/// A figure over all draws, on the scale on which it is measured: the logarithm, of shares the share itself.
struct Course {
    /// By draw of the posterior.
    values: Vec<f64>,
    /// The standard deviation of one test.
    noise: f64,
    is_log: bool,
}

impl Course {
    /// Emulated at all draws from those that were run; none where too few have the figure.
    fn of(metric: Metric, figures: &[Vec<f64>], run: &[Vec<f64>], all: &[Vec<f64>]) -> Option<Self> {
        let mean = |values: &Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        let means: Vec<Option<f64>> = figures.iter().map(mean).collect();
        let is_log = !metric.is_rate() && means.iter().flatten().all(|&mean| mean > 0.0);
        let scaled = |value: f64| if is_log { libm::log(value) } else { value };
        let (points, values): (Vec<Vec<f64>>, Vec<f64>) =
            run.iter().zip(&means).filter_map(|(point, mean)| Some((point.clone(), scaled((*mean)?)))).unzip();
        if points.len() * 10 < run.len() * 9 {
            return None;
        }
        let (mut squares, mut freedom) = (0.0, 0.0);
        for (values, mean) in figures.iter().zip(&means).filter_map(|(values, mean)| Some((values, (*mean)?))) {
            let unit = if is_log { mean } else { 1.0 };
            squares += values.iter().map(|value| ((value - mean) / unit).powi(2)).sum::<f64>();
            freedom += values.len() as f64 - 1.0;
        }
        let noise = (squares / f64::max(freedom, 1.0)).sqrt();
        let values = match Emulator::fit(&points, &values, 0.0) {
            Some(emulator) => all.iter().map(|point| emulator.predict(point).0).collect(),
            None => vec![*values.first()?; all.len()],
        };
        Some(Self { values, noise, is_log })
    }

    fn back(&self, value: f64) -> f64 {
        if self.is_log { libm::exp(value) } else { value }
    }
}

/// Finds the test.
///
/// # Errors
/// If the answer's place is none of the model, and where the model would be mistaken with a draw of its parameters.
pub fn narrow(rival: &mut Rival, aim: Aim, laboratory: &mut Laboratory) -> Result<Narrowings, Mistakes> {
    let site = rival.bench.site(Some(&aim.variant), &aim.at)?;
    let Some(posterior) = rival.posterior.clone() else {
        return Err(Mistake::new("there are no draws of the model's parameters").into());
    };
    // The answer itself is not among the tests.
    let is_aim =
        |test: &Candidate| [aim.variant.as_str(), ""].contains(&test.variant.as_str()) && test.values == aim.at;
    let all: Vec<Candidate> =
        candidates(std::slice::from_ref(rival))?.into_iter().filter(|test| !is_aim(test)).collect();
    let few = posterior.thinned(SETTINGS);
    let at_aim = runs_at(rival, &site, &few, aim.metric, laboratory)?;
    rival.posterior = Some(few.clone());
    let tests: Vec<&Candidate> = all.iter().collect();
    let observed = laboratory.run((0, rival), &tests, &aim.metrics, (1, REPLICATIONS))?;
    let mut found = Narrowings {
        now: [f64::NAN; 3],
        left: 0.0,
        tests: Vec::new(),
        draws: [few.draws.len(), posterior.draws.len()],
        replications: REPLICATIONS,
        doubts: laboratory.doubts.clone(),
        is_interrupted: laboratory.is_interrupted,
        aim,
    };
    if found.is_interrupted {
        return Ok(found);
    }
    let point = |draw: &Vec<f64>| place(&posterior.parameters, draw);
    let (run, drawn): (Vec<Vec<f64>>, Vec<Vec<f64>>) =
        (few.draws.iter().map(point).collect(), posterior.draws.iter().map(point).collect());
    let Some(answer) = Course::of(found.aim.metric, &at_aim.figures[0], &run, &drawn) else {
        let title = format!("the model has no {} there with most of the draws", found.aim.metric.words());
        return Err(Mistake::new(title).help("choose another figure or another place").into());
    };
    let mut order: Vec<usize> = (0..answer.values.len()).collect();
    order.sort_by(|&a, &b| answer.values[a].total_cmp(&answer.values[b]));
    let sorted: Vec<f64> = order.iter().map(|&draw| answer.values[draw]).collect();
    let squares: f64 = posterior.discrepancies.iter().map(|size| size * size).sum();
    let discrepancy = (squares / posterior.discrepancies.len().max(1) as f64).sqrt();
    let wrong = NINETY * discrepancy;
    let median = quantile(&sorted, 0.5);
    let own = ENDS.map(|share| quantile(&sorted, share));
    let with_wrong = |end: f64| median + (end - median).signum() * (end - median).hypot(wrong);
    found.now = [median, with_wrong(own[0]), with_wrong(own[1])].map(|value| answer.back(value));
    found.left = (answer.back(median + wrong) - answer.back(median - wrong)) / 2.0;
    // With parameters that are known the band is as wide as the discrepancy alone.
    let width = |ends: [f64; 2]| 2.0 * ((ends[1] - ends[0]) / 2.0).hypot(wrong);
    let before = width(own);
    let seed = rival.bench.plan().seed;
    for (number, (candidate, observed)) in all.into_iter().zip(&observed).enumerate() {
        let mut best = (None, 0.0);
        for (index, metric) in found.aim.metrics.iter().enumerate() {
            let Some(course) = Course::of(*metric, &observed.figures[index], &run, &drawn) else { continue };
            let noise = course.noise.hypot(discrepancy).hypot(FLOOR);
            let mut stream = Stream::named(seed, number as u64, "discriminate: results", index as u64);
            let left = expected(&course.values, noise, (&order, &sorted), width, &mut stream);
            let narrower = 1.0 - left / before;
            if narrower > best.1 {
                best = (Some(index), narrower);
            }
        }
        let change = if candidate.is_changed { found.aim.change } else { 0.0 };
        let cost = change + observed.seconds + found.aim.pause;
        found.tests.push(Narrowing { candidate, cost, metric: best.0, narrower: best.1 });
    }
    found.tests.sort_by(|a, b| b.per_hour().total_cmp(&a.per_hour()));
    Ok(found)
}

/// A draw in the ranges of the draws, from 0 to 1.
fn place(parameters: &[Ranged], draw: &[f64]) -> Vec<f64> {
    let place = |(ranged, value): (&Ranged, &f64)| match ranged.high - ranged.low {
        width if width > 0.0 => (value - ranged.low) / width,
        _ => 0.5,
    };
    parameters.iter().zip(draw).map(place).collect()
}

/// The answer's figure with these draws.
fn runs_at(
    rival: &mut Rival,
    site: &Site,
    posterior: &Posterior,
    metric: Metric,
    laboratory: &mut Laboratory,
) -> Result<Observed, Mistakes> {
    let mut plan = rival.bench.plan().clone();
    plan.axes.clear();
    plan.replications = REPLICATIONS;
    let mut points = Vec::new();
    for draw in &posterior.draws {
        let values: Vec<(&Ranged, f64)> = posterior.parameters.iter().zip(draw.iter().copied()).collect();
        points.push(rival.bench.point_of(site, &values)?);
    }
    let mut observed = laboratory.observe(plan, points, (1, posterior.draws.len()), &[metric]);
    Ok(observed.pop().unwrap_or_default())
}

/// The width of the band that is expected after a test: the mean over truths and results. `answers` are the draws in the order
/// of the answer, and the sorted answers.
fn expected(
    values: &[f64],
    noise: f64,
    (order, sorted): (&[usize], &[f64]),
    width: impl Fn([f64; 2]) -> f64,
    stream: &mut Stream,
) -> f64 {
    let truths = TRUTHS.min(values.len());
    let mut sum = 0.0;
    for index in 0..truths {
        let truth = values[index * values.len() / truths];
        for _ in 0..RESULTS {
            let result = truth + noise * normal(stream);
            let weights: Vec<f64> =
                order.iter().map(|&draw| libm::exp(-0.5 * ((result - values[draw]) / noise).powi(2))).collect();
            sum += width(ENDS.map(|share| weighted(sorted, &weights, share)));
        }
    }
    sum / (truths * RESULTS) as f64
}

/// The quantile of sorted values with weights.
fn weighted(sorted: &[f64], weights: &[f64], share: f64) -> f64 {
    let wanted = share * weights.iter().sum::<f64>();
    let mut sum = 0.0;
    for (value, weight) in sorted.iter().zip(weights) {
        sum += weight;
        if sum >= wanted {
            return *value;
        }
    }
    sorted.last().copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normal draws with a standard deviation of 1, measured with one of `noise`: what is left is normal with the variance
    /// 1 / (1 + 1 / noise²), whatever the result is.
    #[test]
    fn what_is_left_of_normal_draws_is_known() {
        let mut stream = Stream::named(3, 0, "test", 0);
        let values: Vec<f64> = (0..4000).map(|_| normal(&mut stream)).collect();
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let sorted: Vec<f64> = order.iter().map(|&draw| values[draw]).collect();
        for noise in [0.3, 1.0, 3.0] {
            let left = expected(&values, noise, (&order, &sorted), |[low, high]| high - low, &mut stream);
            let exact = 2.0 * NINETY / (1.0 + 1.0 / (noise * noise)).sqrt();
            assert!((left / exact - 1.0).abs() < 0.05, "{noise}: {left} {exact}");
        }
    }

    #[test]
    fn weights_move_quantiles() {
        assert_eq!(weighted(&[1.0, 2.0, 3.0], &[1.0, 1.0, 1.0], 0.5), 2.0);
        assert_eq!(weighted(&[1.0, 2.0, 3.0], &[0.0, 0.0, 1.0], 0.5), 3.0);
    }
}
