//! A figure that was measured.

use super::printed::Printed;
use super::requests::Requests;
use super::text::Text;
use crate::language::{Mistake, visible};
use crate::metric::Metric;
use crate::statistics::Interval;

/// The level of all intervals.
pub(super) const LEVEL: f64 = 0.95;

/// The critical value of the normal distribution at this level.
pub(super) const NORMAL: f64 = 1.959_963_984_540_054;

/// The name of the number of requests that a figure is based on; no model predicts it.
pub(super) const REQUESTS: &str = "requests";

/// The name of the cores that a service uses, all of its replicas together; the class of the figure is the service. It is
/// checked by the utilisation law.
pub const CPU_CORES: &str = "cpu_cores";

/// The percentiles that a model predicts.
pub(super) const PERCENTILES: [Metric; 5] = [Metric::P50S, Metric::P90S, Metric::P95S, Metric::P99S, Metric::P999S];

/// The percentile that a tool calls `95%` or `95.000%`, if a model predicts it.
pub(super) fn percentile(name: &str) -> Option<Metric> {
    let percent = name.strip_suffix('%')?.parse::<f64>().ok()?;
    let is_it = |metric: &Metric| metric.quantile().is_some_and(|q| (q * 100.0 - percent).abs() < 1e-9);
    PERCENTILES.into_iter().find(is_it)
}

/// What a reader finds in a file.
#[derive(Debug)]
pub enum Content {
    /// Figures that the tool computed over the whole test.
    Totals {
        /// The figures.
        figures: Vec<Figure>,
        /// The number of clients.
        concurrency: Option<f64>,
        /// What was left out or assumed.
        remarks: Vec<String>,
    },
    /// Every request.
    Requests(Requests),
    /// Figures of the part of the test that is asked for.
    Part {
        /// The figures.
        figures: Vec<Figure>,
        /// The number of clients.
        concurrency: Option<f64>,
        /// What was left out or assumed.
        remarks: Vec<String>,
    },
}

/// Which part of the test counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// What is left out at the start, in seconds.
    pub skip: f64,
    /// The length of what counts, in seconds; without it all the rest.
    pub window: Option<f64>,
}

impl Span {
    /// Whether it is less than everything.
    pub fn is_part(self) -> bool {
        self.skip > 0.0 || self.window.is_some()
    }

    /// From when to when, in seconds from the start of a test that has this length.
    ///
    /// # Errors
    /// Where the test is shorter.
    pub(super) fn within(self, length: f64, text: &Text) -> Result<(f64, f64), Mistake> {
        let to = self.window.map_or(length, |window| self.skip + window);
        // Times of tools are whole seconds at worst.
        if self.skip >= length || to > length + 1.0 {
            return Err(text
                .whole(format!("the test in this file lasts {}", seconds(length)))
                .note(format!("--skip and --window ask for {} to {}", seconds(self.skip), seconds(to)))
                .help("ask for a part that the file has"));
        }
        Ok((self.skip, to.min(length)))
    }
}

fn seconds(length: f64) -> String {
    format!("{} s", (length * 1000.0).round() / 1000.0)
}

/// Where a figure was measured, if the file says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The design.
    pub variant: Option<String>,
    /// The value of each axis, in the order of the file.
    pub at: Vec<(String, String)>,
}

impl Place {
    /// The values of the axes as files have them: `concurrency=50;rate=80/s`.
    pub fn point(&self) -> String {
        let at: Vec<String> = self.at.iter().map(|(axis, value)| format!("{axis}={value}")).collect();
        at.join(";")
    }
}

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Where, if the file says so.
    pub place: Place,
    /// The class of requests that it is about; none for all of them.
    pub class: Option<String>,
    /// What it is: the name of a [`Metric`] and its unit, `requests`, or [`CPU_CORES`].
    pub metric: &'static str,
    /// The cause of failures that it counts.
    pub cause: Option<String>,
    /// Its value, in the unit of the metric.
    pub value: f64,
    /// Half of the 95 % interval of what one such test measures; none where the file does not allow one.
    pub error: Option<f64>,
    /// By how much the tool may have rounded it, at most.
    pub rounding: Option<f64>,
    /// The part of the test that it is about, in seconds from its start.
    pub window: Option<(f64, f64)>,
    /// How it differs from the metric of a model.
    pub note: String,
}

