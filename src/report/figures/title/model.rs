//! How well the model meets what was measured.

use super::fitting;
use crate::experiment::verdict;
use crate::report::Report;

/// `All 12 measurements are met; the largest deviation is 9.7 % (P3-50)`; none without measurements that have a
/// tolerance.
pub fn measurements(report: &Report) -> Option<String> {
    let (mut met, mut all) = (0, 0);
    let mut largest: Option<(f64, &str)> = None;
    for measurement in &report.plan.measurements {
        let Some(tolerance) = measurement.tolerance else { continue };
        all += 1;
        let deviation = report.summary(measurement.point).and_then(|summary| verdict::deviation(measurement, summary));
        let Some(deviation) = deviation else { continue };
        met += usize::from(deviation.worst <= tolerance);
        // Nothing is relative to nothing.
        let is_relative = measurement.measured.throughput_per_min.is_some_and(|rate| rate > 0.0);
        let size = deviation.throughput.filter(|_| is_relative).map_or(0.0, f64::abs);
        if largest.is_none_or(|(other, _)| size > other) {
            largest = Some((size, &measurement.name));
        }
    }
    let (size, name) = largest?;
    let count = match (met, all) {
        (1, 1) => "the measurement is met".into(),
        (met, all) if met == all => format!("all {all} measurements are met"),
        (met, all) => format!("{met} of {all} measurements are met"),
    };
    let percent = size * 100.0;
    Some(fitting([format!("{count}; throughput is off by {percent:.1} % at most ({name})"), count]))
}
