//! `sim metastable` against a system of which the border is known.

use sim::experiment::plan::{Adjustments, MetastableWishes, Plan, Workbench};
use sim::experiment::run::record::Record;
use sim::experiment::run::runner::Progress;
use sim::experiment::search::metastable::{Fate, MetastableAnswer, search};
use sim::language::Mistakes;
use sim::report;

use crate::models::{read, reported};

/// A server that takes 100 ms for a request and stops for a while from 50 s on. Clients give up after a second, and the
/// server works on what they gave up.
const MODEL: &str = r#"
[load]
kind = "open"
target = "shop.serve"
rate = "6/s"
arrivals = "constant"
timeout = "1s"
warm_up = "10s"
duration = "290s"

[services.shop]
runtime = "threads"
threads = 1
cpu = "1"

[services.shop.endpoints]
serve = { steps = [{ cpu = "100ms" }] }

[faults.stop]
service = "shop"
from = "50s"
to = "55s"
effect = "stuck"
"#;

const VARIANTS: &str = r#"
replications = 5

[[variants]]
name = "no retries"

[[variants]]
name = "3 attempts"
set = { "load.retry" = { attempts = 3, backoff = "10ms" } }

[[variants]]
name = "budget"
set = { "load.retry" = { attempts = 3, backoff = "10ms", budget = 0.1 } }
"#;

fn wishes() -> MetastableWishes {
    let text = |text: &str| Some(text.to_owned());
    MetastableWishes {
        trigger: text("faults.stop.to"),
        from: text("50.5s"),
        to: text("55s"),
        resolution: text("100ms"),
        load_from: text("3/s"),
        load_to: text("6/s"),
        loads: Some(2),
        ..MetastableWishes::default()
    }
}

fn searched(model: &str, experiment: &str, wishes: &MetastableWishes) -> Result<MetastableAnswer, Mistakes> {
    read(model, experiment, |file| {
        let bench = Workbench::read(file, &Adjustments::default())?;
        let asked = bench.metastable(wishes)?;
        let variants = bench.variants(&[])?;
        let mut study = bench.study(&variants, vec![asked.load.clone(), asked.trigger.clone()], &[])?;
        study.rehearse_trigger(&variants, &asked)?;
        search(study, &asked, &variants, &Record::none(), &Progress::default())
    })
}

