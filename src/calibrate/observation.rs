//! What was measured, each figure at its site.

use crate::experiment::plan::{Point, Site, Workbench};
use crate::import::{CPU_CORES, Figure, Place};
use crate::language::{Mistake, Mistakes};
use crate::metric::Metric;
use crate::statistics::Interval;

/// The critical value of the normal distribution at 95 %.
pub(super) const NORMAL: f64 = 1.959_963_984_540_054;

/// A place at which something was measured.
#[derive(Clone, Debug)]
pub struct MeasuredSite {
    /// What is simulated there.
    pub site: Site,
    /// The variant and the values of axes, in words: `pooled, concurrency = 50`.
    pub words: String,
    /// The variant, as the data names it.
    pub variant: Option<String>,
    /// The values of axes, as the data has them: `concurrency=50`.
    pub at: String,
    /// The system and the load there, with the numbers of the model.
    pub point: Point,
}

/// A figure that was measured; several of one metric at one site are one, their mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Index of the site.
    pub site: usize,
    /// What was measured.
    pub metric: Metric,
    /// Its value, in the unit of the metric.
    pub value: f64,
    /// Half of its 95 % interval; none where the data has none.
    pub error: Option<f64>,
    /// By how much it may have been rounded.
    pub rounding: f64,
    /// The number of measurements that it is the mean of.
    pub repetitions: usize,
}

impl Observation {
    /// Whether its error is the spread of two to four tests.
    pub fn is_spread_of_few(&self) -> bool {
        (2..5).contains(&self.repetitions)
    }

    /// What a deviation of a prediction is divided by: the measured value, so that it is relative; of shares 1, so that it is in
    /// points. Of a throughput of 0 any other one is off by 100 %.
    pub fn deviation_unit(&self, predicted: f64) -> f64 {
        match (self.metric.is_rate(), self.value == 0.0) {
            (true, _) => 1.0,
            (false, true) => predicted.abs().max(f64::MIN_POSITIVE),
            (false, false) => self.value.abs(),
        }
    }
}

/// The cores that a service used.
#[derive(Clone, Debug, PartialEq)]
pub struct CpuReading {
    /// Index of the site.
    pub site: usize,
    /// The service, or `machine NAME`.
    pub service: String,
    /// Cores, of all replicas together.
    pub cores: f64,
    /// Half of its 95 % interval, 0 where the data has none.
    pub error: f64,
}

/// All that was measured.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// The places, in the order of the data.
    pub sites: Vec<MeasuredSite>,
    /// The figures, by site and in the order of metrics.
    pub all: Vec<Observation>,
    /// The use of CPUs.
    pub cpu: Vec<CpuReading>,
    /// What is left out, and why.
    pub left_out: Vec<String>,
}

