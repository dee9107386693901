//! Figures of requests that a file has one by one.

use std::collections::HashMap;

use super::figure::{Figure, LEVEL, NORMAL, PERCENTILES, REQUESTS, Span};
use super::text::Text;
use crate::language::{Mistake, visible};
use crate::metric::Metric;
use crate::statistics::Interval;

/// Classes that get figures of their own; a file with more has names that tell single requests apart.
const MOST_CLASSES: usize = 50;

/// Parts of equal length into which a test is divided for the intervals of means, at most and at least.
const BATCHES: (usize, usize) = (20, 5);

/// Requests that such a part has at least, on average.
const BATCH: usize = 20;

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    /// When it ended, in nanoseconds; 0 where the file has no times.
    pub end: i64,
    /// How long it took, in seconds.
    pub elapsed: Option<f64>,
    /// Its class.
    pub class: u32,
    /// Why it failed; none where it succeeded.
    pub failure: Option<u32>,
}

/// Names by number.
#[derive(Debug, Default)]
pub(super) struct Interned {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Interned {
    /// The number of a name.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

/// All requests of a file.
#[derive(Debug, Default)]
pub struct Requests {
    pub(super) rows: Vec<Answered>,
    pub(super) classes: Interned,
    pub(super) causes: Interned,
    /// The distance of two neighbouring times of the file, in seconds; 0 where it has no times.
    pub(super) step: f64,
    /// By how much times are rounded at most, in seconds.
    pub(super) rounding: Option<f64>,
    /// How response times differ from those of a model.
    pub(super) note: String,
    /// What was left out or assumed.
    pub(super) remarks: Vec<String>,
}

impl Requests {
    /// Notes how exact a time is: the finest notation counts, as `12.5` and `13` are both tenths.
    pub(super) fn timed(&mut self, step: f64) {
        self.step = if self.step == 0.0 { step } else { self.step.min(step) };
    }

    /// Requests with exact times.
    pub fn exact() -> Self {
        Self { step: 1e-9, ..Self::default() }
    }

    /// Adds a request: when it ended, in nanoseconds from the start of the test, how long it took, in seconds, its class, and
    /// why it failed, if it did.
    pub fn add(&mut self, end: u64, elapsed: f64, class: &str, failure: Option<&str>) {
        let (class, failure) = (self.classes.number(class), failure.map(|cause| self.causes.number(cause)));
        let end = i64::try_from(end).unwrap_or(i64::MAX);
        self.rows.push(Answered { end, elapsed: Some(elapsed), class, failure });
    }

    /// The figures of all these requests, which ended in this part of the test, in seconds from its start: of all, then of
    /// each class; none where there are no requests.
    pub fn within(mut self, window: (f64, f64)) -> Vec<Figure> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        self.rows.sort_by_key(|row| row.end);
        self.all(Some(window))
    }

    /// The figures of a part of the test: of all requests, then of each class.
    pub(super) fn figures(mut self, text: &Text, span: Span) -> Result<(Vec<Figure>, Vec<String>), Mistake> {
        if self.rows.is_empty() {
            return Err(text.whole("there are no requests in this file").help("run the test again, and let it finish"));
        }
        if self.step == 0.0 && span.is_part() {
            return Err(text
                .whole("the file does not say when requests ended, so no part of it can be taken")
                .help("leave out --skip and --window, or write times to the file"));
        }
        let window = if self.step > 0.0 { Some(self.cut(text, span)?) } else { None };
        Ok((self.all(window), self.remarks))
    }

    /// The figures of all requests, then of each class.
    fn all(&mut self, window: Option<(f64, f64)>) -> Vec<Figure> {
        let mut figures = self.of(&self.rows, window, None);
        if self.classes.names.len() > MOST_CLASSES {
            let count = self.classes.names.len();
            self.remarks.push(format!("{count} names of requests, more than {MOST_CLASSES}: no figures of each"));
        } else if self.classes.names.len() > 1 {
            let mut parts = vec![Vec::new(); self.classes.names.len()];
            self.rows.iter().for_each(|row| parts[row.class as usize].push(*row));
            for (name, rows) in self.classes.names.iter().zip(&parts) {
                if !rows.is_empty() {
                    figures.extend(self.of(rows, window, Some(name)));
                }
            }
        }
        figures
    }

