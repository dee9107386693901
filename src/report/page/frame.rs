//! The document around the page: its head, its colours and letters, and what makes it answer.

use std::fmt::Write;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::experiment::plan::Plan;
use crate::report::chart::{Inks, Theme, letters, series, sheet};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the button for the colours does, on every page that has one.
pub const THEME_SCRIPT: &str = include_str!("theme.js");

/// What stands around a page.
pub(super) struct Frame<'a> {
    /// The question.
    pub title: &'a str,
    /// What stands at the top.
    pub name: &'a str,
    /// Variants that can be hidden; where there is but one, there is nothing to hide.
    pub variants: &'a [String],
    /// Curves of a colour of their own.
    pub curves: usize,
}

impl<'a> Frame<'a> {
    /// That of a page of one plan.
    pub(super) fn of(plan: &'a Plan) -> Self {
        Self { title: &plan.title, name: &plan.name, variants: &plan.variants, curves: plan.variants.len() }
    }

    /// That of a page of a search, which has nothing that could be hidden.
    pub(super) fn of_search(plan: &'a Plan) -> Self {
        Self { variants: &[], ..Self::of(plan) }
    }

    /// The whole document.
    pub(super) fn framed(&self, inks: &Inks, body: &Markup) -> String {
        framed(self, inks, body)
    }
}

fn framed(frame: &Frame, inks: &Inks, body: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; \
                             base-uri 'none'; form-action 'none'";
                title { (frame.title) }
                style { (PreEscaped(letters())) (PreEscaped(colours(frame.curves, inks))) (PreEscaped(STYLE)) }
            }
            body {
                a .skip href="#answer" { "Skip to the answer" }
                header {
                    span .name { (frame.name) }
                    @if frame.variants.len() > 1 {
                        div .variants role="group" aria-label="Variants that are shown" {
                            @for (number, variant) in frame.variants.iter().enumerate() {
                                button type="button" data-toggle=(number) aria-pressed="true" {
                                    i .mark style={ "--c:var(--v" (number % SERIES) ")" } {} (variant)
                                }
                            }
                        }
                    }
                    button #scale type="button" aria-pressed="false" { "logarithmic" }
                    button #theme type="button" { "theme" }
                }
                main { (body) }
                div #tip hidden {}
                div #picked role="status" aria-live="polite" {}
                script { (PreEscaped(THEME_SCRIPT)) (PreEscaped(SCRIPT)) }
            }
        }
    };
    document.into_string()
}

/// Colours of curves before they repeat.
pub(super) const SERIES: usize = 8;

/// The colours of both themes: light unless the reader's system or the reader wants dark; paper is light.
fn colours(variants: usize, inks: &Inks) -> String {
    let variables = |theme: Theme| {
        let mut text = String::new();
        for (name, colour) in sheet(theme) {
            let _ = write!(text, "--{name}:{colour};");
        }
        for number in 0..SERIES.min(variants) {
            let _ = write!(text, "--v{number}:{};", series(theme, number));
        }
        text
    };
    let (light, dark) = (variables(Theme::Light), variables(Theme::Dark));
    format!(
        ":root{{{light}color-scheme:light}}\
         @media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}color-scheme:dark}}}}\
         @media screen{{:root[data-theme=dark]{{{dark}color-scheme:dark}}}}{}",
        inks_style(inks, "")
    )
}

/// The colours of drawings within a part of the page, in both themes.
pub(super) fn inks_style(inks: &Inks, part: &str) -> String {
    let of = |theme, selector: &str| inks.css(theme, &format!("{selector}{part}"));
    format!(
        "{}@media screen and (prefers-color-scheme:dark){{{}}}@media screen{{{}}}",
        of(Theme::Light, ""),
        of(Theme::Dark, ":root:not([data-theme=light])"),
        of(Theme::Dark, ":root[data-theme=dark]"),
    )
}

/// The letters, the colours of both themes for this number of designs, and the style of the page.
pub fn page_style(variants: usize) -> String {
    format!("{}{}{STYLE}", letters(), colours(variants, &Inks::default()))
}
