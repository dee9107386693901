//! Which load test tells hypotheses apart that fit the data alike.
//!
//! Every test is simulated under every hypothesis. For each pair of them the figure that separates their predictions best
//! decides how often the test must be repeated; the best test tells the most pairs apart in the least time. It is checked
//! with further simulated tests, each as if one of the hypotheses were true.

use super::candidates::{Candidate, Laboratory, Observed, Rival, candidates};
use super::observation::NORMAL;
use super::separation::{Prediction, boundary, repetitions, separation, wanted};
use crate::language::Mistakes;
use crate::metric::Metric;
use crate::statistics::Moments;

/// Simulated tests of each hypothesis that check the best one.
pub const CHECKS: u32 = 20;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The figures that a test measures.
    pub metrics: Vec<Metric>,
    /// The probability that a truth is taken for none of the others.
    pub confidence: f64,
    /// By figure: what a model may be off by beyond noise, half of a 95 % interval: relative, of shares in points.
    pub tolerances: Vec<f64>,
    /// Repetitions of a test at most.
    pub most: u32,
    /// Seconds between two runs.
    pub pause: f64,
    /// Seconds that it takes to change the system.
    pub change: f64,
}

/// What a model may be off by, where nothing else is said: models of computer systems get throughputs right to 5 to 10 % and response
/// times to 10 to 30 % (Lazowska, Zahorjan, Graham and Sevcik, *Quantitative System Performance*, 1984, chapter 1).
pub fn usual_tolerance(metric: Metric) -> f64 {
    match metric.quantile() {
        Some(share) if share >= 0.9 => 0.3,
        Some(_) => 0.2,
        None if metric.is_time() => 0.2,
        None => 0.1,
    }
}

/// A pair of hypotheses at a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Their indices.
    pub rivals: [usize; 2],
    /// The index of the figure that separates them best; none where they have none in common.
    pub metric: Option<usize>,
    /// How far apart they are in one test, in standard deviations.
    pub separation: f64,
    /// Tests that tell them apart; none of as many as are allowed.
    pub repetitions: Option<u32>,
}

/// A test that was simulated under all hypotheses.
#[derive(Clone, Debug)]
pub struct SimulatedTest {
    /// The test.
    pub candidate: Candidate,
    /// How long a run takes in seconds, under the hypothesis under which it takes longest.
    pub seconds: f64,
    /// By hypothesis, by metric; none where the model has no such figure.
    pub predictions: Vec<Vec<Option<Prediction>>>,
    /// All pairs of hypotheses.
    pub pairs: Vec<Pair>,
    /// Repetitions that tell all those apart that can be; 1 where none can.
    pub repetitions: u32,
    /// What it takes in seconds: runs, pauses, the change of the system.
    pub cost: f64,
}

impl SimulatedTest {
    fn of(candidate: Candidate, observed: &[&Observed], question: &Question) -> Self {
        let predictions: Vec<Vec<Option<Prediction>>> = observed
            .iter()
            .map(|it| {
                let asked = question.metrics.iter().zip(&question.tolerances);
                let figures = asked.zip(&it.figures);
                figures.map(|((&metric, &size), draws)| prediction(draws, it.replications, metric, size)).collect()
            })
            .collect();
        let wanted = wanted(question.confidence, predictions.len() - 1);
        let mut pairs = Vec::new();
        for a in 0..predictions.len() {
            for b in a + 1..predictions.len() {
                pairs.push(pair([a, b], &predictions, wanted, question.most));
            }
        }
        let repetitions = pairs.iter().filter_map(|pair| pair.repetitions).max().unwrap_or(1);
        let seconds = observed.iter().map(|it| it.seconds).fold(0.0, f64::max);
        let change = if candidate.is_changed { question.change } else { 0.0 };
        let cost = change + f64::from(repetitions) * (seconds + question.pause);
        let mut test = Self { candidate, seconds, predictions, pairs, repetitions, cost };
        test.share_figures(wanted);
        test
    }

