//! From the state of the page to the experiment of two designs that answers it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::benches::Benches;
use super::state::{Change, MOST_RUNS, State};
use crate::experiment::plan::{Adjustments, Control, Plan, Scope, Side, Workbench};
use crate::language::{Mistake, Mistakes};
use crate::model::AccountsKept;
use crate::parts::BlameGroup;

/// Time on the wall that a trial may take.
const MOST_TIME: Duration = Duration::from_secs(20);

/// The groups of requests of which it can be shown where their time goes.
pub(super) const TIMES: [BlameGroup; 4] = [BlameGroup::Mean, BlameGroup::P50, BlameGroup::P95, BlameGroup::P99];

/// The names of the two designs.
const NAMES: [&str; 2] = ["before", "after"];

/// What is asked, made ready.
#[derive(Debug)]
pub(super) struct Question {
    /// The name of the file.
    pub file: String,
    bench: Arc<Workbench>,
    /// The variants that the two designs start from.
    pub variants: [usize; 2],
    /// The controls of the second design.
    pub controls: Vec<Control>,
    /// What the load and the axes of both are set to.
    place: Vec<Change>,
    /// What the two designs change.
    changes: [Vec<Change>; 2],
    seed: u64,
    runs: u32,
    /// The requests that the chart of time is about.
    pub time: BlameGroup,
}

impl Question {
    /// Reads the file and finds what the state changes of it.
    ///
    /// # Errors
    /// Each mistake of the file, and what the state has that the file has not.
    pub(super) fn of(state: &State, benches: &Benches) -> Result<Self, Mistakes> {
        let (file, bench) = benches.get(state.file.as_deref())?;
        let index = |name: &Option<String>| -> Result<Option<usize>, Mistakes> {
            let found = name.as_ref().map(|name| bench.variants(std::slice::from_ref(name))).transpose()?;
            Ok(found.and_then(|found| found.first().copied()))
        };
        let before = index(&state.before)?.unwrap_or(0);
        let after = index(&state.after)?.unwrap_or(before);
        let controls = bench.controls(after, &state.set)?;
        if !state.was.is_empty() {
            // The first design is checked by its own variant.
            bench.controls(before, &state.was)?;
        }
        let scope = |path: &str| controls.iter().find(|control| control.path == path).map(|control| control.scope);
        if let Some((path, _)) = state.was.iter().find(|(path, _)| scope(path) == Some(Scope::Place)) {
            return Err(Mistake::new(format!("`{path}` is the same for both designs: write `set`, not `was`")).into());
        }
        let (place, change): (Vec<Change>, Vec<Change>) =
            state.set.iter().cloned().partition(|(path, _)| scope(path) == Some(Scope::Place));
        let time = match &state.time {
            None => BlameGroup::P95,
            Some(name) => TIMES.into_iter().find(|group| group.name() == name).ok_or_else(|| {
                let names = TIMES.map(BlameGroup::name);
                Mistake::new(format!("there is no time `{name}`")).help(format!("one of {}", names.join(", ")))
            })?,
        };
        let plan = bench.plan();
        let runs = state.runs.unwrap_or(plan.replications).min(MOST_RUNS);
        Ok(Self {
            file,
            variants: [before, after],
            controls,
            place,
            changes: [state.was.clone(), change],
            seed: state.seed.unwrap_or(plan.seed),
            runs,
            time,
            bench,
        })
    }

    /// The plan of the file.
    pub(super) fn whole(&self) -> &Plan {
        self.bench.plan()
    }

    /// The seed.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// Replications.
    pub(super) fn runs(&self) -> u32 {
        self.runs
    }

    /// What the first design changes.
    pub(super) fn was(&self) -> &[Change] {
        &self.changes[0]
    }

    /// The variants that can be chosen, with their indices.
    pub(super) fn offered(&self) -> Vec<(usize, &str)> {
        let all = self.bench.variants(&[]).unwrap_or_default();
        all.into_iter().map(|index| (index, self.whole().variants[index].as_str())).collect()
    }

    /// The experiment, as TOML, and the file that it could stand in: beside the one that was read.
    ///
    /// # Errors
    /// Where a path or a value cannot be read.
    pub(super) fn experiment(&self) -> Result<(PathBuf, String), Mistakes> {
        let side = |index: usize| Side { name: NAMES[index], variant: self.variants[index], set: &self.changes[index] };
        let text = self.bench.excerpt(&[side(0), side(1)], &self.place, self.seed, self.runs)?;
        Ok((self.file_to_be(), text))
    }

    /// The file to save the experiment as.
    fn file_to_be(&self) -> PathBuf {
        let file = PathBuf::from(&self.file);
        let stem = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        file.with_file_name(format!("{stem}-live.toml"))
    }

    /// Where the file comes from that messages and commands name.
    pub(super) fn saved(&self) -> String {
        format!(
            "First save the experiment as {}, with “Save as experiment” on the live page",
            self.file_to_be().display()
        )
    }

    /// The plan of the experiment: a point for each of the two designs. A trial that takes too long is given up.
    ///
    /// # Errors
    /// Each mistake that the changes make.
    pub(super) fn plan(&self) -> Result<Plan, Mistakes> {
        let (path, text) = self.experiment()?;
        let noted = |mistakes: Mistakes| Mistakes(mistakes.0.into_iter().map(|it| it.note(self.saved())).collect());
        let mut plan = Plan::from_text(&path, &text, &Adjustments::default()).map_err(noted)?;
        plan.max_wall_time = Some(plan.max_wall_time.map_or(MOST_TIME, |time| time.min(MOST_TIME)));
        for point in &mut plan.points {
            if point.load.accounts == AccountsKept::Sampled {
                Arc::make_mut(&mut point.load).accounts = AccountsKept::All;
            }
        }
        Ok(plan)
    }
}
