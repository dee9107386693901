//! The steps of an endpoint, from what its requests did.

use super::super::shape::{Callee, Shape};
use super::super::system::{Endpoint, System, Target, Variant};
use super::super::timing::timing;
use super::Named;
use crate::import::sketch::{Branch, Origin, Step};

/// Ways of a request that are kept.
const MOST: usize = 8;

/// Makes steps.
pub(super) struct Steps {
    /// Calls that lead back to the endpoint that makes them: (endpoint, callee).
    circles: Vec<(usize, Callee)>,
}

impl Steps {
    pub fn of(system: &System) -> Self {
        Self { circles: circles(system) }
    }

    /// Whether a call of an endpoint leads back to it.
    pub fn leads_back(&self, endpoint: usize, callee: Callee) -> bool {
        self.circles.contains(&(endpoint, callee))
    }

    /// The steps of an endpoint, and what is to be said about them.
    pub fn of_endpoint(
        &self,
        system: &System,
        number: usize,
        endpoint: &Endpoint,
        named: &mut Named,
    ) -> (Vec<Step>, Vec<String>) {
        let mut gaps = Vec::new();
        let total: usize = endpoint.variants.values().map(|variant| variant.count).sum();
        let mut variants: Vec<(&Vec<Shape>, &Variant)> = endpoint.variants.iter().collect();
        variants.sort_by_key(|(_, variant)| std::cmp::Reverse(variant.count));
        let left_out: usize = variants.iter().skip(MOST).map(|(_, variant)| variant.count).sum();
        if left_out > 0 {
            gaps.push(format!(
                "requests went {} different ways; the {MOST} most frequent are here, {left_out} of {total} requests went another",
                variants.len()
            ));
        }
        variants.truncate(MOST);
        let common = if variants.len() > 1 { common(&variants) } else { 0 };
        let shared = pooled(&variants, common);
        let mut maker = Maker { steps: self, system, named, number, values: &shared, next: 0, gaps: &mut gaps };
        let steps = match variants.as_slice() {
            [] => {
                maker.gaps.push("no request succeeded".into());
                Vec::new()
            }
            [(shape, variant)] => maker.way(shape, &variant.values, 0),
            [(first, _), ..] => {
                let mut steps = maker.all(&first[..common]);
                let kept = total - left_out;
                let mut left = 10_000;
                let mut branches = Vec::new();
                for (index, (shape, variant)) in variants.iter().enumerate() {
                    let is_last = index + 1 == variants.len();
                    let part = (variant.count * 10_000 + kept / 2) / kept.max(1);
                    let part = if is_last { left } else { part.min(left) };
                    left -= part;
                    branches.push(Branch {
                        probability: part as f64 / 1e4,
                        origin: Origin::measured(format!("{} of {total} requests", variant.count)),
                        steps: maker.way(&shape[common..], &variant.values, shared.len()),
                    });
                }
                steps.push(Step::Choose(branches));
                steps
            }
        };
        (steps, gaps)
    }
}

/// The number of parts with which all ways begin. It does not end with own work, which depends on what comes after.
fn common(variants: &[(&Vec<Shape>, &Variant)]) -> usize {
    let Some(((first, _), others)) = variants.split_first() else { return 0 };
    let is_same = |index: &usize| others.iter().all(|(shape, _)| shape.get(*index) == first.get(*index));
    let same = (0..first.len()).take_while(is_same).count();
    if same > 0 && first[same - 1] == Shape::Own { same - 1 } else { same }
}

/// The values of the first parts of all ways.
fn pooled(variants: &[(&Vec<Shape>, &Variant)], common: usize) -> Vec<Vec<f64>> {
    let Some((first, _)) = variants.first() else { return Vec::new() };
    let count: usize = first[..common].iter().map(Shape::values).sum();
    (0..count)
        .map(|index| variants.iter().flat_map(|(_, variant)| variant.values[index].iter().copied()).collect())
        .collect()
}

/// Makes the steps of one way of a request.
struct Maker<'a> {
    steps: &'a Steps,
    system: &'a System,
    named: &'a mut Named,
    number: usize,
    values: &'a [Vec<f64>],
    /// The part of `values` that comes next.
    next: usize,
    gaps: &'a mut Vec<String>,
}

impl<'a> Maker<'a> {
    /// The steps of these parts, with these values from this one on.
    fn way(&mut self, shape: &[Shape], values: &'a [Vec<f64>], next: usize) -> Vec<Step> {
        (self.values, self.next) = (values, next);
        self.all(shape)
    }

