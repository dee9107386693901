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

const STAGES: [Stage; 5] = [Stage::A, Stage::B, Stage::FirstC, Stage::SecondC, Stage::TimeOut];

/// In nanoseconds.
const TIME_OUT: u64 = 30_000_000_000;

/// A 4-ary heap of packed events: time in nanoseconds (64 bits), serial (48), client (8), stage (8).
#[derive(Default)]
struct Heap(Vec<u128>);

impl Heap {
    fn push(&mut self, event: u128) {
        let mut at = self.0.len();
        self.0.push(event);
        while at > 0 {
            let parent = (at - 1) / 4;
            if self.0[parent] <= event {
                break;
            }
            self.0[at] = self.0[parent];
            at = parent;
        }
        self.0[at] = event;
    }

    fn pop(&mut self) -> Option<u128> {
        let last = self.0.pop()?;
        let Some(&first) = self.0.first() else { return Some(last) };
        let mut at = 0;
        loop {
            let children = (4 * at + 1)..(4 * at + 5).min(self.0.len());
            match children.min_by_key(|&child| self.0[child]) {
                Some(least) if self.0[least] < last => {
                    self.0[at] = self.0[least];
                    at = least;
                }
                _ => break,
            }
        }
        self.0[at] = last;
        Some(first)
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
    started: Vec<u64>,
}

impl Network {
    fn schedule(&mut self, delay: f64, client: u32, stage: Stage) {
        self.serial += 1;
        let time = self.now + delay as u64;
        let event = u128::from(time) << 64 | u128::from(self.serial) << 16 | u128::from(client) << 8 | stage as u128;
        self.heap.push(event);
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
        self.started[client as usize] = self.now;
        self.schedule(TIME_OUT as f64, client, Stage::TimeOut);
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
        started: vec![0; 200],
    };
    for client in 0..200 {
        network.begin(client);
    }
    let (mut done, mut events, mut total) = (0, 0, 0.0);
    while done < cycles {
        let Some(event) = network.heap.pop() else { break };
        let (time, client) = ((event >> 64) as u64, (event >> 8) as u32 & 0xFF);
        let stage = STAGES[event as usize & 0xFF];
        network.now = time;
        events += 1;
        match stage {
            Stage::TimeOut => assert!(network.started[client as usize] + TIME_OUT > time, "a cycle took 30 s"),
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
