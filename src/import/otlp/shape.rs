//! What one request did: its own work, its calls, in which order and which of them side by side.

use super::span::Span;

/// As many calls of one kind after each other are taken as a loop.
const LOOP: usize = 3;

/// The share of the shorter of two spans by which they may overlap and still come one after the other.
const OVERLAP: f64 = 0.01;

/// What is called: the index of a call that the system knows.
pub(super) type Callee = usize;

/// A part of what a request does. Requests with the same shape did the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Shape {
    /// Own work between two calls.
    Own,
    /// A call that is waited for.
    Call(Callee),
    /// A call that outlasts the request.
    Notify(Callee),
    /// A loop.
    Repeat(Vec<Shape>),
    /// Branches side by side.
    Parallel(Vec<Vec<Shape>>),
}

impl Shape {
    /// How many entries it has in [`Request::values`].
    pub fn values(&self) -> usize {
        match self {
            Self::Own | Self::Call(_) | Self::Notify(_) => 1,
            Self::Repeat(inside) => 1 + inside.iter().map(Self::values).sum::<usize>(),
            Self::Parallel(branches) => branches.iter().flatten().map(Self::values).sum(),
        }
    }
}

/// A call of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made<'a> {
    pub callee: Callee,
    pub span: &'a Span,
    /// Whether the request waits for it.
    pub is_waited_for: bool,
}

/// What a request did: its shape, and for each of its parts in the order of [`Shape`] the seconds that it took, or, of a
/// loop, how often it ran.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub shape: Vec<Shape>,
    pub values: Vec<Vec<f64>>,
}

/// What the request of this span did, given its calls.
pub(super) fn request(handler: &Span, mut calls: Vec<Made<'_>>) -> Request {
    calls.sort_by_key(|call| (call.span.start, call.span.end));
    let mut groups: Vec<Vec<Made<'_>>> = Vec::new();
    for call in calls {
        let joins = groups.last().is_some_and(|group| {
            call.is_waited_for && group.iter().all(|other| other.is_waited_for) && overlaps(group, &call)
        });
        match groups.last_mut().filter(|_| joins) {
            Some(group) => group.push(call),
            None => groups.push(vec![call]),
        }
    }
    let mut parts: Vec<Request> = Vec::new();
    let mut at = handler.start;
    for group in &groups {
        let start = group.iter().map(|call| call.span.start).min().unwrap_or(at);
        parts.push(own(at, start));
        parts.push(if group.len() == 1 { single(&group[0]) } else { parallel(group) });
        let last = group.iter().map(|call| if call.is_waited_for { call.span.end } else { call.span.start }).max();
        at = at.max(last.unwrap_or(at));
    }
    parts.push(own(at, handler.end));
    looped(parts)
}

