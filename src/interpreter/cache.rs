//! Tokens look keys up, wait for each other's fetches, and store what they have fetched.

use crate::kernel::random::mix;
use crate::model::Op;

use crate::engine::next::Next;
use crate::engine::progress::{Progress, phases};
use crate::engine::token::FrameKind;
use crate::interpreter::world::World;
use crate::parts::messaging::cache::Lookup;

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
    /// Looks a key up: goes on with the steps of a hit or of a miss, or waits for whoever fetches it.
    #[inline(never)]
    pub(crate) fn look_up(&mut self, t: u32, cache: u32) -> Next {
        let now = self.engine.now;
        let id = self.cache_ids[(self.process_of(t).caches + cache) as usize];
        let key = self.cache_key(t);
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

    /// The key of the lookup at the token's program counter.
    fn cache_key(&self, t: u32) -> u32 {
        let token = &self.engine.tokens[t];
        let Op::LookUp { popularity, site, .. } = self.system.program[token.pc as usize] else {
            unreachable!("only a lookup has a key");
        };
        let key = site.key(token.key, 0);
        #[cfg(debug_assertions)]
        self.note_draw(t, crate::engine::draws::CHANCE, key);
        self.system.popularities[popularity as usize].draw(mix(key))
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

    /// The token no longer waits for whoever fetches its key.
    pub(crate) fn leave_flight(&mut self, t: u32) {
        let (cache, key) = (self.engine.tokens[t].wait, self.cache_key(t));
        self.caches[cache as usize].leave(&mut self.engine, t, key);
    }

    /// Whoever fetches the key that the token waits for.
    pub(crate) fn leader_of(&self, t: u32) -> Option<u32> {
        self.caches[self.engine.tokens[t].wait as usize].leader(self.cache_key(t))
    }
}
