//! Answers before the last step.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::model::Op;

/// Answers now and continues, as background tasks of FastAPI (Starlette) do: the caller has its answer, and the
/// connection is closed or kept for the next call. A thread of a `threads` runtime is held to the end of the steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RespondStep {}

pub(super) fn compile(lowering: &mut Lowering<'_>, body: &Body<'_>, at: At<'_>) {
    if body.in_branch {
        let (title, inside) = match body.job {
            Some(_) => ("a job in a thread cannot answer for its request", "inside a `thread`"),
            None => ("a branch cannot answer for its request", "inside a `parallel` or `hedge`"),
        };
        let complaint = Complaint::at_key(at, title, inside);
        lowering.complain(complaint.help("put it before or after that step"));
    }
    lowering.emit(Op::Respond);
}
