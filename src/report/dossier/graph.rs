//! The wait-for graph as a picture: a box for each thing on the path, with a row for each group of its holders, from which an
//! arrow leads to what they wait for.

use super::super::chart::{BoxKind, DiagramFigure, Link, Node, Row};
use super::super::paragraph::{count, joined};
use super::words::{clock, doing, finding};
use crate::experiment::analyse::words;
use crate::experiment::plan::Plan;
use crate::experiment::run::dossier::{Dossier, Tipping};
use crate::parts::{WaitGraph, WaitGroup, WaitNode};

/// Rows of a box, at most; the others share one more.
const MOST_ROWS: usize = 4;

/// The picture.
pub fn figure(plan: &Plan, dossier: &Dossier) -> DiagramFigure {
    let graph = &dossier.graph;
    let mut nodes = Vec::new();
    let mut links = Vec::new();
    let outside: Vec<&WaitGroup> = graph.outside().collect();
    let first = usize::from(!outside.is_empty());
    let number = |node: usize| graph.path.iter().position(|&known| known == node).map(|place| place + first);
    if first == 1 {
        let (rows, ends) = rows(graph, &outside, None, &number);
        links.extend(ends.into_iter().map(|(row, to)| Link { from: 0, row, to, is_marked: false }));
        let facts = vec!["that hold no unit of what follows".into()];
        nodes.push(Node { name: "other requests".into(), facts, rows, kind: BoxKind::Service });
    }
    for (place, &index) in graph.path.iter().enumerate() {
        let node = &graph.nodes[index];
        let groups: Vec<&WaitGroup> = graph.groups.iter().filter(|group| group.holds.contains(&index)).collect();
        let (rows, ends) = rows(graph, &groups, Some(index), &number);
        let next = graph.next(place).and_then(number);
        let marked = |to: usize| Some(to) == next;
        links.extend(ends.into_iter().map(|(row, to)| Link { from: place + first, row, to, is_marked: marked(to) }));
        nodes.push(Node { name: node.name.clone(), facts: facts(node), rows, kind: kind(node) });
    }
    let shape = if graph.is_circle { "the circle of waits" } else { "the chain of waits" };
    let when = match dossier.moment.tipping {
        Tipping::Circle => "at that moment".to_owned(),
        Tipping::Fall | Tipping::Never => format!("at {}", clock(graph.at)),
    };
    let mut title = finding(dossier);
    title[..1].make_ascii_uppercase();
    DiagramFigure {
        title,
        subtitle: format!(
            "{}, replication {}: {shape} {when}; each row is a group of requests, its arrow leads to what they wait for",
            words::place(plan, dossier.point),
            dossier.moment.replication + 1
        ),
        nodes,
        links,
        note: String::new(),
    }
}

fn kind(node: &WaitNode) -> BoxKind {
    match node.free() {
        Some(0) => BoxKind::Full,
        Some(_) => BoxKind::Service,
        None => BoxKind::Station,
    }
}

/// `20 of 20 in use, none free`, `in 10 processes`, `13 wait`.
fn facts(node: &WaitNode) -> Vec<String> {
    let free = |free: u32| if free == 0 { "none free".to_owned() } else { format!("{free} free") };
    let units =
        node.size.zip(node.free()).map(|(size, left)| format!("{} of {size} in use, {}", node.held, free(left)));
    let place = node.place.iter().map(|place| format!("in {place}"));
    let places =
        (node.instances > 1 && node.size != Some(node.instances)).then(|| format!("in {} instances", node.instances));
    let waiting = (node.waiting > 0).then(|| format!("{} waiting", node.waiting));
    units.into_iter().chain(place).chain(places).chain(waiting).collect()
}

/// The rows of some groups, and where an arrow leads to from which of them.
fn rows(
    graph: &WaitGraph,
    groups: &[&WaitGroup],
    own: Option<usize>,
    number: &dyn Fn(usize) -> Option<usize>,
) -> (Vec<Row>, Vec<(Option<usize>, usize)>) {
    let (mut rows, mut ends) = (Vec::new(), Vec::new());
    // Those with an arrow first: they make the circle or the chain.
    let mut sorted = groups.to_vec();
    sorted.sort_by_key(|group| (number(group.waits_for).is_none(), std::cmp::Reverse(group.count)));
    for group in sorted.iter().take(MOST_ROWS) {
        ends.extend(number(group.waits_for).map(|to| (Some(rows.len()), to)));
        let is_one = group.count == 1;
        let is_same = own == Some(group.waits_for);
        let target = &graph.nodes[group.waits_for];
        // The arrow shows what they wait for.
        let wait = match (number(group.waits_for), is_one) {
            (Some(_), true) if !is_same && !group.by_call && !target.serves => "waits".into(),
            (Some(_), false) if !is_same && !group.by_call && !target.serves => "wait".into(),
            _ => doing(target, is_one, is_same, group.by_call),
        };
        let limit = match group.limited {
            0 => "",
            _ if group.limited == group.count => " until a time-out",
            _ => ", some until a time-out",
        };
        let name = match group.endpoint.as_str() {
            "" => count(group.count as usize, "request"),
            endpoint => format!("{} × {endpoint}", group.count),
        };
        let others = group.holds.iter().filter(|node| Some(**node) != own).map(|&node| graph.nodes[node].name.clone());
        let others: Vec<String> = others.collect();
        let also = match (others.is_empty(), is_one) {
            (true, _) => String::new(),
            (false, true) => format!("holds {}, ", joined(&others, "and")),
            (false, false) => format!("hold {}, ", joined(&others, "and")),
        };
        rows.push(Row { name, facts: format!("{also}{wait}{limit}") });
    }
    let rest: u32 = sorted.iter().skip(MOST_ROWS).map(|group| group.count).sum();
    if rest > 0 {
        rows.push(Row { name: format!("{rest} {}", if rest == 1 { "other" } else { "others" }), facts: String::new() });
    }
    (rows, ends)
}
