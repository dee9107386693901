//! Calibration: which values of a model's uncertain numbers fit what was measured.
//!
//! In waves, as history matching does (Craig, Goldstein, Seheult and Smith, 1997; Vernon, Goldstein and Bower, *Galaxy formation*,
//! Bayesian Analysis 5, 2010): settings from all of the ranges are run, emulators are fitted, draws of their posterior say where
//! the next settings are. All settings meet the same requests (common random numbers). The last settings are draws of the
//! posterior themselves, so that the fit is that of the model, not of its emulators.

use super::laws::{Contradiction, contradictions};
use super::likelihood::{Likelihood, Run};
use super::observation::{Observation, Observations};
use super::outputs::{Scale, read};
use super::prior::Prior;
use super::quantile::quantile;
use super::sampler::{draws, normal, reflected};
use super::trials::Trials;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::Ranged;
use crate::kernel::random::{Stream, unit};
use crate::language::Mistakes;
use crate::statistics::chi_squared;
use crate::statistics::sensitivity::hypercube;

/// Settings of the first wave for each parameter, and what they are at least and at most.
const FIRST: usize = 10;
const LEAST_FIRST: usize = 16;
const MOST_FIRST: usize = 110;

/// Waves after the first, and settings of each for each parameter.
const WAVES: u64 = 2;
const NEXT: usize = 6;
const LEAST_NEXT: usize = 12;
const MOST_NEXT: usize = 40;

/// Draws of the posterior between waves, and at the end.
const PARTICLES: usize = 200;
const LAST_PARTICLES: usize = 1000;

/// Draws that are run at the end.
const CHECKED: usize = 20;

/// How wide an interval is beside that of the prior where the data says next to nothing.
const UNKNOWN: f64 = 0.75;

/// The correlation from which two parameters are said to trade off.
const TRADED: f64 = 0.7;

/// A misfit that is greater with less than this probability is more than noise.
const BEYOND: f64 = 0.001;

/// The ends of intervals of 90 %.
pub const ENDS: [f64; 2] = [0.05, 0.95];

/// How parameters are fitted.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Whether to fit although the data contradicts itself.
    pub despite_laws: bool,
    /// The discrepancy from which a model is said not to fit: relative, of shares in points.
    pub tolerance: f64,
}

/// A parameter and what is known of it now.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The number of the model, and its range.
    pub ranged: Ranged,
    /// The median of its posterior.
    pub median: f64,
    /// The ends of its 90 % interval.
    pub interval: [f64; 2],
    /// The width of that interval beside the prior's.
    pub width: f64,
    /// By draw.
    pub draws: Vec<f64>,
}

impl Fitted {
    /// Whether the data says anything of it: its interval is less than three quarters as wide as before.
    pub fn is_known(&self) -> bool {
        self.width < UNKNOWN
    }

    /// Whether its interval ends at an end of its range, so that the range may be too narrow.
    pub fn is_at_an_end(&self) -> bool {
        let (low, high) = (self.ranged.low, self.ranged.high);
        let near = 0.02 * (high - low);
        self.is_known() && !self.ranged.dial.whole && (self.interval[0] < low + near || self.interval[1] > high - near)
    }
}

/// Two parameters that make up for each other.
#[derive(Clone, Copy, Debug)]
pub struct Traded {
    /// Indices.
    pub pair: [usize; 2],
    /// Their correlation in the posterior.
    pub correlation: f64,
    /// By how much the second changes for each unit of the first.
    pub slope: f64,
}

/// A figure that was measured beside the calibrated model.
#[derive(Clone, Debug)]
pub struct Fit {
    /// What was measured.
    pub observation: Observation,
    /// The median over draws of the posterior that were run, and where 90 % of them are; none where no draw has the figure.
    pub predicted: Option<[f64; 3]>,
    /// The distance in standard deviations of the test and of the runs.
    pub distance: Option<f64>,
    /// Predicted less measured, relative, of shares in points.
    pub deviation: Option<f64>,
    /// Whether any setting changed it.
    pub is_informative: bool,
}

