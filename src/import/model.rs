//! Skeletons of models from what exists: manifests, a file of Compose, traces.

pub use super::sketch::Sketch;
use super::text::Text;
use super::{manifest, otlp};
use crate::language::Mistake;

/// The skeleton of what manifests of Kubernetes deploy.
///
/// # Errors
/// Where a file is no such manifest or has a value of the wrong type, and where nothing in them serves requests.
pub fn k8s(texts: &[Text]) -> Result<Sketch, Mistake> {
    manifest::k8s::sketch(texts)
}

/// The skeleton of what a file of Compose starts.
///
/// # Errors
/// Where it is no such file or has a value of the wrong type, and where nothing in it serves requests.
pub fn compose(text: &Text) -> Result<Sketch, Mistake> {
    manifest::compose::sketch(text)
}

/// The skeleton of the system that traces in OTLP/JSON are of.
///
/// # Errors
/// Where a file is no OTLP/JSON or is malformed, and where no span is that of a server or a consumer.
pub fn otlp(texts: &[Text]) -> Result<Sketch, Mistake> {
    otlp::sketch(texts)
}
