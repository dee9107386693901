//! One of several branches, by probability.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::language::units::{Fraction, fraction};
use crate::model::{self, Op};

/// Slack of a sum of probabilities, for sums such as 0.1 + 0.2 + 0.7.
const SLACK: f64 = 1e-9;

/// One branch of a `choose`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Probability, 0 to 1.
    #[serde(deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub probability: f64,
    /// The steps of the branch; may be empty.
    #[serde(default)]
    pub steps: Vec<Step>,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, branches: &'a [Branch]) {
    let site = body.site("choose").site();
    let mut sum = 0.0;
    let mut sound = true;
    for (index, branch) in branches.iter().enumerate() {
        sum += branch.probability;
        if !(0.0..=1.0).contains(&branch.probability) {
            let at = at.index(index);
            let title = format!("`probability` is {}", branch.probability);
            lowering.complain(Complaint::at(at.key("probability"), title, "must be between 0 and 1"));
            sound = false;
        }
    }
    if branches.is_empty() {
        lowering.complain(Complaint::at_key(at, "a `choose` without a branch", "is empty"));
        return;
    }
    if sum > 1.0 + SLACK && sound {
        let sum = (sum * 1e6).round() / 1e6;
        let title = format!("the probabilities of this `choose` add up to {sum}");
        let mut complaint = Complaint::at_key(at, title, "more than 1");
        for index in 0..branches.len() {
            let at = at.index(index);
            complaint = complaint.also(at.key("probability"), "");
        }
        lowering.complain(
            complaint.note("they may add up to less than 1, and then nothing is done for the rest, but not to more"),
        );
    }
    // Nested `choose` steps append branches of their own, so those of this one are reserved first.
    let first = lowering.system.branches.len() as u32;
    let count = branches.len() + usize::from(sum < 1.0 - SLACK);
    lowering.system.branches.extend(std::iter::repeat_n(model::Branch { cumulated: 1.0, to: 0 }, count));
    lowering.emit(Op::Choose { first, count: count as u32, site });
    let mut cumulated = 0.0;
    let mut jumps = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        cumulated += branch.probability;
        let last = index + 1 == count;
        lowering.system.branches[first as usize + index] =
            model::Branch { cumulated: if last { 1.0 } else { cumulated }, to: lowering.next() };
        let at = at.index(index);
        lowering.steps(body, at.key("steps"), &branch.steps);
        if index + 1 < branches.len() {
            jumps.push(lowering.next());
            lowering.emit(Op::Jump { to: 0 });
        }
    }
    let end = lowering.next();
    for jump in jumps {
        lowering.system.program[jump as usize] = Op::Jump { to: end };
    }
    if count > branches.len() {
        lowering.system.branches[first as usize + count - 1] = model::Branch { cumulated: 1.0, to: end };
    }
}
