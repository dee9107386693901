//! Measurements of the real system, which the experiment's points are compared with.

use super::Claims;
use crate::experiment::plan::claimed::Measurement;
use crate::language::names::Names;
use crate::language::tree::Tree;
use crate::language::{self, Mistake, Tolerance};

impl Claims<'_> {
    pub(super) fn measurement(&mut self, written: &language::Measurement, tree: &Tree) -> Option<Measurement> {
        let variant = self.variant(written.variant.as_deref(), tree);
        self.figures(written, tree);
        self.tolerances(written, tree);
        let point = self.place(&format!("measurement `{}`", written.name), variant, tree)?;
        Some(Measurement {
            name: written.name.clone(),
            variant: variant?,
            point,
            measured: written.measured.clone(),
            tolerance: written.tolerance,
            tolerances: written.tolerances.clone(),
        })
    }

    /// Checks what was measured.
    fn figures(&mut self, written: &language::Measurement, tree: &Tree) {
        let measured = &written.measured;
        let figures = [
            ("throughput_per_min", measured.throughput_per_min, f64::MAX),
            ("success_rate", measured.success_rate, 1.0),
            ("mean_s", measured.mean_s, f64::MAX),
            ("p95_s", measured.p95_s, f64::MAX),
        ];
        let empty = Tree::nothing(tree);
        let table = tree.get("measured").unwrap_or(&empty);
        for (key, value, most) in figures {
            if let Some(value) = value
                && !(0.0..=most).contains(&value)
            {
                let label = if most == 1.0 { "a rate is between 0 and 1" } else { "must not be negative" };
                self.wrong(table, key, format!("`{key}` is {value}"), label);
            }
        }
        if figures.iter().all(|(_, value, _)| value.is_none()) {
            let mistake = Mistake::new(format!("measurement `{}` measured nothing", written.name));
            let mistake = table.place.mark_value(mistake, "has no figure");
            self.mistakes.push(mistake.note(format!("the figures are {}", Names::new(figures.map(|(key, ..)| key)))));
        }
        if let Some(tolerance) = written.tolerance
            && !(tolerance > 0.0 && tolerance <= 10.0)
        {
            self.wrong(tree, "tolerance", format!("`tolerance` is {tolerance}"), "must be above 0, at most 10");
        }
    }

    /// Checks the tolerances of single figures.
    fn tolerances(&mut self, written: &language::Measurement, tree: &Tree) {
        let (measured, tolerances) = (&written.measured, &written.tolerances);
        let figures = [
            ("throughput_per_min", measured.throughput_per_min, tolerances.throughput_per_min),
            ("success_rate", measured.success_rate, tolerances.success_rate),
            ("mean_s", measured.mean_s, tolerances.mean_s),
            ("p95_s", measured.p95_s, tolerances.p95_s),
        ];
        let empty = Tree::nothing(tree);
        let table = tree.get("tolerances").unwrap_or(&empty);
        for (key, value, tolerance) in figures {
            let Some(tolerance) = tolerance else { continue };
            let size = tolerance.size();
            let most = if matches!(tolerance, Tolerance::Relative(_)) { 10.0 } else { 1e12 };
            match value {
                None => self.wrong(table, key, format!("a tolerance of `{key}`, which was not measured"), ""),
                Some(_) if !(size > 0.0 && size <= most) => {
                    self.wrong(table, key, format!("the tolerance of `{key}` is {size}"), "must be above 0")
                }
                Some(0.0) if matches!(tolerance, Tolerance::Relative(_)) => {
                    let label = "write `absolute` instead";
                    self.wrong(table, key, format!("a tolerance relative to a measured `{key}` of 0"), label);
                }
                Some(_) => {}
            }
        }
    }
}
