use super::*;
use crate::statistics::interval::two_sided;
use crate::statistics::noise::Noise;

const EXPERIMENTS: u32 = 1_000;

const RULES: Rules = Rules { probability: 0.95, first: 10, most: 100_000 };

/// Normal systems of variance 1 that share their luck, replicated as they are asked for.
struct Systems {
    means: Vec<f64>,
    correlation: f64,
    noise: Noise,
    luck: Vec<f64>,
    values: Vec<Vec<f64>>,
}

impl Systems {
    fn new(means: &[f64], correlation: f64, seed: u64) -> Self {
        let noise = Noise(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        Self { means: means.to_vec(), correlation, noise, luck: Vec::new(), values: vec![Vec::new(); means.len()] }
    }

    fn observe(&mut self, systems: &[usize], count: usize) -> Vec<Vec<f64>> {
        while self.luck.len() < count {
            self.luck.push(self.noise.normal());
        }
        let (common, own) = (self.correlation.sqrt(), (1.0 - self.correlation).sqrt());
        for &system in systems {
            for replication in self.values[system].len()..count {
                let value = self.means[system] + common * self.luck[replication] + own * self.noise.normal();
                self.values[system].push(value);
            }
        }
        systems.iter().map(|&system| self.values[system][..count].to_vec()).collect()
    }

    /// Replications of all systems.
    fn run(&self) -> usize {
        self.values.iter().map(Vec::len).sum()
    }

    /// Replications of all systems in a design of two stages, the second as long as the first one's spread of all pairs
    /// asks for (Clark and Yang 1986, by Bonferroni's inequality).
    fn in_two_stages(&mut self, zone: f64) -> usize {
        let all: Vec<usize> = (0..self.means.len()).collect();
        let first = self.observe(&all, RULES.first);
        let risk = (1.0 - RULES.probability) / (all.len() - 1) as f64;
        let t = two_sided(1.0 - 2.0 * risk, (RULES.first - 1) as f64);
        let spread = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).map(|(a, b)| a - b).collect::<Moments>().variance().expect("ten replications")
        };
        let widest = first.iter().flat_map(|a| first.iter().map(|b| spread(a, b))).fold(0.0, f64::max);
        all.len() * RULES.first.max((t * t * widest / (zone * zone)).ceil() as usize)
    }
}

/// The share of experiments that select the last system, and the replications they take on average by this procedure
/// and in two stages.
fn experiments(means: &[f64], correlation: f64, zone: f64) -> (f64, f64, f64) {
    let (mut right, mut run, mut in_two_stages) = (0, 0, 0);
    for seed in 1..=EXPERIMENTS {
        let mut systems = Systems::new(means, correlation, seed.into());
        let outcome = select(means.len(), RULES, |_| zone, |left, count| Some(systems.observe(left, count))).unwrap();
        assert_eq!(outcome.next, SelectionStep::Selected);
        right += u32::from(outcome.left == [means.len() - 1]);
        run += systems.run();
        in_two_stages += Systems::new(means, correlation, seed.into()).in_two_stages(zone);
    }
    let each = |sum: f64| sum / f64::from(EXPERIMENTS);
    (each(right.into()), each(run as f64), each(in_two_stages as f64))
}

/// All others are worse by just the zone, which is the hardest case that something is promised for. Of 1000 experiments
/// 950 are right or more, less 2.33 standard deviations of that number.
#[test]
fn the_best_is_selected_with_the_stated_probability() {
    let least = 0.95 - 2.33 * (0.95_f64 * 0.05 / f64::from(EXPERIMENTS)).sqrt();
    for count in [2, 3, 5, 10] {
        for (correlation, zone) in [(0.0, 0.4), (0.5, 0.3), (0.9, 0.15)] {
            let mut means = vec![0.0; count];
            means[count - 1] = zone;
            let (right, run, in_two_stages) = experiments(&means, correlation, zone);
            println!(
                "{count} systems, correlation {correlation}: {right}, {run} replications, {in_two_stages} in two stages"
            );
            assert!(right >= least, "{count} systems, correlation {correlation}: {right}");
        }
    }
}

/// What is worse by far is eliminated early, and what is eliminated is replicated no more.
#[test]
fn clear_cases_take_a_fraction_of_what_two_stages_take() {
    for correlation in [0.0, 0.8] {
        let (right, run, in_two_stages) = experiments(&[0.0, 0.2, 0.4, 0.6, 1.0], correlation, 0.1);
        println!("correlation {correlation}: {right}, {run} replications, {in_two_stages} in two stages");
        assert!(right >= 0.99, "{right}");
        assert!(run < 0.1 * in_two_stages, "{run} against {in_two_stages}");
    }
}

