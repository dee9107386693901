//! Which test tells hypotheses apart: sentences, tables, a document, rows of CSV, a chart.

use serde_json::{Value, json};

use super::agreement::{RATES, percentage};
use super::chart::{Bar, BarFigure, ChartAxis};
use super::figures::{Drawing, fitting};
use super::paragraph::{count, joined, list, quoted};
use super::table::{Column, short};
use crate::calibrate::discriminate::{Discrimination, SimulatedTest};
use crate::experiment::analyse::words::{amount, shown, unit};
use crate::metric::Metric;

/// Tests that the table shows; all are in the files.
const ROWS: usize = 10;

/// The columns of `discriminate.csv`.
const COLUMNS: [&str; 13] = [
    "test",
    "variant",
    "point",
    "hypothesis",
    "metric",
    "mean",
    "deviation_of_a_test",
    "deviation_of_the_model",
    "told_apart",
    "pairs",
    "repetitions",
    "run_s",
    "cost_s",
];

/// How the test was looked for: below the title.
pub fn method(found: &Discrimination, seed: u64) -> String {
    let asked = &found.question;
    format!(
        "{} hypotheses, {} of {} each, seed {seed}; {} % confidence; a model may be off by {}; {} between runs, {} to change the system",
        found.rivals.len(),
        count(found.tests.len(), "test"),
        count(found.replications as usize, "run"),
        percentage(asked.confidence),
        tolerances(found),
        length(asked.pause),
        length(asked.change)
    )
}

/// `10 % in throughput and success, 20 % in mean`.
fn tolerances(found: &Discrimination) -> String {
    let asked = &found.question;
    let mut sizes = asked.tolerances.clone();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let one = |size: &f64| {
        let of = asked.metrics.iter().zip(&asked.tolerances).filter(|(_, it)| *it == size);
        let names: Vec<String> = of.map(|(metric, _)| metric.short().to_owned()).collect();
        format!("{} % in {}", percentage(*size), joined(&names, "and"))
    };
    match sizes.as_slice() {
        [size] => format!("{} %", percentage(*size)),
        sizes => sizes.iter().map(one).collect::<Vec<String>>().join(", "),
    }
}

/// A time as one plans it: `35 s`, `16 min`, `1.5 h`.
pub(super) fn length(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 99.5 => format!("{seconds:.0} s"),
        seconds if seconds < 5970.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}

/// The answer, in a sentence, without a full stop.
pub fn answer(found: &Discrimination) -> String {
    let Some(best) = found.best() else { return "no test was simulated to its end".into() };
    if best.told_apart() == 0 {
        let most = count(found.question.most as usize, "repetition");
        return format!("no test tells any two of the hypotheses apart, not with {most}");
    }
    let run = format!("run {}, {}: {}", name(best), times(best.repetitions), length(best.cost));
    if best.is_enough() {
        let all = match found.rivals.len() {
            2 => "both hypotheses".to_owned(),
            number => format!("all {number} hypotheses"),
        };
        return format!("{run}. It tells {all} apart");
    }
    let of = best.pairs.len();
    format!("{run}. It tells {} of {of} pairs of hypotheses apart; no test tells more", best.told_apart())
}

fn times(number: u32) -> String {
    match number {
        1 => "once".into(),
        2 => "twice".into(),
        number => format!("{number} times"),
    }
}

fn name(test: &SimulatedTest) -> String {
    test.candidate.quoted.clone()
}

