//! Operational laws: what measured figures must obey, whatever the system is (Denning and Buzen, "The operational analysis of
//! queueing network models", ACM Computing Surveys 10(3), 1978). Data that breaks one of them is wrong, or is not what
//! it is taken for, and nothing should be fitted to it.

use super::observation::{CpuReading, Observation, Observations};
use super::trials::Trials;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words::{amount, time as time_words};
use crate::experiment::plan::Ranged;
use crate::language::{Metric, Mistakes};
use crate::metric::MetricScope;
use crate::model::{Pattern, RateUnit};
use crate::parts::ResourceKind;

/// What a law may be missed by: windows of tools and of monitoring do not begin and end at one instant.
const SLACK: f64 = 0.02;

/// By how much clients may be idle more than those of the model, before their number and the load are not the same.
const IDLE: f64 = 0.15;

/// By how much the CPU per request may differ from the model's before one of the two is no figure of this test.
const FACTOR: f64 = 2.0;

/// Figures that contradict each other, the load, or the CPU time that the model gives a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// Index of the site.
    pub site: usize,
    /// The law.
    pub law: &'static str,
    /// What contradicts what, in a sentence.
    pub words: String,
    /// Whether a part of the interval of what was measured agrees: the data can be used, but less is known than it says.
    pub is_partial: bool,
}

/// A value with what it may be.
#[derive(Clone, Copy)]
struct Span {
    value: f64,
    low: f64,
    high: f64,
}

impl Span {
    fn of(observation: &Observation) -> Self {
        let width = observation.error.unwrap_or(0.0) + observation.rounding;
        Self { value: observation.value, low: (observation.value - width).max(0.0), high: observation.value + width }
    }

    fn cores(reading: &CpuReading) -> Self {
        let low = (reading.cores - reading.error).max(0.0);
        Self { value: reading.cores, low, high: reading.cores + reading.error }
    }

    fn times(self, other: Self) -> Self {
        Self { value: self.value * other.value, low: self.low * other.low, high: self.high * other.high }
    }

    fn number(self) -> String {
        let decimals = if self.value < 10.0 { 1 } else { 0 };
        match self.high > self.low {
            true => format!("{:.decimals$} to {:.decimals$}", self.low, self.high),
            false => format!("{:.decimals$}", self.value),
        }
    }

    fn amount(self, metric: Metric) -> String {
        let words = |value: f64| amount(value, metric, RateUnit::Minute);
        match self.high > self.low {
            true => format!("{} to {}", words(self.low), words(self.high)),
            false => words(self.value),
        }
    }

    fn millicores(self) -> String {
        let words = |value: f64| format!("{:.0}m", value * 1e3);
        match self.high > self.low {
            true => format!("{} to {}", words(self.low), words(self.high)),
            false => words(self.value),
        }
    }
}

/// What a model says of a site beside the data: for one setting of its numbers.
struct Modelled {
    /// The share of the clients' time in which they wait for answers, of a closed load in which nothing fails.
    busy: Option<f64>,
    /// The CPU rows: name and seconds of CPU for each success.
    demands: Vec<(String, f64)>,
}

impl Modelled {
    fn of(summary: &Summary, clients: Option<f64>) -> Self {
        let throughput = summary.throughput_per_min.map(|rate| rate.estimate / 60.0).filter(|&rate| rate > 0.0);
        // A share of the time is a mean of ratios: by replication.
        let mean = |metric: Metric| summary.by_trial(&MetricScope::Whole, metric).into_iter().map(|(_, value)| value);
        let products: Vec<f64> =
            mean(Metric::ThroughputPerMin).zip(mean(Metric::MeanS)).map(|(rate, time)| rate / 60.0 * time).collect();
        let inside = products.iter().sum::<f64>() / products.len().max(1) as f64;
        let is_whole = summary.success_rate.estimate >= 0.999 && !products.is_empty();
        let demand = |cores: f64| throughput.map(|rate| cores / rate);
        let cpus = summary.resources.iter().filter(|row| row.kind == ResourceKind::Cpu);
        Self {
            busy: clients.filter(|_| is_whole).map(|clients| inside / clients),
            demands: cpus.filter_map(|row| Some((row.name.clone(), demand(row.in_use)?))).collect(),
        }
    }
}

