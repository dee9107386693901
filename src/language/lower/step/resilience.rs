//! Retries, time-outs, breakers, fallbacks, hedges and branches as operations.

use super::{At, Body, Complaint, Lowering};
use crate::kernel::Time;
use crate::language::lower::nested;
use crate::language::names::Names;
use crate::language::{
    BreakerStep, Duration, FallbackStep, HedgeStep, ParallelStep, RetryBudget, RetryStep, Step, TimeoutStep,
};
use crate::model::{
    Backoff, BudgetPlan, CAUSES, Causes, FallbackPlan, Op, ParallelPlan, RetryPlan, Round, TimeoutPlan,
};

/// Attempts of a retry, and branches, at most.
const MOST_ATTEMPTS: u32 = 1_000;

pub(super) fn retry<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a RetryStep) {
    attempts(lowering, at.key("attempts"), "attempts", step.attempts, 1);
    if !(1.0..=1000.0).contains(&step.factor) {
        let complaint =
            Complaint::at(at.key("factor"), format!("`factor` is {}", step.factor), "must be between 1 and 1000")
                .note("the wait before attempt n + 2 is `backoff * factor^n`");
        lowering.complain(complaint);
    }
    if let Some(longest) = step.max_backoff
        && longest < step.backoff
    {
        let complaint = Complaint::at(at.key("max_backoff"), "the longest wait is shorter than the first", "too short");
        lowering.complain(complaint.also(at.key("backoff"), "the first wait"));
    }
    let budget = step.budget.as_ref().map(|plan| budget(lowering, at.key("budget"), plan));
    let on = causes(lowering, at.key("on"), step.on.as_ref());
    let site = body.site("retry").site();
    let plan = lowering.system.retries.len() as u32;
    lowering.system.retries.push(RetryPlan {
        service: body.service_index,
        round: Round::of_retry(body.retries),
        attempts: step.attempts,
        backoff: Backoff {
            first: Time(step.backoff.0),
            factor: step.factor,
            longest: step.max_backoff.map_or(Time::MAX, |longest| Time(longest.0)),
            jitter: step.jitter,
        },
        budget,
        on,
    });
    lowering.emit(Op::Retry { plan });
    lowering.emit(Op::Backoff { plan, site });
    body.retries += 1;
    lowering.steps(body, at.key("steps"), &step.steps);
    body.retries -= 1;
    lowering.emit(Op::Leave);
}

fn budget(lowering: &mut Lowering<'_>, at: At<'_>, budget: &RetryBudget) -> BudgetPlan {
    if !(0.0..=100.0).contains(&budget.ratio) {
        let title = format!("`ratio` is {}", budget.ratio);
        let complaint = Complaint::at(at.key("ratio"), title, "must be between 0 and 100");
        lowering.complain(complaint.note("it is the number of retries for each first attempt, such as 0.2"));
    }
    BudgetPlan { ratio: budget.ratio, max_tokens: f64::from(budget.max_tokens) }
}

/// A time that is not zero.
fn after(lowering: &mut Lowering<'_>, at: At<'_>, after: Duration) -> Time {
    if after.0 == 0 {
        lowering.complain(Complaint::at(at, "`after` is 0", "must be above 0"));
    }
    Time(after.0)
}

/// Attempts or branches: not too few, not too many.
fn attempts(lowering: &mut Lowering<'_>, at: At<'_>, name: &str, count: u32, least: u32) {
    if count < least || count > MOST_ATTEMPTS {
        let title = format!("`{name}` is {count}");
        lowering.complain(Complaint::at(at, title, format!("must be between {least} and {MOST_ATTEMPTS}")));
    }
}

