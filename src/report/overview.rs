//! The table of a sweep: a row per point, with 95 % intervals.

use super::detail::Detail;
use super::legend::{legend, mark_of_doubt};
use super::number::{self, Figure, Form, aligned, column, rate_column, time_column};
use super::paragraph::paragraph;
use super::recovery::{PointRecovery, definition, is_about};
use super::table::{Column, WIDTH, short, table};
use super::whole::Report;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::percentile;
use crate::language::Metric;
use crate::statistics::Interval;

/// Rows beyond which only the telling points are shown.
const MOST_ROWS: usize = 60;

/// The table, and a line below it where it does not show all points. A short one has the columns that fit into 80
/// characters.
pub fn overview(report: &Report, detail: Detail) -> String {
    let plan = report.plan;
    let all = plan.points.len();
    let mut points: Vec<usize> = if all > MOST_ROWS { telling(report) } else { (0..all).collect() };
    let found = points.len();
    points.truncate(MOST_ROWS);
    let mut text = laid_out(columns(report, &points), &sections(report, &points), detail);
    let notes = notes(report, &points);
    if !notes.is_empty() {
        text.push_str(&format!("\n{notes}"));
    }
    if text.contains("–?)") {
        text.push_str("\n(x–?): too few response times for an upper bound of this percentile\n");
    }
    if points.len() < all {
        let which = if found > MOST_ROWS {
            "the first"
        } else {
            "of each curve the first, best, last safe, first not safe and last:"
        };
        let words = format!("{which} {} of {all} points; results.csv has all", points.len());
        text.push_str(&format!("\n{}", paragraph("", &words, Some(WIDTH))));
    }
    text
}

/// What the words and signs of the rows mean.
pub(super) fn notes(report: &Report, points: &[usize]) -> String {
    let mut text = legend(report, points);
    let summaries = || points.iter().filter_map(|&point| report.summary(point));
    if summaries().any(|summary| summary.split().is_some()) {
        text.push_str("x or y: the runs fall into two groups, and this is the mean of each\n");
    }
    let is_told = report.judgements.iter().any(|judgement| is_about(&judgement.evidence))
        || report.effects.iter().any(|effect| effect.metric == Metric::RecoveryS);
    if !is_told && summaries().any(|summary| summary.recovery_s.is_some()) {
        text.push_str(&paragraph("", &definition(report), Some(WIDTH)));
    }
    text
}

/// All columns, or those that fit.
pub(super) fn laid_out(columns: Vec<Column>, sections: &[(usize, String)], detail: Detail) -> String {
    match detail {
        Detail::Full => table(columns, sections),
        _ => short(columns, sections, "--table full"),
    }
}

/// Of each curve the first point, the best, the last safe, the first that is not, and the last.
fn telling(report: &Report) -> Vec<usize> {
    let mut points = Vec::new();
    for finding in &report.findings {
        let known: Vec<&Summary> = finding.points.iter().filter_map(|&point| report.summary(point)).collect();
        let best = known.iter().max_by(|a, b| a.throughput_or_least().total_cmp(&b.throughput_or_least()));
        let turned = known.iter().position(|summary| !report.is_safe(summary.point));
        points.extend(finding.points.first());
        points.extend(finding.points.last());
        points.extend(best.map(|summary| summary.point));
        points.extend(turned.map(|index| known[index].point));
        points.extend(turned.and_then(|index| index.checked_sub(1)).map(|index| known[index].point));
    }
    points.sort_unstable();
    points.dedup();
    points
}

