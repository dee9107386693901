//! Figures on a page: their words as text, their curves as drawings, in both scales where both say something.

use maud::{Markup, PreEscaped, html};

use crate::report::chart::{ChartAxis, ChartScale, Figure, Inks, inline};
use crate::report::figures::Drawing;

/// Bytes of drawings beyond which the rest are left to the pictures beside the page.
const MOST: usize = 1_000_000;

/// The drawings of a page.
#[derive(Debug, Default)]
pub(super) struct Charts {
    /// Whether points of its charts are rows of no table, and cannot be picked.
    has_no_points: bool,
    inks: Inks,
    bytes: usize,
    left_out: usize,
}

impl Charts {
    /// The drawings of a page without a table of points.
    pub(super) fn without_points() -> Self {
        Self { has_no_points: true, ..Self::default() }
    }

    /// A figure with its title, its method and its note.
    pub(super) fn draw(&mut self, drawing: &Drawing) -> Markup {
        let words = words(&drawing.figure);
        let body = self.plot(&drawing.figure, words.0);
        html! {
            @if let Some(body) = body {
                figure id=(drawing.name) {
                    figcaption {
                        p .title { (words.0) }
                        p .soft { (words.1) }
                        p .note .wide { "Wider than this screen: scroll the chart sideways." }
                    }
                    (body)
                    @if !words.2.is_empty() { p .note { (words.2) } }
                }
            }
        }
    }

    /// The plot of a figure, without its words; none where there is no room left.
    pub(super) fn plot(&mut self, figure: &Figure, title: &str) -> Option<Markup> {
        if self.bytes > MOST {
            self.left_out += 1;
            return None;
        }
        let plain = without_words(figure);
        let linear = inline(&plain, title, &mut self.inks);
        let log = logarithmic(&plain).map(|figure| inline(&figure, title, &mut self.inks));
        self.bytes += linear.len() + log.as_ref().map_or(0, String::len);
        let label = match self.has_no_points {
            true => title.to_owned(),
            false => format!("{title}. The arrow keys move from point to point."),
        };
        Some(html! {
            div .plot tabindex="0" role="group" aria-label=(label) {
                div .linear[log.is_some()] { (PreEscaped(linear)) }
                @if let Some(log) = log { div .log hidden { (PreEscaped(log)) } }
            }
        })
    }

    /// Says how many figures had no room.
    pub(super) fn left_out(&self) -> Markup {
        html! {
            @if self.left_out > 0 {
                p .soft { (self.left_out) " more charts are in the folder of this report." }
            }
        }
    }

    /// The colours of all that was drawn.
    pub(super) fn into_inks(self) -> Inks {
        self.inks
    }
}

/// The title, the subtitle and the note of a figure.
pub(super) fn words(figure: &Figure) -> (&str, &str, &str) {
    match figure {
        Figure::Line(it) => (&it.title, &it.subtitle, &it.note),
        Figure::Heat(it) => (&it.title, &it.subtitle, &it.note),
        Figure::Bar(it) => (&it.title, &it.subtitle, &it.note),
        Figure::Tornado(it) => (&it.title, &it.subtitle, &it.note),
        Figure::Stack(it) => (&it.title, &it.subtitle, &it.note),
        Figure::Diagram(it) => (&it.title, &it.subtitle, &it.note),
    }
}

pub(super) fn without_words(figure: &Figure) -> Figure {
    let mut figure = figure.clone();
    let (title, subtitle, note) = match &mut figure {
        Figure::Line(it) => (&mut it.title, &mut it.subtitle, &mut it.note),
        Figure::Heat(it) => (&mut it.title, &mut it.subtitle, &mut it.note),
        Figure::Bar(it) => (&mut it.title, &mut it.subtitle, &mut it.note),
        Figure::Tornado(it) => (&mut it.title, &mut it.subtitle, &mut it.note),
        Figure::Stack(it) => (&mut it.title, &mut it.subtitle, &mut it.note),
        Figure::Diagram(it) => (&mut it.title, &mut it.subtitle, &mut it.note),
    };
    [title, subtitle, note].into_iter().for_each(String::clear);
    figure
}

/// The figure with logarithmic axes upwards, but for shares; none where it has no such axis, or nothing above zero.
fn logarithmic(figure: &Figure) -> Option<Figure> {
    let Figure::Line(figure) = figure else { return None };
    let mut figure = figure.clone();
    let mut is_other = false;
    for panel in &mut figure.panels {
        let values = || panel.lines.iter().flat_map(|line| &line.points).map(|point| point.y);
        if panel.y.scale == ChartScale::Linear && panel.y_max.is_none() && values().any(|y| y > 0.0) {
            panel.y = ChartAxis::log(panel.y.label.clone());
            is_other = true;
        }
    }
    is_other.then(|| figure.into())
}
