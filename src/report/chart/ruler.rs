//! Where the values of an axis lie on the sheet.

use super::number::{self, Numerals};
use super::tick;
use super::{ChartAxis, ChartScale};

/// Values beyond this are as good as infinite: they are left out.
const LARGEST: f64 = 1e100;
/// How far off the sheet a value may be placed.
const FAR: f64 = 1e5;
/// How many points of a sweep can each have a tick of their own.
const MOST_POINTS: usize = 16;

/// An axis with its range, its ticks and its place on the sheet.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
    /// The marked values and how they are written.
    pub(super) ticks: Vec<(f64, String)>,
}

/// `value`, if it can be drawn on an axis.
pub(super) fn drawable(value: f64, scale: ChartScale) -> Option<f64> {
    let fits = value.is_finite() && value.abs() <= LARGEST;
    (fits && (scale == ChartScale::Linear || value >= 1e-100)).then_some(value)
}

fn range(values: &[f64], scale: ChartScale) -> Option<(f64, f64)> {
    let mut values = values.iter().filter_map(|&value| drawable(value, scale));
    let first = values.next()?;
    Some(values.fold((first, first), |(low, high), value| (low.min(value), high.max(value))))
}

impl Ruler {
    /// An axis that holds zero and `values`, up to `most` if that is given, in about `parts` parts.
    pub(super) fn full(axis: &ChartAxis, values: &[f64], most: Option<f64>, parts: f64) -> Self {
        let most = most.and_then(|most| drawable(most, axis.scale));
        match axis.scale {
            ChartScale::Linear => {
                let (low, high) = range(values, ChartScale::Linear).unwrap_or((0.0, 0.0));
                let low = low.min(0.0);
                let high = most.filter(|&most| most > low).unwrap_or(high.max(0.0));
                let high = if high > low { high } else { low + 1.0 };
                let step = tick::step(high - low, parts);
                let low = (low / step).floor() * step;
                let high = match most {
                    Some(_) => high,
                    None => (high / step - 1e-6).ceil() * step,
                };
                Self::even(low, high, step)
            }
            ChartScale::Log => {
                let (low, high) = range(values, ChartScale::Log).unwrap_or((1.0, 10.0));
                let low = tick::below(low);
                let high = most.filter(|&most| most > low).unwrap_or(high);
                let high = match most {
                    Some(_) => high,
                    None => tick::above(high),
                };
                Self::uneven(low, if high > low { high } else { low * 10.0 })
            }
        }
    }

    /// An axis of just this stretch, in about `parts` parts; none if it is no stretch that can be drawn.
    pub(super) fn between((low, high): (f64, f64), parts: f64) -> Option<Self> {
        let (low, high) = (drawable(low, ChartScale::Linear)?, drawable(high, ChartScale::Linear)?);
        (high - low > 1e-9 * low.abs().max(high.abs())).then(|| Self::even(low, high, tick::step(high - low, parts)))
    }

    /// An axis that spans `values` and is `wide` long, with ticks that `width` says how wide they
    /// are. It starts at zero if that costs little room.
    pub(super) fn tight(axis: &ChartAxis, values: &[f64], wide: f64, width: impl Fn(&str) -> f64) -> Self {
        let (low, high) = range(values, axis.scale).unwrap_or((1.0, 1.0));
        let mut ruler = match axis.scale {
            ChartScale::Linear => {
                let low = if low >= 0.0 && low <= 0.25 * high { 0.0 } else { low };
                let spare = if high > low { 0.0 } else { (high.abs() * 0.1).max(0.5) };
                let (low, high) = (low - spare, high + spare);
                Self::even(low, high, tick::step(high - low, 8.0))
            }
            ChartScale::Log if high > low => Self::uneven(low, high),
            ChartScale::Log => Self::uneven(low / 2.0, high * 2.0),
        };
        ruler.place(0.0, wide);
        ruler.mark_sweep(values, axis.scale, &width);
        let all = std::mem::take(&mut ruler.ticks);
        ruler.ticks = ruler.roomy(all, &width);
        ruler
    }

    fn even(low: f64, high: f64, step: f64) -> Self {
        let numerals = Numerals::new(low.abs().max(high.abs()), step);
        let ticks = tick::multiples(low, high, step);
        Self {
            low,
            high,
            log: false,
            from: 0.0,
            to: 1.0,
            ticks: ticks.into_iter().map(|value| (value, numerals.write(value))).collect(),
        }
    }

    fn uneven(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            log: true,
            from: 0.0,
            to: 1.0,
            ticks: tick::decades(low, high).into_iter().map(|value| (value, number::alone(value))).collect(),
        }
    }

    /// Marks the points of the sweep themselves instead of round numbers, if there are few and
    /// nearly all of them have room.
    fn mark_sweep(&mut self, values: &[f64], scale: ChartScale, width: &impl Fn(&str) -> f64) {
        let mut points: Vec<f64> = values
            .iter()
            .filter_map(|&value| drawable(value, scale))
            .filter(|value| value.fract() == 0.0 && value.abs() < 1e6)
            .collect();
        if !self.log && self.low == 0.0 {
            points.push(0.0);
        }
        points.sort_by(f64::total_cmp);
        points.dedup();
        let whole = |value: &f64| drawable(*value, scale).is_none() || value.fract() == 0.0;
        if points.len() < 3 || points.len() > MOST_POINTS || !values.iter().all(whole) {
            return;
        }
        let ticks: Vec<(f64, String)> =
            points.into_iter().map(|value| (value, Numerals::new(value, 1.0).write(value))).collect();
        let count = ticks.len();
        let roomy = self.roomy(ticks, width);
        if roomy.len() * 10 >= count * 7 {
            self.ticks = roomy;
        }
    }

    /// The ticks without those that would touch the one before; the last one always stays.
    fn roomy(&self, ticks: Vec<(f64, String)>, width: &impl Fn(&str) -> f64) -> Vec<(f64, String)> {
        let clear = |a: &(f64, String), b: &(f64, String)| match (self.at(a.0), self.at(b.0)) {
            (Some(x), Some(y)) => (y - x).abs() >= (width(&a.1) + width(&b.1)) / 2.0 + 14.0,
            _ => false,
        };
        let last = ticks.len().saturating_sub(1);
        let mut kept: Vec<(f64, String)> = Vec::new();
        for (place, tick) in ticks.into_iter().enumerate() {
            if kept.last().is_none_or(|before| clear(before, &tick)) {
                kept.push(tick);
            } else if place == last && kept.len() > 1 {
                kept.pop();
                if kept.last().is_none_or(|before| clear(before, &tick)) {
                    kept.push(tick);
                }
            }
        }
        kept
    }

    /// Lays the axis from `from` to `to` on the sheet.
    pub(super) fn place(&mut self, from: f64, to: f64) {
        (self.from, self.to) = (from, to);
    }

    /// Where `value` lies, on the sheet or beyond it.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        let scale = if self.log { ChartScale::Log } else { ChartScale::Linear };
        let value = drawable(value, scale)?;
        let share = if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        let at = self.from + share * (self.to - self.from);
        at.is_finite().then(|| at.clamp(-FAR, FAR))
    }

    /// Where `value` lies, at the start of the axis if it has no place.
    pub(super) fn at_or_start(&self, value: f64) -> f64 {
        self.at(value).unwrap_or(self.from)
    }

    /// Whether `value` is above the range.
    pub(super) fn is_above(&self, value: f64) -> bool {
        value > self.high * 1.000_001
    }
}
