//! Nested steps, several times.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::model::{Op, Round};

/// Repetitions of one `repeat` at most.
const MOST_REPETITIONS: u32 = 1_000_000;

/// Nested steps, several times.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatStep {
    /// How many times.
    pub times: u32,
    /// What.
    pub steps: Vec<Step>,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a RepeatStep) {
    if step.times == 0 || step.times > MOST_REPETITIONS {
        let title = format!("`times` is {}", step.times);
        let complaint = Complaint::at(at.key("times"), title, "must be between 1 and a million");
        lowering.complain(if step.times == 0 {
            complaint.help("to do nothing, leave the step out")
        } else {
            complaint
        });
    }
    lowering.emit(Op::Repeat { times: step.times, round: Round::of_loop(body.loops) });
    let first = lowering.next();
    body.loops += 1;
    lowering.steps(body, at.key("steps"), &step.steps);
    body.loops -= 1;
    if lowering.next() == first {
        lowering.system.program.pop();
    } else {
        lowering.emit(Op::Again { body: first });
    }
}
