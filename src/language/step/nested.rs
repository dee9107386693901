//! The lists of steps that a step has inside.

use super::Step;
use crate::language::lower::complaint::At;

/// Each list of steps right inside this step, with its place. `at` is the step's own.
pub(in crate::language) fn each<'a>(step: &'a Step, at: At<'_>, visit: &mut dyn FnMut(At<'_>, &'a [Step])) {
    let mut inside = |kind: &str, steps: &'a [Step]| {
        let at = at.key(kind);
        visit(at.key("steps"), steps);
    };
    match step {
        Step::With(with) => inside("with", &with.steps),
        Step::Thread(thread) => inside("thread", &thread.steps),
        Step::Repeat(repeat) => inside("repeat", &repeat.steps),
        Step::Retry(retry) => inside("retry", &retry.steps),
        Step::Timeout(timeout) => inside("timeout", &timeout.steps),
        Step::Breaker(breaker) => inside("breaker", &breaker.steps),
        Step::Hedge(hedge) => inside("hedge", &hedge.steps),
        Step::Fallback(fallback) => {
            inside("fallback", &fallback.steps);
            let at = at.key("fallback");
            visit(at.key("otherwise"), &fallback.otherwise);
        }
        Step::Cache(cache) => {
            let at = at.key("cache");
            visit(at.key("hit"), &cache.hit);
            visit(at.key("miss"), &cache.miss);
        }
        Step::Choose(branches) => {
            let at = at.key("choose");
            for (index, branch) in branches.iter().enumerate() {
                let at = at.index(index);
                visit(at.key("steps"), &branch.steps);
            }
        }
        Step::Parallel(parallel) => {
            let at = at.key("parallel");
            let at = at.key("branches");
            for (index, steps) in parallel.branches.iter().enumerate() {
                visit(at.index(index), steps);
            }
        }
        Step::Cpu(_)
        | Step::Hash(_)
        | Step::Query(_)
        | Step::Call(_)
        | Step::Sleep(_)
        | Step::Fail(_)
        | Step::Respond(_)
        | Step::Project(_)
        | Step::Read(_)
        | Step::Notify(_)
        | Step::Publish(_)
        | Step::Visit(_) => {}
    }
}
