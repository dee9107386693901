//! Answers with an error.

use crate::language::lower::Lowering;
use crate::model::Op;

pub(super) fn compile(lowering: &mut Lowering<'_>, reason: &String) {
    let reasons = &mut lowering.system.reasons;
    let known = reasons.iter().position(|known| known == reason);
    let reason = known.unwrap_or_else(|| {
        reasons.push(reason.clone());
        reasons.len() - 1
    });
    lowering.emit(Op::Fail { reason: reason as u32 });
}
