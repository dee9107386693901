//! `sim import k8s`, `compose` and `otlp`: skeletons of models.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::super::exit::{Exit, ExitFailure};
use super::super::page::Page;
use crate::import::Text;
use crate::import::model::{self, Sketch};
use crate::language::Mistakes;
use crate::report::folder::Unwritten;

/// What a model is made from.
#[derive(Debug, Subcommand)]
pub enum ModelSource {
    /// The skeleton of a model from manifests of Kubernetes
    ///
    /// Reads Deployments, StatefulSets, DaemonSets, Services, Ingresses, HorizontalPodAutoscalers and ConfigMaps, as YAML or JSON,
    /// several in a file or a List; other kinds are named and left out. Takes replicas, CPU, probes and autoscaling from them,
    /// and from arguments and variables the settings that are known (WEB_CONCURRENCY, UV_THREADPOOL_SIZE, sizes of pools).
    /// Addresses of other services in variables become calls.
    #[command(after_help = K8S)]
    K8s(Several),
    /// The skeleton of a model from a file of Docker Compose
    ///
    /// Takes services, replicas, CPU, limits of files and the settings of arguments and variables from it; what a service depends
    /// on or has the address of becomes a call or a query.
    #[command(after_help = COMPOSE)]
    Compose(Single),
    /// The skeleton of a model from traces of OpenTelemetry, as OTLP/JSON
    ///
    /// Takes services, endpoints, calls and queries from spans, in their order and side by side where they overlap; fits
    /// distributions to their times, with the distance of Kolmogorov and Smirnov; guesses pools of clients from calls that wait
    /// before they reach their server. Reads one JSON object, or one on each line.
    #[command(after_help = OTLP)]
    Otlp(Several),
}

const K8S: &str = "\
Examples:
  sim import k8s deploy/*.yaml > model.toml
  kubectl get deploy,sts,svc,ing,hpa,cm -o yaml > all.yaml && sim import k8s all.yaml

Exit codes:
  0 done, 2 a mistake in the input, or the file exists already";

const COMPOSE: &str = "\
Examples:
  sim import compose compose.yaml > model.toml

Exit codes:
  0 done, 2 a mistake in the input, or the file exists already";

const OTLP: &str = "\
Examples:
  sim import otlp traces.json > model.toml
  sim run model.toml --trace slowest:1000 --trace-format otlp --trace-file t.json && sim import otlp t.json

Exit codes:
  0 done, 2 a mistake in the input, or the file exists already";

/// Several files.
#[derive(Debug, Args)]
pub struct Several {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    output: Output,
}

/// One file.
#[derive(Debug, Args)]
pub struct Single {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    output: Output,
}

/// Where the model is written.
#[derive(Debug, Args)]
struct Output {
    /// Write the model into this file, which must not exist, and not to stdout
    #[arg(short, long, value_name = "MODEL")]
    output: Option<PathBuf>,
}

impl ModelSource {
    /// Reads, makes the skeleton, writes it.
    pub(super) fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        match self {
            Self::K8s(several) => several.output.write(&model::k8s(&texts(&several.files)?)?, page),
            Self::Otlp(several) => several.output.write(&model::otlp(&texts(&several.files)?)?, page),
            Self::Compose(single) => single.output.write(&model::compose(&Text::read(&single.file)?)?, page),
        }
    }
}

/// Reads all files; what is wrong with each is said.
fn texts(files: &[PathBuf]) -> Result<Vec<Text>, ExitFailure> {
    let (mut texts, mut mistakes) = (Vec::new(), Vec::new());
    for file in files {
        match Text::read(file) {
            Ok(text) => texts.push(text),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(texts) } else { Err(ExitFailure::Mistakes(Mistakes(mistakes))) }
}

impl Output {
    fn write(&self, sketch: &Sketch, page: &mut Page) -> Result<Exit, ExitFailure> {
        sketch.remarks.iter().for_each(|remark| page.warn(remark));
        let text = sketch.toml();
        let Some(path) = &self.output else {
            page.data(text);
            return Ok(Exit::Holds);
        };
        create(path, &text).map_err(|reason| ExitFailure::Named(Unwritten { path: path.clone(), reason }))?;
        page.print(format!("wrote  {}: {} gaps are marked in it\n", path.display(), sketch.gaps()));
        page.print(format!("next   sim run {}\n", path.display()));
        Ok(Exit::Holds)
    }
}

/// Writes a new file.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
