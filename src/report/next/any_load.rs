//! What decides at any load, so that a search along the load finds nothing.

use crate::experiment::analyse::blame::{holders, shares};
use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::culprit::{Culprit, CulpritKind, agree, with_article};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words;
use crate::experiment::plan::{Point, success_objective};
use crate::experiment::search::lighter::Lighter;
use crate::experiment::search::{Decision, Defect, Reading, guess};
use crate::language::Objective;
use crate::metric::Metric;
use crate::model::{FaultPlan, Pattern};
use crate::parts::{BlameGroup, BlamePlace, PlaceKind};
use crate::report::headroom::most_of_p95;
use crate::report::objective::bound;
use crate::report::whole::Report;
use crate::statistics::Interval;

/// Share of requests that succeed from which all that are sent count as answered.
const NEARLY_ALL: f64 = 0.99;

/// Share of the time at p95 from which less waiting would show.
const WAITING: f64 = 0.15;

/// What helps against a deadlock.
const REMEDY: &str =
    "a time-out on the wait ends each deadlock, and requests that hold only one unit at a time cannot cause one";

/// Why a longer run does not help: the requests are in a deadlock. None without one.
pub(super) fn deadlocked(summary: &Summary) -> Option<String> {
    let (deadlock, _) = summary.deadlock.as_ref()?;
    Some(format!("a longer run does not end the deadlock of {}; {REMEDY}", deadlock.resource))
}

/// Why a search along the load is no use, whatever it would find at the lowest one; none where it may be.
pub(super) fn excludes(report: &Report, summary: &Summary) -> Option<String> {
    // A server that closes idle connections too early loses requests at every load at which connections are idle.
    if let Some(race) = summary.culprit.as_ref().filter(|it| it.kind == CulpritKind::Disconnects && it.fails) {
        let (cause, client) = (race.cause(), &race.name);
        return Some(format!(
            "the load is not the cause: {cause}; give the server a `keep_alive` longer than the `keepalive_expiry` of {client}"
        ));
    }
    let state = report.state(summary.point).filter(|state| !state.is_safe())?;
    let culprit = summary.culprit.as_ref();
    let point = &report.plan.points[summary.point];
    // Fewer clients than the circle needs cannot close it; at a low rate enough requests still meet now and then.
    let has_clients = point.load.pattern.is_closed();
    if let Some(deadlock) = culprit.filter(|it| it.kind == CulpritKind::Deadlock && !has_clients) {
        let name = &deadlock.name;
        return Some(format!("a lower load makes the deadlock of {name} rarer, but does not exclude it; {REMEDY}"));
    }
    only_more_load(report, summary, state.missed.filter(|_| state.condition == Condition::Slow)?)
}

/// Why a lower load cannot give a throughput that is missed here: fewer requests are sent there. None for a closed
/// load, which may send more when answers come sooner, where more than a few requests fail, and for other objectives.
fn only_more_load(report: &Report, summary: &Summary, missed: Objective) -> Option<String> {
    let has_clients = report.plan.points[summary.point].load.pattern.is_closed();
    let throughput = summary.throughput_per_min?.estimate;
    let is_too_little = missed.metric() == Metric::ThroughputPerMin && missed.is_at_least() && !has_clients;
    (is_too_little && throughput < missed.bound() && summary.success_rate.estimate >= NEARLY_ALL).then(|| {
        let [answered, wanted] =
            [throughput, missed.bound()].map(|rate| words::amount(rate, missed.metric(), report.rates));
        let all = if summary.success_rate.estimate == 1.0 { "all" } else { "nearly all" };
        format!("{all} that is sent is answered, {answered}: only a higher load can give {wanted}")
    })
}