/// The columns of the table, with a row for each of these points.
pub(super) fn columns(report: &Report, points: &[usize]) -> Vec<Column> {
    let summaries: Vec<Option<&Summary>> = points.iter().map(|&point| report.summary(point)).collect();
    let figures = |figure: &dyn Fn(&Summary) -> Option<Interval>| -> Vec<Option<Interval>> {
        summaries.iter().map(|summary| summary.and_then(figure)).collect()
    };
    let words = |word: &dyn Fn(&Summary) -> String| -> Vec<String> {
        summaries.iter().map(|summary| summary.map_or_else(String::new, word)).collect()
    };
    let means = |metric: Metric| -> Vec<Figure> {
        let figure = |summary: &Option<&Summary>| {
            let Some(summary) = summary else { return Figure::default() };
            let groups = summary.group_means(metric).map(|groups| groups.map(|group| group.mean));
            Figure { interval: summary.metric(metric), groups }
        };
        summaries.iter().map(figure).collect()
    };
    let mut columns = places(report, points);
    let rate = |name: &str, metric: Metric| {
        let (heading, cells) = rate_column(name, report.rates, &means(metric));
        Column::figures(heading, cells)
    };
    columns.push(rate("throughput", Metric::ThroughputPerMin));
    columns.push(Column::figures("success", share(&means(Metric::SuccessRate))));
    let is_recovery_timed = summaries.iter().flatten().any(|summary| summary.recovery_s.is_some());
    let time = |name: &str, figures: Vec<Option<Interval>>| {
        let (heading, cells) = time_column(name, &figures);
        Column::figures(heading, cells)
    };
    columns.push(time("mean", figures(&|summary| summary.mean_s)).optional(4));
    let percentile = percentile(&report.plan.objectives);
    let percentiles = time(percentile.short(), figures(&|summary| summary.metric(percentile)));
    // After a disturbance the time to recover is the answer.
    columns.push(percentiles.optional(if is_recovery_timed { 1 } else { 0 }));
    if summaries.iter().flatten().any(|summary| summary.wasted_requests.estimate > 0.0) {
        columns.push(Column::figures("wasted", number::figures(&means(Metric::WastedRequests), 0)).optional(12));
    }
    if summaries.iter().flatten().any(|summary| summary.outlasts) {
        let metric = |metric| move |summary: &Summary| summary.metric(metric);
        columns.push(rate("completed", Metric::CompletedPerMin).optional(2));
        columns.push(time("completion", figures(&metric(Metric::CompletionMeanS))).optional(6));
        columns.push(time("completion p95", figures(&metric(Metric::CompletionP95S))).optional(7));
    }
    if summaries.iter().flatten().any(|summary| is_above_zero(summary, Metric::OverdueDeliveries)) {
        let overdue = figures(&|summary| summary.metric(Metric::OverdueDeliveries));
        columns.push(Column::figures("overdue", column(&overdue, 0)).optional(9));
    }
    if summaries.iter().flatten().any(|summary| is_above_zero(summary, Metric::DeadLetters)) {
        let lost = figures(&|summary| summary.metric(Metric::DeadLetters));
        columns.push(Column::figures("dead letters", column(&lost, 0)).optional(9));
    }
    if summaries.iter().flatten().any(|summary| is_above_zero(summary, Metric::Restarts)) {
        let restarts = figures(&|summary| summary.metric(Metric::Restarts));
        columns.push(Column::figures("restarts", column(&restarts, 2)).optional(8));
    }
    if summaries.iter().flatten().any(|summary| summary.attempts_per_request.estimate > 1.0) {
        columns.push(Column::figures("attempts", number::figures(&means(Metric::AttemptsPerRequest), 3)).optional(10));
    }
    if is_recovery_timed {
        let timed = summaries.iter().flatten().filter_map(|summary| {
            let is_after = matches!(PointRecovery::of(report, summary), Some(PointRecovery::After(_)));
            Some((summary.recovery_s?, 1)).filter(|_| is_after)
        });
        let form = Form::of(timed);
        columns.push(Column::figures("recovery s", words(&|summary| recovery(report, summary, form))));
    }
    for (name, metric) in [("stale", Metric::StalenessMeanS), ("stale p95", Metric::StalenessP95S)] {
        if summaries.iter().flatten().any(|summary| summary.metric(metric).is_some()) {
            columns.push(time(name, figures(&|summary| summary.metric(metric))).optional(13));
        }
    }
    if summaries.iter().flatten().any(|summary| summary.metric(Metric::CacheHitRatio).is_some()) {
        columns.push(Column::figures("hits", share(&means(Metric::CacheHitRatio))).optional(11));
    }
    let failures = words(&|summary| most_frequent_failure(summary));
    if failures.iter().any(|words| !words.is_empty()) {
        columns.push(Column::words("failures", failures).optional(3));
    }
    let limits = words(&|summary| {
        let limit = summary.saturated.as_ref().zip(summary.culprit.as_ref());
        limit.map_or_else(String::new, |(limit, culprit)| culprit.with_refuser(limit))
    });
    if limits.iter().any(|words| !words.is_empty()) {
        columns.push(Column::words("limited by", limits).optional(5));
    }
    let marks = |summary: &Option<&Summary>| {
        summary.map_or_else(|| "no figures".into(), |summary| marks(report, points, summary))
    };
    let marks = Column::words("condition", summaries.iter().map(marks).collect());
    if !marks.is_empty() {
        columns.push(marks);
    }
    columns
}

