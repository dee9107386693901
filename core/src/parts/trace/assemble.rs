//! From records to spans: what a token spent its time on is put under the steps that it was in meanwhile, and the tokens
//! that it sent or began under the step that did so.

use std::collections::HashMap;

use crate::engine::token::Failure;
use crate::kernel::Time;
use crate::model::{Op, ProcessPlan, Runtime, System};
use crate::parts::blame::log::Label;
use crate::parts::blame::place::Places;
use crate::parts::blame::recorder::{Cause, Mark, Position, Record, Recorder, Spell};
use crate::parts::blame::scout::RequestEnd;
use crate::parts::held::slots::SlotsKind;
use crate::parts::ledger::key_of_try;
use crate::parts::trace::outline::{Level, Outline};
use crate::parts::trace::span::{Doing, Held, Trace, TraceSpan};

/// What names are looked up in.
pub(crate) struct Names<'a> {
    pub system: &'a System,
    pub places: &'a Places,
}

/// The traces of requests; `tries` are the ends of each request's tries, in order.
pub(crate) fn traces(recorder: &Recorder, names: &Names<'_>, requests: &[Vec<RequestEnd>], end: Time) -> Vec<Trace> {
    let outline = Outline::of(names.system);
    let mut caused: HashMap<u32, Vec<u32>> = HashMap::new();
    for (number, record) in (0..).zip(&recorder.records) {
        match record.cause {
            Cause::Load => {}
            Cause::Call(by) | Cause::Branch { by, .. } | Cause::Message { by, .. } => {
                caused.entry(by).or_default().push(number);
            }
        }
    }
    requests
        .iter()
        .filter_map(|tries| {
            let builder = Builder { recorder, names, outline: &outline, caused: &caused, end, spans: Vec::new() };
            builder.trace(tries)
        })
        .collect()
}

/// A step of a token that is under way, and its span.
type Open = (Level, usize);

/// The walk along the time of a token, from step to step.
struct Walk {
    /// The token's own span.
    own: usize,
    service: u32,
    /// The steps that the token is in, outermost first.
    open: Vec<Open>,
    /// All steps that it has entered.
    all: Vec<Open>,
    /// The failure of the steps that it leaves next.
    pending: Failure,
}

impl Walk {
    /// The span of the innermost step.
    fn innermost(&self) -> usize {
        self.open.last().map_or(self.own, |&(_, span)| span)
    }
}

struct Builder<'a> {
    recorder: &'a Recorder,
    names: &'a Names<'a>,
    outline: &'a Outline,
    /// By record: the records of the tokens that it sent, began or published.
    caused: &'a HashMap<u32, Vec<u32>>,
    /// The end of the run.
    end: Time,
    spans: Vec<TraceSpan>,
}