/// Finds what contradicts. The model is run three times at each site: with its numbers, and with all of those that have a
/// range at the low and at the high end of it. Readings of the CPU of a service that the model does not have are left out.
///
/// # Errors
/// Where the model would be mistaken at an end of the ranges.
pub fn contradictions(
    data: &mut Observations,
    ranges: &[Ranged],
    trials: &mut Trials,
) -> Result<Vec<Contradiction>, Mistakes> {
    let mut found = Vec::new();
    for site in 0..data.sites.len() {
        of_figures(data, site, &mut found);
    }
    let clients: Vec<Option<(f64, f64)>> = data.sites.iter().map(|site| clients(&site.point.load.pattern)).collect();
    let ends: [Vec<f64>; 3] = [
        ranges.iter().map(|ranged| ranged.value).collect(),
        ranges.iter().map(|ranged| ranged.low).collect(),
        ranges.iter().map(|ranged| ranged.high).collect(),
    ];
    let count = if ranges.is_empty() { 1 } else { 3 };
    let modelled = trials.run(&data.sites, ranges, &ends[..count], |site, summary| {
        Modelled::of(summary, clients[site].map(|(clients, _)| clients))
    })?;
    for site in 0..data.sites.len() {
        if let Some((clients, think)) = clients[site] {
            let busy = modelled[0][site].as_ref().and_then(|it| it.busy);
            found.extend(little(data, site, clients, think, busy));
        }
    }
    let mut unknown = Vec::new();
    for reading in &data.cpu {
        let name = format!("{} CPU", reading.service);
        let demand = |model: &Vec<Option<Modelled>>| {
            let demands = &model[reading.site].as_ref()?.demands;
            demands.iter().find(|(row, _)| *row == name).map(|&(_, demand)| demand)
        };
        let demands: Vec<f64> = modelled.iter().filter_map(demand).collect();
        if demands.is_empty() {
            unknown.push(format!("cores of {}, of which the model has no CPU of its own (1)", reading.service));
            continue;
        }
        found.extend(utilisation(data, reading, &demands));
    }
    unknown.dedup();
    data.left_out.extend(unknown);
    found.sort_by_key(|one| one.site);
    Ok(found)
}

/// The clients of a closed load and their mean think time in seconds; none of other loads, or where the number changes or each class has its own.
fn clients(pattern: &Pattern) -> Option<(f64, f64)> {
    match pattern {
        Pattern::Test { concurrency, think, .. } | Pattern::Endless { concurrency, think, .. } => {
            Some((f64::from(*concurrency), think.as_ref().map_or(0.0, |think| think.mean() / 1e9)))
        }
        Pattern::Staged { .. }
        | Pattern::Varying { .. }
        | Pattern::Trace { .. }
        | Pattern::Open { .. }
        | Pattern::Mixed { .. } => None,
    }
}

/// What figures of response times must obey among themselves: percentiles rise, and at least `1 - q` of the requests take as
/// long as the percentile of `q` (Markov's inequality).
fn of_figures(data: &Observations, site: usize, found: &mut Vec<Contradiction>) {
    let times = [Metric::P50S, Metric::P90S, Metric::P95S, Metric::P99S, Metric::P999S];
    let known: Vec<&Observation> = times.into_iter().filter_map(|metric| data.at(site, metric)).collect();
    for pair in known.windows(2) {
        let [lower, higher] = [pair[0], pair[1]].map(Span::of);
        if lower.low > higher.high * (1.0 + SLACK) {
            let [below, above] = [pair[0].metric, pair[1].metric];
            let words = format!(
                "the {} is {}, above the {}, which is {}",
                below.words(),
                lower.amount(below),
                above.words(),
                higher.amount(above)
            );
            found.push(Contradiction { site, law: "percentiles rise", words, is_partial: false });
        }
    }
    let Some(mean) = data.at(site, Metric::MeanS) else { return };
    for percentile in known {
        let Some(q) = percentile.metric.quantile() else { continue };
        let (least, mean) = (Span::of(percentile).low * (1.0 - q), Span::of(mean));
        if mean.high * (1.0 + SLACK) < least {
            let words = format!(
                "the mean is {}, but {:.1} % of the requests take {} or longer, which makes a mean of at least {}",
                mean.amount(Metric::MeanS),
                (1.0 - q) * 100.0,
                time_words(percentile.value),
                time_words(least)
            );
            found.push(Contradiction { site, law: "Markov's inequality", words, is_partial: false });
        }
    }
}

