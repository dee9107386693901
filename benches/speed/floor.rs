//! The floor: the same models as loops by hand, without a simulator, a program or statistics beyond a mean.

use std::collections::VecDeque;

use sim::kernel::random::Stream;
use sim::kernel::variate::normal_quantile;

use crate::Done;

fn exponential(stream: &mut Stream, mean: f64) -> f64 {
    -mean * (1.0 - uniform(stream)).ln()
}

fn uniform(stream: &mut Stream) -> f64 {
    (stream.next_bits() >> 11) as f64 / (1u64 << 53) as f64
}

/// M/M/1 with two clocks, next arrival and next departure, and a queue of arrival times.
pub fn mm1(customers: u64) -> Done {
    let mut stream = Stream::named(1, 0, "floor", 0);
    let mut waiting: VecDeque<f64> = VecDeque::with_capacity(1024);
    let (mut arrival, mut departure) = (exponential(&mut stream, 1.25), f64::INFINITY);
    let (mut served, mut total) = (0, 0.0);
    while served < customers {
        if arrival < departure {
            if waiting.is_empty() {
                departure = arrival + exponential(&mut stream, 1.0);
            }
            waiting.push_back(arrival);
            arrival += exponential(&mut stream, 1.25);
        } else {
            total += departure - waiting.pop_front().unwrap_or(departure);
            served += 1;
            departure = if waiting.is_empty() { f64::INFINITY } else { departure + exponential(&mut stream, 1.0) };
        }
    }
    Done { requests: served, events: 2 * served, check: total / served as f64 }
}

/// Where a client of the pool network is.
#[derive(Clone, Copy)]
enum Stage {
    A,
    B,
    FirstC,
    SecondC,
    TimeOut,
}

/// An event of the pool network: time in nanoseconds and serial, client and its cycle, stage.
type Event = (u64, u64, u32, u32, Stage);

/// A 4-ary heap without any cleverness.
#[derive(Default)]
struct Heap(Vec<Event>);

impl Heap {
    fn push(&mut self, event: Event) {
        let mut at = self.0.len();
        self.0.push(event);
        while at > 0 {
            let parent = (at - 1) / 4;
            if (self.0[parent].0, self.0[parent].1) <= (event.0, event.1) {
                break;
            }
            self.0.swap(at, parent);
            at = parent;
        }
    }

    fn pop(&mut self) -> Option<Event> {
        let last = self.0.len().checked_sub(1)?;
        self.0.swap(0, last);
        let event = self.0.pop();
        let mut at = 0;
        loop {
            let children = (4 * at + 1)..(4 * at + 5).min(self.0.len());
            match children.min_by_key(|&child| (self.0[child].0, self.0[child].1)) {
                Some(least) if (self.0[least].0, self.0[least].1) < (self.0[at].0, self.0[at].1) => {
                    self.0.swap(at, least);
                    at = least;
                }
                _ => return event,
            }
        }
    }
}

/// A first-come-first-served station.
struct Station {
    free: u32,
    queue: VecDeque<(u32, Stage)>,
}

struct Network {
    heap: Heap,
    serial: u64,
    now: u64,
    stream: Stream,
    stations: [Station; 3],
    tokens: u32,
    for_token: VecDeque<u32>,
    cycles: Vec<u32>,
    started: Vec<u64>,
}

impl Network {
    fn schedule(&mut self, delay: f64, client: u32, stage: Stage) {
        self.serial += 1;
        self.heap.push((self.now + delay as u64, self.serial, client, self.cycles[client as usize], stage));
    }

    fn enter(&mut self, client: u32, stage: Stage) {
        let station = station_of(stage);
        if self.stations[station].free > 0 {
            self.stations[station].free -= 1;
            self.serve(client, stage);
        } else {
            self.stations[station].queue.push_back((client, stage));
        }
    }

    fn serve(&mut self, client: u32, stage: Stage) {
        let time = match stage {
            Stage::A => exponential(&mut self.stream, 10e6),
            Stage::B => {
                let sigma = 1.25f64.ln().sqrt();
                let z = normal_quantile(uniform(&mut self.stream).max(1e-16));
                (100e6f64.ln() - sigma * sigma / 2.0 + sigma * z).exp()
            }
            _ => exponential(&mut self.stream, 20e6),
        };
        self.schedule(time, client, stage);
    }

    fn leave(&mut self, stage: Stage) {
        let station = station_of(stage);
        match self.stations[station].queue.pop_front() {
            Some((client, stage)) => self.serve(client, stage),
            None => self.stations[station].free += 1,
        }
    }

    fn begin(&mut self, client: u32) {
        self.cycles[client as usize] += 1;
        self.started[client as usize] = self.now;
        self.schedule(30e9, client, Stage::TimeOut);
        self.enter(client, Stage::A);
    }
}

fn station_of(stage: Stage) -> usize {
    match stage {
        Stage::A => 0,
        Stage::B => 1,
        _ => 2,
    }
}

/// The pool network with a bare heap; a time-out that comes up in a later cycle of its client is stale.
pub fn pool_network(cycles: u64) -> Done {
    let station = |free| Station { free, queue: VecDeque::with_capacity(256) };
    let mut network = Network {
        heap: Heap::default(),
        serial: 0,
        now: 0,
        stream: Stream::named(1, 0, "floor", 1),
        stations: [station(1), station(8), station(2)],
        tokens: 20,
        for_token: VecDeque::with_capacity(256),
        cycles: vec![0; 200],
        started: vec![0; 200],
    };
    for client in 0..200 {
        network.begin(client);
    }
    let (mut done, mut events, mut total) = (0, 0, 0.0);
    while done < cycles {
        let Some((time, _, client, cycle, stage)) = network.heap.pop() else { break };
        network.now = time;
        events += 1;
        match stage {
            Stage::TimeOut => assert_ne!(cycle, network.cycles[client as usize], "a cycle took 30 s"),
            Stage::A => {
                network.leave(stage);
                if network.tokens > 0 {
                    network.tokens -= 1;
                    network.enter(client, Stage::B);
                } else {
                    network.for_token.push_back(client);
                }
            }
            Stage::B => {
                network.leave(stage);
                match network.for_token.pop_front() {
                    Some(next) => network.enter(next, Stage::B),
                    None => network.tokens += 1,
                }
                network.enter(client, Stage::FirstC);
            }
            Stage::FirstC => {
                network.leave(stage);
                network.enter(client, Stage::SecondC);
            }
            Stage::SecondC => {
                network.leave(stage);
                done += 1;
                total += (time - network.started[client as usize]) as f64;
                network.begin(client);
            }
        }
    }
    Done { requests: done, events, check: total / done as f64 / 1e9 }
}
