//! Findings in words.

use super::curve::{Curve, More, Turn, is_scattered, number};
use super::reach::{self, Fall};
use super::state::{
    cause, circle, condition, figures, figures_beside, hidden, is_another, limit, rate, share, short_name,
    unsafe_words, why,
};
use crate::experiment::analyse::condition::{Condition, HELD, PointState};
use crate::experiment::analyse::summary::{Summary, in_groups};
use crate::experiment::analyse::words::{self, percent};
use crate::experiment::plan::{Axis, Direction, Plan};
use crate::language::Metric;

/// What follows a value of an axis in a sentence: nothing where the value has a unit of its own.
pub fn unit(axis: &Axis) -> String {
    let has_unit = |text: &str| text.ends_with(|letter: char| letter.is_alphabetic() || letter == '%');
    if axis.path == "load.concurrency" {
        " concurrent".into()
    } else if axis.values.iter().all(|value| has_unit(&value.text)) {
        String::new()
    } else {
        format!(" {}", axis.name)
    }
}

/// The place of a point on an axis: `150 concurrent`, `80/s`, `3 pods`.
pub fn at(plan: &Plan, axis: &Axis, point: usize) -> String {
    place(axis, plan.points[point].at.first().map_or("", |&value| axis.values[value].text.as_str()))
}

/// The place of a value as it is written on an axis: `150 concurrent`, `80/s`, `3 pods`, `spike = 2`.
pub fn place(axis: &Axis, text: &str) -> String {
    let unit = unit(axis);
    // `3 pods` is English, `3 spike` and `20 max_connections` are not.
    let is_count = axis.name.ends_with('s') && !axis.name.contains('_');
    let is_name = unit.strip_prefix(' ') == Some(&axis.name) && !is_count;
    if is_name || axis.direction() == Direction::Neither && axis.name != axis.label {
        return format!("{} = {text}", axis.name);
    }
    match (text, unit.strip_suffix('s')) {
        ("1", Some(one)) => format!("1{one}"),
        _ => format!("{text}{unit}"),
    }
}

/// What a sweep says of one variant: the answer first, then what happens beyond, then why.
pub(super) fn lines(
    curve: &Curve,
    variant: usize,
    place: &str,
    turn: Option<&Turn>,
    fall: Option<&Fall>,
) -> Vec<String> {
    let plan = curve.plan;
    let name = match (plan.variants.len(), place) {
        (1, "") => String::new(),
        (1, place) => format!("{place}: "),
        (_, "") => format!("{}: ", plan.variants[variant]),
        (_, place) => format!("{} ({place}): ", plan.variants[variant]),
    };
    let Some(&(last, state)) = curve.known.last() else {
        let mut lines = doubts(curve);
        if lines.is_empty() {
            lines.push("no figures".into());
        }
        lines[0] = format!("{name}{}", lines[0]);
        return lines;
    };
    let Some(axis) = curve.axis else {
        let said = condition(last, state, curve.rates);
        let beside = figures_beside(last, state, curve, &said);
        let figures = if beside.is_empty() { beside } else { format!(": {beside}") };
        let mut lines = vec![format!("{name}{said}{figures}{}", limit(last))];
        if !state.is_safe() {
            lines.push(why(last));
        }
        lines.extend(tail(last, None));
        return lines;
    };
    let mut lines = match (turn, axis.direction()) {
        (None, Direction::Capacity) => {
            let fewest = curve.known[0].0;
            let fewest_is = place_is(axis, text(plan, axis, fewest.point));
            vec![format!("{fewest_is} enough ({})", figures(fewest, curve))]
        }
        (None, _) if fall.is_some() => vec![safe_up_to(curve, axis, last, fall)],
        (None, _) => {
            let best = curve
                .known
                .iter()
                .map(|(summary, _)| *summary)
                .max_by(|a, b| a.throughput_or_least().total_cmp(&b.throughput_or_least()));
            let best = best.unwrap_or(last);
            let most = rate(best, curve.rates);
            let are_equal = curve.known.iter().all(|(summary, _)| rate(summary, curve.rates) == most);
            let most = match are_equal {
                // More may be served where it is not known whether that is safe.
                _ if curve.known.len() == 1 || !curve.doubtful.is_empty() => String::new(),
                // So may a heavier load.
                _ if axis.direction() == Direction::Load && best.point == last.point => String::new(),
                true => format!("; {most} at every value"),
                false => format!("; at most {most} at {}", at(plan, axis, best.point)),
            };
            let (figures, limit) = (figures(last, curve), limit(best));
            vec![match axis.direction() {
                Direction::Neither if curve.known.len() > 1 => {
                    let all = stretch(plan, axis, &curve.known);
                    format!("safe at {all} (at {}: {figures}){most}{limit}", text(plan, axis, last.point))
                }
                Direction::Neither => format!("safe at {} ({figures}){limit}", at(plan, axis, last.point)),
                _ => safe_places(curve, axis, last, &figures) + &most + &limit,
            }]
        }
        (Some(turn), Direction::Capacity) => capacity(curve, axis, turn),
        (Some(_), _) => load(curve, axis, fall),
    };
    lines.extend(less(curve, axis));
    lines.extend(curve.known.iter().find_map(|(summary, _)| tail(summary, Some(&at(plan, axis, summary.point)))));
    if let Some(first) = lines.first_mut() {
        *first = format!("{name}{first}");
    }
    lines.extend(doubts(curve));
    lines
}

