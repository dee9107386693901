//! What a run asks of every part apart from the work of requests.

use crate::kernel::Time;
use crate::model::System;

use crate::parts::usage::Rows;

/// What a part needs to know to answer for itself.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'s> {
    /// The system: names, and whose the parts are.
    pub system: &'s System,
    /// The time.
    pub now: Time,
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

    /// A process was killed, and nothing of it is left: not what the part keeps for it, either.
    fn process_died(&mut self, process: u32, moment: Moment) {
        let _ = (process, moment);
    }
}

impl<P: Part> Part for Vec<P> {
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
        self.iter().all(P::is_at_rest)
    }

    fn process_died(&mut self, process: u32, moment: Moment) {
        self.iter_mut().for_each(|part| part.process_died(process, moment));
    }
}

impl<P: Part> Part for Option<Box<P>> {
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
}
