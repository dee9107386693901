//! The table of culprits: for an input, what the tool must name, and with which words. docs/parts/culprits.md shows it.

mod experiments;
mod rows;

use std::fs;
use std::path::Path;

use rayon::prelude::*;
use sim::experiment::account::Account;
use sim::experiment::analyse::condition::conditions;
use sim::experiment::analyse::culprit::CulpritKind::{self, Circle, Fault, Limits, OwnError, TakesTime};
use sim::experiment::analyse::culprit::{Culprit, Evidence};
use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::runner;
use sim::language::{Metric, Objective};
use sim::parts::BlameGroup;

use self::rows::{Row, TABLE, TAILS};
use crate::models::{plan, with_report};

fn account(file: &str, set: &[(&str, &str)]) -> Account {
    planned(file, set).1
}

/// A model at two replications, and its account.
fn planned(file: &str, set: &[(&str, &str)]) -> (Plan, Account) {
    let path = match file {
        "registration" => "models/registration.toml".to_owned(),
        _ => format!("tests/culprits/{file}.toml"),
    };
    let adjustments = Adjustments::default().set_all(set.iter().copied()).replications(2);
    let plan = Plan::read(Path::new(&path), &adjustments).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let account = Account::of_trials(&plan, runner::run(&plan, &runner::Progress::default()));
    (plan, account)
}

/// The account of a model whose 95th percentile is to be at most a second.
fn slow_account(file: &str) -> Account {
    let adjustments = Adjustments::default().replications(2);
    let path = format!("tests/culprits/{file}.toml");
    let mut plan = Plan::read(Path::new(&path), &adjustments).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    plan.objectives = vec![Objective::AtMost { metric: Metric::P95S, value: 1.0 }];
    Account::of_trials(&plan, runner::run(&plan, &runner::Progress::default()))
}

fn culprit(file: &str, set: &[(&str, &str)]) -> Culprit {
    let account = account(file, set);
    Evidence::of(&account.summaries[0], 0.9, &[]).culprit().unwrap_or_else(|| panic!("{file} has no culprit"))
}

/// The page that shows the table to users.
const PAGE: &str = "docs/parts/culprits.md";

/// The culprit of every third row is the one that the table names, and the page has that row as it is found.
#[test]
fn some_culprits_come_out_by_name() {
    let page = fs::read_to_string(PAGE).expect("the page");
    let rows = TABLE.par_iter().step_by(3).map(answer).chain(TAILS.par_iter().step_by(3).map(tail));
    rows.for_each(|(row, wrong)| {
        assert!(wrong.is_empty(), "{wrong}");
        assert!(page.contains(&row), "{PAGE} does not have this row:\n{row}");
    });
}

#[test]
#[ignore = "long: all rows of the table"]
fn culprits_come_out_by_name() {
    let answers: Vec<(String, String)> = TABLE.par_iter().map(answer).chain(TAILS.par_iter().map(tail)).collect();
    let wrong: String = answers.iter().map(|(_, wrong)| wrong.as_str()).collect();
    assert!(wrong.is_empty(), "{wrong}");
    let old = fs::read_to_string(PAGE).unwrap_or_default();
    let (head, _) = old.split_once("|---|").expect("the table of the page");
    let page = format!("{head}|---|---|---|---|\n{}", answers.iter().map(|(row, _)| row.as_str()).collect::<String>());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(PAGE, page).expect("a page");
    } else {
        assert!(
            old == page,
            "{PAGE} is old: UPDATE_GOLDEN=1 cargo test -- --include-ignored culprits writes it anew:\n{page}"
        );
    }
}

