//! The table of measurements: what the real system did, what the model does, and how far they are apart.

use super::Report;
use super::number::{exact, seconds, short};
use super::table::{Column, table};
use crate::experiment::design::Measurement;
use crate::experiment::summary::Summary;
use crate::experiment::verdict;

/// The table; empty without measurements.
pub fn measured(report: &Report) -> String {
    let measurements = &report.plan.measurements;
    if measurements.is_empty() {
        return String::new();
    }
    let each = |cell: &dyn Fn(&Measurement, Option<&Summary>) -> String| -> Vec<String> {
        measurements.iter().map(|measurement| cell(measurement, report.summary(measurement.point))).collect()
    };
    let rate = |value: Option<f64>| value.map_or_else(String::new, short);
    let percent = |value: Option<f64>| value.map_or_else(String::new, |share| format!("{:.0} %", share * 100.0));
    let mut columns = vec![
        Column::words("measurement", each(&|measurement, _| measurement.name.clone())),
        Column::words("at", each(&|measurement, _| verdict::place(report.plan, measurement.point))),
        Column::figures(
            "measured/min",
            each(&|measurement, _| measurement.measured.throughput_per_min.map_or_else(String::new, exact)),
        ),
        Column::figures(
            "predicted/min",
            each(&|measurement, summary| {
                let is_measured = measurement.measured.throughput_per_min.is_some();
                let seen = summary.filter(|_| is_measured).and_then(|summary| summary.throughput_per_min);
                rate(seen.map(|interval| interval.estimate))
            }),
        ),
        Column::figures(
            "deviation",
            each(&|measurement, summary| {
                let deviation = summary.and_then(|summary| verdict::deviation(measurement, summary));
                let zero = measurement.measured.throughput_per_min == Some(0.0);
                let relative = deviation.and_then(|deviation| deviation.throughput).filter(|_| !zero);
                relative.map_or_else(String::new, |relative| format!("{:+.1} %", relative * 100.0))
            }),
        ),
        Column::figures("success", each(&|measurement, _| percent(measurement.measured.success_rate))),
        Column::figures(
            "predicted",
            each(&|measurement, summary| {
                let is_measured = measurement.measured.success_rate.is_some();
                percent(summary.filter(|_| is_measured).map(|summary| summary.success_rate.estimate))
            }),
        ),
    ];
    if measurements.iter().any(|measurement| measurement.measured.mean_s.is_some()) {
        columns.extend([
            Column::figures(
                "mean",
                each(&|measurement, _| measurement.measured.mean_s.map_or_else(String::new, seconds)),
            ),
            Column::figures(
                "predicted mean",
                each(&|measurement, summary| {
                    let mean = mean_s(measurement, summary);
                    mean.map_or_else(String::new, |(_, predicted)| seconds(predicted))
                }),
            ),
            Column::figures(
                "deviation",
                each(&|measurement, summary| {
                    let mean = mean_s(measurement, summary);
                    mean.map_or_else(String::new, |(measured, predicted)| {
                        format!("{:+.1} %", (predicted / measured - 1.0) * 100.0)
                    })
                }),
            ),
        ]);
    }
    if measurements.iter().any(|measurement| measurement.tolerance.is_some()) {
        columns.push(Column::words("within", each(&|measurement, summary| within(measurement, summary))));
    }
    table(columns, &[])
}

/// Measured and predicted mean response time, where there are both.
fn mean_s(measurement: &Measurement, summary: Option<&Summary>) -> Option<(f64, f64)> {
    let measured = measurement.measured.mean_s.filter(|&mean| mean > 0.0)?;
    Some((measured, summary?.mean_s?.estimate))
}

/// `yes (10 %)`.
fn within(measurement: &Measurement, summary: Option<&Summary>) -> String {
    let Some(tolerance) = measurement.tolerance else { return String::new() };
    match summary.and_then(|summary| verdict::deviation(measurement, summary)) {
        None => "no figures".into(),
        Some(deviation) => {
            let word = if deviation.worst <= tolerance { "yes" } else { "NO" };
            format!("{word} (± {} %)", short(tolerance * 100.0))
        }
    }
}
