//! What happens when: goodput against the offered load, what is sent or how long answers take, and how much is under
//! way, with the disturbances shaded. Of a single point of which all was recorded, the [`detail`].

mod detail;

use super::{method, title};
use crate::experiment::analyse::comparison::TIE;
use crate::experiment::analyse::finding;
use crate::experiment::analyse::summary::{Moment, Summary, TimelineSummary};
use crate::experiment::analyse::words;
use crate::experiment::plan::Plan;
use crate::kernel::Time;
use crate::model::Pattern;
use crate::report::chart::{ChartAxis, Collapse, Line, LineFigure, Panel, Point, Style};
use crate::report::number::seconds;
use crate::report::paragraph::list;
use crate::report::recovery::PointRecovery;
use crate::report::whole::Report;
use crate::statistics::Interval;

/// Variants that a figure has room for.
const MOST_VARIANTS: usize = 8;
/// Points of a curve at most; beyond, neighbours are drawn as their mean.
const MOST_POINTS: usize = 400;
/// The colour of what all variants share.
const SHARED: usize = 6;
/// Share of the offered rate from which on all of it is answered: those of the interval's end are still under way.
const ALL: f64 = 0.98;

/// Points that are drawn in detail at most.
const MOST_DETAILED: usize = 8;

/// The points at one combination of all axes, one a variant, and the combination in words.
struct Together<'a> {
    place: String,
    summaries: Vec<&'a Summary>,
}

/// All combinations that have a timeline.
fn all<'a>(report: &'a Report) -> Vec<Together<'a>> {
    let plan = report.plan;
    let mut all: Vec<Together> = Vec::new();
    for summary in report.summaries.iter().filter(|summary| summary.timeline.is_some()) {
        let place = plan.place(&plan.points[summary.point]);
        match all.iter_mut().find(|together| together.place == place) {
            Some(together) if together.summaries.len() < MOST_VARIANTS => together.summaries.push(summary),
            Some(_) => {}
            None => all.push(Together { place, summaries: vec![summary] }),
        }
    }
    all
}

/// The figures of a report, each with the end of its file's name, and for how many combinations there are none. Where
/// variants are compared, each of which all was recorded is also drawn by itself, at the combination at which it does worst.
pub(super) fn figures<'a>(report: &'a Report<'a>, most: usize) -> (Vec<(String, LineFigure)>, usize) {
    let all = all(report);
    let mut figures: Vec<(String, LineFigure)> = Vec::new();
    for together in all.iter().take(most) {
        let suffix = super::set::suffix(&together.place);
        let detailed = match together.summaries.as_slice() {
            [only] => detail::figure(report, only),
            _ => None,
        };
        figures.push((suffix, detailed.unwrap_or_else(|| figure(report, together))));
    }
    let several = all.iter().any(|together| together.summaries.len() > 1);
    let variants = 0..if several { report.plan.variants.len().min(MOST_DETAILED) } else { 0 };
    for variant in variants {
        let of_it = all.iter().flat_map(|together| &together.summaries);
        let of_it = of_it.filter(|summary| report.plan.points[summary.point].variant == variant);
        let worst = of_it.max_by(|a, b| severity(a).total_cmp(&severity(b)));
        let Some(figure) = worst.and_then(|summary| detail::figure(report, summary)) else { continue };
        figures.push((super::set::suffix(&report.plan.variants[variant]), figure));
    }
    (figures, all.len().saturating_sub(most))
}

/// How badly a point does: it does not recover, it recovers late, or it fails requests.
fn severity(summary: &Summary) -> f64 {
    let never = summary.never_recovered as f64 / summary.replications.max(1) as f64;
    let late = summary.recovery_s.map_or(0.0, |time| time.estimate).clamp(0.0, 1e6);
    never * 1e9 + late * 10.0 + (1.0 - summary.success_rate.estimate)
}

/// What the time axis is in: the unit, and how many seconds it has.
fn unit_of_time(end: f64) -> (&'static str, f64) {
    match end {
        end if end >= 5.0 * 3600.0 => ("h", 3600.0),
        end if end >= 1800.0 => ("min", 60.0),
        _ => ("s", 1.0),
    }
}

