//! What `sim optimize` chooses from, checked: a lattice of settings, what each costs, what they must meet.

use super::dial::Dial;
use super::objective;
use super::workbench::Workbench;
use crate::language::tree::Tree;
use crate::language::{Mistake, Mistakes, Objective};

/// Settings of a lattice at most.
const MOST_SETTINGS: f64 = 20_000.0;

/// Values of a real parameter whose step is left out.
const PARTS: f64 = 20.0;

/// A question for the cheapest setting.
#[derive(Clone, Debug)]
pub struct Optimize {
    /// What is chosen.
    pub parameters: Vec<Choice>,
    /// What the rest costs.
    pub constant: f64,
    /// What must be met.
    pub objectives: Vec<Objective>,
    /// Whether it may be taken for granted that more of any parameter never makes an objective worse.
    pub monotone: bool,
    /// The probability with which all decisions are right.
    pub confidence: f64,
    /// Replications after which a setting is too close to tell.
    pub max_replications: u32,
    /// Trials after which no further setting is tried.
    pub max_trials: u64,
}

/// A parameter, and the values that it may take.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What sets it.
    pub dial: Dial,
    /// Its values, in ascending order.
    pub values: Vec<f64>,
    /// What a unit of it costs.
    pub cost: f64,
}

impl Optimize {
    /// What a setting costs: for each parameter the index of its value.
    pub fn cost(&self, at: &[usize]) -> f64 {
        let each = self.parameters.iter().zip(at).map(|(choice, &index)| choice.cost * choice.values[index]);
        self.constant + each.sum::<f64>()
    }

    /// The values of a setting.
    pub fn values(&self, at: &[usize]) -> Vec<f64> {
        self.parameters.iter().zip(at).map(|(choice, &index)| choice.values[index]).collect()
    }
}

impl Workbench {
    /// What the experiment's `[optimize]` table asks for.
    pub fn optimize(&self) -> Result<Optimize, Mistakes> {
        let written = self.experiment.as_ref().and_then(|experiment| experiment.optimize.as_ref());
        let (Some(written), Some(table)) = (written, self.tree.get("optimize")) else {
            let mistake = Mistake::new("the experiment does not say what to optimize");
            return Err(self
                .tree
                .place
                .mark_key(mistake, "")
                .help("add an `[optimize]` table; `sim reference` has its keys")
                .into());
        };
        let mut mistakes = Mistakes::default();
        let mut wrong = |key: &str, title: String, label: &str| {
            let mistake = Mistake::new(title);
            mistakes.push(match table.get(key) {
                Some(value) => value.place.mark_value(mistake, label),
                None => table.place.mark_key(mistake, label),
            });
        };
        if !(0.5..1.0).contains(&written.confidence) {
            wrong(
                "confidence",
                format!("the confidence is {}", written.confidence),
                "a probability from 0.5 to below 1",
            );
        }
        if !(2..=100_000).contains(&written.max_replications) {
            let title = format!("`max_replications` is {}", written.max_replications);
            wrong("max_replications", title, "must be between 2 and 100000");
        }
        if written.objectives.is_empty() {
            wrong("objectives", "the search has no objectives".into(), "needs at least one objective");
        }
        if written.parameters.is_empty() {
            wrong("parameters", "the search has no parameters".into(), "needs parameters");
        }
        if !written.constant.is_finite() {
            wrong("constant", format!("`constant` is {}", written.constant), "must be a number");
        }
        mistakes.extend(objective::check(&written.objectives, table.get("objectives"), &self.plan));
        let mut parameters: Vec<Choice> = Vec::new();
        let trees = table.get("parameters").map(Tree::elements).unwrap_or_default();
        for (parameter, tree) in written.parameters.iter().zip(trees) {
            match self.choice(parameter.cost, tree) {
                Ok(choice) => {
                    if parameters.iter().any(|other| other.dial.path == choice.dial.path) {
                        let title = format!("`{}` is chosen twice", choice.dial.path);
                        mistakes.push(tree.place.mark_value(Mistake::new(title), "the second time"));
                    }
                    parameters.push(choice);
                }
                Err(more) => mistakes.extend(more),
            }
        }
        let settings: f64 = parameters.iter().map(|choice| choice.values.len() as f64).product();
        if settings > MOST_SETTINGS {
            let mistake = Mistake::new(format!("there are {settings:.0} settings to choose from"));
            let mistake = table.place.mark_key(mistake, format!("at most {MOST_SETTINGS}"));
            mistakes.push(mistake.help("give some parameter a larger `step`, or a list of `values`"));
        }
        mistakes.into_result()?;
        let mut objectives = written.objectives.clone();
        objective::promise(&mut objectives, &self.plan);
        Ok(Optimize {
            parameters,
            constant: written.constant,
            objectives,
            monotone: written.monotone,
            confidence: written.confidence,
            max_replications: written.max_replications,
            max_trials: written.max_trials,
        })
    }

    /// A parameter and its values.
    fn choice(&self, cost: f64, tree: &Tree) -> Result<Choice, Mistakes> {
        let path = tree.get("path").ok_or_else(|| Mistake::new("a parameter needs a `path`"))?;
        let dial = self.dial(&path.plain(), &path.place)?;
        let mut columns = self.columns.clone();
        let wrong = |key: &str, title: String, label: &str| -> Mistakes {
            let place = tree.get(key).map_or(&tree.place, |value| &value.place);
            place.mark_value(Mistake::new(title), label).into()
        };
        if !(cost.is_finite() && cost >= 0.0) {
            return Err(wrong("cost", format!("a unit of `{}` costs {cost}", dial.path), "must be 0 or more"));
        }
        let mut number = |key: &str| tree.get(key).map(|value| dial.number(value, &mut columns)).transpose();
        let (from, to, step) = (number("from")?, number("to")?, number("step")?);
        let mut values = match (tree.get("values"), from, to) {
            (Some(list), None, None) => {
                list.elements().iter().map(|value| dial.number(value, &mut columns)).collect::<Result<Vec<_>, _>>()?
            }
            (None, Some(from), Some(to)) if from < to => {
                let step = step.unwrap_or(if dial.whole { 1.0 } else { (to - from) / PARTS });
                if step <= 0.0 || dial.whole && step.fract() != 0.0 {
                    return Err(wrong(
                        "step",
                        format!("`{}` goes in steps of {step}", dial.path),
                        "must be above 0, and whole where the number is",
                    ));
                }
                if (to - from) / step > MOST_SETTINGS {
                    return Err(wrong("step", format!("`{}` has too many values", dial.path), "leads to too many"));
                }
                let grid = super::Grid::linear(from, to, step);
                (0..=grid.cells()).map(|steps| grid.value(steps)).collect()
            }
            (None, Some(from), Some(to)) => {
                return Err(wrong(
                    "to",
                    format!("`{}` goes from {from} to {to}", dial.path),
                    "must be larger than `from`",
                ));
            }
            _ => {
                let title = format!("`{}` has no values to choose from", dial.path);
                return Err(wrong("path", title, "needs `from` and `to`, or `values`"));
            }
        };
        values.sort_by(f64::total_cmp);
        values.dedup();
        if values.is_empty() {
            return Err(wrong("values", format!("`{}` has no values to choose from", dial.path), "this list is empty"));
        }
        Ok(Choice { dial, values, cost })
    }
}
