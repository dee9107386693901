//! HorizontalPodAutoscalers (autoscaling/v1 and v2).

use super::container::quantity;
use super::objects::{Object, Objects};
use crate::import::manifest::{Workload, place, whole};
use crate::import::sketch::{Origin, Section, quoted};
use crate::import::text::Text;
use crate::language::Mistake;
use crate::yaml::Node;

/// What Kubernetes aims at where nothing is said, in percent of the request (`pkg/apis/autoscaling/v2/defaults.go`).
const DEFAULT_TARGET: u32 = 80;

/// The autoscalers that scale none of the workloads.
pub(super) fn unused(objects: &Objects<'_>) -> Vec<String> {
    let lost = objects.scalers().filter(|(_, workload)| workload.is_none());
    lost.map(|(scaler, _)| format!("{}: what this HorizontalPodAutoscaler scales is not in the files", scaler.place()))
        .collect()
}

/// Adds the autoscaling of a workload. `request` is the CPU that a replica requests, `grace` the seconds that it has to end.
pub(super) fn autoscale(
    scaler: &Object<'_>,
    workload: &mut Workload,
    request: Option<f64>,
    grace: Option<u32>,
    remarks: &mut Vec<String>,
) -> Result<(), Mistake> {
    let text = scaler.text;
    let Some(spec) = scaler.node.get("spec") else { return Ok(()) };
    let mut section = Section::new(format!("services.{}.autoscale", workload.name));
    let from = |key: &str| Origin::documented(format!("{}: {key}", place(text, spec.get(key).unwrap_or(spec))));
    let Some(target) = target(text, scaler, spec, request, remarks)? else {
        remarks.push(format!(
            "{}: none of its metrics is CPU or a gauge of each pod: `{}` has no autoscaling here",
            scaler.place(),
            workload.name
        ));
        return Ok(());
    };
    section.text("metric", target.metric, target.origin.clone());
    section.set("target", target.toml, target.origin);
    if let Some(request) = request.filter(|_| target.metric == "cpu") {
        let origin = Origin::documented(format!("{}: its container's resources", scaler.place()));
        section.text("cpu_request", &super::super::cores(request), origin);
    }
    let least = whole(text, spec, "minReplicas", 0)?;
    if let Some(least) = least {
        section.set("min", least.max(1).to_string(), from("minReplicas"));
        if least == 0 {
            section.gap("minReplicas is 0: here one replica stays");
        }
    }
    let Some(most) = whole(text, spec, "maxReplicas", 1)? else {
        let title = "a HorizontalPodAutoscaler must have `spec.maxReplicas`";
        return Err(text.wrong(spec.span.clone(), title, "no `maxReplicas`"));
    };
    if most < least.unwrap_or(1) {
        let node = spec.get("maxReplicas").unwrap_or(spec);
        return Err(text.wrong(node.span.clone(), "`maxReplicas` is less than `minReplicas`", "less than the least"));
    }
    section.set("max", most.to_string(), from("maxReplicas"));
    if let Some(seconds) = grace.filter(|&seconds| seconds > 0) {
        let origin = Origin::documented(format!("{}: terminationGracePeriodSeconds of its pods", scaler.place()));
        section.text("termination_grace_period", &format!("{seconds}s"), origin);
    }
    let reason = "how long a new pod takes to start is not in the manifest: scheduling, image, process";
    section.text("start", "20s", Origin::assumed(reason, "5s", "120s"));
    workload.parts.push(section);
    for (key, table) in [("scaleUp", "up"), ("scaleDown", "down")] {
        if let Some(rules) = spec.at(&["behavior", key]) {
            let path = format!("services.{}.autoscale.{table}", workload.name);
            workload.parts.push(behaviour(text, rules, Section::new(path))?);
        }
    }
    Ok(())
}

/// What the number of replicas follows.
struct Target {
    metric: &'static str,
    toml: String,
    origin: Origin,
}

