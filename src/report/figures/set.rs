//! What one set of charts shows: all variants along the first axis, at one combination of the others.

use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::finding::Finding;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words;
use crate::experiment::plan::{Axis, Plan};
use crate::language::{Duration, Metric, Scale};
use crate::report::chart;
use crate::report::whole::Report;

/// The curves of one combination of the other axes, one a variant.
pub(in crate::report) struct Set<'a> {
    /// Where its figures come from.
    pub report: &'a Report<'a>,
    /// The first axis.
    pub axis: &'a Axis,
    /// The curves.
    pub findings: Vec<&'a Finding>,
    /// The values of the other axes in words; empty without any.
    pub place: String,
    /// What tells its files from those of other sets.
    pub suffix: String,
}

/// Whether the first axis is one of numbers, with more than one value.
pub(in crate::report) fn has_curves(plan: &Plan) -> bool {
    plan.axes
        .first()
        .is_some_and(|axis| axis.values.len() > 1 && axis.values.iter().all(|value| value.number.is_some()))
}

impl<'a> Set<'a> {
    /// All sets of a report whose plan has curves, in the order of the plan.
    pub(super) fn all(report: &'a Report<'a>) -> Vec<Self> {
        let Some(axis) = report.plan.axes.first() else { return Vec::new() };
        let mut sets: Vec<Self> = Vec::new();
        for finding in &report.findings {
            match sets.iter_mut().find(|set| set.place == finding.place) {
                Some(set) => set.findings.push(finding),
                None => {
                    let place = finding.place.clone();
                    let mut suffix = suffix(&place);
                    if sets.iter().any(|set| set.suffix == suffix) {
                        suffix = format!("{suffix}-{}", sets.len() + 1);
                    }
                    sets.push(Self { report, axis, findings: vec![finding], place, suffix });
                }
            }
        }
        sets
    }

    /// The same without the curves that have fewer values than others, such as those of variants that an ablation makes: what
    /// they would do at the further values is not known.
    pub(super) fn whole(&self) -> Self {
        let most = self.findings.iter().map(|finding| finding.points.len()).max().unwrap_or_default();
        let is_whole = |finding: &&Finding| finding.points.len() == most;
        let findings = self.findings.iter().copied().filter(is_whole).collect();
        Self { findings, place: self.place.clone(), suffix: self.suffix.clone(), ..*self }
    }

    /// The plan.
    pub(super) fn plan(&self) -> &'a Plan {
        self.report.plan
    }

    /// The name of a curve's variant.
    pub(super) fn variant(&self, finding: &Finding) -> &'a str {
        &self.report.plan.variants[finding.variant]
    }

    /// The value of the first axis at a point.
    pub(super) fn x(&self, point: usize) -> f64 {
        let value = self.report.plan.points[point].at.first();
        value.and_then(|&value| self.axis.values[value].number).unwrap_or(f64::NAN)
    }

    /// A value of the first axis as it is drawn: a rate in the unit that it is written in.
    pub(super) fn drawn(&self, x: f64) -> f64 {
        drawn(self.axis, x)
    }

    /// The figures of a curve's points that have any.
    pub(super) fn summaries(&self, finding: &Finding) -> Vec<&'a Summary> {
        finding.points.iter().filter_map(|&point| self.report.summary(point)).collect()
    }

    /// All points of the set.
    pub(super) fn points(&self) -> Vec<usize> {
        self.findings.iter().flat_map(|finding| finding.points.iter().copied()).collect()
    }

    /// Whether a point is healthy.
    pub(super) fn is_safe(&self, summary: &Summary) -> bool {
        self.report.is_safe(summary.point)
    }

    /// Whether a point is dead: after the load ends, no worker responds.
    pub(super) fn is_dead(&self, summary: &Summary) -> bool {
        self.report.state(summary.point).is_some_and(|state| state.condition == Condition::Dead)
    }

    /// Whether a metric has no mean at a point because a queue grows for as long as the load lasts. One that only waits
    /// for dead workers is said to be that.
    pub(super) fn grows(&self, summary: &Summary, metric: Metric) -> bool {
        summary.growth.spoils(metric) && !self.is_dead(summary)
    }

    /// The horizontal axis of its charts.
    pub(super) fn x_axis(&self) -> chart::ChartAxis {
        x_axis(self.axis)
    }

    /// What the horizontal axis is.
    pub(super) fn label(&self) -> String {
        label(self.axis)
    }
}

