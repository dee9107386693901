//! How far the throughput can grow before the resource nearest to its limit is full.

use super::number::short;
use super::paragraph::joined;
use super::whole::Report;
use crate::experiment::analyse::blame::shares;
use crate::experiment::analyse::culprit::{agree, is_plural};
use crate::experiment::analyse::strain::FULL;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words;
use crate::metric::Metric;
use crate::model::{CachePlan, Flow, Op, Pattern};
use crate::parts::{BlameGroup, ResourceKind};

/// Share of requests that must succeed, for the use of a resource to be that of the throughput.
const NEARLY_ALL: f64 = 0.99;

/// Share of the time from which a place is named.
const WORTH_NAMING: f64 = 0.05;

/// Places that are named.
const MOST_PLACES: usize = 3;

/// The resource nearest to its limit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Headroom {
    /// Its name.
    pub name: String,
    /// Its utilisation; of a rate limit, the share of the rate that is used.
    pub utilisation: f64,
    /// The throughput at which it is full, a minute, by the utilisation law: `X = U / D`, where the demand `D` of a
    /// request stays what it is (Denning and Buzen 1978, "The Operational Analysis of Queueing Network Models").
    pub most_per_min: f64,
    /// The cache because of which a request may need less of it at a higher load, so that the law gives no upper bound: more
    /// requests find what they ask for while an entry is good, or share a fetch, or find what the first ones have filled it
    /// with.
    pub cache: Option<String>,
}

impl Headroom {
    /// Of a point that is safe and steady enough for the law to say something; none of others, and where nothing has a
    /// limit.
    pub(super) fn of(report: &Report, summary: &Summary) -> Option<Self> {
        let point = &report.plan.points[summary.point];
        let throughput = summary.throughput_per_min?.estimate;
        let failed = |metric| summary.metric(metric).is_some_and(|interval| interval.estimate > 0.0);
        // What is refused and then answered in another way, such as by the fallback of an open breaker, needs less.
        let refused: f64 = summary.resources.iter().map(|resource| resource.refused).sum();
        let is_steady = report.is_safe(summary.point)
            && refused <= (1.0 - NEARLY_ALL) * summary.sent
            && summary.success_rate.estimate >= NEARLY_ALL
            && summary.growth.any().is_none()
            && !failed(Metric::Restarts)
            && point.system.faults.is_empty()
            && point.system.services.iter().all(|service| !service.varies());
        if !is_steady || throughput <= 0.0 {
            return None;
        }
        let resources = summary.resources.iter().filter(|resource| resource.capacity.is_some());
        let resources = resources.filter(|resource| resource.kind.works() || resource.kind == ResourceKind::Ports);
        let used = resources.map(|resource| (resource.name.clone(), resource.utilisation));
        let (name, utilisation) = used.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let most_per_min = throughput / utilisation;
        // Misses of a cache that has room for all keys are those of its first entries, however many requests follow.
        let fills = |cache: &CachePlan| cache.keys > 0 && cache.size.is_none_or(|size| size >= cache.keys);
        let system = &point.system;
        let is_used = |service: usize, cache: usize| {
            let looks_up = |(pc, op): (u32, &Op)| {
                let Op::LookUp { cache: other, .. } = *op else { return false };
                other as usize == cache && system.service_at(pc) as usize == service
            };
            (0..).zip(&system.program).any(looks_up)
        };
        let cache = system.services.iter().enumerate().find_map(|(at, service)| {
            let eases = |cache: &CachePlan| cache.ttl.is_some() || cache.coalesce || fills(cache);
            let caches = service.caches.iter().enumerate();
            let (_, cache) = caches.filter(|(_, cache)| eases(cache)).find(|&(number, _)| is_used(at, number))?;
            Some(format!("{} cache {}", service.name, cache.name))
        });
        (utilisation > 0.0).then_some(Self { name, utilisation, most_per_min, cache })
    }

    /// Whether nothing is left of it.
    pub(super) fn is_full(&self) -> bool {
        self.utilisation >= FULL
    }

    /// `shop CPU is nearest to its limit, 26 % utilised; it is full at 8000/s, 3.9 times this throughput, ...`; under a
    /// load that changes, how far that is from its peak.
    pub(super) fn words(&self, report: &Report, summary: &Summary) -> String {
        let (name, used) = (&self.name, words::percent(self.utilisation));
        if self.is_full() {
            return format!("{}, {used} utilised", agree(name, "is at its limit", "are at their limit"));
        }
        let nearest = agree(name, "is nearest to its limit", "are nearest to their limit");
        let nearest = format!("{nearest}, {used} utilised");
        let (it_is, it) = if is_plural(name) { ("they are", "them") } else { ("it is", "it") };
        if let Some(cache) = &self.cache {
            return format!(
                "{nearest}; where {it_is} full is not known, because with {cache} each request may need less of {it} at a \
                 higher load"
            );
        }
        let most = report.rates.words(self.most_per_min);
        let mean = times(1.0 / self.utilisation);
        let condition = format!("if each request needs as much of {it} as here (an upper bound)");
        match Peak::of(&report.plan.points[summary.point].load.pattern) {
            Peak::Steady => format!("{nearest}; {it_is} full at {most}, {mean} times this throughput, {condition}"),
            Peak::Known(per_second) => {
                let share = self.most_per_min / (60.0 * per_second);
                let peak = report.rates.words(per_second * 60.0);
                let is_enough = if share >= 1.0 {
                    format!("{} times the load's peak of {peak}", times(share))
                } else {
                    format!("less than the load's peak of {peak}")
                };
                format!(
                    "{nearest} on average; {it_is} full at {most}, {is_enough} and {mean} times its mean throughput, \
                     {condition}"
                )
            }
            Peak::Unknown => format!(
                "{nearest} on average; {it_is} full at {most}, {mean} times the mean throughput, {condition}; the load \
                 changes, and at its peak less is left"
            ),
        }
    }
}

