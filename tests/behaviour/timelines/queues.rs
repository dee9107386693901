//! Hand-worked timelines: answers before the end, queues and their consumers.

use super::*;

/// A shop that does these steps, and workers of these kinds that consume its queue `jobs`: name, keys of the consumer,
/// keys of the service, steps of the handler.
pub(super) fn queue(load: &str, keys: &str, steps: &str, workers: &[(&str, &str, &str, &str)]) -> String {
    let mut rest = format!("[queues.jobs]\n{keys}\n");
    for (name, consumer, service, steps) in workers {
        rest += &format!(
            "[queues.jobs.consumers.{name}]\nservice = \"{name}\"\nendpoint = \"handle\"\n{consumer}\n\
             [services.{name}]\n{service}\n[services.{name}.endpoints.handle]\nsteps = [{steps}]\n"
        );
    }
    format!("{}serve = {{ steps = [{steps}] }}", model(load, &format!("{rest}[services.shop]\nruntime = \"delay\"")))
}

pub(super) const PUBLISH: &str = "{ publish = { queue = \"jobs\" } }";
pub(super) const DELAY: &str = "runtime = \"delay\"";

/// Completed jobs, failed ones, and the sum and the longest of the times to completion in milliseconds.
#[track_caller]
pub(super) fn completion(story: &Story) -> (u64, u64, f64, f64) {
    let completion = story.outcome.completion.as_ref().expect("jobs");
    assert!(story.at_rest, "{:?}", story.ends);
    let times = &completion.times;
    let longest = times.max().map_or(0.0, |ns| ns as f64 / 1e6);
    (completion.completed, completion.failed, times.sum() as f64 / 1e6, longest)
}

/// The client has its answer after 10 ms; the handler works on until 50.
#[test]
fn a_handler_that_responds_works_on() {
    let story = play(&shop("", DELAY, "{ sleep = \"10ms\" }, { respond = {} }, { sleep = \"40ms\" }"), &[0.0]);
    assert_eq!(story.successes(), [10.0]);
    assert_eq!(completion(&story), (1, 0, 50.0, 50.0));
}

/// A thread is held to the end: B waits for it from 0 to 50.
#[test]
fn a_thread_is_held_after_the_answer() {
    let steps = "{ sleep = \"10ms\" }, { respond = {} }, { sleep = \"40ms\" }";
    let story = play(&shop("", "runtime = \"threads\"\nthreads = 1", steps), &[0.0, 0.0]);
    assert_eq!(story.successes(), [10.0, 60.0]);
    assert_eq!(completion(&story), (2, 0, 150.0, 100.0));
}

/// With a client that gives up after 20 ms: it has its answer by then.
#[test]
fn who_has_an_answer_does_not_give_up() {
    let steps = "{ sleep = \"10ms\" }, { respond = {} }, { sleep = \"40ms\" }";
    for abandon in ["continue", "cancel"] {
        let load = format!("timeout = \"20ms\"\nabandon = \"{abandon}\"");
        let story = play(&shop(&load, DELAY, steps), &[0.0]);
        assert_eq!(story.successes(), [10.0]);
        assert_eq!((completion(&story), story.outcome.wasted), ((1, 0, 50.0, 50.0), 0));
    }
}

/// What fails after the answer fails the job, not the request.
#[test]
fn a_failure_after_the_answer_is_nobodys_error() {
    let story = play(&shop("", DELAY, "{ respond = {} }, { sleep = \"5ms\" }, { fail = \"late\" }"), &[0.0]);
    assert_eq!(story.successes(), [0.0]);
    assert_eq!(completion(&story), (0, 1, 0.0, 0.0));
}

/// The service behind answers after 5 ms and works until 55; who called it goes on at 5.
#[test]
fn a_called_service_may_respond_too() {
    let text = model(
        "",
        "[services.back]\nruntime = \"delay\"\n[services.back.endpoints.work]\n\
         steps = [{ sleep = \"5ms\" }, { respond = {} }, { sleep = \"50ms\" }]\n\
         [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"",
    ) + "serve = { steps = [{ call = { client = \"back\", endpoint = \"work\" } }, { sleep = \"1ms\" }] }";
    let story = play(&text, &[0.0]);
    assert_eq!(story.successes(), [6.0]);
    assert_eq!(completion(&story), (1, 0, 55.0, 55.0));
}

