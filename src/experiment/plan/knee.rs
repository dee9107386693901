//! What `sim knee` looks for, checked: along which dial, over which grid, for which objectives.

use super::axis::{Ready, argument};
use super::dial::Dial;
use super::objective;
use super::workbench::Workbench;
use crate::language::tree::{Place, Tree};
use crate::language::{Metric, Mistake, Mistakes, Objective, Scale};

/// Cells of a grid at most: their bisection takes twenty steps.
const MOST_CELLS: f64 = 1_000_000.0;

/// Cells of a grid of real numbers whose resolution is left out.
const CELLS: f64 = 100.0;

/// A question for the knee.
#[derive(Clone, Debug)]
pub struct KneeSearch {
    /// What is turned.
    pub dial: Dial,
    /// The values that are looked at.
    pub grid: Grid,
    /// Whether the smallest value is looked for that meets the objectives, and not the largest.
    pub smallest: bool,
    /// What must be met.
    pub objectives: Vec<Objective>,
    /// The share of proportional growth that the throughput must still have.
    pub slope: Option<f64>,
    /// The probability with which the whole answer for a variant is right.
    pub confidence: f64,
    /// Replications after which a value is looked at first; none: those of the experiment, and ten at least.
    pub replications: Option<u32>,
    /// Replications after which a value is given up as too close to tell.
    pub max_replications: u32,
}

/// Values in equal steps, or, where the dial is logarithmic, in equal ratios.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    from: f64,
    to: f64,
    cells: u32,
    step: f64,
    is_log: bool,
}

impl Grid {
    /// A grid from one number to a larger one in steps of this; the last step may be shorter.
    pub fn linear(from: f64, to: f64, step: f64) -> Self {
        let cells = ((to - from) / step - 1e-9).ceil().clamp(1.0, MOST_CELLS) as u32;
        Self { from, to, cells, step, is_log: false }
    }

    /// A grid with this number of equal ratios.
    fn log(from: f64, to: f64, cells: u32) -> Self {
        Self { from, to, cells, step: 0.0, is_log: true }
    }

    /// The number of steps; there is one value more.
    pub fn cells(&self) -> u32 {
        self.cells
    }

    /// The value after this number of steps.
    pub fn value(&self, steps: u32) -> f64 {
        match steps {
            0 => self.from,
            steps if steps >= self.cells => self.to,
            steps if self.is_log => {
                let share = f64::from(steps) / f64::from(self.cells);
                self.from * libm::pow(self.to / self.from, share)
            }
            steps => self.from + f64::from(steps) * self.step,
        }
    }
}

/// What the options of a range are called on the command line, for messages.
#[derive(Clone, Copy, Debug)]
pub struct RangeOptions {
    /// What is varied.
    pub axis: &'static str,
    /// The smallest value.
    pub from: &'static str,
    /// The largest value.
    pub to: &'static str,
    /// The resolution.
    pub resolution: &'static str,
    /// Whether the experiment may give them in a table.
    pub has_table: bool,
}

impl Default for RangeOptions {
    fn default() -> Self {
        Self { axis: "--axis", from: "--from", to: "--to", resolution: "--resolution", has_table: true }
    }
}

/// What the command line asks for; it stands over what the experiment says.
#[derive(Clone, Debug, Default)]
pub struct KneeWishes {
    /// What the options are called.
    pub options: RangeOptions,
    /// The name of an axis, or a path.
    pub axis: Option<String>,
    /// The smallest value, as it would be written in a file.
    pub from: Option<String>,
    /// The largest value.
    pub to: Option<String>,
    /// The resolution.
    pub resolution: Option<String>,
    /// Whether the smallest value that meets the objectives is looked for.
    pub smallest: bool,
    /// What must be met; none: what the experiment says.
    pub objectives: Vec<Objective>,
    /// The share of proportional growth that the throughput must still have.
    pub slope: Option<f64>,
    /// The probability with which the answer is right.
    pub confidence: Option<f64>,
    /// Replications after which a value is looked at first.
    pub replications: Option<u32>,
    /// Replications of a value at most.
    pub max_replications: Option<u32>,
}