/// What results mean and how far the answer can be trusted, in sentences.
pub fn sentences(found: &Discrimination) -> Vec<String> {
    let Some(best) = found.best() else { return Vec::new() };
    let mut sentences = Vec::new();
    if best.told_apart() > 0 {
        sentences.extend((0..found.rivals.len()).filter_map(|rival| meaning(found, best, rival)));
        sentences.push(format!(
            "a result that is in none of the bands below speaks against {}",
            if found.rivals.len() == 2 { "both" } else { "all of them" }
        ));
    }
    let mut open: Vec<usize> = (0..best.pairs.len()).filter(|&it| best.pairs[it].repetitions.is_none()).collect();
    for &test in &found.further {
        let test = &found.tests[test];
        let (does, rest) = open.into_iter().partition(|&it| test.pairs[it].repetitions.is_some());
        open = rest;
        sentences.push(further(found, test, does));
    }
    let left: Vec<String> = found.open().into_iter().map(|pair| of_pair(found, best.pairs[pair].rivals)).collect();
    if !left.is_empty() && best.told_apart() > 0 {
        sentences.push(format!("no test tells {} apart", joined(&left, "or")));
    }
    if let Some((_, of)) = found.checks.first() {
        let each: Vec<String> = found
            .checks
            .iter()
            .zip(&found.rivals)
            .map(|((right, _), rival)| format!("{} in {right}", quoted(&rival.name)))
            .collect();
        sentences.push(format!(
            "checked with {of} new simulated tests of each hypothesis: it finds {}",
            joined(&each, "and")
        ));
    }
    sentences
}

/// `“h1” if the throughput is above 702/min`, once for those that the test does not tell apart; none where it tells them from no
/// other one.
fn meaning(found: &Discrimination, best: &SimulatedTest, rival: usize) -> Option<String> {
    let alike: Vec<usize> = std::iter::once(rival).chain(best.alike(rival)).collect();
    if alike.iter().any(|&other| other < rival) {
        return None;
    }
    let conditions: Vec<String> = best
        .decisive()
        .into_iter()
        .filter_map(|metric| {
            let ranges = alike.iter().map(|&rival| best.range(rival, metric));
            let all = ranges.reduce(|all, one| [all[0].min(one[0]), all[1].max(one[1])])?;
            condition(all, found.question.metrics[metric])
        })
        .collect();
    if conditions.is_empty() {
        return None;
    }
    let names: Vec<&str> = alike.iter().map(|&rival| found.rivals[rival].name.as_str()).collect();
    let who = match names.as_slice() {
        [one] => quoted(one),
        several => list(several).replace(" and ", " or "),
    };
    Some(format!("{who} if {}", joined(&conditions, "and")))
}

fn condition([low, high]: [f64; 2], metric: Metric) -> Option<String> {
    let (words, is) = (metric.words(), metric.agree("is", "are"));
    let text = |value: f64| amount(value, metric, RATES);
    match (low.is_finite(), high.is_finite()) {
        (true, true) => Some(format!("the {words} {is} between {} and {}", text(low), text(high))),
        (true, false) => Some(format!("the {words} {is} above {}", text(low))),
        (false, true) => Some(format!("the {words} {is} below {}", text(high))),
        (false, false) => None,
    }
}

/// `then “twice the CPU” at 30, once (16 min), tells “h2” from “h3” and “h4”`.
fn further(found: &Discrimination, test: &SimulatedTest, pairs: Vec<usize>) -> String {
    let name_of = |rival: usize| found.rivals[rival].name.as_str();
    let each: Vec<String> = (0..found.rivals.len())
        .filter_map(|first| {
            let of = pairs.iter().map(|&pair| test.pairs[pair].rivals).filter(|rivals| rivals[0] == first);
            let others: Vec<&str> = of.map(|rivals| name_of(rivals[1])).collect();
            (!others.is_empty()).then(|| format!("{} from {}", quoted(name_of(first)), list(&others)))
        })
        .collect();
    format!("then {}, {} ({}), tells {}", name(test), times(test.repetitions), length(test.cost), joined(&each, "and"))
}

fn of_pair(found: &Discrimination, pair: [usize; 2]) -> String {
    list(&pair.map(|rival| found.rivals[rival].name.as_str()))
}