/// A line for each point that has no condition: what is safe around it says nothing of it.
fn doubts(curve: &Curve) -> Vec<String> {
    let line = |summary: &&Summary| {
        let doubt = summary.doubt.as_ref()?;
        let (what, place) = match curve.axis {
            None => return Some(format!("no verdict: {}", doubt.reason())),
            Some(axis) if !doubt.is_of_health() => ("no verdict", at(curve.plan, axis, summary.point)),
            Some(axis) if axis.direction() == Direction::Capacity => {
                ("not known to be enough", at(curve.plan, axis, summary.point))
            }
            Some(axis) => ("not known to be safe", at(curve.plan, axis, summary.point)),
        };
        Some(format!("{what} at {place}: {}", doubt.reason()))
    };
    curve.doubtful.iter().filter_map(line).collect()
}

/// The safe point with the lowest goodput relative to a lower load, if it is below nine tenths.
fn less(curve: &Curve, axis: &Axis) -> Option<String> {
    let goodput =
        |(_, state): &(&Summary, &PointState)| state.goodput.filter(|it| state.is_safe() && it.least() < HELD);
    let points = curve.known.iter().filter_map(|point| Some((point.0, goodput(point)?)));
    let (summary, held) = points.min_by(|a, b| a.1.least().total_cmp(&b.1.least()))?;
    let place = at(curve.plan, axis, summary.point);
    let cause = cause(summary);
    Some(match held.groups.and_then(|groups| in_groups(groups, share)) {
        Some(groups) => {
            format!("throughput at {place} is {groups} (relative to the best at a lower load): {cause}")
        }
        None => format!("throughput at {place} is {} of the best at a lower load: {cause}", share(held.all)),
    })
}

/// The cause of the far tail, if it is not an ordinary wait.
fn tail(summary: &Summary, place: Option<&str>) -> Option<String> {
    let tail = summary.tail.as_ref().filter(|tail| !tail.kind.is_ordinary())?;
    let time = words::time(summary.metric(Metric::P999S)?.estimate);
    let place = place.map_or_else(String::new, |place| format!(" at {place}"));
    Some(format!("p99.9{place} is {time}: {}", tail.sentence))
}

/// `safe up to 30/s (499/min)`: at every value up to that of a point, each of which is known. Where it is not known of one
/// below, which are: `safe at 20/s to 30/s (at 30/s: 499/min), not known at 10/s`.
fn safe_places(curve: &Curve, axis: &Axis, last: &Summary, figures: &str) -> String {
    let stretches = curve.up_to(axis, last);
    let place = at(curve.plan, axis, last.point);
    if stretches.iter().all(|stretch| stretch.is_safe) {
        return format!("safe up to {place} ({figures})");
    }
    let places = |is_safe: bool| {
        let chosen = stretches.iter().filter(|stretch| stretch.is_safe == is_safe);
        reach::places(axis, chosen.map(|stretch| (stretch.from, stretch.to)))
    };
    let (safe, unknown) = (places(true), places(false));
    let of = if safe == place { String::new() } else { format!("at {}: ", text(curve.plan, axis, last.point)) };
    format!("safe at {safe} ({of}{figures}), not known at {unknown}")
}