    /// Keeps what ends in a part of the test, in the order of the ends. Returns that part in seconds.
    fn cut(&mut self, text: &Text, span: Span) -> Result<(f64, f64), Mistake> {
        let step = (self.step * 1e9) as i64;
        // An end that is given in whole seconds lies in the second that follows; where the request began is not known.
        let is_coarse = self.is_coarse();
        let begin = |row: &Answered| {
            let elapsed = if is_coarse { 0.0 } else { row.elapsed.unwrap_or(0.0) };
            row.end.saturating_sub((elapsed * 1e9).round() as i64)
        };
        let first = self.rows.iter().map(begin).min().unwrap_or(0);
        let last = self.rows.iter().map(|row| row.end).max().unwrap_or(0);
        let last = last.saturating_add(if is_coarse { step } else { 0 });
        let (from, to) = span.within(last.saturating_sub(first) as f64 / 1e9, text)?;
        let at = |seconds: f64| first.saturating_add((seconds * 1e9).round() as i64);
        let (low, high) = (at(from), at(to));
        self.rows.retain(|row| row.end >= low && (row.end < high || high >= last));
        self.rows.sort_by_key(|row| row.end);
        // From here on, ends are relative to the start of the test.
        self.rows.iter_mut().for_each(|row| row.end = row.end.saturating_sub(first));
        if self.rows.is_empty() {
            return Err(text.whole("no request ends in the part that --skip and --window leave"));
        }
        Ok((from, to))
    }

    fn is_coarse(&self) -> bool {
        self.step >= 0.5
    }

    fn of(&self, rows: &[Answered], window: Option<(f64, f64)>, class: Option<&str>) -> Vec<Figure> {
        let failed = rows.iter().filter(|row| row.failure.is_some()).count();
        let successes = rows.len() - failed;
        let batches = window.and_then(|window| self.batches(rows, window));
        let mut figures = vec![Figure::named(REQUESTS, rows.len() as f64)];
        if let Some((from, to)) = window.filter(|(from, to)| to > from) {
            let length = to - from;
            let rate = successes as f64 * 60.0 / length;
            let part = length / batches.as_ref().map_or(1, Vec::len) as f64;
            let rounding = self.is_coarse().then_some(rate * self.step / length).filter(|&rounding| rounding > 0.0);
            let note = if self.is_coarse() { "the file gives times in whole seconds" } else { "" };
            let error = half_width(&batches, |batch| Some(batch.successes as f64 * 60.0 / part));
            figures.push(Figure { error, rounding, ..Figure::new(Metric::ThroughputPerMin, rate) }.noted(note));
        }
        let share = successes as f64 / rows.len() as f64;
        let by_count = Interval::proportion(successes as u64, rows.len() as u64, LEVEL).map(|it| it.half_width());
        let by_batch =
            half_width(&batches, |batch| (batch.requests > 0).then(|| batch.successes as f64 / batch.requests as f64));
        // Failures come in bursts, and none may have been seen: the wider interval of both.
        let error = by_count.map(|error| by_batch.map_or(error, |other| error.max(other)));
        figures.push(Figure { error, ..Figure::new(Metric::SuccessRate, share) });
        figures.extend(self.failures(rows, failed));
        let mut times: Vec<f64> =
            rows.iter().filter(|row| row.failure.is_none()).filter_map(|row| row.elapsed).collect();
        if !times.is_empty() {
            let mean = times.iter().sum::<f64>() / times.len() as f64;
            let error = half_width(&batches, |batch| (batch.timed > 0).then(|| batch.elapsed / batch.timed as f64));
            let rounding = self.rounding;
            figures.push(Figure { error, rounding, ..Figure::new(Metric::MeanS, mean) }.noted(&*self.note));
            times.sort_by(f64::total_cmp);
            for metric in PERCENTILES {
                let Some(q) = metric.quantile() else { continue };
                if let Some((value, error)) = quantile(&times, q) {
                    figures.push(Figure { error, rounding, ..Figure::new(metric, value) }.noted(&*self.note));
                }
            }
        }
        for figure in &mut figures {
            figure.window = window;
            figure.class = class.map(|class| visible(class).into_owned());
        }
        figures
    }

