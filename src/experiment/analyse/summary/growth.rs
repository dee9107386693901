//! Whether the answers keep up with the load: what grows over a window, and what is left unanswered at its end.

mod lag;
mod stretch;

use super::LEVEL;
use crate::experiment::analyse::strain::FULL;
use crate::experiment::analyse::trial::Trial;
use crate::language::Metric;
use crate::parts::{Blame, BlameGroup, Course, CourseMark, Overdue, Pace, PlaceKind, ResourceKind, ResourceUse};
use crate::statistics::Interval;
use crate::statistics::growth::{FEWEST as FEWEST_PIECES, PIECES, growth, growth_of_quarters};
pub use lag::Overrun;

/// Level at which a growth is believed: a steady system is called growing once in a thousand points.
const CERTAIN: f64 = 0.998;

/// The part of the window over which a growth under a steady load is looked for: its second half.
const HALF: usize = 2;

/// Share of the level at the end by which it rises from the third to the last quarter of the window, where these tell that it
/// grows: 0.29 of what grows steadily from nothing, 0.15 of a queue at its limit, which grows as the root of the time.
const RISES: f64 = 0.2;

/// The same in requests, at least: a level of a few requests is hardly spread, so that chance may look certain.
const FEWEST: f64 = 10.0;

/// What still grows at the end of the window, for certain: a second, with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growth {
    /// Requests in flight, those of clients that gave up included: response times have no mean.
    pub requests: Option<Interval>,
    /// All work in the system, that behind the answers and messages included: times to completion have no mean.
    pub work: Option<Interval>,
    /// Replications in which it grows by their own course alone, at 95 %. All of them together decide, so that these may be
    /// fewer: a slow growth is not certain in a single run.
    pub runs: usize,
    /// What waits in queues with a limit, where nothing else grows: they are still filling, and it is not known yet what
    /// happens when they are full.
    pub filling: Option<Interval>,
    /// What grows although nothing waits: work that takes nearly as long as the window, or longer, so that more of it begins
    /// than ends however little there is.
    pub lengthens: Option<Interval>,
    /// By how much the load exceeds what is answered, where requests grow under a rate that changes.
    pub overrun: Option<Overrun>,
    /// Whether the requests that are in the system at the end of the window count as unanswered: more and more of them are
    /// never answered, or far more are inside than arrive during a usual response time.
    pub leaves_unanswered: bool,
    /// The same of the work behind the answers: what a fault or a peak has left of it at the end of the window counts as work
    /// that is not completed.
    pub leaves_unfinished: bool,
    /// Clients of a closed load that wait for an overdue answer at the end of the window, in all replications together: their
    /// requests count as unanswered. None where that takes less than 1 % of the clients' time.
    pub overdue: Option<Overdue>,
}

/// What disturbs a run.
#[derive(Clone, Copy, Debug)]
enum Disturbance {
    /// Nothing, as far as is known.
    None,
    /// A spike or a fault that ends within the run: the first mark after it; none where the window closes before that.
    Ends(Option<usize>),
    /// A fault that is on when the window closes, or a service with replicas that are unavailable in it, for whatever reason.
    Lasts,
}

impl Disturbance {
    fn of(used: &[&Trial]) -> Self {
        if used.iter().any(|trial| trial.is_disturbed.is_some()) {
            Self::Ends(used.iter().find_map(|trial| trial.calm_from))
        } else if used.iter().any(|trial| is_down(trial)) {
            Self::Lasts
        } else {
            Self::None
        }
    }
}

impl Growth {
    /// That of a point; nothing grows where the load ends, and where nothing has ended and nothing waits: then the
    /// requests take longer than the window.
    pub(in crate::experiment) fn of(used: &[&Trial]) -> Self {
        let whole = |trial: &&'_ Trial| trial.course.as_ref().is_some_and(Course::is_whole);
        let is_too_short = !used.iter().any(|trial| trial.ended > 0 || waits(trial));
        if !used.iter().all(whole) || is_too_short {
            return Self::default();
        }
        let courses: Vec<&Course> = used.iter().filter_map(|trial| trial.course.as_ref()).collect();
        let growth = Self::of_courses(&courses, own_time(used), Disturbance::of(used));
        let is_even = courses.iter().all(|course| matches!(course.pace, Pace::Steady | Pace::Random));
        let is_by_length = |rise: &Interval| is_even && are_idle(used, |trial| rise.estimate * trial.window_s);
        match growth.any().filter(is_by_length) {
            None => growth.with_overdue(used),
            lengthens => Self { lengthens, ..Self::default() },
        }
    }

