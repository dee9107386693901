//! The page of a search: how far a design goes, which setting is the cheapest, which assumptions decide.

use maud::{Markup, html};

use super::answer::ended;
use super::chart::Charts;
use super::frame::Frame;
use super::{assumed, finished, method, model_section, table};
use crate::experiment::plan::Plan;
use crate::model::RateUnit;
use crate::report::figures::Drawing;
use crate::report::paragraph::count;
use crate::report::table::Column;

/// Sentences of the answer on the first screen.
const FIRST: usize = 3;

/// What a search found, as far as its page shows it.
pub(in crate::report) struct Found<'a> {
    /// All points that were tried.
    pub plan: &'a Plan,
    /// The unit of throughputs.
    pub rates: RateUnit,
    /// The points of the first variant.
    pub points: Vec<usize>,
    /// The answer, what matters most first.
    pub sentences: Vec<String>,
    /// How it was looked for.
    pub method: String,
    /// What was tried, as a chart.
    pub chart: Option<Drawing>,
    /// What the table is called.
    pub heading: &'static str,
    /// What was tried, as a table.
    pub columns: Vec<Column>,
    /// More tables, each with what it is called.
    pub further: Vec<(&'static str, Vec<Column>)>,
    /// What a number of the model does to the answer, by its path.
    pub effects: Vec<(String, String)>,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Trials, where they were counted.
    pub trials: Option<usize>,
    /// The file that has all of it.
    pub file: &'static str,
}

/// The page; `again` is the command that gives it.
pub(in crate::report) fn of_search(found: &Found, again: &str) -> String {
    let mut charts = Charts::without_points();
    let chart = found.chart.as_ref().map(|drawing| charts.draw(drawing));
    let model = model_section(found.plan, found.rates, &found.points, &mut charts);
    let simulated = found.trials.map(|trials| ("simulated", count(trials, "run")));
    let facts: Vec<(&str, String)> = simulated.into_iter().chain([("asked", found.method.clone())]).collect();
    let body = html! {
        (answer(found, chart))
        section #tried {
            h2 { (found.heading) }
            (table(found.heading, &found.columns))
            @for (heading, columns) in &found.further {
                @if columns.first().is_some_and(|column| column.cells().next().is_some()) {
                    h3 { (heading) }
                    (table(heading, columns))
                }
            }
            p .note { (found.file) " has every figure, with both ends of its interval where it has one." }
        }
        (model)
        (assumed::assumed(found.plan, &found.effects))
        (method::method(&[found.plan], &facts, &found.doubts, again))
    };
    finished(Frame::of_search(found.plan), charts, &body)
}

/// The first screen: the question, the answer, one chart.
fn answer(found: &Found, chart: Option<Markup>) -> Markup {
    let (first, rest) = found.sentences.split_at(found.sentences.len().min(FIRST));
    html! {
        section #answer {
            div .words {
                h1 { (found.plan.title) }
                @for sentence in first { p .answer { (ended(&capital(sentence, &found.plan.variants))) } }
                @for sentence in rest { p { (ended(&capital(sentence, &found.plan.variants))) } }
                p .soft { (found.method) }
            }
            @if let Some(chart) = chart { (chart) }
        }
    }
}

/// A sentence begins with a capital; a value of an axis or the name of a variant does not.
fn capital(sentence: &str, variants: &[String]) -> String {
    if variants.iter().any(|name| sentence.starts_with(&format!("{name}: "))) {
        return sentence.to_owned();
    }
    let word = sentence.split([' ', ':']).next().unwrap_or_default();
    let is_name = sentence[word.len()..].starts_with([':', '=']) || sentence[word.len()..].starts_with(" =");
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) if !is_name && word.chars().all(char::is_alphabetic) => {
            first.to_uppercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::capital;

    #[test]
    fn sentences_begin_with_a_capital_and_names_stay() {
        let capital = |sentence: &str| capital(sentence, &["one server".into()]);
        assert_eq!(capital("no value meets"), "No value meets");
        assert_eq!(capital("one server: 3 replicas are enough"), "one server: 3 replicas are enough");
        assert_eq!(capital("replicas = 2 meets"), "replicas = 2 meets");
        assert_eq!(capital("services.a.threads = 2 meets"), "services.a.threads = 2 meets");
        assert_eq!(capital("113 concurrent is"), "113 concurrent is");
    }
}