/// What was found.
#[derive(Debug)]
pub struct Calibration {
    /// What was measured.
    pub data: Observations,
    /// What contradicts in the data; then nothing is fitted, unless that is asked for.
    pub contradictions: Vec<Contradiction>,
    /// The parameters; empty where nothing was fitted.
    pub parameters: Vec<Fitted>,
    /// The correlations of their posterior.
    pub correlations: Vec<Vec<f64>>,
    /// Pairs that trade off, the strongest first.
    pub traded: Vec<Traded>,
    /// Median and 90 % interval of the discrepancy: relative, of shares in points.
    pub discrepancy: [f64; 3],
    /// By draw.
    pub discrepancies: Vec<f64>,
    /// By observation.
    pub fits: Vec<Fit>,
    /// Whether the differences that remain are more than noise.
    pub is_beyond_noise: bool,
    /// Whether no setting fits: the differences are more than noise, and larger than the tolerance.
    pub is_misfit: bool,
    /// By how much the emulators were off, in standard deviations of what was measured, root mean square.
    pub emulation: f64,
    /// Settings that were run.
    pub settings: usize,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended it early.
    pub is_interrupted: bool,
}

impl Calibration {
    /// Whether figures contradict each other, with all of their intervals.
    pub fn is_contradictory(&self) -> bool {
        self.contradictions.iter().any(|one| !one.is_partial)
    }
}

/// The place of a parameter that its model can have: of whole numbers the middle of the slice of each.
fn canonical(ranged: &Ranged, share: f64) -> f64 {
    if !ranged.dial.whole {
        return share;
    }
    let count = ranged.high - ranged.low + 1.0;
    (((share * count).floor()).min(count - 1.0) + 0.5) / count
}

fn canonical_point(parameters: &[Ranged], point: &[f64]) -> Vec<f64> {
    parameters.iter().zip(point).map(|(ranged, share)| canonical(ranged, *share)).collect()
}

/// Runs settings and keeps what they gave.
struct Waves<'a, 'b> {
    parameters: &'a [Ranged],
    trials: &'a mut Trials<'b>,
    runs: Vec<Run>,
}

impl Waves<'_, '_> {
    fn run(&mut self, data: &Observations, points: Vec<Vec<f64>>) -> Result<(), Mistakes> {
        let points: Vec<Vec<f64>> = points.iter().map(|point| canonical_point(self.parameters, point)).collect();
        let values =
            |point: &Vec<f64>| self.parameters.iter().zip(point).map(|(it, share)| it.at(*share)).collect::<Vec<f64>>();
        let settings: Vec<Vec<f64>> = points.iter().map(values).collect();
        let count: Vec<usize> =
            (0..data.sites.len()).map(|site| data.all.iter().filter(|it| it.site == site).count()).collect();
        let read = |site: usize, summary: &Summary| read(data, site, summary);
        let found = self.trials.run(&data.sites, self.parameters, &settings, read)?;
        for (point, of_sites) in points.into_iter().zip(found) {
            let blank = |site: usize| vec![None; count[site]];
            let outputs = of_sites.into_iter().enumerate().flat_map(|(site, it)| it.unwrap_or_else(|| blank(site)));
            self.runs.push(Run { point, outputs: outputs.collect() });
        }
        Ok(())
    }
}

