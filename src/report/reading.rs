//! What other programs read from a report, by the names of variants and the values of axes.

use std::fmt;
use std::io;

use super::document::Document;
use super::warning::warnings;
use super::whole::Report;
use crate::experiment::analyse::comparison::Difference;
use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::finding::Finding;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::verdict::Judgement;
use crate::language::Metric;
use crate::metric::MetricScope;
use crate::statistics::Interval;

/// A point of a report: one variant at one value of each axis, over all its replications.
#[derive(Clone, Copy)]
pub struct PointReport<'a> {
    report: &'a Report<'a>,
    summary: &'a Summary,
}

impl<'a> Report<'a> {
    /// The points that have figures, in the order of the plan: the first variant at all values of the axes, then the
    /// second one. A point without figures is missing: its trials failed, or a limit ended all of them before their
    /// window.
    pub fn points(&self) -> impl Iterator<Item = PointReport<'_>> {
        self.summaries.iter().map(|summary| PointReport { report: self, summary })
    }

    /// The point of a variant at these values of axes, each `(name of the axis, value)`; a value is written as in the
    /// experiment, `"80/s"`. Axes that are not named may have any value, and the first such point is taken. None where
    /// there is no such point, or it has no figures.
    pub fn find(&self, variant: &str, at: &[(&str, &str)]) -> Option<PointReport<'_>> {
        let is_there = |point: &PointReport| {
            point.variant() == variant && at.iter().all(|(axis, value)| point.value(axis) == Some(value))
        };
        self.points().find(is_there)
    }

    /// What is known of each variant without being asked, a sentence each: up to where it is safe, in which condition
    /// it is beyond, and which resource limits it there.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.findings.iter().map(Finding::sentence)
    }

    /// The hypotheses of the experiment in the order of the file, and what became of each.
    pub fn hypotheses(&self) -> &[Judgement] {
        &self.judgements
    }

    /// Why the figures may not show what they seem to, a sentence each; empty where nothing speaks against them.
    pub fn doubts(&self) -> Vec<String> {
        warnings(self).iter().map(ToString::to_string).collect()
    }

    /// Writes everything that was found as one JSON document: the `summary.json` of `sim sweep`. Its fields are described
    /// by `sim schema results`.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_json(&self, to: impl io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(to, &Document(self)).map_err(Into::into)
    }
}

impl<'a> PointReport<'a> {
    /// The name of its variant; where a plan has no variants, the name of the model.
    pub fn variant(&self) -> &'a str {
        let plan = self.report.plan;
        &plan.variants[plan.points[self.summary.point].variant]
    }

    /// The name of each axis and the value that the point has on it, as text.
    pub fn values(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let plan = self.report.plan;
        let at = &plan.points[self.summary.point].at;
        plan.axes.iter().zip(at).map(|(axis, &value)| (axis.name.as_str(), axis.values[value].text.as_str()))
    }

    /// Its value on an axis, as text; none where there is no such axis.
    pub fn value(&self, axis: &str) -> Option<&'a str> {
        self.values().find(|(name, _)| *name == axis).map(|(_, value)| value)
    }

    /// Its value on an axis as a number: durations in seconds, rates per second, cores in cores. None where there is no
    /// such axis, or its values are no numbers.
    pub fn number(&self, axis: &str) -> Option<f64> {
        let plan = self.report.plan;
        let index = plan.axes.iter().position(|known| known.name == axis)?;
        plan.axes[index].values[plan.points[self.summary.point].at[index]].number
    }

    /// Replications that its figures rest on.
    pub fn replications(&self) -> usize {
        self.summary.replications
    }

    /// The mean of a metric (of a quantile the quantile of all replications together) with its 95 % interval, in the
    /// metric's unit ([`Metric`]). None where the point has no such value: no request succeeded, or the model has no
    /// such part.
    pub fn metric(&self, metric: Metric) -> Option<Interval> {
        self.summary.metric(metric)
    }

    /// The same of one class of requests. None also where there is no class of this name, or the metric is not kept of
    /// classes.
    pub fn metric_of(&self, class: &str, metric: Metric) -> Option<Interval> {
        self.summary.metric_of(&MetricScope::Class(class.into()), metric)
    }

    /// The condition: the worst that applies. None where the figures do not show it: a limit ended the trials early, or
    /// an interval contains its objective.
    pub fn condition(&self) -> Option<Condition> {
        self.report.state(self.summary.point).map(|state| state.condition)
    }

    /// Replications that show this condition, out of all: one dead run of a hundred makes a point dead.
    pub fn runs_in_condition(&self) -> Option<(usize, usize)> {
        self.report.state(self.summary.point).map(|state| (state.runs, state.of))
    }

    /// The resource that limits the point, as `resources.csv` names it; none where none does.
    pub fn limited_by(&self) -> Option<&'a str> {
        self.summary.saturated.as_deref()
    }

    /// What this point has more of a metric than another one, paired by replication: both met the same requests, so that
    /// the interval is narrower than that of independent runs. None without two replications that both have.
    pub fn minus(&self, other: &PointReport, metric: Metric) -> Option<Difference> {
        Difference::of(self.summary, other.summary, &MetricScope::Whole, metric)
    }

    /// The same of one class of requests.
    pub fn minus_of(&self, class: &str, other: &PointReport, metric: Metric) -> Option<Difference> {
        Difference::of(self.summary, other.summary, &MetricScope::Class(class.into()), metric)
    }
}

impl fmt::Debug for PointReport<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values().collect();
        formatter.debug_struct("PointReport").field("variant", &self.variant()).field("values", &values).finish()
    }
}
