//! Visits to stations of the queueing network.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::language::Distribution;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::Op;

/// A visit to a station of the queueing network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitStep {
    /// The station, a key of `[stations]`.
    pub station: String,
    /// Service demand of the visit.
    pub time: Distribution,
}

pub(super) fn compile(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, step: &VisitStep) {
    let site = body.site(&format!("visit:{}", step.station)).site();
    let stations = &lowering.model.stations;
    let station = lowering.find(at.key("station"), "station", &step.station, stations.iter(), "");
    let time = lowering.draw(at.key("time"), &step.time);
    if let Some((station, _)) = station {
        lowering.emit(Op::Visit { station, time, site });
    }
}
