//! Hand-worked timelines: what a full table of descriptors does to accept.

use super::*;

/// One request at a time: 7 descriptors of the process's own, one for the inbound connection.
const ONE: &str = "open_files = 8";

/// B comes at 100 ms, finds the table full, and accept pauses for a second, again at 1,100 and 2,100; A ends at 3,000.
#[test]
fn accept_tries_again_after_a_second() {
    let story = play(&shop("", ONE, "{ sleep = \"3s\" }"), &[0.0, 100.0]);
    assert_eq!(story.successes(), [3000.0, 6100.0]);
}

/// An episode blocks the loop for half a second and leaves as many retries as it had failures, due from one second
/// after its start to one second after its end. The first ends at 600 and leaves 1,100 to 1,600; the next lasts from
/// 1,100 to 1,600, when a retry has fallen due: from then on they run back to back. A's sleep is over at 3,000, within
/// the one that ends at 3,100; the loop polls before it runs A's slice, so there is one more, to 3,600, and then A ends
/// and B is accepted.
#[test]
fn episodes_run_back_to_back_once_their_retries_are_due() {
    let keys = format!("{ONE}\nemfile_cpu = \"500ms\"");
    let story = play(&shop("", &keys, "{ sleep = \"3s\" }"), &[0.0, 100.0]);
    assert_eq!(story.successes(), [3600.0, 6600.0]);
}

/// With retries still due, but the table no longer full, accepting goes on as ever.
#[test]
fn an_episode_ends_when_a_descriptor_is_free() {
    let keys = format!("{ONE}\nemfile_cpu = \"500ms\"");
    // A is answered behind the first episode; B is accepted by the retry at 1,100, and C, who comes later, at once.
    let story = play(&shop("", &keys, "{ sleep = \"200ms\" }"), &[0.0, 100.0, 2000.0]);
    assert_eq!(story.successes(), [600.0, 1300.0, 2200.0]);
}

/// The inbound connection stays open for some rounds after the answer. Alone on its loop that takes no time; beside
/// somebody who hashes, a round is a hash long.
#[test]
fn an_inbound_connection_is_closed_some_rounds_after_its_answer() {
    let keys = "open_files = 9\nrounds = { hang_up = 2 }";
    let story = play(&shop("", keys, "{ hash = { cpu = \"100ms\" } }"), &[0.0, 10.0, 110.0]);
    // A answers at 100, B at 200. C has come to a full table at 200 (A's is closed within the round, after the poll),
    // so it waits for the retry at 1,200.
    assert_eq!(story.successes(), [100.0, 200.0, 1300.0]);
}
