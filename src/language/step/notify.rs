//! Requests to other services without waiting for the answer.

use schemars::JsonSchema;
use serde::Deserialize;

use super::call::send;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::language::units::{Fraction, optional_fraction};
use crate::model::{Branch, Op, Round};

/// A request sent without waiting for its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyStep {
    /// The HTTP client of this service to use; it knows the server.
    pub client: String,
    /// The endpoint of the server.
    pub endpoint: String,
    /// Probability that it is sent. Without it: 1.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub probability: Option<f64>,
    /// Send it once, each time with this probability, for each replica of this service beyond the first, as replicas do
    /// that do not coordinate (KillBill's duplicated webhooks). Without it: once, whatever the number of replicas.
    #[serde(default)]
    pub when_replicated: bool,
}

/// A request without an answer that anybody waits for: a token of its own runs the operations of a call.
pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a NotifyStep) {
    let named = body.site(&format!("notify:{}/{}", step.client, step.endpoint));
    let site = named.site();
    let probability = step.probability.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&probability) {
        let title = format!("`probability` is {probability}");
        lowering.complain(Complaint::at(at.key("probability"), title, "must be between 0 and 1"));
    }
    if step.when_replicated && body.service.autoscale.is_some() {
        let title =
            format!("the replicas of service `{}` change, and with them the number of webhooks", body.service_name);
        let complaint = Complaint::at(at.key("when_replicated"), title, "needs a fixed number of replicas");
        lowering.complain(complaint.help("leave `autoscale` or `when_replicated` out"));
    }
    let times = if step.when_replicated { body.service.replicas.saturating_sub(1) } else { 1 };
    let begin = lowering.next();
    if times > 1 {
        lowering.emit(Op::Repeat { times, round: Round::of_loop(body.loops) });
    }
    let first = lowering.system.branches.len();
    let round = lowering.next();
    if probability < 1.0 {
        lowering.system.branches.push(Branch { cumulated: probability, to: round + 1 });
        lowering.system.branches.push(Branch { cumulated: 1.0, to: 0 });
        lowering.emit(Op::Choose { first: first as u32, count: 2, site });
    }
    let to = lowering.next() + 2;
    lowering.emit(Op::Notify { to, site });
    lowering.emit(Op::Jump { to: 0 });
    // It is sent on the event loop, whether or not a thread asks for it.
    let job = body.job.take();
    send(lowering, body, at, (&step.client, &step.endpoint), &named);
    body.job = job;
    lowering.emit(Op::Answer);
    let end = lowering.next();
    lowering.system.program[to as usize - 1] = Op::Jump { to: end };
    if let Some(branch) = lowering.system.branches.get_mut(first + 1) {
        branch.to = end;
    }
    if times > 1 {
        lowering.emit(Op::Again { body: round });
    }
    if times == 0 || probability == 0.0 {
        lowering.system.program.truncate(begin as usize);
        lowering.system.branches.truncate(first);
    }
}