/// Whether a call runs beside one of a group.
fn overlaps(group: &[Made<'_>], call: &Made<'_>) -> bool {
    group.iter().any(|other| {
        let common =
            other.span.end.min(call.span.end).saturating_sub(other.span.start.max(call.span.start)) as f64 / 1e9;
        common > OVERLAP * other.span.seconds().min(call.span.seconds()) && common > 0.0
    })
}

fn own(start: u64, end: u64) -> Request {
    Request { shape: vec![Shape::Own], values: vec![vec![end.saturating_sub(start) as f64 / 1e9]] }
}

fn single(call: &Made<'_>) -> Request {
    let shape = if call.is_waited_for { Shape::Call(call.callee) } else { Shape::Notify(call.callee) };
    Request { shape: vec![shape], values: vec![vec![call.span.seconds()]] }
}

/// Branches: a call follows the one that ended last before it, if there is one.
fn parallel(group: &[Made<'_>]) -> Request {
    let mut branches: Vec<Vec<&Made<'_>>> = Vec::new();
    for call in group {
        let free = branches
            .iter_mut()
            .filter(|branch| branch.last().is_some_and(|last| !overlaps(std::slice::from_ref(*last), call)));
        match free.max_by_key(|branch| branch.last().map(|last| last.span.end)) {
            Some(branch) => branch.push(call),
            None => branches.push(vec![call]),
        }
    }
    let mut branches: Vec<Request> = branches
        .iter()
        .map(|branch| {
            let mut parts = Vec::new();
            let mut end = None;
            for call in branch {
                parts.extend(end.map(|end| own(end, call.span.start)));
                parts.push(single(call));
                end = Some(call.span.end);
            }
            looped(parts)
        })
        .collect();
    // Which branch starts first is chance.
    branches.sort_by(|a, b| a.shape.cmp(&b.shape));
    let shape = Shape::Parallel(branches.iter().map(|branch| branch.shape.clone()).collect());
    let values = branches.into_iter().flat_map(|branch| branch.values).collect();
    Request { shape: vec![shape], values }
}

/// Parts one after the other; the second and later ones of several calls of one kind become a loop with the work before
/// each.
fn looped(parts: Vec<Request>) -> Request {
    let mut whole = Request::default();
    let mut index = 0;
    while index < parts.len() {
        let is_call = matches!(parts[index].shape[..], [Shape::Call(_)]);
        // Work of its own stands between all calls, and is not compared.
        let last = if is_call { parts.len() } else { index };
        let same = (index + 2..last).step_by(2).take_while(|&next| parts[next].shape == parts[index].shape).count();
        whole.shape.extend(parts[index].shape.iter().cloned());
        whole.values.extend(parts[index].values.iter().cloned());
        if is_call && same + 1 >= LOOP {
            let pooled = |offset: usize| -> Vec<f64> {
                (0..same).flat_map(|turn| parts[index + 2 * turn + offset].values[0].iter().copied()).collect()
            };
            whole.shape.push(Shape::Repeat(vec![Shape::Own, parts[index].shape[0].clone()]));
            whole.values.extend([vec![same as f64], pooled(1), pooled(2)]);
            index += 2 * same;
        }
        index += 1;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::super::span::Kind;
    use super::*;

    fn span(start: u64, end: u64) -> Span {
        Span {
            trace: String::new(),
            id: String::new(),
            parent: String::new(),
            links: Vec::new(),
            service: String::new(),
            instance: String::new(),
            process: String::new(),
            language: String::new(),
            scope: String::new(),
            name: String::new(),
            kind: Kind::Client,
            start: start * 1_000_000,
            end: end * 1_000_000,
            is_error: false,
            attributes: Vec::new(),
        }
    }

    /// The request of these calls: who, from when, until when.
    fn of(calls: &[(Callee, u64, u64)]) -> Request {
        let spans: Vec<Span> = calls.iter().map(|(_, start, end)| span(*start, *end)).collect();
        let made = calls.iter().zip(&spans);
        let made =
            made.map(|((callee, ..), span)| Made { callee: *callee, span, is_waited_for: span.end <= 100_000_000 });
        request(&span(0, 100), made.collect())
    }

    fn milliseconds(request: &Request) -> Vec<Vec<u64>> {
        let round = |value: &f64| (value * 1000.0).round() as u64;
        request.values.iter().map(|values| values.iter().map(round).collect()).collect()
    }

    #[test]
    fn calls_come_one_after_the_other_with_work_between_them() {
        let request = of(&[(7, 10, 20), (8, 25, 40)]);
        assert_eq!(request.shape, [Shape::Own, Shape::Call(7), Shape::Own, Shape::Call(8), Shape::Own]);
        assert_eq!(milliseconds(&request), [[10], [10], [5], [15], [60]]);
        assert_eq!(milliseconds(&of(&[])), [[100]]);
    }

    #[test]
    fn calls_that_overlap_are_branches_whatever_their_order() {
        let [one, other] =
            [&[(7, 10, 40), (8, 12, 30), (9, 31, 50)], &[(8, 10, 30), (7, 12, 40), (9, 31, 50)]].map(|it| of(it));
        let branches = vec![vec![Shape::Call(7)], vec![Shape::Call(8), Shape::Own, Shape::Call(9)]];
        assert_eq!(one.shape, [Shape::Own, Shape::Parallel(branches), Shape::Own]);
        assert_eq!(other.shape, one.shape);
        assert_eq!(milliseconds(&one), [[10], [30], [18], [1], [19], [50]]);
    }

    #[test]
    fn the_same_call_again_and_again_is_a_loop() {
        let request = of(&[(7, 0, 10), (7, 11, 20), (7, 22, 30), (7, 33, 40), (8, 50, 60)]);
        let turn = Shape::Repeat(vec![Shape::Own, Shape::Call(7)]);
        assert_eq!(request.shape, [Shape::Own, Shape::Call(7), turn, Shape::Own, Shape::Call(8), Shape::Own]);
        // A loop has its turns in the place of seconds.
        assert_eq!(milliseconds(&request), [&[0][..], &[10], &[3000], &[1, 2, 3], &[9, 8, 7], &[10], &[10], &[40]]);
        assert_eq!(of(&[(7, 0, 10), (7, 11, 20)]).shape.len(), 5);
        // In turns there is no loop. Comparing each part with all later ones takes minutes here.
        let turns: Vec<(Callee, u64, u64)> = (0..60_000).map(|n| (n as usize % 2, n, n + 1)).collect();
        assert_eq!(of(&turns).shape.len(), 120_001);
    }

    #[test]
    fn a_call_that_outlasts_the_request_is_not_waited_for() {
        let request = of(&[(7, 10, 300), (8, 20, 30)]);
        assert_eq!(request.shape, [Shape::Own, Shape::Notify(7), Shape::Own, Shape::Call(8), Shape::Own]);
        assert_eq!(milliseconds(&request), [[10], [290], [10], [10], [70]]);
    }
}
