//! Operations that are added to the program.

use super::Lowering;
use crate::model::Op;

impl Lowering<'_> {
    pub(in crate::language) fn emit(&mut self, op: Op) {
        self.system.program.push(op);
    }

    /// Lets the loop go round as often as `rounds` is above what the wait takes anyway.
    pub(in crate::language) fn rounds(&mut self, rounds: Option<u8>, anyway: u8) {
        let rounds = rounds.unwrap_or(anyway).saturating_sub(anyway);
        if rounds > 0 {
            self.emit(Op::Yield { rounds });
        }
    }

    pub(in crate::language) fn next(&self) -> u32 {
        self.system.program.len() as u32
    }
}
