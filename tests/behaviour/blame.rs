//! Where the time of requests goes, against timelines worked out by hand: to the nanosecond.

use std::collections::BTreeMap;

use sim::model::AccountsKept;
use sim::parts::{Blame, BlameGroup, Outcome};

use crate::models::bench;

/// What a group spends at each place, in milliseconds: the place, whether it is served there, and how long.
fn spent(blame: &Blame, group: BlameGroup) -> Vec<(String, bool, f64)> {
    let times = blame.groups.iter().find(|times| times.group == group).expect("the group has requests");
    let one = |spent: &sim::parts::Spent| {
        (blame.places[usize::from(spent.place)].name.clone(), spent.served, spent.ns as f64 / 1e6)
    };
    let mut all: Vec<_> = times.spent.iter().map(one).collect();
    all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    all
}

fn run(text: &str) -> Outcome {
    let outcome = bench(text).run(1, 0);
    let blame = outcome.blame.as_ref().expect("accounts are kept");
    let sum = |group: BlameGroup| {
        let times = blame.groups.iter().find(|times| times.group == group);
        times.map_or(0, |times| times.spent.iter().map(|spent| spent.ns).sum())
    };
    assert_eq!(sum(BlameGroup::Mean), outcome.response_times.sum(), "accounts add up");
    outcome
}

fn named(all: &[(&str, bool, f64)]) -> Vec<(String, bool, f64)> {
    all.iter().map(|&(name, served, ms)| (name.to_owned(), served, ms)).collect()
}

/// This many requests at once.
fn at_once(count: u32, rest: &str) -> String {
    format!(
        "title = \"t\"\n[load]\nkind = \"closed\"\ntarget = \"app.go\"\nconcurrency = {count}\nusers = {count}\n{rest}"
    )
}

