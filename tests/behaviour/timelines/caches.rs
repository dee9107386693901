//! Hand-worked timelines: caches and views.

use super::*;
use sim::parts::PlaceKind;

/// A shop with a cache with these keys, whose one key takes 10 ms to fetch and 1 ms to get.
fn cached(keys: &str, load: &str) -> String {
    let step = "{ cache = { name = \"memo\", key = { uniform = { keys = 1 } }, hit = [{ sleep = \"1ms\" }], \
        miss = [{ sleep = \"10ms\" }] } }";
    shop(load, &format!("runtime = \"delay\"\n[services.shop.caches.memo]\n{keys}"), step)
}

fn hit_ratio(story: &Story) -> Option<f64> {
    assert_eq!(story.outcome.cache_hit_ratio(), resource(&story.outcome, "shop cache memo").hit_ratio);
    story.outcome.cache_hit_ratio()
}

/// Stored at 10 and good until 30, when it is fetched anew: stored at 40.
#[test]
fn an_entry_is_good_for_its_time() {
    let story = play(&cached("ttl = \"20ms\"", ""), &[0.0, 12.0, 29.0, 30.0, 41.0]);
    assert_eq!(story.successes(), [10.0, 13.0, 30.0, 40.0, 42.0]);
    assert_eq!(hit_ratio(&story), Some(0.6));
    let story = play(&cached("", ""), &[0.0, 12.0, 1_000_000.0]);
    assert_eq!(story.successes(), [10.0, 13.0, 1_000_001.0]);
}

/// All that miss fetch; or the first does, and the others have it when it is there.
#[test]
fn misses_of_one_key_stampede_unless_they_are_coalesced() {
    let sends = [0.0, 0.0, 5.0, 20.0];
    let story = play(&cached("", ""), &sends);
    assert_eq!(story.successes(), [10.0, 10.0, 15.0, 21.0]);
    assert_eq!(hit_ratio(&story), Some(0.25));
    let story = play(&cached("coalesce = true", ""), &sends);
    assert_eq!(story.successes(), [10.0, 11.0, 11.0, 21.0]);
    assert_eq!(hit_ratio(&story), Some(0.25));
    let cache = resource(&story.outcome, "shop cache memo");
    assert_eq!((cache.visits, cache.longest_queue, cache.wait_s), (4, 2, 0.00375));
}

/// A fails at 10, B tries until 20, C until 30: nothing is stored.
#[test]
fn when_a_fetch_fails_the_next_one_tries() {
    let step = "{ cache = { name = \"memo\", key = { uniform = { keys = 1 } }, \
        miss = [{ sleep = \"10ms\" }, { fail = \"no\" }] } }";
    let keys = |more: &str| format!("runtime = \"delay\"\n[services.shop.caches.memo]\n{more}");
    let story = play(&shop("", &keys("coalesce = true"), step), &[0.0, 0.0, 0.0]);
    assert_eq!(story.told(), ["10: no", "20: no", "30: no"]);
    assert!(story.at_rest);
    let story = play(&shop("", &keys(""), step), &[0.0, 0.0, 11.0]);
    assert_eq!(story.told(), ["10: no", "10: no", "21: no"]);
}

/// A is cancelled at 8 and B, the next in line, fetches until it is cancelled at 9; then C, until 12. D begins at 11 to
/// wait for C, and fetches from 12 to 19.
#[test]
fn who_waits_for_a_fetch_can_be_cancelled() {
    let story = play(&cached("coalesce = true", "timeout = \"8ms\"\nabandon = \"cancel\""), &[0.0, 1.0, 4.0, 11.0]);
    let gave_up = |at: u32| format!("{at}: client gave up");
    assert_eq!(story.told(), [gave_up(8), gave_up(9), gave_up(12), gave_up(19)]);
    assert!(story.at_rest);
}

