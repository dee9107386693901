//! How the rate of an open load goes over time.

use std::sync::Arc;

use super::{At, Complaint, PatternKind, Reading};
use crate::kernel::Time;
use crate::language::{Duration, Interpolation, RateOrZero, RatePoint, Spike};
use crate::model::{self, Flow, Pattern, Piece, RateCourse, Wave};

/// The highest rate, a second: as of one that is written.
const MOST_RATE: f64 = 1e8;

/// The rate stays at its last value.
const FOR_EVER: f64 = f64::INFINITY;

impl Reading<'_> {
    /// The rate over time; none where it is always the same.
    pub(super) fn flow(&mut self) -> Option<Flow> {
        let load = self.load;
        if load.bursts.is_some() {
            return Some(Flow::Bursts(self.bursts()));
        }
        if load.interpolation.is_some() && load.profile.is_none() && load.profile_from.is_none() {
            let title = "`interpolation` says how the rate goes between the points of `profile`, and there is none";
            let complaint = Complaint::at_key(At::Root.key("interpolation"), title, "would have no effect");
            self.complaints.push(complaint.help("add `profile = [{ at = \"60s\", rate = \"20/s\" }]`, or remove it"));
        }
        if load.profile.is_none() && load.profile_from.is_none() && load.spikes.is_none() && load.diurnal.is_none() {
            return None;
        }
        let wave = self.wave();
        let mut pieces = self.base(wave.is_some());
        let written = load.spikes.iter().flatten().enumerate();
        let spikes: Vec<&Spike> =
            written.filter(|(index, spike)| self.spike(*index, spike)).map(|(_, it)| it).collect();
        pieces = with_spikes(&pieces, &spikes);
        if self.complaints.is_empty() && pieces.iter().all(|piece| piece.rate == 0.0 && piece.slope == 0.0) {
            let complaint = Complaint::at_key(At::Root.key("profile"), "the rate is always 0", "no request arrives");
            self.complaints.push(complaint);
        }
        Some(Flow::Course(RateCourse { pieces, wave }))
    }

    fn wave(&mut self) -> Option<Wave> {
        let diurnal = self.load.diurnal.as_ref()?;
        let at = At::Root.key("diurnal");
        if !(0.0..=1.0).contains(&diurnal.amplitude) {
            let title = format!("`amplitude` is {}", diurnal.amplitude);
            let complaint = Complaint::at(at.key("amplitude"), title, "must be between 0 and 1");
            self.complaints
                .push(complaint.note("the rate goes between `1 - amplitude` and `1 + amplitude` of its mean"));
        }
        self.above_zero(at.key("period"), "period", diurnal.period);
        let period = diurnal.period.0.max(1) as f64 / 1e9;
        Some(Wave { amplitude: diurnal.amplitude, omega: std::f64::consts::TAU / period })
    }

    /// The rate without spikes.
    fn base(&mut self, waves: bool) -> Vec<Piece> {
        let load = self.load;
        let points = self.points();
        let points = points.as_slice();
        let at = At::Root.key("profile");
        if load.profile.is_some() && points.is_empty() {
            self.complaints.push(Complaint::at(at, "`profile` is empty", "needs at least one point"));
        }
        for (index, pair) in points.windows(2).enumerate() {
            if pair[1].at <= pair[0].at {
                let (before, this) = (at.index(index), at.index(index + 1));
                let complaint =
                    Complaint::at(this.key("at"), "a profile goes forward in time", "not after the one before");
                self.complaints.push(complaint.also(before.key("at"), "the one before"));
            }
        }
        let Some(first) = load.rate.map(|rate| rate.0).or(points.first().map(|point| point.rate.0)) else {
            // A profile that gives no rate has its own mistake.
            let is_said = (load.profile.is_some() || load.profile_from.is_some()) && !self.complaints.is_empty();
            if !is_said {
                self.missing("rate", "an open load needs a `rate`", "add `rate`, such as \"9/s\" or \"540/min\"");
            }
            return vec![Piece { from: 0.0, rate: 1.0, slope: 0.0, waves }];
        };
        let mut pieces = vec![Piece { from: 0.0, rate: first, slope: 0.0, waves }];
        for point in points {
            let (from, rate) = (seconds(point.at), point.rate.0);
            if let Some(before) = pieces.last_mut()
                && load.interpolation.unwrap_or_default() == Interpolation::Ramp
                && from > before.from
            {
                before.slope = (rate - before.rate) / (from - before.from);
            }
            pieces.push(Piece { from, rate, slope: 0.0, waves });
        }
        // A point at 0 leaves nothing of what is before it.
        if pieces.get(1).is_some_and(|piece| piece.from == 0.0) {
            pieces.remove(0);
        }
        pieces
    }

    /// The points of the rate, as written or from a file.
    fn points(&mut self) -> Vec<RatePoint> {
        let load = self.load;
        let written = || load.profile.clone().unwrap_or_default();
        let Some(table) = &load.profile_from else { return written() };
        let at = At::Root.key("profile_from");
        if load.profile.is_some() {
            let complaint = Complaint::at_key(at, "a rate over time is given twice", "beside `profile`");
            self.complaints.push(complaint.help("remove one of them"));
            return written();
        }
        let factor = table.factor.unwrap_or(1.0);
        if !(0.0..=1e6).contains(&factor) {
            let title = format!("`factor` is {factor}");
            self.complaints.push(Complaint::at(at.key("factor"), title, "must be between 0 and a million"));
            return Vec::new();
        }
        let per = table.per.unwrap_or(Duration(1_000_000_000));
        self.above_zero(at.key("per"), "per", per);
        let rates = match self.columns.rates(&table.file, &table.time, &table.rate) {
            Ok(rates) => rates,
            Err(error) => {
                self.complaints.push(error.complaint(at));
                return Vec::new();
            }
        };
        let scale = factor / seconds(Duration(per.0.max(1)));
        let point = |&(at, rate): &(Time, f64)| RatePoint { at: Duration(at.0), rate: RateOrZero(rate * scale, None) };
        let points: Vec<RatePoint> = rates.iter().map(point).collect();
        if let Some(point) = points.iter().find(|point| point.rate.0 > MOST_RATE) {
            let title = format!("a rate of {} a second at {} s is too high", point.rate.0, seconds(point.at));
            let complaint = Complaint::at(at.key("rate"), title, "at most 100 million a second");
            self.complaints.push(complaint.help("`per` says what a rate counts, `factor` scales it"));
        }
        points
    }

    /// Whether a spike makes sense.
    fn spike(&mut self, index: usize, spike: &Spike) -> bool {
        let all = At::Root.key("spikes");
        let at = all.index(index);
        let known = self.complaints.len();
        self.above_zero(at.key("length"), "length", spike.length);
        match (spike.rate, spike.factor) {
            (None, Some(factor)) if !(0.0..=1e6).contains(&factor) => {
                let title = format!("`factor` is {factor}");
                self.complaints.push(Complaint::at(at.key("factor"), title, "must be between 0 and a million"));
            }
            (Some(_), None) | (None, Some(_)) => {}
            (rate, _) => {
                let label = if rate.is_some() { "has both" } else { "has neither" };
                let complaint = Complaint::at(at, "a spike has a `rate` or a `factor`", label);
                let help =
                    "write { at = \"60s\", length = \"10s\", factor = 3 }, or `rate = \"50/s\"` in place of `factor`";
                self.complaints.push(complaint.help(help));
            }
        }
        let spikes = self.load.spikes.as_deref().unwrap_or_default();
        if let Some(before) = index.checked_sub(1).map(|before| &spikes[before])
            && before.at.0.saturating_add(before.length.0) > spike.at.0
        {
            let complaint =
                Complaint::at(at.key("at"), "spikes follow each other", "begins before the one before ends");
            self.complaints.push(complaint.also(all.index(index - 1).key("at"), "the one before"));
        }
        self.complaints.len() == known
    }

    fn bursts(&mut self) -> model::Bursts {
        let load = self.load;
        let kind = PatternKind {
            name: "a load in `bursts`, which have rates of their own",
            instead: "remove it, or `bursts`",
        };
        self.foreign(&kind, "rate", load.rate.is_some());
        self.foreign(&kind, "profile", load.profile.is_some());
        self.foreign(&kind, "profile_from", load.profile_from.is_some());
        self.foreign(&kind, "interpolation", load.interpolation.is_some());
        self.foreign(&kind, "spikes", load.spikes.is_some());
        self.foreign(&kind, "diurnal", load.diurnal.is_some());
        let at = At::Root.key("bursts");
        let Some(bursts) = &load.bursts else { unreachable!("called for bursts only") };
        self.above_zero(at.key("mean_on"), "mean_on", bursts.mean_on);
        self.above_zero(at.key("mean_off"), "mean_off", bursts.mean_off);
        if bursts.on_rate.0 <= bursts.off_rate.0 {
            let title = "the rate in a burst is not above that between bursts";
            let complaint = Complaint::at(at.key("on_rate"), title, "must be higher than `off_rate`");
            self.complaints.push(complaint.also(at.key("off_rate"), "`off_rate`"));
        }
        model::Bursts {
            on: seconds(bursts.mean_on),
            off: seconds(bursts.mean_off),
            on_rate: bursts.on_rate.0,
            off_rate: bursts.off_rate.0,
        }
    }

    /// Recorded arrivals.
    pub(super) fn trace(&mut self) -> Pattern {
        let load = self.load;
        let kind = PatternKind { name: "a load that replays a `trace`", instead: "remove it, or `trace`" };
        let foreign = [
            ("rate", load.rate.is_some()),
            ("arrivals", load.arrivals.is_some()),
            ("profile", load.profile.is_some()),
            ("profile_from", load.profile_from.is_some()),
            ("interpolation", load.interpolation.is_some()),
            ("spikes", load.spikes.is_some()),
            ("diurnal", load.diurnal.is_some()),
            ("bursts", load.bursts.is_some()),
        ];
        for (key, present) in foreign {
            self.foreign(&kind, key, present);
        }
        let at = At::Root.key("trace");
        let Some(trace) = &load.trace else { unreachable!("called for traces only") };
        let scale = trace.scale.unwrap_or(1.0);
        if !(scale > 0.0 && scale <= 1e6) {
            let title = format!("`scale` is {scale}");
            let complaint = Complaint::at(at.key("scale"), title, "must be above 0 and at most a million");
            self.complaints.push(complaint.note("the times are multiplied with it: 0.5 is twice the rate"));
        }
        let names: Vec<String> = load.classes.keys().cloned().collect();
        let column = trace.column.as_deref().unwrap_or("time_s");
        let arrivals = match self.columns.arrivals(&trace.file, column, trace.class.as_deref(), &names) {
            Ok(arrivals) => arrivals,
            Err(error) => {
                self.complaints.push(error.complaint(at));
                Arc::default()
            }
        };
        let arrivals = if scale == 1.0 {
            arrivals
        } else {
            let scaled = |arrival: &model::Arrival| model::Arrival {
                at: Time((arrival.at.0 as f64 * scale).round() as u64),
                ..*arrival
            };
            arrivals.iter().map(scaled).collect()
        };
        let warm_up = self.warm_up();
        let duration = match load.duration {
            None => self.rest(arrivals.last().map_or(Time::ZERO, |last| last.at + Time(1)), warm_up, "trace"),
            some => self.length("duration", some).unwrap_or_default(),
        };
        Pattern::Trace { arrivals, warm_up, duration }
    }

    fn above_zero(&mut self, at: At<'_>, name: &str, value: Duration) {
        if value.0 == 0 {
            self.complaints.push(Complaint::at(at, format!("`{name}` is 0"), "must be above 0"));
        }
    }
}

