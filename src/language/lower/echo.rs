//! Messages that lead to more messages without end: a handler publishes to its own queue, directly or through other
//! queues, at least one message for each on average.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::complaint::{At, Complaint};
use crate::language::path::Path;
use crate::language::step::nested;
use crate::language::{Branch, CacheStep, Model, Service, Step};

/// How many steps of the power method find the growth.
const STEPS: usize = 1000;

/// Messages for each message below which they die out; a little below 1, as the power method ends before it is exact.
const LASTING: f64 = 0.999;

/// Queues beyond which it is not looked for: the work grows with the square.
const MOST_QUEUES: usize = 1000;

/// Calls in calls that are followed.
const DEEPEST: usize = 500;

/// Messages that the handling of one publishes to a queue, on average, and the step that does.
type Published<'a> = BTreeMap<&'a str, (f64, Path)>;

/// Complains of the queues where messages lead to more messages without end, once, at a step that publishes.
pub(super) fn refuse(model: &Model, complaints: &mut Vec<Complaint>) {
    if model.queues.is_empty() || model.queues.len() > MOST_QUEUES || !complaints.is_empty() {
        return;
    }
    let names: Vec<&str> = model.queues.keys().map(String::as_str).collect();
    let mut reader = Reader { model, known: BTreeMap::new(), depth: 0 };
    let published: Vec<Published<'_>> = model
        .queues
        .values()
        .map(|queue| {
            let mut all = Published::new();
            let consumers = queue.consumers.values();
            consumers.for_each(|consumer| add(&reader.endpoint(&consumer.service, &consumer.endpoint), 1.0, &mut all));
            all
        })
        .collect();
    let Some(weights) = growing(&names, &published) else { return };
    let Some(way) = cycle(&weights, &names, &published) else { return };
    let queues: Vec<String> = way.iter().chain(way.first()).map(|&index| format!("queue `{}`", names[index])).collect();
    let mut complaint = Complaint::at_key(
        At::Root,
        format!("each message leads to another one, without end: {}", queues.join(" -> ")),
        "",
    );
    for (place, &from) in way.iter().enumerate() {
        let to = names[way[(place + 1) % way.len()]];
        let Some((mean, path)) = published[from].get(to) else { continue };
        let label = format!("each message of queue `{}` brings {} here", names[from], count(*mean));
        if place + 1 == way.len() {
            (complaint.path, complaint.label, complaint.of_key) = (path.clone(), label, false);
        } else {
            complaint.others.push((path.clone(), label));
        }
    }
    let complaint = complaint.note("what a request sets off would never be completed");
    complaints.push(complaint.help(
        "publish to a queue that does not lead back, or only with a probability: `choose = [{ probability = 0.5, steps = [...] }]`",
    ));
}

fn count(mean: f64) -> String {
    if mean == 1.0 { "1 message".into() } else { format!("{mean:.3} messages on average") }
}

/// Adds these messages, times a factor.
fn add<'a>(these: &Published<'a>, factor: f64, all: &mut Published<'a>) {
    for (queue, (mean, path)) in these {
        all.entry(queue).or_insert_with(|| (0.0, path.clone())).0 += factor * mean;
    }
}

