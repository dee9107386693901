//! Doubts about the quality of a result, each with its remedy.

mod search;

pub use search::warnings;

use std::fmt;

use super::comparisons::within;
use super::paragraph::quoted;
use super::resources::growing;
use super::theory::{known, simulated};
use crate::experiment::analyse::comparison::Unselected;
use crate::experiment::analyse::culprit::{agree, is_plural};
use crate::experiment::analyse::exact::Check;
use crate::experiment::analyse::precision::Shortfall;
use crate::experiment::analyse::summary::Growth;
use crate::language::Metric;
use crate::model::RateUnit;
use crate::parts::{Ending, ROUND_TRIP};

/// A doubt.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// An interrupt left trials out.
    Partial {
        /// Trials that gave figures.
        done: usize,
        /// Trials that were asked for.
        planned: usize,
    },
    /// Refusals used up the users of a finite test, so that it is short and says little.
    UsedUp {
        /// Where.
        place: String,
        /// Mean number of requests that were refused.
        refused: f64,
        /// Of how many.
        of: f64,
        /// Points of which the same is true.
        others: usize,
    },
    /// Clients that are refused at once send again sooner than a real client can connect.
    Hammering {
        /// Where.
        place: String,
        /// Mean number of attempts after which one did.
        refused: f64,
        /// What sets the pause.
        setting: &'static str,
        /// Points of which the same is true.
        others: usize,
    },
    /// A trial gave no figures: a bug in the simulator.
    Failed {
        /// Where.
        place: String,
        /// Which.
        replication: u64,
        /// What happened.
        what: String,
    },
    /// A trial contradicts a law that it must obey: a bug in the simulator.
    Violated {
        /// Where.
        place: String,
        /// Which.
        replication: u64,
        /// Which laws, with both numbers.
        laws: String,
    },
    /// A figure contradicts what is known exactly: a bug in the simulator.
    Inexact {
        /// Where.
        place: String,
        /// The figure, and what theory says.
        check: Check,
        /// The unit of throughputs.
        rates: RateUnit,
    },
    /// Limits ended trials, which are left out of the figures as long as others remain.
    Limited {
        /// Where.
        place: String,
        /// How many.
        trials: usize,
        /// How many of these had not begun to measure.
        without_window: usize,
        /// Out of how many.
        of: usize,
        /// How the first of them ended.
        ending: Ending,
    },
    /// A quantile of a sound point has no upper bound.
    FewValues {
        /// Where it rests on the fewest.
        place: String,
        /// Which quantile.
        metric: Metric,
        /// On how many response times it rests.
        values: u64,
        /// At how many other points it has none either.
        others: usize,
    },
    /// A figure is not known as precisely as was asked.
    Imprecise {
        /// Where it is known worst.
        place: String,
        /// The figure, and how well it is known there.
        shortfall: Shortfall,
        /// The half-width that was asked for.
        asked: f64,
        /// At how many other points something is not known precisely enough.
        others: usize,
    },
    /// The selection of the best of several variants has not ended.
    Unselected {
        /// Where most are left, without a variant; empty without axes.
        place: String,
        /// By which figure.
        metric: Metric,
        /// The variants that are left.
        left: Vec<String>,
        /// How far the selection got there.
        unselected: Unselected,
        /// By how much the best is better, in a selection of the best.
        zone: f64,
        /// At how many other places it is not selected either.
        others: usize,
    },
    /// Work piles up under a steady load, so that times grow with the length of the run.
    Growing {
        /// Where it grows fastest.
        place: String,
        /// What grows, and how fast.
        growth: Growth,
        /// At how many other points it grows too.
        others: usize,
    },
    /// A resource is so busy under an open load that it may be overloaded, though no growth is certain.
    Brim {
        /// Where it is busiest.
        place: String,
        /// Its name.
        resource: String,
        /// Its utilisation, over all its instances.
        utilisation: f64,
        /// The utilisation of the instance with the highest.
        busiest: f64,
        /// At how many other points one is as busy.
        others: usize,
    },
    /// The batches of a single run are correlated.
    Correlated {
        /// Where they are most.
        place: String,
        /// At how many other points they are too.
        others: usize,
    },
    /// The pilot runs that should find a warm-up did not settle.
    Unsettled {
        /// Where.
        place: String,
        /// How long they were, in seconds.
        seconds: f64,
        /// At how many other points they did not either.
        others: usize,
    },
    /// A single replication shows no spread.
    NoIntervals,
    /// The throughput of a sound point is not well known.
    Wide {
        /// Where it is widest.
        place: String,
        /// How wide: half of the interval, relative.
        half_width: f64,
        /// At how many other points it is wide too.
        others: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Partial { done, planned } => {
                write!(
                    f,
                    "interrupted: the figures rest on {done} of {planned} trials; points without a finished trial are missing"
                )
            }
            Self::UsedUp { place, refused, of, others } => write!(
                f,
                "{place}: {refused:.0} of {of:.0} users were refused and did not try again{}, which ends the test early; \
                 real clients may retry: set `load.retry`, or use an endless load with `duration`",
                also(*others)
            ),
            Self::Hammering { place, refused, setting, others } => {
                let least = super::number::seconds(ROUND_TRIP.seconds());
                write!(
                    f,
                    "{place}: {refused:.0} attempts were refused within {least} and sent again less than {least} later{}; \
                     to connect again takes a real client at least a network round trip, about {least}: set `{setting}` \
                     to that or more",
                    also(*others)
                )
            }
            Self::Failed { place, replication, what } => {
                write!(f, "{place}: replication {replication} failed: {what}; this is a bug in sim, not in the model")
            }
            Self::Violated { place, replication, laws } => {
                write!(
                    f,
                    "{place}: replication {replication} violates {laws}; this is a bug in sim: do not trust the figures"
                )
            }
            Self::Inexact { place, check, rates } => {
                let name = check.metric.words();
                let (seen, known) = (simulated(check, *rates), known(check, *rates));
                let is = check.metric.agree("is", "are");
                write!(
                    f,
                    "{place}: the {name} {is} {seen}, but {known}; this is a bug in sim: do not trust the figures"
                )
            }
            Self::Limited { place, trials, without_window, of, ending } => {
                let what = match (trials == of, trials - without_window) {
                    (_, 0) => "before they began to measure, and are not counted".into(),
                    (false, _) => "and are excluded".into(),
                    (true, counted) if counted == *trials => {
                        "so the figures rest on what they had measured by then".into()
                    }
                    (true, counted) => format!(
                        "so the figures rest on what {counted} of them had measured by then; the others had not begun to \
                         measure and are not counted"
                    ),
                };
                let remedy = ending.remedy().map(|remedy| format!("; {remedy}")).unwrap_or_default();
                write!(f, "{place}: {trials} of {of} trials were stopped early ({ending}), {what}{remedy}")
            }
            Self::FewValues { place, metric, values, others } => {
                let name = metric.words();
                write!(
                    f,
                    "{place}: the {name} has no upper bound{}: {values} response times are too few ",
                    also(*others)
                )?;
                f.write_str("for this percentile; run longer or replicate more")
            }
            Self::Imprecise { place, shortfall, asked, others } => imprecise(f, place, shortfall, *asked, *others),
            Self::Unselected { place, metric, left, unselected, zone, others } => {
                not_selected(f, place, left, unselected, &within(*zone, *metric), *others)
            }
            Self::Growing { place, growth, others } => {
                write!(f, "{place}: not stationary{}: {}", also(*others), growing(growth).unwrap_or_default())
            }
            Self::Brim { place, resource, utilisation, busiest, others } => {
                let others = match others {
                    0 => String::new(),
                    1 => " (a resource at 1 other point is as busy)".into(),
                    others => format!(" (resources at {others} other points are as busy)"),
                };
                let [all, busiest] = [utilisation, busiest].map(|share| format!("{:.1} %", share * 100.0));
                let which = match all == busiest {
                    true => String::new(),
                    false => format!(" at its busiest instance ({all} over all instances)"),
                };
                let (used, it) =
                    (agree(resource, "is in use", "are in use"), if is_plural(resource) { "they" } else { "it" });
                write!(f, "{place}: {used} {busiest} of the time{which}{others}; {it} may be overloaded: ")?;
                f.write_str("run longer to find out")
            }
            Self::Correlated { place, others } => {
                let others = also(*others);
                write!(f, "{place}: the batches of the single run are correlated{others}, so its intervals are too ")?;
                f.write_str("narrow; run longer, or use several replications")
            }
            Self::Unsettled { place, seconds, others } => {
                let (seconds, others) = (super::number::seconds(*seconds), also(*others));
                write!(f, "{place}: the pilot runs of {seconds} did not settle in their first half{others}; ")?;
                f.write_str("set a longer `duration`")
            }
            Self::NoIntervals => f.write_str("one replication gives no confidence intervals; use at least 2"),
            Self::Wide { place, half_width, others } => {
                let (percent, others) = (half_width * 100.0, also(*others));
                write!(f, "{place}: the interval of the throughput is wide, ±{percent:.0} %{others}; replicate more")
            }
        }
    }
}

