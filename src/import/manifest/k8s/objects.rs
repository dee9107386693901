//! The objects of all files, and how they refer to each other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::labels;
use crate::import::manifest::{place, read, word};
use crate::import::text::Text;
use crate::language::Mistake;
use crate::yaml::Node;

/// Kinds that run containers for requests.
const WORKLOADS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];

/// Kinds that are read beside them.
const OTHERS: [&str; 4] = ["HorizontalPodAutoscaler", "Service", "Ingress", "ConfigMap"];

/// An object.
#[derive(Debug)]
pub(super) struct Object<'a> {
    /// Its file.
    pub text: &'a Text,
    /// All of it.
    pub node: Node,
    /// Its kind.
    pub kind: String,
    name: String,
    namespace: Option<String>,
    /// Whether another workload has its name, in another namespace.
    is_twin: bool,
}

impl Object<'_> {
    /// Where it begins.
    pub fn place(&self) -> String {
        place(self.text, &self.node)
    }

    /// Its name, with the namespace where two have the same one.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) if self.is_twin => format!("{}-{namespace}", self.name),
            Some(_) | None => self.name.clone(),
        }
    }

    /// The specification of its pods.
    pub fn pod(&self) -> Option<&Node> {
        self.node.at(&["spec", "template", "spec"])
    }

    /// Whether a reference from another object, in whose namespace it is, may be to this one.
    fn is_beside(&self, other: &Object<'_>) -> bool {
        self.namespace.is_none() || other.namespace.is_none() || self.namespace == other.namespace
    }
}

/// All objects.
#[derive(Debug)]
pub(super) struct Objects<'a> {
    all: Vec<Object<'a>>,
    ignored: BTreeMap<String, Vec<String>>,
}

impl<'a> Objects<'a> {
    /// Reads files: several documents, lists, objects.
    pub fn read(texts: &'a [Text]) -> Result<Self, Mistake> {
        let mut objects = Self { all: Vec::new(), ignored: BTreeMap::new() };
        for text in texts {
            if let Some(at) = template(text.str()) {
                let mistake = text.wrong(at, "this is a template of Helm, no manifest", "filled in by Helm");
                return Err(mistake.help("render the chart first: helm template CHART > all.yaml"));
            }
            let documents = read(text)?;
            if documents.is_empty() {
                return Err(text.whole("the file is empty"));
            }
            for document in documents {
                objects.add(text, document)?;
            }
        }
        let names: Vec<String> = objects.workloads().map(|object| object.name.clone()).collect();
        for object in &mut objects.all {
            object.is_twin = names.iter().filter(|name| **name == object.name).count() > 1;
        }
        Ok(objects)
    }

    fn add(&mut self, text: &'a Text, node: Node) -> Result<(), Mistake> {
        // A file may be a list of objects without a head.
        if !node.items().is_empty() {
            return node.items().iter().try_for_each(|item| self.add(text, item.clone()));
        }
        let Some(kind) = node.get("kind") else {
            let mistake =
                text.wrong(node.span.clone(), "this is no object of Kubernetes: it has no `kind`", "no `kind`");
            let is_compose = node.get("services").is_some();
            return Err(if is_compose {
                mistake.help("it looks like a file of Compose: sim import compose FILE")
            } else {
                mistake.help("an object begins with `apiVersion:` and `kind:`")
            });
        };
        let kind = word(text, kind, "kind")?.to_owned();
        if kind == "List" || kind.ends_with("List") && node.get("items").is_some() {
            let items = node.get("items").map(Node::items).unwrap_or_default().to_vec();
            return items.into_iter().try_for_each(|item| self.add(text, item));
        }
        let metadata = node.get("metadata");
        let name = metadata.and_then(|metadata| metadata.get("name").or_else(|| metadata.get("generateName")));
        let name = match name {
            Some(name) => word(text, name, "metadata.name")?.to_owned(),
            None => {
                let title = format!("a {kind} must have `metadata.name`");
                return Err(text.wrong(node.span.clone(), title, "no name"));
            }
        };
        if !WORKLOADS.contains(&kind.as_str()) && !OTHERS.contains(&kind.as_str()) {
            self.ignored.entry(kind).or_default().push(name);
            return Ok(());
        }
        let namespace = metadata.and_then(|metadata| metadata.get("namespace")).and_then(Node::text);
        let namespace = namespace.map(str::to_owned);
        // A ReplicaSet that a Deployment owns is that Deployment.
        let is_owned = metadata.is_some_and(|metadata| metadata.get("ownerReferences").is_some());
        if !(is_owned && kind == "ReplicaSet") {
            self.all.push(Object { text, node, kind, name, namespace, is_twin: false });
        }
        Ok(())
    }

    /// What was left out.
    pub fn remarks(&self) -> Vec<String> {
        let ignored = self.ignored.iter().map(|(kind, names)| {
            let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
            let more = names.len().saturating_sub(3);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{kind} {}{more}: this kind says nothing of a model", shown.join(", "))
        });
        ignored.collect()
    }

