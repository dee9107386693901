//! A run over time.

use super::record::Row;
use super::run::Ran;
use crate::kernel::Time;
use crate::model::round_interval;

/// Requests that end in a stretch at least, as a mean.
const FEWEST: u64 = 20;

/// Stretches of a run at most.
const STRETCHES: u64 = 150;

/// What ended in a stretch of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// When it begins, in seconds from the start of the run, and how long it is.
    pub from: f64,
    /// See `from`.
    pub length: f64,
    /// Requests that succeeded.
    pub succeeded: usize,
    /// Requests that failed.
    pub failed: usize,
    /// Median and 95th percentile of the response times of successes, in seconds; none without successes.
    pub times: Option<(f64, f64)>,
}

/// The stretches of a run, its warm-up included; what the end cut off is in none.
pub(super) fn stretches(ran: &Ran) -> Vec<Stretch> {
    let ended = |row: &&Row| !row.is_cut_off() && !row.is_tried_again;
    let last = ran.rows.iter().filter(ended).map(|row| row.end).max().unwrap_or_default();
    let rows = ran.rows.iter().filter(ended).count() as u64;
    let most = (rows / FEWEST).clamp(1, STRETCHES);
    // It gives about as many intervals of a round length as stretches are wanted at most.
    let length = round_interval(Time(last.0.saturating_mul(STRETCHES / most))).seconds();
    // What is left over at the end is too short to tell a rate.
    let count = (last.seconds() / length).floor() as usize;
    let mut all: Vec<(Vec<f64>, usize)> = vec![(Vec::new(), 0); count];
    for row in ran.rows.iter().filter(ended) {
        let place = (row.end.seconds() / length) as usize;
        let Some((times, failed)) = all.get_mut(place) else { continue };
        match row.failure() {
            None => times.push(row.elapsed()),
            Some(_) => *failed += 1,
        }
    }
    let stretch = |(index, (mut times, failed)): (usize, (Vec<f64>, usize))| {
        times.sort_by(f64::total_cmp);
        let rank = |share: f64| times.get((share * times.len() as f64).ceil().max(1.0) as usize - 1).copied();
        Stretch {
            from: index as f64 * length,
            length,
            succeeded: times.len(),
            failed,
            times: rank(0.5).zip(rank(0.95)),
        }
    };
    all.into_iter().enumerate().map(stretch).collect()
}
