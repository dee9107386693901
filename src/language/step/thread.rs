//! Nested steps as a job of the default executor.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Place, Step};
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::language::lower::endpoint::Job;
use crate::model::{Op, Order, ParallelPlan, Round, Runtime};

/// Where a step stands that a thread cannot do.
const INSIDE: &str = "inside a `thread`";

/// Nested steps as one job of the default executor of an event loop: it waits for one of the `threads` of its process,
/// first come, first served, and keeps it to the end of the steps, whether they compute or block. A request that gives up
/// meanwhile does not stop the thread: a job that still waits for a thread is dropped, one that runs is run to its end. A
/// failure in the steps is one of the request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadStep {
    /// What the thread does, one step after the other. A `sleep` blocks it, as do waits for a database or an answer.
    pub steps: Vec<Step>,
    /// Whether its `cpu` steps keep the interpreter lock of the process (pure Python), so that nothing else of that
    /// process runs Python meanwhile. Native code that releases the lock does not, nor does anything in Node.
    #[serde(default)]
    pub holds_gil: bool,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a ThreadStep) {
    if body.job.is_some() {
        return lowering.steps(body, at.key("steps"), &step.steps); // complained of already
    }
    if body.service.order == Order::Shortest && !matches!(step.steps[..], [Step::Cpu(_) | Step::Hash(_)]) {
        let runtime = At::Root.key("services");
        let runtime = runtime.key(body.service_name);
        let title = "how long this job keeps its thread is not known when it comes";
        let complaint = Complaint::at_key(at, title, "not one `cpu` or `hash` step")
            .also(runtime.key("order"), "sorts jobs by their work on the CPU")
            .help("give the service another `order`, or the thread one `cpu` step");
        lowering.complain(complaint);
    }
    job(lowering, body, Job { holds_gil: step.holds_gil }, |lowering, body| {
        lowering.steps(body, at.key("steps"), &step.steps);
    });
    let help = "leave out the `thread`, and write its steps in its place";
    let complaint = |title| Complaint::at_key(at, title, "only for an event loop").help(help);
    needs_executor(lowering, body, "these steps", complaint);
}

/// A job: the branch that takes a thread, does something there, and gives it back.
pub(super) fn job<'a>(
    lowering: &mut Lowering<'a>,
    body: &mut Body<'a>,
    job: Job,
    work: impl FnOnce(&mut Lowering<'a>, &mut Body<'a>),
) {
    let plan = lowering.system.parallels.len();
    let entries = vec![lowering.next() + 1];
    lowering.system.parallels.push(ParallelPlan {
        entries,
        round: Round::default(),
        after: None,
        end: 0,
        in_thread: true,
    });
    lowering.emit(Op::Parallel { plan: plan as u32 });
    lowering.emit(Op::EnterThread);
    let in_branch = std::mem::replace(&mut body.in_branch, true);
    body.job = Some(job);
    work(lowering, body);
    (body.job, body.in_branch) = (None, in_branch);
    lowering.emit(Op::Release);
    lowering.emit(Op::Join);
    lowering.system.parallels[plan].end = lowering.next();
    lowering.emit(Op::Leave);
    lowering.rounds(body.rounds().thread, 1);
}

/// Refuses a job where there is no executor.
pub(super) fn needs_executor(
    lowering: &mut Lowering<'_>,
    body: &Body<'_>,
    what: &str,
    complaint: impl FnOnce(String) -> Complaint,
) {
    let why = match body.service.runtime {
        Runtime::EventLoop => return,
        Runtime::Threads => "with `runtime = \"threads\"` each request has a thread of its own already",
        Runtime::Delay => "with `runtime = \"delay\"` nothing waits for a thread",
    };
    let title = format!("service `{}` has no event loop with an executor to run {what}", body.service_name);
    let runtime = At::Root.key("services");
    let runtime = runtime.key(body.service_name);
    lowering.complain(complaint(title).also(runtime.key("runtime"), "no event loop").note(why));
}

/// Refuses what a thread cannot do.
pub(super) fn refuse(lowering: &mut Lowering<'_>, body: &Body<'_>, at: At<'_>, step: &Step) {
    if body.job.is_none() {
        return;
    }
    let one_by_one = "a thread does one step after the other";
    let complaint = match step {
        Step::Thread(_) => Complaint::at_key(at.key("thread"), "a job in a thread has its thread already", INSIDE)
            .help("leave out the inner `thread`, and write its steps in its place"),
        Step::Hash(hash) if hash.on == Place::Thread => {
            let at = at.key("hash");
            Complaint::at(at.key("on"), "a job in a thread has its thread already", INSIDE).help("leave out `on`")
        }
        Step::Parallel(_) => Complaint::at_key(at.key("parallel"), one_by_one, INSIDE)
            .help("put the `parallel` around: a branch may have a `thread` of its own"),
        Step::Hedge(_) => Complaint::at_key(at.key("hedge"), one_by_one, INSIDE)
            .help("put the `hedge` around the `thread`: each attempt has a thread of its own then"),
        Step::Timeout(_) => Complaint::at_key(at.key("timeout"), "no time-out stops a thread", INSIDE)
            .note("the request can stop waiting, and the thread is busy to the end of its steps")
            .help("put the `timeout` around the `thread`, or give pools and clients their own time-outs"),
        Step::Cpu(_)
        | Step::Hash(_)
        | Step::Query(_)
        | Step::Call(_)
        | Step::Notify(_)
        | Step::With(_)
        | Step::Sleep(_)
        | Step::Repeat(_)
        | Step::Choose(_)
        | Step::Fail(_)
        | Step::Cache(_)
        | Step::Project(_)
        | Step::Read(_)
        | Step::Respond(_)
        | Step::Publish(_)
        | Step::Visit(_)
        | Step::Retry(_)
        | Step::Breaker(_)
        | Step::Fallback(_) => return,
    };
    lowering.complain(complaint);
}
