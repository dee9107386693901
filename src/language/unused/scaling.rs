//! Autoscaling that never adds a replica, because the metric cannot rise far enough above its target.

use std::collections::BTreeSet;

use super::Doubt;
use crate::language::path::Path;
use crate::language::{Model, ScalingMetric};

/// Services that are scaled by CPU, if a replica cannot use more than the tolerance of the target allows.
pub(crate) fn blunt(model: &Model) -> BTreeSet<Doubt> {
    let scaled = model.services.iter().filter_map(|(name, service)| {
        let autoscale = service.autoscale.as_ref().filter(|autoscale| autoscale.metric == ScalingMetric::Cpu)?;
        let limit = service.cpu?.0;
        let most = limit / autoscale.cpu_request.map_or(limit, |cores| cores.0);
        let threshold = autoscale.target * (1.0 + autoscale.tolerance());
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        (most <= threshold).then(|| Doubt {
            path: Path::default().key("services").key(name).key("autoscale").key("target"),
            title: format!("a target of {} never adds a replica of `{name}`", percent(autoscale.target)),
            help: format!("lower `target` or `cpu_request`: a full replica uses {}", percent(most)),
            minor: false,
        })
    });
    scaled.collect()
}