/// The table of what each hypothesis predicts of the best test: all figures that tell some apart.
pub fn predictions(found: &Discrimination) -> Option<(String, String)> {
    let best = found.best()?;
    let metrics = if best.told_apart() > 0 { best.decisive() } else { (0..found.question.metrics.len()).collect() };
    let mut columns = vec![Column::words("hypothesis", found.rivals.iter().map(|rival| rival.name.clone()).collect())];
    for (rank, metric) in metrics.into_iter().enumerate() {
        let of = found.question.metrics[metric];
        let bands = || (0..found.rivals.len()).map(|rival| best.band(rival, metric));
        let mean = |band: Option<[f64; 3]>| band.map_or_else(|| "–".into(), |[mean, ..]| amount(mean, of, RATES));
        // No time, rate or share is below 0.
        let ends = |[_, low, high]: [f64; 3]| {
            let high = if of.is_rate() { high.min(1.0) } else { high };
            format!("{} to {}", amount(low.max(0.0), of, RATES), amount(high, of, RATES))
        };
        columns.push(Column::figures(of.short(), bands().map(mean).collect()).optional(1 + 2 * rank as u8));
        let bands = bands().map(|band| band.map_or_else(String::new, ends)).collect();
        columns.push(Column::words("95 % of results", bands).optional(2 + 2 * rank as u8));
    }
    let titles: Vec<String> = found.rivals.iter().map(|rival| rival.title.clone()).collect();
    columns.push(Column::words("it says", titles).optional(9));
    Some((format!("What each predicts of {}:", name(best)), short(columns, &[], "discriminate.csv")))
}

/// The table of tests, the best first.
pub fn tests(found: &Discrimination) -> String {
    let all = &found.tests[..found.tests.len().min(ROWS)];
    let cells = |cell: &dyn Fn(&SimulatedTest) -> String| all.iter().map(cell).collect::<Vec<String>>();
    let by = |test: &SimulatedTest| {
        let names = test.decisive().into_iter().map(|metric| found.question.metrics[metric].short().to_owned());
        names.collect::<Vec<String>>().join(", ")
    };
    let columns = vec![
        Column::words("test", cells(&|test| test.candidate.words.clone())),
        Column::figures("pairs apart", cells(&|test| format!("{} of {}", test.told_apart(), test.pairs.len()))),
        Column::words("by", cells(&by)).optional(3),
        Column::figures("least apart", cells(&|test| format!("{:.1} σ", test.least_separation()))).optional(2),
        Column::figures("runs", cells(&|test| test.repetitions.to_string())),
        Column::figures("a run", cells(&|test| length(test.seconds))).optional(1),
        Column::figures("in all", cells(&|test| length(test.cost))),
    ];
    let rest = found.tests.len() - all.len();
    let more = if rest > 0 { format!("{} more in discriminate.csv\n", count(rest, "test")) } else { String::new() };
    short(columns, &[], "discriminate.csv") + &more
}

/// All predictions as CSV.
pub fn csv(found: &Discrimination) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Neither can fail: the rows have one length, and go to memory.
    let _ = writer.write_record(COLUMNS);
    for (number, test) in found.tests.iter().enumerate() {
        for (rival, predictions) in found.rivals.iter().zip(&test.predictions) {
            for (metric, prediction) in found.question.metrics.iter().zip(predictions) {
                let Some(it) = prediction else { continue };
                let _ = writer.write_record([
                    (number + 1).to_string(),
                    test.candidate.variant.clone(),
                    test.candidate.at.clone(),
                    rival.name.clone(),
                    metric.name().into(),
                    it.mean.to_string(),
                    it.single.to_string(),
                    it.model.to_string(),
                    test.told_apart().to_string(),
                    test.pairs.len().to_string(),
                    test.repetitions.to_string(),
                    test.seconds.to_string(),
                    test.cost.to_string(),
                ]);
            }
        }
    }
    writer.into_inner().unwrap_or_default()
}

