//! Files of Docker Compose, by the Compose Specification (github.com/compose-spec/compose-spec).

mod interpolation;

use super::settings::words;
use super::{Said, Workload, cores, place, read, said, seconds, system, whole};
use crate::import::sketch::{Names, Origin, Section, Sketch};
use crate::import::text::Text;
use crate::language::Mistake;
use crate::yaml::Node;
use interpolation::interpolated;

/// The skeleton of what this file starts.
///
/// # Errors
/// Where a file is no YAML, has no services, or a value is of the wrong type; and where no service serves requests.
pub(in crate::import) fn sketch(text: &Text) -> Result<Sketch, Mistake> {
    let documents = read(text)?;
    let services = documents.first().and_then(|root| root.get("services"));
    let services = services.filter(|services| !services.entries().is_empty());
    let Some(services) = services else {
        let mistake = text.whole("this is no file of Compose: it has no `services`");
        let is_kubernetes = documents.iter().any(|document| document.get("apiVersion").is_some());
        return Err(if is_kubernetes {
            mistake.help("it looks like manifests of Kubernetes: sim import k8s FILE")
        } else {
            mistake.help("a file of Compose has a table `services:` at its top level")
        });
    };
    let mut names = Names::default();
    let mut remarks = Vec::new();
    let mut workloads = Vec::new();
    for (key, service) in services.entries() {
        let Some(name) = key.text() else { continue };
        if service.entries().is_empty() {
            return Err(text.wrong(service.span.clone(), format!("service `{name}` must be a table"), "not a table"));
        }
        workloads.push(workload(text, name, service, &mut names, &mut remarks)?);
    }
    let count = workloads.len();
    let of = if count == 1 { "service" } else { "services" };
    let skeleton = Sketch {
        title: format!("{count} {of} of Compose"),
        head: vec![
            format!("A skeleton that `sim import compose` made from {}.", text.name()),
            "Each value has its source in [provenance]; what the file does not say is marked with `gap:`, and the value \
             beside it is assumed."
                .into(),
        ],
        sections: Vec::new(),
        remarks,
    };
    system::sketch(workloads, skeleton).ok_or_else(|| {
        text.whole("no service here serves requests").help("a service that is no database and no broker is needed")
    })
}

fn workload(
    text: &Text,
    written: &str,
    service: &Node,
    names: &mut Names,
    remarks: &mut Vec<String>,
) -> Result<Workload, Mistake> {
    let name = names.name(written);
    let mut hosts = vec![written.to_owned()];
    hosts.extend(service.get("container_name").and_then(Node::text).map(str::to_owned));
    hosts.extend(aliases(service));
    let mut section = Section::new(format!("services.{name}"));
    replicas(text, service, &mut section, remarks)?;
    let cpu = processor(text, service, &mut section)?;
    open_files(text, service, &mut section)?;
    health(text, service, &mut section);
    let keys = ["entrypoint", "command"];
    let given = keys.iter().filter_map(|key| service.get(key)).flat_map(|node| all(text, node, remarks));
    let words = given.flat_map(|said| words(&said)).collect();
    if let Some(extends) = service.get("extends") {
        remarks.push(format!(
            "{}: `extends` is not followed; import what `docker compose config` prints",
            place(text, extends)
        ));
    }
    if let Some(file) = service.get("env_file") {
        remarks
            .push(format!("{}: `env_file` is not read; import what `docker compose config` prints", place(text, file)));
    }
    let exposed = service.get("ports").map(|ports| format!("{}: it publishes ports", place(text, ports)));
    Ok(Workload {
        name,
        hosts,
        service: section,
        parts: Vec::new(),
        probed: Vec::new(),
        image: service.get("image").and_then(|image| one(text, image, remarks)),
        words,
        environment: environment(text, service, remarks),
        cpu,
        depends_on: depends_on(text, service),
        exposed,
    })
}

