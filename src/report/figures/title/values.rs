//! The values of an axis that are safe, or enough, in words.

use crate::experiment::analyse::finding::{Finding, More, Turn, places};
use crate::experiment::plan::{Axis, Direction};
use crate::report::figures::set::Set;
use crate::report::turn::{be, place, value};

/// Where a variant is safe that is nowhere known not to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    /// The last value that is safe of those below the first doubtful one; none where the lowest value is doubtful.
    pub(super) to: Option<f64>,
    /// The lowest and the highest value of which it is not known whether they are safe.
    pub(super) doubtful: Option<(f64, f64)>,
}

impl Held {
    pub(super) fn of(set: &Set, finding: &Finding) -> Self {
        let is_known = |point: usize| set.report.state(point).is_some();
        let values = |is_wanted: bool| {
            let points = finding.points.iter().copied().filter(move |&point| is_known(point) == is_wanted);
            points.map(|point| set.x(point))
        };
        let doubtful = values(false).next().zip(values(false).next_back());
        let to = values(true).take_while(|&value| doubtful.is_none_or(|(first, _)| value < first)).last();
        Self { to, doubtful }
    }

    /// `safe up to 90/s, not known at 100/s`; where all values are safe, what `all` says of them.
    pub(super) fn words(&self, axis: &Axis, all: impl FnOnce(f64) -> String) -> String {
        match (self.to, self.doubtful) {
            (Some(to), None) => all(to),
            (None, None) => "without figures".into(),
            (to, Some(doubtful)) => {
                let safe = if axis.direction() == Direction::Capacity { "enough" } else { "safe" };
                let doubtful = places(axis, [doubtful]);
                match to.filter(|_| axis.direction() == Direction::Load) {
                    Some(to) => format!("safe up to {}, not known at {doubtful}", value(axis, to)),
                    None => format!("not known to be {safe} at {doubtful}"),
                }
            }
        }
    }
}

/// `4 to 8 pods`: the values of the axis that are safe, where "up to" does not say it; empty where none is.
pub(super) fn safe_values(set: &Set, finding: &Finding) -> Option<String> {
    let safe = finding.safe_values(set.axis)?;
    if safe.is_empty() {
        return Some(String::new());
    }
    Some(places(set.axis, safe.iter().map(|stretch| (stretch.from, stretch.to))))
}

/// `3 threads, the least tested, are enough`: where all values from one to another are.
pub(super) fn least_is_enough(axis: &Axis, first: f64, last: f64) -> String {
    let (least, be) = (place(axis, first), be(axis, first));
    if first == last { format!("{least} {be} enough") } else { format!("{least}, the least tested, {be} enough") }
}

/// `6 replicas are not enough`, or, where more of them do harm, `1 to 6 replicas are not enough, 2 do best`.
pub(super) fn none_is_enough(set: &Set, turn: &Turn, more: More) -> String {
    let (axis, to) = (set.axis, turn.to);
    let More::Harms(best) = more else {
        return format!("{} {} not enough", place(axis, to), be(axis, to));
    };
    let least = set.points().into_iter().map(|point| set.x(point)).fold(f64::INFINITY, f64::min);
    let all = places(axis, [(least, to)]);
    let is = if all.contains(" = ") { "is" } else { "are" };
    let does = if be(axis, best) == "is" { "does" } else { "do" };
    format!("{all} {is} not enough, {} {does} best", value(axis, best))
}