/// A row of the page, and what is wrong with it.
fn answer(&(file, set, kind, name, words): &Row) -> (String, String) {
    let (plan, account) = planned(file, set);
    let found =
        Evidence::of(&account.summaries[0], 0.9, &[]).culprit().unwrap_or_else(|| panic!("{file} has no culprit"));
    let has_words = words.iter().all(|word| found.sentence.contains(word));
    let is_right = (found.kind, found.name.as_str()) == (kind, name) && has_words;
    let state = conditions(&plan, &account.summaries).first().map(|state| (state.condition.word(), state.fraction()));
    let condition = match state {
        Some((word, fraction)) if fraction.is_empty() => word.to_owned(),
        Some((word, fraction)) => format!("{word} in {} runs", fraction.replace('/', " of ")),
        None => "not known".to_owned(),
    };
    let set: String = set.iter().map(|(key, value)| format!("<br>`{key} = {value}`")).collect();
    let row = row(&format!("{}{set}", plan.title), &condition, &found);
    (row, if is_right { String::new() } else { format!("{file}: {found:?}\n") })
}

/// The same of a percentile that has a culprit of its own.
fn tail(&(file, group, kind, name): &(&str, BlameGroup, CulpritKind, &str)) -> (String, String) {
    let (plan, account) = planned(file, &[]);
    let found = Evidence::of(&account.summaries[0], 0.9, &[]).of_group(group).expect("a culprit");
    let percentile = if group == BlameGroup::P999 { "99.9th" } else { "99th" };
    let row = row(&plan.title, &format!("the {percentile} percentile"), &found);
    let is_right = (found.kind, found.name.as_str()) == (kind, name);
    (row, if is_right { String::new() } else { format!("{file}, {group:?}: {found:?}\n") })
}

fn row(system: &str, condition: &str, found: &Culprit) -> String {
    let sentence = found.sentence.replace('|', "\\|");
    let by = found.by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
    format!("| {system} | {condition} | {}{by} | {sentence} |\n", found.name)
}

/// Two pools that are taken in either order, without a time-out: nothing but a restart would end that. Where a wait has a
/// time-out of its own, that does.
#[test]
fn only_a_time_out_that_exists_ends_a_circle() {
    let of_failed = |set: &[(&str, &str)]| {
        let account = account("both-orders", set);
        Evidence::of(&account.summaries[0], 0.9, &[]).of_group(BlameGroup::Failed).unwrap()
    };
    let dead = of_failed(&[]);
    assert!(dead.kind == Circle && dead.sentence.contains(", and nothing ends that: "), "{dead:?}");
    let patience = [("services.a.pools.p.acquire_timeout", "1s"), ("services.a.pools.q.acquire_timeout", "1s")];
    let healed = of_failed(&patience);
    assert!(healed.kind == Circle && healed.sentence.contains("only the time-out of 1.00 s ends that"), "{healed:?}");
}

/// What a fault fills is what limits; a fault that only takes time limits nothing.
#[test]
fn a_fault_limits_through_what_it_fills() {
    let found = culprit("slow-downstream", &[]);
    assert_eq!((found.name.as_str(), found.limit()), ("fault slow-tags", Some("query threads")), "{found:?}");
    let found = culprit("slow-downstream", &[("load.rate", "300/s")]);
    assert_eq!((found.kind, found.limit()), (Fault, None), "{found:?}");
    let found = culprit("lowered-limit", &[]);
    assert_eq!((found.name.as_str(), found.limit()), ("fault a", Some("web limit pool")), "{found:?}");
    let found = culprit("breaker-by-fault", &[]);
    assert_eq!(found.limit(), Some("web breaker b"), "{found:?}");
}

/// 41 % of the failures are errors of the model's own, so the others are 59 %: reports come twice a second, and reads,
/// of which 8 % fail, 18 times, so 1.44 in 3.44 are own errors.
#[test]
fn shares_of_failures_are_of_all_failures() {
    let found = culprit("own-and-late", &[]);
    let share: f64 = found.sentence.split(' ').next().and_then(|text| text.parse().ok()).unwrap();
    assert!((share - 58.1).abs() < 8.0, "{found:?}");
}

