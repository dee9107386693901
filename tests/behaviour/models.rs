//! Models as tests write them, and how they are run.

use rayon::prelude::*;
use sim::language::{Columns, Model, lower};
use sim::load::trial;
use sim::model::{Load, System};
use sim::parts::{Limits, Outcome, ResourceUse};

/// A system under a load.
pub struct Bench {
    pub system: System,
    pub load: Load,
}

/// A model as a file would have it, its load included.
pub fn bench(text: &str) -> Bench {
    let model: Model = toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut columns = Columns::default();
    let complained = |complaints: Vec<lower::Complaint>| -> ! {
        let titles: Vec<_> = complaints.iter().map(|complaint| &complaint.title).collect();
        panic!("{titles:?}\n{text}")
    };
    let system = sim::language::lower(&model, &mut columns).unwrap_or_else(|complaints| complained(complaints));
    let load = model.load.as_ref().expect("a model with a load");
    let load = lower::load(load, &system, &mut columns).unwrap_or_else(|complaints| complained(complaints));
    Bench { system, load }
}

impl Bench {
    /// One run, which must be sound.
    pub fn run(&self, seed: u64, replication: u64) -> Outcome {
        let outcome = trial(&self.system, &self.load, seed, replication, &Limits::default());
        assert_eq!(outcome.violations, [""; 0]);
        outcome
    }

    /// Independent replications.
    pub fn replicate(&self, seed: u64, replications: u64) -> Vec<Outcome> {
        (0..replications).into_par_iter().map(|replication| self.run(seed, replication)).collect()
    }
}

/// What the outcome says of a resource.
pub fn resource<'o>(outcome: &'o Outcome, name: &str) -> &'o ResourceUse {
    let named = |resource: &&ResourceUse| resource.name == name;
    outcome.resources.iter().find(named).unwrap_or_else(|| {
        let names: Vec<_> = outcome.resources.iter().map(|resource| &resource.name).collect();
        panic!("no resource {name:?} among {names:?}")
    })
}
