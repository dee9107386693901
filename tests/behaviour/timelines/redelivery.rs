//! Hand-worked timelines: messages that are not acknowledged in time are delivered again, while their handlers work on.

use super::queues::{DELAY, PUBLISH, completion, queue};
use super::*;

const TWO: &str = "runtime = \"delay\"\nreplicas = 2";

/// What happens to messages of which a process handles one at a time, with these keys of the consumer and the service and
/// these steps of the handler, when they are published at these times.
fn handle(consumer: &str, service: &str, steps: &str, sends: &[f64]) -> Story {
    let consumer = format!("prefetch = 1\n{consumer}");
    play(&queue("", "", PUBLISH, &[("worker", &consumer, service, steps)]), sends)
}

/// Deliveries, those that were overdue, and messages that were dead-lettered.
fn deliveries(story: &Story) -> (u64, u64, u64) {
    let jobs = story.outcome.completion.as_ref().expect("jobs");
    (resource(&story.outcome, "queue jobs / worker").visits, jobs.overdue, jobs.dead_letters)
}

/// 70 ms of work in 50 ms: A works from 0 to 70, B from 50 to 120, A again from 100 to 170, and all is in vain.
#[test]
fn a_message_that_takes_too_long_is_handled_side_by_side_and_never_completed() {
    for key in ["visibility_timeout", "ack_timeout"] {
        let story = handle(&format!("{key} = \"50ms\"\nmax_deliveries = 3"), TWO, "{ sleep = \"70ms\" }", &[0.0]);
        assert_eq!(story.successes(), [0.0]);
        assert_eq!((completion(&story).0, completion(&story).1, deliveries(&story)), (0, 1, (3, 3, 1)));
        assert_eq!((story.used("queue jobs / worker"), story.outcome.window), (210.0, Time(170_000_000)));
        let lost = &story.outcome.completion.as_ref().expect("jobs").lost;
        assert_eq!(
            lost.iter().map(|lost| (lost.cause.as_str(), lost.count)).collect::<Vec<_>>(),
            [("not acknowledged in time", 1)]
        );
    }
    // One process: what is overdue at 50 and at 120 waits until it is free, at 70 and at 140.
    let story = handle("ack_timeout = \"50ms\"\nmax_deliveries = 3", DELAY, "{ sleep = \"70ms\" }", &[0.0]);
    assert_eq!((deliveries(&story), story.outcome.window), ((3, 3, 1), Time(210_000_000)));
    assert_eq!(resource(&story.outcome, "queue jobs / worker").longest_queue, 1);
}

/// 40 ms of work in 50 ms: the second message is delivered when the first is acknowledged, and each once.
#[test]
fn what_is_acknowledged_in_time_is_delivered_once() {
    let story = handle("visibility_timeout = \"50ms\"", DELAY, "{ sleep = \"40ms\" }", &[0.0, 0.0]);
    assert_eq!((completion(&story), deliveries(&story)), ((2, 0, 120.0, 80.0), (2, 0, 0)));
}

/// The same with both messages in the process at once, which has one thread: the second one waits 40 of its 50 ms, so it is
/// overdue at 50, 100 and 150, though each handler takes 40 ms. Its handlers work from 40 to 80, 120 and 160.
#[test]
fn the_time_runs_while_a_message_waits_inside_its_process() {
    let consumer = "prefetch = 2\nvisibility_timeout = \"50ms\"\nmax_deliveries = 3";
    let service = "runtime = \"threads\"\nthreads = 1";
    let workers = [("worker", consumer, service, "{ sleep = \"40ms\" }")];
    let story = play(&queue("", "", PUBLISH, &workers), &[0.0, 0.0]);
    assert_eq!((completion(&story), deliveries(&story)), ((1, 1, 40.0, 40.0), (4, 3, 1)));
    assert_eq!(story.outcome.window, Time(160_000_000));
}

/// A works from 0 to 70, B from 50 to 120. Where A's acknowledgement counts, the message is not delivered a third time.
#[test]
fn a_late_acknowledgement_counts_where_deliveries_have_one_tag() {
    let counts = "visibility_timeout = \"50ms\"\nlate_ack = \"counts\"";
    let story = handle(counts, TWO, "{ sleep = \"70ms\" }", &[0.0]);
    assert_eq!((completion(&story), deliveries(&story)), ((1, 0, 120.0, 120.0), (2, 1, 0)));
    // If A fails at 70, B is overdue at 100.
    let steps = "{ sleep = \"70ms\" }, { fail = \"no\" }";
    let story = handle(&format!("{counts}\nmax_deliveries = 2"), TWO, steps, &[0.0]);
    assert_eq!(deliveries(&story), (2, 2, 1), "a failure acknowledges nothing");
    // With one process the message still waits at 70, and is delivered again.
    let story = handle(&format!("{counts}\nmax_deliveries = 2"), DELAY, "{ sleep = \"70ms\" }", &[0.0]);
    assert_eq!((deliveries(&story), story.outcome.window), ((2, 2, 1), Time(140_000_000)));
}

/// The handler that is overdue fails at 70, which uses up no retry: the message is delivered at 50, and succeeds at 90.
#[test]
fn the_failure_of_an_overdue_handler_is_no_failure_of_the_message() {
    let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"40ms\" }] } }";
    let service = "runtime = \"delay\"\nreplicas = 2\n[services.worker.limits.one]\nsize = 1\nacquire_timeout = \"70ms\"\n\
                   [faults.none]\nservice = \"worker\"\nreplica = 0\nfrom = \"0s\"\nto = \"1s\"\n\
                   effect = { capacity = { limit = \"one\", size = 0 } }";
    let story = handle("ack_timeout = \"50ms\"", service, steps, &[0.0]);
    assert_eq!((completion(&story), deliveries(&story)), ((1, 0, 90.0, 90.0), (2, 1, 0)));
}

/// The process dies at 10. A broker that notices has the message handled from 10 to 50, one that does not from 50 to 90.
#[test]
fn the_message_of_a_dead_process_comes_back_when_the_broker_learns_of_it() {
    let service = "runtime = \"delay\"\nreplicas = 2\n[faults.f]\nservice = \"worker\"\nreplica = 0\nfrom = \"10ms\"\n\
                   to = \"500ms\"\neffect = \"dead\"";
    for (key, done, overdue) in [("ack_timeout", 50.0, 0), ("visibility_timeout", 90.0, 1)] {
        let story = handle(&format!("{key} = \"50ms\""), service, "{ sleep = \"40ms\" }", &[0.0]);
        assert_eq!((completion(&story), deliveries(&story)), ((1, 0, done, done), (2, overdue, 0)));
    }
}

/// Two deliveries at most: the second failure is the last, whatever `retries` allows.
#[test]
fn failures_count_as_deliveries() {
    let consumer = "ack_timeout = \"50ms\"\nretries = 9\nmax_deliveries = 2";
    let story = handle(consumer, DELAY, "{ sleep = \"10ms\" }, { fail = \"no\" }", &[0.0]);
    assert_eq!((deliveries(&story), story.used("queue jobs / worker")), ((2, 0, 1), 20.0));
}
