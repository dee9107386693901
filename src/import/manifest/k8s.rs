//! Manifests of Kubernetes: apps/v1 Deployments, StatefulSets, DaemonSets and ReplicaSets, autoscaling/v1 and v2
//! HorizontalPodAutoscalers, Services, Ingresses and ConfigMaps, by the published API (kubernetes.io/docs/reference/kubernetes-api).

mod autoscaler;
mod container;
mod objects;
mod probe;

use std::collections::BTreeMap;

use super::{Workload, place, said, system, whole};
use crate::import::sketch::{Names, Origin, Section, Sketch};
use crate::import::text::Text;
use crate::language::Mistake;
use objects::{Object, Objects};

/// The skeleton of what these manifests deploy.
///
/// # Errors
/// Where a file is no YAML, is no list of Kubernetes objects, or a value is of the wrong type; and where no workload serves
/// requests.
pub(in crate::import) fn sketch(texts: &[Text]) -> Result<Sketch, Mistake> {
    let objects = Objects::read(texts)?;
    let mut remarks = objects.remarks();
    let mut names = Names::default();
    let mut workloads = Vec::new();
    for object in objects.workloads() {
        workloads.push(workload(object, &objects, &mut names, &mut remarks)?);
    }
    remarks.extend(autoscaler::unused(&objects));
    let files: Vec<&str> = texts.iter().map(Text::name).collect();
    let count = workloads.len();
    let of = if count == 1 { "workload" } else { "workloads" };
    let skeleton = Sketch {
        title: format!("{count} {of} of Kubernetes"),
        head: vec![
            format!("A skeleton that `sim import k8s` made from {}.", files.join(", ")),
            "Each value has its source in [provenance]; what the manifests do not say is marked with `gap:`, and the \
             value beside it is assumed."
                .into(),
        ],
        sections: Vec::new(),
        remarks,
    };
    system::sketch(workloads, skeleton).ok_or_else(|| {
        let mistake = match texts {
            [only] => only.whole("no workload here serves requests"),
            _ => Mistake::new("no workload in these files serves requests"),
        };
        mistake.help(
            "give manifests with a Deployment or a StatefulSet that is no database: kubectl get deploy,svc,hpa -o yaml",
        )
    })
}

fn workload(
    object: &Object<'_>,
    objects: &Objects<'_>,
    names: &mut Names,
    remarks: &mut Vec<String>,
) -> Result<Workload, Mistake> {
    let text = object.text;
    let name = names.name(&object.full_name());
    let mut service = Section::new(format!("services.{name}"));
    let scaler = objects.scaler(object);
    let spec = object.node.get("spec");
    let replicas = match spec {
        Some(spec) => whole(text, spec, "replicas", 0)?.map(|number| (number, spec)),
        None => None,
    };
    let count = match (replicas, object.kind.as_str()) {
        (Some((0, spec)), _) => {
            let node = spec.get("replicas").unwrap_or(spec);
            (1, Origin::assumed_number(format!("{}: replicas is 0", place(text, node)), 1, 10))
        }
        (Some((number, spec)), _) => {
            let node = spec.get("replicas").unwrap_or(spec);
            (number, Origin::documented(format!("{}: replicas", place(text, node))))
        }
        (None, "DaemonSet") => {
            (1, Origin::assumed_number(format!("{}: a DaemonSet has one on each node", object.place()), 1, 100))
        }
        (None, _) => (1, Origin::documented(format!("{}: no replicas; Kubernetes' default", object.place()))),
    };
    let most = scaler.and_then(|scaler| scaler.node.at(&["spec", "maxReplicas"])?.text()?.parse::<u32>().ok());
    match most.filter(|&most| most > 0 && most < count.0) {
        Some(most) => {
            let reason = format!("{}: replicas is {}, more than the autoscaler allows", object.place(), count.0);
            service.set("replicas", most.to_string(), Origin::documented(reason));
        }
        None => service.set("replicas", count.0.to_string(), count.1),
    }
    let pod = object.pod();
    let container = container::main(object, pod, remarks);
    let mut workload = Workload {
        name: name.clone(),
        hosts: objects.hosts(object),
        service,
        parts: Vec::new(),
        probed: Vec::new(),
        image: None,
        words: Vec::new(),
        environment: Vec::new(),
        cpu: None,
        depends_on: Vec::new(),
        exposed: objects.exposed(object),
    };
    let mut request = None;
    if let Some(container) = container {
        workload.image = container.get("image").and_then(|node| said(text, node));
        workload.words = container::command(text, container);
        workload.environment = container::environment(object, container, objects, remarks);
        request = container::processor(text, container, &mut workload)?;
        probe::probes(text, container, &mut workload)?;
    } else {
        workload.service.gap(format!("{}: it has no container", object.place()));
    }
    if let Some(scaler) = scaler {
        let grace = match pod {
            Some(pod) => whole(text, pod, "terminationGracePeriodSeconds", 0)?,
            None => None,
        };
        autoscaler::autoscale(scaler, &mut workload, request, grace, remarks)?;
    }
    Ok(workload)
}

/// The labels of an object, or a selector of them.
fn labels(node: Option<&crate::yaml::Node>) -> BTreeMap<String, String> {
    let entries = node.map(crate::yaml::Node::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text()?.into(), value.text()?.into()))).collect()
}
