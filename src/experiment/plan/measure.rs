//! What `sim measure` does, checked: which points, and the requests behind the names of the load.

use super::axis::Ready;
use super::workbench::Workbench;
use crate::language::names::Names;
use crate::language::tree::Tree;
use crate::language::{Connections, Measure, Mistake, Mistakes, RealRequest};
use crate::model::Pattern;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Measuring {
    /// How the real system is loaded.
    pub measure: Measure,
    /// The indices of the points that are measured, in their order.
    pub points: Vec<usize>,
    /// The request of each class of the load, in their order; one where the load has no classes.
    pub requests: Vec<RealRequest>,
}

/// The help where no request is given.
const EXAMPLE: &str = "add for instance to a table `[measure]`: request = { method = \"POST\", path = \"/register\", \
                       body = '{\"user\": \"u{{n}}\"}' }";

impl Workbench {
    /// The measurement that the experiment and the command line ask for: of this variant, at these values of axes.
    ///
    /// # Errors
    /// If the experiment has no `measure` table, or one that does not fit its load; if an axis that changes the model has
    /// several values left, of which the real system can have only one; and if the load has something that cannot be sent.
    pub fn measuring(&self, variant: Option<&str>, at: &[(String, String)]) -> Result<Measuring, Mistakes> {
        let Some(measure) = self.experiment.as_ref().and_then(|experiment| experiment.measure.clone()) else {
            let mistake = Mistake::new("no requests are given for the real system");
            let mistake = mistake.mark(&self.tree.place.source, 0..0, "");
            let of_model = "an experiment that names this model has them in its table `measure`";
            let mistake = if self.experiment.is_none() { mistake.note(of_model) } else { mistake };
            return Err(mistake.help(EXAMPLE).into());
        };
        self.check_measure()?;
        let name = variant.or(measure.variant.as_deref());
        let variant = match name {
            Some(name) => self.variants(&[name.to_owned()])?[0],
            None => 0,
        };
        let mut mistakes = Mistakes::default();
        let mut chosen: Vec<Option<usize>> = vec![None; self.axes.len()];
        for (name, value) in at {
            match self.axes.iter().position(|ready| ready.axis.name == *name) {
                Some(axis) => match self.axes[axis].axis.index(value) {
                    Ok(index) => chosen[axis] = Some(index),
                    Err(mistake) => mistakes.push(mistake),
                },
                None => {
                    let names = Names::new(self.axes.iter().map(|ready| ready.axis.name.as_str()));
                    mistakes.push(Mistake::new(format!("there is no axis `{name}`")).advise(names, "axis", name));
                }
            }
        }
        let is_left = |point: &usize| {
            let point = &self.plan.points[*point];
            point.variant == variant
                && point.at.iter().zip(&chosen).all(|(index, chosen)| chosen.is_none_or(|chosen| *index == chosen))
        };
        let points: Vec<usize> = (0..self.plan.points.len()).filter(is_left).collect();
        for (index, ready) in self.axes.iter().enumerate() {
            mistakes.extend(self.several(index, ready, &points));
        }
        for &point in &points {
            mistakes.extend(self.unsendable(point));
        }
        mistakes.into_result()?;
        if points.is_empty() {
            let mistake = Mistake::new("the experiment has no point with this variant and these values");
            return Err(mistake.note("a variant with `only` runs at only some values of an axis").into());
        }
        let classes = &self.plan.points[points[0]].load.classes;
        let of_class = |name: &str| measure.classes.get(name).or(measure.request.as_ref()).cloned();
        let requests = if classes.is_empty() {
            measure.request.iter().cloned().collect()
        } else {
            classes.iter().filter_map(|class| of_class(&class.name)).collect()
        };
        Ok(Measuring { measure, points, requests })
    }

    /// An axis that changes the model, of which several values are left.
    fn several(&self, index: usize, ready: &Ready, points: &[usize]) -> Option<Mistake> {
        let mut values: Vec<usize> = points.iter().map(|&point| self.plan.points[point].at[index]).collect();
        values.sort_unstable();
        values.dedup();
        let first = values.first().filter(|_| ready.in_model && values.len() > 1)?;
        let name = &ready.axis.name;
        let title = format!("axis `{name}` changes the model, and the real system has one value of it");
        let mistake = ready.tree.place.mark_key(Mistake::new(title), format!("has {} values", values.len()));
        Some(mistake.help(format!("say which one it has: --at {name}={}", ready.axis.values[*first].text)))
    }