/// 10 requests of 15,000 are held up by a stop of 0.2 s: fewer than one in a thousand, so the 99.9th percentile is the
/// sleep of 10 ms, and nothing else may be said of it.
#[test]
fn a_percentile_is_explained_by_requests_as_slow_as_it() {
    let account = account("rare-stall", &[]);
    let tail = Evidence::of(&account.summaries[0], 0.9, &[]).of_group(BlameGroup::P999).unwrap();
    assert_eq!((tail.kind, tail.name.as_str()), (TakesTime, "b sleep"), "{tail:?}");
    let blame = account.summaries[0].blame.as_ref().unwrap();
    let times = blame.groups.iter().find(|times| times.group == BlameGroup::P999).unwrap();
    let each = times.spent.iter().map(|spent| spent.ns).sum::<u128>() as f64 / times.requests;
    assert!((each / 1e9 - 0.010).abs() < 0.001, "{each} ns");
}

/// An error of the model's own is told as such.
#[test]
fn errors_of_the_model_are_its_own() {
    let found = culprit("breaker", &[("services.app.breakers.b.failure_threshold", "10000000")]);
    assert_eq!((found.kind, found.name.as_str()), (OwnError, "app.get"), "{found:?}");
}

/// One request in two hundred fails: what matters where the objective allows for one in a thousand, not for one in ten.
#[test]
fn a_strict_objective_is_missed_by_few_failures() {
    let account = account("rare-errors", &[]);
    let culprit = |success: f64| Evidence::of(&account.summaries[0], success, &[]).culprit().unwrap();
    let strict = culprit(0.999);
    assert_eq!((strict.kind, strict.name.as_str()), (OwnError, "a.e"), "{strict:?}");
    let lax = culprit(0.9);
    assert_eq!((lax.kind, lax.name.as_str()), (Limits, "a event loops"), "{lax:?}");
}

/// One request in twenty holds a connection while it waits for another one, for 4 % of the holders' time. That costs little: 84 %
/// succeed without the second connection, 81 % with it.
#[test]
fn a_second_connection_that_is_hardly_waited_for_is_no_circle() {
    let found = culprit("rare-second-connection", &[]);
    assert!(found.fails && found.sentence.contains("acquire timed out"), "{found:?}");
    assert!(!found.sentence.contains("second"), "{found:?}");
    let success = |set| account("rare-second-connection", set).summaries[0].success_rate.estimate;
    let one = "[{ with = { pool = \"p\", steps = [{ call = { client = \"c\", endpoint = \"e\" } }] } }]";
    let both = [success(&[("services.a.endpoints.e.steps", one)]), success(&[])];
    assert!((both[0] - 0.84).abs() < 0.01 && (both[1] - 0.81).abs() < 0.01, "{both:?}");
}

/// A service has two endpoints that sleep: the wait of the calls to one of them is found as with one endpoint.
#[test]
fn what_opens_a_breaker_waits_before_the_sleep_of_one_endpoint_of_two() {
    let text = fs::read_to_string("tests/culprits/breaker-in-consumer-by-load.toml").expect("a model");
    let other = "[services.mail.endpoints.list]\nsteps = [{ sleep = \"10ms\" }]\n";
    let plan = plan(&format!("{text}{other}"), &Adjustments::default().replications(2));
    let account = Account::of_trials(&plan, runner::run(&plan, &runner::Progress::default()));
    let found = Evidence::of(&account.summaries[0], 0.9, &[]).culprit().expect("a culprit");
    assert!(found.sentence.contains("during the sleep of mail.send; before that requests wait"), "{found:?}");
    assert!(found.sentence.contains("those who hold mail threads"), "{found:?}");
}

