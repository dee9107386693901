//! How well the model meets what was measured.

use super::{all_of, fitting};
use crate::experiment::analyse::finding;
use crate::experiment::analyse::verdict::{self, Deviation};
use crate::language::Metric;
use crate::report::whole::Report;

/// `All 12 measurements are met; the largest deviation is 9.7 % (P3-50)`; none without measurements that have a
/// tolerance.
pub fn measurements(report: &Report) -> Option<String> {
    let (mut met, mut all) = (0, 0);
    let mut largest: Option<(f64, &str)> = None;
    let mut missed: Vec<(&str, Deviation)> = Vec::new();
    for measurement in &report.plan.measurements {
        if !measurement.has_tolerance() {
            continue;
        }
        all += 1;
        let Some(summary) = report.summary(measurement.point) else { continue };
        let deviations = verdict::deviations(measurement, summary, report.rates);
        let misses = |it: &&Deviation| it.is_within() == Some(false);
        met += usize::from(!deviations.iter().any(|it| misses(&it)));
        missed.extend(deviations.iter().filter(misses).map(|it| (measurement.name.as_str(), *it)));
        // Nothing is relative to nothing.
        let of_throughput = deviations.iter().find(|it| it.metric == Metric::ThroughputPerMin && it.measured > 0.0);
        let size = of_throughput.map_or(0.0, |it| {
            let off = |predicted: f64| (predicted / it.measured - 1.0).abs();
            it.groups
                .map_or(off(it.predicted), |groups| groups.map(|group| off(group.mean)).into_iter().fold(0.0, f64::max))
        });
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
    // Of the figures that miss, the one that is farthest beyond its tolerance.
    let excess = |it: &Deviation| it.tolerance.map_or(0.0, |tolerance| it.largest() / tolerance.max(f64::MIN_POSITIVE));
    if let Some((name, worst)) = missed.iter().max_by(|(_, a), (_, b)| excess(a).total_cmp(&excess(b))) {
        let (what, most) = (finding::short_name(worst.metric), if missed.len() > 1 { " at most" } else { "" });
        return Some(fitting([format!("{count}; {what} is off by {}{most} ({name})", worst.words()), count]));
    }
    let percent = size * 100.0;
    Some(fitting([format!("{count}; throughput is off by {percent:.1} % at most ({name})"), count]))
}
