//! Whether the answers keep up with a load that changes.
//!
//! More requests under way are no sign of trouble there: by Little's law as many are inside as arrive during a response
//! time. So it is the *lag* that decides, by how long the ends are behind the arrivals: the time since as many requests had
//! been sent as have ended by now (the distance of the two curves in Newell's cumulative diagram, *Applications of
//! Queueing Theory*, 1982). Of a queue that serves in order of arrival it is the response time of the request that ends.
//! Where more arrive than end, it grows with the time; where all are answered, it is about a response time at any rate.

use super::{CERTAIN, Growth, IN_FLIGHT, INSIDE, Level, UNLIMITED, UNLIMITED_WORK, alone, growing};
use crate::parts::course::PARTS;
use crate::parts::{Course, CourseMark};
use crate::statistics::{Interval, growth as statistics};

/// The last parts of the window over which a growth is looked for: an eighth, a quarter, a half.
const LAST: [usize; 3] = [8, 4, 2];

/// Marks in an eighth of the window.
const EIGHTH: usize = PARTS / 8;

/// The time by which the lag grows in a unit of time: where one request in a hundred is left behind, which matters if many
/// are left at the end, and where one in twenty is.
const SHORTFALL: [f64; 2] = [0.01, 0.05];

/// Marks at the end of the window over which what grows must still grow.
const STILL: usize = 2;

/// Usual response times during which as many may arrive as are inside at the end.
const USUAL: f64 = 3.0;

/// The share of the window from which a usual response time that is mostly waiting shows a system that was behind from the
/// start.
const BEHIND: f64 = 0.05;

/// The share of the window's requests from which those that are left at the end matter.
const MANY: f64 = 0.01;

/// Their number, at least: where it is certain that they grow, and where that may be chance.
const FEWEST: [f64; 2] = [10.0, 30.0];

/// Rates at the end of a window in which requests pile up, a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overrun {
    /// Requests sent over the last eighth.
    pub sent: f64,
    /// Requests that ended over the last eighth.
    pub ended: f64,
    /// The rate of the load from which on it is too much: the highest rate at which requests end over any eighth. None where
    /// fewer end in the last one, or the load does not rise through that rate, and where the ends of the last eighth still
    /// follow the load, so that they show no limit: it came to it within that eighth, or only a part of the requests piles up.
    pub from: Option<f64>,
}

/// Work behind the answers.
const BEHIND_ANSWERS: Level = |mark| mark.inside.saturating_sub(mark.in_flight);

/// What grows, and what is left unanswered: requests, if they can pile up, and work behind their answers.
pub(super) fn growth(courses: &[&Course], of_requests: bool, own: Option<f64>) -> Growth {
    let behind_unlimited: Level = |mark| UNLIMITED_WORK(mark).saturating_sub(UNLIMITED(mark));
    let requests = of_requests.then(|| grows(courses, IN_FLIGHT, UNLIMITED, own)).flatten();
    let work = match of_requests {
        true => grows(courses, INSIDE, UNLIMITED_WORK, own),
        false => grows(courses, BEHIND_ANSWERS, behind_unlimited, None),
    };
    let level = match (requests, of_requests) {
        (Some(_), _) => IN_FLIGHT,
        (None, true) => INSIDE,
        (None, false) => BEHIND_ANSWERS,
    };
    let runs = requests.or(work).map_or(0, |(part, _)| alone(courses, part, level));
    Growth {
        requests: requests.map(|(_, growth)| growth),
        work: work.map(|(_, growth)| growth),
        runs,
        overrun: requests.and_then(|_| Overrun::of(courses)),
        leaves_unanswered: requests.is_some() || of_requests && leaves(courses, own),
        leaves_unfinished: requests.is_some() || work.is_some() || leaves_work(courses),
        ..Growth::default()
    }
}

