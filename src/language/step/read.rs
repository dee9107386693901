//! Reads of a view.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::model::Op;

/// A read of a view.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadStep {
    /// The view, a key of `[views]`.
    pub view: String,
}

pub(super) fn compile(lowering: &mut Lowering<'_>, at: At<'_>, step: &ReadStep) {
    if let Some(view) = lowering.view(at.key("view"), &step.view) {
        lowering.emit(Op::Read { view });
    }
}
