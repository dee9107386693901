//! Steps as operations.

mod database;
mod request;
mod resilience;
mod thread;

use super::Lowering;
use super::complaint::{At, Complaint};
use super::endpoint::Body;
use super::{cache, queue, view};
use crate::language::{self, RepeatStep, Step, WithStep};
use crate::model::{Branch, Op, Round};

/// Repetitions of one `repeat` at most.
const MOST_REPETITIONS: u32 = 1_000_000;

/// Slack of a sum of probabilities, for sums such as 0.1 + 0.2 + 0.7.
const SLACK: f64 = 1e-9;

impl<'a> Lowering<'a> {
    /// Compiles steps one after the other.
    pub(super) fn steps(&mut self, body: &mut Body<'a>, at: At<'_>, steps: &'a [Step]) {
        for (index, step) in steps.iter().enumerate() {
            let at = at.index(index);
            thread::refuse(self, body, at, step);
            match step {
                Step::Cpu(demand) => {
                    let site = body.site("cpu").site();
                    let demand = self.draw(at.key("cpu"), demand);
                    thread::compute(self, body, demand, site, body.job.is_none_or(|job| job.holds_gil));
                }
                Step::Hash(step) => thread::hash(self, body, at.key("hash"), step),
                Step::Thread(step) => thread::thread(self, body, at.key("thread"), step),
                Step::Query(step) => database::query(self, body, at.key("query"), step),
                Step::Call(step) => request::call(self, body, at.key("call"), step),
                Step::Notify(step) => request::notify(self, body, at.key("notify"), step),
                Step::With(step) => with(self, body, at.key("with"), step),
                Step::Sleep(time) => {
                    let site = body.site("sleep").site();
                    let time = self.draw(at.key("sleep"), time);
                    self.emit(Op::Sleep { time, site });
                    self.rounds(body.rounds().timer, 1);
                }
                Step::Repeat(step) => repeat(self, body, at.key("repeat"), step),
                Step::Choose(branches) => choose(self, body, at.key("choose"), branches),
                Step::Fail(reason) => {
                    let reasons = &mut self.system.reasons;
                    let known = reasons.iter().position(|known| known == reason);
                    let reason = known.unwrap_or_else(|| {
                        reasons.push(reason.clone());
                        reasons.len() - 1
                    });
                    self.emit(Op::Fail { reason: reason as u32 });
                }
                Step::Respond(_) => {
                    if body.in_branch {
                        let (title, inside) = match body.job {
                            Some(_) => ("a job in a thread cannot answer for its request", "inside a `thread`"),
                            None => ("a branch cannot answer for its request", "inside a `parallel` or `hedge`"),
                        };
                        let complaint = Complaint::at_key(at.key("respond"), title, inside);
                        self.complain(complaint.help("put it before or after that step"));
                    }
                    self.emit(Op::Respond);
                }
                Step::Cache(step) => cache::compile_cache(self, body, at.key("cache"), step),
                Step::Project(step) => view::project(self, body, at.key("project"), step),
                Step::Read(step) => view::read(self, at.key("read"), step),
                Step::Publish(step) => queue::publish(self, body, at.key("publish"), step),
                Step::Retry(step) => resilience::retry(self, body, at.key("retry"), step),
                Step::Timeout(step) => resilience::timeout(self, body, at.key("timeout"), step),
                Step::Breaker(step) => resilience::breaker(self, body, at.key("breaker"), step),
                Step::Fallback(step) => resilience::fallback(self, body, at.key("fallback"), step),
                Step::Hedge(step) => resilience::hedge(self, body, at.key("hedge"), step),
                Step::Parallel(step) => resilience::parallel(self, body, at.key("parallel"), step),
                Step::Visit(step) => {
                    let at = at.key("visit");
                    let site = body.site(&format!("visit:{}", step.station)).site();
                    let stations = &self.model.stations;
                    let station = self.find(at.key("station"), "station", &step.station, stations.iter(), "");
                    let time = self.draw(at.key("time"), &step.time);
                    if let Some((station, _)) = station {
                        self.emit(Op::Visit { station, time, site });
                    }
                }
            }
        }
    }
}

impl Lowering<'_> {
    pub(super) fn emit(&mut self, op: Op) {
        self.system.program.push(op);
    }

    /// Lets the loop go round as often as `rounds` is above what the wait takes anyway.
    pub(super) fn rounds(&mut self, rounds: Option<u8>, anyway: u8) {
        let rounds = rounds.unwrap_or(anyway).saturating_sub(anyway);
        if rounds > 0 {
            self.emit(Op::Yield { rounds });
        }
    }

    pub(super) fn next(&self) -> u32 {
        self.system.program.len() as u32
    }
}

