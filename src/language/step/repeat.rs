//! Nested steps, several times.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::language::units::{Fraction, optional_fraction};
use crate::model::{Branch, Op, Round};

/// Repetitions of one `repeat` at most.
const MOST_REPETITIONS: u32 = 1_000_000;

/// Nested steps, several times: a fixed number of times, or until a draw ends them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepeatStep {
    /// How many times; with `again`, at most. May be left out with `again`, which then ends the steps after a million times.
    pub times: Option<u32>,
    /// The probability with which the steps follow once more each time they have ended: polls until a job is done, pages until
    /// the last. Without `times` they run `1 / (1 - again)` times on average.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub again: Option<f64>,
    /// What.
    pub steps: Vec<Step>,
}

impl RepeatStep {
    /// How often the steps run at most.
    fn most(&self) -> u32 {
        self.times.unwrap_or(MOST_REPETITIONS)
    }

    /// How often they run on average.
    pub(in crate::language) fn mean_times(&self) -> f64 {
        let most = f64::from(self.most());
        match self.again {
            Some(again) if again < 1.0 => (1.0 - libm::pow(again, most)) / (1.0 - again),
            _ => most,
        }
    }
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a RepeatStep) {
    match step.times {
        Some(times) if times == 0 || times > MOST_REPETITIONS => {
            let complaint =
                Complaint::at(at.key("times"), format!("`times` is {times}"), "must be between 1 and a million");
            lowering.complain(if times == 0 { complaint.help("to do nothing, leave the step out") } else { complaint });
        }
        None if step.again.is_none() => {
            let complaint = Complaint::at_key(at, "a `repeat` needs `times` or `again`", "has neither");
            lowering
                .complain(complaint.help("add `times = 3`, or `again = 0.3` for another time with this probability"));
        }
        _ => {}
    }
    if let Some(again) = step.again.filter(|again| !(0.0..1.0).contains(again)) {
        let complaint = Complaint::at(at.key("again"), format!("`again` is {again}"), "must be 0 or more, and below 1");
        lowering.complain(complaint.help("for a fixed number of times give `times` alone"));
    }
    lowering.emit(Op::Repeat { times: step.most().max(1), round: Round::of_loop(body.loops) });
    let first = lowering.next();
    body.loops += 1;
    lowering.steps(body, at.key("steps"), &step.steps);
    if lowering.next() == first {
        lowering.system.program.pop();
    } else {
        if let Some(again) = step.again {
            let site = body.site("again").site();
            let (last, back) = (lowering.next() + 1, lowering.next() + 2);
            let branches = [Branch { cumulated: again, to: back }, Branch { cumulated: 1.0, to: last }];
            let choice = lowering.system.branches.len() as u32;
            lowering.system.branches.extend(branches);
            lowering.emit(Op::Choose { first: choice, count: 2, site });
            lowering.emit(Op::Last);
        }
        lowering.emit(Op::Again { body: first });
    }
    body.loops -= 1;
}
