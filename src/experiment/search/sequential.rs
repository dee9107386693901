//! Sequential tests: whether a point meets its objectives, decided after as few replications as it takes.
//!
//! A group-sequential test (Jennison & Turnbull, *Group Sequential Methods*, 1999) in its plainest form: the same
//! two-sided interval at every look, at a level that leaves Bonferroni's share of the error to each. It is
//! conservative, and needs nothing of the figures but that means of replications are nearly normal. Of a system that is
//! well in most replications and stuck in some, few replications may all be of one kind: no first look is at fewer than
//! ten of them unless it is asked for, and what happens in one of hundreds is not seen.

use crate::experiment::analyse::summary::{Growth, of_users, of_work};
use crate::experiment::analyse::trial::Trial;
use crate::language::{Metric, Objective};
use crate::statistics::{Interval, Moments, Pooled};

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Every objective is met.
    Meets,
    /// One is not.
    Misses,
    /// After all replications there are, it cannot be told.
    TooClose,
}

/// What rules a point out, whatever its figures: "safe" needs that no run is damaged or unstable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A run lost capacity for good.
    LosesCapacity,
    /// Requests, or the work behind their answers, pile up for as long as the load lasts.
    Unstable,
    /// Clients are held at the end of the window ([`Growth::holds_clients`]).
    HoldsClients,
}

impl Defect {
    /// The worst that a point's trials show for this required success rate.
    pub fn of(trials: &[Trial], success: f64) -> Option<Self> {
        let sound: Vec<&Trial> = trials.iter().filter(|trial| trial.is_sound()).collect();
        if trials.iter().any(Trial::is_damaged) {
            return Some(Self::LosesCapacity);
        }
        let growth = Growth::of(&sound);
        let holds_clients = || growth.holds_clients(success).then_some(Self::HoldsClients);
        growth.any().map(|_| Self::Unstable).or_else(holds_clients)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LosesCapacity => "loses capacity",
            Self::Unstable | Self::HoldsClients => "unstable",
        }
    }

    /// What happens there.
    pub fn words(self) -> &'static str {
        match self {
            Self::LosesCapacity => "a run lost capacity for good",
            Self::Unstable => "unstable: its backlog grows for as long as the load lasts",
            Self::HoldsClients => "unstable: clients still wait at the end of the window",
        }
    }
}

/// An objective's figure at a point.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Which objective: an index, or the number of objectives for the slope.
    pub objective: usize,
    /// The figure in its unit, at the level of the test; none where no trial has one.
    pub figure: Option<Interval>,
    /// What this objective by itself says; none: not yet.
    pub decision: Option<Decision>,
    /// The standard deviation of the figure over replications.
    pub spread: f64,
}

/// The numbers of replications after which a point is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks(Vec<u32>);

impl Looks {
    /// `first`, doubled until `most`.
    pub fn new(first: u32, most: u32) -> Self {
        let first = first.clamp(2, most.max(2));
        let mut looks = vec![first];
        let mut next = first;
        while next < most {
            next = next.saturating_mul(2).min(most);
            looks.push(next);
        }
        Self(looks)
    }

    /// How many looks there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The replications of a look, counted from 0; none beyond the last.
    pub fn replications(&self, look: usize) -> Option<u32> {
        self.0.get(look).copied()
    }
}

/// What a point is tested for.
#[derive(Clone, Debug)]
pub struct Test<'a> {
    /// Bounds that metrics keep.
    pub objectives: &'a [Objective],
    /// The share of proportional growth that the throughput must have.
    pub slope: Option<f64>,
    /// Confidence level of each interval.
    pub level: f64,
}

impl<'a> Test<'a> {
    /// A test of this number of `points`, each with these `looks`, of which all decisions are right together with this
    /// confidence.
    pub fn new(objectives: &'a [Objective], slope: Option<f64>, confidence: f64, points: usize, looks: &Looks) -> Self {
        let bounds = objectives.len() + usize::from(slope.is_some());
        let chances = (points * looks.count() * bounds).max(1) as f64;
        Self { objectives, slope, level: 1.0 - (1.0 - confidence) / chances }
    }

