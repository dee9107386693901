//! What the course of a window tells of a steady load: whether the system under it is steady too, and how far a single
//! long run can be trusted.

use super::LEVEL;
use crate::experiment::trial::Trial;
use crate::parts::{Batch, Course, Mark};
use crate::spec::Metric;
use crate::statistics::autocorrelation::{lag_one, von_neumann};
use crate::statistics::growth::growth;
use crate::statistics::{Interval, Moments};

/// Level at which a growth is believed: a steady system is called growing once in a thousand points.
const CERTAIN: f64 = 0.998;

/// Numbers of batches that are tried, the finest first (Schmeiser 1982 advises 10 to 30; fewer than eight cannot be
/// tested).
const BATCHES: [usize; 2] = [16, 8];

/// Risk at which batches are called correlated.
const CORRELATED: f64 = 0.1;

/// Correlation of neighbours that is allowed for at most.
const MOST_CORRELATED: f64 = 0.8;

/// What still grows at the end of the window, for certain: a second, with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growth {
    /// Requests under way, and handlers whose client has gone: no response time has a mean.
    pub requests: Option<Interval>,
    /// All work inside, that behind the answers and messages too: no time to completion has a mean.
    pub work: Option<Interval>,
    /// Replications in which it grows by their own course alone, at 95 %. All of them together decide, so that these may be
    /// fewer: a slow growth is not certain in a single run.
    pub runs: usize,
    /// What waits in queues whose length has a limit, where nothing else grows: they are still filling, and how the point
    /// does when they are full is not seen yet.
    pub filling: Option<Interval>,
}

impl Growth {
    /// That of a point; nothing grows where the load ends or changes.
    pub(in crate::experiment) fn of(used: &[&Trial]) -> Self {
        let whole = |trial: &&'_ Trial| trial.course.as_ref().is_some_and(Course::is_whole);
        if !used.iter().all(whole) {
            return Self::default();
        }
        let courses: Vec<&Course> = used.iter().filter_map(|trial| trial.course.as_ref()).collect();
        Self::of_courses(&courses)
    }

    /// That of whole courses, one of each replication.
    fn of_courses(courses: &[&Course]) -> Self {
        // What grows in a queue that has a limit does not grow without end.
        let grows = |all: fn(&Mark) -> u64, unlimited: fn(&Mark) -> u64| {
            let growth = growing(courses, CERTAIN, all);
            let goes_on = growing(courses, CERTAIN, unlimited).is_some();
            (growth.filter(|_| goes_on), growth.filter(|_| !goes_on))
        };
        let (requests, filling) = grows(IN_FLIGHT, |mark| mark.in_flight.saturating_sub(mark.bounded));
        let of_work = |mark: &Mark| mark.inside.saturating_sub(mark.bounded + mark.bounded_messages);
        let (work, filling_work) = grows(INSIDE, of_work);
        let filling = filling.or(filling_work).filter(|_| requests.or(work).is_none());
        let level = if requests.is_some() { IN_FLIGHT } else { INSIDE };
        let alone = |course: &&&Course| growing(&[course], LEVEL, level).is_some();
        let runs = if requests.or(work).is_some() { courses.iter().filter(alone).count() } else { 0 };
        Self { requests, work, filling, runs }
    }

    /// Whether a figure is a time that grows with the length of the run, so that it has no mean.
    pub fn spoils(&self, metric: Metric) -> bool {
        metric.is_response_time() && self.requests.is_some() || metric.is_time_behind_answers() && self.any().is_some()
    }

    /// The growth of the requests, or of the work behind their answers.
    pub fn any(&self) -> Option<Interval> {
        self.requests.or(self.work)
    }
}

const IN_FLIGHT: fn(&Mark) -> u64 = |mark| mark.in_flight;
const INSIDE: fn(&Mark) -> u64 = |mark| mark.inside;

/// Growth of a level over the second half of the window, a second; none where it does not grow for certain.
fn growing(courses: &[&Course], certain: f64, level: fn(&Mark) -> u64) -> Option<Interval> {
    let length = courses.first()?.length.seconds();
    let levels: Vec<Vec<f64>> =
        courses.iter().map(|course| course.marks.iter().map(|mark| level(mark) as f64).collect()).collect();
    let Interval { estimate, low, high } = growth(&levels.iter().map(Vec::as_slice).collect::<Vec<_>>(), certain)?;
    (low > 0.0).then(|| Interval { estimate: estimate / length, low: low / length, high: high / length })
}

/// The intervals of a single long run, from the means of its batches (Conway 1963; Schmeiser 1982). What correlation is
/// left between neighbours widens them, as if batches were an autoregressive process of the first order (Tafazzoli,
/// Steiger and Wilson 2011, *N-Skart*, IEEE Transactions on Automatic Control 56): the test alone is too weak to find
/// all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchMeans {
    /// Number of batches.
    pub count: usize,
    /// Probability of batches that look as correlated, if they are independent: von Neumann's test.
    pub p_value: f64,
    pub(super) throughput_per_min: Interval,
    pub(super) mean_s: Option<Interval>,
    /// Successes and ended requests of each.
    pub(super) clusters: Vec<(u64, u64)>,
    /// Variance of the mean response time, in seconds squared.
    pub(super) variance: Option<f64>,
}