    fn failures(&self, rows: &[Answered], failed: usize) -> Vec<Figure> {
        let mut counts = vec![0usize; self.causes.names.len()];
        rows.iter().filter_map(|row| row.failure).for_each(|cause| counts[cause as usize] += 1);
        let mut figures = vec![Figure::new(Metric::FailedRequests, failed as f64)];
        let mut causes: Vec<_> = self.causes.names.iter().zip(counts).filter(|(_, count)| *count > 0).collect();
        causes.sort();
        for (cause, count) in causes {
            let cause = Some(visible(cause).into_owned());
            figures.push(Figure { cause, ..Figure::new(Metric::FailedRequests, count as f64) });
        }
        figures
    }

    /// The requests by parts of equal length; none where there are too few, or times are too coarse.
    fn batches(&self, rows: &[Answered], (from, to): (f64, f64)) -> Option<Vec<Batch>> {
        let length = to - from;
        let most = if self.is_coarse() { (length / self.step / 5.0) as usize } else { usize::MAX };
        let count = (rows.len() / BATCH).min(BATCHES.0).min(most);
        if count < BATCHES.1 || length <= 0.0 {
            return None;
        }
        let mut batches = vec![Batch::default(); count];
        for row in rows {
            let place = (row.end as f64 / 1e9 - from) / length * count as f64;
            let batch = &mut batches[(place.max(0.0) as usize).min(count - 1)];
            batch.requests += 1;
            if row.failure.is_none() {
                batch.successes += 1;
                if let Some(elapsed) = row.elapsed {
                    batch.timed += 1;
                    batch.elapsed += elapsed;
                }
            }
        }
        Some(batches)
    }
}

/// What ended in one part of the test.
#[derive(Clone, Debug, Default)]
struct Batch {
    requests: usize,
    successes: usize,
    timed: usize,
    elapsed: f64,
}

/// Half of the interval of the mean by the method of batch means (Law, *Simulation Modeling and Analysis*, ch. 9).
fn half_width(batches: &Option<Vec<Batch>>, value: impl Fn(&Batch) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = batches.as_ref()?.iter().filter_map(value).collect();
    let interval = Interval::mean_of(&values, LEVEL).filter(|_| values.len() >= BATCHES.1)?;
    Some(interval.half_width()).filter(|width| width.is_finite())
}

/// The smallest of these sorted times that at least a share of them does not exceed, and half of its interval by order
/// statistics (Conover, *Practical Nonparametric Statistics*, ch. 3). None where fewer than one time is above it.
fn quantile(times: &[f64], q: f64) -> Option<(f64, Option<f64>)> {
    let n = times.len() as f64;
    if n * (1.0 - q) < 1.0 - 1e-9 {
        return None;
    }
    let rank = |share: f64| ((share * n - 1e-9).ceil().max(1.0) as usize).min(times.len()) - 1;
    let spread = NORMAL * (n * q * (1.0 - q)).sqrt();
    let (low, high) = (n * q - spread, n * q + spread + 1.0);
    let error =
        (low >= 1.0 && high <= n).then(|| (times[high.ceil() as usize - 1] - times[low.floor() as usize - 1]) / 2.0);
    Some((times[rank(q)], error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_nearest_rank() {
        let times: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(quantile(&times, 0.5).unwrap().0, 50.0);
        assert_eq!(quantile(&times, 0.95).unwrap().0, 95.0);
        // 95 ± 1.96 √4.75 are the ranks 90.7 and 100.3: the sample does not reach that far.
        assert_eq!(quantile(&times, 0.95).unwrap().1, None);
        // 50 ± 9.8: the ranks 40 and 61.
        assert_eq!(quantile(&times, 0.5).unwrap().1, Some(10.5));
        assert_eq!(quantile(&times, 0.999), None);
    }
}
