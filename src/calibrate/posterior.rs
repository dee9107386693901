//! The draws of a calibration, read back: predictions that carry what is not known of the parameters.

use super::quantile::quantile;
use crate::experiment::plan::{Ranged, Workbench};
use crate::import::Text;
use crate::language::{Mistake, Mistakes};

/// The name of the column of discrepancies.
pub const DISCREPANCY: &str = "discrepancy";

/// Draws of parameters.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// The numbers of the model.
    pub parameters: Vec<Ranged>,
    /// Their medians over all draws of the file.
    medians: Vec<f64>,
    /// Their values, by draw.
    pub draws: Vec<Vec<f64>>,
    /// The size of what the model gets wrong beside them, by draw: relative, of shares in points.
    pub discrepancies: Vec<f64>,
}

impl Posterior {
    /// So many of the draws of a `posterior.csv`, evenly over the file.
    ///
    /// # Errors
    /// Where it is no such file, and where the model has no such numbers.
    pub fn read(text: &Text, count: usize, bench: &Workbench) -> Result<Self, Mistakes> {
        let mut reader = csv::Reader::from_reader(text.str().as_bytes());
        let broken = |error: &csv::Error| text.whole(format!("the draws cannot be read: {error}"));
        let names: Vec<String> =
            reader.headers().map_err(|error| broken(&error))?.iter().map(|name| name.trim().to_owned()).collect();
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| broken(&error))?;
            let row: Option<Vec<f64>> =
                record.iter().map(|field| field.trim().parse::<f64>().ok().filter(|it| it.is_finite())).collect();
            let line = record.position().map_or(0, csv::Position::line);
            rows.push(row.ok_or_else(|| text.whole(format!("line {line} has a field that is not a number")))?);
        }
        if rows.is_empty() {
            return Err(help(text.whole("there are no draws")).into());
        }
        let mut parameters = Vec::new();
        let mut columns = Vec::new();
        for (column, name) in names.iter().enumerate().filter(|(_, name)| *name != DISCREPANCY) {
            let ends = |pick: fn(f64, f64) -> f64| rows.iter().map(|row| row[column]).reduce(pick).unwrap_or(0.0);
            parameters.push(bench.between(name, ends(f64::min), ends(f64::max), text.name())?);
            columns.push(column);
        }
        if parameters.is_empty() {
            return Err(help(text.whole("no column is a number of the model")).into());
        }
        let discrepancy = names.iter().position(|name| name == DISCREPANCY);
        let median = |&column: &usize| {
            let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
            values.sort_by(f64::total_cmp);
            quantile(&values, 0.5)
        };
        let medians = columns.iter().map(median).collect();
        let count = count.clamp(1, rows.len());
        let chosen = (0..count).map(|index| &rows[index * rows.len() / count]);
        let discrepancies = chosen.clone().map(|row| discrepancy.map_or(0.0, |column| row[column])).collect();
        let draws = chosen.map(|row| columns.iter().map(|&column| row[column]).collect()).collect();
        Ok(Self { parameters, medians, draws, discrepancies })
    }

    /// The same with this number of its draws, at most, evenly over them.
    pub fn thinned(&self, count: usize) -> Self {
        let count = count.clamp(1, self.draws.len());
        let index = |number: usize| number * self.draws.len() / count;
        Self {
            parameters: self.parameters.clone(),
            medians: self.medians.clone(),
            draws: (0..count).map(|number| self.draws[index(number)].clone()).collect(),
            discrepancies: (0..count).map(|number| self.discrepancies[index(number)]).collect(),
        }
    }

    /// The median of each parameter over all draws of the file: its path, and the value as `--set` takes it.
    pub fn medians(&self) -> Vec<(String, String)> {
        let written = |(ranged, &median): (&Ranged, &f64)| {
            let value = if ranged.dial.whole { median.round() } else { four_digits(median) };
            (ranged.dial.path.clone(), ranged.dial.written(value))
        };
        self.parameters.iter().zip(&self.medians).map(written).collect()
    }
}

/// No parameter is known better.
fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn help(mistake: Mistake) -> Mistake {
    mistake.help("`sim calibrate` writes posterior.csv")
}
