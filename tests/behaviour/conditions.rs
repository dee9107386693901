//! The condition of a point, for each condition an input that has it: small systems in which one can work out by hand
//! what is right.

mod behind_answers;
mod chance;
mod growth;
mod held;
mod lost;
mod refusals;

use sim::experiment::analyse::condition::{Condition, PointState};

use crate::models::with_report;

fn states(text: &str) -> Vec<PointState> {
    with_report(text, |report| report.states.clone())
}

fn condition(text: &str) -> Condition {
    states(text)[0].condition
}

/// An open load of 20 requests a second for a minute on `app.get`.
const LOAD: &str = r#"
    title = "test"
    [load]
    kind = "open"
    target = "app.get"
    rate = "20/s"
    warm_up = "0s"
    duration = "60s"
    timeout = "5s"
"#;

/// Two workers with a pool of two connections each; a request holds one connection and then needs a second one.
const CIRCLE: &str = r#"
        [services.app]
        workers = 2
        [services.app.pools.db]
        server = "pg"
        min_size = 2
        max_size = 2
        [services.app.endpoints.go]
        steps = [{ with = { pool = "db", steps = [{ sleep = "10ms" }, { query = { pool = "db", time = "1ms" } }] } }]
        [services.pg]
        runtime = "delay"
"#;
