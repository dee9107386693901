//! One point at length: its figures, and every resource with its use, its queue and its wait.

use super::headroom::Headroom;
use super::lower;
use super::metric::says_something;
use super::number::{Form, MOST_DECIMALS, decimals, grouped, seconds, short, time_unit};
use super::paragraph::paragraph;
use super::recovery::PointRecovery;
use super::results::keys;
use super::sheet::{Cell, Row};
use super::table::{self, Column};
use super::whole::Report;
use crate::experiment::analyse::culprit::CulpritKind;
use crate::experiment::analyse::finding;
use crate::experiment::analyse::summary::{Growth, ResourceMean, Summary, in_groups};
use crate::experiment::analyse::words;
use crate::experiment::plan::Plan;
use crate::metric::{Metric, MetricKind};
use crate::parts::ResourceKind;
use crate::statistics::Interval;

/// `queue still growing at 3.1 requests/s (2.9 to 3.3), so response times have no mean`; none where nothing grows.
pub(super) fn growing(growth: &Growth) -> Option<String> {
    let (what, unit, times) = match growth.requests {
        Some(_) => ("queue", " requests", "response times"),
        None => ("work behind the answers", "", "completion times"),
    };
    let Interval { estimate, low, high } = growth.any()?;
    let (shown, per) = words::slow_rate(estimate);
    let [estimate, low, high] = [estimate, low, high].map(|rate| short(rate * shown / estimate));
    Some(format!("{what} still growing at {estimate}{unit}/{per} ({low} to {high}), so {times} have no mean"))
}

/// A metric's name at the head of its line; a percentile of what has a line of its own stands below it, set in.
fn line_name(metric: Metric) -> String {
    match (metric.kind(), metric.short().rsplit_once(' ')) {
        (MetricKind::Quantile(_), Some((_, percentile))) => format!("  {percentile}"),
        _ => metric.short().to_owned(),
    }
}

/// Share of the work behind the answers that has not ended from which it is said.
const WORTH_SAYING: f64 = 0.02;

/// Out of the answers, the share that is not completed within the window: their work is under way, waits, or is lost.
fn still_open(summary: &Summary) -> f64 {
    let rate = |metric: Metric| summary.metric(metric).map(|rate| rate.estimate);
    let of = rate(Metric::CompletedPerMin).zip(rate(Metric::ThroughputPerMin)).filter(|&(_, answers)| answers > 0.0);
    of.map_or(0.0, |(completed, answers)| 1.0 - completed / answers)
}

