//! `sim import`: what load tools measured, as observations; and models from what exists.

mod model;

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use self::model::ModelSource;
use super::exit::{Exit, ExitFailure};
use super::page::Page;
use crate::import::{FORMATS, Format, Imported, Mapping, Place, Request, Span, Text, import, measurement, table};
use crate::language::{Duration, Mistake, Mistakes};

/// Turn what load tools wrote into a table of observations.
///
/// Reads files of oha, autocannon, k6, Locust, JMeter, Gatling, wrk, ab and hey, access logs, range queries of Prometheus and
/// plain tables, compressed by gzip or not; the format is recognised from the content. Prints one table as CSV: for each
/// figure where it was measured, its value in the unit of `sim`, half of its 95 % interval, by how much the tool rounds it,
/// and the part of the test that it is about. With --toml, prints `[[measurements]]` to paste into an experiment.
///
/// With `k8s`, `compose` or `otlp` in the place of files it writes the skeleton of a model instead, from what describes a
/// system or from its traces.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  sim import --variant shipped --at concurrency=50 locust_stats.csv > observations.csv
  sim import --toml --at concurrency runs/*.txt          concurrency as ab, wrk or autocannon print it
  sim import --skip 30s --window 5m k6.csv.gz
  sim import --map throughput_per_min=rps:/s --map p95_s=p95:ms --map at.rate=rate table.csv
  sim import --map start=time --map elapsed=latency:ms --map status=code requests.csv
  sim import --map p95_s=value:s prometheus.json
  sim import k8s deploy/*.yaml > model.toml              a model, as far as manifests tell

Exit codes:
  0 done, 2 a mistake in the input"
)]
pub struct Import {
    #[command(subcommand)]
    model: Option<ModelSource>,

    /// The files that load tools wrote
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Their format, where it is not to be recognised
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    format: Option<String>,

    /// The variant that they measured
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// The value of an axis at which they were measured (repeatable); without a value it is the number of clients that the
    /// file gives
    #[arg(long, value_name = "AXIS[=VALUE]", value_parser = place)]
    at: Vec<(String, Option<String>)>,

    /// What is left out at the start of the test, such as its warm-up
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "0s")]
    skip: f64,

    /// The length of what counts; without it all the rest
    #[arg(long, value_name = "TIME", value_parser = positive)]
    window: Option<f64>,

    /// What a column holds (repeatable): a metric, `requests`, `variant`, `at.AXIS` where each row is a point; `start`, `end`,
    /// `elapsed`, `status`, `success`, `class`, `cause` where each row is a request
    #[arg(long, value_name = "WHAT=COLUMN[:UNIT]")]
    map: Vec<Mapping>,

    /// Print `[[measurements]]` of an experiment instead of a table
    #[arg(long)]
    toml: bool,
}

pub(super) fn place(text: &str) -> Result<(String, Option<String>), String> {
    let (axis, value) = text.split_once('=').map_or((text, None), |(axis, value)| (axis, Some(value.trim())));
    match (axis.trim(), value) {
        ("", _) | (_, Some("")) => Err(format!("`{text}` is not of the form AXIS or AXIS=VALUE")),
        (axis, value) => Ok((axis.into(), value.map(Into::into))),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse::<Duration>().map(|Duration(length)| length as f64 / 1e9)
}

fn positive(text: &str) -> Result<f64, String> {
    seconds(text).and_then(|length| if length > 0.0 { Ok(length) } else { Err("must be above 0".into()) })
}

impl Import {
    /// Reads all files, then prints.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        if let Some(model) = &self.model {
            return model.run(page);
        }
        let request = Request {
            format: self.format.as_deref().and_then(Format::named),
            mappings: self.map.clone(),
            span: Span { skip: self.skip, window: self.window },
        };
        let (mut read, mut mistakes) = (Vec::new(), Vec::new());
        for file in &self.files {
            match Text::read(file).and_then(|text| self.one(&text, &request)) {
                Ok(one) => read.push(one),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !mistakes.is_empty() {
            return Err(ExitFailure::Mistakes(Mistakes(mistakes)));
        }
        for (name, _, imported) in &read {
            page.say(format!("{name}: {}", imported.format.title));
            imported.remarks.iter().for_each(|remark| page.warn(format!("{name}: {remark}")));
        }
        if self.toml {
            let blocks = read.iter().map(|(name, place, imported)| measurement(name, place, imported));
            let blocks: Vec<String> = blocks.filter(|block| !block.is_empty()).collect();
            page.data(blocks.join("\n"));
            if blocks.is_empty() {
                page.warn(
                    "no file has one throughput, success rate, mean or 95th percentile of all requests at a point",
                );
            }
        } else {
            page.data(table(read.iter().map(|(name, place, imported)| (name.as_str(), place, imported))));
        }
        Ok(Exit::Holds)
    }

    /// The figures of one file, and where they were measured.
    fn one(&self, text: &Text, request: &Request) -> Result<(String, Place, Imported), Mistake> {
        let imported = import(text, request)?;
        let at = at(&self.at, text.name(), &imported)?;
        Ok((text.name().to_owned(), Place { variant: self.variant.clone(), at }, imported))
    }
}

/// The values of axes at which a file was measured; one that is not given is the number of clients that the file has.
pub(super) fn at(
    given: &[(String, Option<String>)],
    name: &str,
    imported: &Imported,
) -> Result<Vec<(String, String)>, Mistake> {
    let mut at = Vec::new();
    for (axis, value) in given {
        let value = value.clone().or_else(|| imported.concurrency.map(|clients| clients.to_string()));
        let value = value.ok_or_else(|| {
            Mistake::new(format!("`{name}` does not give the number of clients"))
                .help(format!("give it: --at {axis}=50"))
        })?;
        at.push((axis.clone(), value));
    }
    Ok(at)
}