/// Why no load meets all objectives: one asks for a throughput above what is sent here, and another is missed here already.
fn contradicts(report: &Report, summary: &Summary, lighter: &Lighter) -> Option<String> {
    let only = lighter.knee.objectives.iter().find_map(|&objective| only_more_load(report, summary, objective))?;
    let missed = report.state(summary.point)?.missed?;
    Some(format!("{only}, and the objective on the {} is missed here already", missed.metric().words()))
}

/// Why a lower load does not make a point safe that is not; none where it may.
pub(super) fn decides(report: &Report, summary: &Summary) -> Option<String> {
    if report.is_safe(summary.point) {
        return None;
    }
    match &report.lighter {
        Some(lighter) if lighter.decision == Some(Decision::Meets) => None,
        Some(lighter) if lighter.decision == Some(Decision::Misses) => Some(match known(report, summary) {
            Some(why) => useless(&why),
            None if rises_with_load(lighter) => contradicts(report, summary, lighter)
                .unwrap_or_else(|| format!("{}; a load in between may meet it", seen(report, summary, lighter))),
            None => format!("{}: {}", lowest(lighter), seen(report, summary, lighter)),
        }),
        Some(lighter) if lighter.decision.is_none() && !lighter.is_met_by_estimate => {
            let why = known(report, summary).map_or_else(|| too_close(report, summary, lighter), |why| useless(&why));
            Some(why)
        }
        _ => known(report, summary).map(|why| useless(&why)),
    }
}

/// `the lowest load that was tried misses as well`; of a single client, below which there is none, `a lower load does not
/// help`.
fn lowest(lighter: &Lighter) -> &'static str {
    let is_least = lighter.knee.dial.whole && lighter.value <= 1.0;
    if is_least { "a lower load does not help" } else { "the lowest load that was tried misses as well" }
}

/// Whether what the lowest load of the search misses is a least throughput or hit ratio, which more load may give.
fn rises_with_load(lighter: &Lighter) -> bool {
    let missed = lighter.readings.iter().find(|reading| reading.decision == Some(Decision::Misses));
    let objective = missed.and_then(|reading| lighter.knee.objectives.get(reading.objective));
    let is_of_answers = |metric: Metric| matches!(metric, Metric::SuccessRate | Metric::CompletionRate);
    lighter.defect.is_none()
        && objective.is_some_and(|objective| objective.is_at_least() && !is_of_answers(objective.metric()))
}

/// What the lowest load of the search has shown, where the objectives are missed there too.
fn seen(report: &Report, summary: &Summary, lighter: &Lighter) -> String {
    let text = lighter.knee.dial.text(lighter.value);
    let at = match lighter.knee.dial.name.as_str() {
        "load.rate" | "load.profile[0].rate" => text,
        "load.concurrency" if text == "1" => "1 client".into(),
        "load.concurrency" | "load.stages[0].target" => format!("{text} clients"),
        name => format!("{} = {text}", name.rsplit('.').next().unwrap_or(name)),
    };
    let missed = missed(lighter);
    let what = match (missed, lighter.defect) {
        (_, Some(Defect::LosesCapacity)) => {
            format!("at {at} too, capacity is lost for good in {} of {} runs", lighter.damaged, lighter.replications)
        }
        (_, Some(Defect::Unstable)) => format!("at {at} too, work piles up for as long as the load lasts"),
        (_, Some(Defect::HoldsClients)) => format!("at {at} too, clients still wait at the end of the window"),
        (Some((objective, figure)), None) if figure.estimate.is_finite() => {
            let (metric, rates) = (objective.metric(), report.rates);
            // With its interval where that holds the bound.
            let figure = match lighter.decision {
                Some(_) => words::amount(figure.estimate, metric, rates),
                None => words::figure(figure, metric, rates),
            };
            let is = metric.agree("is", "are");
            format!("at {at} the {} {is} {figure}, and must be {}", metric.words(), bound(objective, rates))
        }
        _ => format!("at {at} the objectives are missed too"),
    };
    let time = missed.filter(|(objective, _)| objective.metric().is_response_time());
    let is_of_success = |objective: &&Objective| objective.metric() == Metric::SuccessRate;
    let broken = match lighter.defect {
        Some(Defect::HoldsClients) => lighter.knee.objectives.iter().find(is_of_success).copied(),
        _ => missed.map(|(objective, _)| objective),
    };
    let has_before = |point: &Point| matches!(point.load.pattern, Pattern::Test { before: Some(_), .. });
    let why = match (report.plan.points.first().is_some_and(has_before), &lighter.summary.culprit) {
        (true, _) if lighter.defect == Some(Defect::LosesCapacity) => {
            "; the test before it (`load.before`) stays as heavy as it is".into()
        }
        (_, culprit) => match (longest_fault(report, broken), culprit) {
            (Some(fault), _) => format!("; {fault}"),
            // What makes requests fail is not what makes those slow that succeed.
            (None, Some(culprit)) if culprit.fails && time.is_some() => {
                let (time, places) = most_of_p95(&lighter.summary);
                if places > 0 { format!("; the time of requests around p95: {time}") } else { String::new() }
            }
            (None, Some(culprit)) if is_same(culprit, summary.culprit.as_ref()) => "; the cause is the same".into(),
            (None, Some(culprit)) => format!("; {}", culprit.sentence),
            (None, None) => String::new(),
        },
    };
    what + &why
}