impl Observations {
    /// Finds the site of each figure.
    ///
    /// # Errors
    /// Where the experiment has no such variant, axis or value, where the model would be mistaken there, and where nothing
    /// that was measured can be simulated.
    pub fn of(bench: &mut Workbench, figures: &[(Place, Figure)]) -> Result<Self, Mistakes> {
        let mut places: Vec<Place> = Vec::new();
        let mut found = Self::default();
        let mut left_out: Vec<(String, usize)> = Vec::new();
        let mut raw: Vec<Observation> = Vec::new();
        for (place, figure) in figures {
            let site = match places.iter().position(|known| known == place) {
                Some(site) => site,
                None => {
                    found.sites.push(measured_site(bench, place)?);
                    places.push(place.clone());
                    places.len() - 1
                }
            };
            let point = &found.sites[site].point;
            let metric = Metric::all().find(|metric| metric.name() == figure.metric);
            let reason = match (figure.metric, metric) {
                (CPU_CORES, _) => match &figure.class {
                    Some(service) => {
                        let (service, cores) = (service.clone(), figure.value);
                        found.cpu.push(CpuReading { site, service, cores, error: figure.error.unwrap_or(0.0) });
                        continue;
                    }
                    None => Some("cores of no service".to_owned()),
                },
                (_, None) => None,
                (_, Some(_)) if figure.class.is_some() => Some("figures of single classes of requests".into()),
                (_, Some(Metric::FailedRequests)) => Some("numbers of failures, which depend on the length".into()),
                (_, Some(metric)) => match metric.lack(&point.system, &point.load) {
                    Some(lack) => Some(format!("{}: {lack}", metric.name())),
                    None => {
                        let (value, error, rounding) = (figure.value, figure.error, figure.rounding.unwrap_or(0.0));
                        raw.push(Observation { site, metric, value, error, rounding, repetitions: 1 });
                        continue;
                    }
                },
            };
            if let Some(reason) = reason {
                match left_out.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, count)) => *count += 1,
                    None => left_out.push((reason, 1)),
                }
            }
        }
        found.left_out = left_out.into_iter().map(|(reason, count)| format!("{reason} ({count})")).collect();
        for site in 0..found.sites.len() {
            for metric in Metric::all() {
                let same: Vec<&Observation> = raw.iter().filter(|it| (it.site, it.metric) == (site, metric)).collect();
                found.all.extend(mean(&same));
            }
        }
        if found.all.is_empty() {
            let metrics = "throughput, success rate, and mean and percentiles of the response time of all requests";
            return Err(Mistake::new("the data has no figure that this model can be compared with")
                .note(format!("those are {metrics}"))
                .help("`sim import FILE` shows what the file has")
                .into());
        }
        Ok(found)
    }

    /// The observation of a metric at a site.
    pub fn at(&self, site: usize, metric: Metric) -> Option<&Observation> {
        self.all.iter().find(|it| (it.site, it.metric) == (site, metric))
    }
}

fn measured_site(bench: &mut Workbench, place: &Place) -> Result<MeasuredSite, Mistakes> {
    let mut words: Vec<String> = place.variant.iter().cloned().collect();
    words.extend(place.at.iter().map(|(name, value)| format!("{name} = {value}")));
    let words = if words.is_empty() { bench.plan().name.clone() } else { words.join(", ") };
    let placed = |mistakes: Mistakes| {
        let note = format!("of the figures measured at {words}");
        Mistakes(mistakes.into_iter().map(|mistake| mistake.note(note.as_str())).collect())
    };
    let site = bench.site(place.variant.as_deref(), &place.at).map_err(placed)?;
    let point = bench.point_of(&site, &[]).map_err(placed)?;
    Ok(MeasuredSite { site, words, variant: place.variant.clone(), at: place.point(), point })
}

/// Several measurements of one figure as one. The spread between them counts where it is more than their own errors say.
fn mean(same: &[&Observation]) -> Option<Observation> {
    let first = *same.first()?;
    let count = same.len() as f64;
    let values: Vec<f64> = same.iter().map(|it| it.value).collect();
    let value = values.iter().sum::<f64>() / count;
    let own: Option<f64> = same.iter().map(|it| it.error.map(|error| error * error)).sum::<Option<f64>>();
    let own = own.map(|sum| sum.sqrt() / count);
    // Two values say too little of their spread for Student's t: 12.7 standard errors.
    let between = match values.as_slice() {
        [a, b] => Some(NORMAL * (a - b).abs() / 2.0),
        _ => Interval::mean_of(&values, 0.95).filter(|_| values.len() > 2).map(|interval| interval.half_width()),
    };
    let error = match (own, between) {
        (Some(own), Some(between)) => Some(own.max(between)),
        (own, between) => own.or(between),
    };
    let rounding = same.iter().map(|it| it.rounding).fold(0.0, f64::max);
    Some(Observation { value, error, rounding, repetitions: same.len(), ..first.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_relative_of_shares_in_points_and_of_nothing_all() {
        let unit = |metric: Metric, value: f64| {
            let observation = Observation { site: 0, metric, value, error: None, rounding: 0.0, repetitions: 1 };
            observation.deviation_unit(5.0)
        };
        assert_eq!(unit(Metric::MeanS, 2.0), 2.0);
        assert_eq!(unit(Metric::SuccessRate, 0.5), 1.0);
        assert_eq!(unit(Metric::ThroughputPerMin, 0.0), 5.0);
    }
}
