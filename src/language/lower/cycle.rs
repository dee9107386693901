//! Cycles of requests: one that calls itself, by whatever detour, would never end, and one that sends itself again
//! without waiting (`notify`) would send on without end.

use std::collections::{BTreeMap, BTreeSet};

use super::complaint::{At, Complaint};
use crate::language::path::Path;
use crate::language::step::nested;
use crate::language::{Model, Step};

/// An endpoint: service and name.
type Node<'a> = (&'a str, &'a str);

/// A request that an endpoint sends to another.
struct Sent<'a> {
    to: Node<'a>,
    /// Where it is written.
    path: Path,
    /// Whether the sender waits for the answer.
    waits: bool,
}

/// Complains of each cycle of calls, once, at the call that closes it.
pub(super) fn refuse(model: &Model, complaints: &mut Vec<Complaint>) {
    let mut calls: BTreeMap<Node<'_>, Vec<Sent<'_>>> = BTreeMap::new();
    let services = At::Root.key("services");
    for (service_name, service) in &model.services {
        let at = services.key(service_name);
        let at = at.key("endpoints");
        for (endpoint_name, endpoint) in &service.endpoints {
            let at = at.key(endpoint_name);
            let from = (service_name.as_str(), endpoint_name.as_str());
            let mut visit = |at: At<'_>, client: &str, endpoint: &str, waits: bool| {
                let Some(client) = service.clients.get(client) else { return };
                let Some((server_name, server)) = model.services.get_key_value(&client.server) else { return };
                let Some((name, _)) = server.endpoints.get_key_value(endpoint) else { return };
                calls.entry(from).or_default().push(Sent { to: (server_name, name), path: at.path(), waits });
            };
            each_call(at.key("steps"), &endpoint.steps, &mut visit);
        }
    }
    let mut done = BTreeSet::new();
    for &start in calls.keys() {
        follow(start, &calls, &mut Vec::new(), &mut done, complaints);
    }
}

fn each_call(at: At<'_>, steps: &[Step], visit: &mut dyn FnMut(At<'_>, &str, &str, bool)) {
    for (index, step) in steps.iter().enumerate() {
        let at = at.index(index);
        match step {
            Step::Call(step) => visit(at.key("call"), &step.client, &step.endpoint, true),
            Step::Notify(step) => visit(at.key("notify"), &step.client, &step.endpoint, false),
            _ => nested::each(step, at, &mut |at, steps| each_call(at, steps, visit)),
        }
    }
}

/// Follows the calls of an endpoint. `way` are the endpoints on the way to it, each with the call that it made.
fn follow<'a>(
    node: Node<'a>,
    calls: &'a BTreeMap<Node<'a>, Vec<Sent<'a>>>,
    way: &mut Vec<(Node<'a>, &'a Sent<'a>)>,
    done: &mut BTreeSet<Node<'a>>,
    complaints: &mut Vec<Complaint>,
) {
    if done.contains(&node) {
        return;
    }
    for sent in calls.get(&node).into_iter().flatten() {
        way.push((node, sent));
        match way.iter().position(|(known, _)| *known == sent.to) {
            Some(start) => complaints.push(cycle(&way[start..])),
            None => follow(sent.to, calls, way, done, complaints),
        }
        way.pop();
    }
    done.insert(node);
}

/// The complaint of a way that comes back to its start.
fn cycle(way: &[(Node<'_>, &Sent<'_>)]) -> Complaint {
    let name = |(service, endpoint): Node<'_>| format!("{service}.{endpoint}");
    let waits = way.iter().all(|(_, sent)| sent.waits);
    let names: Vec<String> =
        way.first().map(|(node, _)| name(*node)).into_iter().chain(way.iter().map(|(_, sent)| name(sent.to))).collect();
    let verb = if waits { "call itself" } else { "send itself again" };
    let mut complaint = Complaint::at_key(At::Root, format!("a request would {verb}: {}", names.join(" -> ")), "");
    for (index, (_, sent)) in way.iter().enumerate() {
        let endpoint = sent.path.key("endpoint");
        let does = format!("{} {}", if sent.waits { "calls" } else { "notifies" }, name(sent.to));
        if index + 1 == way.len() {
            complaint.path = endpoint;
            complaint.of_key = false;
            complaint.label = format!("{does}, which closes the cycle");
        } else {
            complaint.others.push((endpoint, does));
        }
    }
    if waits {
        return complaint.note("each call waits for its answer, so none of them would ever be answered");
    }
    complaint
        .note("`notify` does not wait for its request, but each one could send the next, without end")
        .help("let it call an endpoint that sends nothing back")
}
