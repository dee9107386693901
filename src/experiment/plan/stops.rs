//! The numbers that a slider stops at: round ones, around the number that is set now.

/// Whole numbers up to which each is a stop.
const EACH: f64 = 60.0;

/// Steps of a range that starts at 0.
const STEPS: f64 = 20.0;

/// Round numbers of a decade.
const ROUND: [f64; 10] = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];

/// The stops around `now`, in increasing order: from an eighth of it to four times it, and as far as `listed` reaches; all
/// of `listed`, and `now` itself. Those of a share end at 1; none is below `least`.
pub(super) fn stops(now: f64, least: f64, whole: bool, share: bool, listed: &[f64]) -> Vec<f64> {
    let with = |start: f64, choose: fn(f64, f64) -> f64| listed.iter().copied().fold(start, choose);
    let (low, high) = match () {
        () if share => (0.0, 1.0),
        () if now <= 0.0 => (0.0, if whole { 10.0 } else { 1.0 }),
        // Of most of what is counted there must be one.
        () if whole => ((now / 8.0).floor().max(1.0), (now * 4.0).max(10.0)),
        () => (now / 8.0, now * 4.0),
    };
    let (low, high) = (with(low, f64::min).max(least), with(high, f64::max));
    let mut all = vec![now];
    all.extend(listed);
    if whole && high - low <= EACH {
        let count = (high - low).max(0.0) as u32;
        all.extend((0..=count).map(|step| low + f64::from(step)));
    } else if low <= 0.0 {
        let count = STEPS as u32;
        all.extend((0..=count).map(|step| low + (high - low) * f64::from(step) / STEPS));
    } else {
        let first = libm::floor(libm::log10(low)) as i32;
        let last = libm::floor(libm::log10(high)) as i32;
        let decades =
            (first..=last).flat_map(|decade| ROUND.map(|digit| rounded(digit * libm::pow(10.0, f64::from(decade)))));
        all.extend(decades.filter(|number| (low..=high).contains(number)));
    }
    if whole {
        all.iter_mut().for_each(|number| *number = number.round());
    }
    all.sort_by(f64::total_cmp);
    // Of two that differ in their last digits only, the one that is set now stays.
    let mut kept: Vec<f64> = Vec::with_capacity(all.len());
    for number in all {
        match kept.last_mut() {
            Some(last) if (number - *last).abs() <= 1e-9 * number.abs() => {
                if number == now {
                    *last = now;
                }
            }
            _ => kept.push(number),
        }
    }
    kept
}

fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::stops;

    #[test]
    fn few_whole_numbers_are_all_stops() {
        assert_eq!(stops(5.0, 1.0, true, false, &[]), (1..=20).map(f64::from).collect::<Vec<_>>());
        assert_eq!(stops(1.0, 0.0, true, false, &[]), (1..=10).map(f64::from).collect::<Vec<_>>());
    }

    #[test]
    fn others_are_round_and_reach_as_far_as_an_axis_does() {
        let all = stops(0.03, 0.0, false, false, &[]);
        assert_eq!((all.first(), all.last()), (Some(&0.004), Some(&0.12)));
        assert!(all.contains(&0.03) && all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
        assert_eq!(stops(3.0, 0.0, true, false, &[0.0])[0], 0.0);
        let all = stops(50.0, 1.0, true, false, &[10.0, 117.0, 250.0]);
        assert!(
            all.contains(&117.0) && all.last() == Some(&250.0) && all.iter().all(|it| it.fract() == 0.0),
            "{all:?}"
        );
    }

    #[test]
    fn a_share_ends_at_all() {
        let all = stops(0.3, 0.0, false, true, &[]);
        assert_eq!((all.first(), all.last(), all.len()), (Some(&0.0), Some(&1.0), 21));
    }
}
