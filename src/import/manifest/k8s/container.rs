//! The container of a pod that serves requests: its command, environment and CPU.

use super::Object;
use super::objects::Objects;
use crate::import::manifest::settings::words;
use crate::import::manifest::{Said, Workload, cores, place, said};
use crate::import::sketch::Origin;
use crate::import::text::Text;
use crate::language::Mistake;
use crate::yaml::Node;

/// Parts of the names of containers that stand beside the one that serves.
const SIDECARS: [&str; 10] =
    ["proxy", "envoy", "linkerd", "istio", "sidecar", "agent", "exporter", "fluent", "vault", "otel"];

/// The container that serves requests: the first that is no known sidecar.
pub(super) fn main<'a>(object: &Object<'_>, pod: Option<&'a Node>, remarks: &mut Vec<String>) -> Option<&'a Node> {
    let all = pod.and_then(|pod| pod.get("containers")).map(Node::items).unwrap_or_default();
    let name = |container: &Node| container.get("name").and_then(Node::text).unwrap_or_default().to_lowercase();
    let is_sidecar = |container: &&Node| SIDECARS.iter().any(|part| name(container).contains(part));
    let main = all.iter().find(|container| !is_sidecar(container)).or(all.first())?;
    for other in all.iter().filter(|other| !std::ptr::eq(*other, main)) {
        remarks.push(format!(
            "{}: the container `{}` beside `{}` is left out, and so is its CPU",
            place(object.text, other),
            name(other),
            name(main)
        ));
    }
    Some(main)
}

/// The words of the command and the arguments.
pub(super) fn command(text: &Text, container: &Node) -> Vec<Said> {
    let keys = ["command", "args"];
    let given = keys.iter().flat_map(|key| container.get(key).map(Node::items).unwrap_or_default());
    given.filter_map(|node| said(text, node)).flat_map(|said| words(&said)).collect()
}

/// The variables; those of ConfigMaps, too, if the files have them.
pub(super) fn environment(
    object: &Object<'_>,
    container: &Node,
    objects: &Objects<'_>,
    remarks: &mut Vec<String>,
) -> Vec<(String, Said)> {
    let mut all = Vec::new();
    let mut hidden = 0;
    for variable in container.get("env").map(Node::items).unwrap_or_default() {
        let Some(key) = variable.get("name").and_then(Node::text) else { continue };
        if let Some(value) = variable.get("value").and_then(|value| said(object.text, value)) {
            all.push((key.to_owned(), value));
            continue;
        }
        let Some(reference) = variable.at(&["valueFrom", "configMapKeyRef"]) else {
            hidden += usize::from(variable.at(&["valueFrom", "secretKeyRef"]).is_some());
            continue;
        };
        let text = |name: &str| reference.get(name).and_then(Node::text);
        let found = text("name").zip(text("key")).and_then(|(map, entry)| {
            let (map, data) = objects.config(object, map)?;
            said(map.text, data.get(entry)?)
        });
        all.extend(found.map(|value| (key.to_owned(), value)));
    }
    for from in container.get("envFrom").map(Node::items).unwrap_or_default() {
        hidden += usize::from(from.get("secretRef").is_some());
        let name = from.at(&["configMapRef", "name"]).and_then(Node::text);
        let Some((map, data)) = name.and_then(|name| objects.config(object, name)) else { continue };
        let prefix = from.get("prefix").and_then(Node::text).unwrap_or_default();
        let entry = |(key, value): &(Node, Node)| Some((format!("{prefix}{}", key.text()?), said(map.text, value)?));
        all.extend(data.entries().iter().filter_map(entry));
    }
    if hidden > 0 {
        remarks.push(format!(
            "{}: {hidden} of its variables come from secrets: calls and pools that they name are not seen",
            place(object.text, container)
        ));
    }
    all
}

/// Sets the CPU of a replica, and gives the cores that it requests.
pub(super) fn processor(text: &Text, container: &Node, workload: &mut Workload) -> Result<Option<f64>, Mistake> {
    let amount = |node| quantity(text, node).map(|cores| (node, cores));
    let of = |path: &[&str]| container.at(path).map(amount).transpose();
    let limit = of(&["resources", "limits", "cpu"])?;
    let request = of(&["resources", "requests", "cpu"])?;
    let service = &mut workload.service;
    match (limit, request) {
        (Some((node, limit)), _) => {
            service.text("cpu", &cores(limit), Origin::documented(format!("{}: limits.cpu", place(text, node))));
            workload.cpu = Some(limit);
        }
        (None, Some((node, request))) => {
            let reason = format!("{}: requests.cpu; without a limit it can use what its node has", place(text, node));
            service.gap("there is no limit of CPU: a replica has its request, and more where its node is not full");
            service.text(
                "cpu",
                &cores(request),
                Origin::assumed(reason, &cores(request), &cores(request.max(1.0) * 4.0)),
            );
        }
        (None, None) => {
            service.gap("the manifest says nothing of CPU");
            service.text(
                "cpu",
                "1",
                Origin::assumed(format!("{}: no resources.cpu", place(text, container)), "500m", "4"),
            );
        }
    }
    Ok(request.or(limit).map(|(_, cores)| cores))
}

/// A quantity of Kubernetes (`apimachinery/pkg/api/resource/quantity.go`): a decimal number with a suffix, as cores.
pub(super) fn quantity(text: &Text, node: &Node) -> Result<f64, Mistake> {
    let written = node.text().unwrap_or_default().trim();
    let suffixes = [("m", 1e-3), ("u", 1e-6), ("n", 1e-9), ("k", 1e3), ("", 1.0)];
    let number = suffixes.iter().find_map(|(suffix, factor)| {
        let number = written.strip_suffix(suffix)?.parse::<f64>().ok()?;
        Some(number * factor)
    });
    number.filter(|cores| (0.001..=10_000.0).contains(cores)).ok_or_else(|| {
        text.wrong(node.span.clone(), "this is no number of cores", "not a number of cores")
            .help("write \"500m\" or \"2\"; the least is \"1m\"")
    })
}