/// Reads what endpoints publish, themselves or through what they call, each once.
struct Reader<'a> {
    model: &'a Model,
    known: BTreeMap<(&'a str, &'a str), Rc<Published<'a>>>,
    /// Calls that lead to the present endpoint.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn endpoint(&mut self, service: &str, endpoint: &str) -> Rc<Published<'a>> {
        let model = self.model;
        let found = model.services.get_key_value(service).and_then(|(name, service)| {
            let (endpoint, plan) = service.endpoints.get_key_value(endpoint)?;
            Some((name, service, endpoint, plan))
        });
        let Some((name, service, endpoint, plan)) = found.filter(|_| self.depth < DEEPEST) else {
            return Rc::default();
        };
        if let Some(known) = self.known.get(&(name.as_str(), endpoint.as_str())) {
            return Rc::clone(known);
        }
        let mut all = Published::new();
        let at = At::Root.key("services");
        let at = at.key(name);
        let at = at.key("endpoints");
        let at = at.key(endpoint);
        self.depth += 1;
        self.steps(at.key("steps"), service, &plan.steps, 1.0, &mut all);
        self.depth -= 1;
        let all = Rc::new(all);
        self.known.insert((name, endpoint), Rc::clone(&all));
        all
    }

    /// Adds what these steps publish if nothing fails that is not made to fail. Whether they always fail.
    fn steps(
        &mut self,
        at: At<'_>,
        service: &'a Service,
        steps: &'a [Step],
        factor: f64,
        all: &mut Published<'a>,
    ) -> bool {
        steps.iter().enumerate().any(|(index, step)| self.step(at.index(index), service, step, factor, all))
    }

    fn step(&mut self, at: At<'_>, service: &'a Service, step: &'a Step, factor: f64, all: &mut Published<'a>) -> bool {
        match step {
            Step::Fail(_) => return true,
            Step::Publish(step) => {
                let at = at.key("publish");
                let path = at.key("queue").path();
                all.entry(&step.queue).or_insert((0.0, path)).0 += factor;
            }
            Step::Call(step) => self.sent(service, &step.client, &step.endpoint, factor, all),
            Step::Notify(step) => {
                let factor = factor * step.probability.unwrap_or(1.0);
                self.sent(service, &step.client, &step.endpoint, factor, all);
            }
            Step::Choose(branches) => return self.choice(at.key("choose"), service, branches, factor, all),
            Step::Cache(step) => return self.look_up(at.key("cache"), service, step, factor, all),
            Step::Fallback(step) => {
                let at = at.key("fallback");
                if self.steps(at.key("steps"), service, &step.steps, factor, all) {
                    return self.steps(at.key("otherwise"), service, &step.otherwise, factor, all);
                }
            }
            Step::Repeat(step) => {
                let at = at.key("repeat");
                return self.steps(at.key("steps"), service, &step.steps, factor * step.mean_times(), all);
            }
            // All branches begin, whether one fails or not.
            _ => {
                let mut fails = false;
                nested::each(step, at, &mut |at, steps| fails |= self.steps(at, service, steps, factor, all));
                return fails;
            }
        }
        false
    }

    fn sent(&mut self, service: &Service, client: &str, endpoint: &str, factor: f64, all: &mut Published<'a>) {
        if let Some(client) = service.clients.get(client) {
            add(&self.endpoint(&client.server, endpoint), factor, all);
        }
    }

    fn choice(
        &mut self,
        at: At<'_>,
        service: &'a Service,
        branches: &'a [Branch],
        factor: f64,
        all: &mut Published<'a>,
    ) -> bool {
        let mut failing = 0.0;
        for (index, branch) in branches.iter().enumerate() {
            let at = at.index(index);
            if self.steps(at.key("steps"), service, &branch.steps, factor * branch.probability, all) {
                failing += branch.probability;
            }
        }
        failing >= 1.0
    }

    /// How often there is a hit is not known: what happens either way counts.
    fn look_up(
        &mut self,
        at: At<'_>,
        service: &'a Service,
        step: &'a CacheStep,
        factor: f64,
        all: &mut Published<'a>,
    ) -> bool {
        let (mut hit, mut miss) = (Published::new(), Published::new());
        let fails = [
            self.steps(at.key("hit"), service, &step.hit, factor, &mut hit),
            self.steps(at.key("miss"), service, &step.miss, factor, &mut miss),
        ];
        for (queue, (mean, path)) in hit {
            let other = miss.get(queue).map_or(0.0, |(mean, _)| *mean);
            all.entry(queue).or_insert((0.0, path)).0 += mean.min(other);
        }
        fails == [true; 2]
    }
}

/// How the messages in each queue grow, if they do: what the power method ends with. Adding the
/// identity to the matrix makes it aperiodic, so that the method converges.
fn growing(names: &[&str], published: &[Published<'_>]) -> Option<Vec<f64>> {
    let index: BTreeMap<&str, usize> = names.iter().copied().zip(0..).collect();
    let edges: Vec<(usize, usize, f64)> = (0..)
        .zip(published)
        .flat_map(|(from, all)| all.iter().map(move |(to, (mean, _))| (from, *to, *mean)))
        .filter_map(|(from, to, mean)| Some((from, *index.get(to)?, mean)))
        .collect();
    let mut weights = vec![1.0; names.len()];
    let mut growth = 1.0;
    for _ in 0..STEPS {
        let mut next = weights.clone();
        for &(from, to, mean) in &edges {
            next[from] += mean * weights[to];
        }
        growth = next.iter().copied().fold(0.0, f64::max);
        weights = next.into_iter().map(|weight| weight / growth).collect();
    }
    (growth - 1.0 >= LASTING).then_some(weights)
}

/// A cycle of queues in which messages grow: from each the way leads to where most of its messages come to.
fn cycle(weights: &[f64], names: &[&str], published: &[Published<'_>]) -> Option<Vec<usize>> {
    let next = |from: usize| {
        let known = |queue: &str| names.iter().position(|name| *name == queue);
        let all = published[from].iter().filter_map(|(queue, (mean, _))| Some((known(queue)?, *mean)));
        let weighed = all.map(|(to, mean)| (to, mean * weights[to])).filter(|(_, weight)| *weight > 0.0);
        weighed.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(to, _)| to)
    };
    let mut way = vec![(0..names.len()).max_by(|&a, &b| weights[a].total_cmp(&weights[b]))?];
    loop {
        let to = next(*way.last()?)?;
        if let Some(begin) = way.iter().position(|&known| known == to) {
            return Some(way.split_off(begin));
        }
        way.push(to);
    }
}