/// The growth of a level at the end of the window, a second, and over which part of the window it was found; none where
/// the lag does not grow with it.
fn grows(courses: &[&Course], all: Level, unlimited: Level, own: Option<f64>) -> Option<(usize, Interval)> {
    let mean = |index: usize| courses.iter().map(|course| all(&course.marks[index]) as f64).sum::<f64>();
    if mean(PARTS) <= mean(PARTS - STILL) {
        return None;
    }
    let length = courses.first()?.length.seconds();
    let lags: Vec<Vec<f64>> = courses.iter().map(|course| lags(course, all)).collect();
    let lags: Vec<&[f64]> = lags.iter().map(Vec::as_slice).collect();
    LAST.into_iter().find_map(|part| {
        let lag = statistics::growth(&lags, part, statistics::PIECES, CERTAIN)?;
        let is_endless = growing(courses, CERTAIN, part, unlimited).is_some();
        let growth = growing(courses, CERTAIN, part, all)?;
        let least = SHORTFALL[usize::from(!are_left(courses, all, FEWEST[0], own))];
        (is_endless && lag.low > 0.0 && lag.estimate >= least * length).then_some((part, growth))
    })
}

/// By how long the ends are behind the arrivals at each mark, in seconds.
fn lags(course: &Course, level: Level) -> Vec<f64> {
    let marks = &course.marks;
    let length = course.length.seconds();
    let sent = |index: usize| marks[index].sent as f64;
    // What was inside when the window was opened had come at the mean rate.
    let gap = length * PARTS as f64 / sent(PARTS).max(1.0);
    let lag = |(index, mark): (usize, &CourseMark)| {
        let ended = sent(index) - level(mark) as f64;
        let before = (0..index).rev().find(|&before| sent(before) <= ended);
        match before {
            _ if level(mark) == 0 => 0.0,
            None => length * index as f64 - ended.min(0.0) * gap,
            Some(before) => {
                let part = (ended - sent(before)) / (sent(before + 1) - sent(before)).max(1.0);
                length * (index as f64 - before as f64 - part).max(0.0)
            }
        }
    };
    marks.iter().enumerate().map(lag).collect()
}

/// Whether far more requests are in the system at the end than arrive during a usual response time, though what grew is worked
/// off by then.
pub(super) fn leaves(courses: &[&Course], own: Option<f64>) -> bool {
    are_left(courses, IN_FLIGHT, FEWEST[1], own)
}

/// The same of the work behind the answers.
pub(super) fn leaves_work(courses: &[&Course]) -> bool {
    are_left(courses, BEHIND_ANSWERS, FEWEST[1], None)
}

