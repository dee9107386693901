//! A binary heap through the links of a slab: like [`List`](super::list::List), it holds indices of things that carry
//! their own place, so any of them leaves it in logarithmic time. A thing is in one heap or list at a time.

use super::list::{Linked, Links};
use super::slab::Slab;

/// A thing in the heap and what it is compared by.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Lower goes first.
    rank: u64,
    /// Among equal ranks, the one that came first goes first.
    serial: u64,
    index: u32,
}

/// Things in the order of their ranks; equal ranks leave in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    entries: Vec<Entry>,
    serial: u64,
}

impl Heap {
    /// Adds a thing.
    pub fn push<T: Linked>(&mut self, slab: &mut Slab<T>, index: u32, rank: u64) {
        self.serial += 1;
        self.entries.push(Entry { rank, serial: self.serial, index });
        self.rise(slab, self.entries.len() - 1);
    }

    /// Takes the thing with the lowest rank.
    pub fn pop<T: Linked>(&mut self, slab: &mut Slab<T>) -> Option<u32> {
        let index = self.entries.first()?.index;
        self.take(slab, 0);
        Some(index)
    }

    /// Takes a thing that is in this heap.
    pub fn remove<T: Linked>(&mut self, slab: &mut Slab<T>, index: u32) {
        let place = slab[index].links().place();
        debug_assert_eq!(self.entries[place].index, index);
        self.take(slab, place);
    }

    /// All, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries.iter().map(|entry| entry.index)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn take<T: Linked>(&mut self, slab: &mut Slab<T>, place: usize) {
        let index = self.entries.swap_remove(place).index;
        *slab[index].links_mut() = Links::default();
        if place < self.entries.len() {
            let place = self.rise(slab, place);
            self.sink(slab, place);
        }
    }

    fn goes_before(&self, one: usize, other: usize) -> bool {
        let key = |place: usize| (self.entries[place].rank, self.entries[place].serial);
        key(one) < key(other)
    }

    /// Moves an entry towards the root as far as it goes before its parent. Where it ends.
    fn rise<T: Linked>(&mut self, slab: &mut Slab<T>, mut place: usize) -> usize {
        while place > 0 && self.goes_before(place, (place - 1) / 2) {
            self.entries.swap(place, (place - 1) / 2);
            self.note(slab, place);
            place = (place - 1) / 2;
        }
        self.note(slab, place);
        place
    }

    fn sink<T: Linked>(&mut self, slab: &mut Slab<T>, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let mut first = place;
            for child in [left, right] {
                if child < self.entries.len() && self.goes_before(child, first) {
                    first = child;
                }
            }
            if first == place {
                return self.note(slab, place);
            }
            self.entries.swap(place, first);
            self.note(slab, place);
            place = first;
        }
    }

    fn note<T: Linked>(&self, slab: &mut Slab<T>, place: usize) {
        *slab[self.entries[place].index].links_mut() = Links::at(place);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::list::tests::Thing;

    proptest! {
        /// Pushes, pops and removals give what a sorted vector gives.
        #[test]
        fn it_agrees_with_a_sorted_vector(actions in proptest::collection::vec((0_u8..4, 0_u64..5, 0_usize..64), 1..300)) {
            let (mut slab, mut heap) = (Slab::default(), Heap::default());
            let mut sorted: Vec<(u64, u64, u32)> = Vec::new();
            for (number, (action, rank, which)) in (0..).zip(actions) {
                match action {
                    0 | 1 => {
                        let index = slab.insert(Thing::default());
                        heap.push(&mut slab, index, rank);
                        sorted.push((rank, number, index));
                        sorted.sort_unstable();
                    }
                    2 => {
                        let expected = (!sorted.is_empty()).then(|| sorted.remove(0).2);
                        prop_assert_eq!(heap.pop(&mut slab), expected);
                    }
                    _ if sorted.is_empty() => {}
                    _ => {
                        let (.., index) = sorted.remove(which % sorted.len());
                        heap.remove(&mut slab, index);
                    }
                }
                prop_assert_eq!(heap.iter().count(), sorted.len());
                prop_assert_eq!(heap.is_empty(), sorted.is_empty());
            }
        }
    }
}
