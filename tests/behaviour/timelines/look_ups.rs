//! Hand-worked timelines: look-ups of names before a connection.

use super::*;

/// A shop with these keys that calls a service without queues, with a new connection each time: 10 ms.
fn call(keys: &str, dns: &str) -> String {
    let keys = format!(
        "{keys}\n[services.shop.clients.pay]\nserver = \"pay\"\ndns = {{ {dns} }}\n\
         [services.pay]\nruntime = \"delay\"\n[services.pay.endpoints.charge]\nsteps = [{{ cpu = \"10ms\" }}]"
    );
    shop("", &keys, "{ call = { client = \"pay\", endpoint = \"charge\" } }")
}

fn ends(keys: &str, dns: &str, sends: &[f64]) -> Vec<f64> {
    play(&call(keys, dns), sends).successes()
}

/// In a thread of its own each request waits for its own look-up of 5 ms.
#[test]
fn each_new_connection_looks_up() {
    assert_eq!(ends("runtime = \"threads\"", "time = \"5ms\"", &[0.0, 1.0]), [15.0, 16.0]);
}

/// What is found is kept for 50 ms: from 5 to 55.
#[test]
fn a_process_keeps_what_it_has_found() {
    let found = ends("runtime = \"threads\"", "time = \"5ms\", ttl = \"50ms\"", &[0.0, 20.0, 54.0, 60.0]);
    assert_eq!(found, [15.0, 30.0, 64.0, 75.0]);
}

/// On an event loop it is a job of the executor: with one thread the second look-up waits for the first. A resolver of its own
/// needs none.
#[test]
fn look_ups_take_threads_of_the_executor() {
    assert_eq!(ends("threads = 1", "time = \"5ms\"", &[0.0, 1.0]), [15.0, 20.0]);
    assert_eq!(ends("threads = 2", "time = \"5ms\"", &[0.0, 1.0]), [15.0, 16.0]);
    assert_eq!(ends("threads = 1", "time = \"5ms\", on = \"async\"", &[0.0, 1.0]), [15.0, 16.0]);
}

/// libuv gives look-ups two of its four threads: the third waits for one of them.
#[test]
fn libuv_keeps_half_of_its_threads_for_other_work() {
    let found = ends("event_loop = \"libuv\"\naccepts_per_round = 9", "time = \"5ms\"", &[0.0, 0.0, 0.0]);
    assert_eq!(found, [15.0, 15.0, 20.0]);
}

/// A blocking call looks up on the event loop, which does nothing else meanwhile.
#[test]
fn a_blocking_call_looks_up_on_the_loop() {
    let text =
        call("", "time = \"5ms\"").replace("endpoint = \"charge\" }", "endpoint = \"charge\", blocking = true }");
    assert_eq!(play(&text, &[0.0, 1.0]).successes(), [15.0, 30.0]);
}