/// Other names of a service in its networks.
fn aliases(service: &Node) -> Vec<String> {
    let networks = service.get("networks").map(Node::entries).unwrap_or_default();
    let lists = networks.iter().filter_map(|(_, network)| network.get("aliases"));
    lists.flat_map(Node::items).filter_map(|alias| alias.text().map(str::to_owned)).collect()
}

fn replicas(text: &Text, service: &Node, section: &mut Section, remarks: &mut Vec<String>) -> Result<(), Mistake> {
    let deploy = service.get("deploy");
    let is_global = deploy.and_then(|deploy| deploy.get("mode")?.text()) == Some("global");
    let holders = [(deploy, "replicas"), (Some(service), "scale")];
    let found =
        holders.into_iter().find_map(|(holder, key)| holder.and_then(|holder| Some((holder, holder.get(key)?, key))));
    match found {
        // A variable without a default is not known.
        Some((_, node, key)) if node.text().is_some_and(|text| text.contains('$')) => {
            let value =
                one(text, node, remarks).and_then(|said| said.text.parse::<u32>().ok()).filter(|&number| number > 0);
            let number = value.unwrap_or(1);
            let reason = format!("{}: {key}, a variable", place(text, node));
            section.set("replicas", number.to_string(), Origin::assumed_number(reason, 1, u64::from(number) * 4));
        }
        Some((holder, node, key)) => {
            let number = whole(text, holder, key, 0)?.unwrap_or(1).max(1);
            section.set("replicas", number.to_string(), Origin::documented(format!("{}: {key}", place(text, node))));
        }
        None if is_global => {
            let reason = format!("{}: one on each node", place(text, deploy.unwrap_or(service)));
            section.set("replicas", "1", Origin::assumed_number(reason, 1, 100));
        }
        None => {
            let reason = format!("{}: no deploy.replicas; Compose's default", place(text, service));
            section.set("replicas", "1", Origin::documented(reason));
        }
    }
    Ok(())
}

/// The CPU of a replica.
fn processor(text: &Text, service: &Node, section: &mut Section) -> Result<Option<f64>, Mistake> {
    let limit = service.at(&["deploy", "resources", "limits", "cpus"]).map(|node| (node, "limits.cpus"));
    let limit = limit.or_else(|| Some((service.get("cpus")?, "cpus")));
    if let Some((node, key)) = limit {
        let limit = amount(text, node)?;
        section.text("cpu", &cores(limit), Origin::documented(format!("{}: {key}", place(text, node))));
        return Ok(Some(limit));
    }
    if let Some(node) = service.at(&["deploy", "resources", "reservations", "cpus"]) {
        let reserved = amount(text, node)?;
        let reason =
            format!("{}: reservations.cpus; without a limit it can use what the machine has", place(text, node));
        section.gap("there is no limit of CPU: a replica has what is reserved, and more while the machine is not full");
        section.text(
            "cpu",
            &cores(reserved),
            Origin::assumed(reason, &cores(reserved), &cores(reserved.max(1.0) * 4.0)),
        );
        return Ok(None);
    }
    section.gap("the file says nothing of CPU: all services share the machine");
    section.text("cpu", "1", Origin::assumed(format!("{}: no limits.cpus", place(text, service)), "500m", "4"));
    Ok(None)
}

fn amount(text: &Text, node: &Node) -> Result<f64, Mistake> {
    let number = node.text().and_then(|written| interpolated(written).0.parse::<f64>().ok());
    number.filter(|cores| (0.001..=10_000.0).contains(cores)).ok_or_else(|| {
        text.wrong(node.span.clone(), "this is no number of cores", "not a number of cores").help("write '0.5' or '2'")
    })
}

fn open_files(text: &Text, service: &Node, section: &mut Section) -> Result<(), Mistake> {
    let Some(limit) = service.at(&["ulimits", "nofile"]) else { return Ok(()) };
    let (holder, key) = if limit.entries().is_empty() {
        (service.get("ulimits").unwrap_or(service), "nofile")
    } else {
        (limit, "soft")
    };
    if let Some(number) = whole(text, holder, key, 16)? {
        let origin = Origin::documented(format!("{}: ulimits.nofile", place(text, limit)));
        section.set("open_files", number.to_string(), origin);
    }
    Ok(())
}