/// Whether two points have the same culprit, of which nothing else can be said.
fn is_same(one: &Culprit, other: Option<&Culprit>) -> bool {
    other.is_some_and(|other| (one.kind, one.limit(), &one.name) == (other.kind, other.limit(), &other.name))
}

/// The objective that the lowest load misses, by the intervals or else by the estimates, and its figure.
fn missed(lighter: &Lighter) -> Option<(Objective, Interval)> {
    let objectives = &lighter.knee.objectives;
    let misses = |reading: &&Reading| reading.decision == Some(Decision::Misses);
    let seems = |reading: &&Reading| !guess(std::slice::from_ref(*reading), objectives, None);
    let missed = lighter.readings.iter().find(misses).or_else(|| lighter.readings.iter().find(seems))?;
    Some((*objectives.get(missed.objective)?, missed.figure?))
}

/// What is said where the runs at the lowest load of the search do not decide, and their estimates miss.
fn too_close(report: &Report, summary: &Summary, lighter: &Lighter) -> String {
    format!(
        "whether a lower load is enough is not decided after {} runs: {}",
        lighter.replications,
        seen(report, summary, lighter)
    )
}

/// The fault that is on longest, if that is longer than an objective leaves room for: `fault f is on for 23 % of the time`.
fn longest_fault(report: &Report, missed: Option<Objective>) -> Option<String> {
    let missed = missed?;
    let room = match missed.metric().quantile() {
        Some(quantile) => 1.0 - quantile,
        None if missed.metric().is_rate() => 1.0 - missed.bound(),
        None => return None,
    };
    let point = report.plan.points.first()?;
    let (opens, closes) = point.load.pattern.window()?;
    let share = |fault: &FaultPlan| {
        let (from, to) = (fault.from.max(opens), fault.to.map_or(closes, |to| to.min(closes)));
        (to.seconds() - from.seconds()) / closes.since(opens).seconds()
    };
    let shares = point.system.faults.iter().map(|fault| (fault, share(fault)));
    let (fault, share) = shares.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, share)| *share > room)?;
    Some(format!("fault {} is on for {:.0} % of the time", fault.name, share * 100.0))
}