/// Calibrates the parameters of a model.
///
/// # Errors
/// Where the model would be mistaken somewhere in the ranges.
pub fn calibrate(
    mut data: Observations,
    parameters: &[Ranged],
    question: Question,
    trials: &mut Trials,
) -> Result<Calibration, Mistakes> {
    let plan = trials.bench.plan();
    let (seed, replications) = (plan.seed, plan.replications);
    let contradictions = contradictions(&mut data, parameters, trials)?;
    let mut found = Calibration {
        fits: Vec::new(),
        parameters: Vec::new(),
        correlations: Vec::new(),
        traded: Vec::new(),
        discrepancy: [0.0; 3],
        discrepancies: Vec::new(),
        is_beyond_noise: false,
        is_misfit: false,
        emulation: 0.0,
        settings: 0,
        doubts: Vec::new(),
        is_interrupted: trials.is_interrupted,
        contradictions,
        data,
    };
    if found.is_contradictory() && !question.despite_laws || found.is_interrupted {
        return Ok(found);
    }
    let data = &found.data;
    let inputs = parameters.len();
    let mut stream = Stream::named(seed, 0, "calibrate: design", 0);
    let mut uniform = move || unit(stream.next_bits());
    trials.apart();
    let mut waves = Waves { parameters, trials: &mut *trials, runs: Vec::new() };
    let first = (FIRST * (inputs + 1)).clamp(LEAST_FIRST, MOST_FIRST);
    waves.run(data, hypercube(first, inputs, &mut uniform))?;
    let next = (NEXT * (inputs + 1)).clamp(LEAST_NEXT, MOST_NEXT);
    let mut recent = first;
    let priors: Vec<Prior> = parameters.iter().map(Prior::of).collect();
    let sample = |likelihood: &Likelihood, count: usize, wave: u64| {
        draws(count, inputs + 1, seed, wave, |point: &[f64]| {
            let discrepancy = likelihood.discrepancy(point[inputs]);
            let prior: f64 = priors.iter().zip(point).map(|(prior, share)| prior.log(*share)).sum();
            prior + likelihood.log(&canonical_point(parameters, &point[..inputs]), discrepancy)
        })
    };
    let mut earlier: Option<Likelihood> = None;
    for wave in 0..WAVES {
        if waves.trials.is_interrupted {
            break;
        }
        let likelihood = Likelihood::of(data, &waves.runs, recent, replications, earlier.as_ref());
        let posterior = sample(&likelihood, PARTICLES, wave);
        earlier = Some(likelihood);
        waves.run(data, settings_near(&posterior, inputs, next, seed, wave))?;
        recent = next;
    }
    // Without all of the settings nothing is known; those that were run are in the journal.
    if waves.trials.is_interrupted {
        found.is_interrupted = true;
        return Ok(found);
    }
    let likelihood = Likelihood::of(data, &waves.runs, recent, replications, earlier.as_ref());
    let posterior = sample(&likelihood, LAST_PARTICLES, WAVES);
    let checked: Vec<Vec<f64>> =
        posterior.iter().step_by(LAST_PARTICLES / CHECKED).map(|point| point[..inputs].to_vec()).collect();
    let before = waves.runs.len();
    waves.run(data, checked)?;
    let (checks, settings) = (waves.runs.split_off(before), waves.runs.len() + CHECKED);
    found.settings = settings;
    found.fits = fits(data, &checks, &likelihood);
    found.emulation = emulation(&checks, &likelihood);
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    found.discrepancies = posterior.iter().map(|point| likelihood.discrepancy(point[inputs])).collect();
    let discrepancies = sorted(&found.discrepancies);
    found.discrepancy = [0.5, ENDS[0], ENDS[1]].map(|share| quantile(&discrepancies, share));
    found.parameters = parameters
        .iter()
        .enumerate()
        .map(|(index, ranged)| {
            let draws: Vec<f64> = posterior.iter().map(|point| ranged.at(point[index])).collect();
            let sorted = sorted(&draws);
            let interval = ENDS.map(|share| quantile(&sorted, share));
            let prior = ENDS.map(|share| ranged.at(priors[index].quantile(share)));
            let width = (interval[1] - interval[0]) / (prior[1] - prior[0]).max(f64::MIN_POSITIVE);
            Fitted { ranged: ranged.clone(), median: quantile(&sorted, 0.5), interval, width, draws }
        })
        .collect();
    (found.correlations, found.traded) = correlations(&found.parameters);
    // The best of the draws fits as well as noise lets it, or the model is wrong.
    let least = posterior
        .iter()
        .map(|point| likelihood.chi_squared(&canonical_point(parameters, &point[..inputs])))
        .fold(f64::INFINITY, f64::min);
    found.is_beyond_noise = least > chi_squared(BEYOND, likelihood.evidence().saturating_sub(inputs).max(1) as f64);
    let constant_misfit = found
        .fits
        .iter()
        .any(|fit| !fit.is_informative && fit.deviation.is_some_and(|size| size.abs() > question.tolerance));
    found.is_misfit = found.is_beyond_noise && found.discrepancy[0] > question.tolerance || constant_misfit;
    found.doubts.clone_from(&trials.doubts);
    found.is_interrupted = trials.is_interrupted;
    Ok(found)
}