    /// Lets as few figures as possible tell the pairs apart, with the same repetitions.
    fn share_figures(&mut self, wanted: f64) {
        let count = self.predictions.first().map_or(0, Vec::len);
        let tests = self.repetitions;
        let does = |pair: &Pair, metric: usize| {
            let [a, b] = pair.rivals.map(|rival| self.predictions[rival][metric]);
            let apart = separation(&a?, &b?, tests);
            (apart >= wanted).then_some(apart)
        };
        let mut left: Vec<usize> = (0..self.pairs.len()).filter(|&it| self.pairs[it].repetitions.is_some()).collect();
        let mut chosen = Vec::new();
        while !left.is_empty() {
            let score = |metric: usize| {
                let apart = left.iter().filter_map(|&pair| does(&self.pairs[pair], metric));
                apart.fold((0, f64::INFINITY), |(count, least), apart| (count + 1, least.min(apart)))
            };
            let best = (0..count)
                .map(|metric| (metric, score(metric)))
                .reduce(|best, other| if (other.1.0, other.1.1) > (best.1.0, best.1.1) { other } else { best });
            let Some((metric, (1.., _))) = best else { break };
            let (done, rest) = left.into_iter().partition(|&pair| does(&self.pairs[pair], metric).is_some());
            left = rest;
            chosen.push((metric, done));
        }
        for (metric, pairs) in chosen {
            let pairs: Vec<usize> = pairs;
            for pair in pairs {
                self.pairs[pair].metric = Some(metric);
            }
        }
    }

    /// Pairs that it tells apart.
    pub fn told_apart(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.repetitions.is_some()).count()
    }

    /// Whether it tells all pairs apart.
    pub fn is_enough(&self) -> bool {
        self.told_apart() == self.pairs.len()
    }

    /// The least separation of the pairs that it tells apart, or of all where it tells none.
    pub fn least_separation(&self) -> f64 {
        let none = self.told_apart() == 0;
        let counted = self.pairs.iter().filter(|pair| none || pair.repetitions.is_some());
        counted.map(|pair| pair.separation).fold(f64::INFINITY, f64::min)
    }

    /// The figures that tell pairs apart, by index.
    pub fn decisive(&self) -> Vec<usize> {
        let mut all: Vec<usize> =
            self.pairs.iter().filter(|pair| pair.repetitions.is_some()).filter_map(|pair| pair.metric).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Where the mean of all repetitions of a figure lies if this hypothesis is true and no rival that the test tells from it
    /// is.
    pub fn range(&self, rival: usize, metric: usize) -> [f64; 2] {
        let mut range = [f64::NEG_INFINITY, f64::INFINITY];
        for pair in self.pairs.iter().filter(|pair| pair.metric == Some(metric) && pair.repetitions.is_some()) {
            let Some(other) = other(pair, rival) else { continue };
            let (Some(own), Some(its)) = (self.predictions[rival][metric], self.predictions[other][metric]) else {
                continue;
            };
            let end = boundary(&own, &its, self.repetitions);
            if own.mean < its.mean {
                range[1] = range[1].min(end);
            } else {
                range[0] = range[0].max(end);
            }
        }
        range
    }

    /// Where 95 % of such tests lie, repetitions averaged.
    pub fn band(&self, rival: usize, metric: usize) -> Option<[f64; 3]> {
        let it = self.predictions[rival][metric]?;
        let half = NORMAL * it.spread(self.repetitions);
        Some([it.mean, it.mean - half, it.mean + half])
    }

    /// The hypotheses that it does not tell from this one.
    pub fn alike(&self, rival: usize) -> Vec<usize> {
        let alike = self.pairs.iter().filter(|pair| pair.repetitions.is_none());
        alike.filter_map(|pair| other(pair, rival)).collect()
    }
}

/// The other one of a pair; none where this one is not of it.
fn other(pair: &Pair, rival: usize) -> Option<usize> {
    match pair.rivals {
        [a, b] if a == rival => Some(b),
        [a, b] if b == rival => Some(a),
        _ => None,
    }
}

/// What a model predicts of a figure; none where fewer than half of its runs have it.
fn prediction(draws: &[Vec<f64>], replications: u32, metric: Metric, tolerance: f64) -> Option<Prediction> {
    let known: usize = draws.iter().map(Vec::len).sum();
    if known < 2 || known * 2 < draws.len() * replications as usize {
        return None;
    }
    let of_draws: Vec<Moments> =
        draws.iter().filter(|values| !values.is_empty()).map(|values| values.iter().copied().collect()).collect();
    let means: Moments = of_draws.iter().filter_map(Moments::mean).collect();
    let variances: Vec<f64> = of_draws.iter().filter_map(Moments::variance).collect();
    let mean = means.mean()?;
    let noise = variances.iter().sum::<f64>() / variances.len().max(1) as f64;
    let wrong = tolerance / NORMAL * if metric.is_rate() { 1.0 } else { mean.abs() };
    // Draws vary about their mean; a single one is known as well as its runs let it.
    let unknown = means.variance().unwrap_or(noise / known as f64);
    Some(Prediction { mean, single: noise.sqrt(), model: (unknown + wrong * wrong).sqrt() })
}

