//! Where the figures of a plain table or of a query are: `p95_s=latency_ms:ms`.

use std::str::FromStr;

use crate::language::names::Names;
use crate::metric::Metric;

/// Units: name, what kind of number it is for, and how many seconds, shares, requests a minute or cores one is.
const UNITS: [(&str, UnitKind, f64); 13] = [
    ("ns", UnitKind::Time, 1e-9),
    ("us", UnitKind::Time, 1e-6),
    ("µs", UnitKind::Time, 1e-6),
    ("ms", UnitKind::Time, 1e-3),
    ("s", UnitKind::Time, 1.0),
    ("min", UnitKind::Time, 60.0),
    ("%", UnitKind::Share, 0.01),
    ("1", UnitKind::Share, 1.0),
    ("/s", UnitKind::Rate, 60.0),
    ("/min", UnitKind::Rate, 1.0),
    ("/h", UnitKind::Rate, 1.0 / 60.0),
    ("m", UnitKind::Cores, 1e-3),
    ("cores", UnitKind::Cores, 1.0),
];

/// What the name of a service comes after where a column holds its cores.
const CPU: &str = "cpu_cores.";

/// The metrics that a table can give.
pub(super) const METRICS: [Metric; 10] = [
    Metric::ThroughputPerMin,
    Metric::SuccessRate,
    Metric::MeanS,
    Metric::P50S,
    Metric::P90S,
    Metric::P95S,
    Metric::P99S,
    Metric::P999S,
    Metric::FailedRequests,
    Metric::CallsPerS,
];

/// What kind of number a unit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnitKind {
    Time,
    Share,
    Rate,
    Cores,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A figure of a row, which is a point or a part of a test.
    Metric(Metric),
    /// The number of requests of such a row.
    Requests,
    /// The cores that this service uses in it.
    Cpu(String),
    /// The design of a row.
    Variant,
    /// The value of an axis.
    Axis(String),
    /// When the request of a row ended.
    End,
    /// When the request of a row began.
    Start,
    /// How long it took.
    Elapsed,
    /// Its HTTP status; 400 and above is a failure.
    Status,
    /// Whether it succeeded.
    Success,
    /// Its class.
    Class,
    /// Why it failed; empty where it did not.
    Cause,
}

/// One column and what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// What it holds.
    pub target: Target,
    /// Its name.
    pub column: String,
    /// How many units of the target one unit of the column is.
    pub scale: f64,
}

impl Mapping {
    /// Whether it makes each row one request.
    pub(super) fn is_of_request(&self) -> bool {
        use Target::{Cause, Class, Elapsed, End, Start, Status, Success};
        matches!(self.target, End | Start | Elapsed | Status | Success | Class | Cause)
    }
}

impl Target {
    fn named(name: &str) -> Result<Self, String> {
        if let Some(axis) = name.strip_prefix("at.") {
            return if axis.is_empty() {
                Err("`at.` needs the name of an axis".into())
            } else {
                Ok(Self::Axis(axis.into()))
            };
        }
        if let Some(service) = name.strip_prefix(CPU).filter(|service| !service.is_empty()) {
            return Ok(Self::Cpu(service.into()));
        }
        let fixed = [
            ("requests", Self::Requests),
            ("variant", Self::Variant),
            ("end", Self::End),
            ("start", Self::Start),
            ("elapsed", Self::Elapsed),
            ("status", Self::Status),
            ("success", Self::Success),
            ("class", Self::Class),
            ("cause", Self::Cause),
        ];
        if let Some((_, target)) = fixed.iter().find(|(known, _)| *known == name) {
            return Ok(target.clone());
        }
        if let Some(metric) = METRICS.into_iter().find(|metric| metric.name() == name) {
            return Ok(Self::Metric(metric));
        }
        let names = Names::new(METRICS.iter().map(|metric| metric.name()).chain(fixed.iter().map(|(name, _)| *name)));
        let near = names.nearest(name).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Err(format!(
            "`{name}` is nothing that a column can hold{near} It can hold {names}, `at.AXIS` or `cpu_cores.SERVICE`"
        ))
    }