/// The answer for programs.
pub fn document(found: &Discrimination) -> Value {
    let metrics = &found.question.metrics;
    let end = |value: f64| value.is_finite().then_some(value);
    let test = |test: &SimulatedTest| {
        let pair = |pair: &crate::calibrate::discriminate::Pair| {
            json!({
                "hypotheses": pair.rivals.map(|rival| found.rivals[rival].name.as_str()),
                "metric": pair.metric.map(|metric| metrics[metric].name()),
                "separation": pair.separation,
                "repetitions": pair.repetitions,
            })
        };
        let predicted = |(rival, metric): (usize, usize)| {
            let it = test.predictions[rival][metric]?;
            let [_, low, high] = test.band(rival, metric)?;
            let [from, to] = test.range(rival, metric);
            Some(json!({
                "hypothesis": found.rivals[rival].name,
                "metric": metrics[metric].name(),
                "mean": it.mean,
                "deviation_of_a_test": it.single,
                "deviation_of_the_model": it.model,
                "band_95": [low, high],
                "is_true_from": end(from),
                "is_true_to": end(to),
            }))
        };
        let all = (0..found.rivals.len()).flat_map(|rival| (0..metrics.len()).map(move |metric| (rival, metric)));
        json!({
            "variant": test.candidate.variant,
            "point": test.candidate.at,
            "changes_the_system": test.candidate.is_changed,
            "run_s": test.seconds,
            "repetitions": test.repetitions,
            "cost_s": test.cost,
            "told_apart": test.told_apart(),
            "pairs": test.pairs.iter().map(pair).collect::<Vec<_>>(),
            "predictions": all.filter_map(predicted).collect::<Vec<_>>(),
        })
    };
    json!({
        "answer": answer(found),
        "tells_all_apart": found.best().is_some_and(SimulatedTest::is_enough),
        "hypotheses": found.rivals.iter().map(|rival| json!({ "name": rival.name, "title": rival.title })).collect::<Vec<_>>(),
        "confidence": found.question.confidence,
        "tolerances": metrics.iter().zip(&found.question.tolerances).map(|(metric, size)| json!({ "metric": metric.name(), "size": size })).collect::<Vec<_>>(),
        "tests": found.tests.iter().map(test).collect::<Vec<_>>(),
        "further": found.further,
        "checks": found.checks.iter().map(|(found, of)| json!({ "found": found, "of": of })).collect::<Vec<_>>(),
        "doubts": found.doubts,
    })
}

/// The chart: what each hypothesis predicts of the best test, beside a test that does not tell them apart.
pub fn chart(found: &Discrimination, method: &str) -> Option<Drawing> {
    let best = found.best()?;
    let &metric = best.decisive().first()?;
    let of = found.question.metrics[metric];
    // The test that is as it is today and tells the fewest apart: what the hypotheses have in common.
    let known = |test: &&SimulatedTest| (0..found.rivals.len()).all(|rival| test.band(rival, metric).is_some());
    let unlike = found.tests.iter().filter(|test| !test.candidate.is_changed).filter(known);
    let alike = unlike.min_by_key(|test| test.told_apart()).filter(|test| test.told_apart() < best.told_apart());
    let in_unit = |value: f64| shown(value, of, RATES);
    let bars = |test: &SimulatedTest| {
        let bar = |(rival, named): (usize, &crate::calibrate::discriminate::Named)| {
            let [mean, low, high] = test.band(rival, metric).unwrap_or([f64::NAN; 3]).map(in_unit);
            let label = format!("{}: {}", named.name, test.candidate.words);
            Bar { label, value: mean, low: low.max(0.0), high, color: rival, ..Bar::default() }
        };
        found.rivals.iter().enumerate().map(bar).collect::<Vec<Bar>>()
    };
    let what = if best.is_enough() { "tells the hypotheses apart" } else { "tells most of the hypotheses apart" };
    let figure = BarFigure {
        title: fitting([format!("{} {what}", name(best)), format!("One test {what}")]),
        subtitle: format!("Simulated: {method}"),
        x: ChartAxis::linear(format!("{} ({})", of.words(), unit(of, RATES).trim())),
        bars: bars(best).into_iter().chain(alike.map(bars).unwrap_or_default()).collect(),
        note: "Whiskers: 95 % of results, with what a model may be off by.".into(),
    };
    Some(Drawing { name: "discriminate".into(), figure: figure.into() })
}
