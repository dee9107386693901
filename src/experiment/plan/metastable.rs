//! What `sim metastable` looks for, checked: along which trigger, at which loads.

use super::design::Axis;
use super::dial::Dial;
use super::knee::{Grid, KneeWishes, RangeOptions};
use super::workbench::{Study, Workbench};
use crate::language::{Mistake, Mistakes};
use crate::model::{RateUnit, Strength};

/// Loads where the command line names no number of them.
const LOADS: u32 = 5;

/// The share of the written load that the smallest load is, where the command line names none.
const LEAST_LOAD: f64 = 0.5;

const LOAD_OPTIONS: RangeOptions =
    RangeOptions { axis: "--load", from: "--load-from", to: "--load-to", resolution: "--resolution", has_table: false };

const TRIGGER_OPTIONS: RangeOptions =
    RangeOptions { axis: "--trigger", from: "--from", to: "--to", resolution: "--resolution", has_table: false };

/// A question for the border beyond which a system stays down.
#[derive(Clone, Debug)]
pub struct MetastableSearch {
    /// The load.
    pub load: Dial,
    /// Its values, in ascending order.
    pub loads: Vec<f64>,
    /// The size of the trigger.
    pub trigger: Dial,
    /// The sizes that are looked at.
    pub grid: Grid,
}

/// What the command line asks for.
#[derive(Clone, Debug, Default)]
pub struct MetastableWishes {
    /// The trigger: the name of an axis, or a path.
    pub trigger: Option<String>,
    /// Its smallest size, as it would be written in a file.
    pub from: Option<String>,
    /// Its largest size.
    pub to: Option<String>,
    /// The resolution.
    pub resolution: Option<String>,
    /// The load: the name of an axis, or a path.
    pub load: Option<String>,
    /// The smallest load.
    pub load_from: Option<String>,
    /// The largest load.
    pub load_to: Option<String>,
    /// Loads.
    pub loads: Option<u32>,
}

impl Workbench {
    /// The search that the command line asks for.
    ///
    /// # Errors
    /// Where there is no such axis or path, or where a range is none.
    pub fn metastable(&self, wishes: &MetastableWishes) -> Result<MetastableSearch, Mistakes> {
        let strength = self.strength();
        let load = wishes.load.clone().or_else(|| strength.as_ref().map(|(path, _)| path.clone()));
        let Some(load) = load else {
            let mistake = Mistake::new("no single number stands for this load");
            return Err(mistake.help("name one: --load PATH --load-from VALUE --load-to VALUE").into());
        };
        let written = strength.filter(|(path, _)| *path == load).map(|(_, size)| size);
        let end = |wish: &Option<String>, share: f64| wish.clone().or_else(|| written.as_ref().map(|size| size(share)));
        let of_load = self.knee(&KneeWishes {
            options: LOAD_OPTIONS,
            axis: Some(load),
            from: end(&wishes.load_from, LEAST_LOAD),
            to: end(&wishes.load_to, 1.0),
            ..KneeWishes::default()
        })?;
        let trigger = match &wishes.trigger {
            Some(name) => name.clone(),
            None => self.other_axis(&of_load.dial).ok_or_else(|| {
                let mistake = Mistake::new("there is no axis of numbers that could be the size of a trigger");
                mistake.help("name one: --trigger load.spikes[0].factor --from 1 --to 10, or faults.NAME.to")
            })?,
        };
        let of_trigger = self.knee(&KneeWishes {
            options: TRIGGER_OPTIONS,
            axis: Some(trigger),
            from: wishes.from.clone(),
            to: wishes.to.clone(),
            resolution: wishes.resolution.clone(),
            ..KneeWishes::default()
        })?;
        if of_trigger.dial.path == of_load.dial.path {
            let title = format!("`{}` is both the load and the trigger", of_load.dial.path);
            return Err(Mistake::new(title).help("name another: --trigger PATH, or --load PATH").into());
        }
        let count = wishes.loads.unwrap_or(LOADS).max(1);
        let cells = of_load.grid.cells();
        let at = |index: u32| {
            of_load.grid.value((u64::from(cells) * u64::from(index) / u64::from((count - 1).max(1))) as u32)
        };
        let mut loads: Vec<f64> =
            if count == 1 { vec![of_load.grid.value(cells)] } else { (0..count).map(at).collect() };
        loads.dedup();
        Ok(MetastableSearch { load: of_load.dial, loads, trigger: of_trigger.dial, grid: of_trigger.grid })
    }

    /// The path of the number that stands for the load, and how a share of it is written.
    fn strength(&self) -> Option<(String, impl Fn(f64) -> String + use<>)> {
        let (path, size, unit, is_whole) = match &self.plan.points.first()?.load.strength {
            Strength::Clients { path, count, .. } => (path.clone(), f64::from(*count), "", true),
            Strength::Rate { path, per_second, unit } => {
                let suffix = match unit {
                    RateUnit::Second => "/s",
                    RateUnit::Minute => "/min",
                    RateUnit::Hour => "/h",
                };
                (path.clone(), per_second * unit.seconds(), suffix, false)
            }
            Strength::Factor { path, factor } => ((*path).to_owned(), *factor, "", false),
            Strength::Stages { .. } | Strength::Classes | Strength::Peak { .. } | Strength::Stretch { .. } => {
                return None;
            }
        };
        Some((path, move |share: f64| match is_whole {
            true => format!("{}", (size * share).round().max(1.0)),
            false => format!("{}{unit}", size * share),
        }))
    }

    /// The first axis of numbers that is not this one.
    fn other_axis(&self, load: &Dial) -> Option<String> {
        let is_fit = |axis: &&Axis| {
            axis.path != load.path && axis.values.len() > 1 && axis.values.iter().all(|value| value.number.is_some())
        };
        self.plan.axes.iter().find(is_fit).map(|axis| axis.name.clone())
    }
}

impl Study {
    /// Finds the mistakes of a search: at the largest load and either end of the trigger, recovery must be timed from the
    /// end of the trigger on.
    ///
    /// # Errors
    /// Where a point cannot be made, where nothing disturbs it, or where recovery is timed from before the disturbance ends.
    pub fn rehearse_trigger(&mut self, variants: &[usize], asked: &MetastableSearch) -> Result<(), Mistakes> {
        let load = asked.loads.last().copied().unwrap_or(0.0);
        let (trigger, grid) = (&asked.trigger, &asked.grid);
        for &variant in variants {
            for size in [grid.value(0), grid.value(grid.cells())] {
                self.try_point(variant, &[load, size])?;
                let point = self.point(variant, &[load, size])?;
                let of = &self.plan().points[point].load;
                let last = of.disturbances.iter().map(|&(_, to, _)| to).max();
                let place = format!("with {} = {}", trigger.name, trigger.text(size));
                let mistake = match (of.recovered_after, last) {
                    (None, _) | (_, None) => {
                        let mistake =
                            Mistake::new("recovery is not timed, so nothing tells whether the system returns");
                        mistake.help("a fault with `to`, or a spike, that ends before the run does")
                    }
                    (Some(after), Some(last)) if after < last => {
                        let title = "`recovered_after` is before the end of the trigger";
                        let mistake = Mistake::new(title).note(format!("{after} is before {last}"));
                        mistake.help("leave `recovered_after` out: it is then the end of the last spike or fault")
                    }
                    _ => continue,
                };
                return Err(mistake.note(place).into());
            }
        }
        Ok(())
    }
}
