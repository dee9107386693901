//! The life of single requests, for `sim run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::adjust::Effort;
use super::exit::{Exit, ExitFailure};
use super::files::{prepare_named, write_named};
use super::page::Page;
use super::simulate::pursue;
use crate::experiment::plan::Plan;
use crate::experiment::run::trace::{TraceWish, Traces, Untraced, Which, trace};
use crate::report;

/// Which requests are traced, and where the traces go.
#[derive(Clone, Debug, Args)]
pub struct Tracing {
    /// Show single requests of the first replication as trees of what they did and waited for: N or slowest[:N],
    /// failed[:N] (the first of each cause), or those around a percentile, p95[:N]
    #[arg(long, value_name = "WHICH")]
    trace: Option<TraceWish>,

    /// Also write the traces, all spans of them, to this file
    #[arg(long, value_name = "FILE.json", requires = "trace")]
    trace_file: Option<PathBuf>,

    /// The format of that file
    #[arg(long, value_enum, default_value_t, requires = "trace_file")]
    trace_format: TraceFormat,
}

/// What reads the file of traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum TraceFormat {
    /// Chrome's trace events: ui.perfetto.dev, chrome://tracing
    #[default]
    Chrome,
    /// OTLP/JSON with OpenTelemetry's semantic conventions: its collector, Jaeger, Tempo
    Otlp,
}

impl Tracing {
    /// Makes sure, before anything is computed, that the file can be written.
    pub(super) fn prepare(&self, plan: &Plan) -> Result<(), ExitFailure> {
        self.trace_file.as_deref().map_or(Ok(()), |file| prepare_named(file, &[plan]))
    }

    /// Traces the wanted requests of a plan of one point. None if none are wanted, or if they cannot be traced: a warning
    /// then says why, unless the run was cut short.
    pub(super) fn of(&self, plan: &Plan, effort: &Effort, page: &Page) -> Result<Option<Traces>, ExitFailure> {
        let Some(wish) = self.trace else { return Ok(None) };
        let traces = match pursue(effort, |progress| trace(plan, 0, wish, &progress.interrupted))? {
            Ok(traces) => traces,
            Err(untraced) => {
                // An interrupt is reported elsewhere.
                if untraced != Untraced::CutShort {
                    page.warn(format!("no trace: {untraced}"));
                }
                return Ok(None);
            }
        };
        if traces.traces.is_empty() {
            let what = if wish.which == Which::Failed { "failed" } else { "succeeded" };
            page.warn(format!("no trace: no request of the first replication {what}"));
        }
        Ok(Some(traces))
    }

    /// Writes the file, if one is wanted, and returns the line that names it.
    pub(super) fn write(&self, traces: &Traces, seed: u64, page: &Page) -> (String, Exit) {
        let Some(file) = &self.trace_file else { return (String::new(), Exit::Holds) };
        let document = match self.trace_format {
            TraceFormat::Chrome => report::trace_events(traces),
            TraceFormat::Otlp => report::trace_otlp(traces, seed),
        };
        write_named("trace", file, &format!("{document}\n"), page)
    }
}