/// Compose marks a container that fails its health check, and does nothing else; only swarm replaces it.
fn health(text: &Text, service: &Node, section: &mut Section) {
    let Some(check) =
        service.get("healthcheck").filter(|check| check.get("disable").and_then(Node::text) != Some("true"))
    else {
        return;
    };
    let time = |key: &str, otherwise: f64| {
        let given = check.get(key).and_then(Node::text).and_then(|text| duration(&interpolated(text).0));
        seconds(given.unwrap_or(otherwise))
    };
    let retries = check.get("retries").and_then(Node::text).and_then(|text| text.parse::<u32>().ok()).unwrap_or(3);
    section.comment(format!(
        "{}: a health check every {}, with a time-out of {} and {retries} retries. Compose marks a container that fails it and \
         does nothing else. Swarm replaces it: for that, add the table `liveness` with `period`, `timeout` and \
         `failure_threshold`, and an endpoint that is probed.",
        place(text, check),
        time("interval", 30.0),
        time("timeout", 30.0),
    ));
}

/// A duration of Compose in seconds: `1m30s`, `500ms`.
fn duration(text: &str) -> Option<f64> {
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (mut rest, mut sum) = (text.trim(), 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.')?;
        let (number, after) = rest.split_at(digits);
        let length = after.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, next) = after.split_at(length);
        let factor = units.iter().find(|(name, _)| *name == unit)?.1;
        sum += number.parse::<f64>().ok()? * factor;
        rest = next;
    }
    (sum > 0.0 && sum.is_finite()).then_some(sum)
}

/// The texts of a node that is one or a list.
fn all(text: &Text, node: &Node, remarks: &mut Vec<String>) -> Vec<Said> {
    let list = if node.items().is_empty() { std::slice::from_ref(node) } else { node.items() };
    list.iter().filter_map(|node| one(text, node, remarks)).collect()
}

/// A text with its variables replaced by their defaults.
fn one(text: &Text, node: &Node, remarks: &mut Vec<String>) -> Option<Said> {
    let said = said(text, node)?;
    let (value, missing) = interpolated(&said.text);
    for name in missing {
        remarks.push(format!("{}: the variable `{name}` has no default, and is empty here", said.place));
    }
    Some(Said { text: value, ..said })
}

/// The variables, of a table or a list of `KEY=value`.
fn environment(text: &Text, service: &Node, remarks: &mut Vec<String>) -> Vec<(String, Said)> {
    let Some(given) = service.get("environment") else { return Vec::new() };
    let table = given.entries().iter().filter_map(|(key, value)| Some((key.text()?.to_owned(), value)));
    let mut all: Vec<(String, Said)> =
        table.filter_map(|(key, value)| Some((key, one(text, value, remarks)?))).collect();
    for item in given.items() {
        let Some(said) = one(text, item, remarks) else { continue };
        if let Some((key, value)) = said.text.split_once('=') {
            all.push((key.to_owned(), Said { text: value.to_owned(), place: said.place.clone() }));
        }
    }
    all
}

fn depends_on(text: &Text, service: &Node) -> Vec<Said> {
    let keys = ["depends_on", "links"];
    let given: Vec<&Node> = keys.iter().filter_map(|key| service.get(key)).collect();
    let names = given.iter().flat_map(|node| node.items().iter().chain(node.entries().iter().map(|(key, _)| key)));
    let names = names.filter_map(|node| said(text, node));
    // A link is `service:alias`.
    names.map(|said| Said { text: said.text.split(':').next().unwrap_or_default().into(), ..said }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_may_have_several_units() {
        for (text, seconds) in
            [("1m30s", Some(90.0)), ("500ms", Some(0.5)), ("1.5h", Some(5400.0)), ("10", None), ("s", None)]
        {
            assert_eq!(duration(text), seconds, "{text}");
        }
    }
}
