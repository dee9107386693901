//! Where the boxes of a drawing lie: in layers from the left to the right, so that most links lead to the right and few
//! cross (Sugiyama, Tagawa and Toda 1981, "Methods for Visual Understanding of Hierarchical System Structures").
//!
//! Links that would close a circle are turned round. A link over several layers has a place in each of them. The order in
//! a layer is that of the means of the neighbours, in a fixed number of sweeps, so that the same system has the same drawing.

/// Sweeps over the layers, from the left to the right and back.
const SWEEPS: usize = 8;

/// A link between two boxes, with the share of the height of its box at which it leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub(super) from: usize,
    pub(super) to: usize,
    /// How far down the left one of the two is left, 0 to 1.
    pub(super) at: f64,
}

/// The places of a drawing.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    /// The layer of each box.
    pub(super) layer: Vec<usize>,
    /// How many layers there are.
    pub(super) count: usize,
    /// The middle of each box, down.
    pub(super) middle: Vec<f64>,
    /// For each link the middles of its places in the layers between its boxes, from the left to the right.
    pub(super) bends: Vec<Vec<f64>>,
    /// Whether each link was turned round: it leads to the left.
    pub(super) turned: Vec<bool>,
}

/// A box, or a place of a link in a layer between.
struct Place {
    layer: usize,
    height: f64,
    middle: f64,
    /// The places that it is linked with in the layer to the left and in the one to the right, with how far from the middle
    /// of the other place the link lies.
    left: Vec<(usize, f64)>,
    right: Vec<(usize, f64)>,
}

/// Lays out boxes of these heights. `gap` is between two of a layer, `thin` the height of a link that passes.
pub(super) fn lay_out(heights: &[f64], arcs: &[Arc], gap: f64, thin: f64) -> Layers {
    let turned = turned(heights.len(), arcs);
    let ends: Vec<(usize, usize)> = arcs
        .iter()
        .zip(&turned)
        .map(|(arc, turned)| if *turned { (arc.to, arc.from) } else { (arc.from, arc.to) })
        .collect();
    let layer = layers(heights.len(), &ends);
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut places: Vec<Place> = heights
        .iter()
        .zip(&layer)
        .map(|(&height, &layer)| Place { layer, height, middle: 0.0, left: Vec::new(), right: Vec::new() })
        .collect();
    let mut passes: Vec<Vec<usize>> = Vec::new();
    for (arc, &(from, to)) in arcs.iter().zip(&ends) {
        let mut passed = Vec::new();
        let mut before = from;
        // A box that calls itself has no place between.
        for between in layer[from] + 1..layer[to].max(layer[from] + 1) {
            let here = places.len();
            places.push(Place { layer: between, height: thin, middle: 0.0, left: Vec::new(), right: Vec::new() });
            join(&mut places, before, here, if before == from { (arc.at - 0.5) * heights[from] } else { 0.0 });
            passed.push(here);
            before = here;
        }
        if from != to {
            join(&mut places, before, to, if before == from { (arc.at - 0.5) * heights[from] } else { 0.0 });
        }
        passes.push(passed);
    }
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, place) in places.iter().enumerate() {
        columns[place.layer].push(index);
    }
    columns.iter().for_each(|column| stack(column, &mut places, gap));
    for sweep in 0..SWEEPS {
        let to_right = sweep % 2 == 0;
        for step in 0..count {
            let column = if to_right { step } else { count - 1 - step };
            settle(&mut columns[column], &mut places, to_right, gap);
        }
    }
    let middle = |index: &usize| places[*index].middle;
    Layers {
        middle: (0..heights.len()).map(|index| places[index].middle).collect(),
        bends: passes.iter().map(|passed| passed.iter().map(middle).collect()).collect(),
        layer,
        count,
        turned,
    }
}

fn join(places: &mut [Place], left: usize, right: usize, off: f64) {
    places[left].right.push((right, -off));
    places[right].left.push((left, off));
}