/// Up to which value it is safe: `safe up to 125 concurrent (499/min, 100 % success, p95 21.63 s)`. Where throughput falls
/// on the way, that comes first: a load test that answers every request, ever more slowly, has found a limit.
fn safe_up_to(curve: &Curve, axis: &Axis, safe: &Summary, fall: Option<&Fall>) -> String {
    let plan = curve.plan;
    let place = at(plan, axis, safe.point);
    let Some(fall) = fall else {
        return safe_places(curve, axis, safe, &format!("{}{}", figures(safe, curve), limit(safe)));
    };
    let value = number(plan, axis, safe.point);
    let up_to = curve.known.iter().take_while(|(summary, _)| number(plan, axis, summary.point) <= value);
    let met = match up_to.into_iter().all(|(summary, _)| summary.success_rate.estimate == 1.0) {
        true => "all requests succeed",
        false => "the objectives are met",
    };
    let falls = reach::falls(fall, axis, curve.rates);
    format!("{falls}; {met} up to {place} ({}{})", figures(safe, curve), limit(safe))
}

/// Up to which load it is safe, what happens at the next point, and what is left of it at the last one.
fn load(curve: &Curve, axis: &Axis, fall: Option<&Fall>) -> Vec<String> {
    let plan = curve.plan;
    let points = curve.light_to_heavy();
    let Some(first) = points.iter().position(|(_, state)| !state.is_safe()) else { return Vec::new() };
    let (summary, state) = points[first];
    let place = at(plan, axis, summary.point);
    let is_odd = !reach::is_up_to(&curve.stretches()) && curve.known.iter().any(|(_, state)| state.is_safe());
    if axis.direction() == Direction::Neither && is_odd {
        return beyond(curve, axis);
    }
    let mut lines = Vec::new();
    match first.checked_sub(1).map(|index| points[index]) {
        None if axis.direction() == Direction::Neither || curve.improves() => return nowhere(curve, axis),
        None if curve.is_in_doubt_before(summary) => lines.push(format!("not safe at {place}")),
        None => lines.push(format!("not safe even at {place}, the lowest value tested")),
        Some((safe, state)) => {
            lines.push(safe_up_to(curve, axis, safe, fall));
            if points.iter().any(|(_, state)| state.condition.is_loss()) {
                lines.push(hidden(state));
            }
        }
    }
    lines.push(format!("at {place}: {}", condition(summary, state, curve.rates)));
    let later = points[first + 1..].iter().find(|(_, later)| later.condition < state.condition);
    let later = later.map(|(worse, state)| {
        (worse, format!("at {}: {}", at(plan, axis, worse.point), unsafe_words(worse, state, curve.rates)))
    });
    match later {
        Some((worse, words)) if is_another(summary, worse) => lines.extend([why(summary), words, why(worse)]),
        later => lines.extend(later.map(|(_, words)| words).into_iter().chain([why(summary)])),
    }
    // What the worst point shows is its own reason.
    let worst = worst(&points);
    if let (None, Some((deadlock, _))) = (&summary.deadlock, &worst.deadlock) {
        lines.push(format!("at {}: {}", at(plan, axis, worst.point), circle(deadlock)));
    }
    lines
}

/// Where no value is safe, and none is the lightest: the best by what is missed, and what happens at each.
fn nowhere(curve: &Curve, axis: &Axis) -> Vec<String> {
    let mut lines = vec![format!("not safe at any value of {} that was tested{}", axis.name, best(curve, axis))];
    lines.extend(not_safe(curve, axis, &curve.known));
    lines
}

