//! A slab: things in a vector, their places reused, addressed by 32-bit index.

use std::ops::{Index, IndexMut};

/// Things by index. Removing leaves the thing in place until its place is taken again.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    things: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { things: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a thing into a free place, the one freed last, or a new one.
    #[inline]
    pub fn insert(&mut self, thing: T) -> u32 {
        match self.free.pop() {
            Some(index) => {
                self.things[index as usize] = thing;
                index
            }
            None => {
                self.things.push(thing);
                (self.things.len() - 1) as u32
            }
        }
    }

    /// Frees a place.
    #[inline]
    pub fn remove(&mut self, index: u32) {
        self.free.push(index);
    }

    /// Places in use.
    pub fn len(&self) -> usize {
        self.things.len() - self.free.len()
    }

    /// Whether no place is in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The indices in use, lowest first. Costs as much as all places, used or free: for rare occasions.
    pub fn living(&self) -> impl Iterator<Item = u32> + use<T> {
        let mut is_free = vec![false; self.things.len()];
        self.free.iter().for_each(|&index| is_free[index as usize] = true);
        (0..).zip(is_free).filter(|&(_, is_free)| !is_free).map(|(index, _)| index)
    }

    /// Places, used or free.
    pub fn capacity(&self) -> usize {
        self.things.len()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, index: u32) -> &T {
        &self.things[index as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.things[index as usize]
    }
}