    fn kind(&self) -> Option<UnitKind> {
        match self {
            Self::Elapsed => Some(UnitKind::Time),
            Self::Metric(metric) if metric.is_time() => Some(UnitKind::Time),
            Self::Metric(metric) if metric.is_rate() => Some(UnitKind::Share),
            Self::Metric(Metric::ThroughputPerMin | Metric::CallsPerS) => Some(UnitKind::Rate),
            Self::Cpu(_) => Some(UnitKind::Cores),
            _ => None,
        }
    }

    /// The scale of a column that is given in no unit: that of the metric where it bears its name; a time is ambiguous.
    fn own(&self, column: &str) -> Result<f64, String> {
        match self {
            Self::Metric(metric) if metric.name() == column => Ok(1.0),
            Self::Metric(metric) if metric.is_rate() => Ok(1.0),
            Self::Cpu(_) if column.starts_with(CPU) => Ok(1.0),
            _ if self.kind().is_none() => Ok(1.0),
            _ => Err(format!("the unit of `{column}` is missing; write for instance `{column}:{}`", self.example())),
        }
    }

    fn example(&self) -> &'static str {
        match self.kind() {
            Some(UnitKind::Rate) => "/s",
            Some(UnitKind::Share) => "%",
            Some(UnitKind::Cores) => "m",
            _ => "ms",
        }
    }
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}` is not of the form WHAT=COLUMN or WHAT=COLUMN:UNIT, such as p95_s=latency:ms");
        let (name, column) = text.split_once('=').ok_or_else(form)?;
        let target = Target::named(name.trim())?;
        let (column, unit) = match column.trim().rsplit_once(':') {
            Some((column, unit)) if UNITS.iter().any(|(known, ..)| *known == unit.trim()) => {
                (column, Some(unit.trim()))
            }
            _ => (column.trim(), None),
        };
        let column = column.trim().to_owned();
        if column.is_empty() {
            return Err(form());
        }
        let scale = match unit.and_then(|unit| UNITS.iter().find(|(known, ..)| *known == unit)) {
            None => target.own(&column)?,
            Some(&(unit, kind, scale)) => match target.kind() {
                Some(right) if right == kind && target == Target::Metric(Metric::CallsPerS) => scale / 60.0,
                Some(right) if right == kind => scale,
                _ => return Err(format!("`{unit}` is no unit of `{}`", name.trim())),
            },
        };
        Ok(Self { target, column, scale })
    }
}

/// The columns that bear the name of what they hold, as the files of this program do.
pub(super) fn by_name(header: &[String]) -> Vec<Mapping> {
    let known = header.iter().filter_map(|column| {
        let target = METRICS.into_iter().find(|metric| metric.name() == column).map(Target::Metric);
        let target = target.or_else(|| (column == "variant").then_some(Target::Variant));
        let is_place = |column: &str| column.starts_with("at.") || column.starts_with(CPU);
        let target = target.or_else(|| Target::named(column).ok().filter(|_| is_place(column)));
        target.map(|target| Mapping { target, column: column.clone(), scale: 1.0 })
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_converted() {
        let read = |text: &str| text.parse::<Mapping>();
        assert_eq!(read("p95_s=latency:ms").unwrap().scale, 1e-3);
        assert_eq!(read("p95_s=p95_s").unwrap().scale, 1.0);
        assert_eq!(read("throughput_per_min=rps:/s").unwrap().scale, 60.0);
        assert_eq!(read("calls_per_s=rps:/s").unwrap().scale, 1.0);
        assert_eq!(read("success_rate=ok:%").unwrap().scale, 0.01);
        assert_eq!(read("at.rate=a:b").unwrap().column, "a:b");
        assert!(read("p95_s=latency").unwrap_err().contains("unit of `latency` is missing"));
        assert!(read("p95_s=latency:/s").unwrap_err().contains("no unit"));
        assert!(read("p95=latency:ms").unwrap_err().contains("did you mean `p95_s`?"));
        assert!(read("latency").is_err() && read("p95_s=").is_err() && read("at.=x").is_err());
    }
}