/// Three attempts are 18 requests a second at 6/s, of which the server can do ten: once all first attempts time out, they do
/// so for good. At 3/s three attempts are nine, and the queue drains after any stop. No client gives up in a stop of less than
/// 0.9 s; after one of 2.6 s the queue is more than 1.5 s of work, of which less than 0.5 s drains until the second
/// attempts come. The border lies between. Without retries every stop is followed by a return, and a budget of a tenth makes
/// 6.6 requests a second of 6.
#[test]
fn a_retry_storm_outlasts_a_trigger_beyond_a_border() {
    let answer = searched(MODEL, VARIANTS, &wishes()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    assert_eq!(answer.doubts, [""; 0]);
    let [plain, storm, budget] = answer.variants.as_slice() else { panic!("three variants") };
    for safe in [plain, budget] {
        assert_eq!(safe.smallest(), None, "{safe:?}");
        assert!(safe.borders.iter().all(|border| border.returns == Some(55.0)));
        // The ends tell all.
        assert!(safe.borders.iter().all(|border| border.tried.len() == 2));
    }
    let [low, high] = storm.borders.as_slice() else { panic!("two loads") };
    assert_eq!((low.load, low.tips, low.returns), (3.0, None, Some(55.0)));
    let (returns, tips, stays) = (high.returns.unwrap(), high.tips.unwrap(), high.stays.unwrap());
    assert_eq!(high.load, 6.0);
    assert!((50.9..=52.5).contains(&returns), "{high:?}");
    assert!((tips - returns - 0.1).abs() < 1e-6, "the border is as sharp as the resolution: {high:?}");
    assert!(tips <= stays && stays <= 52.65, "{high:?}");
    assert_eq!(storm.smallest(), Some((6.0, tips)));
    // Far fewer than all 46 values.
    assert!(high.tried.len() < 16, "{high:?}");
    let words = report::metastable(&answer, None).concat();
    assert!(words.contains("“3 attempts” stays down after"), "{words}");
    assert!(words.contains("“no retries” and “budget” return by themselves after every trigger"), "{words}");
    let document = report::metastable_document(&answer);
    assert_eq!(document["variants"][1]["borders"][1]["tips_from"].as_f64(), Some(tips));
}

/// Every size that was tried is what it is in a run of its own: the search takes no short cut.
#[test]
fn the_border_is_that_of_a_sweep() {
    let only = VARIANTS.split("[[variants]]").take(1).collect::<String>()
        + "[set]\n\"load.retry\" = { attempts = 3, backoff = \"10ms\" }\n";
    let answer = searched(MODEL, &only, &MetastableWishes { loads: Some(1), ..wishes() });
    let answer = answer.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let border = &answer.variants[0].borders[0];
    let values: Vec<String> = (5..=50).map(|tenths| format!("\"{}ms\"", 50_000 + 100 * tenths)).collect();
    let sweep = format!("{only}\n[axes.to]\npath = \"faults.stop.to\"\nvalues = [{}]\n", values.join(", "));
    let down: Vec<usize> = read(MODEL, &sweep, |file| {
        let plan = Plan::read(file, &Adjustments::default()).expect("a plan");
        let report = reported(&plan);
        report.summaries.iter().map(|summary| summary.never_recovered).collect()
    });
    let first = down.iter().position(|&down| down > 0).expect("a border");
    assert!((border.tips.unwrap() - (50.5 + 0.1 * first as f64)).abs() < 1e-6, "{border:?} {down:?}");
    for tried in &border.tried {
        let index = ((tried.trigger - 50.5) / 0.1).round() as usize;
        assert_eq!((tried.down, tried.runs), (down[index], 5), "{tried:?}");
        assert_eq!(tried.fate() == Fate::Returns, down[index] == 0);
    }
}

/// What would be no answer is refused: nothing to return from, recovery that is timed too early, a trigger that is the load.
#[test]
fn what_cannot_be_searched_is_refused() {
    let told = |model: &str, wishes: &MetastableWishes| {
        searched(model, "replications = 5\n", wishes).expect_err("a mistake").render(false)
    };
    let calm = MODEL.split("[faults.stop]").next().unwrap();
    let of_time =
        MetastableWishes { trigger: Some("services.shop.threads".into()), from: Some("1".into()), ..wishes() };
    let of_time = MetastableWishes { to: Some("4".into()), resolution: None, ..of_time };
    assert!(told(calm, &of_time).contains("recovery is not timed"));
    let early = MODEL.replace("duration =", "recovered_after = \"52s\"\nduration =");
    assert!(told(&early, &wishes()).contains("before the end of the trigger"));
    let nowhere = MetastableWishes { trigger: Some("faults.stopp.to".into()), ..wishes() };
    assert!(told(MODEL, &nowhere).contains("--> --trigger:1"), "{}", told(MODEL, &nowhere));
    let endless = MetastableWishes { from: None, ..wishes() };
    assert!(told(MODEL, &endless).contains("add --from"), "{}", told(MODEL, &endless));
    let wrong = MetastableWishes { load_from: Some("fast".into()), ..wishes() };
    assert!(told(MODEL, &wrong).contains("--> --load-from:1"), "{}", told(MODEL, &wrong));
    let same = MetastableWishes { trigger: Some("load.rate".into()), from: Some("1/s".into()), ..wishes() };
    let same = MetastableWishes { to: Some("6/s".into()), resolution: None, ..same };
    assert!(told(MODEL, &same).contains("both the load and the trigger"));
    let none = MetastableWishes { trigger: None, ..wishes() };
    assert!(told(MODEL, &none).contains("no axis of numbers that could be the size of a trigger"));
}

/// A fault that only one variant has can be the trigger there; of the others that is refused.
#[test]
fn a_fault_that_a_variant_makes_is_a_trigger() {
    let (calm, fault) = MODEL.split_once("[faults.stop]\n").expect("a fault");
    let fault = fault.trim().replace('\n', ", ");
    let variants = format!(
        "replications = 5\n[[variants]]\nname = \"calm\"\n[[variants]]\nname = \"stops\"\nset = {{ \"faults.stop\" = {{ {fault} }}, \
         \"load.retry\" = {{ attempts = 3, backoff = \"10ms\" }} }}\n"
    );
    let refused = searched(calm, &variants, &wishes()).expect_err("a mistake").render(false);
    assert!(refused.contains("variant `calm` has no `faults.stop.to`"), "{refused}");
    let only = variants.replace("[[variants]]\nname = \"calm\"\n", "");
    let one = MetastableWishes { loads: Some(1), ..wishes() };
    let answer = searched(calm, &only, &one).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let tips = answer.variants[0].borders[0].tips.expect("a border");
    assert!((50.9..=52.65).contains(&tips), "{tips}");
}

/// The chart names all variants with the smallest border, and its axes in words with their units.
#[test]
fn the_title_names_all_that_tip_first() {
    let twice = VARIANTS.replace("budget\"", "twin\"").replace("3 attempts", "tries").replace(", budget = 0.1", "");
    let one = MetastableWishes { resolution: Some("1s".into()), loads: Some(1), ..wishes() };
    let answer = searched(MODEL, &twice, &one).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let sim::report::chart::Figure::Line(figure) = report::metastable_figure(&answer).figure else {
        panic!("no lines")
    };
    assert!(figure.title.starts_with("“tries” and “twin” can stay down after"), "{}", figure.title);
    assert!(figure.title.ends_with("; “no retries” recovers"), "{}", figure.title);
    assert_eq!(figure.x.label, "requests offered (1/s)");
    assert_eq!(figure.panels[0].y.label, "size of the trigger: faults.stop.to (s)");
}