/// 1 ms of CPU, 2 ms to the confirm, 3 ms to the consumers; then 5 ms for one and 30 ms for the other.
#[test]
fn a_message_is_complete_when_all_consumers_have_handled_it() {
    let keys = "publish_cpu = \"1ms\"\npublish_time = \"2ms\"\ndelivery_time = \"3ms\"";
    let workers = [("fast", "", DELAY, "{ sleep = \"5ms\" }"), ("slow", "", DELAY, "{ sleep = \"30ms\" }")];
    let story = play(&queue("", keys, PUBLISH, &workers), &[0.0]);
    assert_eq!(story.successes(), [3.0]);
    assert_eq!(completion(&story), (1, 0, 36.0, 36.0));
    for name in ["queue jobs / fast", "queue jobs / slow"] {
        assert_eq!((resource(&story.outcome, name).visits, resource(&story.outcome, name).capacity), (1, None));
    }
}

/// One message at a time, 10 ms each: they are done at 10, 20 and 30; B waits 10 ms, C 20.
#[test]
fn prefetch_is_what_a_process_works_on_at_once() {
    let story =
        play(&queue("", "", PUBLISH, &[("worker", "prefetch = 1", DELAY, "{ sleep = \"10ms\" }")]), &[0.0, 0.0, 0.0]);
    assert_eq!(story.successes(), [0.0; 3]);
    assert_eq!(completion(&story), (3, 0, 60.0, 30.0));
    let seen = resource(&story.outcome, "queue jobs / worker");
    assert_eq!((seen.utilisation, seen.queue, seen.longest_queue, seen.wait_s), (1.0, 1.0, 2, 0.01));
    // Two processes take them in turn, and the second is done with B at 10, when A's takes C.
    let workers = [("worker", "prefetch = 1", "runtime = \"delay\"\nreplicas = 2", "{ sleep = \"10ms\" }")];
    let story = play(&queue("", "", PUBLISH, &workers), &[0.0, 0.0, 0.0]);
    assert_eq!(completion(&story), (3, 0, 40.0, 20.0));
}

/// Two processes of one thread each, and a prefetch of two. The first one has A and B before the second one begins, at 10;
/// that has C and D. With A and B only it has nothing to do, and B waits in the first one until 100.
#[test]
fn who_begins_first_takes_its_prefetch_whole() {
    let at = |gap: &str, sends: &[f64]| {
        let consumer = format!("prefetch = 2\n{gap}");
        let service = "runtime = \"threads\"\nthreads = 1\nreplicas = 2";
        let story = play(&queue("", "", PUBLISH, &[("worker", &consumer, service, "{ sleep = \"100ms\" }")]), sends);
        completion(&story)
    };
    assert_eq!(at("start_gap = \"10ms\"", &[0.0; 4]), (4, 0, 100.0 + 200.0 + 110.0 + 210.0, 210.0));
    assert_eq!(at("start_gap = \"10ms\"", &[0.0; 2]), (2, 0, 300.0, 200.0));
    assert_eq!(at("", &[0.0; 2]), (2, 0, 200.0, 100.0));
}

/// Two prefetched messages share one event loop: 10 ms of CPU each, one after the other. Without prefetch all would be
/// there at once, and the sleeps overlap.
#[test]
fn messages_are_handled_on_the_event_loop_of_their_process() {
    let steps = "{ cpu = \"10ms\" }, { sleep = \"20ms\" }";
    let at = |prefetch: &str| {
        let story = play(&queue("", "", PUBLISH, &[("worker", prefetch, "", steps)]), &[0.0, 0.0, 0.0]);
        completion(&story)
    };
    // A: 0 to 10 and sleeps to 30; B: 10 to 20, to 40; C: 20 to 30, to 50.
    assert_eq!(at(""), (3, 0, 120.0, 50.0));
    // C comes at 30, when A has ended: 30 to 40, to 60.
    assert_eq!(at("prefetch = 2"), (3, 0, 130.0, 60.0));
    assert_eq!(at("prefetch = 1"), (3, 0, 180.0, 90.0));
}

/// What failed behind the answers: where, why and how often.
fn lost(story: &Story) -> Vec<(String, String, u64)> {
    let completion = story.outcome.completion.as_ref().expect("jobs");
    completion.lost.iter().map(|lost| (lost.name.clone(), lost.cause.clone(), lost.count)).collect()
}