/// The figure of one combination.
fn figure(report: &Report, together: &Together) -> LineFigure {
    let plan = report.plan;
    let points: Vec<usize> = together.summaries.iter().map(|summary| summary.point).collect();
    let end = timelines(together).flat_map(|(_, timeline)| timeline.moments.last()).map(|last| last.to_s);
    let end = end.fold(0.0, f64::max);
    let (unit, scale) = unit_of_time(end);
    let curves = |figure: &dyn Fn(&Moment) -> Option<Interval>, at_end: bool| -> Vec<Line> {
        let line = |(summary, timeline): (&Summary, &TimelineSummary)| {
            let variant = plan.points[summary.point].variant;
            let label = if together.summaries.len() == 1 { String::new() } else { plan.variants[variant].clone() };
            Line {
                label,
                color: variant,
                points: drawn(timeline, figure, at_end, (scale, is_known(summary))),
                ..Line::default()
            }
        };
        timelines(together).map(line).collect()
    };
    let alone = |mut lines: Vec<Line>, name: &str| {
        if let [line] = lines.as_mut_slice() {
            line.label = name.into();
        }
        lines
    };
    let a_unit = |per_second: Interval| report.rates.interval(scaled(per_second, 60.0));
    let mut goodput = alone(curves(&|moment| Some(a_unit(moment.succeeded_per_s)), false), "answered");
    goodput.extend(offered(report, together, scale));
    let retries = together.summaries.iter().any(|summary| summary.attempts_per_request.estimate > 1.0);
    let (unit_of_time, factor) = if slowest(together) < 1.0 { ("ms", 1e3) } else { ("s", 1.0) };
    let second = if retries {
        Panel {
            y: ChartAxis::linear(format!("requests sent, retries included (1/{})", report.rates.name())),
            lines: alone(curves(&|moment| Some(a_unit(moment.sent_per_s)), false), "sent"),
            ..Panel::default()
        }
    } else {
        let most = most_time(plan, together);
        let mean = |moment: &Moment| moment.mean_s.map(|it| scaled(below(it, most), factor));
        Panel {
            y: ChartAxis::linear(format!("mean response time of successes ({unit_of_time})")),
            lines: alone(curves(&mean, false), "response"),
            ..Panel::default()
        }
    };
    let mut panels = vec![
        Panel {
            y: ChartAxis::linear(format!("throughput (successes/{})", report.rates.name())),
            lines: goodput,
            ..Panel::default()
        },
        second,
        Panel {
            y: ChartAxis::linear("requests under way"),
            lines: alone(curves(&|moment| Some(moment.in_flight), true), "under way"),
            ..Panel::default()
        },
    ];
    let shades = shades(plan, together, scale);
    panels.iter_mut().for_each(|panel| panel.stretches.clone_from(&shades));
    LineFigure {
        title: headline(report, together),
        subtitle: method::subtitle(report, &points, &together.place),
        x: ChartAxis::linear(format!("time ({unit})")),
        panels,
        note: note(report, together, !shades.is_empty()),
    }
}

fn timelines<'t>(together: &'t Together) -> impl Iterator<Item = (&'t Summary, &'t TimelineSummary)> {
    together.summaries.iter().filter_map(|&summary| summary.timeline.as_ref().map(|timeline| (summary, timeline)))
}

/// A curve; where there are very many intervals, each of its points is a mean over some.
fn drawn(
    timeline: &TimelineSummary,
    figure: &dyn Fn(&Moment) -> Option<Interval>,
    at_end: bool,
    how: (f64, bool),
) -> Vec<Point> {
    drawn_by_index(timeline, &|index| figure(&timeline.moments[index]), at_end, how)
}

