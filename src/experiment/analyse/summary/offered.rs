//! Whether a missed throughput is that of a load that asks for no more.

use super::Summary;
use crate::experiment::analyse::culprit::{Culprit, CulpritKind};
use crate::experiment::analyse::words;
use crate::language::{Metric, Objective};
use crate::model::Load;

impl Summary {
    /// The summary of a point under this load, with the load as its culprit where the only objectives that it misses are on a
    /// throughput that the load does not offer.
    pub(super) fn offered(mut self, load: &Load, success: f64, objectives: &[Objective]) -> Self {
        let of_work = self.metric(Metric::CompletionRate).filter(|_| self.outlasts);
        let is_sound = of_work.is_none_or(|rate| rate.estimate >= success)
            && self.growth.any().is_none()
            && self.capacity.dead + self.capacity.damaged == 0
            && self.success_rate.estimate >= success;
        let is_missed = |objective: &&Objective| {
            let figure = self.metric(objective.metric()).map(|figure| figure.estimate);
            figure.is_some_and(|figure| objective.is_missed_by(figure))
        };
        let mut missed = objectives.iter().filter(is_missed).peekable();
        if is_sound && missed.peek().is_some() && missed.all(|objective| self.is_short_of_load(load, *objective)) {
            let answered = words::percent(self.success_rate.estimate);
            let sentence = match load.pattern.is_closed() {
                false => format!("the load offers less than the required throughput, and {answered} of it is answered"),
                true => "the clients offer less than the required throughput: each waits for its answer before \
                         its next request, and no resource is saturated"
                    .to_owned(),
            };
            self.culprit = Some(Culprit::load(sentence));
            self.saturated = None;
        }
        self
    }

    /// Whether the point misses an objective on a throughput because the load offers less: fewer requests are sent; or
    /// clients send the next one after the answer, and nothing is saturated that keeps them waiting for it.
    pub(in crate::experiment) fn is_short_of_load(&self, load: &Load, objective: Objective) -> bool {
        let is_throughput = matches!(objective.metric(), Metric::ThroughputPerMin | Metric::CompletedPerMin);
        if !is_throughput || !objective.is_at_least() {
            return false;
        }
        if load.pattern.is_closed() {
            let is_light = |culprit: &Culprit| match culprit.kind {
                CulpritKind::TakesTime | CulpritKind::TooLittleLoad => true,
                CulpritKind::Limits => !culprit.is_full && !culprit.fails,
                _ => false,
            };
            return self.culprit.as_ref().is_none_or(is_light);
        }
        let sent = self.users.as_ref().map_or(self.sent, |users| users.first_tries);
        let window = load.pattern.window().map_or(0.0, |(opens, closes)| closes.since(opens).seconds());
        window > 0.0 && sent / window * 60.0 < objective.bound()
    }
}
