//! Which way an axis points: to more load, to more capacity, or neither.

use super::design::Axis;
use crate::language::form::{Form, Quantity};

/// Which way the values of an axis point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A larger value is more load: clients, a rate, the size of a spike.
    Load,
    /// A larger value is more capacity: replicas, cores, the size of a pool.
    Capacity,
    /// Neither: a probability, a time-out, a name.
    Neither,
}

/// Keys of the load whose larger values are more load.
const LOADS: &[&str] = &["concurrency", "users", "rate", "factor", "target", "start", "peak", "size"];

/// Keys of the model whose larger values are more capacity.
const CAPACITIES: &[&str] = &[
    "replicas",
    "workers",
    "threads",
    "cpu",
    "cores",
    "servers",
    "max_size",
    "max_connections",
    "size",
    "open_files",
    "backlog",
    "ephemeral_ports",
];

/// The last key of a path.
fn key_of(path: &str) -> &str {
    let key = path.rsplit('.').next().unwrap_or_default();
    key.split(['[', '#']).next().unwrap_or_default()
}

fn is_in_load(path: &str) -> bool {
    path == "load" || path.starts_with("load.")
}

/// Whether larger numbers at a path are more load.
pub(in crate::experiment) fn is_load(path: &str) -> bool {
    is_in_load(path) && LOADS.contains(&key_of(path))
}

impl Axis {
    /// Which way it points, by the last key of its path. An axis with values that are not numbers has no direction. What a step
    /// needs, such as its CPU time, is neither load nor capacity.
    pub fn direction(&self) -> Direction {
        let (key, in_load) = (key_of(&self.path), is_in_load(&self.path));
        let in_step = self.path.split('.').any(|part| part.split('[').next() == Some("steps"));
        match self.values.iter().all(|value| value.number.is_some()) {
            true if is_load(&self.path) => Direction::Load,
            true if !in_load && !in_step && self.counts() && CAPACITIES.contains(&key) => Direction::Capacity,
            _ => Direction::Neither,
        }
    }

    /// Whether its values are numbers of things: cores, servers, connections.
    fn counts(&self) -> bool {
        let counts = matches!(
            self.form.resolve(),
            Form::Integer { .. }
                | Form::Number
                | Form::Quantity(
                    Quantity::Cores | Quantity::Bytes | Quantity::Servers | Quantity::Pods | Quantity::Fraction
                )
        );
        counts || matches!(self.form.resolve(), Form::Choice { .. } | Form::Any)
    }

    /// Whether its values are whole numbers, so that nothing lies between 2 and 3.
    pub fn is_whole(&self) -> bool {
        matches!(self.form.resolve(), Form::Integer { .. } | Form::Quantity(Quantity::Servers | Quantity::Pods))
    }
}