    /// The same with the clients that wait for an overdue answer. If their requests wait for nothing, these take nearly as long as
    /// the window, or longer.
    fn with_overdue(self, used: &[&Trial]) -> Self {
        let Some(overdue) = overdue(used) else { return self };
        let number = |trial: &Trial| trial.overdue.map_or(0.0, |overdue| overdue.waiting as f64);
        if !are_idle(used, number) {
            return Self { overdue: Some(overdue), ..self };
        }
        let window_s = overdue.clients_s / overdue.clients as f64;
        let a_second = || Interval::exact(overdue.waiting as f64 / used.len() as f64 / window_s);
        match overdue.share() >= LENGTHENS {
            true => Self { lengthens: self.lengthens.or_else(|| Some(a_second())), ..self },
            false => self,
        }
    }

    /// That of whole courses, one of each replication; `own` is the time of a request without any waiting, where that is
    /// known.
    fn of_courses(courses: &[&Course], own: Option<f64>, disturbance: Disturbance) -> Self {
        match courses.first().map(|course| course.pace) {
            Some(Pace::Changing) => lag::growth(courses, true, own),
            // A client waits for its answer: no more requests are under way than there are clients.
            Some(Pace::Clients) => lag::growth(courses, false, own),
            _ => Self::steady(courses, own, disturbance),
        }
    }

    fn steady(courses: &[&Course], own: Option<f64>, disturbance: Disturbance) -> Self {
        let ends = matches!(disturbance, Disturbance::Ends(_));
        // What grows in a queue that has a limit does not grow without end.
        let grows = |all: Level, unlimited: Level| {
            let growth = over_half(courses, all, ends);
            let is_endless = over_half(courses, unlimited, ends).is_some();
            (growth.filter(|_| is_endless), growth.filter(|_| !is_endless))
        };
        let (requests, filling) = grows(IN_FLIGHT, UNLIMITED);
        let (work, filling_work) = grows(INSIDE, UNLIMITED_WORK);
        let filling = filling.or(filling_work).filter(|_| requests.or(work).is_none());
        let level = if requests.is_some() { IN_FLIGHT } else { INSIDE };
        let grows = requests.or(work).or(filling).is_some();
        // The backlog that a fault left falls: the system recovers, even if the run ends first.
        let recovers = match disturbance {
            Disturbance::Ends(Some(mark)) => grows && falls(courses, level, mark),
            _ => false,
        };
        if !matches!(disturbance, Disturbance::None) && (!grows || recovers) {
            let leaves_unanswered = lag::leaves(courses, own);
            let leaves_unfinished = leaves_unanswered || lag::leaves_work(courses);
            return Self { leaves_unanswered, leaves_unfinished, ..Self::default() };
        }
        let grows_alone =
            |course: &&&Course| growing(&[course], LEVEL, HALF, level).is_some() || !ends && rises_alone(course, level);
        let runs = if requests.or(work).is_some() { courses.iter().filter(grows_alone).count() } else { 0 };
        let leaves_unfinished = requests.or(work).is_some();
        let leaves_unanswered = requests.is_some();
        // That it grows is certain here; its rate is that of the stretch in which it does.
        let at_rate = |growth: Option<Interval>, level: Level| {
            growth.map(|growth| stretch::late(courses, level).unwrap_or(growth))
        };
        let (requests, work) = (at_rate(requests, IN_FLIGHT), at_rate(work, INSIDE));
        Self { requests, work, filling, runs, leaves_unanswered, leaves_unfinished, ..Self::default() }
    }

    /// Whether clients are held at the end of the window: they wait in vain for a larger share of their time than may fail where
    /// the required success rate is `success`.
    pub fn holds_clients(&self, success: f64) -> bool {
        self.overdue.is_some_and(|overdue| are_held(overdue.share(), success))
    }