/// The same of a figure that is found by the number of the interval.
fn drawn_by_index(
    timeline: &TimelineSummary,
    figure: &dyn Fn(usize) -> Option<Interval>,
    at_end: bool,
    (scale, is_known): (f64, bool),
) -> Vec<Point> {
    let each = timeline.moments.len().div_ceil(MOST_POINTS).max(1);
    let all: Vec<usize> = (0..timeline.moments.len()).collect();
    let point = |indices: &[usize]| {
        let (first, last) = (&timeline.moments[*indices.first()?], &timeline.moments[*indices.last()?]);
        let x = if at_end { last.to_s } else { (first.from_s + last.to_s) / 2.0 } / scale;
        let known: Vec<Interval> = indices.iter().filter_map(|&index| figure(index)).collect();
        if known.is_empty() {
            return Some(Point::new(x, f64::NAN));
        }
        let mean = |part: fn(&Interval) -> f64| known.iter().map(part).sum::<f64>() / known.len() as f64;
        let (y, low, high) = (mean(|it| it.estimate), mean(|it| it.low), mean(|it| it.high));
        let has_bounds = is_known && low.is_finite() && high.is_finite();
        Some(if has_bounds { Point::with_interval(x, y, low, high) } else { Point::new(x, y) })
    };
    all.chunks(each).filter_map(point).collect()
}

/// Whether the intervals come from enough runs to be drawn.
fn is_known(summary: &Summary) -> bool {
    summary.replications >= method::FEWEST_RUNS
}

/// What users ask for: the first tries of the first variant, where arrivals do not wait for answers and so are those of all.
fn offered(report: &Report, together: &Together, scale: f64) -> Option<Line> {
    let (summary, timeline) = timelines(together).next()?;
    is_open(report, summary).then(|| Line {
        label: offered_label(summary).into(),
        color: SHARED,
        style: Style::Dashed,
        points: drawn(
            timeline,
            &|moment| Some(report.rates.interval(scaled(moment.first_tries_per_s, 60.0))),
            false,
            (scale, is_known(summary)),
        ),
        ..Line::default()
    })
}

/// What the rate of first tries is called: where requests are sent again, that is not all that is sent.
fn offered_label(summary: &Summary) -> &'static str {
    if summary.attempts_per_request.estimate > 1.0 { "offered (first tries)" } else { "offered" }
}

/// Whether arrivals wait for no answer.
fn is_open(report: &Report, summary: &Summary) -> bool {
    let pattern = &report.plan.points[summary.point].load.pattern;
    matches!(pattern, Pattern::Open { .. } | Pattern::Varying { .. } | Pattern::Trace { .. })
}

/// The disturbances of all variants, each once.
fn shades(plan: &Plan, together: &Together, scale: f64) -> Vec<Collapse> {
    let mut shades: Vec<Collapse> = Vec::new();
    for summary in &together.summaries {
        for (from, to, label) in &plan.points[summary.point].load.disturbances {
            let (from_x, to_x) = (from.seconds() / scale, to.seconds() / scale);
            let shade = Collapse { from_x, to_x, label: label.clone(), others: Vec::new() };
            if !shades.contains(&shade) {
                shades.push(shade);
            }
        }
    }
    shades
}

fn slowest(together: &Together) -> f64 {
    let moments = timelines(together).flat_map(|(_, timeline)| &timeline.moments);
    moments.filter_map(|moment| moment.mean_s).map(|mean| mean.estimate).fold(0.0, f64::max)
}

/// The longest time that a success can take, in seconds: until its client gives up; infinite where some client does not, or sends
/// its request again.
fn most_time(plan: &Plan, together: &Together) -> f64 {
    let most = |summary: &&Summary| {
        let load = &plan.points[summary.point].load;
        load.timeout.filter(|_| load.retry.is_none()).map_or(f64::INFINITY, Time::seconds)
    };
    together.summaries.iter().map(most).fold(0.0, f64::max)
}

/// The interval of a mean response time, cut off at the longest time that a response can take. An infinite end, which is not
/// drawn, stays infinite.
fn below(interval: Interval, most: f64) -> Interval {
    let Interval { estimate, low, high } = interval;
    Interval { estimate, low, high: if high.is_finite() { high.min(most.max(estimate)) } else { high } }
}

fn scaled(interval: Interval, factor: f64) -> Interval {
    let Interval { estimate, low, high } = interval;
    Interval { estimate: estimate * factor, low: low * factor, high: high * factor }
}