impl Figure {
    /// A figure of all requests.
    pub(super) fn new(metric: Metric, value: f64) -> Self {
        Self::named(metric.name(), value)
    }

    /// A figure with this name.
    pub(super) fn named(metric: &'static str, value: f64) -> Self {
        Self {
            place: Place::default(),
            class: None,
            metric,
            cause: None,
            value,
            error: None,
            rounding: None,
            window: None,
            note: String::new(),
        }
    }

    /// Whether a test can measure this.
    pub(super) fn is_possible(&self) -> bool {
        let most = if self.metric == Metric::SuccessRate.name() { 1.0 } else { f64::MAX };
        (0.0..=most).contains(&self.value)
    }

    pub(super) fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// What a tool counted over a whole test.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    /// The class of requests; none for all of them.
    pub class: Option<String>,
    /// All that ended, well or not.
    pub requests: f64,
    /// Those that failed.
    pub failed: f64,
    /// How many failed by which cause.
    pub causes: Vec<(String, f64)>,
    /// The length of the test in seconds.
    pub length: Option<f64>,
    /// By how much the length may be wrong, in seconds.
    pub length_rounding: f64,
    /// What makes the length inexact.
    pub length_note: String,
}

impl Totals {
    /// The counts of a test of all requests, of a length that the tool printed.
    pub fn printed(requests: f64, failed: f64, causes: Vec<(String, f64)>, length: Printed) -> Self {
        let Printed { value, rounding } = length;
        Self { requests, failed, causes, length: Some(value), length_rounding: rounding, ..Self::default() }
    }

    /// The counts as figures.
    pub fn figures(&self) -> Vec<Figure> {
        let window = self.length.map(|length| (0.0, length));
        let successes = self.requests - self.failed;
        let mut figures = vec![Figure::named(REQUESTS, self.requests)];
        if let Some(length) = self.length.filter(|&length| length > 0.0) {
            let rate = successes * 60.0 / length;
            let rounding = Some(rate * self.length_rounding / length).filter(|&rounding| rounding > 0.0);
            let figure = Figure { rounding, ..Figure::new(Metric::ThroughputPerMin, rate) };
            figures.push(figure.noted(self.length_note.clone()));
        }
        if self.requests > 0.0 {
            let error = Interval::proportion(successes as u64, self.requests as u64, LEVEL);
            let error = error.map(|interval| interval.half_width());
            figures.push(Figure { error, ..Figure::new(Metric::SuccessRate, successes / self.requests) });
        }
        figures.push(Figure::new(Metric::FailedRequests, self.failed));
        for (cause, count) in &self.causes {
            let cause = Some(visible(cause).into_owned());
            figures.push(Figure { cause, ..Figure::new(Metric::FailedRequests, *count) });
        }
        for figure in &mut figures {
            figure.window = window;
            figure.class.clone_from(&self.class);
        }
        figures
    }

    /// A time over the whole test, in seconds.
    pub fn time(&self, metric: Metric, seconds: f64, rounding: Option<f64>, note: &str) -> Figure {
        let window = self.length.map(|length| (0.0, length));
        let class = self.class.clone();
        Figure { rounding, window, class, ..Figure::new(metric, seconds) }.noted(note)
    }

    /// What response times are of, where the tool does not part answers by their status.
    pub fn of_responses(&self, answered_badly: f64) -> String {
        if answered_badly > 0.0 { format!("of all responses, {answered_badly} of which failed") } else { String::new() }
    }
}

/// A number, rounded to this many significant digits.
pub(super) fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// Half of the interval of a mean of values with this standard deviation, as if they were independent. Response times
/// that follow each other are not, so it is the smallest interval that there can be.
pub(super) fn independent(std_dev: f64, count: f64) -> Option<f64> {
    (count >= 30.0).then(|| NORMAL * std_dev / count.sqrt())
}
