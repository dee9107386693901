//! Series and their samples.

use std::collections::BTreeMap;

/// Labels by name; the name of the metric is `__name__`.
pub type Labels = BTreeMap<String, String>;

/// The label that has the name of the metric.
pub const NAME: &str = "__name__";

/// The value that ends a series: what is written where a target that was scraped gives no more sample of it (Prometheus'
/// `value.StaleNaN`).
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Whether a value is [`STALE`], and not any other that is no number.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE.to_bits()
}

/// A series: its labels, and its samples by time in milliseconds, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// With the name of the metric.
    pub labels: Labels,
    /// Times in milliseconds and values.
    pub samples: Vec<(i64, f64)>,
}

/// All series.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    series: Vec<Series>,
    by_name: BTreeMap<String, Vec<usize>>,
    by_labels: BTreeMap<Labels, usize>,
}

impl Storage {
    /// Adds a series.
    pub fn add(&mut self, series: Series) {
        let name = series.labels.get(NAME).cloned().unwrap_or_default();
        self.by_name.entry(name).or_default().push(self.series.len());
        self.by_labels.insert(series.labels.clone(), self.series.len());
        self.series.push(series);
    }

    /// Adds a sample, later than all others of its series.
    pub fn append(&mut self, labels: &Labels, at: i64, value: f64) {
        match self.by_labels.get(labels) {
            Some(&index) => self.series[index].samples.push((at, value)),
            None => self.add(Series { labels: labels.clone(), samples: vec![(at, value)] }),
        }
    }

    /// The series of a metric, or all.
    pub(super) fn named<'a>(&'a self, name: Option<&str>) -> Box<dyn Iterator<Item = &'a Series> + 'a> {
        match name {
            None => Box::new(self.series.iter()),
            Some(name) => {
                let indices = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
                Box::new(indices.iter().map(|&index| &self.series[index]))
            }
        }
    }

    /// The names of all metrics.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}
