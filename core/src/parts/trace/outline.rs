//! The outline of a program: which steps, in one another, an operation belongs to.

use crate::kernel::NONE;
use crate::model::{Op, System};
use crate::parts::blame::recorder::Position;

/// A step that consists of more than one operation, or of one that takes time at several places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Its first operation.
    pub at: u32,
    /// It is the other steps of the fallback that begins there.
    pub is_otherwise: bool,
    /// The step that it is in; [`NONE`] if it is in none.
    within: u32,
    /// The operation after it, where that is known in advance; else [`NONE`].
    end: u32,
}

/// A step, or a round or attempt of one, that a token is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// Index of the step.
    pub step: u32,
    /// The round of a loop or the attempt of a `retry`, counted from 0; none of the step itself.
    pub round: Option<u32>,
}

/// The steps of a program.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    pub steps: Vec<Step>,
    /// By operation: the step that it belongs to, or begins.
    of: Vec<u32>,
    /// By operation: the step that one is in before it begins.
    around: Vec<u32>,
}

/// How an operation bounds steps.
enum Boundary {
    Begins,
    /// The step consists of this operation only.
    Alone,
    Ends,
    /// It ends the innermost `retry`, `timeout`, `breaker`, `parallel`, or the guarded steps of a `fallback`.
    Leaves,
    Nothing,
}

impl Boundary {
    /// `before`: the operation before it.
    fn of(op: &Op, before: Option<&Op>) -> Self {
        match op {
            // A call begins with what makes ready for it, where that takes CPU.
            Op::Connect { .. } if !matches!(before, Some(Op::Prepare { .. })) => Self::Begins,
            Op::AcquireConnection { .. }
            | Op::Borrow { .. }
            | Op::EnterThread
            | Op::AcquireLimit { .. }
            | Op::AcquireShared { .. }
            | Op::Prepare { .. }
            | Op::Repeat { .. }
            | Op::LookUp { .. }
            | Op::Retry { .. }
            | Op::Timeout { .. }
            | Op::Breaker { .. }
            | Op::Fallback { .. }
            | Op::Parallel { .. } => Self::Begins,
            Op::Trip { .. } | Op::Commit { .. } | Op::Publish { .. } => Self::Alone,
            Op::Release | Op::HangUp | Op::Again { .. } | Op::Store => Self::Ends,
            Op::Leave => Self::Leaves,
            Op::Cpu { .. }
            | Op::Sleep { .. }
            | Op::Visit { .. }
            | Op::Native { .. }
            | Op::Notify { .. }
            | Op::Count { .. }
            | Op::Connect { .. }
            | Op::Send { .. }
            | Op::Fresh { .. }
            | Op::Resolve { .. }
            | Op::Secure { .. }
            | Op::Choose { .. }
            | Op::Jump { .. }
            | Op::Last
            | Op::Fail { .. }
            | Op::Project
            | Op::Read { .. }
            | Op::Respond
            | Op::Yield { .. }
            | Op::Pace { .. }
            | Op::Block
            | Op::Unblock
            | Op::Backoff { .. }
            | Op::Join
            | Op::Allocate { .. }
            | Op::Answer => Self::Nothing,
        }
    }
}

impl Outline {
    pub fn of(system: &System) -> Self {
        let mut outline = Self { steps: Vec::new(), of: Vec::new(), around: Vec::new() };
        let mut inner = NONE;
        for (pc, op) in (0..).zip(&system.program) {
            while outline.get(inner).is_some_and(|step| step.end == pc) {
                inner = outline.within(inner);
            }
            if let Some(plan) = system.fallbacks.iter().find(|plan| plan.otherwise == pc && plan.end > pc) {
                inner = outline.push(Step { at: pc, is_otherwise: true, within: inner, end: plan.end });
            }
            outline.around.push(inner);
            let end = match op {
                Op::Fallback { plan } => system.fallbacks[*plan as usize].end,
                _ => NONE,
            };
            let step = Step { at: pc, is_otherwise: false, within: inner, end };
            let before = system.program[..pc as usize].last();
            match Boundary::of(op, before) {
                Boundary::Begins => {
                    inner = outline.push(step);
                    outline.of.push(inner);
                }
                Boundary::Alone => {
                    let alone = outline.push(step);
                    outline.of.push(alone);
                }
                Boundary::Ends => {
                    outline.of.push(inner);
                    inner = outline.within(inner);
                }
                Boundary::Leaves => {
                    outline.of.push(inner);
                    // The steps of a fallback end with what is done instead.
                    if outline.get(inner).is_some_and(|step| step.end == NONE) {
                        inner = outline.within(inner);
                    }
                }
                Boundary::Nothing => outline.of.push(inner),
            }
        }
        outline
    }

    /// What a token that has begun at the operation `entry` is in, outermost first.
    pub fn path(&self, program: &[Op], entry: u32, position: &Position) -> Vec<Level> {
        let &Position { pc, is_inside, .. } = position;
        let mut step = if is_inside { self.of[pc as usize] } else { self.around[pc as usize] };
        let mut steps = Vec::new();
        while let Some(one) = self.get(step).filter(|one| one.at >= entry) {
            steps.push((step, one.at));
            step = one.within;
        }
        let mut rounds = position.rounds.iter().copied();
        let mut levels = Vec::new();
        for (step, at) in steps.into_iter().rev() {
            levels.push(Level { step, round: None });
            let is_counted = matches!(program[at as usize], Op::Repeat { .. } | Op::Retry { .. });
            let round = if is_counted && !self.steps[step as usize].is_otherwise { rounds.next() } else { None };
            // The pause between two attempts is part of neither.
            let pauses = is_inside && matches!(program[pc as usize], Op::Backoff { .. }) && pc == at + 1;
            if round.is_some() && !pauses {
                levels.push(Level { step, round });
            }
        }
        levels
    }

    fn get(&self, step: u32) -> Option<&Step> {
        self.steps.get(step as usize)
    }

    fn within(&self, step: u32) -> u32 {
        self.get(step).map_or(NONE, |step| step.within)
    }

    fn push(&mut self, step: Step) -> u32 {
        self.steps.push(step);
        (self.steps.len() - 1) as u32
    }
}