/// A key that is requested only once takes the only entry; with two entries it takes the place of its like.
#[test]
fn the_least_recently_used_entry_goes() {
    let steps = "{ cache = { name = \"memo\", key = { uniform = { keys = 1 } }, miss = [{ sleep = \"10ms\" }] } }, \
        { cache = { name = \"memo\", key = \"unique\", miss = [{ sleep = \"1ms\" }] } }";
    let run = |size: u32| {
        let keys = format!("runtime = \"delay\"\n[services.shop.caches.memo]\nsize = {size}");
        play(&shop("", &keys, steps), &[0.0, 20.0, 40.0])
    };
    let story = run(1);
    assert_eq!((story.successes(), hit_ratio(&story)), (vec![11.0, 31.0, 51.0], Some(0.0)));
    let story = run(2);
    assert_eq!((story.successes(), hit_ratio(&story)), (vec![11.0, 21.0, 41.0], Some(2.0 / 6.0)));
    assert_eq!(resource(&story.outcome, "shop cache memo").capacity, Some(2.0));
    let blame = story.outcome.blame.as_ref().expect("accounts are kept");
    assert!(blame.places.iter().all(|place| place.kind != PlaceKind::Cache), "a full cache keeps no request waiting");
}

/// Each replica has its own, or both have one.
#[test]
fn a_cache_is_of_a_process_or_of_the_service() {
    let keys = |more: &str| {
        cached(more, "")
            .replace("runtime = \"delay\"\n[services.shop.c", "runtime = \"delay\"\nreplicas = 2\n[services.shop.c")
    };
    assert_eq!(play(&keys(""), &[0.0, 20.0, 40.0]).successes(), [10.0, 30.0, 41.0]);
    assert_eq!(play(&keys("shared = true"), &[0.0, 20.0, 40.0]).successes(), [10.0, 21.0, 41.0]);
}

/// Fetches that wait for each other in a circle are a deadlock: A has the slot and waits for B's fetch, B for the slot.
#[test]
fn a_circle_through_a_fetch_is_a_deadlock() {
    let cache = |miss: &str| {
        format!("{{ cache = {{ name = \"memo\", key = {{ uniform = {{ keys = 1 }} }}, miss = [{miss}] }} }}")
    };
    // The first begins with the fetch and wants the slot at 10; the second has the slot by then and wants the key.
    let slot = |steps: &str| format!("{{ with = {{ limit = \"one\", steps = [{steps}] }} }}");
    let first = cache(&format!("{{ sleep = \"10ms\" }}, {}", slot("{ sleep = \"1ms\" }")));
    let second = slot(&format!("{{ sleep = \"20ms\" }}, {}", cache("")));
    let keys =
        "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1\n[services.shop.caches.memo]\ncoalesce = true";
    // One request publishes to both, so that they begin together.
    let queue = "[queues.both.consumers.first]\nservice = \"back\"\nendpoint = \"first\"\n\
        [queues.both.consumers.second]\nservice = \"back\"\nendpoint = \"second\"";
    let back = keys.replace("shop", "back");
    let text = format!(
        "{}serve = {{ steps = [{{ publish = {{ queue = \"both\" }} }}] }}\n[services.back.endpoints]\n\
         first = {{ steps = [{first}] }}\nsecond = {{ steps = [{second}] }}\n",
        model("", &format!("{queue}\n[services.back]\n{back}\n[services.shop]\nruntime = \"delay\""))
    );
    let story = play(&text, &[0.0]);
    assert!(!story.at_rest);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!((deadlock.at, deadlock.resource.as_str()), (Time(20_000_000), "back limit one"));
}

/// A fetch that needs what it fetches waits for itself; if its client gives up, that ends.
#[test]
fn a_fetch_that_waits_for_itself_is_a_deadlock() {
    let cache = |miss: &str| {
        format!("{{ cache = {{ name = \"memo\", key = {{ uniform = {{ keys = 1 }} }}, miss = [{miss}] }} }}")
    };
    let keys = "runtime = \"delay\"\n[services.shop.caches.memo]\ncoalesce = true";
    let story = play(&shop("", keys, &cache(&cache(""))), &[3.0]);
    assert_eq!(story.told(), ["never"]);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!((deadlock.at, deadlock.resource.as_str()), (Time(3_000_000), "shop cache memo"));
    let story = play(&shop("timeout = \"5ms\"\nabandon = \"cancel\"", keys, &cache(&cache(""))), &[3.0]);
    assert_eq!((story.told(), story.at_rest), (vec!["8: client gave up".to_owned()], true));
    assert_eq!(story.outcome.deadlock, None);
}

