use std::path::PathBuf;
use std::sync::Arc;

use super::super::{Adjustments, Expectation, Plan};
use crate::model::Pattern;

const MODEL: &str = r#"
title = "A model"

[services.a]
workers = 4
endpoints.run.steps = [{ cpu = "1ms" }]

[load]
kind = "closed"
target = "a.run"
concurrency = 7
users = 70

[provenance]
"services.a.workers" = { assumed = "not known", range = [1, 8] }
"services.a.endpoints.run.steps.cpu" = { measured = "once" }
"#;

const EXPERIMENT: &str = r#"
title = "A question"
model = "model.toml"
replications = 3
max_wall_time = "1m"

[axes.concurrency]
path = "load.concurrency"
also = { "load.users" = 2 }
values = [10, 20, 40]

[axes.cpu]
path = "services.a.cpu"
values = ["500m", "2"]
label = "CPU limit (cores)"

[[variants]]
name = "as-is"

[[variants]]
name = "one"
set = { "services.a.workers" = 1, "load.timeout" = "5s" }
only = { concurrency = [40, 10] }

[[measurements]]
name = "row"
at = { concurrency = 20, cpu = "2" }
measured = { throughput_per_min = 500 }
tolerance = 0.1

[[hypotheses]]
claim = "it stays alive"
at = { concurrency = { from = 15 } }
expect = { survives = {} }

[[hypotheses]]
claim = "one worker is slower"
variant = "one"
expect = { lower-than = { variant = "as-is", metric = "throughput_per_min", by = 0.1 } }
"#;

