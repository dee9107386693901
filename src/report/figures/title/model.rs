//! How well the model meets what was measured.

use super::{all_of, fitting};
use crate::experiment::analyse::verdict;
use crate::language::Metric;
use crate::report::whole::Report;

/// `All 12 measurements are met; the largest deviation is 9.7 % (P3-50)`; none without measurements that have a
/// tolerance.
pub fn measurements(report: &Report) -> Option<String> {
    let (mut met, mut all) = (0, 0);
    let mut largest: Option<(f64, &str)> = None;
    for measurement in &report.plan.measurements {
        if !measurement.has_tolerance() {
            continue;
        }
        all += 1;
        let Some(summary) = report.summary(measurement.point) else { continue };
        let deviations = verdict::deviations(measurement, summary, report.rates);
        met += usize::from(deviations.iter().all(|it| it.is_within() != Some(false)));
        // Nothing is relative to nothing.
        let of_throughput = deviations.iter().find(|it| it.metric == Metric::ThroughputPerMin && it.measured > 0.0);
        let size = of_throughput.map_or(0.0, |it| (it.predicted / it.measured - 1.0).abs());
        if largest.is_none_or(|(other, _)| size > other) {
            largest = Some((size, &measurement.name));
        }
    }
    let (size, name) = largest?;
    let count = match (met, all) {
        (1, 1) => "the measurement is met".into(),
        (met, all) if met == all => format!("{} measurements are met", all_of(all)),
        (met, all) => format!("{met} of {all} measurements are met"),
    };
    let percent = size * 100.0;
    Some(fitting([format!("{count}; throughput is off by {percent:.1} % at most ({name})"), count]))
}
