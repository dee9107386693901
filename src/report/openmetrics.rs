//! Metrics as text: OpenMetrics 1.0 with a timestamp at each sample, the time of the run in seconds.

use std::fmt::{self, Write};

use crate::experiment::monitor::families::{Family, FamilyKind, PointValue};
use crate::kernel::Time;

/// The families as OpenMetrics text. `promtool tsdb create-blocks-from openmetrics` reads it.
pub fn openmetrics(families: &[Family]) -> String {
    let mut text = String::new();
    // Text takes whatever is written to it.
    let _ = write(&mut text, families);
    text
}

fn write(text: &mut String, families: &[Family]) -> fmt::Result {
    for family in families {
        let name = &family.name;
        let kind = match family.kind {
            FamilyKind::Counter => "counter",
            FamilyKind::Gauge => "gauge",
            FamilyKind::Histogram => "histogram",
        };
        writeln!(text, "# TYPE {name} {kind}")?;
        if name.ends_with("_seconds") {
            writeln!(text, "# UNIT {name} seconds")?;
        }
        writeln!(text, "# HELP {name} {}", escaped(&family.help))?;
        for metric in &family.metrics {
            let labels: Vec<String> =
                metric.labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
            let labels = labels.join(",");
            for (at, value) in &metric.points {
                point(text, family, &labels, *at, value)?;
            }
        }
    }
    writeln!(text, "# EOF")
}

fn point(text: &mut String, family: &Family, labels: &str, at: Time, value: &PointValue) -> fmt::Result {
    let (name, at) = (&family.name, at.seconds());
    match value {
        PointValue::Number(number) => {
            let suffix = if family.kind == FamilyKind::Counter { "_total" } else { "" };
            writeln!(text, "{name}{suffix}{{{labels}}} {number} {at}")
        }
        PointValue::Buckets { counts, sum } => {
            for (index, count) in counts.iter().enumerate() {
                let bound = bound(family, index);
                writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count} {at}")?;
            }
            let count = counts.last().copied().unwrap_or_default();
            writeln!(text, "{name}_count{{{labels}}} {count} {at}")?;
            writeln!(text, "{name}_sum{{{labels}}} {sum} {at}")
        }
    }
}

/// A bound as the label `le` has it: whole numbers with a decimal (OpenMetrics 1.0, canonical numbers).
fn bound(family: &Family, index: usize) -> String {
    family.bounds.get(index).map_or_else(|| "+Inf".into(), |bound| format!("{bound:?}"))
}

/// A text in quotes, or behind `HELP`.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::monitor::families::Metric;

    #[test]
    fn each_kind_has_its_lines() {
        let metric = |value| Metric {
            labels: vec![("job".into(), "a \"b\"\\".into())],
            points: vec![(Time::from_seconds(15.0), value)],
        };
        let family = |name: &str, kind, bounds: Vec<f64>, value| Family {
            name: name.into(),
            kind,
            help: "What\nit is.".into(),
            bounds,
            metrics: vec![metric(value)],
        };
        let buckets = PointValue::Buckets { counts: vec![1, 3], sum: 2.5 };
        let text = openmetrics(&[
            family("a", FamilyKind::Counter, Vec::new(), PointValue::Number(7.0)),
            family("b_seconds", FamilyKind::Histogram, vec![1.0], buckets),
        ]);
        assert_eq!(
            text,
            r#"# TYPE a counter
# HELP a What\nit is.
a_total{job="a \"b\"\\"} 7 15
# TYPE b_seconds histogram
# UNIT b_seconds seconds
# HELP b_seconds What\nit is.
b_seconds_bucket{job="a \"b\"\\",le="1.0"} 1 15
b_seconds_bucket{job="a \"b\"\\",le="+Inf"} 3 15
b_seconds_count{job="a \"b\"\\"} 3 15
b_seconds_sum{job="a \"b\"\\"} 2.5 15
# EOF
"#
        );
    }
}