/// The point's figures, one a line, with their 95 % intervals.
pub fn headline(report: &Report, summary: &Summary, width: Option<usize>) -> String {
    let mut text = String::new();
    if let Some(state) = report.state(summary.point) {
        let condition = finding::condition(summary, state, report.rates);
        text.push_str(&labelled("condition", &format!("{condition}{}", lower::caveat(report, summary, state)), width));
    } else if let Some(doubt) = &summary.doubt {
        text.push_str(&labelled("condition", &format!("not known: {}", doubt.reason()), width));
    }
    let by_success = match report.plan.points[summary.point].load.knows_usual() {
        true => "",
        false => "; by success alone, since no time before the disturbance tells what response times are usual",
    };
    for metric in Metric::ALL {
        let name = line_name(metric);
        if metric == Metric::RecoveryS
            && let Some(recovery) = PointRecovery::of(report, summary).filter(|recovery| !recovery.is_broken())
        {
            let why = match recovery {
                PointRecovery::Undisturbed => "nothing disturbs this point".to_owned(),
                PointRecovery::Answers { lost, p95_s } => {
                    // What has failed has ended.
                    let open = still_open(summary) - lost;
                    let (fate, which) = match (lost > 0.0, open >= WORTH_SAYING) {
                        (false, false) => ("all of the work behind them completes".into(), "it"),
                        (true, false) => (format!("{} of the work behind them is lost", finding::share(lost)), "it"),
                        (_, true) => (
                            format!("{} of the work behind them has not ended in the window", finding::share(open)),
                            "what has ended",
                        ),
                    };
                    let time = p95_s.map(|time| format!(", and {which} takes {} (p95)", words::time(time)));
                    format!("the answers stay in their usual range; {fate}{}", time.unwrap_or_default())
                }
                _ if !by_success.is_empty() => format!("the success rate stays in its range{by_success}"),
                _ => "success and response times stay in their usual range".into(),
            };
            text.push_str(&labelled(&name, &format!("none needed: {why}"), width));
            continue;
        }
        let Some(interval) = summary.metric(metric) else { continue };
        let is_count = matches!(metric.kind(), MetricKind::Count(_));
        if !says_something(summary, metric) || is_count && interval.estimate == 0.0 {
            continue;
        }
        // The table of failures has them by cause; the hours of services are the same in every run unless one is scaled.
        let is_scaled = summary.resources.iter().any(|resource| resource.kind == ResourceKind::Replicas);
        let is_known = metric == Metric::ReplicaHours && !is_scaled;
        if is_known || matches!(metric, Metric::FailedRequests | Metric::WorkerImbalance) {
            continue;
        }
        if metric == Metric::AttemptsPerRequest && interval.estimate == 1.0 {
            continue;
        }
        if metric == Metric::RecoveryS && interval.high == f64::INFINITY && summary.never_recovered > 0 {
            let (never, all) = (summary.never_recovered, summary.replications);
            let words = format!("not before the end of the run in {never} of {all} runs{by_success}");
            text.push_str(&labelled(&name, &words, width));
            continue;
        }
        let of_groups = |mean: f64| match metric.kind() {
            MetricKind::Count(_) if metric != Metric::Restarts => grouped(&format!("{mean:.0}")),
            _ => words::amount(mean, metric, report.rates),
        };
        if let Some(groups) = summary.group_means(metric).and_then(|groups| in_groups(groups, of_groups)) {
            let what = match metric.kind() {
                MetricKind::Count(what) | MetricKind::Ratio(what) => format!(": {what}"),
                _ => String::new(),
            };
            text.push_str(&labelled(&name, &(groups + &what), width));
            continue;
        }
        let (time, scale) = time_unit(std::iter::once(interval.estimate));
        let digits = words::interval_decimals(interval.estimate, interval.low);
        let written = |value: f64| match metric.kind() {
            MetricKind::PerMinute => {
                let rates = report.rates;
                grouped(&format!(
                    "{:.*}",
                    decimals(rates.of_minute(interval.estimate), MOST_DECIMALS),
                    rates.of_minute(value)
                ))
            }
            MetricKind::Share => format!("{:.digits$}", value * 100.0),
            MetricKind::Count(_) if metric == Metric::Restarts => format!("{value:.1}"),
            MetricKind::Count(_) => grouped(&format!("{value:.0}")),
            MetricKind::PerSecond | MetricKind::Hours | MetricKind::Price => {
                grouped(&format!("{:.*}", decimals(interval.estimate, MOST_DECIMALS), value))
            }
            MetricKind::Time | MetricKind::Quantile(_) | MetricKind::Ratio(_) => {
                format!("{:.*}", decimals(interval.estimate * scale, 9), value * scale)
            }
        };
        let unit = match metric.kind() {
            MetricKind::PerMinute => format!("/{}", report.rates.name()),
            MetricKind::Share => " %".into(),
            MetricKind::PerSecond => "/s".into(),
            MetricKind::Hours => " h".into(),
            MetricKind::Price => String::new(),
            MetricKind::Count(_) if metric == Metric::WastedRequests && written(interval.estimate) == "1" => {
                " request completed when its caller no longer waited".into()
            }
            MetricKind::Count(what) | MetricKind::Ratio(what) => format!(" {what}"),
            _ if metric == Metric::RecoveryS => format!(" {time} from the end of the disturbance{by_success}"),
            MetricKind::Time | MetricKind::Quantile(_) => format!(" {time}"),
        };
        // One run has intervals only where its batches give some.
        let is_open = summary.replications == 1 && interval.high == f64::INFINITY;
        let bounds = if interval.half_width() == 0.0 || is_open {
            String::new()
        } else if interval.high == f64::INFINITY && !matches!(metric.kind(), MetricKind::Quantile(_)) {
            "  (in one run)".into()
        } else if interval.high == f64::INFINITY {
            format!("  ({} or more: too few values beyond it)", written(interval.low))
        } else {
            format!("  ({} to {})", written(interval.low), written(interval.high))
        };
        let line = format!("{name:<12}{}{unit}{bounds}", written(interval.estimate));
        // Spaces line the bounds up, unless the line is too long for that.
        match width.filter(|&width| line.chars().count() > width) {
            None => text.push_str(&format!("{line}\n")),
            Some(_) => text.push_str(&labelled(&name, &format!("{}{unit}{bounds}", written(interval.estimate)), width)),
        }
    }
    if let Some(fallback) = finding::fallback(summary) {
        text.push_str(&labelled("fallback", &fallback, width));
    }
    if let Some(growth) = growing(&summary.growth) {
        text.push_str(&labelled("times", &format!("not stationary: {growth}"), width));
    }
    if let Some(batches) = &summary.batches {
        let doubt = if batches.are_correlated() { ", which are correlated: the run is too short" } else { "" };
        let words = format!("from {} batches of the single run{doubt}", batches.count);
        text.push_str(&labelled("intervals", &words, width));
    }
    if let Some(effective) = summary.effective_response_times {
        let all = grouped(&summary.response_times.to_string());
        let worth = grouped(&format!("{:.0}", effective.min(summary.response_times as f64)));
        let words = format!("{all} response times, effective sample size {worth}");
        text.push_str(&labelled("sample", &words, width));
    }
    let limit = match &summary.culprit {
        Some(culprit) => culprit.limit_words().unwrap_or_else(|| match culprit.kind {
            CulpritKind::TakesTime => {
                format!("no resource, since most of the time is not spent waiting: {}", culprit.sentence)
            }
            CulpritKind::Fault => format!("no resource: requests lose time to {}", culprit.name),
            CulpritKind::Outage => "no resource".into(),
            _ => format!("no resource: {}", culprit.cause()),
        }),
        None if summary.succeeded > 0.0 && summary.mean_s.is_some_and(|mean| mean.estimate == 0.0) => {
            "no resource: requests take no time".into()
        }
        None => "not known: no request has ended, or no accounts are kept (`load.blame`)".into(),
    };
    text.push_str(&labelled("limited by", &limit, width));
    if let Some(headroom) = Headroom::of(report, summary) {
        text.push_str(&labelled("headroom", &headroom.words(report, summary), width));
    }
    if summary.hung > 0.0 {
        let (calls, are) = match short(summary.hung).as_str() {
            "1" => ("1 call".to_owned(), "is"),
            many => (format!("{many} calls"), "are"),
        };
        text.push_str(&labelled("hung", &format!("{calls} through a broken client {are} never answered"), width));
    }
    text
}