/// Settings of the next wave: half of them draws, half of them twice as far from the middle of the draws.
fn settings_near(posterior: &[Vec<f64>], inputs: usize, count: usize, seed: u64, wave: u64) -> Vec<Vec<f64>> {
    let mean: Vec<f64> =
        (0..inputs).map(|at| posterior.iter().map(|point| point[at]).sum::<f64>() / posterior.len() as f64).collect();
    let mut stream = Stream::named(seed, wave, "calibrate: next", 0);
    (0..count)
        .map(|index| {
            let point = &posterior[stream.below(posterior.len() as u32) as usize];
            let stretch = if index % 2 == 0 { 1.0 } else { 2.0 };
            let moved = |at: usize, stream: &mut Stream| {
                reflected(mean[at] + stretch * (point[at] - mean[at]) + 0.01 * normal(stream))
            };
            (0..inputs).map(|at| moved(at, &mut stream)).collect()
        })
        .collect()
}

/// The fit of each figure, by draws of the posterior that were run.
fn fits(data: &Observations, checks: &[Run], likelihood: &Likelihood) -> Vec<Fit> {
    let (informative, noise) = (likelihood.informative(), likelihood.noise());
    let one = |(index, observation): (usize, &Observation)| {
        let scale = Scale::of(observation);
        let mut places: Vec<f64> =
            checks.iter().filter_map(|run| run.outputs[index].as_ref()).map(|output| output.mean).collect();
        places.sort_by(f64::total_cmp);
        let place = (!places.is_empty()).then(|| quantile(&places, 0.5));
        let deviation = |place: f64| {
            let predicted = scale.back(place);
            (predicted - observation.value) / observation.deviation_unit(predicted)
        };
        Fit {
            predicted: place
                .map(|place| [place, quantile(&places, ENDS[0]), quantile(&places, ENDS[1])].map(|it| scale.back(it))),
            distance: place.map(|place| (place - scale.to(observation.value)) / noise.measured[index]),
            deviation: place.map(deviation).filter(|size| size.is_finite()),
            is_informative: informative.contains(&index),
            observation: observation.clone(),
        }
    };
    data.all.iter().enumerate().map(one).collect()
}

/// How far the emulators are from the runs of draws, in standard deviations of what was measured: root mean square.
fn emulation(checks: &[Run], likelihood: &Likelihood) -> f64 {
    let measured = &likelihood.noise().measured;
    let mut squares = Vec::new();
    for run in checks {
        let predicted = likelihood.predict(&run.point);
        for ((output, predicted), width) in run.outputs.iter().zip(predicted).zip(measured) {
            if let (Some(output), Some((mean, _))) = (output, predicted) {
                squares.push(((output.mean - mean) / width).powi(2));
            }
        }
    }
    (squares.iter().sum::<f64>() / squares.len().max(1) as f64).sqrt()
}

/// The correlations of draws, and the pairs that are correlated strongly.
fn correlations(parameters: &[Fitted]) -> (Vec<Vec<f64>>, Vec<Traded>) {
    let count = parameters.len();
    let mean = |draws: &[f64]| draws.iter().sum::<f64>() / draws.len() as f64;
    let covariance = |a: &[f64], b: &[f64]| {
        let (of_a, of_b) = (mean(a), mean(b));
        a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum::<f64>() / a.len() as f64
    };
    let mut all = vec![vec![1.0; count]; count];
    let mut traded = Vec::new();
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| [a, b]));
    for [a, b] in pairs {
        let [x, y] = [a, b].map(|index| parameters[index].draws.as_slice());
        let (both, of_x, of_y) = (covariance(x, y), covariance(x, x), covariance(y, y));
        let correlation = if of_x * of_y > 0.0 { both / (of_x * of_y).sqrt() } else { 0.0 };
        (all[a][b], all[b][a]) = (correlation, correlation);
        if correlation.abs() >= TRADED {
            // The axis of the ridge: a regression of either on the other would be too flat.
            let slope = (of_y / of_x).sqrt() * correlation.signum();
            traded.push(Traded { pair: [a, b], correlation, slope });
        }
    }
    traded.sort_by(|a, b| b.correlation.abs().total_cmp(&a.correlation.abs()));
    (all, traded)
}