/// Which links lead back to a box that leads to them, in a search in depth that begins with the first boxes.
fn turned(count: usize, arcs: &[Arc]) -> Vec<bool> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut turned = vec![false; arcs.len()];
    let mut state = vec![State::New; count];
    // Boxes that nothing leads to come first: what they call is to their right.
    let is_called = |index: usize| arcs.iter().any(|arc| arc.to == index && arc.from != index);
    let roots = (0..count).filter(|&index| !is_called(index)).chain(0..count);
    for root in roots.collect::<Vec<_>>() {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.pop() {
            let Some((index, arc)) = arcs.iter().enumerate().skip(next).find(|(_, arc)| arc.from == node) else {
                state[node] = State::Done;
                continue;
            };
            path.push((node, index + 1));
            match state[arc.to] {
                State::New => {
                    state[arc.to] = State::Open;
                    path.push((arc.to, 0));
                }
                State::Open if arc.to != node => turned[index] = true,
                State::Open | State::Done => {}
            }
        }
    }
    turned
}

/// The layer of each box: one more than the last of those that lead to it.
fn layers(count: usize, ends: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; count];
    // No path is longer than the number of boxes.
    for _ in 0..count {
        let mut is_settled = true;
        for &(from, to) in ends.iter().filter(|(from, to)| from != to) {
            if layer[to] < layer[from] + 1 {
                layer[to] = layer[from] + 1;
                is_settled = false;
            }
        }
        if is_settled {
            break;
        }
    }
    layer
}

/// Puts the places of a column below each other, around zero.
fn stack(column: &[usize], places: &mut [Place], gap: f64) {
    let all: f64 = column.iter().map(|&index| places[index].height + gap).sum::<f64>() - gap;
    let mut top = -all / 2.0;
    for &index in column {
        places[index].middle = top + places[index].height / 2.0;
        top += places[index].height + gap;
    }
}

/// Orders a column by where its neighbours lie, and puts each of its places as near to them as the others let it.
fn settle(column: &mut [usize], places: &mut [Place], to_right: bool, gap: f64) {
    let wish = |place: &Place| {
        let near = if to_right { &place.left } else { &place.right };
        let near = if near.is_empty() { if to_right { &place.right } else { &place.left } } else { near };
        let sum: f64 = near.iter().map(|&(other, off)| places[other].middle + off).sum();
        if near.is_empty() { place.middle } else { sum / near.len() as f64 }
    };
    let mut wanted: Vec<(usize, f64)> = column.iter().map(|&index| (index, wish(&places[index]))).collect();
    wanted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let boxes: Vec<(f64, f64)> = wanted.iter().map(|&(index, middle)| (middle, places[index].height + gap)).collect();
    let middles = super::tag::spread(&boxes, f64::NEG_INFINITY, f64::INFINITY);
    for ((slot, (index, _)), middle) in column.iter_mut().zip(wanted).zip(middles) {
        *slot = index;
        places[index].middle = middle;
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, lay_out};

    fn arcs(ends: &[(usize, usize)]) -> Vec<Arc> {
        ends.iter().map(|&(from, to)| Arc { from, to, at: 0.5 }).collect()
    }

    #[test]
    fn links_lead_to_the_right_and_circles_are_broken() {
        // 0 calls 1, which calls 2 and is called back by it; 3 is called by 0 and 2.
        let all = arcs(&[(0, 1), (1, 2), (2, 1), (0, 3), (2, 3), (2, 2)]);
        let laid = lay_out(&[10.0; 4], &all, 4.0, 2.0);
        assert_eq!(laid.layer, [0, 1, 2, 3]);
        assert_eq!(laid.turned, [false, false, true, false, false, false]);
        // The long link passes two layers, the others none.
        assert_eq!(laid.bends.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, 2, 0, 0]);
    }

    #[test]
    fn boxes_of_a_layer_do_not_touch_and_follow_their_neighbours() {
        // Crossed as written: the first of the last layer belongs to the second of the one before.
        let laid = lay_out(&[10.0; 5], &arcs(&[(0, 1), (0, 2), (1, 4), (2, 3)]), 4.0, 2.0);
        assert!((laid.middle[1] - laid.middle[2]).abs() >= 14.0);
        assert_eq!(laid.middle[1] < laid.middle[2], laid.middle[4] < laid.middle[3]);
        // Nothing at all is no mistake.
        assert_eq!(lay_out(&[], &[], 4.0, 2.0).count, 0);
    }
}
