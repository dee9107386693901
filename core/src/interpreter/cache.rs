//! Tokens look keys up, wait for each other's fetches, and store what they have fetched.

use crate::engine::next::Next;
use crate::engine::progress::{Progress, phases};
use crate::engine::token::FrameKind;
use crate::interpreter::world::World;
use crate::parts::messaging::cache::{Lookup, key_of};

phases! {
    /// Of looking a key up.
    enum LookingUp {
        /// It has not waited for anybody's fetch.
        First,
        /// It looks again after another's fetch.
        Again,
    }
}

impl World<'_> {
    /// Looks a key up: continues with the steps of a hit or of a miss, or waits for the token that fetches it.
    #[inline(never)]
    pub(crate) fn look_up(&mut self, t: u32, cache: u32) -> Next {
        let now = self.engine.now;
        let id = self.cache_ids[(self.process_of(t).caches + cache) as usize];
        let key = key_of(self.system, &self.engine.tokens[t]);
        #[cfg(debug_assertions)]
        self.note_lookup(t);
        let first = LookingUp::from(self.engine.tokens[t].phase) == LookingUp::First;
        let found = self.caches[id as usize].look_up(&mut self.engine, t, key, first);
        let token = &mut self.engine.tokens[t];
        match found {
            Lookup::Hit => token.pc += 2,
            Lookup::Miss => token.pc += 1,
            Lookup::Waits => {
                token.phase = LookingUp::Again.into();
                token.wait = id;
                if first {
                    self.engine.push_frame(t, FrameKind::Pends { cache: id, since: now });
                }
                self.account_fetch(t, id);
                self.look_for_deadlock(t);
                return Next::Park;
            }
        }
        token.phase = Progress::BEGIN;
        if !first {
            self.pop_frame(t);
        }
        if found == Lookup::Miss {
            self.caches[id as usize].fetch(t, key);
            self.engine.push_frame(t, FrameKind::Fetch { cache: id, key });
        }
        Next::On
    }

    /// What was fetched is stored.
    #[inline(never)]
    pub(crate) fn store(&mut self, t: u32) -> Next {
        let now = self.engine.now;
        self.engine.tokens[t].pc += 1;
        if let FrameKind::Fetch { cache, key } = self.engine.frames[self.engine.tokens[t].frame].kind {
            self.caches[cache as usize].store(key, now);
        }
        self.pop_frame(t);
        Next::On
    }

    /// A fetch is over, whether it brought anything or not: those who wait for it look again.
    pub(crate) fn land(&mut self, cache: u32, key: u32) {
        let mut waiters = self.caches[cache as usize].land(key);
        while let Some(t) = waiters.pop(&mut self.engine.tokens) {
            self.wake(t);
        }
    }

    /// The token that fetches the key that this one waits for.
    pub(crate) fn leader_of(&self, t: u32) -> Option<u32> {
        self.caches[self.engine.tokens[t].wait as usize].leader(key_of(self.system, &self.engine.tokens[t]))
    }
}