/// Whether more is inside at the end than arrives during three usual response times, by a number that matters. The usual
/// time is the lower quartile over the parts of the window: of each the mean response time, or the lag if that is longer.
/// Where that is a large share of the window, and mostly waiting, the system was behind from the start: then the time of a
/// request that does not wait is the usual one.
fn are_left(courses: &[&Course], level: Level, fewest: f64, own: Option<f64>) -> bool {
    let count = courses.len() as f64;
    let all: Vec<Vec<f64>> = courses.iter().map(|course| lags(course, level)).collect();
    let mut times: Vec<f64> = (1..=PARTS)
        .map(|index| {
            let lag = all.iter().map(|lags| lags[index]).sum::<f64>() / count;
            let sum = |figure: fn(&CourseMark) -> f64| {
                courses.iter().map(|it| figure(&it.marks[index]) - figure(&it.marks[index - 1])).sum::<f64>()
            };
            let succeeded = sum(|mark| mark.succeeded as f64);
            let response = sum(|mark| mark.response_ns as f64) / 1e9 / succeeded.max(1.0);
            lag.max(response)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let window = courses.first().map_or(0.0, |course| course.length.seconds()) * PARTS as f64;
    let quartile = times[times.len() / 4];
    let is_behind = |own: &f64| quartile > BEHIND * window && quartile > USUAL * own;
    let usual = USUAL * own.filter(is_behind).unwrap_or(quartile);
    let (mut behind, mut sent) = (0.0, 0.0);
    for course in courses {
        let last = &course.marks[PARTS];
        behind += level(last) as f64 - arrivals(course, usual);
        sent += last.sent as f64;
    }
    behind / count >= (MANY * sent / count).max(fewest)
}

/// Requests that were sent in the last seconds of the window.
fn arrivals(course: &Course, seconds: f64) -> f64 {
    let back = (PARTS as f64 - seconds / course.length.seconds()).max(0.0);
    let index = (back as usize).min(PARTS - 1);
    let [from, to] = [index, index + 1].map(|index| course.marks[index].sent as f64);
    course.marks[PARTS].sent as f64 - from - (to - from) * (back - index as f64)
}

/// The share of a rise of the load by which the ends may still rise at their limit.
const FOLLOWS: f64 = 0.2;

impl Overrun {
    /// None where more requests pile up than clients send: attempts of clients that gave up, which no rate of ends counts.
    fn of(courses: &[&Course]) -> Option<Self> {
        let part = courses.iter().map(|course| course.length.seconds()).sum::<f64>();
        let between = |from: usize, to: usize, figure: fn(&CourseMark) -> f64| {
            let rise = |course: &&Course| figure(&course.marks[to]) - figure(&course.marks[from]);
            courses.iter().map(rise).sum::<f64>() / (part * (to - from) as f64)
        };
        let ends: fn(&CourseMark) -> f64 = |mark| mark.sent as f64 - mark.in_flight as f64;
        let sent = |to| between(to - EIGHTH, to, |mark| mark.sent as f64);
        let ended = |to| between(to - EIGHTH, to, ends);
        // Whether the rate of ends rises from one stretch to a later one by more than chance and a share of the load's rise.
        let follows = |[from, middle, to]: [usize; 3]| {
            let load = |from, to| between(from, to, |mark| mark.sent as f64);
            let (before, after) = (between(from, middle, ends), between(middle, to, ends));
            let noise = libm::sqrt(
                before.max(0.0) / (part * (middle - from) as f64) + after.max(0.0) / (part * (to - middle) as f64),
            );
            let rise = (load(middle, to) - load(from, middle)).max(0.0);
            after - before > f64::min(FOLLOWS * rise, 0.1 * after).max(2.0 * noise)
        };
        let eighths = || (1..=8).map(|index| index * EIGHTH);
        let most = eighths().map(ended).fold(0.0, f64::max);
        let is_held = ended(PARTS) >= 0.9 * most;
        let has_risen = eighths().map(sent).fold(f64::INFINITY, f64::min) < most;
        let is_flat = !follows([PARTS - EIGHTH, PARTS - EIGHTH / 2, PARTS])
            && !follows([PARTS - 2 * EIGHTH, PARTS - EIGHTH, PARTS]);
        let from = (is_held && has_risen && is_flat).then_some(most);
        eighths().all(|to| ended(to) >= 0.0).then(|| Self { sent: sent(PARTS), ended: ended(PARTS), from })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;
    use crate::parts::Pace;

    /// A window of 640 s with a rate at each time, in front of a server with a capacity, both a second: as a fluid, with
    /// these times of service.
    fn fluid(rate: impl Fn(f64) -> f64, capacity: f64, service: f64) -> Course {
        let (mut sent, mut queue) = (0.0, 0.0);
        let mut marks = vec![CourseMark::default()];
        for step in 1..=6_400 {
            let rate = rate(f64::from(step) / 10.0);
            sent += rate / 10.0;
            queue = f64::max(queue + (rate - capacity) / 10.0, 0.0);
            if step % 100 == 0 {
                let in_flight = (queue + rate.min(capacity) * service) as u64;
                let ended = sent as u64 - in_flight;
                let response = service + queue / capacity;
                let before: &CourseMark = &marks[marks.len() - 1];
                let response_ns = before.response_ns + (response * 1e9 * (ended - before.ended) as f64) as u128;
                let (sent, inside) = (sent as u64, in_flight);
                marks.push(CourseMark {
                    in_flight,
                    inside,
                    sent,
                    ended,
                    succeeded: ended,
                    response_ns,
                    ..CourseMark::default()
                });
            }
        }
        Course { pace: Pace::Changing, length: Time(10_000_000_000), marks }
    }

    fn of(course: &Course) -> Growth {
        growth(&[course, course], true, Some(0.1))
    }

    /// From 0 to 20/s on 10/s: 8.75/s more arrive than end over the last eighth, and 8.91/s over its last seven parts.
    #[test]
    fn a_ramp_through_the_capacity_is_unstable_from_there_on() {
        let ramp = fluid(|t| 20.0 * t / 640.0, 10.0, 0.1);
        let growth = of(&ramp);
        let rise = growth.requests.expect("it grows").estimate;
        assert!((rise - 8.91).abs() < 0.1, "{growth:?}");
        let Overrun { sent, ended, from } = growth.overrun.expect("rates");
        assert!((sent - 18.75).abs() < 0.1 && (ended - 10.0).abs() < 0.1, "{growth:?}");
        assert!((from.expect("it rises through it") - 10.0).abs() < 0.1, "{growth:?}");
        assert!(growth.leaves_unanswered);
        let lag = lags(&ramp, IN_FLIGHT)[PARTS];
        // 4800 have ended, and had been sent at sqrt(4800 * 2 * 640 / 20) = 554 s.
        assert!((lag - (640.0 - 554.3)).abs() < 0.5, "{lag}");
    }

    /// 6/s, and 20/s in the last 30 s: the last eighth has 50 s of 6/s and 30 s of 10/s. The rate from which it is
    /// too much is not known; 7.5/s would be wrong.
    #[test]
    fn an_overload_shorter_than_an_eighth_shows_no_limit() {
        let late = fluid(|t| if t < 610.0 { 6.0 } else { 20.0 }, 10.0, 0.1);
        let growth = growth(&[&late; 40], true, Some(0.1));
        let overrun = growth.overrun.expect("rates");
        assert_eq!(overrun.from, None, "{growth:?}");
        assert!((overrun.ended - 7.5).abs() < 0.2, "{growth:?}");
    }

    /// Of a ramp to 20/s one half meets a capacity of 6.67/s, from 13.3/s on; the other half ends as it comes.
    #[test]
    fn ends_that_follow_the_load_show_no_limit() {
        let [good, bad] = [f64::INFINITY, 20.0 / 3.0].map(|capacity| fluid(|t| 10.0 * t / 640.0, capacity, 0.1));
        let sum = |(a, b): (&CourseMark, &CourseMark)| CourseMark {
            in_flight: a.in_flight + b.in_flight,
            inside: a.inside + b.inside,
            sent: a.sent + b.sent,
            ended: a.ended + b.ended,
            succeeded: a.succeeded + b.succeeded,
            response_ns: a.response_ns + b.response_ns,
            ..CourseMark::default()
        };
        let both = Course { marks: good.marks.iter().zip(&bad.marks).map(sum).collect(), ..good };
        let growth = growth(&[&both; 5], true, Some(0.1));
        assert_eq!(growth.overrun.expect("rates").from, None, "{growth:?}");
    }

    /// From 20/s down to 5/s on 10/s: behind from the start, 1350 of 8000 are left. Their waiting is not usual.
    #[test]
    fn a_system_that_was_behind_from_the_start_leaves_requests() {
        let falling = fluid(|t| 20.0 - 15.0 * t / 640.0, 10.0, 0.1);
        assert!(of(&falling).leaves_unanswered);
    }

    /// Clients give up and send again, so that attempts pile up faster than clients come.
    #[test]
    fn more_attempts_than_clients_give_no_rate_of_ends() {
        let mut course = fluid(|t| 12.0 * t / 640.0, 10.0, 0.1);
        let late = course.marks.iter_mut().enumerate().filter(|(index, _)| *index > PARTS - EIGHTH);
        late.for_each(|(index, mark)| mark.in_flight += 300 * (index + EIGHTH - PARTS) as u64);
        assert_eq!(Overrun::of(&[&course]), None);
    }

    /// Up to 15/s for the last 100 s: 500 are left of 540 * 5 + 1500.
    #[test]
    fn a_late_overload_is_unstable() {
        let growth = of(&fluid(|t| if t < 540.0 { 5.0 } else { 15.0 }, 10.0, 0.1));
        let rise = growth.requests.expect("it grows").estimate;
        assert!((rise - 5.0).abs() < 0.3, "{growth:?}");
        assert!(growth.leaves_unanswered);
    }

    /// What the window leaves of a peak is unanswered, though it shrinks at the end; what is worked off is not.
    #[test]
    fn a_peak_leaves_what_it_has_left_at_the_end() {
        let peak = |end: f64| fluid(move |t| if (end - 100.0..end).contains(&t) { 30.0 } else { 5.0 }, 10.0, 0.1);
        let growth = of(&peak(600.0));
        assert_eq!((growth.requests, growth.leaves_unanswered), (None, true));
        // 2000 are behind at 200 s, and are worked off after 400 s more.
        assert_eq!(of(&peak(200.0)), Growth::default());
    }
}
