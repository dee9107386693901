//! Logs of where time went: chains of segments in one slab, so that a log moves from a handler to its caller in
//! constant time and nothing is allocated for a request.

use crate::kernel::NONE;

use super::recorder::Recorder;
use crate::parts::meter::Meter;

/// What a stretch of time was spent on: twice the index of a [place](super::place::Place), plus one where the request
/// was served there and did not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label(pub u16);

impl Label {
    /// Not known, or explained by the request that is waited for.
    pub const NONE: Self = Self(u16::MAX);

    /// Waiting at a place.
    pub const fn waiting(place: u16) -> Self {
        Self(place << 1)
    }

    /// Being served at a place.
    pub const fn served(place: u16) -> Self {
        Self(place << 1 | 1)
    }

    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The index of its place; that of [`NONE`](Self::NONE) is no place's.
    pub fn place(self) -> u16 {
        self.0 >> 1
    }

    /// Whether the request was served there and did not wait.
    pub fn is_served(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Not explained yet: by another token's log, or by none.
pub(crate) const UNEXPLAINED: Label = Label::waiting(0);

#[derive(Clone, Copy, Debug)]
struct Segment {
    ns: u64,
    next: u32,
    label: Label,
}

/// A chain of segments, oldest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    head: u32,
    pub tail: u32,
    pub count: u32,
}

impl Default for Log {
    fn default() -> Self {
        Self { head: NONE, tail: NONE, count: 0 }
    }
}

/// The segments of all logs.
#[derive(Clone, Debug)]
pub(crate) struct Segments {
    segments: Vec<Segment>,
    free: u32,
    /// Sums by label, all zero between uses.
    sums: Vec<u64>,
    /// Hears of each stretch, if requests are traced or what happens is metered.
    pub listener: Option<Listener>,
}

/// Who hears of each stretch.
#[derive(Clone, Debug)]
pub(crate) enum Listener {
    Recorder(Box<Recorder>),
    Meter(Box<Meter>),
}

impl Segments {
    /// For this number of labels.
    pub fn new(labels: usize) -> Self {
        Self { segments: Vec::new(), free: NONE, sums: vec![0; labels], listener: None }
    }

    /// Adds a stretch at the end; one with the label of the last lengthens that, unless it is `floor`.
    #[inline(always)]
    pub fn append(&mut self, log: &mut Log, label: Label, ns: u64, floor: u32) {
        let tail = log.tail;
        if tail != NONE && tail != floor {
            let last = &mut self.segments[tail as usize];
            if last.label == label {
                last.ns += ns;
                return;
            }
        }
        let new = Segment { ns, next: NONE, label };
        let index = if self.free == NONE {
            self.segments.push(new);
            (self.segments.len() - 1) as u32
        } else {
            let index = self.free;
            self.free = self.segments[index as usize].next;
            self.segments[index as usize] = new;
            index
        };
        if tail == NONE {
            log.head = index;
        } else {
            self.segments[tail as usize].next = index;
        }
        log.tail = index;
        log.count += 1;
    }

    /// Moves all of `other` to the end of a log.
    pub fn concat(&mut self, log: &mut Log, other: Log) {
        if other.head == NONE {
            return;
        }
        if log.tail == NONE {
            *log = other;
        } else {
            self.segments[log.tail as usize].next = other.head;
            log.tail = other.tail;
            log.count += other.count;
        }
    }

    /// Gives the segments back.
    pub fn free(&mut self, log: Log) {
        if log.head != NONE {
            self.segments[log.tail as usize].next = self.free;
            self.free = log.head;
        }
    }

    /// The stretches of a log behind the segment `after`, all for [`NONE`].
    pub fn iter(&self, log: Log, after: u32) -> impl Iterator<Item = (Label, u64)> {
        let first = if after == NONE { log.head } else { self.segments[after as usize].next };
        let mut next = first;
        std::iter::from_fn(move || {
            let segment = self.segments.get(next as usize)?;
            next = segment.next;
            Some((segment.label, segment.ns))
        })
    }

    /// Takes the first `ns` nanoseconds off a log.
    pub fn skip(&mut self, log: &mut Log, mut ns: u64) {
        while ns > 0 && log.head != NONE {
            let head = log.head;
            let first = &mut self.segments[head as usize];
            if first.ns > ns {
                first.ns -= ns;
                return;
            }
            ns -= first.ns;
            log.count -= 1;
            log.head = first.next;
            first.next = self.free;
            self.free = head;
            if log.head == NONE {
                log.tail = NONE;
            }
        }
    }

    /// Leaves one segment a label behind the segment `floor`; those up to it stay as they are.
    #[inline(never)]
    pub fn compact(&mut self, log: &mut Log, floor: u32, floor_count: u32) {
        let first = if floor == NONE { log.head } else { self.segments[floor as usize].next };
        if first == NONE {
            return;
        }
        let mut labels = Vec::new();
        let mut next = first;
        while next != NONE {
            let Segment { ns, next: after, label } = self.segments[next as usize];
            let sum = &mut self.sums[label.index()];
            if *sum == 0 {
                labels.push(label);
            }
            *sum += ns;
            next = after;
        }
        self.segments[log.tail as usize].next = self.free;
        self.free = first;
        log.tail = floor;
        log.count = floor_count;
        if floor == NONE {
            log.head = NONE;
        } else {
            self.segments[floor as usize].next = NONE;
        }
        for label in labels {
            let ns = std::mem::take(&mut self.sums[label.index()]);
            self.append(log, label, ns, floor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(segments: &Segments, log: Log) -> Vec<(u16, u64)> {
        segments.iter(log, NONE).map(|(label, ns)| (label.0, ns)).collect()
    }

    #[test]
    fn logs_grow_move_and_shrink() {
        let mut all = Segments::new(8);
        let (mut log, mut other) = (Log::default(), Log::default());
        for (label, ns) in [(1, 5), (1, 2), (2, 3), (1, 1)] {
            all.append(&mut log, Label(label), ns, NONE);
        }
        assert_eq!((list(&all, log), log.count), (vec![(1, 7), (2, 3), (1, 1)], 3));
        all.append(&mut other, Label(3), 9, NONE);
        all.concat(&mut log, other);
        assert_eq!(list(&all, log), [(1, 7), (2, 3), (1, 1), (3, 9)]);
        let floor = log.tail;
        let before = log.count;
        for (label, ns) in [(3, 1), (2, 1), (3, 1), (2, 5)] {
            all.append(&mut log, Label(label), ns, floor);
        }
        all.compact(&mut log, floor, before);
        assert_eq!(list(&all, log), [(1, 7), (2, 3), (1, 1), (3, 9), (3, 2), (2, 6)]);
        assert_eq!(all.iter(log, floor).map(|(_, ns)| ns).collect::<Vec<_>>(), [2, 6]);
        all.skip(&mut log, 8);
        assert_eq!((list(&all, log), log.count), (vec![(2, 2), (1, 1), (3, 9), (3, 2), (2, 6)], 5));
        all.compact(&mut log, NONE, 0);
        assert_eq!(list(&all, log), [(2, 8), (1, 1), (3, 11)]);
        let taken = all.segments.len();
        all.free(log);
        let mut again = Log::default();
        (0..7).for_each(|label| all.append(&mut again, Label(label), 1, NONE));
        assert_eq!((again.count, all.segments.len()), (7, taken), "places are used again");
        all.skip(&mut again, 7);
        assert_eq!((list(&all, again), again.count, again.tail), (vec![], 0, NONE));
    }
}
