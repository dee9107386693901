//! The page: sliders on one side, the answer on the other. What is in it when it is loaded is the state of its URL.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;

use super::question::{Question, TIMES};
use super::state::{MOST_RUNS, State};
use crate::experiment::plan::{Control, Scope};
use crate::language::{Mistakes, visible_lines};
use crate::report::{THEME_SCRIPT, page_style};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Numbers of replications that are offered.
const RUNS: [u32; 4] = [5, 20, 50, 100];

/// The whole document.
pub(super) fn page(state: &State, files: &[String], question: &Result<Question, Mistakes>) -> String {
    let title = question.as_ref().map_or("sim", |question| question.whole().title.as_str());
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(page_style(2))) (PreEscaped(STYLE)) }
            }
            body {
                a .skip href="#answer" { "Skip to the answer" }
                header {
                    span .name { "sim" }
                    (file_choice(state, files, question))
                    button #theme type="button" { "theme" }
                }
                main .live {
                    @match question {
                        Ok(question) => (body(state, question)),
                        Err(mistakes) => {
                            section #answer { h1 { "This cannot be run" } pre .mistake tabindex="0" { (mistakes.render(false)) } }
                        }
                    }
                }
                noscript { p { "The sliders need JavaScript." } }
                script { (PreEscaped(THEME_SCRIPT)) (PreEscaped(SCRIPT)) }
            }
        }
    };
    visible_lines(&document.into_string()).into_owned()
}

fn file_choice(state: &State, files: &[String], question: &Result<Question, Mistakes>) -> Markup {
    let shown = question.as_ref().ok().map(|question| question.file.as_str()).or(state.file.as_deref());
    html! {
        label .pick-file { span { "Model or experiment" }
            select #file aria-label="Model or experiment" {
                @if shown.is_none_or(|shown| !files.iter().any(|file| file == shown)) { option value="" selected { "choose" } }
                @for file in files { option value=(file) selected[shown == Some(file.as_str())] { (file) } }
            }
        }
    }
}

fn body(state: &State, question: &Question) -> Markup {
    let known = json!({
        "file": question.file,
        "was": question.was().iter().map(|(path, value)| format!("{path}={value}")).collect::<Vec<_>>(),
        "seed": state.seed,
        "runs": question.whole().replications,
        "command": { "seed": question.whole().seed },
    });
    html! {
        section #controls aria-label="Settings" data-known=(known) {
            details #sheet open {
                summary { "Settings" }
                div .inner tabindex="0" role="region" aria-label="Sliders" {
                    (designs(state, question))
                    @let place = question.controls.iter().filter(|it| it.scope == Scope::Place);
                    (group("load, of both designs", place, state))
                    @for owner in owners(&question.controls) {
                        @let own = question.controls.iter().filter(|it| it.scope == Scope::Design && it.owner == owner);
                        (group(owner, own, state))
                    }
                }
            }
        }
        section #answer aria-label="Answer" {
            h1 { (question.whole().title) }
            p #progress .soft { "Running the first trials." }
            p #same .soft hidden { "Both designs are as in the file. Move a slider of a service, and the design after has that value." }
            div #now .live-now aria-busy="true" {}
            div #mistake hidden { p { b { "This setting cannot be run." } } pre tabindex="0" {} }
            div #timeline .live-timeline {}
            div #doubts {}
            section #keep {
                h2 { "Keep it" }
                p {
                    a #save .button href=(format!("/experiment.toml?{}", state.query())) download { "Save as experiment" }
                    " "
                    a #report .button href=(format!("/report.html?{}", state.query())) target="_blank" rel="noopener" { "Report" }
                    " "
                    button #pin type="button" { "Make this the design before" }
                    " "
                    button #reset type="button" { "Reset the sliders" }
                }
                p .soft { "The design after, on the command line:" }
                p { code #command {} }
            }
            p #said .unseen role="status" aria-live="polite" {}
        }
    }
}

