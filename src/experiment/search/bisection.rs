//! Bisection with answers that may be "too close to tell": it closes in on the last position that meets for certain and
//! on the first beyond it that misses for certain, which lie one step apart where every answer was certain. Where positions
//! before those that meet miss as well, it closes in on that end too.

use std::collections::BTreeMap;

/// Where a position lies, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Misses, and those that meet lie beyond it: the load offers less than the target throughput.
    Before,
    /// Meets, for certain.
    Meets,
    /// Cannot be told.
    TooClose,
    /// Misses, and those that meet lie before it.
    After,
}

/// A search over positions 0 to `last`, of which the first is expected to meet and the last to miss.
#[derive(Clone, Debug)]
pub struct Bisection {
    last: u32,
    known: BTreeMap<u32, Side>,
}

/// What the ends say of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeShape {
    /// As expected, or too close to tell at an end.
    Falls,
    /// Even the last position meets.
    AllMeet,
    /// Not even the first position meets, or not even the last where those that meet would lie beyond.
    NoneMeets,
    /// The last meets and the first does not: the wrong way round.
    Rises,
}

impl Bisection {
    /// A search that knows nothing yet.
    pub fn new(last: u32) -> Self {
        Self { last, known: BTreeMap::new() }
    }

    /// The most positions that a search decides, of those from 0 to `last`: both ends, and one for each halving and boundary;
    /// those that meet have one boundary or two.
    pub fn most(last: u32, boundaries: usize) -> usize {
        2 + 2 * boundaries * (u32::BITS - last.leading_zeros()) as usize
    }

    /// Takes note of what was found at a position.
    pub fn tell(&mut self, position: u32, side: Side) {
        self.known.insert(position, side);
    }

    /// What is known of a position.
    pub fn known(&self, position: u32) -> Option<Side> {
        self.known.get(&position).copied()
    }