    fn all(&mut self, shape: &[Shape]) -> Vec<Step> {
        shape.iter().filter_map(|part| self.one(part)).collect()
    }

    fn take(&mut self) -> &'a [f64] {
        self.next += 1;
        self.values.get(self.next - 1).map(Vec::as_slice).unwrap_or_default()
    }

    fn one(&mut self, part: &Shape) -> Option<Step> {
        match part {
            Shape::Own => timing(self.take(), "times between spans").map(Step::Cpu),
            Shape::Call(callee) => {
                let seconds = self.take();
                self.call(*callee, seconds, false)
            }
            Shape::Notify(callee) => {
                let seconds = self.take();
                self.call(*callee, seconds, true)
            }
            Shape::Repeat(inside) => {
                let turns = self.take();
                let mean = turns.iter().sum::<f64>() / turns.len().max(1) as f64;
                let (least, most) = turns
                    .iter()
                    .fold((f64::INFINITY, 0.0_f64), |(least, most), turn| (least.min(*turn), most.max(*turn)));
                let times = mean.round().max(1.0) as u64;
                let origin = if least == most {
                    Origin::measured(format!("{} requests; the first call stands before the loop", turns.len()))
                } else {
                    let reason = format!("the mean of {} requests; each did it {least} to {most} times", turns.len());
                    Origin::assumed_number(reason, least as u64, most as u64)
                };
                Some(Step::Repeat { times, origin, steps: self.all(inside) })
            }
            Shape::Parallel(branches) => Some(Step::Parallel(branches.iter().map(|branch| self.all(branch)).collect())),
        }
    }

    fn call(&mut self, callee: Callee, seconds: &[f64], is_notice: bool) -> Option<Step> {
        let is_circle = self.steps.leads_back(self.number, callee);
        match &self.system.targets[callee] {
            Target::Endpoint(endpoint) if is_circle => {
                let name = &self.system.endpoints[*endpoint].name;
                self.gaps.push(format!("the call to {name} leads back here; its time is a `sleep`"));
                timing(seconds, "spans of a call that leads back here").map(Step::Sleep)
            }
            Target::Endpoint(endpoint) => {
                let service = self.system.endpoints[*endpoint].service;
                Some(called(self.named.services[service].clone(), self.named.endpoints[*endpoint].clone(), is_notice))
            }
            Target::Elsewhere { server, request } => {
                let server = self.named.other(server, "not traced");
                let request = self.named.request(&server, request);
                Some(called(server, request, is_notice))
            }
            Target::Database { server, pool, .. } => {
                let server = self.named.other(server, "database");
                let pool = self.named.pool(pool.as_deref(), &server);
                timing(seconds, "spans").map(|time| Step::Query { pool, time })
            }
            Target::Queue(queue) => Some(Step::Publish { queue: self.named.queues.name(queue) }),
        }
    }
}

fn called(client: String, endpoint: String, is_notice: bool) -> Step {
    if is_notice { Step::Notify { client, endpoint } } else { Step::Call { client, endpoint } }
}

/// The calls that close a circle of endpoints.
fn circles(system: &System) -> Vec<(usize, Callee)> {
    let mut edges: Vec<Vec<usize>> = vec![Vec::new(); system.endpoints.len()];
    let mut closing = Vec::new();
    for (number, endpoint) in system.endpoints.iter().enumerate() {
        let mut callees = Vec::new();
        endpoint.variants.keys().for_each(|shape| collect(shape, &mut callees));
        callees.sort_unstable();
        callees.dedup();
        for callee in callees {
            let Target::Endpoint(to) = system.targets[callee] else { continue };
            if reaches(&edges, to, number) {
                closing.push((number, callee));
            } else {
                edges[number].push(to);
            }
        }
    }
    closing
}

/// Adds what these parts call.
pub(super) fn collect(shape: &[Shape], callees: &mut Vec<Callee>) {
    for part in shape {
        match part {
            Shape::Own => {}
            Shape::Call(callee) | Shape::Notify(callee) => callees.push(*callee),
            Shape::Repeat(inside) => collect(inside, callees),
            Shape::Parallel(branches) => branches.iter().for_each(|branch| collect(branch, callees)),
        }
    }
}

fn reaches(edges: &[Vec<usize>], from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (vec![false; edges.len()], vec![from]);
    while let Some(here) = open.pop() {
        if here == to {
            return true;
        }
        if !std::mem::replace(&mut seen[here], true) {
            open.extend(&edges[here]);
        }
    }
    false
}