/// Handled 0 to 10, 110 to 120 and 320 to 330, in vain: 100 ms before the second delivery, 200 before the third.
#[test]
fn a_message_that_always_fails_is_dead_lettered() {
    let steps = "{ sleep = \"10ms\" }, { fail = \"no\" }";
    let consumer = "retries = 2\nretry_delay = \"100ms\"\nbackoff = 2.0";
    let story = play(&queue("", "", PUBLISH, &[("worker", consumer, DELAY, steps)]), &[0.0]);
    assert_eq!(story.successes(), [0.0]);
    assert_eq!(completion(&story), (0, 1, 0.0, 0.0));
    let jobs = story.outcome.completion.as_ref().expect("jobs");
    assert_eq!((jobs.dead_letters, jobs.dropped, jobs.refused), (1, 0, 0));
    assert_eq!(
        (jobs.broken, jobs.failing, lost(&story)),
        (1, 0, [("queue jobs / worker".into(), "no".into(), 1)].into())
    );
    assert_eq!(story.outcome.window, Time(330_000_000));
    assert_eq!(resource(&story.outcome, "queue jobs / worker").visits, 3);
}

/// Without a delay it is first in line again: A at 0, 10 and 20, then B from 30.
#[test]
fn a_retry_without_delay_goes_before_the_others() {
    let steps = "{ sleep = \"10ms\" }, { fail = \"no\" }";
    let story = play(&queue("", "", PUBLISH, &[("worker", "prefetch = 1\nretries = 2", DELAY, steps)]), &[0.0, 0.0]);
    assert_eq!(story.outcome.window, Time(60_000_000));
    assert_eq!(story.outcome.completion.as_ref().map(|jobs| jobs.dead_letters), Some(2));
    assert_eq!(resource(&story.outcome, "queue jobs / worker").wait_s, 0.005, "B waits 30 ms of 6 deliveries");
}

/// A is at work, B waits, and there is no room for C.
#[test]
fn a_full_queue_refuses_or_drops() {
    let workers = [("worker", "prefetch = 1", DELAY, "{ sleep = \"10ms\" }")];
    let story =
        play(&queue("", "max_length = 1\noverflow = \"reject-publish\"", PUBLISH, &workers), &[0.0, 0.0, 0.0, 11.0]);
    assert_eq!(story.told(), ["0", "0", "0: queue full", "11"]);
    assert_eq!(completion(&story), (3, 1, 49.0, 20.0));
    // The request failed itself, so no work behind its answer is lost.
    let jobs = story.outcome.completion.as_ref().expect("jobs");
    assert_eq!((jobs.refused, jobs.broken, lost(&story)), (1, 0, vec![]));
    // B is dropped for C.
    let story = play(&queue("", "max_length = 1", PUBLISH, &workers), &[0.0, 0.0, 0.0]);
    assert_eq!(story.successes(), [0.0; 3]);
    assert_eq!(completion(&story), (2, 1, 30.0, 20.0));
    let jobs = story.outcome.completion.as_ref().expect("jobs");
    let dropped = [("queue jobs / worker".into(), "queue full".into(), 1)];
    assert_eq!((jobs.dropped, jobs.broken, lost(&story)), (1, 1, dropped.into()));
}

/// The handler responds at 0 and fails at 10.
#[test]
fn a_handler_that_fails_after_its_answer_breaks_its_promise() {
    let service = "[services.shop]\nruntime = \"delay\"";
    let steps = "{ respond = {} }, { sleep = \"10ms\" }, { fail = \"no\" }";
    let story = play(&format!("{}serve = {{ steps = [{steps}] }}", model("", service)), &[0.0]);
    assert_eq!(story.successes(), [0.0]);
    let jobs = story.outcome.completion.as_ref().expect("jobs");
    assert_eq!((jobs.failed, jobs.broken, lost(&story)), (1, 1, [("shop".into(), "no".into(), 1)].into()));
}

/// A full queue refuses, but the other consumer gets its copy: RabbitMQ publishes to all queues that have room.
#[test]
fn a_refused_message_still_goes_to_consumers_with_room() {
    let workers =
        [("narrow", "prefetch = 1", DELAY, "{ sleep = \"10ms\" }"), ("wide", "", DELAY, "{ sleep = \"10ms\" }")];
    let story = play(&queue("", "max_length = 1\noverflow = \"reject-publish\"", PUBLISH, &workers), &[0.0, 0.0, 0.0]);
    assert_eq!(story.told(), ["0", "0", "0: queue full"]);
    assert_eq!(resource(&story.outcome, "queue jobs / wide").visits, 3);
    assert_eq!(resource(&story.outcome, "queue jobs / narrow").visits, 2);
}

