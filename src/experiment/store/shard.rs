//! Shards: the share of a sweep that one machine runs. Trials are dealt round robin, each point's replications starting
//! one shard further on than those of the point before; which shard runs a trial shows nowhere in its figures.

use std::fmt;
use std::str::FromStr;

use crate::experiment::plan::Plan;

/// One of several shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

/// Shards of a sweep at most.
pub const MOST_SHARDS: u32 = 65_535;

/// Where the index of a shard comes from, with `auto`: the variable's name, what it counts from, whose it is.
const SOURCES: [(&str, u32, &str); 3] = [
    ("SLURM_ARRAY_TASK_ID", 1, "Slurm's job arrays"),
    ("JOB_COMPLETION_INDEX", 0, "Kubernetes' indexed jobs"),
    ("HQ_TASK_ID", 1, "HyperQueue's task arrays"),
];

/// How trials are dealt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deal {
    /// Each point's replications go round all shards.
    Replications,
    /// One shard runs all replications of a point: under a precision they tell how many there are to be.
    Points,
    /// One shard runs all points of a place, by the place of each point: in a selection of the best they tell
    /// together how many there are to be.
    Places(Vec<u32>),
}

impl Deal {
    /// How a plan's trials are dealt; `in_rounds` if somebody plans rounds.
    pub fn of(plan: &Plan, in_rounds: bool) -> Self {
        if !plan.is_sequential() || in_rounds {
            return Self::Replications;
        }
        if plan.best_within.is_none() {
            return Self::Points;
        }
        let mut places = vec![0; plan.points.len()];
        for (place, points) in (0..).zip(plan.places()) {
            points.into_iter().for_each(|point| places[point] = place);
        }
        Self::Places(places)
    }

    /// The index of the shard that runs a trial, of so many.
    pub fn owner(&self, point: u32, replication: u32, of: u32) -> u32 {
        let at = match self {
            Self::Replications => u64::from(point) + u64::from(replication),
            Self::Points => point.into(),
            Self::Places(places) => places.get(point as usize).copied().unwrap_or(point).into(),
        };
        (at % u64::from(of)) as u32 + 1
    }
}

impl Shard {
    /// Whether it runs this trial.
    pub fn owns(self, deal: &Deal, point: u32, replication: u32) -> bool {
        deal.owner(point, replication, self.of) == self.index
    }

    /// What the command line asks for: `3/16`, or `auto/16` (or `auto`, where Slurm says how many there are), whose
    /// index is in a variable of the environment.
    ///
    /// # Errors
    /// In words: what is wrong and what would be right.
    pub fn read(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let (index, of) = match text.split_once('/') {
            Some(("auto", of)) => (None, Some(of)),
            Some((index, of)) => (Some(index), Some(of)),
            None if text == "auto" => (None, None),
            None => return Err(format!("`{text}` is not a shard: write `3/16`, the third of sixteen, or `auto/16`")),
        };
        let number = |text: &str, what: &str| {
            let number = u32::from_str(text).ok().filter(|number| (1..=MOST_SHARDS).contains(number));
            number.ok_or_else(|| format!("{what} is `{text}`; it must be a whole number from 1 to {MOST_SHARDS}"))
        };
        let of = match of {
            Some(of) => number(of, "the number of shards")?,
            None => count(&variable)?,
        };
        let index = match index {
            Some(index) => number(index, "the shard's number")?,
            None => {
                let known = SOURCES.iter().find_map(|&(name, first, _)| Some((name, first, variable(name)?)));
                let Some((name, first, text)) = known else {
                    let names: Vec<String> =
                        SOURCES.iter().map(|(name, _, whose)| format!("{name} ({whose})")).collect();
                    return Err(format!("`auto` needs one of these environment variables: {}", names.join(", ")));
                };
                let value = u32::from_str(text.trim())
                    .map_err(|_| format!("{name} is `{text}`, which is not a whole number"))?;
                match (value + 1).checked_sub(first).filter(|&index| index > 0) {
                    Some(index) => index,
                    None => return Err(format!("{name} is {value}, but must count from 1: request tasks 1 to {of}")),
                }
            }
        };
        if index > of {
            return Err(format!("shard {index} of {of} does not exist: the last one is {of}/{of}"));
        }
        Ok(Self { index, of })
    }
}

/// The number of shards that Slurm knows of.
fn count(variable: &impl Fn(&str) -> Option<String>) -> Result<u32, String> {
    let bound = |name| variable(name).and_then(|text| u32::from_str(text.trim()).ok());
    match (bound("SLURM_ARRAY_TASK_MIN"), bound("SLURM_ARRAY_TASK_MAX")) {
        (Some(1), Some(of)) if (1..=MOST_SHARDS).contains(&of) => Ok(of),
        (Some(first), Some(_)) => Err(format!(
            "the job array begins at {first}, so `auto` does not know how many shards there are: write `auto/16`"
        )),
        _ => Err("only Slurm tells `auto` how many shards there are: write `auto/16`".into()),
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Shard, String> {
        Shard::read(text, |name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()))
    }

    #[test]
    fn the_index_comes_from_the_flag_or_the_environment() {
        let shard = |index, of| Ok(Shard { index, of });
        assert_eq!(read("3/16", &[]), shard(3, 16));
        assert_eq!(read("auto/16", &[("SLURM_ARRAY_TASK_ID", "16")]), shard(16, 16));
        assert_eq!(read("auto/16", &[("JOB_COMPLETION_INDEX", "0")]), shard(1, 16));
        assert_eq!(read("auto/16", &[("HQ_TASK_ID", "7")]), shard(7, 16));
        let slurm = [("SLURM_ARRAY_TASK_ID", "2"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_MAX", "4")];
        assert_eq!(read("auto", &slurm), shard(2, 4));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text, environment: &[(&str, &str)], part: &str| {
            let error = read(text, environment).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        wrong("3", &[], "`3/16`");
        wrong("0/4", &[], "from 1");
        wrong("5/4", &[], "does not exist");
        wrong("x/4", &[], "`x`");
        wrong("auto/4", &[], "JOB_COMPLETION_INDEX");
        wrong("auto", &[("JOB_COMPLETION_INDEX", "1")], "`auto/16`");
        wrong("auto/4", &[("HQ_TASK_ID", "0")], "count from 1");
        wrong("auto", &[("SLURM_ARRAY_TASK_MIN", "7"), ("SLURM_ARRAY_TASK_MAX", "7")], "begins at 7");
        // A requeued task that is the last of a larger array is refused, not dealt another share.
        wrong("auto/4", &[("SLURM_ARRAY_TASK_ID", "9")], "does not exist");
    }

    #[test]
    fn every_trial_is_one_shards() {
        for of in [1, 3, 16] {
            let mut shares = vec![0; of as usize];
            for point in 0..40 {
                for replication in 0..12 {
                    let owners: Vec<u32> = (1..=of)
                        .filter(|&index| Shard { index, of }.owns(&Deal::Replications, point, replication))
                        .collect();
                    assert_eq!(owners.len(), 1);
                    assert_eq!(Deal::Points.owner(point, replication, of), point % of + 1);
                    let places = Deal::Places((0..40).map(|point| point % 8).collect());
                    assert_eq!(places.owner(point, replication, of), point % 8 % of + 1);
                    shares[owners[0] as usize - 1] += 1;
                }
            }
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 12, "{shares:?}");
        }
    }
}
