//! The calendar of future events: packed, in a sorted list as long as there are few, else in a 4-ary heap.
//!
//! An event is one `u128`: time (64 bits), serial (40), slot (24), so that one comparison is the whole ordering rule and
//! equal times keep the order of scheduling.
//!
//! Most systems have fewer than a hundred events in the calendar, and most new events are among the next few. There a
//! sorted list costs about half of a heap: in an M/M/1, an insertion took 130 instructions in the heap and 59 in the list when
//! it was introduced (callgrind, by function).
//!
//! In the heap a pop leaves a hole at the root which the next push fills, since an event nearly always schedules another
//! one (LaMarca and Ladner 1996 on d-ary heaps and caches).
//!
//! Cancelled events stay and are disowned: the part that scheduled an event remembers its serial, and an event that comes up
//! with another one is dead. The owner reports each cancellation, and when the dead outnumber the living the calendar
//! asks to be [compacted](Calendar::compact).

use super::time::Time;

/// Bits of a key's slot: the number of things that can have events, 16.7 million.
pub const SLOT_BITS: u32 = 24;
const SERIAL_BITS: u32 = 40;
const SLOT_MASK: u128 = (1 << SLOT_BITS) - 1;
const SERIAL_MASK: u128 = (1 << SERIAL_BITS) - 1;

/// Which event among all that were ever scheduled, from 1. Zero stands for none.
pub type Serial = u64;

/// An event as one packed key. It fits two registers; its fields are extracted only when they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event(u128);

impl Event {
    /// The event of a slot at a time.
    #[inline]
    pub fn new(time: Time, serial: Serial, slot: u32) -> Self {
        debug_assert!(u128::from(slot) <= SLOT_MASK);
        Self((u128::from(time.0) << 64) | (u128::from(serial) << SLOT_BITS) | u128::from(slot))
    }

    /// Its time.
    #[inline]
    pub fn time(self) -> Time {
        Time((self.0 >> 64) as u64)
    }

    /// Its serial.
    #[inline]
    pub fn serial(self) -> Serial {
        ((self.0 >> SLOT_BITS) & SERIAL_MASK) as u64
    }

    /// The slot that it belongs to.
    #[inline]
    pub fn slot(self) -> u32 {
        (self.0 & SLOT_MASK) as u32
    }
}

/// Events up to which the calendar is a sorted list.
const MOST_SORTED: usize = 96;

/// Events of a heap down to which it is left one.
const FEWEST_IN_HEAP: usize = 32;

/// So many of the next events are compared with a new one, one after the other.
const NEXT_FEW: usize = 12;

/// Future events in the order of (time, serial).
#[derive(Clone, Debug)]
pub struct Calendar {
    /// While there are few: all of them, sorted, the next event last. An array, because a vector that may grow makes each
    /// insertion save its registers.
    few: [Event; MOST_SORTED],
    count: usize,
    /// While there are many: all of them, a heap, the next event first.
    many: Vec<Event>,
    is_heap: bool,
    /// The root was popped and not yet replaced.
    hole: bool,
    serial: Serial,
    dead: usize,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            few: [Event(0); MOST_SORTED],
            count: 0,
            many: Vec::new(),
            is_heap: false,
            hole: false,
            serial: 0,
            dead: 0,
        }
    }
}

impl Calendar {
    /// Schedules an event for `slot`.
    #[inline]
    pub fn schedule(&mut self, time: Time, slot: u32) -> Serial {
        let serial = self.reserve();
        self.insert(Event::new(time, serial, slot));
        serial
    }

    /// Takes the next serial without scheduling anything: a place in the order for an event that is inserted later.
    #[inline]
    pub fn reserve(&mut self) -> Serial {
        self.serial += 1;
        debug_assert!(u128::from(self.serial) <= SERIAL_MASK, "a run of more than 10^12 events");
        self.serial
    }

    /// Inserts an event whose serial was reserved.
    #[inline]
    pub fn insert(&mut self, event: Event) {
        let count = self.count;
        if self.is_heap || count >= MOST_SORTED {
            return self.insert_in_heap(event);
        }
        let far = count.saturating_sub(NEXT_FEW);
        if far > 0 && self.few[far] < event {
            return self.insert_far(far, event);
        }
        self.count = count + 1;
        // Those that come before it move on by one place. (A slice that shrinks, since an index is checked at each step.)
        let mut rest = &mut self.few[..=count];
        while let [.., other, free] = rest
            && *other < event
        {
            *free = *other;
            let last = rest.len() - 1;
            rest = &mut std::mem::take(&mut rest)[..last];
        }
        if let Some(free) = rest.last_mut() {
            *free = event;
        }
    }

    /// Inserts an event behind the next few: its place is searched by halves.
    #[inline(never)]
    fn insert_far(&mut self, far: usize, event: Event) {
        let place = self.few[..far].partition_point(|&other| other > event);
        self.few.copy_within(place..self.count, place + 1);
        self.few[place] = event;
        self.count += 1;
    }

    #[inline(never)]
    fn insert_in_heap(&mut self, event: Event) {
        if !self.is_heap {
            // What is sorted is a heap.
            self.many.extend(self.few[..self.count].iter().rev());
            (self.count, self.is_heap) = (0, true);
        }
        if self.hole {
            self.hole = false;
            self.sink(0, event);
        } else {
            self.many.push(event);
            self.rise(self.many.len() - 1, event);
        }
    }

    /// The next event, taken out.
    #[inline]
    pub fn pop(&mut self) -> Option<Event> {
        match self.pop_from_few() {
            None if self.is_heap => self.pop_from_heap(),
            next => next,
        }
    }

