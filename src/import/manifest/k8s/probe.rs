//! Readiness and liveness probes (core/v1 Probe).

use crate::import::manifest::{Said, Workload, place, whole};
use crate::import::sketch::{Names, Origin, Section, quoted};
use crate::import::text::Text;
use crate::language::Mistake;
use crate::yaml::Node;

/// Adds the probes of a container, and the endpoints that they call.
pub(super) fn probes(text: &Text, container: &Node, workload: &mut Workload) -> Result<(), Mistake> {
    let mut names = Names::default();
    // A probe's endpoint is not that of requests.
    names.name("request");
    for (key, table) in [("readinessProbe", "readiness"), ("livenessProbe", "liveness")] {
        if let Some(probe) = container.get(key) {
            one(text, probe, key, table, workload, &mut names)?;
        }
    }
    if let Some(startup) = container.get("startupProbe") {
        let place = place(text, startup);
        workload
            .service
            .comment(format!("{place}: the startup probe is not modelled; `restart_time` is how long a start takes"));
    }
    Ok(())
}

fn one(
    text: &Text,
    probe: &Node,
    key: &str,
    table: &str,
    workload: &mut Workload,
    names: &mut Names,
) -> Result<(), Mistake> {
    let mut section = Section::new(format!("services.{}.{table}", workload.name));
    let path = probe.at(&["httpGet", "path"]).and_then(Node::text).unwrap_or("/");
    let path = path.split('?').next().unwrap_or_default();
    let is_http = probe.get("httpGet").is_some();
    let endpoint = if is_http && path.trim_matches('/').is_empty() {
        names.name("root")
    } else if is_http {
        names.name(path)
    } else {
        section.gap(format!(
            "{}: this probe makes no HTTP request (tcpSocket, exec or grpc); here it is one, which waits like any other",
            place(text, probe)
        ));
        names.name("probe")
    };
    let place = place(text, probe);
    section.text("endpoint", &endpoint, Origin::documented(format!("{place}: {key}")));
    if !workload.probed.iter().any(|probed| probed.text == endpoint) {
        workload.probed.push(Said { text: endpoint, place: place.clone() });
    }
    let times =
        [("periodSeconds", "period", 1), ("timeoutSeconds", "timeout", 1), ("initialDelaySeconds", "initial_delay", 0)];
    for (written, meant, least) in times {
        if let Some(number) = whole(text, probe, written, least)?.filter(|&number| number > 0) {
            section.set(meant, quoted(&format!("{number}s")), at(text, probe, written));
        }
    }
    if let Some(number) = whole(text, probe, "failureThreshold", 1)? {
        section.set("failure_threshold", number.to_string(), at(text, probe, "failureThreshold"));
    }
    match (table, whole(text, probe, "successThreshold", 1)?) {
        ("readiness", Some(number)) => {
            section.set("success_threshold", number.to_string(), at(text, probe, "successThreshold"));
        }
        ("liveness", _) => {
            let reason = format!("{place}: how long a container takes to start is not in the manifest");
            section.text("restart_time", "5s", Origin::assumed(reason, "1s", "60s"));
        }
        _ => {}
    }
    workload.parts.push(section);
    Ok(())
}

fn at(text: &Text, probe: &Node, key: &str) -> Origin {
    Origin::documented(format!("{}: {key}", place(text, probe.get(key).unwrap_or(probe))))
}
