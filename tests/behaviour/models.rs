//! Models as tests write them, and how they are run.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;
use sim::experiment::plan::{Adjustments, Plan, Precision};
use sim::experiment::run::runner::{self, Progress};
use sim::language::{Columns, Metric, Mistakes, Model, Source, lower};
use sim::load::trial;
use sim::model::{Load, System};
use sim::parts::{Limits, Outcome, ResourceUse};
use sim::report::Report;

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

/// The plan of an experiment or a model, as it would be read from a file.
pub fn plan(text: &str, adjustments: &Adjustments) -> Plan {
    let source = Source::text(Path::new("test.toml"), text);
    Plan::of(&source, adjustments).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

/// The report of all trials of a plan.
pub fn reported(plan: &Plan) -> Report<'_> {
    Report::of(plan, runner::run(plan, &Progress::default()))
}

/// What there is to see in the report of an experiment or a model.
pub fn with_report<T>(text: &str, look: impl FnOnce(&Report) -> T) -> T {
    look(&reported(&plan(text, &Adjustments::default())))
}

/// Reads an experiment that has its model beside it, in a folder of its own that is then removed.
pub fn read<T>(model: &str, experiment: &str, how: impl FnOnce(&Path) -> T) -> T {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("sim-model-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("a temporary folder");
    fs::write(folder.join("model.toml"), model).expect("a model");
    let file = folder.join("experiment.toml");
    fs::write(&file, format!("title = \"test\"\nmodel = \"model.toml\"\n{experiment}")).expect("an experiment");
    let read = how(&file);
    fs::remove_dir_all(&folder).expect("the folder was ours");
    read
}

/// The plan of an experiment with this model.
pub fn experiment(model: &str, text: &str) -> Result<Plan, Mistakes> {
    read(model, text, |file| Plan::read(file, &Adjustments::default()))
}

/// A plan in the making.
pub struct Draft {
    model: String,
    adjustments: Adjustments,
    precision: Option<Precision>,
}

/// A plan of one point: a model with its load.
pub fn one_point(model: &str) -> Draft {
    Draft { model: model.to_owned(), adjustments: Adjustments::default(), precision: None }
}

impl Draft {
    pub fn seed(mut self, seed: u64) -> Self {
        self.adjustments.seed = Some(seed);
        self
    }

    pub fn replications(mut self, replications: u32) -> Self {
        self.adjustments.replications = Some(replications);
        self
    }

    /// Replicates until these metrics have this relative half-width, at most so often.
    pub fn precise(mut self, of: &[Metric], half_width: f64, most: u32) -> Self {
        self.precision = Some(Precision { half_width, of: of.to_vec(), most });
        self
    }

    pub fn plan(self) -> Plan {
        let mut plan = plan(&self.model, &self.adjustments);
        plan.precision = self.precision;
        plan
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