/// The figure that separates a pair with the fewest repetitions, or else best.
fn pair(rivals: [usize; 2], predictions: &[Vec<Option<Prediction>>], wanted: f64, most: u32) -> Pair {
    let [a, b] = rivals.map(|rival| &predictions[rival]);
    let mut best = Pair { rivals, metric: None, separation: 0.0, repetitions: None };
    for (metric, (a, b)) in a.iter().zip(b).enumerate() {
        let (Some(a), Some(b)) = (a, b) else { continue };
        let apart = separation(a, b, 1);
        let found = repetitions(a, b, wanted, most);
        let is_sooner = match (found, best.repetitions) {
            (Some(found), Some(known)) if found != known => found < known,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => apart > best.separation,
        };
        if best.metric.is_none() || is_sooner {
            best = Pair { rivals, metric: Some(metric), separation: apart, repetitions: found };
        }
    }
    best
}

/// A hypothesis, in words.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// What it says.
    pub title: String,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Discrimination {
    /// What was asked.
    pub question: Question,
    /// The hypotheses.
    pub rivals: Vec<Named>,
    /// The tests, the best first.
    pub tests: Vec<SimulatedTest>,
    /// Tests that tell those apart that the best one does not, by index, in their order.
    pub further: Vec<usize>,
    /// By hypothesis: simulated tests with the best test that told it from all that can be, of how many.
    pub checks: Vec<(u32, u32)>,
    /// Replications of each test.
    pub replications: u32,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended it early.
    pub is_interrupted: bool,
}

impl Discrimination {
    /// The best test.
    pub fn best(&self) -> Option<&SimulatedTest> {
        self.tests.first().filter(|_| !self.is_interrupted)
    }

    /// Pairs that no test tells apart, by index.
    pub fn open(&self) -> Vec<usize> {
        let pairs = self.best().map_or(0, |best| best.pairs.len());
        (0..pairs).filter(|&it| self.tests.iter().all(|test| test.pairs[it].repetitions.is_none())).collect()
    }

    /// Whether the checks found each truth as often as the confidence says, but for chance.
    pub fn is_confirmed(&self) -> bool {
        // Three standard deviations: of 20 tests with a probability of 0.95 each, fewer than 17 are found once in 63 checks.
        let expected = |of: u32| self.question.confidence * f64::from(of);
        let slack = |of: u32| 3.0 * (expected(of) * (1.0 - self.question.confidence)).sqrt();
        self.checks.iter().all(|&(found, of)| f64::from(found) >= expected(of) - slack(of) - 1e-9)
    }
}

/// Finds the test.
///
/// # Errors
/// If the hypotheses have no test in common, and where a model would be mistaken with draws of its parameters.
pub fn discriminate(
    rivals: &mut [Rival],
    question: Question,
    laboratory: &mut Laboratory,
) -> Result<Discrimination, Mistakes> {
    let all = candidates(rivals)?;
    let tests: Vec<&Candidate> = all.iter().collect();
    let replications = rivals.first().map_or(0, |rival| rival.bench.plan().replications);
    let mut observed = Vec::new();
    for (number, rival) in rivals.iter_mut().enumerate() {
        observed.push(laboratory.run((number, rival), &tests, &question.metrics, (0, replications))?);
    }
    let mut tests: Vec<SimulatedTest> = all
        .into_iter()
        .enumerate()
        .map(|(test, candidate)| {
            let of_test: Vec<&Observed> = observed.iter().map(|of_rival| &of_rival[test]).collect();
            SimulatedTest::of(candidate, &of_test, &question)
        })
        .collect();
    // A minute more or less does not count beside how far the predictions are apart.
    let minutes = |test: &SimulatedTest| (test.cost / 60.0).ceil();
    tests.sort_by(|a, b| {
        b.told_apart()
            .cmp(&a.told_apart())
            .then(minutes(a).total_cmp(&minutes(b)))
            .then(b.least_separation().total_cmp(&a.least_separation()))
    });
    let checks = match tests.first().filter(|best| best.told_apart() > 0 && !laboratory.is_interrupted) {
        Some(best) => check(best, rivals, &question, laboratory)?,
        None => Vec::new(),
    };
    let rivals = rivals.iter().map(|rival| Named { name: rival.name.clone(), title: rival.title.clone() }).collect();
    Ok(Discrimination {
        further: further(&tests),
        question,
        rivals,
        tests,
        checks,
        replications,
        doubts: laboratory.doubts.clone(),
        is_interrupted: laboratory.is_interrupted,
    })
}