impl Workbench {
    /// The knee that the experiment and the command line ask for.
    pub fn knee(&self, wishes: &KneeWishes) -> Result<KneeSearch, Mistakes> {
        let written = self.experiment.as_ref().and_then(|experiment| experiment.knee.clone());
        let table = self.tree.get("knee").filter(|_| written.is_some());
        let written = written.unwrap_or_default();
        let given = |option: &str, wish: &Option<String>, key: &str| match wish {
            Some(text) => Some(argument(option, text)),
            None => table.and_then(|table| table.get(key)).cloned(),
        };
        let options = wishes.options;
        let axis = given(options.axis, &wishes.axis, "axis");
        let dial = match &axis {
            Some(name) => self.dial(&name.plain(), &name.place)?,
            None => self.first_dial().unwrap_or_else(|| Err(self.no_dial()))?,
        };
        // The ends that a table gives are those of its own axis, and so is which end of the range is looked for.
        let of_table = match &written.axis {
            Some(name) => self.dial(name, &dial.place).ok(),
            None => self.first_dial().and_then(Result::ok),
        };
        let is_own = wishes.axis.is_none() || of_table.is_some_and(|of_table| of_table.path == dial.path);
        let mut columns = self.columns.clone();
        let mut number = |option: &str, wish: &Option<String>, key: &str| -> Result<Option<(f64, Place)>, Mistakes> {
            let tree = given(option, wish, key).filter(|_| is_own || wish.is_some());
            tree.map(|tree| Ok((dial.number(&tree, &mut columns)?, tree.place))).transpose()
        };
        let (from, to) = (number(options.from, &wishes.from, "from")?, number(options.to, &wishes.to, "to")?);
        let resolution = number(options.resolution, &wishes.resolution, "resolution")?;
        let grid = grid(&dial, options, from, to, resolution)?;
        let is_wished = !wishes.objectives.is_empty() || wishes.slope.is_some();
        let own = if written.objectives.is_empty() { &self.plan.objectives } else { &written.objectives };
        let mut objectives = if is_wished { wishes.objectives.clone() } else { own.clone() };
        let slope = if is_wished { wishes.slope } else { written.slope };
        if objectives.is_empty() && slope.is_none() {
            objectives.push(Objective::AtLeast { metric: Metric::SuccessRate, value: self.plan.collapse_below });
        }
        objective::promise(&mut objectives, &self.plan);
        let knee = KneeSearch {
            dial,
            grid,
            smallest: wishes.smallest || (is_own && written.smallest),
            objectives,
            slope,
            confidence: wishes.confidence.unwrap_or(written.confidence),
            replications: wishes.replications,
            max_replications: wishes.max_replications.unwrap_or(written.max_replications),
        };
        let list = table.and_then(|table| table.get("objectives"));
        let mut mistakes = check_numbers(&knee, table);
        mistakes.extend(objective::check(&knee.objectives, list.filter(|_| !is_wished), &self.plan));
        if let Some(empty) = list.filter(|list| list.elements().is_empty() && slope.is_none() && !is_wished) {
            let mistake = Mistake::new("the search has an empty list of objectives");
            let mistake = empty.place.mark_value(mistake, "no objective");
            mistakes
                .push(mistake.help("name one, or leave the list out for a success rate of at least `collapse_below`"));
        }
        mistakes.into_result()?;
        Ok(knee)
    }

    /// Why there is no axis to search along.
    fn no_dial(&self) -> Mistake {
        let is_numbers = |ready: &&Ready| ready.axis.values.iter().all(|value| value.number.is_some());
        match self.axes.iter().filter(|ready| ready.pinned).find(is_numbers) {
            Some(ready) => {
                let axis = &ready.axis;
                let value = axis.values.first().map(|value| value.text.as_str()).unwrap_or_default();
                let title =
                    format!("--set {}={value} fixes the axis `{}`, the one to search along", axis.path, axis.name);
                Mistake::new(title).help("leave it out, or name another number: --axis PATH --from VALUE --to VALUE")
            }
            None => {
                let mistake = Mistake::new("there is no axis of numbers to search along");
                self.tree.place.mark_key(mistake, "").help("name one: --axis load.concurrency --from 1 --to 500")
            }
        }
    }

    /// Finds the mistakes of what the experiment asks to search for.
    pub(super) fn check_searches(&self) -> Result<(), Mistakes> {
        let Some(experiment) = &self.experiment else { return Ok(()) };
        objective::check(&experiment.objectives, self.tree.get("objectives"), &self.plan).into_result()?;
        self.check_measure()?;
        // What the command line fixes may be what would be searched along.
        if self.axes.iter().any(|ready| ready.pinned) {
            return Ok(());
        }
        if experiment.knee.is_some() {
            self.knee(&KneeWishes::default())?;
        }
        if experiment.optimize.is_some() {
            let asked = self.optimize()?;
            let dials = asked.parameters.iter().map(|choice| choice.dial.clone()).collect();
            self.study(&[0], dials, &[])?.rehearse(&asked, 0)?;
        }
        Ok(())
    }
}