impl BatchMeans {
    /// Those of a point that has one replication, under a steady load; none elsewhere, and where a batch has no
    /// success. The most batches that are not correlated are taken, or the fewest.
    pub(super) fn of(used: &[&Trial]) -> Option<Self> {
        let [trial] = used else { return None };
        let course = trial.course.as_ref()?;
        let of = |count: usize| Self::in_batches(&course.batches(count));
        let all: Vec<Self> = BATCHES.into_iter().filter_map(of).collect();
        all.iter().find(|means| !means.are_correlated()).or(all.last()).cloned()
    }

    fn in_batches(batches: &[Batch]) -> Option<Self> {
        let times: Vec<f64> = batches.iter().map(|batch| batch.mean_s).collect::<Option<_>>()?;
        let throughputs: Vec<f64> = batches.iter().map(|batch| batch.throughput_per_min).collect();
        let counts: Vec<f64> = batches.iter().map(|batch| batch.succeeded as f64).collect();
        let sums: Vec<f64> = times.iter().zip(&counts).map(|(time, count)| time * count).collect();
        let p_value = |values: &[f64]| von_neumann(values).map_or(1.0, |test| test.p_value);
        let mean: f64 = sums.iter().sum::<f64>() / counts.iter().sum::<f64>();
        let residuals: Vec<f64> = sums.iter().zip(&counts).map(|(sum, count)| sum - mean * count).collect();
        let (of_throughput, of_mean) = (inflation(&throughputs), inflation(&residuals));
        let spread: Moments = times.iter().copied().collect();
        Some(Self {
            count: batches.len(),
            p_value: p_value(&times).min(p_value(&throughputs)),
            throughput_per_min: Interval::mean_of(&throughputs, LEVEL)?.stretched(of_throughput),
            // Batches of equal length in time have different numbers of requests.
            mean_s: Interval::ratio_of_means(&sums, &counts, LEVEL).map(|it| it.stretched(of_mean)),
            clusters: batches.iter().map(|batch| (batch.succeeded, batch.ended)).collect(),
            variance: spread.variance().map(|variance| of_mean * of_mean * variance / batches.len() as f64),
        })
    }

    /// Whether the batches are too short for their intervals to be honest.
    pub fn are_correlated(&self) -> bool {
        self.p_value < CORRELATED
    }
}

/// The factor by which the correlation of neighbouring batches widens an interval. Of few batches it is seen too small,
/// by about one over their number.
fn inflation(batches: &[f64]) -> f64 {
    let seen = lag_one(batches).unwrap_or(0.0) + 1.0 / batches.len() as f64;
    let correlation = seen.clamp(0.0, MOST_CORRELATED);
    ((1.0 + correlation) / (1.0 - correlation)).sqrt()
}

/// How many independent response times tell the mean as well as those that were seen: their variance over that of the
/// mean. None without a variance of the mean.
pub(super) fn effective(used: &[&Trial], batches: Option<&BatchMeans>) -> Option<f64> {
    let means: Moments = used.iter().filter_map(|trial| trial.mean_s).collect();
    let of_mean = match batches {
        Some(batches) => batches.variance,
        None => means.variance().map(|variance| variance / means.count() as f64),
    };
    let mean = means.mean()?;
    let (mut count, mut squares) = (0.0, 0.0);
    for bucket in used.iter().flat_map(|trial| trial.response_times.buckets()) {
        let apart = 0.5 * (bucket.low as f64 + bucket.high as f64) / 1e9 - mean;
        count += bucket.count as f64;
        squares += bucket.count as f64 * apart * apart;
    }
    let of_mean = of_mean.filter(|&variance| variance > 0.0)?;
    (count > 1.0 && squares > 0.0).then(|| squares / (count - 1.0) / of_mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;
    use crate::parts::course::PARTS;

    /// Parts of 10 s, at the end of each of which so many are under way.
    fn course(level: fn(u64) -> u64) -> Course {
        let mark = |index: u64| Mark { in_flight: level(index), inside: level(index), ..Mark::default() };
        Course { length: Time(10_000_000_000), marks: (0..=PARTS as u64).map(mark).collect() }
    }

    /// Three runs that grow by one in ten seconds and one that stays: 0.075/s on average, certain in three of them.
    #[test]
    fn the_runs_that_grow_are_counted() {
        let (grows, stays) = (course(|index| index), course(|_| 7));
        let growth = Growth::of_courses(&[&grows, &stays, &grows, &grows]);
        let seen = growth.requests.expect("it grows");
        assert!((seen.estimate - 0.075).abs() < 1e-12, "{seen:?}");
        assert_eq!(growth.runs, 3);
        assert_eq!(Growth::of_courses(&[&grows, &grows]).runs, 2);
        assert_eq!(Growth::of_courses(&[&stays, &stays]), Growth::default());
    }

    /// Up by one a part, and up and down by five with every other mean of two parts: the steps are 7 and -3, on average 1.7
    /// with a half-width of 2.9 in a single run, and of 0.4 in a hundred of them.
    #[test]
    fn what_is_certain_together_need_not_be_so_in_any_run() {
        let wanders = course(|index| index + if index.div_ceil(2) % 2 == 0 { 0 } else { 5 });
        let growth = Growth::of_courses(&[&wanders; 100]);
        assert!(growth.requests.is_some(), "{growth:?}");
        assert_eq!(growth.runs, 0);
    }
}
