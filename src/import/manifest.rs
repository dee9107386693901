//! Skeletons of models from what deploys a system: manifests of Kubernetes, files of Compose.
//!
//! Both are read into [`Workload`]s, of which `system` makes the skeleton: `product` knows databases and servers by their
//! images and commands, `settings` the environment variables and arguments that set numbers of a model, `links` who calls
//! whom.

pub(super) mod compose;
pub(super) mod k8s;
mod links;
mod product;
mod settings;
mod system;

use super::sketch::Section;
use super::text::Text;
use crate::language::Mistake;
use crate::yaml::{Node, WrongYaml, documents};

/// A text with the place where it stands, `shop.yaml:12`.
#[derive(Clone, Debug)]
struct Said {
    text: String,
    place: String,
}

/// What runs in containers under one name.
#[derive(Debug)]
struct Workload {
    /// Its name in the model.
    name: String,
    /// The host names by which others reach it.
    hosts: Vec<String>,
    /// `services.NAME`, with what the manifest says.
    service: Section,
    /// The tables below it: probes, autoscaling.
    parts: Vec<Section>,
    /// The endpoints that probes call, and where they stand.
    probed: Vec<Said>,
    /// The image.
    image: Option<Said>,
    /// The words of its command and arguments.
    words: Vec<Said>,
    /// Its environment.
    environment: Vec<(String, Said)>,
    /// CPU limit in cores.
    cpu: Option<f64>,
    /// Names of others that it is said to depend on.
    depends_on: Vec<Said>,
    /// Where it says that requests come from outside.
    exposed: Option<String>,
}

/// The documents of a file.
fn read(text: &Text) -> Result<Vec<Node>, Mistake> {
    documents(text.str()).map_err(|WrongYaml { span, title, label }| text.wrong(span, title, &label))
}

/// The place of a node, `shop.yaml:12`.
fn place(text: &Text, node: &Node) -> String {
    format!("{}:{}", text.name(), text.line(node.span.start))
}

/// A scalar with its place.
fn said(text: &Text, node: &Node) -> Option<Said> {
    node.text().map(|words| Said { text: words.into(), place: place(text, node) })
}

/// The text of a node.
fn word<'a>(text: &Text, node: &'a Node, what: &str) -> Result<&'a str, Mistake> {
    node.text().ok_or_else(|| text.wrong(node.span.clone(), format!("`{what}` must be a text"), "not a text"))
}

/// The whole number that a key has, if it is there.
fn whole(text: &Text, table: &Node, key: &str, least: u32) -> Result<Option<u32>, Mistake> {
    let Some(node) = table.get(key) else { return Ok(None) };
    let number = node.text().and_then(|number| number.parse::<u32>().ok()).filter(|&number| number >= least);
    number.map(Some).ok_or_else(|| {
        let title = format!("`{key}` must be a whole number of at least {least}");
        text.wrong(node.span.clone(), title, "not such a number")
    })
}

/// A number of seconds as a duration of the language.
fn seconds(number: f64) -> String {
    let text = format!("{number}s");
    if number > 0.0 && number < 1.0 { format!("{}ms", number * 1e3) } else { text }
}

/// Cores as the language writes them.
fn cores(number: f64) -> String {
    let milli = (number * 1000.0).round();
    if milli % 1000.0 == 0.0 { format!("{}", milli / 1000.0) } else { format!("{milli}m") }
}
