//! What the system did by itself, over the trials of a point.

use crate::experiment::analyse::trial::{LateScaling, Trial};
use crate::parts::Reaction;

/// All of it, summed.
pub(super) fn of(trials: &[&Trial]) -> Vec<Reaction> {
    let mut all: Vec<Reaction> = Vec::new();
    for one in trials.iter().flat_map(|trial| &trial.reactions) {
        match all.iter_mut().find(|known| (known.kind, &known.place) == (one.kind, &one.place)) {
            Some(known) => {
                known.occasions += one.occasions;
                known.count += one.count;
            }
            None => all.push(one.clone()),
        }
    }
    all
}

/// The means of an autoscaler that is too late, where it is in most trials.
pub(super) fn late_scaling(trials: &[&Trial]) -> Option<LateScaling> {
    let first = trials.iter().find_map(|trial| trial.late_scaling.as_ref())?;
    let of_it =
        || trials.iter().filter_map(|trial| trial.late_scaling.as_ref().filter(|it| it.service == first.service));
    let count = of_it().count();
    let mean = |of: fn(&LateScaling) -> f64| of_it().map(of).sum::<f64>() / count as f64;
    (count * 2 > trials.len()).then(|| LateScaling {
        service: first.service.clone(),
        missed_from_s: mean(|it| it.missed_from_s),
        missed_to_s: mean(|it| it.missed_to_s),
        decided_s: mean(|it| it.decided_s),
        first_ready_s: mean(|it| it.first_ready_s),
        last_ready_s: mean(|it| it.last_ready_s),
        replicas: first.replicas,
    })
}
