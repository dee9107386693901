//! Distributions as meant.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::variate::normal_quantile;
use crate::kernel::{Time, Variate};
use crate::language::lower::column::Columns;
use crate::language::{Distribution, Duration, Shape, Weighted};
use crate::model::Draw;

/// Phases of an Erlang distribution at most: each costs a logarithm.
const MOST_PHASES: u32 = 1_000;

impl Lowering<'_> {
    /// The index of a distribution among those of the system; equal ones are kept once.
    pub(in crate::language) fn draw(&mut self, at: At<'_>, distribution: &Distribution) -> Draw {
        let variate = variate(at, distribution, self.columns, &mut self.complaints);
        let variates = &mut self.system.variates;
        let alike = self.draws.entry(digest(&variate)).or_default();
        if let Some(&index) = alike.iter().find(|&&index| variates[index as usize] == variate) {
            return Draw(index);
        }
        let index = variates.len() as u32;
        alike.push(index);
        variates.push(variate);
        Draw(index)
    }

    pub(super) fn maybe_draw(&mut self, at: At<'_>, distribution: Option<&Distribution>) -> Option<Draw> {
        distribution.map(|distribution| self.draw(at, distribution))
    }
}

/// A number that equal variates share, so that they are looked for among few.
fn digest(variate: &Variate) -> u64 {
    let mut hasher = DefaultHasher::new();
    std::mem::discriminant(variate).hash(&mut hasher);
    let mut numbers = |numbers: &[f64]| numbers.iter().for_each(|number| (number + 0.0).to_bits().hash(&mut hasher));
    match variate {
        Variate::Constant(time) => numbers(&[time.0 as f64]),
        Variate::Exponential(mean) => numbers(&[*mean]),
        Variate::Uniform { min, width } => numbers(&[*min, *width]),
        Variate::Lognormal { mu, sigma } => numbers(&[*mu, *sigma]),
        Variate::Erlang { phases, phase_mean } => numbers(&[f64::from(*phases), *phase_mean]),
        Variate::Gamma { shape, scale } => numbers(&[*shape, *scale]),
        Variate::Weibull { inverse_shape, scale } => numbers(&[*inverse_shape, *scale]),
        Variate::BoundedPareto { min, mass, inverse_alpha } => numbers(&[*min, *mass, *inverse_alpha]),
        Variate::Mixture(parts) => parts.iter().for_each(|(weight, part)| numbers(&[*weight, digest(part) as f64])),
        Variate::Empirical(values) => numbers(&[values.len() as f64]),
    }
    hasher.finish()
}

/// The variate that a distribution means. After a complaint it is anything.
pub(super) fn variate(
    at: At<'_>,
    distribution: &Distribution,
    columns: &mut Columns,
    complaints: &mut Vec<Complaint>,
) -> Variate {
    let mut complain = |complaint| complaints.push(complaint);
    match &distribution.0 {
        Shape::Constant(value) => Variate::Constant(Time(value.0)),
        Shape::Exp(mean) => Variate::Exponential(mean.0 as f64),
        Shape::Uniform { min, max } => {
            let table = at.key("uniform");
            if max < min {
                let title = "a uniform distribution from a larger to a smaller value";
                complain(Complaint::at(table.key("max"), title, "smaller than `min`").also(table.key("min"), "`min`"));
            }
            Variate::Uniform { min: min.0 as f64, width: max.0.saturating_sub(min.0) as f64 }
        }
        Shape::Lognormal { mean, cv, median, p99 } => {
            lognormal(at.key("lognormal"), (*mean, *cv), (*median, *p99), &mut complain)
        }
        Shape::Erlang { mean, k } => {
            if *k == 0 || *k > MOST_PHASES {
                let at = at.key("erlang");
                complain(Complaint::at(at.key("k"), format!("`k` is {k}"), "must be between 1 and 1000"));
            }
            Variate::Erlang { phases: *k, phase_mean: mean.0 as f64 / f64::from((*k).max(1)) }
        }
        Shape::Gamma { mean, cv } => {
            let table = at.key("gamma");
            variation(table.key("cv"), *cv, &mut complain);
            if *cv > 0.0 {
                let shape = 1.0 / (cv * cv);
                Variate::Gamma { shape, scale: mean.0 as f64 / shape }
            } else {
                Variate::Constant(Time(mean.0))
            }
        }
        Shape::Weibull { mean, shape } => {
            let table = at.key("weibull");
            if !(0.05..=1000.0).contains(shape) {
                complain(Complaint::at(
                    table.key("shape"),
                    format!("`shape` is {shape}"),
                    "must be between 0.05 and 1000",
                ));
            }
            Variate::Weibull { inverse_shape: 1.0 / shape, scale: mean.0 as f64 / libm::tgamma(1.0 + 1.0 / shape) }
        }
        Shape::Pareto { min, max, alpha } => {
            let table = at.key("pareto");
            positive(table.key("min"), "min", *min, &mut complain);
            if max <= min {
                let title = "a Pareto distribution needs a `max` above its `min`";
                complain(Complaint::at(table.key("max"), title, "not above `min`").also(table.key("min"), "`min`"));
            }
            if !(*alpha > 0.0 && *alpha <= 1000.0) {
                complain(Complaint::at(
                    table.key("alpha"),
                    format!("`alpha` is {alpha}"),
                    "must be above 0, at most 1000",
                ));
            }
            let (min, max) = (min.0.max(1) as f64, max.0.max(1) as f64);
            Variate::BoundedPareto { min, mass: 1.0 - libm::pow(min / max, *alpha), inverse_alpha: 1.0 / alpha }
        }
        Shape::Mixture(parts) => mixture(at.key("mixture"), parts, columns, complaints),
        Shape::Empirical { file, column } => match columns.get(file, column) {
            Ok(values) => Variate::Empirical(values),
            Err(error) => {
                complain(error.complaint(at.key("empirical")));
                Variate::Constant(Time::ZERO)
            }
        },
    }
}

