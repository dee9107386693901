//! Call cycles: a request that calls itself, by whatever detour, would never end.

use std::collections::{BTreeMap, BTreeSet};

use super::complaint::{At, Complaint};
use super::nested;
use crate::spec::path::Path;
use crate::spec::{Model, Step};

/// An endpoint: service and name.
type Node<'a> = (&'a str, &'a str);

/// Complains of each cycle of calls, once, at the call that closes it.
pub(super) fn refuse(model: &Model, complaints: &mut Vec<Complaint>) {
    let mut calls: BTreeMap<Node<'_>, Vec<(Node<'_>, Path)>> = BTreeMap::new();
    let services = At::Root.key("services");
    for (service_name, service) in &model.services {
        let at = services.key(service_name);
        let at = at.key("endpoints");
        for (endpoint_name, endpoint) in &service.endpoints {
            let at = at.key(endpoint_name);
            let from = (service_name.as_str(), endpoint_name.as_str());
            let mut visit = |at: At<'_>, client: &str, endpoint: &str| {
                let Some(client) = service.clients.get(client) else { return };
                let Some((server_name, server)) = model.services.get_key_value(&client.server) else { return };
                let Some((name, _)) = server.endpoints.get_key_value(endpoint) else { return };
                calls.entry(from).or_default().push(((server_name, name), at.path()));
            };
            each_call(at.key("steps"), &endpoint.steps, &mut visit);
        }
    }
    let mut done = BTreeSet::new();
    for &start in calls.keys() {
        follow(start, &calls, &mut Vec::new(), &mut done, complaints);
    }
}

fn each_call(at: At<'_>, steps: &[Step], visit: &mut dyn FnMut(At<'_>, &str, &str)) {
    for (index, step) in steps.iter().enumerate() {
        let at = at.index(index);
        match step {
            Step::Call(step) => visit(at.key("call"), &step.client, &step.endpoint),
            Step::Notify(step) => visit(at.key("notify"), &step.client, &step.endpoint),
            _ => nested::each(step, at, &mut |at, steps| each_call(at, steps, visit)),
        }
    }
}

/// Follows the calls of an endpoint. `way` are the endpoints on the way to it, each with the call that it made.
fn follow<'a>(
    node: Node<'a>,
    calls: &'a BTreeMap<Node<'a>, Vec<(Node<'a>, Path)>>,
    way: &mut Vec<(Node<'a>, &'a Path)>,
    done: &mut BTreeSet<Node<'a>>,
    complaints: &mut Vec<Complaint>,
) {
    if done.contains(&node) {
        return;
    }
    for (to, path) in calls.get(&node).into_iter().flatten() {
        way.push((node, path));
        match way.iter().position(|(known, _)| known == to) {
            Some(start) => complaints.push(cycle(&way[start..], *to)),
            None => follow(*to, calls, way, done, complaints),
        }
        way.pop();
    }
    done.insert(node);
}

fn cycle(way: &[(Node<'_>, &Path)], to: Node<'_>) -> Complaint {
    let name = |(service, endpoint): Node<'_>| format!("{service}.{endpoint}");
    let names: Vec<String> = way.iter().map(|(node, _)| name(*node)).chain([name(to)]).collect();
    let title = format!("a request would call itself: {}", names.join(" -> "));
    let called = |index: usize| way.get(index + 1).map_or(to, |(node, _)| *node);
    let mut complaint = Complaint::at_key(At::Root, title, "");
    for (index, (_, path)) in way.iter().enumerate() {
        let endpoint = path.key("endpoint");
        if index + 1 == way.len() {
            complaint.path = endpoint;
            complaint.of_key = false;
            complaint.label = format!("calls {}, which closes the cycle", name(called(index)));
        } else {
            complaint.others.push((endpoint, format!("calls {}", name(called(index)))));
        }
    }
    complaint.note("each call waits for its answer, so none of them would ever be answered")
}
