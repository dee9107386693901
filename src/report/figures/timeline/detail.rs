//! A single point over time, of which all was recorded: what becomes of requests, how long answers take, what waits where
//! and what is busy, with the disturbances and what happened to replicas and breakers.

use super::{Together, drawn_by_index, headline, is_known, is_open, note, offered_label, scaled, shades, unit_of_time};
use crate::experiment::analyse::summary::{HistorySummary, LevelSummary, Moment, Summary, TimelineSummary};
use crate::parts::ResourceKind;
use crate::report::chart::{ChartAxis, Collapse, Line, LineFigure, Look, Panel, Point, Style};
use crate::report::figures::{method, title};
use crate::report::marks::{Happening, happenings};
use crate::report::whole::Report;
use crate::statistics::Interval;

/// Causes of failures that are drawn by themselves.
const MOST_CAUSES: usize = 2;
/// Queues, and resources in use, that are drawn: those with the highest peaks.
const MOST_LEVELS: usize = 3;
/// Marks that are drawn.
const MOST_MARKS: usize = 14;
/// A queue that is drawn has this many in it at some time, at least.
const LEAST_QUEUE: f64 = 0.5;
/// A resource that is drawn is in use to this share at some time, at least.
const LEAST_SHARE: f64 = 0.05;
/// The colours of all requests, of causes and of resources.
const ALL: usize = 0;
const OFFERED: usize = 6;
const OF_CAUSES: [usize; 3] = [1, 7, 4];
const OF_LEVELS: [usize; 6] = [1, 2, 3, 4, 7, 5];

/// What the panels are made of.
struct Course<'a> {
    report: &'a Report<'a>,
    summary: &'a Summary,
    timeline: &'a TimelineSummary,
    history: &'a HistorySummary,
    /// Seconds in the unit of the time axis.
    scale: f64,
    /// Resources that have a colour, in the order of the colours.
    named: Vec<&'a str>,
}

/// The figure; none of a point of which not all was recorded.
pub(super) fn figure(report: &Report, summary: &Summary) -> Option<LineFigure> {
    let timeline = summary.timeline.as_ref()?;
    let history = timeline.history.as_ref()?;
    let plan = report.plan;
    let end = timeline.moments.last()?.to_s;
    let (unit, scale) = unit_of_time(end);
    let mut course = Course { report, summary, timeline, history, scale, named: Vec::new() };
    let mut panels = vec![course.requests(), course.times(), course.waiting(), course.busy()];
    let together = Together { place: plan.place(&plan.points[summary.point]), summaries: vec![summary] };
    let mut stretches = shades(plan, &together, scale);
    let has_shades = !stretches.is_empty();
    let (marks, left_out) = course.marks(end);
    stretches.extend(marks);
    panels.iter_mut().for_each(|panel| panel.stretches.clone_from(&stretches));
    // They are named once, above all.
    let below = panels.iter_mut().skip(1).flat_map(|panel| &mut panel.stretches);
    below.for_each(|stretch| stretch.label.clear());
    let found = headline(report, &together);
    let variant = &plan.variants[plan.points[summary.point].variant];
    let title = if plan.variants.len() > 1 {
        title::fitting([format!("{variant}: {}", uncapitalised(&found)), found])
    } else {
        found
    };
    let mut note = note(report, &together, has_shades);
    note.push_str(" Around the median response time: up to the 99th percentile.");
    if stretches.iter().any(|it| it.from_x == it.to_x) {
        note.push_str(
            " Dashed verticals: what happened to replicas and breakers, halfway between the first and the last time.",
        );
    }
    if left_out > 0 {
        note.push_str(&format!(" {left_out} more marks are in timeline-marks."));
    }
    Some(LineFigure {
        title,
        subtitle: method::subtitle(report, &[summary.point], &together.place),
        x: ChartAxis::linear(format!("time ({unit})")),
        panels,
        note,
    })
}

impl<'a> Course<'a> {
    fn line(&self, label: &str, color: usize, at_end: bool, of: &dyn Fn(usize) -> Option<Interval>) -> Line {
        let points = drawn_by_index(self.timeline, of, at_end, (self.scale, is_known(self.summary)));
        Line { label: label.into(), color, points, look: Look::Band, ..Line::default() }
    }

