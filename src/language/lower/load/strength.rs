//! The number of a load that makes it heavier.

use crate::language::{Load, LoadKind, LoadStage, RatePoint};
use crate::model::{RateUnit, Strength};

/// The number that makes a valid load heavier.
pub(super) fn strength(load: &Load) -> Strength {
    match load.kind {
        LoadKind::Closed => clients(load),
        LoadKind::Open => arrivals(load),
        LoadKind::Mixed => Strength::Classes,
    }
}

fn clients(load: &Load) -> Strength {
    let stages: &[LoadStage] = load.stages.as_deref().unwrap_or_default();
    let highest = stages.iter().enumerate().max_by_key(|(index, stage)| (stage.target, usize::MAX - index));
    match highest.filter(|(_, stage)| stage.target > load.concurrency.unwrap_or(0)) {
        Some((_, stage)) if stages.len() > 1 => Strength::Stages { count: stage.target },
        Some((index, stage)) => {
            Strength::Clients { path: format!("load.stages[{index}].target"), count: stage.target, users: None }
        }
        None => Strength::Clients {
            path: "load.concurrency".into(),
            count: load.concurrency.unwrap_or(1),
            users: load.users,
        },
    }
}

fn arrivals(load: &Load) -> Strength {
    let factor = |path: &'static str, factor: Option<f64>| Strength::Factor { path, factor: factor.unwrap_or(1.0) };
    if let Some(trace) = &load.trace {
        return Strength::Stretch { path: "load.trace.scale", factor: trace.scale.unwrap_or(1.0) };
    }
    if let Some(bursts) = &load.bursts {
        let unit = bursts.on_rate.1.unwrap_or(RateUnit::Second);
        return Strength::Rate { path: "load.bursts.on_rate".into(), per_second: bursts.on_rate.0, unit };
    }
    if let Some(table) = &load.profile_from {
        return factor("load.profile_from.factor", table.factor);
    }
    let points: &[RatePoint] = load.profile.as_deref().unwrap_or_default();
    if let Some(peak) = points.iter().max_by(|a, b| a.rate.0.total_cmp(&b.rate.0)) {
        return Strength::Peak { per_second: peak.rate.0, unit: peak.rate.1.unwrap_or(RateUnit::Second) };
    }
    let (per_second, unit) = load.rate.map_or((1.0, RateUnit::Second), |rate| (rate.0, rate.1));
    let spikes = load.spikes.iter().flatten().enumerate();
    let highest = spikes
        .filter_map(|(index, spike)| Some((index, spike.rate?)))
        .max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0))
        .filter(|(_, rate)| rate.0 > per_second);
    match highest {
        // A spike that has a rate of its own is not lowered with the rate of the rest.
        Some((index, rate)) => Strength::Rate {
            path: format!("load.spikes[{index}].rate"),
            per_second: rate.0,
            unit: rate.1.unwrap_or(RateUnit::Second),
        },
        None => Strength::Rate { path: "load.rate".into(), per_second, unit },
    }
}