    /// The figures of a point's trials, and what they say of each objective. `before` are the trials of a smaller
    /// value and its share of this one, for the slope. `spreads` are the largest standard deviations that were seen of
    /// each objective where less is asked of the system: replications that all agree are taken to be no steadier.
    pub fn read(&self, trials: &[Trial], before: Option<(&[Trial], f64)>, spreads: &[f64]) -> Vec<Reading> {
        let sound: Vec<&Trial> = trials.iter().filter(|trial| trial.is_sound()).collect();
        let piling_up = Growth::of(&sound);
        let bounded = self.objectives.iter().enumerate().map(|(index, &objective)| {
            let values: Moments =
                sound.iter().filter_map(|trial| value(trial, objective.metric(), &piling_up)).collect();
            let spread = values.variance().filter(|variance| variance.is_finite()).unwrap_or(0.0).sqrt();
            let known = spreads.get(index).copied().unwrap_or(0.0);
            let figure = match piling_up.spoils(objective.metric()) {
                true => Some(NEVER),
                false => figure(&sound, objective.metric(), &piling_up, self.level, known),
            };
            // Where none of the work behind the answers has ended, none of it has failed.
            let has_no_work = figure.is_none() && objective.metric() == Metric::CompletionRate && !sound.is_empty();
            let decision = match has_no_work {
                true => Some(Decision::Meets),
                false => figure.and_then(|figure| decide(figure, objective.bound(), objective.is_at_least())),
            };
            Reading { objective: index, figure, decision, spread }
        });
        let slope = self.slope.map(|share| {
            let Some((before, part)) = before else {
                // Nothing is smaller: it grew from nothing.
                let (figure, decision) = (Some(Interval::exact(1.0)), Some(Decision::Meets));
                return Reading { objective: self.objectives.len(), figure, decision, spread: 0.0 };
            };
            let (figure, decision) = growth(&sound, before, part, share, self.level);
            Reading { objective: self.objectives.len(), figure, decision, spread: 0.0 }
        });
        bounded.chain(slope).collect()
    }
}

/// Replications of a first look, at least.
pub const FIRST_LOOK: u32 = 10;

/// What readings and a defect say together: none where more replications are needed.
pub fn verdict(readings: &[Reading], defect: Option<Defect>) -> Option<Decision> {
    let all = |decision| readings.iter().all(|reading| reading.decision == Some(decision));
    if defect.is_some() || readings.iter().any(|reading| reading.decision == Some(Decision::Misses)) {
        Some(Decision::Misses)
    } else if all(Decision::Meets) {
        Some(Decision::Meets)
    } else {
        None
    }
}

/// What the estimates say, without regard to their intervals.
pub fn guess(readings: &[Reading], objectives: &[Objective], slope: Option<f64>) -> bool {
    readings.iter().all(|reading| {
        let Some(figure) = reading.figure else { return reading.decision == Some(Decision::Meets) };
        match objectives.get(reading.objective) {
            Some(objective) if objective.is_at_least() => figure.estimate >= objective.bound(),
            Some(objective) => figure.estimate <= objective.bound(),
            None => slope.is_none_or(|slope| figure.estimate >= slope),
        }
    })
}

/// A time that has no end: of requests that are never answered, or of a queue that never stops growing.
const NEVER: Interval = Interval { estimate: f64::INFINITY, low: f64::INFINITY, high: f64::INFINITY };

/// The side of a bound on which the whole interval lies.
fn decide(figure: Interval, bound: f64, at_least: bool) -> Option<Decision> {
    let (meets, misses) =
        if at_least { (figure.low >= bound, figure.high < bound) } else { (figure.high <= bound, figure.low > bound) };
    match (meets, misses) {
        (true, _) => Some(Decision::Meets),
        (_, true) => Some(Decision::Misses),
        _ => None,
    }
}

/// A trial's value of a metric. Where requests pile up, those inside at the end count as users without success, and so does
/// work behind the answers.
fn value(trial: &Trial, metric: Metric, growth: &Growth) -> Option<f64> {
    if metric == Metric::CompletionRate && growth.leaves_unfinished && trial.work.is_some() {
        let (completed, all) = of_work(trial, growth)?;
        return (all > 0).then(|| completed as f64 / all as f64);
    }
    if metric != Metric::SuccessRate || !growth.counts_unanswered() {
        return trial.metric(metric);
    }
    let (succeeded, all) = of_users(trial, growth);
    (all > 0).then(|| succeeded as f64 / all as f64)
}

