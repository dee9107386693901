//! Classes, retries, and how clients start.

use super::{At, Complaint, MOST_CLIENTS, PatternKind, Reading, time};
use crate::kernel::Time;
use crate::language::LoadKind;
use crate::model::{self, Backoff, Pattern, Stage, System};

/// Attempts of a user at most: more is a slip of the keyboard.
const MOST_ATTEMPTS: u32 = 1000;

/// Classes at most.
const MOST_CLASSES: usize = 1000;

impl Reading<'_> {
    /// The endpoint that is called, or several with their probabilities.
    pub(super) fn targets(&mut self, system: &System) -> (u32, Vec<model::Class>) {
        let load = self.load;
        let at = At::Root.key("classes");
        match (&load.target, load.classes.is_empty()) {
            (Some(target), true) => return (self.endpoint(system, At::Root.key("target"), target), Vec::new()),
            (Some(_), false) => {
                let title = "a load has a `target` or `classes`, not both";
                let complaint = Complaint::at_key(At::Root.key("target"), title, "would have no effect");
                self.complaints.push(complaint.also(at, "").help("remove it: each class has a target of its own"));
            }
            (None, true) if load.kind == LoadKind::Mixed => {}
            (None, true) => self.missing(
                "target",
                "a load needs a `target`",
                "add `target`, the endpoint that is called, such as \"user-service.register\"",
            ),
            (None, false) => {}
        }
        if load.classes.len() > MOST_CLASSES {
            self.complaints.push(Complaint::at_key(at, format!("{} classes", load.classes.len()), "at most 1000"));
        }
        let mut classes = Vec::new();
        let (mut sum, mut is_sound) = (0.0, true);
        for (name, class) in &load.classes {
            let at = at.key(name);
            let target = self.endpoint(system, at.key("target"), &class.target);
            let weight = class.weight.unwrap_or(1.0);
            if !(0.0..=1e12).contains(&weight) {
                let title = format!("`weight` is {weight}");
                self.complaints.push(Complaint::at(at.key("weight"), title, "must be between 0 and 1e12"));
                is_sound = false;
            }
            sum += weight;
            classes.push(model::Class { name: name.clone(), target, cumulated: sum, priority: class.priority });
        }
        if is_sound && sum <= 0.0 && !classes.is_empty() {
            self.complaints.push(Complaint::at_key(at, "all weights of the classes are 0", "one must be above 0"));
        }
        classes.iter_mut().for_each(|class| class.cumulated /= sum);
        // Rounding must not leave the last without its share, nor a class of weight 0 with one.
        if let Some(most) = classes.last().map(|last| last.cumulated) {
            classes.iter_mut().filter(|class| class.cumulated == most).for_each(|class| class.cumulated = 1.0);
        }
        (classes.first().map_or(0, |class| class.target), classes)
    }

    pub(super) fn retry(&mut self) -> Option<model::Retry> {
        let retry = self.load.retry.as_ref()?;
        let at = At::Root.key("retry");
        if !(1..=MOST_ATTEMPTS).contains(&retry.attempts) {
            let title = format!("`attempts` is {}", retry.attempts);
            let complaint = Complaint::at(at.key("attempts"), title, "must be between 1 and 1000");
            self.complaints.push(complaint.note("it counts the first attempt too: 1 is no retry"));
        }
        let factor = retry.factor.unwrap_or(2.0);
        if !(1.0..=1000.0).contains(&factor) {
            let title = format!("`factor` is {factor}");
            self.complaints.push(Complaint::at(at.key("factor"), title, "must be between 1 and 1000"));
        }
        if let Some(budget) = retry.budget.filter(|budget| !(0.0..=1000.0).contains(budget)) {
            let complaint = Complaint::at(at.key("budget"), format!("`budget` is {budget}"), "must be 0 or more");
            self.complaints.push(complaint.note("it is the number of retries for each first try: 0.1 is one in ten"));
        }
        let max_backoff = time(retry.max_backoff).unwrap_or(Time::MAX);
        if max_backoff < Time(retry.backoff.0) {
            let title = "the longest back-off is shorter than the first";
            let complaint = Complaint::at(at.key("max_backoff"), title, "shorter than `backoff`");
            self.complaints.push(complaint.also(at.key("backoff"), "`backoff`"));
        }
        Some(model::Retry {
            attempts: retry.attempts,
            backoff: Backoff { first: Time(retry.backoff.0), factor, longest: max_backoff, jitter: retry.jitter },
            budget: retry.budget,
        })
    }

    /// The time between the starts of two clients.
    pub(super) fn spacing(&mut self) -> Time {
        let load = self.load;
        match (load.spacing, load.ramp_up) {
            (Some(_), Some(_)) => {
                let title = "clients start by `spacing` or over `ramp_up`, not both";
                let complaint = Complaint::at_key(At::Root.key("ramp_up"), title, "the second one");
                self.complaints.push(complaint.also(At::Root.key("spacing"), "the first one"));
                Time::ZERO
            }
            (None, Some(ramp_up)) => Time(ramp_up.0 / u64::from(load.concurrency.unwrap_or(1).max(1))),
            (spacing, None) => time(spacing).unwrap_or_default(),
        }
    }

    /// A closed load in stages.
    pub(super) fn staged(&mut self) -> Pattern {
        let load = self.load;
        let kind = PatternKind { name: "an endless load", instead: "remove it, or give `users` for a finite test" };
        self.foreign(&kind, "cool_down", load.cool_down.is_some());
        self.foreign(&kind, "before", load.before.is_some());
        let kind =
            PatternKind { name: "a load in `stages`", instead: "remove it: a stage says how fast clients start" };
        self.foreign(&kind, "spacing", load.spacing.is_some());
        self.foreign(&kind, "ramp_up", load.ramp_up.is_some());
        self.foreign_arrivals("a closed load");
        let at = At::Root.key("stages");
        let written = load.stages.as_deref().unwrap_or_default();
        if written.is_empty() {
            self.complaints.push(Complaint::at(at, "`stages` is empty", "needs at least one stage"));
        }
        let mut stages = Vec::new();
        let mut end = Time::ZERO;
        for (index, stage) in written.iter().enumerate() {
            if stage.target > MOST_CLIENTS {
                let at = at.index(index);
                let title = format!("`target` is {}", stage.target);
                self.complaints.push(Complaint::at(at.key("target"), title, "must be at most 4 million"));
            }
            end += Time(stage.duration.0);
            stages.push(Stage { duration: Time(stage.duration.0), target: stage.target });
        }
        let start = load.concurrency.unwrap_or(0);
        if start > MOST_CLIENTS {
            self.clients(At::Root.key("concurrency"), start);
        }
        if start == 0 && !stages.is_empty() && stages.iter().all(|stage| stage.target == 0) {
            let complaint = Complaint::at(at, "no stage has a client", "one `target` must be above 0");
            self.complaints.push(complaint);
        }
        let warm_up = self.warm_up();
        let duration = match load.duration {
            None => self.rest(end, warm_up, "stages"),
            some => self.length("duration", some).unwrap_or_default(),
        };
        Pattern::Staged { start, stages, think: self.think(), warm_up, duration }
    }

    /// The window from the warm-up to the end of what is given over time.
    pub(super) fn rest(&mut self, end: Time, warm_up: Time, what: &str) -> Time {
        if end <= warm_up && end > Time::ZERO {
            let title = format!("the warm-up lasts longer than `{what}`, so nothing is measured");
            let complaint = Complaint::at(At::Root.key("warm_up"), title, "too long");
            self.complaints.push(complaint.help("make it shorter, or give a `duration`"));
        }
        end.since(warm_up)
    }
}