    /// What a load has that cannot be sent to a real system.
    fn unsendable(&self, point: usize) -> Vec<Mistake> {
        let load = &self.plan.points[point].load;
        let place = self.tree.get("load").unwrap_or(&self.tree);
        let mut mistakes = Vec::new();
        if load.completion.is_some() {
            let title = "sim measure cannot wait for work that outlasts its answer";
            let at = place.get("completion").unwrap_or(place);
            mistakes.push(at.place.mark_key(Mistake::new(title), "").help("measure without `completion`"));
        }
        if matches!(load.pattern, Pattern::Mixed { .. }) {
            let mistake = Mistake::new("sim measure cannot send a load of `kind = \"mixed\"`");
            let at = place.get("kind").unwrap_or(place);
            mistakes.push(
                at.place.mark_key(mistake, "").help("measure the classes one by one, or with shares of one load"),
            );
        }
        if load.auto_warm_up {
            let title = "the warm-up of a measurement must be given";
            let at = place.get("warm_up").unwrap_or(place);
            let mistake =
                at.place.mark_value(Mistake::new(title), "pilot runs of the model find it, and there are none");
            mistakes.push(mistake.help("give it: --set load.warm_up=10s"));
        }
        mistakes
    }

    /// Finds the mistakes of the `measure` table.
    pub(super) fn check_measure(&self) -> Result<(), Mistakes> {
        let Some(measure) = self.experiment.as_ref().and_then(|experiment| experiment.measure.as_ref()) else {
            return Ok(());
        };
        let table = self.tree.get("measure").unwrap_or(&self.tree);
        let of = |key: &str| table.get(key).unwrap_or(table);
        let mut mistakes = Mistakes::default();
        if let Some(name) = &measure.variant
            && !self.plan.variants.contains(name)
        {
            let names = Names::new(self.plan.variants.iter().map(String::as_str));
            let mistake = Mistake::new(format!("there is no variant `{name}`"));
            mistakes.push(of("variant").place.mark_value(mistake, "no such variant").advise(names, "variant", name));
        }
        match measure.max_connections {
            Some(0) => {
                let mistake = Mistake::new("`max_connections` is 0");
                mistakes.push(of("max_connections").place.mark_value(mistake, "must be above 0"));
            }
            Some(_) if measure.connections == Connections::Fresh => {
                let mistake = Mistake::new("`max_connections` is a limit of kept connections");
                let mistake = of("max_connections").place.mark_key(mistake, "would have no effect");
                mistakes.push(mistake.help("write `connections = \"kept\"`, or remove it"));
            }
            _ => {}
        }
        if !(measure.stop_at_failures > 0.0 && measure.stop_at_failures <= 1.0) {
            let mistake = Mistake::new("`stop_at_failures` is a share of requests");
            let mistake = of("stop_at_failures").place.mark_value(mistake, "must be above 0 and at most 1");
            mistakes.push(mistake.help("write 0.5 or \"50%\""));
        }
        mistakes.extend(self.unmatched(measure, table));
        mistakes.into_result()
    }

    /// Classes of the load without a request, and requests of no class.
    fn unmatched(&self, measure: &Measure, table: &Tree) -> Vec<Mistake> {
        let classes: Vec<&str> = match self.plan.points.first() {
            Some(point) => point.load.classes.iter().map(|class| class.name.as_str()).collect(),
            None => return Vec::new(),
        };
        let mut mistakes = Vec::new();
        for (name, tree) in table.get("classes").map(Tree::entries).unwrap_or_default() {
            if classes.is_empty() {
                let title = format!("the load has no classes, so `{name}` is none of them");
                let mistake = tree.place.mark_key(Mistake::new(title), "no such class");
                mistakes.push(mistake.help("write it as `request`"));
            } else if !classes.contains(&name.as_str()) {
                let names = Names::new(classes.iter().copied());
                let mistake = Mistake::new(format!("there is no class `{name}` in the load"));
                mistakes.push(tree.place.mark_key(mistake, "no such class").advise(names, "class", name));
            }
        }
        if measure.request.is_none() {
            let lacking: Vec<&str> =
                classes.iter().copied().filter(|class| !measure.classes.contains_key(*class)).collect();
            if let Some(first) = lacking.first() {
                let title = format!("class `{first}` of the load has no request");
                let mistake = table.place.mark_key(Mistake::new(title), "has none for it");
                mistakes.push(mistake.help(format!("add `classes.{first} = {{ path = \"/{first}\" }}`")));
            } else if classes.is_empty() && measure.classes.is_empty() {
                let mistake = table.place.mark_key(Mistake::new("the `measure` table has no request"), "");
                mistakes.push(mistake.help(EXAMPLE));
            }
        }
        mistakes
    }
}
