//! A dossier in words, with a table and a tree.

use super::super::number::{seconds, short};
use super::super::paragraph::{count, joined, paragraph};
use super::super::table::{self, Column};
use super::super::trace;
use crate::experiment::analyse::words;
use crate::experiment::plan::Plan;
use crate::experiment::run::dossier::{Around, Dossier, GoodputFall, Tipping};
use crate::kernel::Time;
use crate::parts::{Levels, PlaceKind, WaitGraph, WaitGroup, WaitNode};

/// Endpoints that are named in a sentence.
const MOST_NAMES: usize = 3;

/// Groups that wait for the first node of a chain and hold something else, at most, that have a sentence.
const MOST_OUTSIDE: usize = 2;

/// The dossier for a terminal.
pub fn dossier(plan: &Plan, dossier: &Dossier, width: Option<usize>) -> String {
    let mut text = paragraph("dossier   ", &headline(plan, dossier), width);
    for sentence in sentences(plan, dossier).iter().skip(1) {
        text.push_str(&paragraph("          ", sentence, width));
    }
    text.push('\n');
    text.push_str(&table::table(around(dossier), &[]));
    if let Some((which, tree)) = request(dossier, width) {
        text.push('\n');
        text.push_str(&paragraph("request   ", &which, width));
        text.push_str(&tree);
    }
    text
}

/// What happens at which moment: the finding.
pub fn headline(plan: &Plan, dossier: &Dossier) -> String {
    format!("{}: {}", words::place(plan, dossier.point), finding(dossier))
}

pub(super) fn finding(dossier: &Dossier) -> String {
    match (dossier.moment.tipping, &dossier.moment.fall) {
        (Tipping::Circle, _) => format!("a circle of waits that nothing opens closes at {}", clock(dossier.moment.at)),
        (Tipping::Fall, Some(fall)) => falls(fall),
        (Tipping::Fall | Tipping::Never, _) if dossier.graph.is_circle && dossier.graph.is_complete => {
            "a circle of waits closes that only time-outs open, and goodput does not fall to a lower level".into()
        }
        (Tipping::Fall | Tipping::Never, _) => {
            "no circle of waits closes, and goodput does not fall to a lower level".into()
        }
    }
}

/// `goodput falls from 50/s to 3/s at 141 s and is back at 180 s`.
fn falls(fall: &GoodputFall) -> String {
    let back = fall.back.map_or_else(String::new, |back| format!(" and is back at {}", clock(back)));
    format!(
        "goodput falls from {}/s to {}/s at {}{back}",
        short(fall.before_per_s),
        short(fall.after_per_s),
        clock(fall.at)
    )
}

/// A time since the start, in the unit of all other times of a dossier.
pub(super) fn clock(time: Time) -> String {
    seconds(time.seconds())
}

/// All that is said: the finding first.
pub fn sentences(plan: &Plan, dossier: &Dossier) -> Vec<String> {
    let mut all = vec![format!("{}.", headline(plan, dossier)), uncertainty(dossier)];
    if let (Tipping::Circle, Some(fall)) = (dossier.moment.tipping, &dossier.moment.fall) {
        all.push(format!("In this replication {}.", falls(fall)));
    }
    all.extend(waits(&dossier.graph));
    all.extend(waste(dossier));
    all
}

/// When the other runs tip.
fn uncertainty(dossier: &Dossier) -> String {
    let moment = &dossier.moment;
    let shown = format!("Shown is replication {}", moment.replication + 1);
    let what = match moment.tipping {
        Tipping::Circle => "Such a circle closes".into(),
        Tipping::Fall => "Goodput falls".to_owned(),
        Tipping::Never => {
            let of = if moment.of == 1 { "this run".into() } else { format!("any of {}", runs(moment.of)) };
            return format!("Goodput does not fall to a lower level in {of}. {shown}, in its middle.");
        }
    };
    let Some(interval) = moment.seconds else { return format!("{shown}.") };
    let (is_same, each) = (interval.low == interval.high, seconds(interval.estimate));
    let range = format!("{} to {}", seconds(interval.low.max(0.0)), seconds(interval.high));
    match moment.runs {
        tip if is_same => {
            let each_time = if tip == 1 { "" } else { "each time " };
            format!("{what} in {tip} of {}, {each_time}{each} after the start. {shown}.", runs(moment.of))
        }
        1 => format!("{what} in 1 of {}; 95 % interval of the moment: {range}. {shown}.", runs(moment.of)),
        tip => format!(
            "{what} in {tip} of {}, {each} after the start on average (95 % interval {range}). {shown}.",
            runs(moment.of),
        ),
    }
}

fn runs(number: u32) -> String {
    count(number as usize, "run")
}