/// Who recovers, and how fast; what becomes of the peak where nothing is disturbed. Nothing is said to recover that was
/// never broken.
fn headline(report: &Report, together: &Together) -> String {
    let plan = report.plan;
    let summaries = together.summaries.iter();
    let all: Vec<(&Summary, PointRecovery)> =
        summaries.filter_map(|&summary| Some((summary, PointRecovery::of(report, summary)?))).collect();
    let otherwise = || undisturbed(report, together).unwrap_or_else(|| plan.title.clone());
    if all.iter().all(|(_, recovery)| *recovery == PointRecovery::Undisturbed) {
        return otherwise();
    }
    if let [(_, only)] = all.as_slice() {
        return title::fitting([format!("the system {}", fared(only, false))]);
    }
    // Those that fare alike share a clause.
    let mut groups: Vec<(Vec<&str>, &PointRecovery)> = Vec::new();
    for (summary, recovery) in &all {
        let name = plan.variants[plan.points[summary.point].variant].as_str();
        match groups.iter_mut().find(|(_, known)| fared(known, false) == fared(recovery, false)) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], recovery)),
        }
    }
    if let [(_, PointRecovery::Never)] = groups.as_slice() {
        return title::fitting(["no variant recovers".into()]);
    }
    if let [(names, recovery)] = groups.as_slice() {
        return title::fitting([format!("{} variants {}", title::all_of(names.len()), fared(recovery, true))]);
    }
    let clauses = |wanted: &dyn Fn(&PointRecovery) -> bool| {
        let some = groups.iter().filter(|(_, recovery)| wanted(recovery));
        let clause = |(names, recovery): &(Vec<&str>, &PointRecovery)| {
            format!("{} {}", list(names), fared(recovery, names.len() > 1))
        };
        some.map(clause).collect::<Vec<_>>().join("; ")
    };
    let count = |wanted: &dyn Fn(&PointRecovery) -> bool| all.iter().filter(|(_, recovery)| wanted(recovery)).count();
    let (lasting, back) =
        (count(&PointRecovery::lasts), count(&|recovery| matches!(recovery, PointRecovery::After(_))));
    let counted = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 of {} variants {one}", all.len()),
        all_of_them if all_of_them == all.len() => format!("{} variants {many}", title::all_of(number)),
        number => format!("{number} of {} variants {many}", all.len()),
    };
    // What all are counted from is said once.
    let never = count(&|recovery| *recovery == PointRecovery::Never);
    let verbs = |number: usize, one: &'static str, many: &'static str| if number == 1 { one } else { many };
    let clauses_by_number = [
        (never, "never recovers", "never recover"),
        (lasting - never, "does not recover in every run", "do not recover in every run"),
        (back, "recovers", "recover"),
        (count(&PointRecovery::loses_work), "loses work behind the answers", "lose work behind the answers"),
    ];
    let told = clauses_by_number.into_iter().filter(|(number, ..)| *number > 0).enumerate();
    let told = told.map(|(index, (number, one, many))| match index {
        0 => counted(number, one, many),
        _ => format!("{number} {}", verbs(number, one, many)),
    });
    let parts = told.collect::<Vec<_>>().join(", ");
    let mut candidates = vec![clauses(&|_| true), clauses(&PointRecovery::is_broken)];
    if lasting > 0 {
        candidates.push(clauses(&PointRecovery::lasts));
    }
    candidates.push(parts);
    title::fitting(candidates.into_iter().filter(|words| !words.is_empty()))
}

/// What becomes of a variant, as a verb.
fn fared(recovery: &PointRecovery, are_several: bool) -> String {
    let verb = |one: &'static str, many: &'static str| if are_several { many } else { one };
    match recovery {
        PointRecovery::Undisturbed => format!("{} not disturbed", verb("is", "are")),
        PointRecovery::Withstood => format!("{} the disturbance", verb("withstands", "withstand")),
        PointRecovery::Answers { lost, .. } if *lost > 0.0 => {
            let (answers, loses) = (verb("answers", "answer"), verb("loses", "lose"));
            format!("{answers} as before, but {loses} {} of the work behind the answers", finding::share(*lost))
        }
        PointRecovery::Answers { p95_s, .. } => {
            let time = p95_s.map(|time| format!("; the work behind takes {} (p95)", seconds(time)));
            format!("{} as before{}", verb("answers", "answer"), time.unwrap_or_default())
        }
        PointRecovery::After(time) if *time < 0.5 => format!("{} at once", verb("recovers", "recover")),
        PointRecovery::After(time) => format!("{} in {}", verb("recovers", "recover"), seconds(*time)),
        PointRecovery::Partly { never, of } => format!("{} not recover in {never} of {of} runs", verb("does", "do")),
        PointRecovery::Never => format!("never {}", verb("recovers", "recover")),
    }
}