    fn of_moment(&self, label: &str, color: usize, of: fn(&Moment) -> Interval) -> Line {
        let rate = |index: usize| Some(self.rate(of(self.timeline.moments.get(index)?)));
        self.line(label, color, false, &rate)
    }

    /// A rate in the unit of the report's.
    fn rate(&self, per_second: Interval) -> Interval {
        self.report.rates.interval(scaled(per_second, 60.0))
    }

    /// What is offered, what is answered, and what fails why.
    fn requests(&self) -> Panel {
        let mut lines = vec![self.of_moment("answered", ALL, |moment| moment.succeeded_per_s)];
        if is_open(self.report, self.summary) {
            let offered = self.of_moment(offered_label(self.summary), OFFERED, |moment| moment.first_tries_per_s);
            lines.push(Line { style: Style::Dashed, ..offered });
        }
        let total = |rates: &Vec<Interval>| rates.iter().map(|rate| rate.estimate).sum::<f64>();
        let mut causes: Vec<&(String, Vec<Interval>)> = self.history.failures.iter().collect();
        causes.sort_by(|a, b| total(&b.1).total_cmp(&total(&a.1)));
        for ((cause, rates), color) in causes.iter().take(MOST_CAUSES).zip(OF_CAUSES) {
            let rate = |index: usize| Some(self.rate(*rates.get(index)?));
            lines.push(self.line(cause, color, false, &rate));
        }
        let others = causes.get(MOST_CAUSES..).unwrap_or_default();
        if !others.is_empty() {
            let sum = |index: usize| {
                let rates = others.iter().filter_map(|(_, rates)| rates.get(index));
                let sum = rates.map(|rate| rate.estimate).sum();
                Some(self.rate(Interval { estimate: sum, low: sum, high: sum }))
            };
            lines.push(self.line("other failures", OF_CAUSES[MOST_CAUSES], false, &sum));
        }
        let name = self.report.rates.name();
        Panel {
            y: ChartAxis::linear(format!("requests that end, by success or cause (1/{name})")),
            lines,
            ..Panel::default()
        }
    }

    /// Percentiles of the response time.
    fn times(&self) -> Panel {
        let of = |which: usize, index: usize| self.timeline.moments.get(index)?.percentiles_s[which];
        let slowest = (0..self.timeline.moments.len()).filter_map(|index| of(2, index));
        let slowest = slowest.map(|time| time.estimate).fold(0.0, f64::max);
        let (unit, factor) = if slowest < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
        let line = |label: &str, style: Style, which: usize| {
            let line = self.line(label, ALL, false, &|index| Some(scaled(of(which, index)?, factor)));
            let points = line.points.iter().map(|point| Point::new(point.x, point.y)).collect();
            Line { style, points, look: Look::Course, ..line }
        };
        let [mut median, p95, p99] = [
            line("median", Style::Solid, 0),
            line("p95 (dashed)", Style::Dashed, 1),
            line("p99 (dotted)", Style::Dotted, 2),
        ];
        for (point, high) in median.points.iter_mut().zip(&p99.points) {
            (point.low, point.high) = (point.y, high.y.max(point.y));
        }
        median.look = Look::Band;
        Panel {
            y: ChartAxis::linear(format!("response time of successes ({unit})")),
            lines: vec![median, p95, p99],
            ..Panel::default()
        }
    }

    /// What is under way, and what waits where.
    fn waiting(&mut self) -> Panel {
        let under_way = |index: usize| Some(self.timeline.moments.get(index)?.in_flight);
        let mut lines = vec![self.line("under way", ALL, true, &under_way)];
        let history = self.history;
        for level in highest(&history.levels, LEAST_QUEUE, |level, index| level.queue.get(index).copied()) {
            let color = self.color(&level.name);
            let waits = match level.kind {
                ResourceKind::Queue | ResourceKind::View => format!("{} backlog", level.name),
                _ => level.name.clone(),
            };
            lines.push(self.line(&waits, color, false, &|index| level.queue.get(index).copied()));
        }
        Panel { y: ChartAxis::linear("requests under way, and waiting for resources"), lines, ..Panel::default() }
    }