/// What the accounts show to be so at any load.
fn known(report: &Report, summary: &Summary) -> Option<String> {
    let state = report.state(summary.point).filter(|state| !state.is_safe())?;
    let culprit = summary.culprit.as_ref()?;
    let point = &report.plan.points[summary.point];
    let lasts = |fault: &&FaultPlan| fault.to.is_none();
    match culprit.kind {
        CulpritKind::Deadlock => return None,
        CulpritKind::NeverAnswered | CulpritKind::Disconnects => return Some(culprit.cause()),
        CulpritKind::LosesWork if culprit.is_by_error => return Some(format!("{} at any load", culprit.cause())),
        _ => {}
    }
    if state.condition.is_loss() {
        let fault = point.system.faults.iter().find(lasts)?;
        return Some(format!("fault {} does not end", fault.name));
    }
    if state.condition == Condition::Unstable && culprit.kind == CulpritKind::OwnError {
        return Some(format!("{} at any load", culprit.cause()));
    }
    match state.missed?.metric() {
        Metric::SuccessRate => of_failures(report, summary, culprit.kind == CulpritKind::TakesTime),
        _ if state.condition == Condition::Slow && culprit.kind == CulpritKind::TakesTime => {
            let all = shares(summary.blame.as_ref()?, BlameGroup::P95);
            let waiting: f64 = all.iter().filter(|share| !share.served).map(|share| share.share).sum();
            (waiting < WAITING).then(|| format!("{} at any load", culprit.cause()))
        }
        _ => None,
    }
}

/// What fails so many requests at any load that the objective is missed even if all others succeed.
fn of_failures(report: &Report, summary: &Summary, own_time_decides: bool) -> Option<String> {
    let blame = summary.blame.as_ref()?;
    let place = |index: u16| &blame.places[usize::from(index)];
    // What a breaker refuses is put down to the failures that it counts: they open it at any load if they occur at any load.
    let mut failures: Vec<(&BlamePlace, f64)> = Vec::new();
    for at in &blame.failures {
        let counted = match place(at.place).kind {
            PlaceKind::Breaker => holders(blame, place(at.place)),
            _ => Vec::new(),
        };
        match counted.is_empty() {
            true => failures.push((place(at.place), at.requests as f64)),
            false => failures.extend(counted.iter().map(|it| (it.place, it.share * at.requests as f64))),
        }
    }
    let count = |wanted: &dyn Fn(&BlamePlace) -> bool| -> f64 {
        failures.iter().filter(|(place, _)| wanted(place)).map(|(_, requests)| requests).sum()
    };
    let is_fixed = |place: &BlamePlace| match place.kind {
        PlaceKind::OwnError => true,
        PlaceKind::Fault => !summary.culprit.as_ref().is_some_and(|culprit| culprit.is_full),
        PlaceKind::Unavailable => {
            let is_by_load = |culprit: &Culprit| !culprit.is_by_error && culprit.kind != CulpritKind::Fault;
            let restarts = summary.metric(Metric::Restarts).is_some_and(|restarts| restarts.estimate > 0.0);
            !restarts && !summary.culprit.as_ref().is_some_and(is_by_load)
        }
        PlaceKind::Delay | PlaceKind::Work => own_time_decides,
        _ => false,
    };
    let all = count(&|_| true);
    // Breakers of which the failures that they count are not known.
    let (fixed, breakers) = (count(&is_fixed), count(&|place| place.kind == PlaceKind::Breaker));
    let share = fixed / (all - breakers);
    let success = 1.0 - (1.0 - summary.success_rate.estimate) * share;
    if success.is_nan() || success >= success_objective(report.plan).bound() {
        return None;
    }
    let (most, _) = failures.iter().filter(|(place, _)| is_fixed(place)).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let name = &most.name;
    Some(match most.kind {
        PlaceKind::OwnError => format!("{name} answers with an error at any load"),
        PlaceKind::Fault => format!("{name} is on at any load"),
        PlaceKind::Unavailable => format!("{} is unavailable at any load", name.trim_end_matches(" unavailable")),
        _ => {
            let takes = agree(&with_article(name), "takes longer than clients wait", "take longer than clients wait");
            format!("{takes} at any load")
        }
    })
}

fn useless(why: &str) -> String {
    format!("a lower load does not help: {why}")
}
