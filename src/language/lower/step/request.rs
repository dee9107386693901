//! Requests to other services as operations.

use super::{At, Body, Complaint, Lowering};
use crate::language::{CallStep, NotifyStep, Reuse};
use crate::model::{Branch, Op, Round, Site};

pub(super) fn call(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, step: &CallStep) {
    let site = body.site(&format!("call:{}/{}", step.client, step.endpoint)).site();
    send(lowering, body, at, (&step.client, &step.endpoint), site);
}

/// A request that nobody waits for: the operations of a call, run by a token of its own.
pub(super) fn notify(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, step: &NotifyStep) {
    let site = body.site(&format!("notify:{}/{}", step.client, step.endpoint)).site();
    let probability = step.probability.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&probability) {
        let title = format!("`probability` is {probability}");
        lowering.complain(Complaint::at(at.key("probability"), title, "must be between 0 and 1"));
    }
    let times = if step.when_replicated { body.service.replicas.saturating_sub(1) } else { 1 };
    let begin = lowering.next();
    if times > 1 {
        lowering.emit(Op::Repeat { times, round: Round::of_loop(body.loops) });
    }
    let first = lowering.system.branches.len();
    let round = lowering.next();
    if probability < 1.0 {
        lowering.system.branches.push(Branch { cumulated: probability, to: round + 1 });
        lowering.system.branches.push(Branch { cumulated: 1.0, to: 0 });
        lowering.emit(Op::Choose { first: first as u32, count: 2, site });
    }
    let to = lowering.next() + 2;
    lowering.emit(Op::Notify { to, site });
    lowering.emit(Op::Jump { to: 0 });
    // It is sent on the event loop, whether or not a thread asks for it.
    let job = body.job.take();
    send(lowering, body, at, (&step.client, &step.endpoint), site);
    body.job = job;
    lowering.emit(Op::Answer);
    let end = lowering.next();
    lowering.system.program[to as usize - 1] = Op::Jump { to: end };
    if let Some(branch) = lowering.system.branches.get_mut(first + 1) {
        branch.to = end;
    }
    if times > 1 {
        lowering.emit(Op::Again { body: round });
    }
    if times == 0 || probability == 0.0 {
        lowering.system.program.truncate(begin as usize);
        lowering.system.branches.truncate(first);
    }
}

/// The operations of a request.
fn send(lowering: &mut Lowering<'_>, body: &Body<'_>, at: At<'_>, (client, endpoint): (&str, &str), site: Site) {
    let clients = body.service.clients.iter();
    let whose = format!(" in service `{}`", body.service_name);
    let found = lowering.find(at.key("client"), "client", client, clients, &whose);
    let Some((index, client)) = found else { return };
    let Some((service, (name, server))) =
        lowering.model.services.iter().enumerate().find(|(_, (name, _))| **name == client.server)
    else {
        return; // complained of at the client
    };
    let whose = format!(" in service `{name}`");
    let endpoints = server.endpoints.iter();
    if lowering.find(at.key("endpoint"), "endpoint", endpoint, endpoints, &whose).is_none() {
        return;
    }
    let Some(endpoint) = lowering.endpoint_index(service as u32, endpoint) else { return };
    let prepares = match client.reuse {
        Reuse::PerRequest => client.setup_cpu.is_some(),
        Reuse::Shared => client.search_cpu.is_some(),
    };
    if prepares || client.call_cpu.is_some() {
        lowering.emit(Op::Prepare { client: index, site });
    }
    lowering.emit(Op::Connect { client: index, site });
    let rounds = body.rounds();
    lowering.rounds(rounds.send, 0);
    lowering.emit(Op::Send { client: index, endpoint, site });
    lowering.rounds(rounds.answer, 1);
    lowering.emit(Op::HangUp);
    if client.reuse == Reuse::PerRequest {
        lowering.rounds(rounds.close, 0);
    }
}