/// The job is done at 25. Questions set out at 10, 21 and 32 and are answered 1 ms later; the third is told.
#[test]
fn a_client_that_polls_learns_of_completion_at_its_next_question() {
    let load = "completion = { poll = \"10ms\", endpoint = \"worker.status\" }";
    let text = queue(load, "", PUBLISH, &[("worker", "", DELAY, "{ sleep = \"25ms\" }")])
        + "\n[services.worker.endpoints.status]\nsteps = [{ sleep = \"1ms\" }]";
    let story = play(&text, &[0.0]);
    assert_eq!(story.successes(), [33.0]);
    assert_eq!(completion(&story), (1, 0, 33.0, 33.0));
    // The answer itself came at once, and questions are no requests.
    assert_eq!(story.outcome.response_times.max(), Some(0));
    assert_eq!((story.outcome.sent, story.outcome.succeeded), (1, 1));
}

/// The worker deadlocks with itself: its client asks in vain, but stops asking.
#[test]
fn who_asks_in_vain_gives_up_at_last() {
    let load = "completion = { poll = \"10ms\", endpoint = \"worker.status\" }";
    let slot = "{ with = { limit = \"one\", steps = [{ with = { limit = \"one\", steps = [] } }] } }";
    let keys = "runtime = \"delay\"\n[services.worker.limits.one]\nsize = 1";
    let text = queue(load, "", PUBLISH, &[("worker", "", keys, slot)])
        + "\n[services.worker.endpoints.status]\nsteps = [{ sleep = \"1ms\" }]";
    let story = play(&text, &[0.0]);
    assert_eq!((story.told(), story.at_rest), (vec!["never".to_owned()], false));
    assert!(story.outcome.deadlock.is_some());
}

#[test]
fn a_webhook_calls_when_all_is_done() {
    let workers = [("worker", "", DELAY, "{ sleep = \"25ms\" }")];
    let load = "completion = { webhook = \"5ms\" }";
    let story = play(&queue(load, "", PUBLISH, &workers), &[0.0, 7.0]);
    assert_eq!(story.successes(), [30.0, 37.0]);
    assert_eq!(completion(&story), (2, 0, 60.0, 30.0));
    let failing = [("worker", "", DELAY, "{ sleep = \"25ms\" }, { fail = \"no\" }")];
    assert_eq!(play(&queue(load, "", PUBLISH, &failing), &[0.0]).told(), ["30: never completed"]);
}

/// A synchronous handler has nothing to wait for, whatever the load says.
#[test]
fn nothing_is_awaited_when_nothing_outlasts_the_answer() {
    let load = "completion = { webhook = \"5ms\" }";
    let steps = "{ sleep = \"3ms\" }, { choose = [{ probability = 0.0, steps = [{ respond = {} }] }] }";
    let story = play(&shop(load, DELAY, steps), &[0.0]);
    assert_eq!(story.successes(), [3.0]);
    assert_eq!(completion(&story), (1, 0, 3.0, 3.0));
}

/// A handler that publishes to its own queue in three of four cases handles four messages for each, one after the other:
/// 1 / (1 - 3/4). Where it always does there is no end, and the model is refused.
#[test]
fn a_queue_that_feeds_itself_comes_to_an_end_or_is_refused() {
    let again = |probability: &str| {
        let steps =
            format!("{{ sleep = \"1ms\" }}, {{ choose = [{{ probability = {probability}, steps = [{PUBLISH}] }}] }}");
        queue("", "", PUBLISH, &[("worker", "", DELAY, &steps)])
    };
    let sent: Vec<f64> = (0..2000).map(|index| f64::from(index) * 1000.0).collect();
    let story = play(&again("0.75"), &sent);
    let (completed, failed, sum, _) = completion(&story);
    assert_eq!((completed, failed), (2000, 0));
    let mean = sum / 2000.0;
    assert!((mean - 4.0).abs() < 0.3, "{mean}");
    let model = toml::from_str(&again("1.0")).expect("TOML");
    let complaints = sim::language::lower(&model, &mut sim::language::Columns::default()).expect_err("it never ends");
    assert_eq!(complaints.len(), 1);
    assert!(complaints[0].title.contains("without end: queue `jobs` -> queue `jobs`"), "{complaints:?}");
}
