//! Messages for a queue.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::Op;

/// A message for a queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishStep {
    /// The queue, a key of `[queues]`.
    pub queue: String,
}

pub(super) fn compile(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, step: &PublishStep) {
    let site = body.site(&format!("publish:{}", step.queue)).site();
    let queues = &lowering.model.queues;
    if let Some((queue, _)) = lowering.find(at.key("queue"), "queue", &step.queue, queues.iter(), "") {
        lowering.emit(Op::Publish { queue, site });
    }
}
