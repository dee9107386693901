//! Which of several systems is the best: what the replications that there are say of it, and replicating on until one
//! of them is selected.

mod sequential;

pub use sequential::{Rules, SelectionOutcome, SelectionStep, select};

use super::Moments;
use super::interval::{admissible, two_sided};

/// The systems among which is the best with at least this probability, by index in ascending order; `values[i][r]` is
/// what system `i` did in replication `r`, which met the same random numbers in all of them. More is better.
///
/// A system is out as soon as another one is better by more than chance explains: by the paired t test of the two, at a
/// risk divided by the number of others (Bonferroni), so that the best stays in with the stated probability, whatever
/// the correlation of the systems (the screening of Nelson, Swann, Goldsman & Song, Operations Research 49, 2001, with
/// the paired differences of Clark & Yang, Winter Simulation Conference 1986). If one system is left it is selected as
/// the best. Systems that are equal in every replication are left together.
///
/// `None` for fewer than two systems, fewer than two replications, different numbers of them, values not finite, or a
/// probability outside (0, 1).
#[must_use]
pub fn contenders(values: &[Vec<f64>], probability: f64) -> Option<Vec<usize>> {
    let replications = values.first()?.len();
    let is_sound = |system: &Vec<f64>| system.len() == replications && system.iter().all(|value| value.is_finite());
    if values.len() < 2 || replications < 2 || !admissible(probability) || !values.iter().all(is_sound) {
        return None;
    }
    let risk = (1.0 - probability) / (values.len() - 1) as f64;
    let count = replications as f64;
    // One-sided at this risk is two-sided at twice the risk.
    let critical = if 2.0 * risk < 1.0 { two_sided(1.0 - 2.0 * risk, count - 1.0) } else { 0.0 };
    let beats = |better: &Vec<f64>, worse: &Vec<f64>| {
        let differences: Moments = better.iter().zip(worse).map(|(a, b)| a - b).collect();
        let (Some(mean), Some(variance)) = (differences.mean(), differences.variance()) else { return false };
        mean > critical * (variance / count).sqrt() && mean > 0.0
    };
    let is_in = |&system: &usize| !values.iter().any(|other| beats(other, &values[system]));
    Some((0..values.len()).filter(is_in).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::noise::Noise;

    #[test]
    fn the_best_stays_in_and_is_alone_where_it_is_clearly_better() {
        let mut noise = Noise(0x2545_F491_4F6C_DD1D);
        let (mut kept, mut kept_with_equals, mut alone) = (0, 0, 0);
        for _ in 0..1_000 {
            let mut system = |mean: f64, luck: &[f64]| -> Vec<f64> {
                luck.iter().map(|luck| mean + 3.0 * luck + 0.5 * noise.normal()).collect()
            };
            let luck: Vec<f64> = (0..10).map(|index| f64::from(index % 4) - 1.5).collect();
            let close = [0.0, 0.05, 0.1, 0.0].map(|mean| system(mean, &luck));
            kept += usize::from(contenders(&close, 0.95).unwrap().contains(&2));
            let equal = [0.0; 4].map(|mean| system(mean, &luck));
            kept_with_equals += usize::from(contenders(&equal, 0.95).unwrap().contains(&1));
            let clear = [0.0, 1.5, 0.0].map(|mean| system(mean, &luck));
            alone += usize::from(contenders(&clear, 0.95).unwrap() == [1]);
        }
        assert!(kept >= 950, "{kept}");
        // Nothing is worse for the best than others that are as good.
        assert!((945..=990).contains(&kept_with_equals), "{kept_with_equals}");
        assert!(alone >= 950, "{alone}");
    }

    #[test]
    fn what_is_equal_is_left_together_and_what_is_always_worse_is_out() {
        let same = vec![3.0, 4.0, 5.0];
        let worse = vec![2.0, 3.0, 4.0];
        assert_eq!(contenders(&[same.clone(), worse, same.clone()], 0.95), Some(vec![0, 2]));
        assert_eq!(contenders(&[same.clone(), vec![1.0, 2.0]], 0.95), None);
        assert_eq!(contenders(&[same], 0.95), None);
        assert_eq!(contenders(&[vec![1.0], vec![2.0]], 0.95), None);
    }
}
