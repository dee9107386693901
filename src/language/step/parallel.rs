//! Branches that run side by side.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use super::guard::attempts;
use crate::kernel::Time;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::model::{Op, ParallelPlan, Round};

/// Branches that run side by side in the same process (`asyncio.gather`): all must succeed. The first failure fails the
/// step at once, and the other branches run on, as `gather` leaves them; a time-out or a cancellation from outside
/// cancels them. In a `threads` runtime a branch needs no thread of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParallelStep {
    /// The steps of each branch. They cannot use the `held` connection of an enclosing `with`: one connection carries
    /// one statement at a time.
    pub branches: Vec<Vec<Step>>,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a ParallelStep) {
    if step.branches.is_empty() {
        lowering.complain(Complaint::at(at.key("branches"), "a `parallel` without a branch", "is empty"));
        return;
    }
    attempts(lowering, at.key("branches"), "branches", u32::try_from(step.branches.len()).unwrap_or(u32::MAX), 1);
    let plan = begin(lowering, None, Round::default());
    let all = at.key("branches");
    let mut entries = Vec::new();
    for (index, steps) in step.branches.iter().enumerate() {
        entries.push(lowering.next());
        branch(lowering, body, all.index(index), steps);
    }
    end(lowering, plan, entries);
}

/// The operation that starts branches; `end` is to follow.
pub(super) fn begin(lowering: &mut Lowering<'_>, after: Option<Time>, round: Round) -> usize {
    let plan = lowering.system.parallels.len();
    lowering.system.parallels.push(ParallelPlan { entries: Vec::new(), round, after, end: 0, in_thread: false });
    lowering.emit(Op::Parallel { plan: plan as u32 });
    plan
}

/// A branch does not use what an enclosing `with` holds.
pub(super) fn branch<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, steps: &'a [Step]) {
    let held = std::mem::take(&mut body.held);
    let in_branch = std::mem::replace(&mut body.in_branch, true);
    lowering.steps(body, at, steps);
    (body.held, body.in_branch) = (held, in_branch);
    lowering.emit(Op::Join);
}

/// The end of what [`begin`] began, with the first operation of each branch.
pub(super) fn end(lowering: &mut Lowering<'_>, plan: usize, entries: Vec<u32>) {
    lowering.system.parallels[plan].entries = entries;
    lowering.system.parallels[plan].end = lowering.next();
    lowering.emit(Op::Leave);
}