fn imprecise(f: &mut fmt::Formatter, place: &str, it: &Shortfall, asked: f64, others: usize) -> fmt::Result {
    let unit = if it.metric.is_rate() { "points" } else { "%" };
    let name = it.metric.words();
    if it.half_width.is_finite() {
        write!(f, "{place}: the half-width of the {name} is {:.2} {unit}", it.half_width * 100.0)?;
    } else {
        write!(f, "{place}: the {name} {} no upper bound", it.metric.agree("has", "have"))?;
    }
    let asked = asked * 100.0;
    write!(f, " after {} replications; {asked} {unit} was asked for{}", it.replications, also(others))?;
    match it.needed {
        Some(needed) => write!(f, "; about {needed} would be enough: raise `max_replications`, or run longer"),
        None => f.write_str("; run longer"),
    }
}

fn not_selected(
    f: &mut fmt::Formatter,
    place: &str,
    left: &[String],
    it: &Unselected,
    zone: &str,
    others: usize,
) -> fmt::Result {
    if !place.is_empty() {
        write!(f, "{place}: ")?;
    }
    f.write_str("no variant was selected as the best")?;
    match others {
        0 => {}
        1 => f.write_str(" (also at 1 other place)")?,
        others => write!(f, " (also at {others} other places)")?,
    }
    let Some(replications) = it.replications else {
        return f.write_str(": not every variant has the metric; choose another one with `best_by`");
    };
    let left: Vec<String> = left.iter().map(|variant| quoted(variant)).collect();
    write!(f, " after {replications} replications: {} remain; ", left.join(", "))?;
    if let Some(needed) = it.needed {
        write!(f, "at most {needed} would decide: ")?;
    }
    write!(f, "raise `max_replications`, run longer, or set `best_within` above {zone}")
}

/// ` (also at 2 other points)`, where there are others.
fn also(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => " (also at 1 other point)".into(),
        others => format!(" (also at {others} other points)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_instance_is_told_from_all_of_them() {
        let brim = |utilisation, busiest| {
            let (place, resource) = ("m".into(), "dynos threads".into());
            Warning::Brim { place, resource, utilisation, busiest, others: 0 }.to_string()
        };
        let said = brim(0.769, 0.988);
        assert!(said.contains("98.8 % of the time at its busiest instance (76.9 % over all instances); "), "{said}");
        let said = brim(0.988, 0.988);
        assert!(said.contains("98.8 % of the time; "), "{said}");
    }
}
