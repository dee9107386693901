//! The first line of a journal: what its trials are trials of.

use serde::{Deserialize, Serialize};

use crate::experiment::plan::Plan;
use crate::experiment::store::shard::Shard;

/// Names the program, the experiment and the share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format of the lines.
    pub journal: u32,
    /// The program: its version and a hash of its sources.
    pub sim: String,
    /// A hash of all that decides trials: model, experiment, columns, overrides, seed.
    pub inputs: String,
    /// The experiment's file, as it was named.
    pub file: String,
    /// Overrides of the command line.
    pub set: Vec<(String, String)>,
    /// The seed of every stream.
    pub seed: u64,
    /// Number of points.
    pub points: usize,
    /// Replications of each point that were asked for.
    pub replications: u32,
    /// Which share this is, as `3/16`; none: all.
    pub shard: Option<String>,
}

impl Header {
    const FORMAT: u32 = 8;

    /// The header of a plan's journal.
    pub fn of(plan: &Plan, shard: Option<Shard>) -> Self {
        let origin = plan.origin();
        Self {
            journal: Self::FORMAT,
            sim: env!("SIM_BUILD").into(),
            inputs: origin.fingerprint.clone(),
            file: origin.file.display().to_string(),
            set: origin.set.clone(),
            seed: plan.seed,
            points: plan.points.len(),
            replications: plan.replications,
            shard: shard.map(|shard| shard.to_string()),
        }
    }

    /// The header of the journal of a search, which has as many points as it takes.
    pub fn of_search(plan: &Plan, question: &str) -> Self {
        Self { inputs: plan.origin().asked(question), points: u32::MAX as usize, ..Self::of(plan, None) }
    }

    /// The name under which a journal of this name is put aside.
    pub(super) fn aside(&self, name: &str) -> String {
        let inputs = self.inputs.get(..8).unwrap_or("");
        let build = self.sim.rsplit('+').next().unwrap_or("");
        // Any program may have written the line, and this becomes the name of a file.
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        format!("previous-{}-{}-{name}", plain(inputs), plain(build))
    }

    /// Whether the trials of one journal are trials of the other: same program, same inputs. The file's name and the
    /// number of replications do not matter.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.journal == other.journal
            && self.sim == other.sim
            && self.inputs == other.inputs
            && self.seed == other.seed
            && self.points == other.points
    }
}