/// The best of values of which none is safe: by the success rate, or by the figure that all of them miss another objective
/// on. Empty where all have the same.
fn best(curve: &Curve, axis: &Axis) -> String {
    let missed = || curve.known.iter().map(|(_, state)| state.missed.filter(|_| state.condition == Condition::Slow));
    let objective = missed().next().flatten().filter(|first| missed().all(|other| other == Some(*first)));
    let metric = objective.map_or(Metric::SuccessRate, |objective| objective.metric());
    let is_lowest = objective.is_some_and(|objective| !objective.is_at_least());
    let figure = |summary: &Summary| Some(summary.metric(metric)?.estimate).filter(|figure| figure.is_finite());
    let figures = curve.known.iter().filter_map(|(summary, _)| Some((*summary, figure(summary)?)));
    let ahead =
        |a: &(&Summary, f64), b: &(&Summary, f64)| if is_lowest { b.1.total_cmp(&a.1) } else { a.1.total_cmp(&b.1) };
    let Some((best, most)) = figures.clone().max_by(ahead) else { return String::new() };
    let said = |figure: f64| match metric {
        Metric::SuccessRate => percent(figure),
        _ => words::amount(figure, metric, curve.rates),
    };
    if curve.known.len() > 1 && figures.clone().all(|(_, figure)| said(figure) == said(most)) {
        return String::new();
    }
    let superlative = if is_lowest { "lowest" } else { "highest" };
    // A point that is in doubt may have a better one.
    let of = if curve.doubtful.is_empty() { "" } else { ", of those with a verdict," };
    let (name, is) = (short_name(metric), metric.agree("is", "are"));
    format!("; the {superlative} {name}{of} {is} {} at {}", said(most), at(curve.plan, axis, best.point))
}

/// What happens at these points, which are not safe: a line for each condition, with its reason.
fn not_safe(curve: &Curve, axis: &Axis, points: &[(&Summary, &PointState)]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let alike = points.chunk_by(|a, b| a.1.condition == b.1.condition && !is_another(a.0, b.0));
    for points in alike {
        let (summary, state) = points[0];
        let words = condition(summary, state, curve.rates);
        let place = match points {
            [_] => String::new(),
            _ => format!("at {}, ", text(curve.plan, axis, summary.point)),
        };
        lines.push(format!("not at {}: {place}{words}", stretch(curve.plan, axis, points)));
        let why = why(summary);
        if !lines.contains(&why) {
            lines.push(why);
        }
    }
    lines
}

/// The values of neighbouring points: `1s`, `1s to 3s`.
fn stretch(plan: &Plan, axis: &Axis, points: &[(&Summary, &PointState)]) -> String {
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    match points.len() {
        1 => at(plan, axis, first.point),
        _ => format!("{} to {}", at(plan, axis, first.point), text(plan, axis, last.point)),
    }
}

/// On an axis that is neither load nor capacity, where the smallest value is not safe and a larger one is, or values that
/// are not safe lie between others that are.
fn beyond(curve: &Curve, axis: &Axis) -> Vec<String> {
    let place = |points: &[(&Summary, &PointState)]| stretch(curve.plan, axis, points);
    let (safe, not): (Vec<_>, Vec<_>) = curve.groups().partition(|points| points[0].1.is_safe());
    let mut lines: Vec<String> = Vec::new();
    lines.extend(safe.iter().map(|points| {
        let first = points[0].0;
        format!("safe at {} ({}{})", place(points), figures(first, curve), limit(first))
    }));
    lines.extend(not.iter().flat_map(|points| not_safe(curve, axis, points)));
    lines
}