    /// The next event of the sorted list, which is empty while there is a heap.
    #[inline(always)]
    fn pop_from_few(&mut self) -> Option<Event> {
        let last = self.count.checked_sub(1)?;
        self.count = last;
        self.few.get(last).copied()
    }

    #[inline(never)]
    fn pop_from_heap(&mut self) -> Option<Event> {
        if self.hole {
            self.hole = false;
            let last = self.many.pop()?;
            self.sink(0, last);
        }
        if self.many.len() < FEWEST_IN_HEAP {
            self.sort();
            return self.pop_from_few();
        }
        self.hole = true;
        Some(self.many[0])
    }

    /// Turns a heap of few events and without a hole into a sorted list.
    #[cold]
    fn sort(&mut self) {
        self.many.sort_unstable_by(|one, other| other.cmp(one));
        self.few[..self.many.len()].copy_from_slice(&self.many);
        (self.count, self.is_heap) = (self.many.len(), false);
        self.many.clear();
    }

    /// An event was cancelled: it is dead from now on.
    #[inline]
    pub fn cancelled(&mut self) {
        self.dead += 1;
    }

    /// A dead event came up and is gone.
    #[inline]
    pub fn buried(&mut self) {
        self.dead = self.dead.saturating_sub(1);
    }

    /// Whether the dead outnumber the living (and are many enough to matter).
    #[inline]
    pub fn wants_compaction(&self) -> bool {
        self.dead > 64 && self.dead * 2 > self.len()
    }

    /// Removes all events that are dead by the owners' word.
    pub fn compact(&mut self, alive: impl Fn(Event) -> bool) {
        if self.hole {
            self.hole = false;
            self.many.swap_remove(0);
        }
        let mut kept = 0;
        for index in 0..self.count {
            let event = self.few[index];
            if alive(event) {
                self.few[kept] = event;
                kept += 1;
            }
        }
        self.count = kept;
        self.many.retain(|&event| alive(event));
        if self.is_heap && self.many.len() <= FEWEST_IN_HEAP {
            self.sort();
        } else if self.is_heap {
            for index in (0..self.many.len().div_ceil(4)).rev() {
                self.sink(index, self.many[index]);
            }
        }
        self.dead = 0;
    }

    /// Whether any event inside, dead ones included, is such a one.
    pub fn any(&self, is_one: impl Fn(Event) -> bool) -> bool {
        let in_heap = &self.many[usize::from(self.hole)..];
        self.few[..self.count].iter().chain(in_heap).any(|&event| is_one(event))
    }

    /// Events inside, dead ones included.
    pub fn len(&self) -> usize {
        self.count + self.many.len() - usize::from(self.hole)
    }

    /// Events inside that are not known to be dead.
    pub fn living(&self) -> usize {
        self.len().saturating_sub(self.dead)
    }

    fn rise(&mut self, mut index: usize, event: Event) {
        while index > 0 {
            let parent = (index - 1) / 4;
            if self.many[parent] <= event {
                break;
            }
            self.many[index] = self.many[parent];
            index = parent;
        }
        self.many[index] = event;
    }

    fn sink(&mut self, mut index: usize, event: Event) {
        let events = &mut self.many[..];
        loop {
            let first = index * 4 + 1;
            let least = if let Some(&[a, b, c, d]) = events.get(first..first + 4) {
                let (ab, ab_event) = if b < a { (first + 1, b) } else { (first, a) };
                let (cd, cd_event) = if d < c { (first + 3, d) } else { (first + 2, c) };
                if cd_event < ab_event { cd } else { ab }
            } else {
                match (first..events.len()).min_by_key(|&child| events[child]) {
                    Some(child) => child,
                    None => break,
                }
            };
            if event <= events[least] {
                break;
            }
            events[index] = events[least];
            index = least;
        }
        events[index] = event;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::mix;

    #[test]
    fn equal_times_keep_the_order_of_scheduling() {
        let mut calendar = Calendar::default();
        for slot in 0..100 {
            calendar.schedule(Time(5), slot);
        }
        let order: Vec<u32> = std::iter::from_fn(|| calendar.pop()).map(Event::slot).collect();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    /// Against a sorted list, with pushes, pops and compactions mixed at random, while there are few events and while there
    /// are many.
    #[test]
    fn agrees_with_a_sorted_list() {
        let mut turns = 0;
        for seed in 0..20 {
            let mut calendar = Calendar::default();
            let mut list: Vec<Event> = Vec::new();
            let mut bits = seed;
            for step in 0..6000 {
                bits = mix(bits + 1);
                let was_heap = calendar.is_heap;
                // Their number grows, then shrinks.
                let inserted = if step / 1000 % 2 == 0 { 13 } else { 5 };
                match bits % 20 {
                    19 if step % 16 == 0 => {
                        let divisor = bits >> 32 & 3;
                        let alive = |event: Event| event.serial() % 4 != divisor;
                        calendar.compact(alive);
                        list.retain(|event| alive(*event));
                    }
                    action if action < inserted => {
                        let event = Event::new(Time((bits >> 8) % 500), calendar.reserve(), (bits >> 20) as u32 % 1000);
                        calendar.insert(event);
                        list.push(event);
                    }
                    _ => {
                        list.sort_by_key(|event| (event.time(), event.serial()));
                        let expected = if list.is_empty() { None } else { Some(list.remove(0)) };
                        assert_eq!(calendar.pop(), expected);
                    }
                }
                assert_eq!(calendar.len(), list.len());
                turns += u32::from(calendar.is_heap != was_heap);
            }
        }
        assert!(turns > 40, "{turns} changes between a sorted list and a heap");
    }
}