    /// The workloads, in the order of the files.
    pub fn workloads(&self) -> impl Iterator<Item = &Object<'a>> {
        self.all.iter().filter(|object| WORKLOADS.contains(&object.kind.as_str()))
    }

    fn of_kind<'s>(&'s self, kind: &'static str) -> impl Iterator<Item = &'s Object<'a>> {
        self.all.iter().filter(move |object| object.kind == kind)
    }

    /// The autoscalers with what they scale, if that is there.
    pub fn scalers(&self) -> impl Iterator<Item = (&Object<'a>, Option<&Object<'a>>)> {
        self.of_kind("HorizontalPodAutoscaler").map(move |scaler| (scaler, self.scaled(scaler)))
    }

    /// What an autoscaler scales: the first workload that it refers to.
    fn scaled(&self, scaler: &Object<'_>) -> Option<&Object<'a>> {
        self.workloads().find(|workload| refers(scaler, workload))
    }

    /// The autoscaler of a workload.
    pub fn scaler(&self, workload: &Object<'_>) -> Option<&Object<'a>> {
        let is_it = |found: &Object<'_>| std::ptr::eq(&found.node, &workload.node);
        let mut referring = self.of_kind("HorizontalPodAutoscaler").filter(|scaler| refers(scaler, workload));
        referring.find(|scaler| self.scaled(scaler).is_some_and(is_it))
    }

    /// The data of a ConfigMap.
    pub fn config(&self, beside: &Object<'_>, name: &str) -> Option<(&Object<'a>, &Node)> {
        let map = self.of_kind("ConfigMap").find(|map| map.name == name && map.is_beside(beside))?;
        Some((map, map.node.get("data")?))
    }

    /// The Services that lead to a workload.
    fn services(&self, workload: &Object<'_>) -> impl Iterator<Item = &Object<'a>> {
        let labels_of_pods = labels(workload.node.at(&["spec", "template", "metadata", "labels"]));
        let beside: Vec<&Object<'a>> = self.of_kind("Service").filter(|service| service.is_beside(workload)).collect();
        beside.into_iter().filter(move |service| {
            let selector = labels(service.node.at(&["spec", "selector"]));
            !selector.is_empty() && selector.iter().all(|(key, value)| labels_of_pods.get(key) == Some(value))
        })
    }

    /// The host names of a workload: those of its Services, short and with the namespace.
    pub fn hosts(&self, workload: &Object<'_>) -> Vec<String> {
        let mut hosts = Vec::new();
        for service in self.services(workload) {
            hosts.push(service.name.clone());
            let namespace = service.namespace.as_deref().unwrap_or("default");
            for end in ["", ".svc", ".svc.cluster.local"] {
                hosts.push(format!("{}.{namespace}{end}", service.name));
            }
        }
        hosts
    }

    /// Where the files say that requests come to a workload from outside.
    pub fn exposed(&self, workload: &Object<'_>) -> Option<String> {
        let services: Vec<&Object<'a>> = self.services(workload).collect();
        let ingress = self.of_kind("Ingress").find_map(|ingress| {
            let backends = backends(&ingress.node);
            let leads = services.iter().any(|service| service.is_beside(ingress) && backends.contains(&service.name));
            leads.then(|| format!("{}: Ingress `{}` leads to it", ingress.place(), ingress.name))
        });
        ingress.or_else(|| {
            services.iter().find_map(|service| {
                let kind = service.node.at(&["spec", "type"]).and_then(Node::text)?;
                let is_open = matches!(kind, "LoadBalancer" | "NodePort");
                is_open.then(|| format!("{}: Service `{}` is a {kind}", service.place(), service.name))
            })
        })
    }
}

/// Whether an autoscaler refers to a workload.
fn refers(scaler: &Object<'_>, workload: &Object<'_>) -> bool {
    let target = scaler.node.at(&["spec", "scaleTargetRef"]);
    let named = |key: &str, value: &str| target.and_then(|it| it.get(key)?.text()) == Some(value);
    named("kind", &workload.kind) && named("name", &workload.name) && scaler.is_beside(workload)
}

/// The first mark of a template.
fn template(text: &str) -> Option<Range<usize>> {
    let words = [".Values", ".Release", ".Chart", "include ", "template ", "if ", "end", "range ", "with "];
    let mut start = 0;
    // What stands before each `}}`. A mark is in one line, and the first one there is the longest.
    text.split("}}").find_map(|part| {
        let line = start + part.rfind('\n').map_or(0, |at| at + 1);
        let end = start + part.len();
        start = end + 2;
        let at = line + text[line..end].find("{{")?;
        let is_mark = words.iter().any(|word| text[at..end].contains(word));
        is_mark.then(|| at..(end + 2).min(text.len()))
    })
}

/// The Services to which an Ingress leads.
fn backends(ingress: &Node) -> Vec<String> {
    let rules = ingress.at(&["spec", "rules"]).map(Node::items).unwrap_or_default();
    let paths = rules.iter().flat_map(|rule| rule.at(&["http", "paths"]).map(Node::items).unwrap_or_default());
    let all = paths.filter_map(|path| path.get("backend")).chain(ingress.at(&["spec", "defaultBackend"]));
    let name = |backend: &Node| {
        let name = backend.at(&["service", "name"]).or_else(|| backend.get("serviceName"))?;
        name.text().map(str::to_owned)
    };
    all.filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_known_by_their_marks() {
        let found = |text: &str| template(text).map(|at| text[at].to_owned());
        assert_eq!(found("a: {{b: {c: 1}}}\nname: {{ .Values.name }}\n").as_deref(), Some("{{ .Values.name }}"));
        assert_eq!(found("{{- if .x }}\na: 1\n{{- end }}\n").as_deref(), Some("{{- if .x }}"));
        assert_eq!(found("a: {{\n .Values }}\n"), None);
        assert_eq!(found(&"{{".repeat(200_000)), None);
    }
}