/// A value of an axis as it is drawn: a rate in the unit that it is written in.
pub(in crate::report) fn drawn(axis: &Axis, x: f64) -> f64 {
    x * unit(axis).map_or(1.0, |(_, factor)| factor)
}

/// The unit that the values of an axis are drawn in, and what a value is multiplied by for it: that of rates which are all
/// written alike, else a second, as of durations.
fn unit(axis: &Axis) -> Option<(&'static str, f64)> {
    let all = |is_it: &dyn Fn(&str) -> bool| axis.values.iter().all(|value| is_it(&value.text));
    let alike =
        [("1/min", 60.0), ("1/h", 3600.0)].into_iter().find(|(unit, _)| all(&|text| text.ends_with(&unit[1..])));
    let is_duration = |text: &str| text.parse::<Duration>().is_ok() && text.ends_with(char::is_alphabetic);
    alike
        .or_else(|| all(&|text| text.contains('/')).then_some(("1/s", 1.0)))
        .or_else(|| all(&is_duration).then_some(("s", 1.0)))
}

/// The horizontal axis of charts over an axis.
pub(in crate::report) fn x_axis(axis: &Axis) -> chart::ChartAxis {
    let is_positive = axis.values.iter().all(|value| value.number.is_some_and(|number| number > 0.0));
    match axis.scale {
        Scale::Log if is_positive => chart::ChartAxis::log(label(axis)),
        _ => chart::ChartAxis::linear(label(axis)),
    }
}

/// What an axis is.
fn label(axis: &Axis) -> String {
    let is_named = axis.label != axis.name;
    if !is_named && axis.path == "load.concurrency" {
        "concurrent requests".into()
    } else if let Some((unit, _)) =
        unit(axis).filter(|&(unit, _)| !is_named || unit == "s" && !axis.label.contains('('))
    {
        // A label of rates says itself what is counted in which time.
        format!("{} ({unit})", axis.label)
    } else {
        axis.label.clone()
    }
}

/// All points that have figures, each with its name.
pub(super) fn named<'a>(report: &'a Report<'a>) -> Vec<(String, &'a Summary)> {
    let plan = report.plan;
    let name = |summary: &Summary| match plan.place(&plan.points[summary.point]) {
        place if plan.variants.len() == 1 && !place.is_empty() => place,
        _ => words::place(plan, summary.point),
    };
    report.summaries.iter().map(|summary| (name(summary), summary)).collect()
}

/// `-cpu-500m-workers-4` for `cpu = 500m, workers = 4`.
pub(super) fn suffix(place: &str) -> String {
    let mut suffix = String::new();
    for letter in place.chars() {
        if letter.is_alphanumeric() || letter == '.' {
            suffix.push(letter);
        } else if !suffix.ends_with('-') {
            suffix.push('-');
        }
    }
    let suffix = suffix.trim_matches('-');
    // Names of files end somewhere, below the limit of every file system.
    let short: String = suffix.chars().take(80).collect();
    if short.is_empty() { short } else { format!("-{short}") }
}

#[cfg(test)]
mod tests {
    use super::suffix;

    #[test]
    fn suffixes_are_names_of_files() {
        assert_eq!(suffix(""), "");
        assert_eq!(suffix("cpu = 500m, workers = 4"), "-cpu-500m-workers-4");
        assert_eq!(suffix("path = ../../x"), "-path-..-..-x");
    }
}
