//! The values of a point's metrics by trial, for paired comparisons: column by column, and a column whose values are
//! all alike as one of them, so that those of a million trials fit into memory.

/// A metric's values, in the order of the trials.
#[derive(Clone, Debug)]
enum Column {
    /// All trials have this one, or none.
    Same(Option<f64>),
    /// One a trial; NaN where it has none.
    Each(Box<[f64]>),
}

impl Column {
    fn of(values: impl Iterator<Item = Option<f64>> + Clone) -> Self {
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        let mut rest = values.clone();
        let first = rest.next().flatten();
        if rest.all(|value| bits(value) == bits(first)) {
            return Self::Same(first);
        }
        Self::Each(values.map(|value| value.unwrap_or(f64::NAN)).collect())
    }

    fn at(&self, index: usize) -> Option<f64> {
        match self {
            Self::Same(value) => *value,
            Self::Each(values) => values.get(index).copied().filter(|value| !value.is_nan()),
        }
    }
}

/// The values of all metrics.
#[derive(Clone, Debug)]
pub(super) struct Values {
    /// The number of each trial's replication.
    replications: Box<[u32]>,
    columns: Box<[Column]>,
}

impl Values {
    /// Of trials in the order of replications, each with a row of as many values.
    pub fn of<const N: usize>(rows: &[(u64, [Option<f64>; N])]) -> Self {
        Self {
            replications: rows.iter().map(|(replication, _)| *replication as u32).collect(),
            columns: (0..N).map(|index| Column::of(rows.iter().map(move |(_, row)| row[index]))).collect(),
        }
    }

    /// Those of a column, where there are any, with the replication.
    pub fn column(&self, index: usize) -> Vec<(u64, f64)> {
        let Some(column) = self.columns.get(index) else { return Vec::new() };
        let trials = self.replications.iter().enumerate();
        trials.filter_map(|(trial, &replication)| Some((replication.into(), column.at(trial)?))).collect()
    }
}

/// The values of several systems in their common replications, which stand in ascending order in each.
pub fn in_common(systems: &[Vec<(u64, f64)>]) -> Vec<Vec<f64>> {
    let mut next = vec![0; systems.len()];
    let mut values = vec![Vec::new(); systems.len()];
    // The highest replication that any of them stands at is the least that may be common.
    while let Some(at) = systems.iter().zip(&next).map(|(system, &next)| system.get(next)).collect::<Option<Vec<_>>>() {
        let Some(last) = at.iter().map(|(replication, _)| *replication).max() else { break };
        let is_common = at.iter().all(|(replication, _)| *replication == last);
        for (index, (replication, value)) in at.into_iter().enumerate() {
            if is_common {
                values[index].push(*value);
            }
            next[index] += usize::from(is_common || *replication < last);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_common_replications_are_compared() {
        let systems = [vec![(0, 1.0), (2, 2.0), (5, 3.0)], vec![(1, 4.0), (2, 5.0), (3, 6.0), (5, 7.0)]];
        assert_eq!(in_common(&systems), [vec![2.0, 3.0], vec![5.0, 7.0]]);
        assert_eq!(in_common(&[systems[0].clone(), Vec::new()]), [Vec::<f64>::new(), Vec::new()]);
        assert_eq!(in_common(&[]), Vec::<Vec<f64>>::new());
    }

    #[test]
    fn values_come_back_as_they_were() {
        let rows = [(0, [Some(1.0), Some(2.0), None]), (3, [Some(1.0), None, None]), (4, [Some(1.0), Some(3.0), None])];
        let values = Values::of(&rows);
        assert_eq!(values.column(0), [(0, 1.0), (3, 1.0), (4, 1.0)]);
        assert_eq!(values.column(1), [(0, 2.0), (4, 3.0)]);
        assert_eq!(values.column(2), []);
        assert_eq!(values.column(3), []);
        assert!(matches!(values.columns[0], Column::Same(Some(_))));
        let infinite = Values::of(&[(0, [Some(f64::INFINITY)]), (1, [Some(1.0)])]);
        assert_eq!(infinite.column(0), [(0, f64::INFINITY), (1, 1.0)]);
    }
}
