//! Consumers of a queue, and views that events feed.

use super::*;

/// A shop that publishes to a queue, and this many processes that consume one message after the other.
fn consumed(replicas: u32, serve: &str, handler: &str) -> String {
    format!(
        "[queues.jobs.consumers.worker]\nservice = \"worker\"\nendpoint = \"handle\"\nprefetch = 1\n\
         [services.worker]\nruntime = \"delay\"\nreplicas = {replicas}\n\
         [services.worker.endpoints.handle]\nsteps = [{handler}]\n{}",
        service("runtime = \"delay\"", serve)
    )
}

fn completion(outcome: &Outcome) -> f64 {
    outcome.completion.as_ref().and_then(|jobs| jobs.times.mean()).expect("completions") / 1e9
}

#[test]
fn consumers_of_a_queue_are_mmc() {
    let shop = consumed(3, "{ publish = { queue = \"jobs\" } }", "{ sleep = \"exp(1s)\" }");
    let runs = open(2.1, 7_000, &shop).replicate(22, REPLICATIONS);
    let exact = theory::mmc(2.1, 1.0, 3).unwrap();
    agrees("completion", &runs, completion, exact.response);
    agrees("prefetch in use", &runs, utilisation("queue jobs / worker"), exact.utilisation);
    agrees("messages", &runs, present("queue jobs / worker"), exact.in_system);
    assert!(interval(&runs, completion).excludes(theory::mmc(2.1, 1.0, 4).unwrap().response));
    assert!(runs.iter().all(|run| run.response_times.max() == Some(0)), "the answer waits for nothing");
}

/// An event's lag is its time in an M/M/1; a read at random finds the view as stale as such a customer waits.
#[test]
fn a_view_lags_as_long_as_its_queue_takes_and_is_as_stale_as_it_waits() {
    let serve = "{ read = { view = \"accounts\" } }, { publish = { queue = \"jobs\" } }";
    let handler = "{ sleep = \"exp(1s)\" }, { project = { view = \"accounts\" } }";
    let view = "[views.accounts]\nqueue = \"jobs\"\nconsumer = \"worker\"\n";
    let runs = open(0.7, 40_000, &format!("{view}{}", consumed(1, serve, handler))).replicate(23, REPLICATIONS);
    let exact = theory::mm1(0.7, 1.0).unwrap();
    agrees("lag", &runs, |run| resource(run, "view accounts").wait_s, exact.response);
    let staleness = |run: &Outcome| run.staleness.as_ref().and_then(|ages| ages.mean()).expect("reads") / 1e9;
    agrees("staleness", &runs, staleness, exact.waiting);
    assert!(interval(&runs, staleness).excludes(exact.response));
}