fn with<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a WithStep) {
    let whose = format!(" in service `{}`", body.service_name);
    let steps = at.key("steps");
    match (&step.pool, &step.limit, &step.shared) {
        (Some(name), None, None) => {
            let named = body.site(&format!("with:{name}"));
            let pools = body.service.pools.iter();
            let found = lowering.find(at.key("pool"), "pool", name, pools, &whose);
            if let Some((pool, plan)) = found {
                database::take(lowering, pool, plan, &named);
            }
            body.held.push(name);
            lowering.steps(body, steps, &step.steps);
            body.held.pop();
            if let Some((pool, plan)) = found {
                database::give_back(lowering, body.rounds(), pool, plan, &named);
            }
        }
        (None, Some(name), None) => {
            let limits = body.service.limits.iter();
            let found = lowering.find(at.key("limit"), "limit", name, limits, &whose);
            if found.is_none() && lowering.model.limits.contains_key(name) {
                let last = lowering.complaints.pop();
                lowering.complaints.extend(last.map(|last| {
                    let note = format!("`{name}` is a limit of the whole model");
                    Complaint { notes: vec![note], helps: vec![format!("write `shared = \"{name}\"`")], ..last }
                }));
            }
            if let Some((limit, _)) = found {
                lowering.emit(Op::AcquireLimit { limit });
            }
            lowering.steps(body, steps, &step.steps);
            lowering.emit(Op::Release);
        }
        (None, None, Some(name)) => {
            let limits = lowering.model.limits.iter();
            if let Some((limit, _)) = lowering.find(at.key("shared"), "limit", name, limits, " of the whole model") {
                lowering.emit(Op::AcquireShared { limit });
            }
            lowering.steps(body, steps, &step.steps);
            lowering.emit(Op::Release);
        }
        (None, None, None) => {
            let complaint =
                Complaint::at_key(at, "a `with` needs something to hold", "has none of `pool`, `limit` and `shared`");
            lowering.complain(complaint);
            lowering.steps(body, steps, &step.steps);
        }
        _ => {
            let complaint =
                Complaint::at_key(at, "a `with` holds one thing", "has several of `pool`, `limit`, `shared`");
            lowering.complain(complaint.help("put one `with` into the `steps` of another to hold both"));
            lowering.steps(body, steps, &step.steps);
        }
    }
}

fn repeat<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a RepeatStep) {
    if step.times == 0 || step.times > MOST_REPETITIONS {
        let title = format!("`times` is {}", step.times);
        let complaint = Complaint::at(at.key("times"), title, "must be between 1 and a million");
        lowering.complain(if step.times == 0 {
            complaint.help("to do nothing, leave the step out")
        } else {
            complaint
        });
    }
    lowering.emit(Op::Repeat { times: step.times, round: Round::of_loop(body.loops) });
    let first = lowering.next();
    body.loops += 1;
    lowering.steps(body, at.key("steps"), &step.steps);
    body.loops -= 1;
    if lowering.next() == first {
        lowering.system.program.pop();
    } else {
        lowering.emit(Op::Again { body: first });
    }
}

fn choose<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, branches: &'a [language::Branch]) {
    let site = body.site("choose").site();
    let mut sum = 0.0;
    let mut sound = true;
    for (index, branch) in branches.iter().enumerate() {
        sum += branch.probability;
        if !(0.0..=1.0).contains(&branch.probability) {
            let at = at.index(index);
            let title = format!("`probability` is {}", branch.probability);
            lowering.complain(Complaint::at(at.key("probability"), title, "must be between 0 and 1"));
            sound = false;
        }
    }
    if branches.is_empty() {
        lowering.complain(Complaint::at_key(at, "a `choose` without a branch", "is empty"));
        return;
    }
    if sum > 1.0 + SLACK && sound {
        let sum = (sum * 1e6).round() / 1e6;
        let title = format!("the probabilities of this `choose` add up to {sum}");
        let mut complaint = Complaint::at_key(at, title, "more than 1");
        for index in 0..branches.len() {
            let at = at.index(index);
            complaint = complaint.also(at.key("probability"), "");
        }
        lowering.complain(
            complaint.note("they may add up to less than 1, and then nothing is done for the rest, but not to more"),
        );
    }
    // Nested `choose` steps append branches of their own, so those of this one are reserved first.
    let first = lowering.system.branches.len() as u32;
    let count = branches.len() + usize::from(sum < 1.0 - SLACK);
    lowering.system.branches.extend(std::iter::repeat_n(Branch { cumulated: 1.0, to: 0 }, count));
    lowering.emit(Op::Choose { first, count: count as u32, site });
    let mut cumulated = 0.0;
    let mut jumps = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        cumulated += branch.probability;
        let last = index + 1 == count;
        lowering.system.branches[first as usize + index] =
            Branch { cumulated: if last { 1.0 } else { cumulated }, to: lowering.next() };
        let at = at.index(index);
        lowering.steps(body, at.key("steps"), &branch.steps);
        if index + 1 < branches.len() {
            jumps.push(lowering.next());
            lowering.emit(Op::Jump { to: 0 });
        }
    }
    let end = lowering.next();
    for jump in jumps {
        lowering.system.program[jump as usize] = Op::Jump { to: end };
    }
    if count > branches.len() {
        lowering.system.branches[first as usize + count - 1] = Branch { cumulated: 1.0, to: end };
    }
}

#[cfg(test)]
mod tests;