/// Three requests, one connection, 10 ms each: they wait 0, 10 and 20 ms. Whoever holds it is served by the database,
/// as far as somebody waits: the first two.
#[test]
fn waiting_for_a_connection_is_told_from_its_use() {
    let outcome = run(&at_once(
        3,
        "[services.app]\nruntime = \"delay\"\n[services.app.pools.db]\nserver = \"pg\"\nmax_size = 1\nmin_size = 1\n\
         reset_on_release = false\n[services.app.endpoints]\ngo = { steps = [{ query = { pool = \"db\", time = \"10ms\" } }] }\n\
         [services.pg]\nruntime = \"delay\"\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    assert_eq!(spent(blame, BlameGroup::Mean), named(&[("app pool db", false, 30.0), ("pg", true, 30.0)]));
    let held = |name: &str| blame.places.iter().position(|place| place.name == name).unwrap() as u16;
    let holders: Vec<_> = blame.holders.iter().map(|one| (one.held, one.spent.place, one.spent.ns)).collect();
    // The third's hold began when nobody waited any more.
    assert_eq!(holders, [(held("app pool db"), held("pg"), 20_000_000)]);
}

/// Three jobs of 10 ms on two threads and one connection. A is served from 0, B waits for the connection until 10, C for a
/// thread until 10 and then for the connection until 20. Somebody waits for a thread while A and B hold theirs, for 10 and 20
/// ms: 20 of them the database serves them, 10 B waits for the connection.
#[test]
fn waiting_for_a_thread_is_told_from_what_the_thread_does() {
    let outcome = run(&at_once(
        3,
        "[services.app]\nthreads = 2\n[services.app.pools.db]\nserver = \"pg\"\nmax_size = 1\nmin_size = 1\n\
         reset_on_release = false\n[services.app.endpoints]\n\
         go = { steps = [{ thread = { steps = [{ query = { pool = \"db\", time = \"10ms\" } }] } }] }\n\
         [services.pg]\nruntime = \"delay\"\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    let expected = [("app executor", false, 10.0), ("app pool db", false, 20.0), ("pg", true, 30.0)];
    assert_eq!(spent(blame, BlameGroup::Mean), named(&expected));
    let name = |place: u16| blame.places[usize::from(place)].name.as_str();
    let mut holders: Vec<_> = blame
        .holders
        .iter()
        .map(|one| (name(one.held), name(one.spent.place), one.spent.served, one.spent.ns / 1_000_000))
        .collect();
    holders.sort_unstable();
    assert_eq!(
        holders,
        [("app executor", "app pool db", false, 10), ("app executor", "pg", true, 20), ("app pool db", "pg", true, 20)]
    );
}

/// Two jobs of 10 ms on one core at once take 20 ms each: 10 of service, 10 of waiting.
#[test]
fn work_at_full_speed_is_service_and_the_rest_is_waiting() {
    let outcome = run(&at_once(
        2,
        "[services.app]\nruntime = \"threads\"\ncpu = \"1\"\n[services.app.endpoints]\ngo = { steps = [{ cpu = \"10ms\" }] }\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    assert_eq!(spent(blame, BlameGroup::Mean), named(&[("app CPU", false, 20.0), ("app CPU", true, 20.0)]));
}

/// A service without a CPU that a fault makes four times as slow: its own 10 ms, and 30 ms by the fault; so are its sleeps
/// of 5 ms, which are its own time, and the statement of a database.
#[test]
fn what_a_slow_service_adds_is_the_faults() {
    let fault =
        |service: &str| format!("[faults.f]\nservice = \"{service}\"\nfrom = \"0s\"\neffect = {{ slow = 4 }}\n");
    let text = at_once(
        2,
        "[services.app]\nruntime = \"delay\"\n[services.app.endpoints]\ngo = { steps = [{ cpu = \"10ms\" }, { sleep = \"5ms\" }] }\n",
    );
    let outcome = run(&format!("{text}{}", fault("app")));
    let right = [("app", true, 30.0), ("fault f", false, 90.0)];
    assert_eq!(spent(outcome.blame.as_ref().unwrap(), BlameGroup::Mean), named(&right));
    let text = at_once(
        1,
        "[services.app]\nruntime = \"delay\"\n[services.app.pools.db]\nserver = \"pg\"\nmin_size = 1\nmax_size = 1\n\
         reset_on_release = false\n[services.app.endpoints]\ngo = { steps = [{ query = { pool = \"db\", time = \"10ms\" } }] }\n\
         [services.pg]\nruntime = \"delay\"\n",
    );
    let outcome = run(&format!("{text}{}", fault("pg")));
    let right = [("fault f", false, 30.0), ("pg", true, 10.0)];
    assert_eq!(spent(outcome.blame.as_ref().unwrap(), BlameGroup::Mean), named(&right));
}

/// A CPU that is twice as fast does two jobs of 10 ms in 10 ms: each has it for 5, and waits for it for 5, as the row of
/// the CPU has it.
#[test]
fn faster_work_is_served_for_less_time() {
    let text = at_once(
        2,
        "[services.app]\nruntime = \"threads\"\ncpu = \"1\"\n[services.app.endpoints]\ngo = { steps = [{ cpu = \"10ms\" }] }\n\
         [faults.f]\nservice = \"app\"\nfrom = \"0s\"\neffect = { slow = 0.5 }\n",
    );
    let outcome = run(&text);
    let right = [("app CPU", false, 10.0), ("app CPU", true, 10.0)];
    assert_eq!(spent(outcome.blame.as_ref().unwrap(), BlameGroup::Mean), named(&right));
    let cpu = outcome.resources.iter().find(|one| one.name == "app CPU").unwrap();
    assert!((cpu.wait_s - 0.005).abs() < 1e-9, "{cpu:?}");
}

/// With a slowdown of 1 two jobs take three times as long as they would alone: 10 of service, 20 of contention.
#[test]
fn contention_is_what_jobs_lose_to_each_other() {
    let outcome = run(&at_once(
        2,
        "[services.app]\nruntime = \"threads\"\nslowdown = 1.0\n[services.app.endpoints]\ngo = { steps = [{ cpu = \"10ms\" }] }\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    assert_eq!(spent(blame, BlameGroup::Mean), named(&[("app CPU", true, 20.0), ("app CPU contention", false, 40.0)]));
}

/// The callee's time is the caller's, its own waits included: of two calls at once one waits for the only thread.
#[test]
fn what_a_callee_does_is_its_callers_time() {
    let outcome = run(&at_once(
        2,
        "[services.app]\nruntime = \"delay\"\n[services.app.clients.api]\nserver = \"api\"\nreuse = \"shared\"\nround_trip = \"1ms\"\n\
         [services.app.endpoints]\ngo = { steps = [{ sleep = \"2ms\" }, { call = { client = \"api\", endpoint = \"get\" } }] }\n\
         [services.api]\nruntime = \"threads\"\nthreads = 1\n[services.api.endpoints]\nget = { steps = [{ sleep = \"5ms\" }] }\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    let right =
        [("api sleep", true, 10.0), ("api threads", false, 5.0), ("app", true, 4.0), ("network to api", false, 2.0)];
    assert_eq!(spent(blame, BlameGroup::Mean), named(&right));
}

/// Of branches side by side the one counts that ends last.
#[test]
fn the_branch_that_is_waited_for_last_counts() {
    let outcome = run(&at_once(
        1,
        "[services.app]\nruntime = \"delay\"\n[limits.slow]\nsize = 1\n[services.app.endpoints]\ngo = { steps = [{ parallel = { branches = [\
         [{ sleep = \"3ms\" }], [{ with = { shared = \"slow\", steps = [{ sleep = \"4ms\" }] } }], \
         [{ with = { shared = \"slow\", steps = [{ sleep = \"5ms\" }] } }]] } }] }\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    assert_eq!(spent(blame, BlameGroup::Mean), named(&[("app", true, 5.0), ("limit slow", false, 4.0)]));
}

/// A request that fails twice, and answers at its third attempt: all attempts and the pauses between them count.
#[test]
fn attempts_that_fail_and_the_pauses_between_them_count() {
    let outcome = run(&at_once(
        1,
        "[services.app]\nruntime = \"delay\"\n[services.app.endpoints]\ngo = { steps = [{ fallback = { \
         steps = [{ retry = { attempts = 3, backoff = \"10ms\", jitter = \"none\", steps = [{ sleep = \"2ms\" }, { fail = \"no\" }] } }], \
         otherwise = [{ sleep = \"1ms\" }] } }] }\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    assert_eq!(spent(blame, BlameGroup::Mean), named(&[("app", true, 7.0), ("retry back-off of app.go", false, 30.0)]));
}

/// A client that gives up after 20 ms: its request stood in the queue for the thread, and that is where its time went.
#[test]
fn failures_are_told_where_they_waited() {
    let outcome = run(&at_once(
        2,
        "timeout = \"20ms\"\n[services.app]\nruntime = \"threads\"\nthreads = 1\n[services.app.endpoints]\n\
         go = { steps = [{ sleep = \"15ms\" }] }\n",
    ));
    let blame = outcome.blame.as_ref().unwrap();
    assert_eq!(spent(blame, BlameGroup::Mean), named(&[("app sleep", true, 15.0)]));
    assert_eq!(spent(blame, BlameGroup::Failed), named(&[("app sleep", true, 5.0), ("app threads", false, 15.0)]));
    let failed: Vec<_> = blame.failures.iter().map(|at| (at.cause.as_str(), at.requests)).collect();
    assert_eq!(failed, [("client gave up", 1)]);
}

/// Three requests work for 10 ms on a CPU that a fault makes half as fast, one after the other, and then share a station:
/// A from 20 to 90, B from 40 to 130, C from 60 to 140. Of these 240 ms 120 are its work, and the rest is waiting for the
/// station: what the CPU loses meanwhile is not charged to them.
#[test]
fn a_shared_station_loses_nothing_to_a_slow_cpu() {
    let outcome = run(&at_once(
        3,
        "[services.app]\ncpu = 1\n[services.app.endpoints]\n\
         go = { steps = [{ cpu = \"10ms\" }, { visit = { station = \"share\", time = \"40ms\" } }] }\n\
         [stations.share]\ndiscipline = \"ps\"\n[faults.tired]\nservice = \"app\"\nfrom = \"0s\"\neffect = { slow = 2.0 }\n",
    ));
    let all = spent(outcome.blame.as_ref().unwrap(), BlameGroup::Mean);
    let of_share: Vec<_> =
        all.iter().filter(|(name, ..)| name.contains("share")).map(|(_, served, ms)| (*served, *ms)).collect();
    assert_eq!(of_share, [(false, 120.0), (true, 120.0)], "{all:?}");
}

/// With accounts switched off everything else is the same.
#[test]
fn accounts_change_nothing() {
    let text = crate::random_models::nth(11);
    let with = bench(&text).run(1, 0);
    let mut without = bench(&text);
    without.load.accounts = AccountsKept::Off;
    let without = without.run(1, 0);
    assert!(with.blame.is_some() && without.blame.is_none());
    assert_eq!((with.events, with.sent, with.succeeded), (without.events, without.sent, without.succeeded));
    assert_eq!((with.response_times, with.resources), (without.response_times, without.resources));
}

/// Failed requests by cause and place.
type Failures = BTreeMap<(String, String), u64>;

/// The failures of a model with accounts of all requests. They are the same with accounts of a sample.
fn failures_of(text: &str, name: &str) -> Failures {
    let failures = |outcome: &Outcome| -> Failures {
        let mut all = Failures::new();
        let Some(blame) = &outcome.blame else { return all };
        for at in &blame.failures {
            let place = blame.places[usize::from(at.place)].name.clone();
            *all.entry((at.cause.clone(), place)).or_default() += at.requests;
        }
        all
    };
    let mut bench = bench(text);
    bench.load.accounts = AccountsKept::All;
    let all = failures(&bench.run(1, 0));
    bench.load.accounts = AccountsKept::Sampled;
    assert_eq!(all, failures(&bench.run(1, 0)), "{name}");
    all
}

/// Each failure is counted where it happened, whether the request has an account or not: of those that have none their
/// state tells it.
#[test]
fn failures_are_the_same_with_accounts_of_a_sample() {
    let failed = |number: u64| failures_of(&crate::random_models::nth(number), &format!("random model {number}"));
    let failed: u64 = (0..40).map(|number| failed(number).values().sum::<u64>()).sum();
    assert!(failed > 1000, "only {failed} requests have failed");
}

/// Clients give up while a fault slows the job that their request is at: of a sampled request, too, the fault is to blame,
/// though its account has what a job lost only when the job ends.
#[test]
fn a_fault_that_slows_a_job_is_to_blame_before_the_job_ends() {
    let failures = failures_of(
        "title = \"t\"\n[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"4/s\"\nwarm_up = \"0s\"\nduration = \"120s\"\n\
         timeout = \"120ms\"\n[services.a]\ncpu = \"1\"\n[services.a.endpoints.e]\nsteps = [{ cpu = \"50ms\" }]\n\
         [faults.slow]\nservice = \"a\"\nfrom = \"20s\"\nto = \"100s\"\neffect = { slow = 3 }\n",
        "a slow CPU",
    );
    let by_fault = failures.get(&("client gave up".into(), "fault slow".into()));
    assert!(by_fault.is_some_and(|requests| *requests >= 10), "{failures:?}");
}

/// Opening a connection takes work, then a round trip: clients that give up during the first do not wait for the network.
#[test]
fn the_work_of_opening_a_connection_is_not_the_network() {
    let failures = failures_of(
        "title = \"t\"\n[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"40/s\"\nwarm_up = \"0s\"\nduration = \"60s\"\n\
         timeout = \"100ms\"\n[services.a]\nruntime = \"delay\"\n[services.a.pools.p]\nserver = \"db\"\nmin_size = 0\n\
         max_size = 40\nconnect_cpu = \"exp(50ms)\"\nconnect_time = \"exp(50ms)\"\n\
         max_inactive_connection_lifetime = \"1us\"\n[services.a.endpoints.e]\n\
         steps = [{ query = { pool = \"p\", time = \"1ms\" } }]\n[services.db]\nruntime = \"delay\"\n",
        "connections that are opened",
    );
    let at = |place: &str| failures.get(&("client gave up".to_owned(), place.to_owned())).copied().unwrap_or(0);
    assert!(at("a") >= 100 && at("network to db") >= 100, "{failures:?}");
}

/// A limit of 2, lowered to 1 by fault a in the first two seconds and by fault b in the two after that; requests hold it
/// for a second each. Of five requests one is served at 0 s, the next at 1, 2 and 3 s, the last at 4 s: those who wait do
/// so because of a for 4 + 3 s, because of b for 2 + 1 s, and of the two, which do the same to the same, for 10 s.
#[test]
fn waiting_is_charged_to_the_fault_that_is_on() {
    let fault = |name: &str, from: u32, to: u32| {
        format!(
            "[faults.{name}]\nservice = \"app\"\nfrom = \"{from}s\"\nto = \"{to}s\"\n\
             effect = {{ capacity = {{ limit = \"l\", size = 1 }} }}\n"
        )
    };
    let model = |faults: &str| {
        at_once(
            5,
            &format!(
                "[services.app]\nruntime = \"delay\"\n[services.app.limits.l]\nsize = 2\n[services.app.endpoints]\n\
                 go = {{ steps = [{{ with = {{ limit = \"l\", steps = [{{ sleep = \"1s\" }}] }} }}] }}\n{faults}"
            ),
        )
    };
    let outcome = run(&model(&(fault("a", 0, 2) + &fault("b", 2, 4))));
    assert_eq!(
        spent(outcome.blame.as_ref().unwrap(), BlameGroup::Mean),
        named(&[("app", true, 5_000.0), ("faults a and b", false, 10_000.0)])
    );
    // A fault of one second: after it, two are served at a time, and waiting is the limit's.
    let outcome = run(&model(&fault("a", 0, 1)));
    assert_eq!(
        spent(outcome.blame.as_ref().unwrap(), BlameGroup::Mean),
        named(&[("app", true, 5_000.0), ("app limit l", false, 2_000.0), ("fault a", false, 4_000.0)])
    );
}

/// A process that is stopped from 0.5 s to 1.5 s, with 1 s of work at 0 s: it ends at 2 s, and the second, which waits
/// for its loop meanwhile, loses 1 s to the fault and 1 s to waiting.
#[test]
fn what_stands_still_is_the_faults() {
    let outcome = run(&at_once(
        2,
        "[services.app]\n[services.app.endpoints]\ngo = { steps = [{ cpu = \"1s\" }] }\n\
         [faults.f]\nservice = \"app\"\nfrom = \"500ms\"\nto = \"1500ms\"\neffect = \"stuck\"\n",
    ));
    assert_eq!(
        spent(outcome.blame.as_ref().unwrap(), BlameGroup::Mean),
        named(&[("app CPU", true, 2_000.0), ("app event loops", false, 1_000.0), ("fault f", false, 2_000.0)])
    );
}