/// How much capacity is enough, and what the next smaller one gives.
fn capacity(curve: &Curve, axis: &Axis, turn: &Turn) -> Vec<String> {
    let plan = curve.plan;
    let points = curve.light_to_heavy();
    let Some(first) = points.iter().position(|(_, state)| !state.is_safe()) else { return Vec::new() };
    if is_scattered(&curve.stretches()) {
        return scattered(curve, axis);
    }
    let (summary, state) = points[first];
    let place_is = |summary: &Summary| place_is(axis, text(plan, axis, summary.point));
    let Some((enough, _)) = first.checked_sub(1).map(|index| points[index]) else {
        let not = format!("{} not enough: {}", place_is(summary), condition(summary, state, curve.rates));
        let harmed = matches!(turn.more, More::Harms(_)).then(|| nothing_is_enough(curve, axis));
        return harmed.unwrap_or_else(|| vec![not, why(summary)]);
    };
    let all = points[..first].iter().rev().map(|(summary, _)| *summary).find(|it| it.success_rate.estimate > 0.995);
    let more = all.filter(|_| enough.success_rate.estimate <= 0.995).map_or_else(String::new, |all| {
        let reach = if be(axis, text(plan, axis, all.point)) == "are" { "reach" } else { "reaches" };
        format!("; {} {reach} {} success", at(plan, axis, all.point), percent(all.success_rate.estimate))
    });
    let sure = format!("{} enough ({}){more}", place_is(enough), figures(enough, curve));
    let not = format!("{} not: {}", place_is(summary), condition(summary, state, curve.rates));
    let worse = points[first + 1..].iter().find(|(_, later)| later.condition < state.condition);
    let worse = worse.map(|(worse, state)| {
        format!("at {}: {}", at(plan, axis, worse.point), unsafe_words(worse, state, curve.rates))
    });
    [Some(sure), Some(not), worse, Some(why(summary))].into_iter().flatten().collect()
}

/// Where no value is enough and more capacity does harm: what is best, and what becomes of each.
fn nothing_is_enough(curve: &Curve, axis: &Axis) -> Vec<String> {
    let mut lines = vec![format!("no value of {} that was tested is enough{}", axis.name, best(curve, axis))];
    lines.extend(not_safe(curve, axis, &curve.known));
    lines
}

/// Where more capacity does harm: which values are enough, and what becomes of those that are not.
fn scattered(curve: &Curve, axis: &Axis) -> Vec<String> {
    let plan = curve.plan;
    let are = |points: &[(&Summary, &PointState)]| {
        let (first, last) = (points[0].0, points[points.len() - 1].0);
        match points.len() {
            1 => place_is(axis, text(plan, axis, first.point)),
            _ => place_is(axis, &format!("{} to {}", text(plan, axis, first.point), text(plan, axis, last.point))),
        }
    };
    let (enough, short): (Vec<_>, Vec<_>) = curve.groups().partition(|points| points[0].1.is_safe());
    let mut lines: Vec<String> = enough
        .iter()
        .map(|points| {
            let first = points[0].0;
            let place = if points.len() > 1 { format!("{}: ", text(plan, axis, first.point)) } else { String::new() };
            format!("{} enough ({place}{})", are(points), figures(first, curve))
        })
        .collect();
    lines.extend(short.iter().map(|points| {
        let (summary, state) = points[0];
        let place = if points.len() > 1 { format!(" at {}", text(plan, axis, summary.point)) } else { String::new() };
        format!("{} not: {}{place}", are(points), condition(summary, state, curve.rates))
    }));
    let last = short.last().map(|points| points[0].0);
    lines.extend(last.map(why));
    lines
}

/// A value of the axis as it is written, without a unit.
fn text<'a>(plan: &Plan, axis: &'a Axis, point: usize) -> &'a str {
    plan.points[point].at.first().map_or("", |&value| axis.values[value].text.as_str())
}

/// `are` after several countable things (`3 pods`), else `is`: `1 pod`, `max_size = 20`, `500m`.
pub fn be(axis: &Axis, text: &str) -> &'static str {
    let place = place(axis, text);
    let is_one = text == "1" || place == text || place.contains(" = ");
    if is_one { "is" } else { "are" }
}

/// `3 pods are`, `1 pod is`, `max_size = 20 is`.
fn place_is(axis: &Axis, text: &str) -> String {
    format!("{} {}", place(axis, text), be(axis, text))
}

/// The point whose condition is worst.
fn worst<'a>(points: &[(&'a Summary, &'a PointState)]) -> &'a Summary {
    let worst = points.iter().min_by_key(|(summary, state)| (state.condition, summary.point));
    worst.map_or_else(|| points[0].0, |(summary, _)| *summary)
}