/// A line of the headline, broken below its words.
fn labelled(name: &str, words: &str, width: Option<usize>) -> String {
    paragraph(&format!("{name:<12}"), words, width)
}

/// Every resource of the point, as far as columns fit side by side.
pub fn resources(summary: &Summary) -> String {
    table::short(columns(summary), &[], "--format json")
}

/// Every resource of the point, a row each.
pub(super) fn columns(summary: &Summary) -> Vec<Column> {
    let all = &summary.resources;
    let each = |cell: &dyn Fn(&ResourceMean) -> String| -> Vec<String> { all.iter().map(cell).collect() };
    let percent = |resource: &ResourceMean, share: f64| match resource.capacity {
        Some(_) => format!("{:.1} %", share * 100.0),
        None => String::new(),
    };
    let utilised = |resource: &ResourceMean| match (resource.capacity, resource.spread) {
        (Some(_), Some(spread)) => format!("{} %", with_interval(spread.utilisation, 100.0, 1)),
        _ => percent(resource, resource.utilisation),
    };
    let queue = |resource: &ResourceMean| {
        resource.spread.map_or_else(|| rounded(resource.queue), |spread| with_interval(spread.queue, 1.0, 2))
    };
    let wait = |resource: &ResourceMean| match resource.spread.and_then(|spread| spread.wait_s) {
        Some(wait) if wait.estimate > 0.0 => {
            let (unit, scale) = match wait.estimate {
                short if short < 0.000_999_5 => ("us", 1e6),
                short if short < 0.999_5 => ("ms", 1e3),
                _ => ("s", 1.0),
            };
            format!("{} {unit}", with_interval(wait, scale, 3))
        }
        _ => seconds(resource.wait_s),
    };
    let waited = |resource: &ResourceMean| resource.waited.map(|share| format!("{:.1} %", share * 100.0));
    let hits = |resource: &ResourceMean| resource.hit_ratio.map(|ratio| format!("{:.1} %", ratio * 100.0));
    let mut columns = vec![
        Column::words("resource", each(&|resource| resource.name.clone())),
        Column::figures("capacity", each(&|resource| resource.capacity.map_or_else(|| "∞".into(), short))).optional(2),
        Column::figures("in use", each(&|resource| rounded(resource.in_use))).optional(6),
        Column::figures("utilised", each(&utilised)),
        Column::figures("busiest", each(&|resource| percent(resource, resource.peak_utilisation))).optional(8),
        Column::figures("visits", each(&|resource| rounded(resource.visits))).optional(1),
        Column::figures("queue", each(&queue)),
        Column::figures("longest", each(&|resource| grouped(&resource.longest_queue.to_string()))).optional(7),
        Column::figures("wait", each(&wait)),
        Column::figures("waited", each(&|resource| waited(resource).unwrap_or_default())).optional(5),
    ];
    if all.iter().any(|resource| resource.refused > 0.0) {
        columns.insert(6, Column::figures("refused", each(&|resource| rounded(resource.refused))).optional(3));
    }
    if all.iter().any(|resource| resource.opened.is_some_and(|opened| opened > 0.0)) {
        let opened = |resource: &ResourceMean| resource.opened.map(rounded).unwrap_or_default();
        columns.push(Column::figures("opened", each(&opened)));
    }
    if all.iter().any(|resource| resource.hit_ratio.is_some()) {
        columns.push(Column::figures("hits", each(&|resource| hits(resource).unwrap_or_default())).optional(4));
    }
    columns
}