    /// The positions to decide next; none when all are decided.
    pub fn next(&self) -> Vec<u32> {
        let ends: Vec<u32> = [0, self.last].into_iter().filter(|end| !self.known.contains_key(end)).collect();
        if !ends.is_empty() {
            return ends;
        }
        let mut wanted = Vec::new();
        let after = |position: u32| self.known.range(position + 1..).next().map(|(&next, _)| next);
        let before = |position: u32| self.known.range(..position).next_back().map(|(&before, _)| before);
        let (first_meets, last_meets) = (self.first(Side::Meets), self.last_that_meets());
        if self.shape() == RangeShape::Falls {
            // Between the last that meets, or lies before those that do, and the next that does not for certain.
            let near = last_meets.max(self.last_before());
            wanted.extend(near.and_then(|near| middle(near, after(near)?)));
            // Between the first that misses and the one before that does not for certain.
            wanted.extend(self.first(Side::After).and_then(|misses| middle(before(misses)?, misses)));
        }
        // The same at the other end of those that meet, if it is inside the range.
        if let Some(short) = self.last_before()
            && let Some(meets) = first_meets.filter(|&meets| meets > short)
        {
            wanted.extend(after(short).and_then(|next| middle(short, next)));
            wanted.extend(before(meets).and_then(|before| middle(before, meets)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// What the ends say.
    pub fn shape(&self) -> RangeShape {
        match (self.known(0), self.known(self.last)) {
            (Some(Side::After), Some(Side::Meets)) => RangeShape::Rises,
            (Some(Side::After), _) | (_, Some(Side::Before)) => RangeShape::NoneMeets,
            (_, Some(Side::Meets)) => RangeShape::AllMeet,
            _ => RangeShape::Falls,
        }
    }

    /// The first position that meets for certain.
    pub fn first_that_meets(&self) -> Option<u32> {
        self.first(Side::Meets)
    }

    /// The last position that meets for certain.
    pub fn last_that_meets(&self) -> Option<u32> {
        self.last(Side::Meets)
    }

    /// The first position that misses for certain, and beyond which none is expected to meet.
    pub fn first_that_misses(&self) -> Option<u32> {
        self.first(Side::After)
    }

    /// The last position that misses, and beyond which others may meet.
    pub fn last_before(&self) -> Option<u32> {
        self.last(Side::Before)
    }

    fn first(&self, side: Side) -> Option<u32> {
        self.known.iter().find(|(_, known)| **known == side).map(|(&position, _)| position)
    }

    fn last(&self, side: Side) -> Option<u32> {
        self.known.iter().rev().find(|(_, known)| **known == side).map(|(&position, _)| position)
    }
}

/// The position half-way, if there is one in between.
fn middle(low: u32, high: u32) -> Option<u32> {
    (high - low > 1).then(|| low + (high - low) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches where positions up to `meets` meet and those from `misses` on miss; counts decisions.
    fn search(last: u32, meets: i64, misses: i64) -> (Bisection, usize) {
        search_from(last, -1, 0, meets, misses)
    }

    /// The same, where those up to `short` lie before the first that meets, `from`.
    fn search_from(last: u32, short: i64, from: i64, meets: i64, misses: i64) -> (Bisection, usize) {
        let mut bisection = Bisection::new(last);
        let mut count = 0;
        loop {
            let next = bisection.next();
            if next.is_empty() {
                return (bisection, count);
            }
            for position in next {
                count += 1;
                let side = match i64::from(position) {
                    position if position <= short => Side::Before,
                    position if position >= misses => Side::After,
                    position if position >= from && position <= meets => Side::Meets,
                    _ => Side::TooClose,
                };
                bisection.tell(position, side);
            }
        }
    }

    #[test]
    fn every_boundary_is_found_exactly_and_in_few_steps() {
        for last in [1, 2, 3, 7, 64, 100] {
            for meets in 0..i64::from(last) {
                for misses in meets + 1..=i64::from(last) {
                    let (found, count) = search(last, meets, misses);
                    assert_eq!(found.shape(), RangeShape::Falls);
                    assert_eq!(found.last_that_meets().map(i64::from), Some(meets), "{last} {meets} {misses}");
                    assert_eq!(found.first_that_misses().map(i64::from), Some(misses), "{last} {meets} {misses}");
                    assert!(count <= Bisection::most(last, 1), "{count} for {last}");
                }
            }
        }
    }

    /// All that meet lie inside the range: both ends are found.
    #[test]
    fn both_ends_of_those_that_meet_are_found() {
        for last in [3, 7, 64] {
            for short in 0..i64::from(last) - 1 {
                for misses in short + 2..=i64::from(last) {
                    let (found, count) = search_from(last, short, short + 1, misses - 1, misses);
                    let ends = [found.last_before(), found.first_that_meets(), found.last_that_meets()];
                    let right = [short, short + 1, misses - 1].map(Some);
                    assert_eq!(ends.map(|end| end.map(i64::from)), right, "{last} {short} {misses}");
                    assert_eq!(found.first_that_misses().map(i64::from), Some(misses), "{last} {short} {misses}");
                    assert!(count <= Bisection::most(last, 2), "{count} for {last}");
                }
            }
        }
    }

    /// Nothing lies between those that fall short and those beyond: none meets, which two neighbours show.
    #[test]
    fn none_meets_where_both_kinds_of_misses_are_neighbours() {
        let (found, _) = search_from(64, 40, 41, 40, 41);
        assert_eq!((found.last_before(), found.first_that_misses()), (Some(40), Some(41)));
        assert_eq!(found.last_that_meets(), None);
    }

    /// The last position meets, and the first falls short: only the near end is looked for.
    #[test]
    fn those_that_fall_short_are_told_where_the_last_position_meets() {
        let (found, _) = search_from(64, 20, 21, 64, 65);
        assert_eq!((found.shape(), found.last_before()), (RangeShape::AllMeet, Some(20)));
        assert_eq!((found.first_that_meets(), found.last_that_meets()), (Some(21), Some(64)));
        assert_eq!(search_from(64, 64, 65, 65, 66).0.shape(), RangeShape::NoneMeets);
    }

    #[test]
    fn ends_that_are_not_as_expected_end_the_search() {
        assert_eq!(search(10, 10, 11).0.shape(), RangeShape::AllMeet);
        assert_eq!(search(10, -1, 0).0.shape(), RangeShape::NoneMeets);
        let mut rises = Bisection::new(10);
        rises.tell(0, Side::After);
        rises.tell(10, Side::Meets);
        assert_eq!((rises.shape(), rises.next()), (RangeShape::Rises, vec![]));
    }

    #[test]
    fn an_end_too_close_to_tell_leaves_the_other_boundary() {
        let (found, _) = search(100, -1, 37);
        assert_eq!((found.last_that_meets(), found.first_that_misses()), (None, Some(37)));
        let (found, _) = search(100, 63, 101);
        assert_eq!((found.last_that_meets(), found.first_that_misses()), (Some(63), None));
    }
}