/// The end comes without a difference too, and no later than the next look after the bound of the first stage.
#[test]
fn equal_systems_end_by_the_zone() {
    for seed in 1..=100 {
        let mut systems = Systems::new(&[1.0; 3], 0.5, seed);
        let mut looks = Vec::new();
        let outcome = select(
            3,
            RULES,
            |_| 0.5,
            |left, count| {
                looks.push(count);
                Some(systems.observe(left, count))
            },
        );
        let outcome = outcome.unwrap();
        assert_eq!((outcome.next, outcome.left.len()), (SelectionStep::Selected, 1));
        let mut first = Systems::new(&[1.0; 3], 0.5, seed);
        let bounds = Bounds::of(&first.observe(&[0, 1, 2], 10), 0.95, |_| 0.5).unwrap();
        let end = bounds.enough(&[0, 1, 2]);
        assert!((outcome.replications as f64) < (end * 1.25 + 1.0).max(11.0), "{outcome:?}, {end}");
        assert!(looks.windows(2).all(|pair| pair[1] as f64 >= 1.25 * pair[0] as f64));
    }
}

fn fixed(values: &[Vec<f64>]) -> impl FnMut(&[usize], usize) -> Option<Vec<Vec<f64>>> {
    move |systems, count| systems.iter().map(|&system| values[system].get(..count).map(<[f64]>::to_vec)).collect()
}

fn decided(values: &[Vec<f64>], rules: Rules, zone: f64) -> Option<SelectionOutcome> {
    select(values.len(), rules, |_| zone, fixed(values))
}

#[test]
fn what_does_not_vary_is_decided_at_the_first_look() {
    let rules = Rules { first: 3, ..RULES };
    let systems = [vec![1.0, 2.0, 3.0], vec![0.5, 1.5, 2.5], vec![1.0, 2.0, 3.0]];
    let alike = SelectionOutcome { left: vec![0, 2], replications: 3, next: SelectionStep::Selected, enough: 0.0 };
    assert_eq!(decided(&systems, rules, 0.1), Some(alike.clone()));
    // Even without a zone.
    assert_eq!(decided(&systems, rules, 0.0), Some(alike));
    let varying = [vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.1]];
    assert_eq!(decided(&varying, rules, 0.0).unwrap().enough, f64::INFINITY);
    assert_eq!(decided(&varying, Rules { most: 3, ..rules }, 0.0).unwrap().next, SelectionStep::Maximum);
}

#[test]
fn what_was_not_run_yet_is_asked_for() {
    let systems = [vec![1.0, 2.0, 3.0, 1.5, 2.5], vec![1.5, 1.0, 3.0, 2.5, 2.0]];
    let rules = Rules { probability: 0.95, first: 4, most: 7 };
    assert_eq!(decided(&systems, Rules { first: 6, ..rules }, 0.1).unwrap().next, SelectionStep::Until(6));
    let outcome = decided(&systems, rules, 0.1).unwrap();
    assert_eq!((outcome.replications, outcome.next), (5, SelectionStep::Until(7)));
    assert!(outcome.enough > 7.0);
    assert_eq!(decided(&systems, Rules { most: 5, ..rules }, 0.1).unwrap().next, SelectionStep::Maximum);
}

#[test]
fn what_cannot_be_compared_gives_nothing() {
    let rules = Rules { probability: 0.95, first: 2, most: 4 };
    let pair = [vec![1.0, 2.0], vec![2.0, 1.0]];
    assert!(decided(&pair, rules, 0.1).is_some());
    assert_eq!(decided(&pair[..1], rules, 0.1), None);
    assert_eq!(decided(&pair, Rules { first: 1, ..rules }, 0.1), None);
    assert_eq!(decided(&pair, Rules { probability: 1.0, ..rules }, 0.1), None);
    assert_eq!(decided(&pair, rules, -0.1), None);
    assert_eq!(decided(&pair, rules, f64::NAN), None);
    assert_eq!(decided(&[vec![1.0, 2.0], vec![f64::INFINITY, 1.0]], rules, 0.1), None);
    // Later too.
    assert_eq!(decided(&[vec![1.0, 2.0, f64::NAN], vec![2.0, 1.0, 1.0]], rules, 0.1), None);
    let uneven = |_: &[usize], _| Some(vec![vec![1.0, 2.0], vec![1.0]]);
    assert_eq!(select(2, rules, |_| 0.1, uneven), None);
}
