//! What of a load is watched over time.

use super::{At, Complaint, Reading};
use crate::kernel::Time;
use crate::language::Spike;
use crate::model::{FaultEffect, FaultPlan, Pattern, Reference, System, round_interval};

/// What is watched over time.
pub(super) struct Watch {
    pub timeline: Option<Time>,
    pub recovered_after: Option<Time>,
    pub disturbances: Vec<(Time, Time, String)>,
    pub faults_at_end: Vec<String>,
    pub halted_at_end: Vec<(String, String)>,
    pub is_calm: bool,
    pub reference: Reference,
}

impl Reading<'_> {
    pub(super) fn watch(&mut self, pattern: &Pattern, system: &System) -> Watch {
        let load = self.load;
        let end = pattern.window().map(|(_, closes)| closes);
        let mut disturbances: Vec<(Time, Time, String)> = load
            .spikes
            .iter()
            .flatten()
            .map(|spike| {
                let what = match (spike.rate, spike.factor) {
                    (None, Some(factor)) => format!("spike × {factor}"),
                    (Some(rate), _) => format!("spike {}/s", rate.0),
                    _ => "spike".to_owned(),
                };
                (Time(spike.at.0), Time(spike.at.0) + Time(spike.length.0), what)
            })
            .collect();
        if let (Some(last), Some(end)) = (disturbances.last(), end)
            && last.0 >= end
            && self.complaints.is_empty()
        {
            let all = At::Root.key("spikes");
            let at = all.index(disturbances.len() - 1);
            let complaint = Complaint::at(at.key("at"), "the spike begins after the run has ended", "too late");
            self.complaints.push(complaint.also(At::Root.key("duration"), "the window ends before it"));
        }
        let recovered_after = load.recovered_after.map(|after| Time(after.0));
        // A fault that never goes leaves nothing to recover from, unless the load says from when on recovery is timed.
        let to = |fault: &FaultPlan| fault.to.or(end.filter(|&end| recovered_after.is_some() && fault.from < end));
        let of_fault = |fault: &FaultPlan| Some((fault.from, to(fault)?, fault.name.clone()));
        disturbances.extend(system.faults.iter().filter_map(of_fault));
        if let (Some(after), Some(end)) = (recovered_after, end)
            && after >= end
        {
            let title = "the run ends before the time from which recovery is timed";
            let complaint = Complaint::at(At::Root.key("recovered_after"), title, "too late");
            self.complaints.push(complaint.note(format!("the run ends at {end}")));
        }
        let last = disturbances.iter().map(|&(_, to, _)| to).max();
        let is_calm = !disturbances.is_empty() && self.changes_nothing(system);
        let is_over = system.faults.iter().all(|fault| fault.to.is_some());
        let recovered_after =
            recovered_after.or(last.filter(|_| is_over).filter(|&last| end.is_none_or(|end| last < end)));
        let changes = !system.faults.is_empty()
            || system.services.iter().any(|service| !service.deploys.is_empty())
            || recovered_after.is_some()
            || matches!(pattern, Pattern::Staged { .. } | Pattern::Varying { .. } | Pattern::Trace { .. });
        let timeline = match load.timeline {
            Some(_) => self.length("timeline", load.timeline),
            None => end.filter(|_| changes).map(round_interval),
        };
        if timeline.is_none() && load.recovered_after.is_some() {
            let title = "recovery is read from a timeline, and a finite test has one only if `timeline` is set";
            let complaint = Complaint::at_key(At::Root.key("recovered_after"), title, "would have no effect");
            self.complaints.push(complaint.help("add `timeline`, the length of an interval, such as \"1s\""));
        }
        let is_on = |fault: &&FaultPlan| {
            end.is_some_and(|end| !fault.is_idle() && fault.from < end && fault.to.is_none_or(|to| to >= end))
        };
        let mut faults_at_end: Vec<String> =
            system.faults.iter().filter(is_on).map(|fault| fault.joint_name(&system.faults)).collect();
        faults_at_end.dedup();
        let halts = |fault: &&FaultPlan| {
            fault.replica.is_none() && matches!(fault.effect, FaultEffect::Stuck | FaultEffect::Dead)
        };
        let named = |fault: &FaultPlan| {
            let service = system.services[fault.service as usize].name.clone();
            (fault.joint_name(&system.faults), service)
        };
        let halted_at_end = system.faults.iter().filter(is_on).filter(halts).map(named).collect();
        let reference = self.reference();
        Watch { timeline, recovered_after, disturbances, faults_at_end, halted_at_end, is_calm, reference }
    }

    /// Whether no spike has another rate than the usual one, and no fault makes anything slower.
    fn changes_nothing(&self, system: &System) -> bool {
        let is_usual = |spike: &Spike| spike.rate.is_none() && spike.factor == Some(1.0);
        self.load.spikes.iter().flatten().all(is_usual) && system.faults.iter().all(FaultPlan::is_idle)
    }

    fn reference(&self) -> Reference {
        let load = self.load;
        let changes = load.profile.is_some()
            || load.profile_from.is_some()
            || load.diurnal.is_some()
            || load.bursts.is_some()
            || load.trace.is_some()
            || load.stages.is_some();
        match (changes, &load.spikes) {
            (false, _) => Reference::Before,
            (true, None) => Reference::WithoutFaults,
            (true, Some(_)) => Reference::Unknown,
        }
    }
}
