//! Hand-worked timelines: database connections that are opened, closed and refused one by one.

use super::*;

/// A shop without queues and its pool, beside a database with these keys.
fn pooled(database: &str, keys: &str) -> String {
    let query = "{ query = { pool = \"auth\", time = \"10ms\" } }";
    querying(&format!("runtime = \"delay\"\n{database}"), "", keys, query)
}

fn querying(database: &str, shop: &str, keys: &str, steps: &str) -> String {
    let rest = format!(
        "[services.db]\n{database}\n[services.shop]\nruntime = \"delay\"\n{shop}\n\
         [services.shop.pools.auth]\nserver = \"db\"\nreset_on_release = false\n{keys}"
    );
    format!("{}\nserve = {{ steps = [{steps}] }}", model("", &rest))
}

/// An opening takes 9 ms: A gives up on it at 8. Its place goes to B, who has waited since 3 and gives up at 11, and
/// then to C, whose opening is done at 20.
#[test]
fn the_acquire_time_out_covers_the_wait_and_the_opening() {
    let keys = "min_size = 0\nmax_size = 1\nconnect_time = \"9ms\"\nacquire_timeout = ";
    let story = play(&pooled("", &format!("{keys}\"8ms\"")), &[0.0, 3.0]);
    assert_eq!(story.told(), ["8: acquire timed out", "11: acquire timed out"]);
    assert!(story.at_rest);
    let story = play(&pooled("", &format!("{keys}\"25ms\"")), &[0.0, 0.0, 30.0]);
    assert_eq!(story.told(), ["19", "29", "40"]);
}

/// On an event loop: 6 ms of CPU for each opening, one after the other, then 3 ms of network, then the query. A is
/// connected at 9, while B's opening has the loop, and goes on at 12.
#[test]
fn an_opening_costs_cpu_on_the_event_loop() {
    let text = pooled("", "min_size = 0\nconnect_time = \"3ms\"\nconnect_cpu = \"6ms\"");
    let text = text.replace("[services.shop]\nruntime = \"delay\"", "[services.shop]");
    assert_eq!(play(&text, &[0.0, 0.0, 100.0]).successes(), [22.0, 25.0, 110.0]);
}

/// A's statement would take 50 ms and is cancelled at 20; its connection stays open, and B has it from then on.
#[test]
fn a_command_that_takes_too_long_fails_and_its_connection_stays_usable() {
    let keys = "min_size = 1\nmax_size = 1\nconnect_time = \"9ms\"\ncommand_timeout = \"20ms\"";
    let statement = |time: &str| format!("{{ query = {{ pool = \"auth\", time = \"{time}\" }} }}");
    let delay = "runtime = \"delay\"";
    let story = play(&querying(delay, "", keys, &statement("50ms")), &[0.0, 0.0]);
    assert_eq!(story.told(), ["20: command timed out", "40: command timed out"]);
    assert!(story.at_rest);
    // Each round trip has its own time-out.
    let keys = format!("{keys}\nround_trip = \"19ms\"");
    let transaction = "{ query = { pool = \"auth\", time = \"0s\", transaction = true } }";
    assert_eq!(play(&querying(delay, "", &keys, transaction), &[0.0]).successes(), [57.0]);
}

/// Two statements of 30 ms share the database's core: both would take 60. Taken off it at 40, they leave it to C alone.
#[test]
fn a_command_that_timed_out_leaves_the_database_alone() {
    let keys = "max_size = 10\ncommand_timeout = \"40ms\"";
    let steps = "{ query = { pool = \"auth\", time = \"30ms\" } }";
    let story = play(&querying("runtime = \"threads\"\ncpu = \"1\"", "", keys, steps), &[0.0, 0.0, 40.0]);
    assert_eq!(story.told(), ["40: command timed out", "40: command timed out", "70"]);
}

/// Three are opened at 0. LIFO: those after use the last again and again, the first two are closed at 1010 and 1020,
/// and of three at 1550 two open one. FIFO: each is used every 900 ms, and none is closed.
#[test]
fn connections_that_stay_idle_are_closed() {
    let keys =
        "min_size = 1\nmax_size = 3\nconnect_time = \"10ms\"\nmax_inactive_connection_lifetime = \"1s\"\nreuse = ";
    let sends = [0.0, 0.0, 0.0, 300.0, 600.0, 900.0, 1200.0, 1500.0, 1550.0, 1550.0, 1550.0];
    let story = play(&pooled("max_connections = 3", &format!("{keys}\"lifo\"")), &sends);
    assert_eq!(story.successes()[8..], [1560.0, 1570.0, 1570.0]);
    // Two at the start, two at 1550.
    assert_eq!(resource(&story.outcome, "db connections").visits, 4);
    let story = play(&pooled("max_connections = 3", &format!("{keys}\"fifo\"")), &sends);
    assert_eq!(story.successes()[8..], [1560.0, 1560.0, 1560.0]);
    assert_eq!(resource(&story.outcome, "db connections").visits, 2);
}

