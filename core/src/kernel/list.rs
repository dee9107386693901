//! Lists through a slab: each thing carries its own links, so that queues allocate nothing and any thing leaves any
//! queue in constant time. A thing is in one list at a time.

use super::NONE;
use super::slab::Slab;

/// The links of an entry. `previous` of the first entry may be stale and must not be read: `pop` does not update the entry
/// behind it.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    next: u32,
    previous: u32,
}

impl Links {
    /// The next in the list.
    pub fn next(&self) -> Option<u32> {
        (self.next != NONE).then_some(self.next)
    }

    /// Those of a thing at this place of a [`Heap`](super::heap::Heap).
    pub(super) fn at(place: usize) -> Self {
        Self { next: NONE, previous: place as u32 }
    }

    /// The place in a heap that they tell.
    pub(super) fn place(&self) -> usize {
        self.previous as usize
    }
}

impl Default for Links {
    fn default() -> Self {
        Self { next: NONE, previous: NONE }
    }
}

/// A thing that can be in a list.
pub trait Linked {
    /// Its links.
    fn links(&self) -> Links;
    /// Its links, to be changed.
    fn links_mut(&mut self) -> &mut Links;
}

/// A first-in, first-out list.
#[derive(Clone, Copy, Debug)]
pub struct List {
    head: u32,
    tail: u32,
    len: u32,
}

impl Default for List {
    fn default() -> Self {
        Self { head: NONE, tail: NONE, len: 0 }
    }
}

impl List {
    /// Adds at the end.
    #[inline]
    pub fn push<T: Linked>(&mut self, slab: &mut Slab<T>, index: u32) {
        *slab[index].links_mut() = Links { next: NONE, previous: self.tail };
        if self.tail == NONE {
            self.head = index;
        } else {
            slab[self.tail].links_mut().next = index;
        }
        self.tail = index;
        self.len += 1;
    }

    /// Adds at the front.
    pub fn push_first<T: Linked>(&mut self, slab: &mut Slab<T>, index: u32) {
        *slab[index].links_mut() = Links { next: self.head, previous: NONE };
        if self.head == NONE {
            self.tail = index;
        } else {
            slab[self.head].links_mut().previous = index;
        }
        self.head = index;
        self.len += 1;
    }

    /// Takes the first.
    #[inline(always)]
    pub fn pop<T: Linked>(&mut self, slab: &mut Slab<T>) -> Option<u32> {
        let index = self.first()?;
        let Links { next, .. } = slab[index].links();
        self.head = next;
        if next == NONE {
            self.tail = NONE;
        }
        self.len -= 1;
        Some(index)
    }

    /// Takes one from wherever it stands in this list.
    #[inline]
    pub fn remove<T: Linked>(&mut self, slab: &mut Slab<T>, index: u32) {
        if self.head == index {
            self.pop(slab);
            return;
        }
        let Links { next, previous } = slab[index].links();
        slab[previous].links_mut().next = next;
        if next == NONE {
            self.tail = previous;
        } else {
            slab[next].links_mut().previous = previous;
        }
        self.len -= 1;
    }

    /// Moves all of another list to the end of this one.
    pub fn append<T: Linked>(&mut self, slab: &mut Slab<T>, other: &mut Self) {
        if other.head == NONE {
            return;
        }
        if self.tail == NONE {
            self.head = other.head;
        } else {
            slab[self.tail].links_mut().next = other.head;
            slab[other.head].links_mut().previous = self.tail;
        }
        self.tail = other.tail;
        self.len += other.len;
        *other = Self::default();
    }

    /// The first, left where it is.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    /// The last, left where it is.
    #[inline]
    pub fn last(&self) -> Option<u32> {
        (self.tail != NONE).then_some(self.tail)
    }

    /// All, first to last.
    pub fn iter<T: Linked>(self, slab: &Slab<T>) -> impl Iterator<Item = u32> {
        std::iter::successors(self.first(), |&index| slab[index].links().next())
    }

    /// The one after this one of the list.
    pub fn after<T: Linked>(&self, slab: &Slab<T>, index: u32) -> Option<u32> {
        slab[index].links().next()
    }

    /// How many.
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A thing that has nothing but its links.
    #[derive(Default)]
    pub struct Thing(Links);
    impl Linked for Thing {
        fn links(&self) -> Links {
            self.0
        }
        fn links_mut(&mut self) -> &mut Links {
            &mut self.0
        }
    }

    #[test]
    fn first_in_first_out_with_removal_anywhere() {
        let mut slab = Slab::default();
        let things: Vec<u32> = (0..5).map(|_| slab.insert(Thing::default())).collect();
        let (mut list, mut other) = (List::default(), List::default());
        for &thing in &things[..3] {
            list.push(&mut slab, thing);
        }
        for &thing in &things[3..] {
            other.push(&mut slab, thing);
        }
        list.append(&mut slab, &mut other);
        list.remove(&mut slab, things[2]);
        list.remove(&mut slab, things[0]);
        list.remove(&mut slab, things[4]);
        assert_eq!(list.iter(&slab).collect::<Vec<_>>(), [things[1], things[3]]);
        assert_eq!((list.len(), other.len()), (2, 0));
        list.push_first(&mut slab, things[4]);
        assert_eq!(list.pop(&mut slab), Some(things[4]));
        assert_eq!(list.pop(&mut slab), Some(things[1]));
        assert_eq!(list.pop(&mut slab), Some(things[3]));
        assert_eq!(list.pop(&mut slab), None);
    }

    /// What was second and has become the first still has the links of a second.
    #[test]
    fn what_has_become_the_first_is_removed_as_such() {
        let mut slab = Slab::default();
        let mut list = List::default();
        let things: Vec<u32> = (0..3).map(|_| slab.insert(Thing::default())).collect();
        things.iter().for_each(|&thing| list.push(&mut slab, thing));
        assert_eq!(list.pop(&mut slab), Some(things[0]));
        list.remove(&mut slab, things[1]);
        assert_eq!(list.iter(&slab).collect::<Vec<_>>(), [things[2]]);
        list.remove(&mut slab, things[2]);
        list.push(&mut slab, things[0]);
        assert_eq!((list.pop(&mut slab), list.len()), (Some(things[0]), 0));
    }
}