/// What is said where nothing is disturbed: of a load that changes what becomes of its peak, of a steady one whether its
/// requests are answered, and of what is not safe why. None where nothing of that is known.
fn undisturbed(report: &Report, together: &Together) -> Option<String> {
    let plan = report.plan;
    let name = |summary: &Summary| plan.variants[plan.points[summary.point].variant].clone();
    let points: Vec<(String, &Summary)> = together.summaries.iter().map(|&summary| (name(summary), summary)).collect();
    let is_unsafe = |summary: &&Summary| report.state(summary.point).is_some_and(|state| !state.is_safe());
    let are_safe = !together.summaries.iter().any(is_unsafe);
    let first = together.summaries.first()?;
    let is_steady = matches!(plan.points[first.point].load.pattern, Pattern::Open { .. });
    match peak(report, together).filter(|_| !is_steady) {
        Some((title, is_all)) if are_safe || !is_all => Some(title),
        _ if !are_safe => Some(title::of_points(&points, report)),
        _ if is_steady => {
            let share = |summary: &&Summary| summary.success_rate.estimate;
            let least = together.summaries.iter().map(share).fold(1.0, f64::min);
            let rate = report.rates.words(first.throughput_or_least());
            Some(match words::percent(least) {
                all if all == "100 %" => format!("All requests are answered, {rate}"),
                most => format!("{most} of the requests are answered, {rate}"),
            })
        }
        _ => None,
    }
}

/// `At the peak of 4410/s, 1760/s are answered`: what becomes of the highest rate that is offered, and whether that is
/// all of it.
fn peak(report: &Report, together: &Together) -> Option<(String, bool)> {
    let words = |per_second: f64| report.rates.words(per_second * 60.0);
    let first = together.summaries.first()?;
    is_open(report, first).then_some(())?;
    let at_peak = |summary: &Summary| {
        let moments = &summary.timeline.as_ref()?.moments;
        let highest =
            moments.iter().max_by(|a, b| a.first_tries_per_s.estimate.total_cmp(&b.first_tries_per_s.estimate));
        highest.map(|moment| (moment.first_tries_per_s.estimate, moment.succeeded_per_s.estimate))
    };
    let all: Vec<(f64, f64)> = together.summaries.iter().filter_map(|summary| at_peak(summary)).collect();
    let offered = all.first()?.0;
    let answered = || all.iter().map(|(_, answered)| *answered);
    let (least, most) = (answered().fold(f64::INFINITY, f64::min), answered().fold(0.0, f64::max));
    let peak = words(offered);
    let is_all = least >= ALL * offered;
    let title = if is_all {
        format!("All requests are answered at the peak of {peak}")
    } else if most <= least * (1.0 + TIE) {
        format!("At the peak of {peak}, {} are answered", words(least))
    } else {
        format!("At the peak of {peak}, {} to {} are answered", words(least), words(most))
    };
    Some((title, is_all))
}

fn note(report: &Report, together: &Together, has_shades: bool) -> String {
    let length = timelines(together).map(|(_, timeline)| timeline.length.seconds()).next().unwrap_or_default();
    let mut parts = vec![format!("Intervals of {}.", seconds(length))];
    if report.plan.replications > 1 {
        parts.push("Means over replications.".into());
        parts.push(method::intervals(report, "Bands"));
    }
    if has_shades {
        parts.push("Shaded: the disturbance.".into());
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::below;
    use crate::statistics::Interval;

    #[test]
    fn an_infinite_end_stays_infinite() {
        let of = |high: f64| below(Interval { estimate: 2.0, low: 0.0, high }, 30.0).high;
        assert_eq!([3.0, 110.0, f64::INFINITY].map(of), [3.0, 30.0, f64::INFINITY]);
    }
}
