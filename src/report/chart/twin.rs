//! Curves that lie on one another, which would hide all but the last: their strokes take turns, so do their marks, and
//! their names stand together, with a sign that says so.

use super::scene::Spot;

/// How far apart two curves may be and still hide each other: about half a stroke.
const HIDDEN: f64 = 2.0;
/// How long a stroke is before it is the next curve's turn.
const TURN: f64 = 26.0;

/// What stands before the name of a curve that is the same as another, and of one that is not but hides it.
const SAME: &str = "= ";
const NEAR: &str = "≈ ";

/// What the signs of these names mean, for the footnote; empty where none has one.
pub(super) fn explained(names: &[String]) -> String {
    let has = |sign: &str| names.iter().any(|name| name.starts_with(sign));
    match (has(SAME), has(NEAR)) {
        (false, false) => String::new(),
        (true, false) => "=: the same curve as the one named above it.".into(),
        (false, true) => "≈: too close to the curve named above it to tell apart.".into(),
        (true, true) => "=: the same curve as the one named above it; ≈: too close to it to tell apart.".into(),
    }
}

/// Where a curve stands among those that it lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Twin {
    /// The first of them.
    pub(super) first: usize,
    /// Its place among them, from 0.
    pub(super) place: usize,
    /// How many they are.
    pub(super) count: usize,
    /// Whether it is the same as the first to the last bit, not only to the eye.
    pub(super) same: bool,
}

impl Twin {
    /// A curve that lies alone.
    pub(super) fn alone(first: usize) -> Self {
        Self { first, place: 0, count: 1, same: true }
    }

    /// What its name begins with; [`explained`] says what it means.
    pub(super) fn sign(self) -> &'static str {
        match (self.place, self.same) {
            (0, _) => "",
            (_, true) => SAME,
            (_, false) => NEAR,
        }
    }

    /// Whether it is this curve's turn to mark its point.
    pub(super) fn marks(self, number: usize) -> bool {
        number % self.count == self.place
    }

    /// The parts of a path that are this curve's to draw.
    pub(super) fn turns(self, path: &[Spot]) -> Vec<Vec<Spot>> {
        if self.count == 1 {
            return vec![path.to_vec()];
        }
        let mut parts: Vec<Vec<Spot>> = Vec::new();
        let mut part: Vec<Spot> = Vec::new();
        let (mut turn, mut left) = (0, TURN);
        for (&from, &to) in path.iter().zip(path.iter().skip(1)) {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let at = |way: f64| {
                let share = way / length;
                (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
            };
            let mut done = 0.0;
            loop {
                let is_mine = turn % self.count == self.place;
                if is_mine && part.is_empty() {
                    part.push(if done == 0.0 { from } else { at(done) });
                }
                if length - done <= left {
                    break;
                }
                done += left;
                if is_mine {
                    part.push(at(done));
                    parts.push(std::mem::take(&mut part));
                }
                (turn, left) = (turn + 1, TURN);
            }
            left -= length - done;
            if turn % self.count == self.place {
                part.push(to);
            }
        }
        if part.len() > 1 {
            parts.push(part);
        }
        parts
    }
}

/// Finds the curves that lie on one another. Each is given by its spots and by what else must be equal.
pub(super) fn find<T: PartialEq>(curves: &[(Vec<Option<Spot>>, T)]) -> Vec<Twin> {
    let mut twins: Vec<Twin> = Vec::new();
    for (number, curve) in curves.iter().enumerate() {
        let first = (0..number).find(|&other| twins[other].place == 0 && lie_together(&curves[other], curve));
        twins.push(match first {
            None => Twin::alone(number),
            Some(first) => {
                let place = twins.iter().filter(|twin| twin.first == first).count();
                Twin { first, place, count: 1, same: curves[first].0 == curve.0 }
            }
        });
    }
    let count = |first: usize| twins.iter().filter(|twin| twin.first == first).count();
    twins.iter().map(|&twin| Twin { count: count(twin.first), ..twin }).collect()
}

fn lie_together<T: PartialEq>(a: &(Vec<Option<Spot>>, T), b: &(Vec<Option<Spot>>, T)) -> bool {
    let near = |(a, b): (&Option<Spot>, &Option<Spot>)| match (a, b) {
        (Some(a), Some(b)) => (a.0 - b.0).abs() <= HIDDEN && (a.1 - b.1).abs() <= HIDDEN,
        (None, None) => true,
        _ => false,
    };
    a.1 == b.1 && a.0.len() == b.0.len() && a.0.iter().any(Option::is_some) && a.0.iter().zip(&b.0).all(near)
}

#[cfg(test)]
mod tests {
    use super::{TURN, Twin, find};

    fn curve(levels: &[f64]) -> (Vec<Option<(f64, f64)>>, u8) {
        (levels.iter().enumerate().map(|(x, &y)| y.is_finite().then_some((x as f64, y))).collect(), 0)
    }

    #[test]
    fn curves_that_hide_each_other_are_found() {
        let curves = [
            curve(&[5.0, 9.0, f64::NAN]),
            curve(&[5.0, 20.0, f64::NAN]),
            curve(&[5.0, 9.0, f64::NAN]),
            curve(&[6.0, 8.0, f64::NAN]),
            curve(&[5.0, 9.0, 9.0]),
        ];
        let signs: Vec<&str> = find(&curves).iter().map(|twin| twin.sign()).collect();
        assert_eq!(signs, ["", "", "= ", "≈ ", ""]);
        let places: Vec<(usize, usize, usize)> =
            find(&curves).iter().map(|twin| (twin.first, twin.place, twin.count)).collect();
        assert_eq!(places, [(0, 0, 3), (1, 0, 1), (0, 1, 3), (0, 2, 3), (4, 0, 1)]);
    }

    #[test]
    fn curves_without_points_hide_nothing() {
        let twins = find(&[curve(&[f64::NAN]), curve(&[f64::NAN])]);
        assert_eq!(twins, [Twin::alone(0), Twin::alone(1)]);
    }

    /// All turns together are the path.
    #[test]
    fn strokes_take_turns() {
        let path = [(0.0, 0.0), (TURN * 1.5, 0.0), (TURN * 1.5, TURN * 2.0)];
        let twin = |place| Twin { first: 0, place, count: 2, same: true };
        assert_eq!(
            twin(0).turns(&path),
            [vec![(0.0, 0.0), (TURN, 0.0)], vec![(TURN * 1.5, TURN * 0.5), (TURN * 1.5, TURN * 1.5)],]
        );
        assert_eq!(
            twin(1).turns(&path),
            [
                vec![(TURN, 0.0), (TURN * 1.5, 0.0), (TURN * 1.5, TURN * 0.5)],
                vec![(TURN * 1.5, TURN * 1.5), (TURN * 1.5, TURN * 2.0)],
            ]
        );
        assert_eq!(Twin::alone(0).turns(&path), [path.to_vec()]);
    }
}