    /// Whether some of the requests that are in the system at the end of the window count as unanswered.
    pub fn counts_unanswered(&self) -> bool {
        self.leaves_unanswered || self.overdue.is_some()
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

/// Share of the clients' time from which waits for answers that are overdue count: an assumption.
const WORTH: f64 = 0.01;

/// The same from which work that waits for nothing is too long for the window: an assumption.
const LENGTHENS: f64 = 0.05;

/// Whether clients that wait in vain for this share of their time are held, for a required success rate `success`.
pub fn are_held(share: f64, success: f64) -> bool {
    1.0 - share < success
}

/// The clients of all trials that wait for an overdue answer, where that takes a share of their time that counts.
fn overdue(trials: &[&Trial]) -> Option<Overdue> {
    trials.iter().filter_map(|trial| trial.overdue).reduce(Overdue::plus).filter(|all| all.share() >= WORTH)
}

type Level = fn(&CourseMark) -> u64;

const IN_FLIGHT: Level = |mark| mark.in_flight;
const INSIDE: Level = |mark| mark.inside;
const UNLIMITED: Level = |mark| mark.in_flight.saturating_sub(mark.bounded);
const UNLIMITED_WORK: Level = |mark| mark.inside.saturating_sub(mark.bounded + mark.bounded_messages);

/// The mean time in seconds of a success in which it does not wait: from the accounts, or else from the numbers under way
/// and in queues. None where neither is known.
fn own_time(trials: &[&Trial]) -> Option<f64> {
    let groups = trials.iter().filter_map(|trial| trial.blame.as_ref()).flat_map(|blame| &blame.groups);
    let (mut served, mut requests) = (0.0, 0.0);
    for times in groups.filter(|times| times.group == BlameGroup::Mean) {
        served += times.spent.iter().filter(|spent| spent.served).map(|spent| spent.ns as f64).sum::<f64>();
        requests += times.requests;
    }
    if requests > 0.0 {
        return Some(served / 1e9 / requests);
    }
    let times: Vec<f64> = trials.iter().filter_map(|trial| time_outside_queues(trial)).collect();
    (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64)
}

/// The time in seconds that a request is under way and in no queue, by Little's law: their mean number over the rate of
/// ends. None where nothing ends, and where a CPU is full, which all jobs share instead of queueing.
fn time_outside_queues(trial: &Trial) -> Option<f64> {
    let course = trial.course.as_ref().filter(|course| course.is_whole())?;
    let is_shared = |one: &ResourceUse| one.kind == ResourceKind::Cpu && one.utilisation >= FULL;
    let ended = course.marks.last()?.ended;
    if ended == 0 || trial.resources.iter().any(is_shared) {
        return None;
    }
    let under_way = course.marks.iter().map(|mark| mark.in_flight as f64).sum::<f64>() / course.marks.len() as f64;
    let queues: f64 = trial.resources.iter().map(|one| one.queue).sum();
    Some((under_way - queues).max(0.0) * trial.window_s / ended as f64)
}

/// Whether a fault is on at the end, or replicas of a service are unavailable at some time.
fn is_down(trial: &Trial) -> bool {
    let is_away = |one: &ResourceUse| one.kind == ResourceKind::Unavailable && one.utilisation > 0.0;
    !trial.faults_at_end.is_empty() || trial.resources.iter().any(is_away)
}

/// Whether any request waits for a resource or an answer that never comes, or a resource has no capacity to spare.
fn waits(trial: &Trial) -> bool {
    let is_short = |one: &ResourceUse| one.queue > 0.0 || one.kind.works() && one.utilisation >= FULL;
    trial.hung > 0 || trial.resources.iter().any(is_short)
}

/// Growth of a level over the second half of the window, a second; none where it does not grow for certain. A level may also
/// rise in saw teeth, as that of an event loop does that serves all that is ready in a round: then neighbouring means differ
/// by more than it grows, and longer ones tell: eight of the whole window, in most of the runs by themselves, or those of the
/// third and the last quarter. They do not where a fault or a spike disturbs the run: one in the last quarter raises the level
/// there, and the run is over before it falls.
fn over_half(courses: &[&Course], level: Level, is_disturbed: bool) -> Option<Interval> {
    let growth = growing(courses, CERTAIN, HALF, level);
    if growth.is_some() || is_disturbed {
        return growth;
    }
    // At the limit a queue grows as the root of the time, which shows in many runs together, but in few of them alone.
    let grow = courses.iter().filter(|course| rises_alone(course, level)).count();
    if 2 * grow > courses.len()
        && let Some(growth) = over_all(courses, level)
    {
        return Some(growth);
    }
    let quarters = |levels: &[&[f64]]| growth_of_quarters(levels, CERTAIN);
    let rise = a_second(courses, level, quarters)?;
    let length = courses.first()?.length.seconds();
    let at_end = courses.iter().filter_map(|course| course.marks.last()).map(|mark| level(mark) as f64);
    let at_end = at_end.sum::<f64>() / courses.len() as f64;
    let quarter = courses.first()?.marks.len() as f64 / 4.0 * length;
    (rise.estimate * quarter >= FEWEST.max(RISES * at_end)).then_some(rise)
}

/// Share of the mean level of the last quarter of the window by which that of a single run exceeds the mean of the third, where
/// the whole window tells that it grows: what has come to rest by then is no growth.
const STILL_RISES: f64 = 0.1;

/// Growth of a level over the whole window, from each eighth to the next, a second, if it is positive for certain.
fn over_all(courses: &[&Course], level: Level) -> Option<Interval> {
    a_second(courses, level, |levels| growth(levels, 1, FEWEST_PIECES, CERTAIN))
}

/// Whether a level grows over the whole window of this run, for certain, and still over the last two quarters.
fn rises_alone(course: &Course, level: Level) -> bool {
    let quarter = course.marks.len() / 4;
    let mut ends = course
        .marks
        .rchunks(quarter.max(1))
        .map(|marks| marks.iter().map(|mark| level(mark) as f64).sum::<f64>() / marks.len() as f64);
    let rise = ends.next().zip(ends.next()).map(|(last, third)| (last - third, last));
    let still_rises = rise.is_some_and(|(rise, last)| rise >= FEWEST.max(STILL_RISES * last));
    still_rises && over_all(&[course], level).is_some()
}

/// Whether a level falls for certain from this mark on.
fn falls(courses: &[&Course], level: Level, from: usize) -> bool {
    let after = courses.iter().filter_map(|course| course.marks.get(from..));
    let steps = after.flat_map(|marks| marks.windows(2).map(|pair| level(&pair[1]) as f64 - level(&pair[0]) as f64));
    Interval::mean_of(&steps.collect::<Vec<_>>(), LEVEL).is_some_and(|step| step.high < 0.0)
}

/// How small a part of what grows over the window is what waits on average, where it is not what grows: of a queue that grows
/// evenly over the second half of the window it is an eighth.
const HARDLY: f64 = 1.0 / 16.0;

/// Whether nearly all of this `number` of requests or jobs that are under way at the end of each trial wait for nothing: neither
/// in a queue, nor for a client's next attempt, nor for the end of a fault.
fn are_idle(used: &[&Trial], number: impl Fn(&Trial) -> f64) -> bool {
    let is_idle = |trial: &&Trial| {
        let users = trial.users.map_or(0, |users| users.still_trying + users.backing_off);
        let queues: f64 = trial.resources.iter().map(|one| one.queue).sum();
        let is_full = trial.resources.iter().any(|one| one.kind.works() && one.utilisation >= FULL);
        let is_calm = trial.hung == 0 && trial.is_disturbed.is_none() && !is_down(trial) && !is_full;
        is_calm && trial.blame.as_ref().is_none_or(|blame| !loses_time(blame, is_delay)) && {
            queues + users as f64 <= HARDLY * number(trial)
        }
    };
    used.iter().all(is_idle)
}

/// Whether requests, or those who hold what others wait for, lose time to places of such a kind.
fn loses_time(blame: &Blame, is_such: fn(PlaceKind) -> bool) -> bool {
    let of_requests = blame.groups.iter().flat_map(|times| &times.spent);
    let mut all = of_requests.chain(blame.holders.iter().map(|one| &one.spent));
    all.any(|spent| spent.ns > 0 && is_such(blame.places[usize::from(spent.place)].kind))
}

/// Whether a fault, contention, a quota, dropped SYNs or a pause between attempts costs it.
fn is_delay(kind: PlaceKind) -> bool {
    matches!(
        kind,
        PlaceKind::Fault
            | PlaceKind::Unavailable
            | PlaceKind::Contention
            | PlaceKind::Throttling
            | PlaceKind::Backlog
            | PlaceKind::BackOff
            | PlaceKind::ClientBackOff
    )
}

/// Growth of a level over the last such part of the window (2: its second half), a second; none where it does not grow
/// for certain.
fn growing(courses: &[&Course], certain: f64, part: usize, level: Level) -> Option<Interval> {
    a_second(courses, level, |levels| growth(levels, part, PIECES, certain))
}

/// A growth of a level from one mark to the next, a second, if it is positive for certain.
fn a_second(courses: &[&Course], level: Level, of: impl Fn(&[&[f64]]) -> Option<Interval>) -> Option<Interval> {
    let length = courses.first()?.length.seconds();
    let levels: Vec<Vec<f64>> =
        courses.iter().map(|course| course.marks.iter().map(|mark| level(mark) as f64).collect()).collect();
    let rise = of(&levels.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    let Interval { estimate, low, high } = rise;
    (low > 0.0).then(|| Interval { estimate: estimate / length, low: low / length, high: high / length })
}

/// Replications in which a level grows by their own course alone.
fn alone(courses: &[&Course], part: usize, level: Level) -> usize {
    courses.iter().filter(|course| growing(&[course], LEVEL, part, level).is_some()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;
    use crate::parts::course::PARTS;

    /// Parts of 10 s, and the number under way at the end of each.
    fn course(level: fn(u64) -> u64) -> Course {
        let mark = |index: u64| CourseMark { in_flight: level(index), inside: level(index), ..CourseMark::default() };
        Course { pace: Pace::Steady, length: Time(10_000_000_000), marks: (0..=PARTS as u64).map(mark).collect() }
    }

    /// Three runs that grow by one in ten seconds and one that stays: 0.075/s on average, certain in three of them.
    #[test]
    fn the_runs_that_grow_are_counted() {
        let (grows, stays) = (course(|index| index), course(|_| 7));
        let growth = Growth::of_courses(&[&grows, &stays, &grows, &grows], None, Disturbance::None);
        let seen = growth.requests.expect("it grows");
        assert!((seen.estimate - 0.075).abs() < 1e-12, "{seen:?}");
        assert_eq!(growth.runs, 3);
        assert_eq!(Growth::of_courses(&[&grows, &grows], None, Disturbance::None).runs, 2);
        assert_eq!(Growth::of_courses(&[&stays, &stays], None, Disturbance::None), Growth::default());
    }

    /// A fault of 200 s in a window of 640 s leaves 400 requests, of which one in two seconds is worked off: over the second half
    /// of the window more grows than falls. While the fault is still on, or if more and more wait after it, it is a backlog.
    #[test]
    fn what_is_worked_off_after_a_fault_is_no_growth() {
        let drains = course(|part| match part {
            0..=40 => 1,
            41..=60 => 1 + (part - 40) * 20,
            _ => 401 - (part - 60) * 5,
        });
        let of = |calm_from| Growth::of_courses(&[&drains, &drains], Some(0.1), Disturbance::Ends(calm_from));
        assert!(of(None).requests.is_some(), "{:?}", of(None));
        let left = Growth { leaves_unanswered: true, leaves_unfinished: true, ..Growth::default() };
        assert_eq!(of(Some(60)), left);
        // From 200 s to 400 s, so that it neither grows nor falls over the second half for certain: 281 are left.
        let early = course(|part| match part {
            0..=20 => 1,
            21..=40 => 1 + (part - 20) * 20,
            _ => 401 - (part - 40) * 5,
        });
        let after = Disturbance::Ends(Some(40));
        assert_eq!(Growth::of_courses(&[&early, &early], Some(0.1), after), left);
        let grows = course(|part| if part < 40 { 1 } else { 1 + (part - 40) * 20 });
        let after = Disturbance::Ends(Some(60));
        assert!(Growth::of_courses(&[&grows, &grows], Some(0.1), after).requests.is_some());
    }

    /// Twenty more in each part of 10 s from three quarters of the window on: over the second half half as much.
    #[test]
    fn a_backlog_that_begins_late_has_the_rate_of_its_own_stretch() {
        let late = course(|part| 5 + part % 2 + 20 * part.saturating_sub(48));
        let growth = Growth::of_courses(&[&late, &late], None, Disturbance::None).requests.expect("it grows");
        assert!((growth.estimate - 2.0).abs() < 0.02, "{growth:?}");
        let even = course(|part| 5 + part % 2 + 20 * part);
        let growth = Growth::of_courses(&[&even, &even], None, Disturbance::None).requests.expect("it grows");
        assert!((growth.estimate - 2.0).abs() < 0.02, "{growth:?}");
    }

    /// Up by one a part, and up and down by forty with every eighth of the window: steps of means are 3 on average, with a
    /// spread of 14, which is certain in a hundred runs and in none of them alone.
    #[test]
    fn what_is_certain_together_need_not_be_so_in_any_run() {
        let wanders = course(|index| index + if index / 8 % 2 == 0 { 0 } else { 40 });
        let growth = Growth::of_courses(&[&wanders; 100], None, Disturbance::None);
        assert!(growth.requests.is_some(), "{growth:?}");
        assert_eq!(growth.runs, 0);
    }
}
