//! In debug builds: notes the keys of draws and of tokens.

use crate::kernel::NONE;
use crate::model::Op;

use crate::engine::draws::{CHANCE, TOKEN, note};
use crate::engine::token::FrameKind;
use crate::interpreter::world::World;

impl World<'_> {
    /// Notes a draw of a token: which token, operation and distribution, and the rounds that it is in.
    pub(crate) fn note_draw(&self, t: u32, what: u32, key: u64) {
        note(key, || {
            let token = &self.engine.tokens[t];
            let mut identity = vec![token.born, token.pc, what];
            let mut frame = token.frame;
            while frame != NONE {
                match self.engine.frames[frame].kind {
                    FrameKind::Repeat { done, .. } => identity.push(done),
                    FrameKind::Retry { failures, .. } => identity.push(failures),
                    _ => {}
                }
                frame = self.engine.frames[frame].below;
            }
            identity
        });
    }

    /// Notes the draw of the key that the lookup at the token's program counter asks for.
    pub(crate) fn note_lookup(&self, t: u32) {
        let token = &self.engine.tokens[t];
        if let Op::LookUp { site, .. } = self.system.program[token.pc as usize] {
            self.note_draw(t, CHANCE, site.key(token.key, 0));
        }
    }

    /// Notes the key of a new token, of which no other may have the same.
    pub(crate) fn note_token(&self, t: u32) {
        let token = &self.engine.tokens[t];
        if token.key != 0 {
            note(token.key, || vec![token.born, 0, TOKEN]);
        }
    }
}