/// What is full for a part of the window is saturated, and is so while the objective is missed, not on average. The files
/// have the timelines: full from 4 min on, in a run of 10 min, for 150 s and 60 % in use otherwise, for 144 s and 50 %, for
/// 180 s and 60 %. A phase has 9.375 s, so the first and the last one that miss the objective may have seconds before and
/// after that: of the first 5.625 s, of the last one 3.75, 0.375 and 1.875 s. So at least 0.976, 0.980 and 0.984 are in use.
#[test]
fn saturated_means_while_the_objective_is_missed() {
    let cases = [
        ("slow-for-two", "a CPU", "fault noisy-neighbour", (150.0 + 450.0 * 0.6) / 600.0, 0.976),
        ("full-for-two", "a pool db", "a pool db is saturated", (144.0 + 456.0 * 0.5) / 600.0, 0.980),
        ("busy-for-two", "a event loops", "a event loops are saturated", (180.0 + 420.0 * 0.6) / 600.0, 0.984),
    ];
    for (file, name, cause, mean, strained) in cases {
        let account = slow_account(file);
        let summary = &account.summaries[0];
        let index = summary.resources.iter().position(|one| one.name == name).unwrap();
        let used = summary.strain.uses[index].utilisation().unwrap();
        let culprit = summary.culprit.as_ref().unwrap();
        assert!(
            (summary.resources[index].utilisation - mean).abs() < 0.002,
            "{file}: {}",
            summary.resources[index].utilisation
        );
        assert!(summary.strain.is_missed && (strained - 0.001..=1.0).contains(&used), "{file}: {used}");
        assert_eq!(
            (culprit.cause().as_str(), culprit.limit(), culprit.is_full),
            (cause, Some(name), true),
            "{file}: {culprit:?}"
        );
    }
    // Where no objective is missed it is judged by the window: 70 % is not saturated.
    let found = culprit("slow-for-two", &[]);
    assert!(!found.is_full, "{found:?}");
}

/// A finite test ends with fewer clients, which is no sign that a core has time to spare.
#[test]
fn a_finite_test_is_judged_up_to_its_last_request() {
    let account = account("finite", &[]);
    let summary = &account.summaries[0];
    let index = summary.resources.iter().position(|one| one.name == "a CPU").unwrap();
    let used = summary.strain.uses[index].utilisation().unwrap();
    let culprit = summary.culprit.as_ref().unwrap();
    assert!(
        (summary.resources[index].utilisation - 1.2 / 1.4).abs() < 0.005,
        "{}",
        summary.resources[index].utilisation
    );
    assert!(!summary.strain.is_missed && used > 0.999, "{used}");
    assert_eq!(culprit.cause(), "a event loops are saturated", "{culprit:?}");
}

/// The sentence of the culprit of a model.
fn sentence_of(text: &str) -> String {
    with_report(text, |report| report.summaries[0].culprit.as_ref().expect("a culprit").sentence.clone())
}

/// A service may have a dot in its name.
#[test]
fn the_outage_of_a_service_with_a_dot_is_told() {
    let text = fs::read_to_string("tests/culprits/replica-dead.toml").expect("a model");
    let text = text.replace("[services.a", "[services.\"x.a\"").replace("\"a.e\"", "\"x.a.e\"");
    let sentence = sentence_of(&text.replace("service = \"a\"", "service = \"x.a\""));
    assert!(sentence.contains("fault f keeps replicas of x.a down (33 % of the replicas' time)"), "{sentence}");
}

/// What opens a breaker is said once, whatever the reason of the failure has in it.
#[test]
fn what_opens_a_breaker_is_said_once() {
    let sentence = sentence_of(
        r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.get"
        rate = "30/s"
        duration = "60s"
        [services.app]
        breakers.b = { failure_threshold = 3, recovery_time = "20s" }
        [services.app.endpoints.get]
        steps = [{ breaker = { name = "b", steps = [{ fail = "bad; luck" }] } }]
        "#,
    );
    assert!(sentence.ends_with("it opens after `bad; luck`, an error of app.get"), "{sentence}");
}