/// A metric's mean over trials, or a quantile of all of them together. Of a time, a trial without a success has none,
/// and the mean is infinite. Agreement of all trials is no certainty: their standard deviation is then taken to be
/// `known`, and where that is 0 too, the interval of a success rate comes from the requests.
fn figure(trials: &[&Trial], metric: Metric, growth: &Growth, level: f64, known: f64) -> Option<Interval> {
    let values: Vec<f64> = trials.iter().filter_map(|trial| value(trial, metric, growth)).collect();
    if values.len() < trials.len() && is_time(metric) || values.iter().any(|value| value.is_infinite()) {
        return Some(NEVER);
    }
    if let Some(q) = metric.quantile() {
        let times = Pooled::of(trials.iter().map(|trial| &trial.response_times));
        let Interval { estimate, low, high } = times.quantile(q, level)?;
        return Some(Interval { estimate: estimate / 1e9, low: low / 1e9, high: high / 1e9 });
    }
    let agree = values.windows(2).all(|pair| pair[0] == pair[1]);
    if metric == Metric::SuccessRate && agree && known == 0.0 {
        let users = trials.iter().map(|trial| of_users(trial, growth));
        let (succeeded, ended) = users.fold((0, 0), |(s, e), (succeeded, ended)| (s + succeeded, e + ended));
        return Interval::proportion(succeeded, ended, level);
    }
    let mut interval = Interval::mean_of(&values, level)?;
    if agree && values.len() > 1 {
        // As wide as that of this number of values with this standard deviation.
        let like: Vec<f64> = (0..values.len()).map(|index| if index % 2 == 0 { known } else { -known }).collect();
        let half = Interval::mean_of(&like, level)?.half_width();
        interval = Interval { low: interval.low - half, high: interval.high + half, ..interval };
    }
    // No metric is negative, and a share is no more than all.
    let most = if metric.is_rate() { 1.0 } else { f64::INFINITY };
    Some(Interval { low: interval.low.max(0.0), high: interval.high.min(most), ..interval })
}

/// Whether a metric is a time of those who succeed.
fn is_time(metric: Metric) -> bool {
    metric.is_response_time() || metric.is_time() && metric.is_of_completion()
}

/// The growth of the throughput from a smaller value to this one, as a share of proportional growth: its interval, and
/// whether it is at least `share`. `part` is the smaller value over this one. What decides is the paired difference
/// from the throughput that such a growth would have given: both met the same requests.
fn growth(
    trials: &[&Trial],
    before: &[Trial],
    part: f64,
    share: f64,
    level: f64,
) -> (Option<Interval>, Option<Decision>) {
    let pairs: Vec<(f64, f64)> = trials
        .iter()
        .filter_map(|trial| {
            let twin = before.iter().find(|twin| twin.replication == trial.replication && twin.is_sound())?;
            trial.throughput_per_min.zip(twin.throughput_per_min)
        })
        .collect();
    let steepness = 1.0 / part - 1.0;
    let base = pairs.iter().map(|pair| pair.1).sum::<f64>() / pairs.len().max(1) as f64;
    let surplus: Vec<f64> = pairs.iter().map(|(here, there)| here - there * (1.0 + share * steepness)).collect();
    let Some(surplus) = Interval::mean_of(&surplus, level) else { return (None, None) };
    let decision = decide(surplus, 0.0, true);
    if base <= 0.0 {
        // Where nothing came through before, nothing can be said of growth.
        return (None, None);
    }
    let scaled = |difference: f64| share + difference / (base * steepness);
    let figure = Interval { estimate: scaled(surplus.estimate), low: scaled(surplus.low), high: scaled(surplus.high) };
    (Some(figure), decision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_double() {
        assert_eq!(Looks::new(5, 80), Looks(vec![5, 10, 20, 40, 80]));
        assert_eq!(Looks::new(1, 7), Looks(vec![2, 4, 7]));
        assert_eq!(Looks::new(100, 50), Looks(vec![50]));
    }

    #[test]
    fn a_bound_within_the_interval_is_not_decided() {
        let figure = Interval { estimate: 2.0, low: 1.0, high: 3.0 };
        assert_eq!(decide(figure, 2.5, true), None);
        assert_eq!(decide(figure, 1.0, true), Some(Decision::Meets));
        assert_eq!(decide(figure, 3.5, true), Some(Decision::Misses));
        assert_eq!(decide(figure, 3.0, false), Some(Decision::Meets));
        assert_eq!(decide(figure, 0.5, false), Some(Decision::Misses));
    }

    #[test]
    fn one_miss_is_a_miss_and_all_must_meet() {
        let reading = |decision| Reading { objective: 0, figure: None, decision, spread: 0.0 };
        let (meets, misses) = (reading(Some(Decision::Meets)), reading(Some(Decision::Misses)));
        assert_eq!(verdict(&[meets, misses, reading(None)], None), Some(Decision::Misses));
        assert_eq!(verdict(&[meets, reading(None)], None), None);
        assert_eq!(verdict(&[meets, meets], None), Some(Decision::Meets));
        assert_eq!(verdict(&[meets, meets], Some(Defect::Unstable)), Some(Decision::Misses));
    }
}