/// Which designs are compared, and how often each is run.
fn designs(state: &State, question: &Question) -> Markup {
    let offered = question.offered();
    let runs = question.runs();
    let mut counts: Vec<u32> = RUNS.into_iter().chain([runs, question.whole().replications.min(MOST_RUNS)]).collect();
    counts.sort_unstable();
    counts.dedup();
    html! {
        div .designs {
            @if offered.len() > 1 {
                @for (id, name, own) in [("before", "Before", question.variants[0]), ("after", "After", question.variants[1])] {
                    label { (name)
                        select id=(id) {
                            @for (index, variant) in &offered {
                                option value=(variant) selected[*index == own] { (variant) }
                            }
                        }
                    }
                }
            }
            label { "Runs"
                select #runs { @for count in counts { option value=(count) selected[count == runs] { (count) } } }
            }
            label { "Where the time goes"
                select #time {
                    @for group in TIMES {
                        option value=(group.name()) selected[group == question.time] { (group.name()) }
                    }
                }
            }
            label { "Seed" input #seed type="number" min="0" step="1" inputmode="numeric" value=(question.seed()); }
        }
        @if !state.was.is_empty() {
            p .soft { "Before has " @for (number, (path, value)) in state.was.iter().enumerate() {
                @if number > 0 { ", " } code { (path) " = " (value) }
            } ". " button #unpin type="button" { "Take that back" } }
        }
    }
}

/// The owners of the controls of the design, in the order of the model.
fn owners(controls: &[Control]) -> Vec<&str> {
    let mut owners: Vec<&str> = Vec::new();
    for control in controls.iter().filter(|control| control.scope == Scope::Design) {
        if !owners.contains(&control.owner.as_str()) {
            owners.push(&control.owner);
        }
    }
    owners
}

/// The controls of an owner: the first ones at once, the others where they are asked for.
fn group<'a>(name: &str, controls: impl Iterator<Item = &'a Control>, state: &State) -> Markup {
    let is_set = |control: &&Control| state.set.iter().any(|(path, _)| *path == control.path);
    let (first, others): (Vec<&Control>, Vec<&Control>) = controls.partition(|it| it.is_first || is_set(it));
    html! {
        @if !first.is_empty() || !others.is_empty() {
            fieldset {
                legend { (name) }
                @for it in first { (control(it, state)) }
                @if !others.is_empty() {
                    details {
                        summary { (others.len()) " more" }
                        @for it in others { (control(it, state)) }
                    }
                }
            }
        }
    }
}

fn control(control: &Control, state: &State) -> Markup {
    let asked = state.set.iter().find(|(path, _)| *path == control.path).and_then(|(_, value)| control.index(value));
    let at = asked.unwrap_or(control.own);
    let own = &control.stops[control.own];
    let label = label(control);
    let plausible = control.plausible.as_ref().map(|(low, high)| format!("plausible: {low} to {high}"));
    let about: Vec<&str> = [control.about.as_str()].into_iter().chain(plausible.as_deref()).collect();
    let about = about.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("; ");
    let id = format!("c-{}", control.path.replace(char::is_whitespace, "_"));
    html! {
        div .control data-path=(control.path) data-own=(control.own) data-place[control.scope == Scope::Place] {
            label for=(id) title=[Some(about).filter(|about| !about.is_empty())] { (label) }
            @if control.is_choice {
                span .own { "file: " (own.text) }
                select id=(id) {
                    @for (index, stop) in control.stops.iter().enumerate() {
                        option value=(index) selected[index == at] { (stop.text) }
                    }
                }
            } @else {
                span .own { "file: " (own.text) }
                output for=(id) { (control.stops[at].text) }
                input id=(id) type="range" min="0" max=(control.stops.len() - 1) step="1" value=(at)
                    aria-valuetext=(control.stops[at].text);
            }
            script type="application/json" { (PreEscaped(stops(control))) }
        }
    }
}

/// The path without what the group says already.
fn label(control: &Control) -> String {
    let path = control.path.strip_prefix("services.").unwrap_or(&control.path);
    let path = path.strip_prefix(control.owner.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(path);
    let path = path.strip_prefix("endpoints.").unwrap_or(path);
    path.replace(".steps.with.steps.", " ").replace(".steps.", " ").replace(".steps[", " [")
}

/// The values, each as it is set, or as it is set and as it is shown.
fn stops(control: &Control) -> String {
    let all: Vec<_> = control
        .stops
        .iter()
        .map(|stop| if stop.set == stop.text { json!(stop.set) } else { json!([stop.set, stop.text]) })
        .collect();
    // Within a script, `<` could begin the tag that ends it.
    json!(all).to_string().replace('<', "\\u003c")
}