/// The pieces with spikes cut out of them, which follow each other: those of a spike have its rate, or its factor.
fn with_spikes(pieces: &[Piece], spikes: &[&Spike]) -> Vec<Piece> {
    let mut cut = Vec::with_capacity(pieces.len() + 2 * spikes.len());
    let mut spikes = spikes.iter().peekable();
    for (index, piece) in pieces.iter().enumerate() {
        let end = pieces.get(index + 1).map_or(FOR_EVER, |next| next.from);
        let mut rest = *piece;
        while rest.from < end {
            let Some(spike) = spikes.peek().filter(|spike| seconds(spike.at) < end) else { break };
            let (from, to) = (seconds(spike.at), seconds(Duration(spike.at.0.saturating_add(spike.length.0))));
            if rest.from < from {
                cut.push(rest);
                rest = later(rest, from);
            }
            if rest.from < to {
                let factor = spike.factor.unwrap_or(1.0);
                cut.push(match spike.rate {
                    Some(rate) => Piece { from: rest.from, rate: rate.0, slope: 0.0, waves: false },
                    None => Piece { rate: rest.rate * factor, slope: rest.slope * factor, ..rest },
                });
                rest = later(rest, end.min(to));
            }
            if to > end {
                break;
            }
            spikes.next();
        }
        if rest.from < end {
            cut.push(rest);
        }
    }
    cut
}

/// What is left of a piece from this moment on.
fn later(piece: Piece, from: f64) -> Piece {
    Piece { from, rate: piece.rate + piece.slope * (from - piece.from), ..piece }
}

fn seconds(duration: Duration) -> f64 {
    duration.0 as f64 / 1e9
}