/// A directory of its own with both files, removed at the end.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("sim-design-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("model.toml"), MODEL).unwrap();
        std::fs::write(directory.join("question.toml"), EXPERIMENT).unwrap();
        Self(directory)
    }

    fn read(&self, file: &str, set: &[(&str, &str)]) -> Plan {
        let set = set.iter().map(|(path, value)| ((*path).into(), (*value).into())).collect();
        let adjustments = Adjustments { set, ..Adjustments::default() };
        Plan::read(&self.0.join(file), &adjustments).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn test_of(plan: &Plan, point: usize) -> (u32, u32) {
    match plan.points[point].load.pattern {
        Pattern::Test { concurrency, users, .. } => (concurrency, users),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn an_experiment_becomes_variants_times_axes() {
    let files = Files::new("product");
    let plan = files.read("question.toml", &[]);
    assert_eq!((plan.name.as_str(), plan.replications, plan.seed), ("question", 3, 1));
    assert_eq!(plan.variants, ["as-is", "one"]);
    assert_eq!(plan.points.len(), 3 * 2 + 2 * 2);
    assert_eq!(
        plan.axes.iter().map(|axis| axis.label.as_str()).collect::<Vec<_>>(),
        ["concurrency", "CPU limit (cores)"]
    );
    assert_eq!(plan.axes[1].values[0].number, Some(0.5));
    assert_eq!(plan.place(&plan.points[1]), "concurrency = 10, cpu = 2");
    assert_eq!(test_of(&plan, 2), (20, 40), "the second path gets twice the value");
    assert_eq!(plan.points[0].system.services[0].cores, Some(0.5));
    assert_eq!(plan.points[0].system.processes.len(), 4);
    assert!(Arc::ptr_eq(&plan.points[0].system, &plan.points[2].system), "only the load differs");
    assert!(!Arc::ptr_eq(&plan.points[0].system, &plan.points[1].system));
    let one = plan.point(1, &[2, 1]).unwrap();
    assert_eq!(plan.points[one].system.processes.len(), 1);
    assert_eq!(plan.beside(one, 0), plan.point(0, &[2, 1]));
    assert_eq!(plan.point(1, &[1, 0]), None, "left out by `only`");
}

#[test]
fn claims_are_resolved_to_points() {
    let files = Files::new("claims");
    let plan = files.read("question.toml", &[]);
    assert_eq!(plan.measurements[0].point, plan.point(0, &[1, 1]).unwrap());
    assert_eq!(plan.hypotheses[0].points, [2, 3, 4, 5]);
    assert_eq!(plan.hypotheses[0].expect, Expectation::Survives);
    assert_eq!(plan.hypotheses[1].points, [6, 7, 8, 9]);
    assert!(matches!(plan.hypotheses[1].expect, Expectation::LowerThan { variant: 0, .. }));
}

#[test]
fn the_command_line_sets_values_and_pins_axes() {
    let files = Files::new("pins");
    let plan = files.read("question.toml", &[("load.concurrency", "25"), ("services.a.workers", "2")]);
    assert_eq!(plan.axes[0].values.len(), 1);
    assert_eq!(plan.points.len(), 4, "two variants, two values of the other axis");
    assert_eq!(test_of(&plan, 0), (25, 50), "the second path follows");
    assert!(plan.points.iter().all(|point| point.system.processes.len() == 2));
    assert!(plan.measurements.is_empty(), "measured elsewhere");
    assert_eq!(plan.hypotheses.len(), 2);
    let plan = files.read("question.toml", &[("load.concurrency", "12")]);
    assert_eq!(plan.hypotheses.len(), 1, "the first one is about other points");
}

#[test]
fn a_model_with_a_load_is_a_plan_of_one_point() {
    let files = Files::new("model");
    let plan = files.read("model.toml", &[("services.a.cpu", "1")]);
    assert_eq!((plan.name.as_str(), plan.title.as_str()), ("model", "A model"));
    assert_eq!(plan.variants, ["model"]);
    assert_eq!(plan.points.len(), 1);
    assert_eq!(test_of(&plan, 0), (7, 70));
    assert_eq!(plan.points[0].system.services[0].cores, Some(1.0));
}

#[test]
fn assumptions_and_inputs_are_listed() {
    let files = Files::new("inputs");
    let plan = files.read("question.toml", &[]);
    let [assumption] = plan.assumptions() else { panic!("{:?}", plan.assumptions()) };
    assert_eq!((assumption.path.as_str(), assumption.value.as_str()), ("services.a.workers", "4"));
    assert_eq!(assumption.range, Some(("1".into(), "8".into())));
    assert_eq!(plan.inputs(), [files.0.join("question.toml"), files.0.join("model.toml")]);
}

/// Every system of a large sweep is read, changed and lowered in well under a millisecond.
#[test]
fn a_thousand_systems_are_made_at_once() {
    let files = Files::new("many");
    let text = EXPERIMENT.replace("values = [\"500m\", \"2\"]", "from = 1\nto = 10\npoints = 1000");
    let text = text.replace("cpu = \"2\" }", "cpu = 1 }");
    std::fs::write(files.0.join("question.toml"), text).unwrap();
    let start = std::time::Instant::now();
    let plan = files.read("question.toml", &[]);
    assert_eq!(plan.points.len(), 5 * 1000);
    assert!(start.elapsed().as_secs_f64() < 5.0, "{:?}", start.elapsed());
}

const NAMED: &str = r#"
title = "A model with constants"
constants = { hash = "100ms", clients = 7 }

[services.a]
workers = 4
endpoints.run.steps = [{ cpu = "$hash" }, { sleep = "exp($hash)" }]

[load]
kind = "closed"
target = "a.run"
concurrency = "$clients"
users = 70
"#;

const OF_NAMED: &str = r#"
title = "A question about constants"
model = "named.toml"

[axes.hash]
path = "constants.hash"
from = "50ms"
to = "150ms"
step = "50ms"

[axes.clients]
path = "constants.clients"
values = [5, 7]

[axes.timeout]
path = "load.timeout"
values = ["1s", "2s"]
"#;

/// A constant is set in all its places at once, in the model and in the load, and is a number of what they want.
#[test]
fn constants_are_set_and_varied_by_their_name() {
    let files = Files::new("constants");
    std::fs::write(files.0.join("named.toml"), NAMED).unwrap();
    std::fs::write(files.0.join("of_named.toml"), OF_NAMED).unwrap();
    let literal = |hash: &str, clients: &str| {
        let text = NAMED.replace("$hash", hash).replace("\"$clients\"", clients);
        std::fs::write(files.0.join("literal.toml"), text).unwrap();
        let plan = files.read("literal.toml", &[("load.timeout", "2s")]);
        (format!("{:?}", plan.points[0].system), format!("{:?}", plan.points[0].load))
    };
    let plan = files.read("of_named.toml", &[]);
    let texts: Vec<&str> = plan.axes[0].values.iter().map(|value| value.text.as_str()).collect();
    assert_eq!(texts, ["50ms", "100ms", "150ms"]);
    assert_eq!(plan.axes[0].values[0].number, Some(0.05));
    for (hash, at) in [("50ms", 0), ("150ms", 2)] {
        for (clients, of) in [("5", 0), ("7", 1)] {
            let point = &plan.points[plan.point(0, &[at, of, 1]).unwrap()];
            assert_eq!((format!("{:?}", point.system), format!("{:?}", point.load)), literal(hash, clients));
        }
    }
    let plan = files.read("of_named.toml", &[("constants.hash", "80ms")]);
    assert_eq!(plan.points.len(), 4, "the command line fixes the axis");
    assert_eq!(format!("{:?}", plan.points[3].system), literal("80ms", "7").0);
}

#[test]
fn a_constant_that_nothing_uses_is_warned_of() {
    let files = Files::new("idle-constant");
    std::fs::write(files.0.join("named.toml"), NAMED.replace("clients = 7", "clients = 7, idle = 3")).unwrap();
    let checked = Plan::check(&files.0.join("named.toml"), &Adjustments::default()).unwrap();
    let titles: Vec<&str> = checked.warnings.iter().map(|warning| warning.title.as_str()).collect();
    assert_eq!(titles, ["nothing uses the constant `idle`"]);
}
