//! Observations as `[[measurements]]` of an experiment.

use std::fmt::Write;

use super::figure::{Place, rounded};
use super::{Figure, Imported};
use crate::language::visible;
use crate::metric::Metric;

/// The figures that a measurement can have.
const MEASURED: [Metric; 4] = [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::MeanS, Metric::P95S];

/// Significant digits of a figure.
const DIGITS: usize = 6;

/// The measurements of a file, one for each point, to be pasted into an experiment; empty where it has no such figure.
pub fn measurement(name: &str, place: &Place, imported: &Imported) -> String {
    let mut places: Vec<Place> = Vec::new();
    for figure in &imported.figures {
        let place = figure.place.within(place);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let mut blocks = Vec::new();
    for at in &places {
        let here = imported.figures.iter().filter(|figure| figure.place.within(place) == *at);
        let here: Vec<&Figure> = here.filter(|figure| figure.class.is_none() && figure.cause.is_none()).collect();
        let label = if places.len() > 1 { format!("{name}, {}", words(at)) } else { name.to_owned() };
        blocks.extend(block(&label, at, &here));
    }
    blocks.join("\n")
}

fn block(name: &str, place: &Place, figures: &[&Figure]) -> Option<String> {
    let (mut measured, mut comments) = (Vec::new(), Vec::new());
    for metric in MEASURED {
        let mut found = figures.iter().filter(|figure| figure.metric == metric.name());
        let Some(figure) = found.next() else { continue };
        if found.next().is_some() {
            comments.push(format!("{}: several windows, see the table", metric.name()));
            continue;
        }
        measured.push(format!("{} = {}", metric.name(), number(figure.value)));
        if !figure.note.is_empty() {
            comments.push(format!("{}: {}", metric.name(), figure.note));
        }
        if let Some(rounding) = figure.rounding.filter(|rounding| *rounding > figure.value.abs() * 0.01) {
            comments.push(format!("{}: rounded by up to {}", metric.name(), number(rounding)));
        }
    }
    if measured.is_empty() {
        return None;
    }
    let mut out = String::from("[[measurements]]\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "name = {}", text(name));
    if let Some(variant) = &place.variant {
        let _ = writeln!(out, "variant = {}", text(variant));
    }
    if !place.at.is_empty() {
        let at: Vec<String> =
            place.at.iter().map(|(axis, value)| format!("{} = {}", key(axis), scalar(value))).collect();
        let _ = writeln!(out, "at = {{ {} }}", at.join(", "));
    }
    for comment in comments {
        let _ = writeln!(out, "# {}", visible(&comment));
    }
    let _ = writeln!(out, "measured = {{ {} }}", measured.join(", "));
    Some(out)
}

/// A place in words: `shipped, concurrency = 50`.
fn words(place: &Place) -> String {
    let at = place.at.iter().map(|(axis, value)| format!("{axis} = {value}"));
    place.variant.iter().cloned().chain(at).collect::<Vec<_>>().join(", ")
}

fn number(value: f64) -> String {
    rounded(value, DIGITS).to_string()
}

fn text(value: &str) -> String {
    toml::Value::from(visible(value).into_owned()).to_string()
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|sign| sign.is_ascii_alphanumeric() || "_-".contains(sign));
    if is_bare { name.to_owned() } else { text(name) }
}

/// A number as it is, and anything else as text.
fn scalar(value: &str) -> String {
    let is_number = value.parse::<i64>().is_ok() || value.parse::<f64>().is_ok_and(f64::is_finite);
    let is_plain = is_number && !value.starts_with(['+', '.']) && !value.ends_with('.') && !value.starts_with("00");
    if is_plain { value.to_owned() } else { text(value) }
}