/// The rows of `resources`: each resource of each point.
pub fn resources_rows(report: &Report) -> impl Iterator<Item = Row> {
    report.summaries.iter().flat_map(move |summary| {
        summary.resources.iter().map(move |resource| {
            let figure = |estimate: f64, interval: Option<Interval>| {
                [
                    Cell::Number(estimate),
                    Cell::bound(interval.map(|it| it.low)),
                    Cell::bound(interval.map(|it| it.high)),
                ]
            };
            let spread = resource.spread;
            let mut row = keys(report.plan, summary.point);
            row.extend([
                Cell::text(resource.name.as_str()),
                Cell::number(resource.capacity),
                Cell::Number(resource.in_use),
            ]);
            row.extend(figure(resource.utilisation, spread.map(|it| it.utilisation)));
            row.extend([resource.peak_utilisation, resource.visits, resource.refused].map(Cell::Number));
            row.extend(figure(resource.queue, spread.map(|it| it.queue)));
            row.push(Cell::Count(resource.longest_queue.into()));
            row.extend(figure(resource.wait_s, spread.and_then(|it| it.wait_s)));
            row.extend([
                Cell::number(resource.waited),
                Cell::number(resource.hit_ratio),
                Cell::number(resource.opened),
            ]);
            row
        })
    })
}

/// A figure times `scale` with its interval, with as many decimals as a half-width of one digit has, and no more than `most`;
/// without one that would show as zero.
fn with_interval(interval: Interval, scale: f64, most: usize) -> String {
    let half = interval.half_width() * scale;
    if !(half.is_finite() && half >= 0.5 * libm::pow(10.0, -(most as f64))) {
        return rounded(interval.estimate * scale);
    }
    let decimals = -libm::floor(libm::log10(half));
    let decimals = decimals.clamp(0.0, most as f64) as usize;
    let Interval { estimate, low, high } = interval;
    let scaled = Interval { estimate: estimate * scale, low: low * scale, high: high * scale };
    format!("{:.decimals$} {}", scaled.estimate, Form::of([(scaled, decimals)]).written(&scaled, decimals))
}

/// Three digits, and no more than three decimals.
fn rounded(value: f64) -> String {
    short((value * 1e3).round() / 1e3)
}

/// Failures by cause, the most frequent first; empty without any.
pub fn failures(summary: &Summary) -> String {
    match failures_columns(summary) {
        columns if columns.is_empty() => String::new(),
        columns => table::short(columns, &[], "--format json"),
    }
}

/// Failures by cause, the most frequent first; no columns without any.
pub(super) fn failures_columns(summary: &Summary) -> Vec<Column> {
    let mut failures: Vec<&(String, f64)> = summary.failures.iter().filter(|(_, count)| *count > 0.0).collect();
    if failures.is_empty() {
        return Vec::new();
    }
    failures.sort_by(|a, b| b.1.total_cmp(&a.1));
    // A user who sends a request again fails only with the last attempt.
    let what = if summary.users.is_some() { "failed attempts" } else { "failed requests" };
    vec![
        Column::words(what, failures.iter().map(|(cause, _)| cause.clone()).collect()),
        Column::figures("a run", failures.iter().map(|(_, count)| short(*count)).collect()),
    ]
}

/// What the model only assumes; empty where everything is measured or documented.
pub fn assumptions(plan: &Plan, width: Option<usize>) -> String {
    let assumptions = plan.assumptions();
    let mut text = String::new();
    for assumption in assumptions {
        let range = match &assumption.range {
            Some((from, to)) => format!(" ({from} to {to})"),
            None => String::new(),
        };
        let reason = if assumption.reason.is_empty() { String::new() } else { format!(": {}", assumption.reason) };
        let line = format!("{} = {}{range}{reason}", assumption.path, assumption.value);
        text.push_str(&paragraph("  ", &line, width));
    }
    if text.is_empty() { text } else { format!("assumed, neither measured nor documented:\n{text}") }
}