fn lognormal(
    at: At<'_>,
    by_mean: (Option<Duration>, Option<f64>),
    by_median: (Option<Duration>, Option<Duration>),
    complain: &mut impl FnMut(Complaint),
) -> Variate {
    match (by_mean, by_median) {
        ((Some(mean), Some(cv)), (None, None)) => {
            positive(at.key("mean"), "mean", mean, complain);
            variation(at.key("cv"), cv, complain);
            if cv > 0.0 { Variate::lognormal(mean.0.max(1) as f64, cv) } else { Variate::Constant(Time(mean.0)) }
        }
        ((None, None), (Some(median), Some(p99))) => {
            positive(at.key("median"), "median", median, complain);
            if p99 <= median {
                let title = "the 99th percentile must lie above the median";
                complain(Complaint::at(at.key("p99"), title, "not above `median`").also(at.key("median"), "`median`"));
            }
            let (median, p99) = (median.0.max(1) as f64, p99.0.max(1) as f64);
            let sigma = libm::log(p99 / median) / normal_quantile(0.99);
            Variate::Lognormal { mu: libm::log(median), sigma }
        }
        _ => {
            complain(
                Complaint::at_key(
                    at,
                    "a lognormal distribution is given by `mean` and `cv`, or by `median` and `p99`",
                    "give mean + cv, or median + p99",
                )
                .help("write { lognormal = { mean = \"20ms\", cv = 0.6 } } or { lognormal = { median = \"20ms\", p99 = \"90ms\" } }"),
            );
            Variate::Constant(Time::ZERO)
        }
    }
}

fn mixture(at: At<'_>, parts: &[Weighted], columns: &mut Columns, complaints: &mut Vec<Complaint>) -> Variate {
    if parts.is_empty() {
        complaints.push(Complaint::at(at, "a mixture of nothing", "must have at least one part"));
    }
    let total: f64 = parts.iter().map(|part| part.weight).sum();
    for (index, part) in parts.iter().enumerate() {
        if !(0.0..=1e12).contains(&part.weight) {
            let at = at.index(index);
            let title = format!("`weight` is {}", part.weight);
            complaints.push(Complaint::at(at.key("weight"), title, "must be between 0 and 1e12"));
        }
    }
    if !parts.is_empty() && total <= 0.0 && parts.iter().all(|part| part.weight >= 0.0) {
        complaints.push(Complaint::at(at, "all weights of the mixture are 0", "one must be above 0"));
    }
    let mut cumulated = 0.0;
    let mut lowered: Vec<(f64, Variate)> = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        cumulated += part.weight / total;
        let at = at.index(index);
        lowered.push((cumulated, variate(at.key("of"), &part.of, columns, complaints)));
    }
    if let Some(last) = lowered.last_mut() {
        last.0 = 1.0;
    }
    Variate::Mixture(lowered)
}

fn variation(at: At<'_>, cv: f64, complain: &mut impl FnMut(Complaint)) {
    if !(0.0..=100.0).contains(&cv) {
        let complaint = Complaint::at(at, format!("`cv` is {cv}"), "must be between 0 and 100");
        complain(complaint.note("`cv` is the standard deviation divided by the mean"));
    }
}

fn positive(at: At<'_>, name: &str, value: Duration, complain: &mut impl FnMut(Complaint)) {
    if value.0 == 0 {
        complain(Complaint::at(at, format!("`{name}` is 0"), "must be above 0"));
    }
}