/// The grid between two ends.
fn grid(
    dial: &Dial,
    options: RangeOptions,
    from: Option<(f64, Place)>,
    to: Option<(f64, Place)>,
    resolution: Option<(f64, Place)>,
) -> Result<Grid, Mistakes> {
    let end = |given: Option<(f64, Place)>, of_axis: Option<f64>, option: &str| match (given, of_axis) {
        (Some((number, place)), _) => Ok((number, place)),
        (None, Some(number)) => Ok((number, dial.place.clone())),
        (None, None) => {
            let key = option.trim_start_matches('-');
            let mistake = Mistake::new(format!("the search has no `{key}`"));
            let mistake = dial.place.mark_value(mistake, "not an axis with values");
            let table = match options.has_table {
                true => format!(", or `{key}` to the table of the search"),
                false => String::new(),
            };
            Err(mistake.help(format!("add {option}{table}")))
        }
    };
    let (from, start) = end(from, dial.ends.map(|ends| ends.0), options.from)?;
    let (to, place) = end(to, dial.ends.map(|ends| ends.1), options.to)?;
    if from >= to {
        let title = format!("the search goes from {} to {}", dial.text(from), dial.text(to));
        let mistake = start.mark_value(Mistake::new(title), "starts here");
        return Err(place.mark_value(mistake, "must be larger than where it starts").into());
    }
    if dial.scale == Scale::Log && !dial.whole && resolution.is_none() && from > 0.0 {
        return Ok(Grid::log(from, to, CELLS as u32));
    }
    let (step, place) = match resolution {
        Some((step, place)) => (step, place),
        None if dial.whole => (1.0, place),
        None => ((to - from) / CELLS, place),
    };
    let wrong = |title: String, label: &str| Err(place.mark_value(Mistake::new(title), label).into());
    if step <= 0.0 {
        return wrong(format!("the resolution is {step}"), "must be above 0");
    }
    if dial.whole && (step.fract() != 0.0 || from.fract() != 0.0 || to.fract() != 0.0) {
        return wrong("`from`, `to` and the resolution of a whole number must be whole".into(), "must be whole");
    }
    if (to - from) / step > MOST_CELLS {
        return wrong(format!("the search has {:.0} values", (to - from) / step), "at most a million");
    }
    Ok(Grid::linear(from, to, step))
}

fn check_numbers(knee: &KneeSearch, table: Option<&Tree>) -> Mistakes {
    let wrong = |key: &str, title: String, label: &str| {
        let mistake = Mistake::new(title);
        match table.and_then(|table| table.get(key)) {
            Some(value) => value.place.mark_value(mistake, label),
            None => mistake.note(label.to_owned()),
        }
    };
    let mut mistakes = Mistakes::default();
    if !(0.5..1.0).contains(&knee.confidence) {
        let title = format!("the confidence is {}", knee.confidence);
        mistakes.push(wrong("confidence", title, "a probability from 0.5 to below 1, such as 0.95"));
    }
    if !(2..=100_000).contains(&knee.max_replications) {
        let title = format!("`max_replications` is {}", knee.max_replications);
        mistakes.push(wrong("max_replications", title, "must be between 2 and 100000"));
    }
    if let Some(slope) = knee.slope.filter(|slope| !(*slope > 0.0 && *slope <= 1.0)) {
        mistakes.push(wrong("slope", format!("the slope is {slope}"), "a share above 0, and 1 at most"));
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::Grid;

    #[test]
    fn a_grid_ends_where_it_is_told() {
        let grid = Grid::linear(10.0, 25.0, 4.0);
        let values: Vec<f64> = (0..=grid.cells()).map(|steps| grid.value(steps)).collect();
        assert_eq!(values, [10.0, 14.0, 18.0, 22.0, 25.0]);
        assert_eq!(Grid::linear(0.0, 1.0, 0.1).cells(), 10);
        let grid = Grid::log(1.0, 100.0, 2);
        assert!((grid.value(1) - 10.0).abs() < 1e-12);
        assert_eq!((grid.value(0), grid.value(2)), (1.0, 100.0));
    }
}