/// Who holds what and waits for what, along the path.
fn waits(graph: &WaitGraph) -> Vec<String> {
    let Some(&first) = graph.path.first() else { return vec!["No request waits for another one then.".into()] };
    let mut all = Vec::new();
    if !graph.is_circle {
        let node = &graph.nodes[first];
        let waiting = count(node.waiting as usize, "request");
        all.push(format!("At {} most wait for {}: {waiting}{}.", clock(graph.at), node.name, in_use(node)));
    }
    if !graph.is_circle {
        let holders = graph.outside().filter(|group| !group.holds.is_empty());
        all.extend(holders.take(MOST_OUTSIDE).map(|group| step(graph, group.holds[0], group.waits_for, &[group])));
    }
    for (place, &from) in graph.path.iter().enumerate() {
        let Some(to) = graph.next(place) else { break };
        let groups: Vec<&WaitGroup> = graph.between(from, to).collect();
        all.push(step(graph, from, to, &groups));
    }
    let steps = graph.path.iter().enumerate().filter_map(|(place, &from)| Some((from, graph.next(place)?)));
    let groups: Vec<&WaitGroup> = steps.flat_map(|(from, to)| graph.between(from, to)).collect();
    let (number, limited) = groups.iter().fold((0, 0), |sum, group| (sum.0 + group.count, sum.1 + group.limited));
    if graph.is_circle {
        all.push(match (graph.is_complete, limited) {
            (true, 0) => "This is a circle: each waits for another one of them, and no time-out ends it.".into(),
            (true, _) if limited == number => "This is a circle: each waits for another one of them until a time-out ends its wait.".into(),
            (true, _) => format!("This is a circle: each waits for another one of them; a time-out ends the waits of {limited} of {number}."),
            (false, _) => "The waits lead back to where they began; holders that can continue keep it open.".into(),
        });
        let outside: u32 = graph.outside().map(|group| group.count).sum();
        if outside > 0 {
            let unit = match graph.path[..] {
                [only] => graph.nodes[only].unit.as_deref().unwrap_or(&graph.nodes[only].name),
                _ => "one of these",
            };
            let (waits, holds) = if outside == 1 { ("waits", "holds") } else { ("wait", "hold") };
            let more = count(outside as usize, "more request");
            all.push(format!("{more} {waits} for {unit} and {holds} none."));
        }
    }
    all
}

/// `20 requests of shop.order hold a connection of shop pool auth (20 of 20 in use) and wait for another one.`
fn step(graph: &WaitGraph, from: usize, to: usize, groups: &[&WaitGroup]) -> String {
    let number: u32 = groups.iter().map(|group| group.count).sum();
    let holder = &graph.nodes[from];
    let mut endpoints: Vec<String> = Vec::new();
    for group in groups.iter().filter(|group| !group.endpoint.is_empty()) {
        if !endpoints.contains(&group.endpoint) {
            endpoints.push(group.endpoint.clone());
        }
    }
    let of = match endpoints.len() {
        0 => String::new(),
        1..=MOST_NAMES => format!(" of {}", joined(&endpoints, "and")),
        more => format!(" of {} endpoints", more),
    };
    let is_one = number == 1;
    let verb = if is_one { "holds" } else { "hold" };
    let unit = holder.unit.as_deref().unwrap_or(&holder.name);
    let by_call = groups.iter().all(|group| group.by_call);
    let doing = doing(&graph.nodes[to], is_one, from == to, by_call);
    format!("{}{of} {verb} {unit}{} and {doing}.", count(number as usize, "request"), in_use(holder))
}

fn waits_verb(is_one: bool) -> &'static str {
    if is_one { "waits" } else { "wait" }
}

/// What those do who have come to a node.
pub(super) fn doing(node: &WaitNode, is_one: bool, is_same: bool, by_call: bool) -> String {
    let (waits, are) = (waits_verb(is_one), if is_one { "is" } else { "are" });
    let name = &node.name;
    let unit = node.unit.as_deref().filter(|_| !is_same).unwrap_or("another one");
    match node.kind {
        _ if by_call => format!("{waits} for a call that holds {unit}"),
        // A request that blocks its loop waits for its own call, which needs a turn of that loop.
        Some(PlaceKind::EventLoops) if is_same => format!("{waits} for a call that needs one"),
        _ if node.unit.is_some() => format!("{waits} for {unit}"),
        Some(PlaceKind::Network) => format!("{are} on the way ({name})"),
        Some(PlaceKind::BackOff | PlaceKind::ClientBackOff | PlaceKind::Hedge) => format!("{waits} in {name}"),
        Some(PlaceKind::Backlog) => {
            format!("{} SYNs again to {name}, which is full", if is_one { "sends" } else { "send" })
        }
        Some(PlaceKind::Cache) => format!("{waits} for another request's fetch for {name}"),
        Some(PlaceKind::Delay) => format!("{are} busy in {name}"),
        _ if node.serves => format!("{are} served by {name}"),
        _ => format!("{waits} for {name}"),
    }
}