/// Idle since 10, the one connection of the floor is due at 1010, and stays. Two more are due at 3020, and only they
/// go.
#[test]
fn a_pool_never_shrinks_below_its_floor() {
    let keys = "min_size = 1\nmax_size = 3\nconnect_time = \"10ms\"\nmax_inactive_connection_lifetime = \"1s\"";
    let ends = play(&pooled("", keys), &[0.0, 2000.0, 2000.0, 2000.0, 4000.0, 4000.0]).successes();
    assert_eq!(ends, [10.0, 2010.0, 2020.0, 2020.0, 4010.0, 4020.0]);
}

/// The connection is closed after B, its second query; C opens a new one.
#[test]
fn a_connection_is_closed_after_its_last_query() {
    let keys = "min_size = 1\nmax_size = 1\nconnect_time = \"10ms\"\nmax_queries = 2";
    assert_eq!(play(&pooled("", keys), &[0.0, 0.0, 0.0, 100.0]).successes(), [10.0, 20.0, 40.0, 110.0]);
}

/// Two workers have one connection each from the start. A uses the first worker's, B opens the third, and there is none
/// for C, nor for E of the second worker. B's is closed at 120: at 130 the second worker can open one.
#[test]
fn a_database_refuses_more_connections_than_it_takes() {
    let keys = "min_size = 1\nmax_size = 3\nconnect_time = \"10ms\"\nmax_inactive_connection_lifetime = \"100ms\"";
    let text = pooled("max_connections = 3", keys).replace("[services.shop]", "[services.shop]\nworkers = 2");
    let story = play_at(&text, &[0.0, 0.0, 0.0, 5.0, 5.0, 130.0, 130.0], &[0, 0, 0, 1, 1, 1, 1]);
    let refused = "too many database connections";
    assert_eq!(story.told(), ["10", "20", &format!("0: {refused}"), "15", &format!("5: {refused}"), "140", "150"]);
    assert!(story.at_rest);
    let sessions = resource(&story.outcome, "db connections");
    assert_eq!((sessions.capacity, sessions.visits), (Some(3.0), 2));
    // Those that are open are in use while a query holds them: three queries of 10 ms, and two with an opening before.
    let seconds = sessions.in_use * story.outcome.window.seconds();
    assert!((seconds - 0.070).abs() < 1e-9, "{seconds}");
}

/// Each worker's database is the replica that its number falls on.
#[test]
fn each_replica_of_a_database_counts_its_own_connections() {
    let keys = "min_size = 0\nmax_size = 3";
    let text =
        pooled("max_connections = 1\nreplicas = 2", keys).replace("[services.shop]", "[services.shop]\nworkers = 2");
    let story = play_at(&text, &[0.0, 0.0, 0.0, 0.0], &[0, 0, 1, 1]);
    assert_eq!(story.told(), ["10", "0: too many database connections", "10", "0: too many database connections"]);
}

/// One thread and room for one more: C is refused at once, and so is the call that reaches a full service.
#[test]
fn a_bounded_thread_queue_refuses_the_next_request() {
    let keys = "runtime = \"threads\"\nthreads = 1\nmax_queue = 1";
    let story = play(&shop("", keys, "{ cpu = \"10ms\" }"), &[0.0, 0.0, 0.0, 15.0]);
    assert_eq!(story.told(), ["10", "20", "0: thread queue full", "30"]);
    assert!(story.at_rest);
    let rest = format!(
        "[services.back]\n{keys}\n[services.back.endpoints]\nwork = {{ steps = [{{ cpu = \"10ms\" }}] }}\n\
         [services.shop]\n[services.shop.clients.back]\nserver = \"back\"\nconnect_time = \"1ms\""
    );
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    let story = play(&format!("{}\nserve = {{ steps = [{call}] }}", model("", &rest)), &[0.0; 3]);
    assert_eq!(story.told(), ["11", "21", "1: thread queue full"]);
    assert!(story.at_rest);
}
