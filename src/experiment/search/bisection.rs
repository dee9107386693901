//! Bisection with answers that may be "too close to tell": it closes in on the last position that surely meets and on
//! the first that surely misses, which lie one step apart where every answer was sure.

use std::collections::BTreeMap;

use super::sequential::Decision;

/// A search over positions 0 to `last`, of which the first is expected to meet and the last to miss.
#[derive(Clone, Debug)]
pub struct Bisection {
    last: u32,
    known: BTreeMap<u32, Decision>,
}

/// What the ends say of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeShape {
    /// As expected, or too close to tell at an end.
    Falls,
    /// Even the last position meets.
    AllMeet,
    /// Not even the first position meets.
    NoneMeets,
    /// The last meets and the first does not: the wrong way round.
    Rises,
}

impl Bisection {
    /// A search that knows nothing yet.
    pub fn new(last: u32) -> Self {
        Self { last, known: BTreeMap::new() }
    }

    /// Positions that a search over so many may decide, at most: both ends, and a step for each halving and boundary.
    pub fn most(last: u32) -> usize {
        2 + 2 * (u32::BITS - last.leading_zeros()) as usize
    }

    /// Takes note of what was found at a position.
    pub fn tell(&mut self, position: u32, decision: Decision) {
        self.known.insert(position, decision);
    }

    /// What is known of a position.
    pub fn known(&self, position: u32) -> Option<Decision> {
        self.known.get(&position).copied()
    }

    /// The positions that are to be decided next; none when all is said.
    pub fn next(&self) -> Vec<u32> {
        let ends: Vec<u32> = [0, self.last].into_iter().filter(|end| !self.known.contains_key(end)).collect();
        if !ends.is_empty() {
            return ends;
        }
        if self.shape() != RangeShape::Falls {
            return Vec::new();
        }
        let is = |decision: Decision| move |&(_, &known): &(&u32, &Decision)| known == decision;
        let mut wanted = Vec::new();
        // Between the last that meets and the next that does not surely.
        if let Some((&meets, _)) = self.known.iter().rev().find(is(Decision::Meets))
            && let Some((&next, _)) = self.known.range(meets + 1..).next()
        {
            wanted.extend(middle(meets, next));
        }
        // Between the first that misses and the one before that does not surely.
        if let Some((&misses, _)) = self.known.iter().find(is(Decision::Misses))
            && let Some((&before, _)) = self.known.range(..misses).next_back()
        {
            wanted.extend(middle(before, misses));
        }
        wanted.dedup();
        wanted
    }

    /// What the ends say.
    pub fn shape(&self) -> RangeShape {
        match (self.known(0), self.known(self.last)) {
            (Some(Decision::Misses), Some(Decision::Meets)) => RangeShape::Rises,
            (Some(Decision::Misses), _) => RangeShape::NoneMeets,
            (_, Some(Decision::Meets)) => RangeShape::AllMeet,
            _ => RangeShape::Falls,
        }
    }

    /// The last position that surely meets.
    pub fn last_that_meets(&self) -> Option<u32> {
        self.known.iter().rev().find(|(_, known)| **known == Decision::Meets).map(|(&position, _)| position)
    }

    /// The first position that surely misses.
    pub fn first_that_misses(&self) -> Option<u32> {
        self.known.iter().find(|(_, known)| **known == Decision::Misses).map(|(&position, _)| position)
    }
}

/// The position half-way, if there is one in between.
fn middle(low: u32, high: u32) -> Option<u32> {
    (high - low > 1).then(|| low + (high - low) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches where positions up to `meets` surely meet and those from `misses` on surely miss; counts decisions.
    fn search(last: u32, meets: i64, misses: i64) -> (Bisection, usize) {
        let mut bisection = Bisection::new(last);
        let mut count = 0;
        loop {
            let next = bisection.next();
            if next.is_empty() {
                return (bisection, count);
            }
            for position in next {
                count += 1;
                let decision = match i64::from(position) {
                    position if position <= meets => Decision::Meets,
                    position if position >= misses => Decision::Misses,
                    _ => Decision::TooClose,
                };
                bisection.tell(position, decision);
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
                    assert!(count <= Bisection::most(last), "{count} for {last}");
                }
            }
        }
    }

    #[test]
    fn ends_that_are_not_as_expected_end_the_search() {
        assert_eq!(search(10, 10, 11).0.shape(), RangeShape::AllMeet);
        assert_eq!(search(10, -1, 0).0.shape(), RangeShape::NoneMeets);
        let mut rises = Bisection::new(10);
        rises.tell(0, Decision::Misses);
        rises.tell(10, Decision::Meets);
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
