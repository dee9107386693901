//! What guards check: attempts, times, and the causes that they catch.

use super::{Step, nested};
use crate::kernel::Time;
use crate::language::Duration;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::names::Names;
use crate::model::{CAUSES, Causes};

/// Attempts of a retry, and branches, at most.
pub(super) const MOST_ATTEMPTS: u32 = 1_000;

/// A time that is not zero.
pub(super) fn after(lowering: &mut Lowering<'_>, at: At<'_>, after: Duration) -> Time {
    if after.0 == 0 {
        lowering.complain(Complaint::at(at, "`after` is 0", "must be above 0"));
    }
    Time(after.0)
}

/// Attempts or branches: not too few, not too many.
pub(super) fn attempts(lowering: &mut Lowering<'_>, at: At<'_>, name: &str, count: u32, least: u32) {
    if count < least || count > MOST_ATTEMPTS {
        let title = format!("`{name}` is {count}");
        lowering.complain(Complaint::at(at, title, format!("must be between {least} and {MOST_ATTEMPTS}")));
    }
}

/// Checks that the causes to catch exist.
pub(super) fn causes(lowering: &mut Lowering<'_>, at: At<'_>, on: Option<&Vec<String>>) -> Causes {
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
