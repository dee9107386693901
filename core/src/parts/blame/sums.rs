//! Sums of time by label, of the labels that a run meets.

use super::log::Label;

/// The labels that appear, numbered as they come: a run meets few of those that its system has.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    /// By label; [`Labels::NONE`] for one that has not appeared.
    pub numbers: Box<[u16]>,
    /// By number.
    pub labels: Vec<Label>,
}

impl Labels {
    pub const NONE: u16 = u16::MAX;

    pub fn new(labels: usize) -> Self {
        Self { numbers: vec![Self::NONE; labels].into(), labels: Vec::new() }
    }

    #[inline]
    pub fn number(&mut self, label: Label) -> usize {
        match self.numbers[label.index()] {
            Self::NONE => self.add(label),
            number => usize::from(number),
        }
    }

    #[cold]
    fn add(&mut self, label: Label) -> usize {
        self.labels.push(label);
        self.numbers[label.index()] = (self.labels.len() - 1) as u16;
        self.labels.len() - 1
    }

    /// The numbers, in the order of the labels.
    pub fn in_order(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..self.labels.len()).collect();
        numbers.sort_unstable_by_key(|&number| self.labels[number]);
        numbers
    }
}

/// Labels that most sums have room for from the start.
const USUAL: usize = 16;

/// Time by the number of a label.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sums(pub Vec<u128>);

impl Sums {
    #[inline]
    pub fn add(&mut self, number: usize, ns: u64, weight: u16) {
        if ns == 0 {
            return;
        }
        if number >= self.0.len() {
            if self.0.is_empty() {
                self.0.reserve(USUAL);
            }
            self.0.resize(number + 1, 0);
        }
        self.0[number] += u128::from(ns) * u128::from(weight);
    }

    /// Adds others.
    pub fn merge(&mut self, other: Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(other.0).for_each(|(sum, ns)| *sum += ns);
    }

    pub fn get(&self, number: usize) -> u128 {
        self.0.get(number).copied().unwrap_or(0)
    }
}

/// Adds the time that a holder has spent on a label, to sums by the number of waiting at the held place.
#[inline]
pub(crate) fn add(sums: &mut Vec<Sums>, held: usize, number: usize, ns: u64, weight: u16) {
    if held >= sums.len() {
        sums.resize(held + 1, Sums::default());
    }
    sums[held].add(number, ns, weight);
}

/// Requests that have an account and their time, each counted as often as it stands for requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bin {
    pub requests: u64,
    pub times: Sums,
}

impl Bin {
    #[inline]
    pub fn add(&mut self, labels: &mut Labels, weight: u16, stretches: impl Iterator<Item = (Label, u64)>) {
        self.requests += u64::from(weight);
        for (label, ns) in stretches {
            self.times.add(labels.number(label), ns, weight);
        }
    }
}
