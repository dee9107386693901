//! The floor: the two models as hand-written loops, without a simulator.

use std::collections::VecDeque;

use crate::model::{
    A_SERVERS, B_SERVERS, C_VISITS, CLIENTS, Draws, MM1_INTERARRIVAL, MM1_SERVICE, Outcome, Pool, SEED, Servers,
    Station, TIMEOUT, TOKENS,
};

/// M/M/1 with two clocks, the next arrival and the next departure, and no calendar.
pub fn mm1(customers: u64) -> Outcome {
    let mut draws = Draws::new(SEED);
    let mut outcome = Outcome::default();
    let mut queue = VecDeque::new();
    let mut arrival = draws.exponential(MM1_INTERARRIVAL);
    let mut departure = f64::INFINITY;
    while outcome.units < customers {
        if arrival < departure {
            if queue.is_empty() {
                departure = arrival + draws.exponential(MM1_SERVICE);
            }
            queue.push_back(arrival);
            arrival += draws.exponential(MM1_INTERARRIVAL);
        } else {
            let begun = queue.pop_front().expect("someone is in service");
            outcome.complete(begun, departure);
            departure = if queue.is_empty() { f64::INFINITY } else { departure + draws.exponential(MM1_SERVICE) };
        }
    }
    outcome
}

/// Pool network on a bare heap.
pub fn pool(pool: Pool) -> Outcome {
    let mut network = Network::new(pool);
    for client in 0..CLIENTS {
        network.begin(client);
    }
    while network.outcome.units < pool.cycles {
        network.step();
    }
    network.outcome
}

/// An entry of the calendar: the time (its bits, which order as positive numbers do), then the
/// sequence number, then the client and whether this is the client's time-out.
type Entry = u128;

fn entry(time: f64, tag: u64) -> Entry {
    u128::from(time.to_bits()) << 64 | u128::from(tag)
}

/// A 4-ary min-heap.
#[derive(Default)]
struct Heap(Vec<Entry>);

impl Heap {
    fn push(&mut self, entry: Entry) {
        let heap = &mut self.0;
        let mut at = heap.len();
        heap.push(entry);
        while at > 0 {
            let parent = (at - 1) / 4;
            if heap[parent] <= entry {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = entry;
    }

    fn pop(&mut self) -> Option<Entry> {
        let heap = &mut self.0;
        let last = heap.pop()?;
        let Some(&top) = heap.first() else {
            return Some(last);
        };
        let mut at = 0;
        loop {
            let first = 4 * at + 1;
            if first >= heap.len() {
                break;
            }
            // The children's indices ride along, so that the least is found without branches.
            let children = &heap[first..heap.len().min(first + 4)];
            let least = match *children {
                [a, b, c, d] => {
                    let ab = if b < a { (b, 1) } else { (a, 0) };
                    let cd = if d < c { (d, 3) } else { (c, 2) };
                    first + if cd.0 < ab.0 { cd.1 } else { ab.1 }
                }
                _ => (first..heap.len()).min_by_key(|&child| heap[child]).expect("a child"),
            };
            if last <= heap[least] {
                break;
            }
            heap[at] = heap[least];
            at = least;
        }
        heap[at] = last;
        Some(top)
    }
}

#[derive(Clone, Copy)]
struct Client {
    station: Station,
    c_visits: u8,
    begun: f64,
    /// Tag of the pending time-out: any other time-out of the client is stale.
    timeout: u64,
}

struct Network {
    draws: Draws,
    outcome: Outcome,
    now: f64,
    seq: u64,
    heap: Heap,
    a: Servers,
    tokens: Servers,
    b: Servers,
    c: Servers,
    clients: Vec<Client>,
}

impl Network {
    fn new(pool: Pool) -> Self {
        let client = Client { station: Station::A, c_visits: 0, begun: 0.0, timeout: 0 };
        Network {
            draws: Draws::new(SEED),
            outcome: Outcome::default(),
            now: 0.0,
            seq: 0,
            heap: Heap::default(),
            a: Servers::new(A_SERVERS),
            tokens: Servers::new(TOKENS),
            b: Servers::new(B_SERVERS),
            c: Servers::new(pool.c_servers),
            clients: vec![client; CLIENTS],
        }
    }

    fn schedule(&mut self, delay: f64, client: usize, is_timeout: bool) -> u64 {
        self.seq += 1;
        let tag = self.seq << 16 | (client as u64) << 1 | u64::from(is_timeout);
        self.heap.push(entry(self.now + delay, tag));
        tag
    }

    fn begin(&mut self, client: usize) {
        let timeout = self.schedule(TIMEOUT, client, true);
        self.clients[client] = Client { station: Station::A, c_visits: 0, begun: self.now, timeout };
        if self.a.seize(client) {
            self.serve(client, Station::A);
        }
    }

    fn serve(&mut self, client: usize, station: Station) {
        self.clients[client].station = station;
        let service = self.draws.service(station);
        self.schedule(service, client, false);
    }

    fn enter_b(&mut self, client: usize) {
        if self.b.seize(client) {
            self.serve(client, Station::B);
        }
    }

    fn enter_c(&mut self, client: usize) {
        if self.c.seize(client) {
            self.serve(client, Station::C);
        }
    }

    fn step(&mut self) {
        let entry = self.heap.pop().expect("a client is in service");
        self.now = f64::from_bits((entry >> 64) as u64);
        let tag = entry as u64;
        let client = (tag >> 1 & 0x7fff) as usize;
        if tag & 1 != 0 {
            if self.clients[client].timeout == tag {
                self.outcome.timeouts += 1;
            }
            return;
        }
        match self.clients[client].station {
            Station::A => {
                if let Some(next) = self.a.release() {
                    self.serve(next, Station::A);
                }
                if self.tokens.seize(client) {
                    self.enter_b(client);
                }
            }
            Station::B => {
                if let Some(next) = self.b.release() {
                    self.serve(next, Station::B);
                }
                if let Some(next) = self.tokens.release() {
                    self.enter_b(next);
                }
                self.enter_c(client);
            }
            Station::C => {
                if let Some(next) = self.c.release() {
                    self.serve(next, Station::C);
                }
                self.clients[client].c_visits += 1;
                if self.clients[client].c_visits < C_VISITS {
                    self.enter_c(client);
                } else {
                    self.outcome.complete(self.clients[client].begun, self.now);
                    self.begin(client);
                }
            }
        }
    }
}