/// ` (20 of 20 in use)`; empty of what cannot be held.
fn in_use(node: &WaitNode) -> String {
    let place = node.place.as_ref().map_or_else(String::new, |place| format!(", in {place}"));
    node.size.map_or_else(String::new, |size| format!(" ({} of {size} in use{place})", node.held))
}

/// What work is wasted, and how often requests are sent again.
fn waste(dossier: &Dossier) -> Option<String> {
    let at = dossier.moment.at;
    let before = dossier.around.iter().rfind(|around| around.levels.at <= at)?;
    let last = dossier.around.last()?;
    if last.levels.abandoned == 0 && last.sent_again_per_s == 0.0 {
        return None;
    }
    let is_sent_again = before.sent_again_per_s + last.sent_again_per_s > 0.0;
    let then = |around: &Around| {
        let Levels { at, abandoned, handlers, .. } = around.levels;
        let work = format!("{}, {abandoned} of {handlers} handlers work for clients that have gone", clock(at));
        match around.sent_again_per_s {
            _ if !is_sent_again => work,
            0.0 => format!("{work}, and no request is sent again"),
            rate => format!("{work}, and {} requests/s are sent again", short(rate)),
        }
    };
    Some(format!("At {}; at {}.", then(before), then(last)))
}

/// What happens around the moment, a row for each time.
pub fn around(dossier: &Dossier) -> Vec<Column> {
    let rows = &dossier.around;
    let figures = |heading: &str, of: &dyn Fn(&Around) -> String| {
        Column::figures(heading, rows.iter().map(of).collect::<Vec<_>>())
    };
    let rate = |value: f64| short(value);
    let mut columns = vec![
        figures("time", &|row| clock(row.levels.at)),
        figures(if dossier.moment.tipping == Tipping::Never { "from the middle" } else { "from tipping" }, &|row| {
            offset(row.levels.at, dossier.moment.at)
        }),
        figures("successes/s", &|row| rate(row.succeeded_per_s)),
    ];
    if rows.iter().any(|row| row.failed_per_s + row.given_up_per_s > 0.0) {
        columns.push(figures("failures/s", &|row| rate(row.failed_per_s)));
        columns.push(figures("given up/s", &|row| rate(row.given_up_per_s)));
    }
    if rows.iter().any(|row| row.sent_again_per_s > 0.0) {
        columns.push(figures("retries/s", &|row| rate(row.sent_again_per_s)));
    }
    columns.push(figures("in flight", &|row| row.levels.in_flight.to_string()));
    if rows.iter().any(|row| row.levels.abandoned > 0) {
        columns.push(figures("wasted handlers", &|row| format!("{} of {}", row.levels.abandoned, row.levels.handlers)));
    }
    for &node in &dossier.graph.path {
        let name = &dossier.graph.nodes[node].name;
        let of = |row: &Around| row.levels.units.iter().find(|unit| unit.0 == *name).cloned();
        if rows.iter().all(|row| of(row).is_none()) {
            continue;
        }
        let heading = match dossier.graph.nodes[node].place {
            Some(_) => format!("free in all: {name}"),
            None => format!("free: {name}"),
        };
        columns.push(figures(&heading, &|row| {
            of(row).map_or_else(String::new, |(_, used, size, _)| format!("{} of {size}", size.saturating_sub(used)))
        }));
    }
    columns
}

fn offset(time: Time, from: Time) -> String {
    match time.seconds() - from.seconds() {
        0.0 => "0 s".into(),
        later if later > 0.0 => format!("+{}", seconds(later)),
        earlier => format!("-{}", seconds(-earlier)),
    }
}

/// Which request is shown, and its tree.
pub fn request(dossier: &Dossier, width: Option<usize>) -> Option<(String, String)> {
    let seen = dossier.request.as_ref()?;
    let start = seen.trace.spans.first()?.start;
    let which = match (dossier.moment.tipping, dossier.graph.path.first()) {
        (Tipping::Circle, _) => "the request that closed the circle".into(),
        (_, Some(&first)) => {
            format!("the request that had then waited longest for {}", dossier.graph.nodes[first].name)
        }
        (_, None) => "a request of that moment".to_owned(),
    };
    let cut = seen.cut.map_or_else(String::new, |cut| format!(", shown up to {}", clock(cut)));
    let which = format!("{which}: sent at {}{cut}", clock(start));
    Some((which, trace::of_trace(&seen.trace, "", width)))
}