/// The first metric that the language has.
fn target(
    text: &Text,
    scaler: &Object<'_>,
    spec: &Node,
    request: Option<f64>,
    remarks: &mut Vec<String>,
) -> Result<Option<Target>, Mistake> {
    let share = |percent: u32, origin| Some(Target { metric: "cpu", toml: quoted(&format!("{percent}%")), origin });
    if let Some(percent) = whole(text, spec, "targetCPUUtilizationPercentage", 1)? {
        let node = spec.get("targetCPUUtilizationPercentage").unwrap_or(spec);
        let origin = Origin::documented(format!("{}: targetCPUUtilizationPercentage", place(text, node)));
        return Ok(share(percent, origin));
    }
    let metrics = spec.get("metrics").map(Node::items).unwrap_or_default();
    if metrics.is_empty() {
        let reason = format!("{}: no metrics; Kubernetes aims at {DEFAULT_TARGET} % of the request", scaler.place());
        return Ok(share(DEFAULT_TARGET, Origin::documented(reason)));
    }
    let mut found: Option<Target> = None;
    for metric in metrics {
        let kind = metric.get("type").and_then(Node::text).unwrap_or_default();
        let here = place(text, metric);
        let one = match kind {
            "Resource" => resource(text, metric.get("resource"), request)?,
            "ContainerResource" => resource(text, metric.get("containerResource"), request)?,
            "Pods" => pods(text, metric.get("pods")),
            _ => None,
        };
        match (one, &found) {
            (Some(one), None) => found = Some(one),
            (Some(_), Some(_)) => {
                remarks.push(format!("{here}: a second metric; the model scales by the first one alone"));
            }
            (None, _) => {
                let name = ["resource", "containerResource"].iter().find_map(|key| metric.at(&[*key, "name"])?.text());
                let name = name.map(|name| format!(" {name}")).unwrap_or_default();
                remarks.push(format!("{here}: this metric ({kind}{name}) is left out"));
            }
        }
    }
    Ok(found)
}

/// CPU, as a share of the request.
fn resource(text: &Text, resource: Option<&Node>, request: Option<f64>) -> Result<Option<Target>, Mistake> {
    let Some(resource) = resource.filter(|it| it.get("name").and_then(Node::text) == Some("cpu")) else {
        return Ok(None);
    };
    let Some(target) = resource.get("target") else { return Ok(None) };
    if let Some(percent) = whole(text, target, "averageUtilization", 1)? {
        let node = target.get("averageUtilization").unwrap_or(target);
        let origin = Origin::documented(format!("{}: averageUtilization", place(text, node)));
        return Ok(Some(Target { metric: "cpu", toml: quoted(&format!("{percent}%")), origin }));
    }
    let (Some(node), Some(request)) = (target.get("averageValue"), request) else { return Ok(None) };
    let percent = (quantity(text, node)? / request * 1000.0).round() / 10.0;
    let reason = format!("{}: averageValue, as a share of the request", place(text, node));
    Ok(Some(Target { metric: "cpu", toml: quoted(&format!("{percent}%")), origin: Origin::documented(reason) }))
}

/// A gauge of each pod; that it counts requests in flight is assumed.
fn pods(text: &Text, pods: Option<&Node>) -> Option<Target> {
    let pods = pods?;
    let value = pods.at(&["target", "averageValue"])?;
    let number = value.text()?;
    let number: f64 = match number.strip_suffix('m') {
        Some(milli) => milli.parse::<f64>().ok()? / 1000.0,
        None => number.parse().ok()?,
    };
    let name = pods.at(&["metric", "name"]).and_then(Node::text).unwrap_or("its gauge");
    let reason = format!("{}: {name}, taken as the number of requests in flight", place(text, value));
    let is_possible = (0.001..=1e9).contains(&number);
    is_possible.then(|| Target { metric: "in-flight", toml: number.to_string(), origin: Origin::guess(reason) })
}

fn behaviour(text: &Text, rules: &Node, mut section: Section) -> Result<Section, Mistake> {
    let at =
        |node: &Node, key: &str| Origin::documented(format!("{}: {key}", place(text, node.get(key).unwrap_or(node))));
    if let Some(seconds) = whole(text, rules, "stabilizationWindowSeconds", 0)? {
        section.text("stabilization", &format!("{seconds}s"), at(rules, "stabilizationWindowSeconds"));
    }
    if let Some(select) = rules.get("selectPolicy") {
        let meant = match select.text() {
            Some("Max") => "max",
            Some("Min") => "min",
            Some("Disabled") => "disabled",
            _ => {
                let title = "`selectPolicy` must be Max, Min or Disabled";
                return Err(text.wrong(select.span.clone(), title, "none of them"));
            }
        };
        section.text("select", meant, at(rules, "selectPolicy"));
    }
    let mut policies = Vec::new();
    for policy in rules.get("policies").map(Node::items).unwrap_or_default() {
        let value = whole(text, policy, "value", 1)?;
        let period = whole(text, policy, "periodSeconds", 1)?;
        let key = match policy.get("type").and_then(Node::text) {
            Some("Pods") => "pods",
            Some("Percent") => "percent",
            _ => {
                return Err(text.wrong(
                    policy.span.clone(),
                    "a policy must have the type Pods or Percent",
                    "it has not",
                ));
            }
        };
        let (Some(value), Some(period)) = (value, period) else {
            let title = "a policy must have `value` and `periodSeconds`";
            return Err(text.wrong(policy.span.clone(), title, "one is missing"));
        };
        policies.push(format!("{{ {key} = {value}, period = \"{period}s\" }}"));
    }
    if !policies.is_empty() {
        section.set("policies", format!("[{}]", policies.join(", ")), at(rules, "policies"));
    }
    Ok(section)
}