    /// What is busy, which replicas get requests, and how many there are.
    fn busy(&mut self) -> Panel {
        let history = self.history;
        let mut lines = Vec::new();
        let works: Vec<&LevelSummary> = history.levels.iter().filter(|level| level.kind.works()).collect();
        for level in highest(works.iter().copied(), LEAST_SHARE, share) {
            let color = self.color(&level.name);
            let percent = |index: usize| share(level, index).map(|it| scaled(it, 100.0));
            lines.push(self.line(&level.name, color, false, &percent));
        }
        for level in history.levels.iter().filter(|level| level.kind == ResourceKind::Unavailable) {
            let capacity = level.capacity.as_ref().and_then(|of| of.first()).map_or(0.0, |it| it.estimate);
            let available = |index: usize| {
                let Interval { estimate, low, high } = share(level, index)?;
                Some(Interval { estimate: 1.0 - estimate, low: 1.0 - high, high: 1.0 - low })
                    .map(|it| scaled(it, 100.0))
            };
            let service = level.name.trim_end_matches(" unavailable");
            let line = self.line(&format!("{service} replicas available, of {capacity:.0}"), ALL, false, &available);
            lines.push(Line { style: Style::Dashed, ..line });
        }
        for level in history.levels.iter().filter(|level| level.kind == ResourceKind::Replicas) {
            let most = level.capacity.as_ref().and_then(|of| of.first()).map_or(0.0, |it| it.estimate);
            let there = |index: usize| share(level, index).map(|it| scaled(it, 100.0));
            let line = self.line(&format!("{}, of {most:.0}", level.name), ALL, false, &there);
            lines.push(Line { style: Style::Dashed, ..line });
        }
        Panel {
            y: ChartAxis::linear("in use, or available (% of the units)"),
            y_max: Some(100.0),
            lines,
            ..Panel::default()
        }
    }

    /// The colour of a resource, the same in all panels.
    fn color(&mut self, name: &'a str) -> usize {
        let known = self.named.iter().position(|it| *it == name).unwrap_or_else(|| {
            self.named.push(name);
            self.named.len() - 1
        });
        OF_LEVELS[known % OF_LEVELS.len()]
    }

    /// What happened to replicas and breakers, as instants, and how many more there were. Of what happens often the first
    /// ones are drawn. No stretches: those are disturbances.
    fn marks(&self, end_s: f64) -> (Vec<Collapse>, usize) {
        let all = happenings(self.history, self.summary.replications, end_s);
        let left_out = all.len().saturating_sub(MOST_MARKS);
        let of = |it: &Happening| {
            let middle = (it.at_s.0 + it.at_s.1) / 2.0 / self.scale;
            Collapse { from_x: middle, to_x: middle, label: it.words(), others: Vec::new() }
        };
        (all.iter().take(MOST_MARKS).map(of).collect(), left_out)
    }
}

/// A sentence that follows a colon.
fn uncapitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(next)) if next.is_lowercase() || next == ' ' => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}

/// The share of a resource that is in use in an interval; none where it has no limit.
fn share(level: &LevelSummary, index: usize) -> Option<Interval> {
    let (in_use, capacity) = (level.in_use.get(index)?, level.capacity.as_ref()?.get(index)?.estimate);
    (capacity > 0.0).then(|| {
        let Interval { estimate, low, high } = scaled(*in_use, 1.0 / capacity);
        Interval { estimate: estimate.min(1.0), low: low.min(1.0), high: high.min(1.0) }
    })
}

/// The resources with the highest peaks of a figure, of equal peaks with the highest means, from the highest down.
fn highest<'a>(
    levels: impl IntoIterator<Item = &'a LevelSummary>,
    least: f64,
    figure: impl Fn(&LevelSummary, usize) -> Option<Interval>,
) -> Vec<&'a LevelSummary> {
    let size = |level: &LevelSummary| {
        let values = (0..level.in_use.len()).filter_map(|index| figure(level, index));
        values.fold((0.0, 0.0), |(peak, sum), value| (f64::max(peak, value.estimate), sum + value.estimate))
    };
    let mut all: Vec<((f64, f64), &LevelSummary)> = levels.into_iter().map(|level| (size(level), level)).collect();
    all.retain(|((peak, _), _)| *peak >= least);
    all.sort_by(|((a_peak, a_sum), _), ((b_peak, b_sum), _)| b_peak.total_cmp(a_peak).then(b_sum.total_cmp(a_sum)));
    all.truncate(MOST_LEVELS);
    all.into_iter().map(|(_, level)| level).collect()
}
