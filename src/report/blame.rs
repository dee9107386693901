//! Where the time goes: a table for the terminal, the rows of `blame`, and its document.

use serde_json::{Value, json};

use super::number::seconds;
use super::paragraph::paragraph;
use super::results::keys;
use super::sheet::{Cell, Row};
use super::table::{Column, short};
use super::whole::Report;
use crate::experiment::analyse::blame::{Share, holders, shares};
use crate::experiment::analyse::summary::Summary;
use crate::parts::{Blame, BlameGroup, BlamePlace, PlaceKind};

/// Share of a group's time below which a place has no row of its own in the table.
const LEAST: f64 = 0.01;

/// Rows of the table beside the last one, which has the rest.
const MOST_ROWS: usize = 8;

/// Groups that the table has a column for.
const SHOWN: [BlameGroup; 4] = [BlameGroup::Mean, BlameGroup::P95, BlameGroup::P99, BlameGroup::Failed];

/// `waiting for app pool db`, `served by app CPU`.
pub(super) fn words(place: &BlamePlace, served: bool) -> String {
    let name = &place.name;
    match place.kind {
        PlaceKind::Network | PlaceKind::BackOff | PlaceKind::ClientBackOff | PlaceKind::Hedge => name.clone(),
        PlaceKind::Fault | PlaceKind::Contention | PlaceKind::Throttling => name.clone(),
        PlaceKind::Backlog => format!("sending SYNs again to {name}, which is full"),
        PlaceKind::Cache => format!("waiting for another request's fetch for {name}"),
        _ if served => format!("served by {name}"),
        _ => format!("waiting for {name}"),
    }
}

/// The table; empty where no accounts were kept or no request has ended.
pub fn blame(summary: &Summary) -> String {
    let Some(blame) = &summary.blame else { return String::new() };
    let groups: Vec<(BlameGroup, Vec<Share>)> = SHOWN.map(|group| (group, shares(blame, group))).into();
    let groups: Vec<_> = groups.into_iter().filter(|(_, shares)| !shares.is_empty()).collect();
    let mut rows: Vec<(&BlamePlace, bool, f64)> = Vec::new();
    for share in groups.iter().flat_map(|(_, shares)| shares) {
        match rows.iter_mut().find(|row| (row.0, row.1) == (share.place, share.served)) {
            Some(row) => row.2 = row.2.max(share.share),
            None => rows.push((share.place, share.served, share.share)),
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    rows.retain(|row| row.2 >= LEAST);
    rows.sort_by(|a, b| b.2.total_cmp(&a.2));
    rows.truncate(MOST_ROWS);
    let of = |shares: &[Share], row: &(&BlamePlace, bool, f64)| {
        let found = shares.iter().find(|share| (share.place, share.served) == (row.0, row.1));
        found.map_or((0.0, 0.0), |share| (share.seconds, share.share))
    };
    let cell = |(time, share): (f64, f64)| match share {
        0.0 => String::new(),
        _ => format!("{} {:>3.0} %", seconds(time), share * 100.0),
    };
    let mut names: Vec<String> = rows.iter().map(|&(place, served, _)| words(place, served)).collect();
    let told = |shares: &[Share]| rows.iter().map(|row| of(shares, row).1).sum::<f64>();
    let has_rest = groups.iter().any(|(_, shares)| told(shares) < 0.999_5);
    if has_rest {
        names.push("the rest".into());
    }
    names.push("all".into());
    let mut columns = vec![Column::words("where the time goes", names)];
    for (group, shares) in &groups {
        let mut cells: Vec<String> = rows.iter().map(|row| cell(of(shares, row))).collect();
        let all: f64 = shares.iter().map(|share| share.seconds).sum();
        let rest = rows.iter().fold((all, 1.0), |rest, row| {
            let of = of(shares, row);
            (rest.0 - of.0, rest.1 - of.1)
        });
        let rest = if rest.1 < 0.000_5 { (0.0, 0.0) } else { rest };
        if has_rest {
            cells.push(cell(rest));
        }
        cells.push(cell((all, 1.0)));
        let heading = match group {
            BlameGroup::Mean | BlameGroup::Failed => group.name().to_owned(),
            _ => format!("around {}", group.name()),
        };
        let column = Column::figures(heading, cells);
        columns.push(if *group == BlameGroup::P99 { column.optional(1) } else { column });
    }
    short(columns, &[], "--format json")
}

/// What is behind the point's figures, in a sentence; empty where that is not known.
pub fn culprit(summary: &Summary, width: Option<usize>) -> String {
    let sentences = summary.culprit.iter().chain(&summary.tail);
    sentences.map(|culprit| paragraph("", &format!("{}.", culprit.sentence), width)).collect()
}

/// The rows of `blame`: where the time of each group of each point went.
pub fn blame_rows(report: &Report) -> impl Iterator<Item = Row> {
    let points = report.summaries.iter().filter_map(|summary| Some((summary.point, summary.blame.as_ref()?)));
    let groups = points.flat_map(|(point, blame)| BlameGroup::ALL.map(|group| (point, group, shares(blame, group))));
    groups.flat_map(move |(point, group, shares)| {
        shares.into_iter().map(move |share| {
            let mut row = keys(report.plan, point);
            let doing = if share.served { "served" } else { "waiting" };
            row.extend([Cell::text(group.name()), Cell::text(share.place.name.as_str()), Cell::text(doing)]);
            row.extend([Cell::Number(share.seconds), Cell::Number(share.share)]);
            row
        })
    })
}

/// Where the time of a point went.
pub(super) fn document(blame: &Blame) -> Value {
    let share = |share: &Share| {
        json!({
            "place": share.place.name,
            "kind": share.place.kind,
            "doing": if share.served { "served" } else { "waiting" },
            "seconds": share.seconds,
            "share": share.share,
        })
    };
    let groups = BlameGroup::ALL.iter().filter_map(|&group| {
        let shares = shares(blame, group);
        (!shares.is_empty()).then(|| (group.name().to_owned(), shares.iter().map(share).collect::<Value>()))
    });
    let failures = blame.failures.iter().map(
        |at| json!({ "cause": at.cause, "place": blame.places[usize::from(at.place)].name, "requests": at.requests }),
    );
    // What a fault lowers, what fails the attempts before a pause, and what a breaker counts is not what holders of these do.
    let is_held =
        |place: &&BlamePlace| !matches!(place.kind, PlaceKind::Fault | PlaceKind::BackOff | PlaceKind::Breaker);
    let held = blame.places.iter().filter(is_held).filter_map(|place| {
        let shares: Vec<Value> = holders(blame, place)
            .iter()
            .filter(|share| share.share >= LEAST)
            .map(|share| {
                let doing = if share.served { "served" } else { "waiting" };
                json!({ "place": share.place.name, "doing": doing, "share": share.share })
            })
            .collect();
        (!shares.is_empty()).then(|| (place.name.clone(), Value::Array(shares)))
    });
    json!({
        "groups": groups.collect::<serde_json::Map<_, _>>(),
        "failures": failures.collect::<Vec<_>>(),
        "holders": held.collect::<serde_json::Map<_, _>>(),
    })
}
