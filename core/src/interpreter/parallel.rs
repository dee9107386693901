//! Branches begin, end and are joined.

use crate::kernel::NONE;
use crate::kernel::list::List;

use crate::engine::next::Next;
use crate::engine::token::{Failure, FrameKind, IN_THREAD, State, Token, WASTE};
use crate::interpreter::blame::ends::Story;
use crate::interpreter::world::World;
use crate::parts::guards::parallel::Join;

impl World<'_> {
    /// The branches begin, or the first attempt.
    #[inline(never)]
    pub(crate) fn begin_branches(&mut self, t: u32, plan: u32) -> Next {
        let branches = &self.system.parallels[plan as usize];
        let key = self.engine.tokens[t].key;
        let join = Join { parent: t, branches: List::default(), plan, begun: 0, key };
        let join = self.guards.joins.insert(join);
        self.enter_frame(t, FrameKind::Join { join });
        let token = &mut self.engine.tokens[t];
        token.pc = branches.end;
        token.state = State::Joining;
        token.wait = join;
        self.account_await(t);
        let is_hedge = branches.after.is_some();
        self.guards.reactions.hedges[plan as usize][0] += u64::from(is_hedge);
        let first = if is_hedge { 1 } else { branches.entries.len() };
        for _ in 0..first {
            self.begin_branch(join);
        }
        self.engine.limit_wait(t, self.guards.hedges[plan as usize]);
        Next::Park
    }

    fn begin_branch(&mut self, join: u32) {
        let Join { parent, plan, begun, key, .. } = self.guards.joins[join];
        let branches = &self.system.parallels[plan as usize];
        let mut token = Token::new(key, branches.entries[begun as usize]);
        token.process = self.engine.tokens[parent].process;
        // What a probe's branches do is the probe's.
        if self.engine.tokens[parent].is_probe() {
            token.flags = WASTE;
        }
        if branches.in_thread {
            token.flags |= IN_THREAD;
        }
        let t = self.insert_token(token);
        self.account_for(t, parent);
        self.engine.priorities.inherit(t, parent);
        self.join_job(t, self.jobs.of(parent));
        let frame = self.engine.push_frame(t, FrameKind::Branch { join });
        let join = &mut self.guards.joins[join];
        join.branches.push(&mut self.engine.frames, frame);
        join.begun += 1;
        if branches.after.is_some() {
            join.key = branches.round.next(key);
        }
        self.wake(t);
    }

    /// The present attempts take long: another begins.
    pub(crate) fn hedge(&mut self, t: u32) {
        let join = self.engine.tokens[t].wait;
        let Join { plan, begun, .. } = self.guards.joins[join];
        if (begun as usize) < self.system.parallels[plan as usize].entries.len() {
            self.guards.reactions.hedges[plan as usize][1] += 1;
            self.begin_branch(join);
            if (begun as usize) + 1 < self.system.parallels[plan as usize].entries.len() {
                self.engine.limit_wait(t, self.guards.hedges[plan as usize]);
            }
        }
    }

    /// Whether the branches are attempts of which one suffices.
    pub(crate) fn is_hedge(&self, join: u32) -> bool {
        self.system.parallels[self.guards.joins[join].plan as usize].after.is_some()
    }

    /// A branch is done.
    #[inline(never)]
    pub(crate) fn join(&mut self, t: u32) -> Next {
        self.end_branch(t, Failure::NONE);
        Next::Park
    }

    /// A branch has ended; its outermost frame is all that is left of it.
    pub(crate) fn end_branch(&mut self, t: u32, why: Failure) {
        let frame = self.engine.tokens[t].frame;
        let FrameKind::Branch { join } = self.engine.frames[frame].kind else {
            unreachable!("a branch ends at its outermost frame");
        };
        if join != NONE {
            self.guards.joins[join].branches.remove(&mut self.engine.frames, frame);
        }
        self.engine.frames.remove(frame);
        if self.jobs.kept {
            self.leave_job(t, why);
        }
        let story = self.last_story(t, why);
        self.engine.tokens.remove(t);
        if join != NONE {
            self.joined(join, t, story, why);
        } else {
            self.forget_story(story);
        }
    }

    /// One branch fewer: whether the parent continues.
    fn joined(&mut self, join: u32, branch: u32, story: Option<Story>, why: Failure) {
        let Join { parent, branches, plan, begun, .. } = self.guards.joins[join];
        let plan = &self.system.parallels[plan as usize];
        let is_hedge = plan.after.is_some();
        if is_hedge && why.is_some() && (begun as usize) < plan.entries.len() {
            self.account_join(parent, branch, story);
            self.engine.drop_timer(parent);
            return self.hedge(parent);
        }
        let is_over = if is_hedge { !why.is_some() } else { why.is_some() };
        if is_over {
            // The losers of a hedge are cancelled; the other branches of a gather run on.
            self.disband(join, is_hedge);
        } else if !branches.is_empty() {
            self.forget_story(story);
            return self.look_for_deadlock_among(branches);
        }
        self.account_join(parent, branch, story);
        self.engine.tokens[parent].failure = why;
        self.engine.drop_timer(parent);
        self.wake(parent);
    }

    /// The frame of a parent is undone, by success or not: the branches that are left run on.
    #[inline(never)]
    pub(crate) fn undo_join(&mut self, join: u32) {
        self.disband(join, false);
        self.guards.joins.remove(join);
    }

    /// The wait for the branches ends. They are cancelled or run on; a job that has its thread always runs on.
    pub(crate) fn disband(&mut self, join: u32, cancel: bool) {
        let mut branches = std::mem::take(&mut self.guards.joins[join].branches);
        while let Some(frame) = branches.pop(&mut self.engine.frames) {
            self.engine.frames[frame].kind = FrameKind::Branch { join: NONE };
            let branch = self.engine.frames[frame].token;
            if cancel && !self.runs_in_thread(branch) {
                self.interrupt(branch, Failure::CANCELLED);
            }
        }
    }
}