/// Little's law of the clients of a closed load: N = X (R + Z). `busy` is the share of their time in which those of the model
/// wait.
fn little(data: &Observations, site: usize, clients: f64, think: f64, busy: Option<f64>) -> Option<Contradiction> {
    let (rate, mean) = (data.at(site, Metric::ThroughputPerMin)?, data.at(site, Metric::MeanS)?);
    let rate = Span::of(rate);
    let per_second = Span { value: rate.value / 60.0, low: rate.low / 60.0, high: rate.high / 60.0 };
    let time = Span::of(mean);
    let inside = per_second.times(time);
    let with_think =
        per_second.times(Span { value: time.value + think, low: time.low + think, high: time.high + think });
    let law = "Little's law, N = X R";
    let product = format!(
        "{} times {} is {} requests in the system, of {clients:.0} clients",
        rate.amount(Metric::ThroughputPerMin),
        time.amount(Metric::MeanS),
        inside.number()
    );
    if with_think.low > clients * (1.0 + SLACK) {
        let words = format!("{product}: more than there can be. Are the clients, or the unit of a figure, others?");
        return Some(Contradiction { site, law, words, is_partial: false });
    }
    // Requests that fail hold their clients, for as long as no figure says.
    let is_whole = data.at(site, Metric::SuccessRate).is_none_or(|rate| rate.value >= 0.999);
    let busy = busy.filter(|_| is_whole)?;
    let least = clients * (busy - IDLE);
    if inside.high < least {
        let words = format!(
            "{product}: clients would be idle for {:.0} % of the test at least, those of the model are for {:.0} %. Is a \
             response time of another test, or was the tool itself the limit?",
            (1.0 - inside.high / clients) * 100.0,
            (1.0 - busy).max(0.0) * 100.0
        );
        return Some(Contradiction { site, law, words, is_partial: false });
    }
    (inside.value < least).then(|| {
        let words = format!(
            "{product}; those of the model wait for {:.0} % of the test, so that only a mean of {} or more agrees",
            busy.min(1.0) * 100.0,
            time_words(least / per_second.high)
        );
        Contradiction { site, law, words, is_partial: true }
    })
}

/// The utilisation law: U = X D. The CPU that the model gives a request lies between the least and the most of `demands`.
fn utilisation(data: &Observations, reading: &CpuReading, demands: &[f64]) -> Option<Contradiction> {
    let rate = Span::of(data.at(reading.site, Metric::ThroughputPerMin)?);
    let used = Span::cores(reading);
    let least = demands.iter().copied().fold(f64::INFINITY, f64::min);
    let most = demands.iter().copied().fold(0.0, f64::max);
    let (low, high) = (rate.low / 60.0 * least, rate.high / 60.0 * most);
    let is_too_little = used.high * FACTOR < low;
    if !is_too_little && used.low <= high * FACTOR {
        return None;
    }
    let of_model = match most - least > 0.01 * most {
        true => format!("{} to {}", time_words(least), time_words(most)),
        false => time_words(demands[0]),
    };
    let per_request = |cores: f64| time_words(cores * 60.0 / rate.value);
    let advice = match is_too_little {
        true => "Was the CPU read while nothing ran, or is the demand of the model wrong?",
        false => "Does something else use this CPU, or is the demand of the model wrong?",
    };
    let words = format!(
        "{} uses {} of a core, but {} at {of_model} of CPU a request, as in the model, {} {:.2} cores. The reading would be \
         {} a request. {advice}",
        reading.service,
        used.millicores(),
        rate.amount(Metric::ThroughputPerMin),
        if is_too_little { "need at least" } else { "need at most" },
        if is_too_little { low } else { high },
        per_request(used.value)
    );
    Some(Contradiction { site: reading.site, law: "utilisation law, U = X D", words, is_partial: false })
}
