//! Searches make points while they run. What would be wrong with them is found before the first trial.

use super::optimize::Optimize;
use super::ranged::Ranged;
use super::workbench::Study;
use super::workbench::Workbench;
use crate::language::Mistakes;

/// Parameters of which every combination of ends is looked at; of more, all at one end and each alone.
const COMBINED: usize = 8;

impl Study {
    /// Finds the mistakes of an optimization: at every combination of the parameters' ends, and at every value of each
    /// parameter with the others at their smallest. What a model demands of two numbers (a pool's `min_size` at most its
    /// `max_size`) is broken at an end if it is broken anywhere.
    pub fn rehearse(&mut self, asked: &Optimize, variant: usize) -> Result<(), Mistakes> {
        let ends: Vec<(f64, f64)> = asked
            .parameters
            .iter()
            .filter_map(|choice| Some((*choice.values.first()?, *choice.values.last()?)))
            .collect();
        let lowest: Vec<f64> = ends.iter().map(|(low, _)| *low).collect();
        let mut settings = vec![lowest.clone(), ends.iter().map(|(_, high)| *high).collect()];
        if ends.len() <= COMBINED {
            let corner = |corner: usize| {
                ends.iter()
                    .enumerate()
                    .map(|(i, (low, high))| if corner >> i & 1 == 1 { *high } else { *low })
                    .collect()
            };
            settings.extend((0..1usize << ends.len()).map(corner));
        }
        for (index, choice) in asked.parameters.iter().enumerate() {
            settings.extend(choice.values.iter().map(|value| {
                let mut setting = lowest.clone();
                setting[index] = *value;
                setting
            }));
        }
        settings.iter().try_for_each(|setting| self.try_point(variant, setting))
    }

    /// Finds the mistakes of a search along one dial: at the ends of its grid, for each variant.
    pub fn rehearse_ends(&mut self, variants: &[usize], ends: [f64; 2]) -> Result<(), Mistakes> {
        variants.iter().try_for_each(|&variant| ends.iter().try_for_each(|&end| self.try_point(variant, &[end])))
    }
}

impl Workbench {
    /// Finds the mistakes of an analysis of sensitivity at one point: with each number of a range at both of its ends,
    /// alone and all together.
    pub fn rehearse_ranges(&mut self, ranges: &[Ranged], point: usize) -> Result<(), Mistakes> {
        for high in [false, true] {
            let end = |ranged: &Ranged| if high { ranged.high } else { ranged.low };
            let all: Vec<(&Ranged, f64)> = ranges.iter().map(|ranged| (ranged, end(ranged))).collect();
            for one in &all {
                self.points_under(std::slice::from_ref(one), Some(point))?;
            }
            self.points_under(&all, Some(point))?;
        }
        Ok(())
    }
}
