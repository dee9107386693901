//! The metastability map: at each load, the sizes of a trigger from which a system returns by itself, and those after
//! which it stays down (Bronson, Aghayev, Charapko and Zhu 2021, "Metastable failures in distributed systems", HotOS).
//!
//! A replication returns if its `recovery_s` is finite, or if the trigger had no effect; it stays down if success and
//! response times are not in their usual range again before the run ends. A size of the trigger returns if all of its
//! replications do, stays down if none does, and depends otherwise. Both borders are found by bisection at each load; all
//! loads and variants advance together, so that all threads have work.

use super::bisection::{Bisection, Side};
use super::laboratory::{Demand, Laboratory};
use crate::experiment::analyse::trial::Trial;
use crate::experiment::plan::{MetastableSearch, Plan, Study};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::language::Mistakes;

/// Replications of each point at least: one alone does not show that it depends.
pub const FEWEST: u32 = 5;

/// What was found.
#[derive(Debug)]
pub struct MetastableAnswer {
    /// The plan of all points that were tried.
    pub plan: Plan,
    /// What was asked.
    pub asked: MetastableSearch,
    /// Replications of each point.
    pub replications: u32,
    /// By variant, in the order in which they were asked for.
    pub variants: Vec<VariantMap>,
    /// Trials that were run or found in the journal.
    pub trials: usize,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended the search.
    pub is_interrupted: bool,
}

/// The map of a variant.
#[derive(Clone, Debug)]
pub struct VariantMap {
    /// Which variant.
    pub variant: usize,
    /// By load, in ascending order.
    pub borders: Vec<Border>,
}

/// The borders at one load.
#[derive(Clone, Debug)]
pub struct Border {
    /// The load.
    pub load: f64,
    /// The largest size below which every size that was tried returns, itself included.
    pub returns: Option<f64>,
    /// The smallest size that tips some replication.
    pub tips: Option<f64>,
    /// The smallest size from which on every size that was tried stays down in every replication.
    pub stays: Option<f64>,
    /// What was tried, in ascending order.
    pub tried: Vec<TriedTrigger>,
}

/// A size that was tried.
#[derive(Clone, Debug)]
pub struct TriedTrigger {
    /// The size.
    pub trigger: f64,
    /// The point of the plan.
    pub point: usize,
    /// Replications that gave figures.
    pub runs: usize,
    /// Replications that stay down.
    pub down: usize,
}

/// What becomes of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It returns by itself.
    Returns,
    /// In some replications it returns, in others it stays down.
    Depends,
    /// It stays down.
    StaysDown,
}

impl TriedTrigger {
    /// What becomes of it.
    pub fn fate(&self) -> Fate {
        match self.down {
            // Nothing is known of it.
            _ if self.runs == 0 => Fate::Depends,
            0 => Fate::Returns,
            down if down == self.runs => Fate::StaysDown,
            _ => Fate::Depends,
        }
    }
}

impl VariantMap {
    /// The load and the size of the smallest trigger that tips it; of equal sizes that at the smallest load.
    pub fn smallest(&self) -> Option<(f64, f64)> {
        let tips = self.borders.iter().filter_map(|border| Some((border.load, border.tips?)));
        tips.min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// A search at one load.
struct Column {
    variant: usize,
    load: f64,
    bisection: Bisection,
    tried: Vec<(u32, TriedTrigger)>,
}

/// Whether a replication stays down.
fn stays_down(trial: &Trial) -> bool {
    trial.recovery_s == Some(f64::INFINITY)
}

/// Searches every variant of a study. Its dials are the load and the trigger.
///
/// # Errors
/// Where a point cannot be made.
pub fn search(
    study: Study,
    asked: &MetastableSearch,
    variants: &[usize],
    record: &Record,
    progress: &Progress,
) -> Result<MetastableAnswer, Mistakes> {
    let replications = study.plan().replications.max(FEWEST);
    let last = asked.grid.cells();
    let mut laboratory = Laboratory::new(study, record, progress);
    let columns = variants.iter().flat_map(|&variant| asked.loads.iter().map(move |&load| (variant, load)));
    let column = |(variant, load)| Column { variant, load, bisection: Bisection::new(last), tried: Vec::new() };
    let mut columns: Vec<Column> = columns.map(column).collect();
    while !laboratory.is_interrupted() {
        let mut wanted = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            for position in column.bisection.next() {
                let point = laboratory.point(column.variant, &[column.load, asked.grid.value(position)])?;
                wanted.push((index, position, point));
            }
        }
        if wanted.is_empty() {
            break;
        }
        let demands: Vec<Demand> = wanted.iter().map(|&(_, _, point)| Demand { point, replications }).collect();
        laboratory.run(&demands);
        if laboratory.is_interrupted() {
            break;
        }
        for (index, position, point) in wanted {
            let trials = laboratory.trials(point);
            let down = trials.iter().filter(|trial| stays_down(trial)).count();
            let tried = TriedTrigger { trigger: asked.grid.value(position), point, runs: trials.len(), down };
            let side = match tried.fate() {
                Fate::Returns => Side::Meets,
                Fate::Depends => Side::TooClose,
                Fate::StaysDown => Side::After,
            };
            columns[index].bisection.tell(position, side);
            columns[index].tried.push((position, tried));
        }
    }
    let maps = variants.iter().map(|&variant| VariantMap {
        variant,
        borders: columns.iter().filter(|column| column.variant == variant).map(Column::border).collect(),
    });
    Ok(MetastableAnswer {
        variants: maps.collect(),
        asked: asked.clone(),
        replications,
        trials: laboratory.count(),
        doubts: laboratory.doubts(),
        is_interrupted: laboratory.is_interrupted(),
        plan: laboratory.into_plan(),
    })
}

impl Column {
    fn border(&self) -> Border {
        let mut tried: Vec<TriedTrigger> = self.tried.iter().map(|(_, tried)| tried.clone()).collect();
        tried.sort_by(|a, b| a.trigger.total_cmp(&b.trigger));
        let first = tried.iter().position(|tried| tried.down > 0);
        let last_that_returns = match first {
            Some(first) => first.checked_sub(1),
            None => tried.len().checked_sub(1),
        };
        let stays = tried.iter().rposition(|tried| tried.fate() != Fate::StaysDown).map_or(0, |index| index + 1);
        Border {
            load: self.load,
            returns: last_that_returns.map(|index| tried[index].trigger),
            tips: first.map(|index| tried[index].trigger),
            stays: tried.get(stays).map(|tried| tried.trigger),
            tried,
        }
    }
}
