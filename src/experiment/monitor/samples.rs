//! From families to the series of a monitoring system.

use super::families::{Family, FamilyKind, PointValue};
use crate::kernel::Time;
use crate::parts::Scrapes;
use crate::promql::{Labels, STALE, Series, Storage, is_stale};

/// All series. One that a scrape no longer gives ends there with a stale marker, as Prometheus' scrape loop writes it.
pub(super) fn storage(families: &[Family], scrapes: &Scrapes) -> Storage {
    let mut storage = Storage::default();
    let times: Vec<Time> = scrapes.taken.iter().map(|scrape| scrape.at).collect();
    for family in families {
        for metric in &family.metrics {
            let mut named: Vec<(String, Option<String>)> = match family.kind {
                FamilyKind::Counter => vec![(format!("{}_total", family.name), None)],
                FamilyKind::Gauge => vec![(family.name.clone(), None)],
                FamilyKind::Histogram => {
                    let bounds = family.bounds.iter().map(|bound| format!("{bound:?}")).chain(["+Inf".into()]);
                    bounds.map(|le| (format!("{}_bucket", family.name), Some(le))).collect()
                }
            };
            if family.kind == FamilyKind::Histogram {
                named.extend(["count", "sum"].map(|part| (format!("{}_{part}", family.name), None)));
            }
            for (index, (name, le)) in named.into_iter().enumerate() {
                let mut labels: Labels = metric.labels.iter().cloned().collect();
                labels.insert("__name__".into(), name);
                labels.extend(le.map(|le| ("le".to_owned(), le)));
                let values = metric.points.iter().map(|(at, value)| (*at, part(value, index)));
                storage.add(Series { labels, samples: with_ends(values, &times) });
            }
        }
    }
    storage
}

/// A part of a point: one bucket after the other, then the count and the sum.
fn part(value: &PointValue, index: usize) -> f64 {
    match value {
        PointValue::Number(number) => *number,
        PointValue::Buckets { counts, sum } => {
            let count = counts.last().copied().unwrap_or_default();
            counts
                .get(index)
                .map_or_else(|| if index == counts.len() { count as f64 } else { *sum }, |&count| count as f64)
        }
    }
}

/// The samples in milliseconds, with a stale marker at the first of these times at which there is no longer one.
fn with_ends(values: impl Iterator<Item = (Time, f64)>, times: &[Time]) -> Vec<(i64, f64)> {
    let mut values = values.peekable();
    let mut samples: Vec<(i64, f64)> = Vec::new();
    for &at in times {
        match values.next_if(|(time, _)| *time == at) {
            Some((_, value)) => samples.push((milliseconds(at), value)),
            None if samples.last().is_some_and(|(_, value)| !is_stale(*value)) => {
                samples.push((milliseconds(at), STALE))
            }
            None => {}
        }
    }
    samples
}

/// A time in milliseconds, as series have it.
pub(super) fn milliseconds(time: Time) -> i64 {
    i64::try_from(time.0 / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_begins_with_a_stale_marker() {
        let at = |seconds: f64| Time::from_seconds(seconds);
        let times: Vec<Time> = (0..5).map(|number| at(f64::from(number))).collect();
        let samples = with_ends([(at(0.0), 1.0), (at(3.0), 2.0)].into_iter(), &times);
        let seen: Vec<(i64, bool)> = samples.iter().map(|&(time, value)| (time, is_stale(value))).collect();
        assert_eq!(seen, [(0, false), (1000, true), (3000, false), (4000, true)]);
    }
}