/// Checks that the causes that are to be caught exist.
fn causes(lowering: &mut Lowering<'_>, at: At<'_>, on: Option<&Vec<String>>) -> Causes {
    let on = on?;
    let mut reasons = Vec::new();
    for service in lowering.model.services.values() {
        for endpoint in service.endpoints.values() {
            each_reason(&endpoint.steps, &mut reasons);
        }
    }
    if on.is_empty() {
        let complaint = Complaint::at(at, "`on` names no cause, so nothing is caught", "is empty");
        lowering.complain(complaint.help("leave the key out to catch every failure"));
    }
    for (index, cause) in on.iter().enumerate() {
        if !CAUSES.contains(&cause.as_str()) && !reasons.contains(cause) {
            let names = Names::new(CAUSES.iter().copied().chain(reasons.iter().map(String::as_str)));
            let near = names.nearest(cause);
            let title = format!("nothing fails with `{cause}`");
            let mut complaint = Complaint::at(at.index(index), title, "no such cause");
            complaint = complaint.note(names.sentence("cause", cause));
            if let Some(near) = near {
                complaint = complaint.help(format!("did you mean `{near}`?"));
            }
            lowering.complain(complaint);
        }
    }
    Some(on.clone())
}

fn each_reason(steps: &[Step], reasons: &mut Vec<String>) {
    for step in steps {
        if let Step::Fail(reason) = step {
            reasons.push(reason.clone());
        }
        nested::each(step, At::Root, &mut |_, steps| each_reason(steps, reasons));
    }
}

pub(super) fn timeout<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a TimeoutStep) {
    let after = after(lowering, at.key("after"), step.after);
    let plan = lowering.system.timeouts.len() as u32;
    lowering.system.timeouts.push(TimeoutPlan { after, propagate: step.propagate });
    lowering.emit(Op::Timeout { plan });
    lowering.steps(body, at.key("steps"), &step.steps);
    lowering.emit(Op::Leave);
}

pub(super) fn breaker<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a BreakerStep) {
    let whose = format!(" in service `{}`", body.service_name);
    let breakers = body.service.breakers.iter();
    if let Some((breaker, _)) = lowering.find(at.key("name"), "breaker", &step.name, breakers, &whose) {
        lowering.emit(Op::Breaker { breaker });
    }
    lowering.steps(body, at.key("steps"), &step.steps);
    lowering.emit(Op::Leave);
}

pub(super) fn fallback<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a FallbackStep) {
    let on = causes(lowering, at.key("on"), step.on.as_ref());
    let plan = lowering.system.fallbacks.len();
    lowering.system.fallbacks.push(FallbackPlan { on, otherwise: 0 });
    lowering.emit(Op::Fallback { plan: plan as u32 });
    lowering.steps(body, at.key("steps"), &step.steps);
    lowering.emit(Op::Leave);
    let jump = lowering.next();
    lowering.emit(Op::Jump { to: 0 });
    lowering.system.fallbacks[plan].otherwise = lowering.next();
    lowering.steps(body, at.key("otherwise"), &step.otherwise);
    lowering.system.program[jump as usize] = Op::Jump { to: lowering.next() };
}

pub(super) fn hedge<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a HedgeStep) {
    let after = after(lowering, at.key("after"), step.after);
    attempts(lowering, at.key("max"), "max", step.max, 2);
    let plan = begin(lowering, Some(after), Round::of_hedge(body.hedges));
    let first = lowering.next();
    body.hedges += 1;
    branch(lowering, body, at.key("steps"), &step.steps);
    body.hedges -= 1;
    let count = step.max.min(MOST_ATTEMPTS) as usize;
    end(lowering, plan, vec![first; count]);
}

pub(super) fn parallel<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a ParallelStep) {
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

fn begin(lowering: &mut Lowering<'_>, after: Option<Time>, round: Round) -> usize {
    let plan = lowering.system.parallels.len();
    lowering.system.parallels.push(ParallelPlan { entries: Vec::new(), round, after, end: 0, in_thread: false });
    lowering.emit(Op::Parallel { plan: plan as u32 });
    plan
}

/// A branch does not use what an enclosing `with` holds.
fn branch<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, steps: &'a [Step]) {
    let held = std::mem::take(&mut body.held);
    let in_branch = std::mem::replace(&mut body.in_branch, true);
    lowering.steps(body, at, steps);
    (body.held, body.in_branch) = (held, in_branch);
    lowering.emit(Op::Join);
}

fn end(lowering: &mut Lowering<'_>, plan: usize, entries: Vec<u32>) {
    lowering.system.parallels[plan].entries = entries;
    lowering.system.parallels[plan].end = lowering.next();
    lowering.emit(Op::Leave);
}
