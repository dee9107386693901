//! Where an axis is marked.

/// A step of 1, 2, 2.5 or 5 times a power of ten that cuts `span` into about `parts`.
pub(super) fn step(span: f64, parts: f64) -> f64 {
    let rough = span / parts;
    if !rough.is_finite() || rough <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor());
    let nice: &[f64] = if power >= 10.0 { &[1.0, 2.0, 2.5, 5.0] } else { &[1.0, 2.0, 5.0] };
    let factor = nice.iter().copied().find(|&nice| power * nice >= rough * 0.999);
    power * factor.unwrap_or(10.0)
}

/// The multiples of `step` from `low` to `high`.
pub(super) fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - 1e-6).ceil();
    (0..100).map(|count| (first + f64::from(count)) * step).take_while(|&value| value <= high + step * 1e-6).collect()
}

/// Round values of a logarithmic axis from `low` to `high`, both positive.
pub(super) fn decades(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let span = high.log10() - low.log10();
    let factors: &[f64] = match span {
        span if span > 3.5 => &[1.0],
        span if span > 0.8 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    };
    let skip = ((last - first) / 8).max(1) as usize;
    (first..=last)
        .step_by(skip)
        .flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)))
        .filter(|&value| value >= low * 0.999 && value <= high * 1.001)
        .collect()
}

/// The largest of 1, 2 and 5 times a power of ten that is no more than `value`.
pub(super) fn below(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    [5.0, 2.0, 1.0].iter().map(|factor| factor * power).find(|&nice| nice <= value * 1.000_001).unwrap_or(power)
}

/// The smallest of 1, 2, 5 and 10 times a power of ten that is no less than `value`.
pub(super) fn above(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0].iter().map(|factor| factor * power).find(|&nice| nice >= value * 0.999_999).unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::{above, below, decades, multiples, step};

    #[test]
    fn steps_are_round() {
        assert_eq!(step(1200.0, 6.0), 200.0);
        assert_eq!(step(1.0, 5.0), 0.2);
        assert_eq!(step(100.0, 4.0), 25.0);
        assert_eq!(step(0.0, 5.0), 1.0);
        assert_eq!(step(f64::INFINITY, 5.0), 1.0);
    }

    #[test]
    fn multiples_include_both_ends() {
        assert_eq!(multiples(0.0, 1.0, 0.25), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(multiples(12.0, 29.0, 10.0), [20.0]);
    }

    #[test]
    fn a_logarithmic_axis_is_marked_at_round_values() {
        assert_eq!(decades(1.0, 10_000.0), [1.0, 10.0, 100.0, 1000.0, 10_000.0]);
        assert_eq!(decades(10.0, 100.0), [10.0, 20.0, 50.0, 100.0]);
        assert!(decades(1e-100, 1e100).len() < 14);
        assert_eq!((below(7.0), above(7.0)), (5.0, 10.0));
        assert_eq!((below(2.0), above(2.0)), (2.0, 2.0));
    }
}
