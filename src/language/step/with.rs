//! Connections and slots that are held around nested steps.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Step, blocking, connection};
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::model::Op;

/// Holds one unit of exactly one of `pool`, `limit` or `shared` around the steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithStep {
    /// A connection of this pool of the service.
    pub pool: Option<String>,
    /// A slot of this limit of the service (in each process its own).
    pub limit: Option<String>,
    /// A slot of this limit of the whole model (`[limits]`).
    pub shared: Option<String>,
    /// Whether the wait for it blocks the event loop, and the reset of a connection that is given back (a pool made for
    /// threads in an `async def`, a `threading.Lock`); the steps inside do so only where they say it themselves. Elsewhere each
    /// request waits in its own thread anyway.
    #[serde(default)]
    pub blocking: bool,
    /// The steps to run while it is held.
    pub steps: Vec<Step>,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a WithStep) {
    let of_service = format!(" in service `{}`", body.service_name);
    let steps = at.key("steps");
    match (&step.pool, &step.limit, &step.shared) {
        (Some(name), None, None) => {
            let named = body.site(&format!("with:{name}"));
            let pools = body.service.pools.iter();
            let found = lowering.find(at.key("pool"), "pool", name, pools, &of_service);
            if let Some((pool, plan)) = found {
                blocking::around(lowering, body, step.blocking, |lowering, _| {
                    connection::take(lowering, pool, plan, &named);
                });
            }
            body.held.push(name);
            lowering.steps(body, steps, &step.steps);
            body.held.pop();
            if let Some((pool, plan)) = found {
                connection::give_back(lowering, body, step.blocking, pool, plan, &named);
            }
        }
        (None, Some(name), None) => {
            let limits = body.service.limits.iter();
            let found = lowering.find(at.key("limit"), "limit", name, limits, &of_service);
            if found.is_none() && lowering.model.limits.contains_key(name) {
                let last = lowering.complaints.pop();
                lowering.complaints.extend(last.map(|last| {
                    let note = format!("`{name}` is a limit of the whole model");
                    Complaint { notes: vec![note], helps: vec![format!("write `shared = \"{name}\"`")], ..last }
                }));
            }
            if let Some((limit, _)) = found {
                blocking::around(lowering, body, step.blocking, |lowering, _| {
                    lowering.emit(Op::AcquireLimit { limit });
                });
            }
            lowering.steps(body, steps, &step.steps);
            lowering.emit(Op::Release);
        }
        (None, None, Some(name)) => {
            let limits = lowering.model.limits.iter();
            if let Some((limit, _)) = lowering.find(at.key("shared"), "limit", name, limits, " of the whole model") {
                blocking::around(lowering, body, step.blocking, |lowering, _| {
                    lowering.emit(Op::AcquireShared { limit });
                });
            }
            lowering.steps(body, steps, &step.steps);
            lowering.emit(Op::Release);
        }
        (None, None, None) => {
            let complaint =
                Complaint::at_key(at, "a `with` needs something to hold", "has none of `pool`, `limit` and `shared`");
            lowering.complain(complaint);
            lowering.steps(body, steps, &step.steps);
        }
        _ => {
            let complaint =
                Complaint::at_key(at, "a `with` holds one thing", "has several of `pool`, `limit`, `shared`");
            lowering.complain(complaint.help("put one `with` into the `steps` of another to hold both"));
            lowering.steps(body, steps, &step.steps);
        }
    }
}