/// Tests that tell the remaining pairs apart, those first that tell the most of them.
fn further(tests: &[SimulatedTest]) -> Vec<usize> {
    let Some(best) = tests.first() else { return Vec::new() };
    let mut left: Vec<usize> = (0..best.pairs.len()).filter(|&it| best.pairs[it].repetitions.is_none()).collect();
    let mut found = Vec::new();
    while !left.is_empty() {
        let does = |test: &SimulatedTest| left.iter().filter(|&&it| test.pairs[it].repetitions.is_some()).count();
        let next = (0..tests.len())
            .max_by(|&a, &b| does(&tests[a]).cmp(&does(&tests[b])).then(tests[b].cost.total_cmp(&tests[a].cost)));
        let Some(next) = next.filter(|&next| does(&tests[next]) > 0) else { break };
        left.retain(|&it| tests[next].pairs[it].repetitions.is_none());
        found.push(next);
    }
    found
}

/// Simulates the best test with new random numbers as if each hypothesis were true, and sees whether it is found.
fn check(
    best: &SimulatedTest,
    rivals: &mut [Rival],
    question: &Question,
    laboratory: &mut Laboratory,
) -> Result<Vec<(u32, u32)>, Mistakes> {
    let tests = best.repetitions;
    let mut checks = Vec::new();
    for (number, rival) in rivals.iter_mut().enumerate() {
        let runs = laboratory.run((number, rival), &[&best.candidate], &question.metrics, (1, CHECKS * tests))?;
        let figures = &runs[0].figures;
        // Draw by draw, as many runs as the test has repetitions are one result.
        let groups = |metric: usize| {
            let values: Vec<f64> = figures[metric].iter().flatten().copied().collect();
            let means = values.chunks_exact(tests as usize).map(|group| group.iter().sum::<f64>() / f64::from(tests));
            means.collect::<Vec<f64>>()
        };
        let decisive: Vec<(Vec<f64>, [f64; 2])> =
            best.decisive().into_iter().map(|metric| (groups(metric), best.range(number, metric))).collect();
        let of = decisive.iter().map(|(means, _)| means.len()).min().unwrap_or(0);
        let is_found =
            |index: &usize| decisive.iter().all(|(means, [low, high])| (*low..=*high).contains(&means[*index]));
        checks.push(((0..of).filter(is_found).count() as u32, of as u32));
    }
    Ok(checks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        let metrics = vec![Metric::ThroughputPerMin, Metric::MeanS];
        Question { metrics, tolerances: vec![0.1; 2], confidence: 0.95, most: 10, pause: 30.0, change: 900.0 }
    }

    fn candidate(is_changed: bool) -> Candidate {
        Candidate::alone("today", is_changed)
    }

    fn observed(throughput: f64, mean: f64) -> Observed {
        let around = |value: f64| vec![vec![value * 0.99, value, value * 1.01]];
        Observed { figures: vec![around(throughput), around(mean)], replications: 3, seconds: 60.0 }
    }

    /// Two are apart in throughput, the third from the second in its mean alone, by less.
    #[test]
    fn each_pair_has_the_figure_that_separates_it() {
        let all = [observed(500.0, 1.0), observed(1000.0, 1.0), observed(1000.0, 1.9)];
        let test = SimulatedTest::of(candidate(false), &all.iter().collect::<Vec<_>>(), &question());
        assert!(test.is_enough() && test.repetitions == 1, "{test:?}");
        assert_eq!(test.pairs.iter().map(|pair| pair.metric).collect::<Vec<_>>(), [Some(0), Some(0), Some(1)]);
        assert_eq!((test.cost, test.decisive()), (90.0, vec![0, 1]));
        let [low, high] = test.range(0, 0);
        assert!(low == f64::NEG_INFINITY && (500.0..1000.0).contains(&high), "{low} {high}");
        // The boundary is as far from both, in the standard deviations of each: a third of the way.
        assert!((high - 2000.0 / 3.0).abs() < 1.0, "{high}");
        assert_eq!(test.range(1, 0), [high, f64::INFINITY]);
    }

    #[test]
    fn what_is_alike_stays_alike_and_a_change_costs_its_time() {
        let all = [observed(500.0, 1.0), observed(510.0, 1.01), observed(900.0, 1.0)];
        let test = SimulatedTest::of(candidate(true), &all.iter().collect::<Vec<_>>(), &question());
        assert_eq!((test.told_apart(), test.alike(0), test.alike(2)), (2, vec![1], vec![]));
        assert!((test.cost - 990.0).abs() < 1e-9);
    }
}
