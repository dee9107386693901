//! Ablations as a table and a sentence: which of several changes brings what.

use super::paragraph::{paragraph, quoted};
use super::table::{Column, short};
use super::whole::Report;
use crate::experiment::analyse::ablation::{Ablated, Part};
use crate::experiment::analyse::effect::Observation;

/// All ablations that the experiment asks for; empty without any.
pub fn ablations(report: &Report, width: Option<usize>) -> String {
    report.ablations.iter().map(|ablated| one(ablated, width)).collect()
}

fn one(ablated: &Ablated, width: Option<usize>) -> String {
    let place = if ablated.place.is_empty() { String::new() } else { format!(" at {}", ablated.place) };
    let whole = &ablated.whole;
    let [variant, against] = [&ablated.variant, &ablated.against].map(|name| quoted(name));
    let (with, without) = (whole.with(), whole.without());
    let heading = match whole.figures {
        Some(_) => {
            format!("{variant}{place}: {with} instead of {without} in {against} ({})", whole.difference())
        }
        None => format!("{variant}{place}: {with} with {against}"),
    };
    let cells = |of: fn(&Part) -> &Observation| ablated.changes.iter().map(|part| cell(of(part))).collect();
    let columns = vec![
        Column::words("change", ablated.changes.iter().map(|part| part.name.clone()).collect()),
        Column::words("alone", cells(|part| &part.alone)),
        Column::words("added to the others", cells(|part| &part.last)),
    ];
    let rows = short(columns, &[], "--format json");
    format!("{}{rows}{}", paragraph("", &heading, width), paragraph("", &ablated.sentence(), width))
}

/// `helps, +8.5 % (+4.3 to +12.6)`.
fn cell(observation: &Observation) -> String {
    match observation.figures {
        Some(_) => format!("{}, {}", observation.worth.word(), observation.difference()),
        None => "no figures".into(),
    }
}
