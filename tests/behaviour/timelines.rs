//! Timelines of the parts, worked out by hand: when each request ends, to the nanosecond.

use sim::interpreter::{Ended, Source, World};
use sim::kernel::Time;
use sim::parts::{Ending, Limits, Outcome};

use crate::models::{Bench, bench, resource};

/// Requests that are sent at given times, and what became of them.
struct Script<'b> {
    bench: &'b Bench,
    /// The process that each goes to; where there is none, the balancers choose.
    processes: &'b [u32],
    ends: Vec<(u32, Time, String)>,
}

impl Source for Script<'_> {
    fn event(&mut self, world: &mut World, client: u32) {
        match self.processes.get(client as usize) {
            Some(&process) => {
                world.send_to(client, process);
            }
            None => world.send(client),
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        let why = ended.failure.describe(&self.bench.system.reasons);
        self.ends.push((ended.client, world.now(), why));
    }
}

/// What became of the requests: in the order of their sending, when each ended and why; then the outcome, and whether
/// anything is still held when nothing can still happen.
struct Story {
    ends: Vec<Option<(f64, String)>>,
    outcome: Outcome,
    at_rest: bool,
}

/// Sends a request at each of these milliseconds and waits until nothing can still happen.
fn play(text: &str, sends: &[f64]) -> Story {
    play_at(text, sends, &[])
}

/// The same with requests for these processes of the target's service.
fn play_at(text: &str, sends: &[f64], processes: &[u32]) -> Story {
    let bench = bench(text);
    let mut world = World::new(&bench.system, &bench.load, 1, 0);
    world.open_window();
    for (client, &ms) in (0..).zip(sends) {
        world.schedule(Time::from_seconds(ms / 1e3), client);
    }
    let mut script = Script { bench: &bench, processes, ends: Vec::new() };
    let ending = world.run(&mut script, &Limits { max_events: Some(1_000_000), ..Limits::default() });
    assert_eq!(ending, Ending::Quiet);
    let at_rest = world.is_at_rest();
    let window = world.close_window();
    let outcome = world.outcome(ending, window);
    assert_eq!(outcome.violations, [""; 0]);
    let mut ends = vec![None; sends.len()];
    for (client, at, why) in script.ends {
        assert_eq!(ends[client as usize], None, "request {client} ended twice");
        ends[client as usize] = Some((at.0 as f64 / 1e6, why));
    }
    Story { ends, outcome, at_rest }
}

impl Story {
    /// For how many milliseconds units of a resource were in use, all together.
    fn used(&self, name: &str) -> f64 {
        let nanoseconds = resource(&self.outcome, name).in_use * self.outcome.window.0 as f64;
        nanoseconds.round() / 1e6
    }

    /// When each request ended, in milliseconds; all succeeded and nothing is left.
    #[track_caller]
    fn successes(&self) -> Vec<f64> {
        assert!(self.at_rest, "{:?}", self.ends);
        let success = |end: &Option<(f64, String)>| match end {
            Some((at, why)) if why == "none" => *at,
            other => panic!("{other:?} among {:?}", self.ends),
        };
        self.ends.iter().map(success).collect()
    }

    /// As `"110"`, `"1000: client gave up"`, or `"never"`.
    fn told(&self) -> Vec<String> {
        let tell = |end: &Option<(f64, String)>| match end {
            None => "never".into(),
            Some((at, why)) if why == "none" => format!("{at}"),
            Some((at, why)) => format!("{at}: {why}"),
        };
        self.ends.iter().map(tell).collect()
    }
}

/// A model whose load is not used but for its target, and these keys of the load.
fn model(load: &str, rest: &str) -> String {
    format!(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "1/s"
        duration = "1s"
        {load}
        {rest}
        [services.shop.endpoints]
        "#
    )
}

/// One service with these keys and these steps, a database without queues beside it.
fn shop(load: &str, keys: &str, steps: &str) -> String {
    format!(
        "{}\nserve = {{ steps = [{steps}] }}\n",
        model(load, &format!("[services.db]\nruntime = \"delay\"\n[services.shop]\n{keys}"))
    )
}

mod event_loop;

mod blocking;

mod connections;

mod handshakes;
mod hosts;

mod replicas;

mod pools;

mod timeouts;

mod http_clients;

mod stations;

mod balancing;

mod deadlocks;

mod loads;
mod look_ups;

mod growth;
mod libuv;
mod limits;
mod queues;
mod recorded;
mod redelivery;

mod machines;
mod memory;
mod orders;

mod deploys;
mod descriptors;
mod disks;

mod restarts;
mod scaling;

mod faults;

mod retries;

mod attempts;
mod stages;

mod scopes;

mod breakers;

mod branches;

mod ingresses;

mod caches;

mod threads;

mod services;
