//! What a run asks of every part apart from the work of requests.

use crate::kernel::Time;
use crate::model::System;

use crate::engine::Engine;
use crate::engine::token::State;
use crate::parts::usage::Rows;

/// What a part needs to know to answer for itself.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'s> {
    /// The system: names, and whose the parts are.
    pub system: &'s System,
    /// The time.
    pub now: Time,
}

/// What follows when a token gives up its wait at a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Left {
    /// It did not wait at this part.
    Elsewhere,
    /// Nothing.
    Alone,
    /// The service of this token, the next in the queue, is to begin.
    Next(u32),
    /// The CPU's job for it has ended with this work left, in nanoseconds.
    Job(f64),
}

/// A part. Only what is asked rarely is asked by way of this; the work of requests calls the parts by name.
pub(crate) trait Part {
    /// The measuring window opens: everything is counted from now on.
    fn reset(&mut self, now: Time);

    /// Adds what it did in the window to the rows of the reports.
    fn usage(&self, moment: Moment, rows: &mut Rows);

    /// Appends a sentence for each law that it has broken in the window: Little's, utilisation, conservation.
    fn laws(&mut self, moment: Moment, broken: &mut Vec<String>);

    /// Whether nothing is held, waited for or under way.
    fn is_at_rest(&self) -> bool {
        true
    }

    /// Whether a token in this state waits at a part of this kind, or is served there: at the one with the number `wait`.
    fn keeps(state: State) -> bool
    where
        Self: Sized,
    {
        let _ = state;
        false
    }

    /// A token that waits here, or is served, gives up: it is taken out.
    fn leave(&mut self, system: &System, engine: &mut Engine, t: u32) -> Left {
        let _ = (system, engine, t);
        Left::Elsewhere
    }

    /// A process was killed, and nothing of it is left: not what the part keeps for it, either.
    fn process_died(&mut self, process: u32, moment: Moment) {
        let _ = (process, moment);
    }
}

/// The methods of a list of parts, and of a part that may be absent, which pass the call on to each.
macro_rules! each {
    () => {
        fn reset(&mut self, now: Time) {
            self.iter_mut().for_each(|part| part.reset(now));
        }

        fn usage(&self, moment: Moment, rows: &mut Rows) {
            self.iter().for_each(|part| part.usage(moment, rows));
        }

        fn laws(&mut self, moment: Moment, broken: &mut Vec<String>) {
            self.iter_mut().for_each(|part| part.laws(moment, broken));
        }

        fn is_at_rest(&self) -> bool {
            self.iter().all(|part| part.is_at_rest())
        }

        fn process_died(&mut self, process: u32, moment: Moment) {
            self.iter_mut().for_each(|part| part.process_died(process, moment));
        }
    };
}

impl<P: Part> Part for Vec<P> {
    each!();

    fn leave(&mut self, system: &System, engine: &mut Engine, t: u32) -> Left {
        let token = &engine.tokens[t];
        if P::keeps(token.state) { self[token.wait as usize].leave(system, engine, t) } else { Left::Elsewhere }
    }
}

impl<P: Part> Part for Option<Box<P>> {
    each!();

    fn leave(&mut self, system: &System, engine: &mut Engine, t: u32) -> Left {
        self.as_mut().map_or(Left::Elsewhere, |part| part.leave(system, engine, t))
    }
}