/// The second attempt of a hedge waits for the fetch of the first, which waits for itself: neither frees the other.
#[test]
fn a_fetch_that_waits_for_itself_is_not_freed_by_an_attempt_that_waits_for_it() {
    let cache = |miss: &str| {
        format!("{{ cache = {{ name = \"memo\", key = {{ uniform = {{ keys = 1 }} }}, miss = [{miss}] }} }}")
    };
    let hedge = |miss: &str| format!("{{ hedge = {{ after = \"5ms\", steps = [{}] }} }}", cache(miss));
    let keys = "runtime = \"delay\"\n[services.shop.caches.memo]\ncoalesce = true";
    let story = play(&shop("", keys, &hedge(&cache(""))), &[3.0]);
    assert_eq!(story.told(), ["never"]);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!((deadlock.at, deadlock.resource.as_str()), (Time(8_000_000), "shop cache memo"));
    // A fetch that takes 20 ms frees both.
    let story = play(&shop("", keys, &hedge("{ sleep = \"20ms\" }")), &[3.0]);
    assert_eq!((story.successes(), story.outcome.deadlock), (vec![23.0], None));
}

/// A shop that reads the view and publishes an event, and a projector that applies one after the other in 10 ms each.
fn view(handler: &str, consumer: &str) -> String {
    let rest = format!(
        "[queues.events.consumers.projector]\nservice = \"projector\"\nendpoint = \"apply\"\nprefetch = 1\n{consumer}\n\
         [views.accounts]\nqueue = \"events\"\nconsumer = \"projector\"\n\
         [services.projector]\nruntime = \"delay\"\n[services.projector.endpoints.apply]\nsteps = [{handler}]\n\
         [services.shop]\nruntime = \"delay\""
    );
    let steps = "{ read = { view = \"accounts\" } }, { publish = { queue = \"events\" } }";
    format!("{}serve = {{ steps = [{steps}] }}", model("", &rest))
}

/// Events of 0, 4, 12 and 50 ms are applied at 10, 20, 30 and 60. At 0 and 50 nothing is to be applied; at 4 the oldest
/// is of 0, at 12 that of 4.
#[test]
fn a_read_is_as_stale_as_the_oldest_event_that_is_not_applied() {
    let story = play(&view("{ sleep = \"10ms\" }, { project = { view = \"accounts\" } }", ""), &[0.0, 4.0, 12.0, 50.0]);
    assert_eq!(story.successes(), [0.0, 4.0, 12.0, 50.0]);
    let staleness = story.outcome.staleness.as_ref().expect("a view");
    assert_eq!((staleness.count(), staleness.sum(), staleness.max()), (4, 12_000_000, Some(8_000_000)));
    let accounts = resource(&story.outcome, "view accounts");
    // Lags of 10, 16, 18 and 10 ms.
    assert_eq!((accounts.visits, accounts.wait_s, accounts.longest_queue), (4, 0.0135, 2));
}

/// What is applied before its handler fails is applied once: at 5. The message is handled again from 10 to 20 and lost.
#[test]
fn an_event_is_applied_once_and_a_lost_one_is_not_waited_for() {
    let handler = "{ sleep = \"5ms\" }, { project = { view = \"accounts\" } }, { sleep = \"5ms\" }, { fail = \"no\" }";
    let story = play(&view(handler, "retries = 1"), &[0.0, 7.0, 30.0]);
    let staleness = story.outcome.staleness.as_ref().expect("a view");
    // At 7 the first is applied; at 30 the second is, since 25.
    assert_eq!((staleness.sum(), resource(&story.outcome, "view accounts").visits), (0, 3));
    let story = play(&view("{ sleep = \"5ms\" }, { fail = \"no\" }", ""), &[0.0, 3.0, 20.0]);
    let staleness = story.outcome.staleness.as_ref().expect("a view");
    assert_eq!((staleness.sum(), resource(&story.outcome, "view accounts").visits), (3_000_000, 3));
    assert!(story.at_rest);
}