/// A factor with the digits that tell it from 1.
fn times(factor: f64) -> String {
    if factor < 1.995 { format!("{factor:.2}") } else { short(factor) }
}

/// The highest rate of arrivals in the measuring window.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Peak {
    /// The load does not change.
    Steady,
    /// Requests a second.
    Known(f64),
    /// The load changes, and its highest rate follows from no number of it.
    Unknown,
}

impl Peak {
    fn of(pattern: &Pattern) -> Self {
        let course = match pattern {
            Pattern::Test { .. } | Pattern::Endless { .. } | Pattern::Open { .. } | Pattern::Mixed { .. } => {
                return Self::Steady;
            }
            Pattern::Trace { .. } => return Self::Unknown,
            Pattern::Staged { start, stages, .. } => {
                let is_steady =
                    stages.iter().skip(1).all(|stage| Some(stage.target) == stages.first().map(|it| it.target));
                let is_even = stages.is_empty() || is_steady && stages[0].target == *start;
                return if is_even { Self::Steady } else { Self::Unknown };
            }
            Pattern::Varying { flow: Flow::Bursts(bursts), .. } => {
                return Self::Known(bursts.on_rate.max(bursts.off_rate));
            }
            Pattern::Varying { flow: Flow::Course(course), .. } => course,
        };
        let (opens, closes) =
            pattern.window().map_or((0.0, f64::INFINITY), |(from, to)| (from.seconds(), to.seconds()));
        let ends = course.pieces.iter().skip(1).map(|piece| piece.from).chain([f64::INFINITY]);
        let rates = course.pieces.iter().zip(ends).filter_map(|(piece, end)| {
            let (from, to) = (piece.from.max(opens), end.min(closes));
            let at = |time: f64| piece.rate + piece.slope * (time - piece.from);
            let [least, most] = match course.wave.filter(|_| piece.waves) {
                Some(wave) => [1.0 - wave.amplitude, 1.0 + wave.amplitude],
                None => [1.0, 1.0],
            };
            let (first, last) = (at(from), at(to));
            (from < to).then(|| [first.min(last) * least, first.max(last) * most])
        });
        let ends = rates.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]);
        match ends {
            Some([least, most]) if most > least => Self::Known(most),
            _ => Self::Steady,
        }
    }
}

/// Where the requests around the 95th percentile spend most of their time: `61 % served by postgres CPU`, with the number of
/// places that are named; none where no accounts were kept.
pub(super) fn most_of_p95(summary: &Summary) -> (String, usize) {
    let Some(blame) = &summary.blame else { return (String::new(), 0) };
    let mut shares = shares(blame, BlameGroup::P95);
    shares.sort_by(|a, b| b.share.total_cmp(&a.share));
    let named = shares.iter().filter(|share| share.share >= WORTH_NAMING).take(MOST_PLACES);
    let words = named.map(|it| format!("{:.0} % {}", it.share * 100.0, super::blame::words(it.place, it.served)));
    let words: Vec<String> = words.collect();
    (joined(&words, "and"), words.len())
}

#[cfg(test)]
mod tests {
    use super::{Peak, times};
    use crate::kernel::Time;
    use crate::model::{Arrivals, Bursts, Flow, Pattern, Piece, RateCourse, Wave};

    fn pattern(pieces: Vec<Piece>, wave: Option<Wave>) -> Pattern {
        let flow = Flow::Course(RateCourse { pieces, wave });
        let (warm_up, duration) = (Time(10_000_000_000), Time(20_000_000_000));
        Pattern::Varying { flow, arrivals: Arrivals::Poisson, warm_up, duration }
    }

    #[test]
    fn the_peak_is_that_of_the_window() {
        let piece = |from, rate, slope| Piece { from, rate, slope, waves: false };
        let peak = |pieces, wave| Peak::of(&pattern(pieces, wave));
        // 100/s before the window, then up from 20/s by 2/s and second from 20 s on: 40/s at its end.
        let course = vec![piece(0.0, 100.0, 0.0), piece(5.0, 20.0, 0.0), piece(20.0, 20.0, 2.0)];
        assert_eq!(peak(course, None), Peak::Known(40.0));
        let wave = Some(Wave { amplitude: 0.5, omega: 1.0 });
        assert_eq!(peak(vec![Piece { waves: true, ..piece(0.0, 20.0, 0.0) }], wave), Peak::Known(30.0));
        // What changes before the window alone has no peak in it.
        assert_eq!(peak(vec![piece(0.0, 100.0, 0.0), piece(5.0, 20.0, 0.0)], None), Peak::Steady);
    }

    #[test]
    fn bursts_peak_at_their_rate() {
        let flow = Flow::Bursts(Bursts { on: 5.0, off: 5.0, on_rate: 9.0, off_rate: 1.0 });
        let (warm_up, duration) = (Time(0), Time(20_000_000_000));
        let pattern = Pattern::Varying { flow, arrivals: Arrivals::Poisson, warm_up, duration };
        assert_eq!(Peak::of(&pattern), Peak::Known(9.0));
    }

    #[test]
    fn a_factor_near_one_keeps_two_digits() {
        assert_eq!([1.3636, 1.004, 2.9, 12.0].map(times), ["1.36", "1.00", "2.9", "12"]);
    }
}