impl Builder<'_> {
    /// The request with these tries.
    fn trace(mut self, tries: &[RequestEnd]) -> Option<Trace> {
        let (first, last) = (tries.first()?, tries.last()?);
        let is_sent =
            |record: &&Record, number: u16| record.cause == Cause::Load && record.key == key_of_try(first.key, number);
        let sent = |number: u16| {
            let found = (0..).zip(&self.recorder.records).find(|(_, record)| is_sent(record, number));
            found.map(|(index, record)| (index, record.begun, record.entry))
        };
        let sent: Vec<_> = tries.iter().map(|one| sent(one.earlier)).collect();
        let entry = sent.iter().flatten().next()?.2;
        let (server, endpoint) = self.endpoint(entry);
        let doing = Doing::Request { server, endpoint };
        self.push(None, None, doing, (first.born, last.ended), last.failure);
        let mut until = first.born;
        for (one, sent) in tries.iter().zip(sent) {
            let Some((record, begun, entry)) = sent else { continue };
            if begun > until {
                let spent = self.spent(Label::waiting(self.names.places.client_back_off));
                self.push(Some(0), None, spent, (until, begun), Failure::NONE);
            }
            until = one.ended;
            let mut parent = 0;
            if tries.len() > 1 {
                let (server, endpoint) = self.endpoint(entry);
                let doing = Doing::Try { number: u32::from(one.earlier) + 1, server, endpoint };
                parent = self.push(Some(0), None, doing, (begun, one.ended), one.failure);
            }
            self.token(record, parent);
        }
        Some(Trace { key: first.key, spans: self.spans })
    }

    /// The token of a record, with all that it caused.
    fn token(&mut self, number: u32, parent: usize) {
        let record = &self.recorder.records[number as usize];
        let until = if record.is_over { record.until } else { self.end.max(record.until) };
        let service = self.service(record);
        let doing = self.doing_of_token(record, parent);
        let failure = if record.is_over { record.failure } else { Failure::NONE };
        let own = self.push(Some(parent), Some(service), doing, (record.begun, until), failure);
        let steps = self.steps(record, own, service);
        let caused = self.caused.get(&number).map_or(&[][..], Vec::as_slice);
        for &other in caused {
            let begun = self.recorder.records[other as usize].begun;
            let cause = self.recorder.records[other as usize].cause;
            let fits = |&&(level, span): &&Open| {
                let TraceSpan { start, end, .. } = self.spans[span];
                let step = &self.outline.steps[level.step as usize];
                let is_cause = match (cause, &self.names.system.program[step.at as usize]) {
                    (Cause::Branch { plan, .. }, Op::Parallel { plan: known }) => plan == *known,
                    (Cause::Call(_), Op::Prepare { .. } | Op::Connect { .. }) => true,
                    // The steps of an `otherwise` may begin with one that publishes.
                    (Cause::Message { .. }, Op::Publish { .. }) => !step.is_otherwise,
                    _ => false,
                };
                // A message waits in its queue before a token handles it.
                let is_then = start <= begun && (begun <= end || matches!(cause, Cause::Message { .. }));
                is_cause && level.round.is_none() && is_then
            };
            let under = steps.iter().rev().find(fits).map_or(own, |&(_, span)| span);
            self.token(other, under);
        }
    }

    /// The steps of a token and what it spent its time on in them. Returns each step with its span.
    fn steps(&mut self, record: &Record, own: usize, service: u32) -> Vec<Open> {
        let mut walk = Walk { own, service, open: Vec::new(), all: Vec::new(), pending: Failure::NONE };
        let mut marks = record.marks.iter().peekable();
        for stretch in &record.stretches {
            while let Some(mark) = marks.next_if(|mark| mark.at <= stretch.from) {
                self.pass(record, mark, &mut walk);
            }
            for (from, to, position) in pieces(record, stretch.from, stretch.to) {
                let path = match position {
                    Some(position) => self.outline.path(&self.names.system.program, record.entry, position),
                    None => Vec::new(),
                };
                self.enter(&path, from, &mut walk);
                if let Spell::Spent(label) = stretch.spell {
                    self.lengthen(walk.innermost(), service, label, (from, to));
                }
            }
        }
        for mark in marks {
            self.pass(record, mark, &mut walk);
        }
        self.enter(&[], record.until, &mut walk);
        walk.all
    }

    /// Enters the steps at the mark. If the token fails there, the steps that it leaves next end with that failure.
    fn pass(&mut self, record: &Record, mark: &Mark, walk: &mut Walk) {
        let path = self.outline.path(&self.names.system.program, record.entry, &mark.position);
        self.enter(&path, mark.at, walk);
        walk.pending = mark.why;
    }

    /// From here on the token is in these steps. Those that it leaves end, with the pending failure.
    fn enter(&mut self, path: &[Level], now: Time, walk: &mut Walk) {
        let failure = std::mem::replace(&mut walk.pending, Failure::NONE);
        let same = walk.open.iter().zip(path).take_while(|((level, _), next)| level == *next).count();
        for (_, span) in walk.open.drain(same..) {
            self.spans[span].end = now;
            self.spans[span].failure = self.describe(failure);
        }
        for &level in &path[same..] {
            let doing = self.doing_of_step(level, walk.service);
            let span = self.push(Some(walk.innermost()), Some(walk.service), doing, (now, now), Failure::NONE);
            walk.open.push((level, span));
            walk.all.push((level, span));
        }
    }

    /// Time is spent on something: on the same as before, or in a span of its own.
    fn lengthen(&mut self, parent: usize, service: u32, label: Label, (from, to): (Time, Time)) {
        let doing = self.spent(label);
        match self.spans.last_mut() {
            Some(last) if last.parent == Some(parent) && last.end == from && last.doing == doing => last.end = to,
            _ => {
                self.push(Some(parent), Some(service), doing, (from, to), Failure::NONE);
            }
        }
    }

    fn push(
        &mut self,
        parent: Option<usize>,
        service: Option<u32>,
        doing: Doing,
        (start, end): (Time, Time),
        failure: Failure,
    ) -> usize {
        let service = service.map(|service| self.names.system.services[service as usize].name.clone());
        let failure = self.describe(failure);
        self.spans.push(TraceSpan { parent, start, end, service, doing, failure });
        self.spans.len() - 1
    }

    fn describe(&self, failure: Failure) -> Option<String> {
        failure.is_some().then(|| failure.describe(&self.names.system.reasons))
    }

    fn spent(&self, label: Label) -> Doing {
        let place = self.names.places.all[usize::from(label.place())].place(self.names.system);
        Doing::Spent { place, served: label.is_served() }
    }

    /// The service in which a token is at work.
    fn service(&self, record: &Record) -> u32 {
        let process = self.names.system.processes.get(record.process as usize);
        process.map_or_else(|| self.names.system.service_at(record.entry), |process| process.service)
    }

    /// The names of the service and the endpoint that an operation belongs to.
    fn endpoint(&self, pc: u32) -> (String, String) {
        let system = self.names.system;
        let endpoint = &system.endpoints[system.endpoint_at(pc) as usize];
        (system.services[endpoint.service as usize].name.clone(), endpoint.name.clone())
    }

    fn doing_of_token(&self, record: &Record, parent: usize) -> Doing {
        let system = self.names.system;
        let plan = system.processes.get(record.process as usize);
        let has_workers = |plan: &&ProcessPlan| system.services[plan.service as usize].runtime != Runtime::Delay;
        let replica = plan.map(|plan| plan.replica + 1);
        let worker = plan.filter(has_workers).map(|plan| plan.worker + 1);
        match record.cause {
            Cause::Load | Cause::Call(_) => Doing::Handler { endpoint: self.endpoint(record.entry).1, replica, worker },
            Cause::Branch { plan, .. } => Doing::Branch { number: self.branch(record.entry, plan, parent) },
            Cause::Message { consumer, .. } => {
                let queue = &system.queues[system.consumers[consumer as usize].queue as usize];
                let (queue, endpoint) = (queue.name.clone(), self.endpoint(record.entry).1);
                Doing::Message { queue, endpoint, replica, worker }
            }
        }
    }

    /// Which branch, attempt or job of the step with this span a record is of, counted from 1. Branches have an operation
    /// of their own each, attempts share one.
    fn branch(&self, entry: u32, plan: u32, step: usize) -> u32 {
        let entries = &self.names.system.parallels[plan as usize].entries;
        let index = match entries.iter().filter(|&&other| other == entry).count() {
            1 => entries.iter().position(|&other| other == entry).unwrap_or(0),
            _ => {
                let is_other =
                    |span: &&TraceSpan| span.parent == Some(step) && matches!(span.doing, Doing::Branch { .. });
                self.spans.iter().filter(is_other).count()
            }
        };
        index as u32 + 1
    }

    fn doing_of_step(&self, level: Level, service: u32) -> Doing {
        let step = &self.outline.steps[level.step as usize];
        let system = self.names.system;
        let plan = &system.services[service as usize];
        if step.is_otherwise {
            return Doing::Otherwise;
        }
        let number = level.round.map(|round| round + 1);
        let with = |held: Held, slots: SlotsKind| Doing::With { held, name: slots.resource_name(system, service) };
        match (system.program[step.at as usize], number) {
            (Op::Repeat { .. }, Some(number)) => Doing::Round { number },
            (Op::Repeat { .. }, None) => Doing::Repeat,
            (Op::Retry { .. }, Some(number)) => Doing::Attempt { number },
            (Op::Retry { .. }, None) => Doing::Retry,
            (Op::AcquireConnection { pool, .. } | Op::Borrow { pool, .. }, _) => {
                with(Held::Connection, SlotsKind::Connections { pool })
            }
            (Op::AcquireLimit { limit }, _) => with(Held::Slot, SlotsKind::Limit { limit }),
            (Op::AcquireShared { limit }, _) => with(Held::Slot, SlotsKind::Shared { limit }),
            (Op::EnterThread, _) => with(Held::Thread, SlotsKind::Executor),
            (Op::Prepare { client, .. } | Op::Connect { client, .. }, _) => {
                let client = &plan.clients[client as usize];
                let server = &system.services[client.server as usize];
                let sends = system.program[step.at as usize..].iter().find_map(|op| match op {
                    Op::Send { endpoint, .. } => {
                        Some(&system.endpoints[*endpoint as usize]).filter(|endpoint| !endpoint.is_handshake)
                    }
                    _ => None,
                });
                let endpoint = sends.map(|endpoint| endpoint.name.clone()).unwrap_or_default();
                Doing::Call { client: client.name.clone(), server: server.name.clone(), endpoint }
            }
            (Op::Trip { pool, work, .. } | Op::Commit { pool, work, .. }, _) => {
                let pool = &plan.pools[pool as usize];
                let server = system.services[pool.server as usize].name.clone();
                Doing::Trip { pool: pool.name.clone(), server, works: work.is_some() }
            }
            (Op::Publish { queue, .. }, _) => Doing::Publish { queue: system.queues[queue as usize].name.clone() },
            (Op::LookUp { cache, .. }, _) => Doing::Cache { name: plan.caches[cache as usize].name.clone() },
            (Op::Timeout { .. }, _) => Doing::Timeout,
            (Op::Breaker { breaker }, _) => Doing::Breaker { name: plan.breakers[breaker as usize].name.clone() },
            (Op::Fallback { .. }, _) => Doing::Fallback,
            (Op::Parallel { plan }, _) => {
                let plan = &system.parallels[plan as usize];
                match (plan.in_thread, plan.after) {
                    (true, _) => Doing::Thread,
                    (false, Some(_)) => Doing::Hedge,
                    (false, None) => Doing::Parallel,
                }
            }
            (op, _) => unreachable!("{op:?} begins no step"),
        }
    }
}

/// A stretch in pieces: the token stood at one place during each.
fn pieces(record: &Record, from: Time, to: Time) -> Vec<(Time, Time, Option<&Position>)> {
    let positions = &record.positions;
    let mut index = positions.partition_point(|(since, _)| *since <= from);
    let mut pieces = Vec::new();
    let mut start = from;
    loop {
        let position = index.checked_sub(1).map(|index| &positions[index].1);
        let end = positions.get(index).map_or(to, |(since, _)| (*since).min(to));
        pieces.push((start, end, position));
        if end == to {
            return pieces;
        }
        (start, index) = (end, index + 1);
    }
}