/// Where each point lies: a column for each axis, and one for the variants where these are no headings.
pub(super) fn places(report: &Report, points: &[usize]) -> Vec<Column> {
    let plan = report.plan;
    let mut columns = Vec::new();
    if plan.variants.len() > 1 && !has_sections(report) {
        let name = |&point: &usize| plan.variants[plan.points[point].variant].clone();
        columns.push(Column::words("variant", points.iter().map(name).collect()));
    }
    for (index, axis) in plan.axes.iter().enumerate() {
        let values = points.iter().map(|&point| axis.values[plan.points[point].at[index]].text.clone()).collect();
        let is_number = axis.values.iter().all(|value| value.number.is_some());
        columns.push(if is_number { Column::figures(&axis.name, values) } else { Column::words(&axis.name, values) });
    }
    columns
}

fn is_above_zero(summary: &Summary, metric: Metric) -> bool {
    summary.metric(metric).is_some_and(|interval| interval.estimate > 0.0)
}

/// `100 %`, or with its interval where it is neither all nor nothing.
fn share(figures: &[Figure]) -> Vec<String> {
    aligned(&number::shares(figures))
}

/// The most frequent cause of failure, with its share of all failures where there are others: `shed, 83 %`.
fn most_frequent_failure(summary: &Summary) -> String {
    let all: f64 = summary.failures.iter().map(|(_, count)| count).sum();
    let most = summary.failures.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    match most {
        Some((cause, count)) if *count > 0.0 && summary.failures.len() > 1 => {
            format!("{cause}, {:.0} %", count / all * 100.0)
        }
        Some((cause, count)) if *count > 0.0 => cause.clone(),
        _ => String::new(),
    }
}

/// How long the recovery takes, or that there is none; a dash where there is nothing to recover from.
fn recovery(report: &Report, summary: &Summary, form: Form) -> String {
    match (PointRecovery::of(report, summary), summary.recovery_s) {
        (Some(PointRecovery::Undisturbed | PointRecovery::Withstood | PointRecovery::Answers { .. }), _) => "–".into(),
        (None, _) | (_, None) => String::new(),
        (Some(PointRecovery::After(_)), Some(it)) => {
            format!("{:.1} {}", it.estimate, form.written(&it, 1)).trim_end().into()
        }
        (Some(PointRecovery::Never), _) => "never".into(),
        (Some(PointRecovery::Partly { never, of }), _) => format!("never {never}/{of}"),
    }
}

/// The condition of a point, where it is not healthy, or the mark of what keeps it from having one.
fn marks(report: &Report, points: &[usize], summary: &Summary) -> String {
    let mut marks = Vec::new();
    if let Some(state) = report.state(summary.point).filter(|state| !state.is_safe()) {
        marks.push(format!("{} {}", state.condition.word(), state.fraction()).trim_end().to_owned());
    }
    if let (Some(doubt), None) = (&summary.doubt, report.state(summary.point)) {
        marks.push(mark_of_doubt(report, points, doubt));
    } else if !summary.unsound.is_empty() {
        marks.push(format!("{} unsound", summary.unsound.len()));
    }
    marks.join(", ")
}

/// Whether the variants are headings: where there are several, most with several rows.
fn has_sections(report: &Report) -> bool {
    let plan = report.plan;
    plan.variants.len() > 1 && plan.points.len() > 2 * plan.variants.len()
}

/// The variants as headings, each before its first row; elsewhere they are a column.
pub(super) fn sections(report: &Report, points: &[usize]) -> Vec<(usize, String)> {
    let plan = report.plan;
    if !has_sections(report) {
        return Vec::new();
    }
    let variant = |row: usize| plan.points[points[row]].variant;
    let is_first = |&row: &usize| row == 0 || variant(row) != variant(row - 1);
    (0..points.len()).filter(is_first).map(|row| (row, plan.variants[variant(row)].clone())).collect()
}
