//! SimCore: components get their events through a callback.
//!
//! The time-outs are ordered events (all have the same delay, so their times never decrease) and
//! are taken back with `cancel_event`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde::Serialize;
use simcore::{Event, EventHandler, EventId, Simulation, SimulationContext, cast};

use crate::model::{
    A_SERVERS, B_SERVERS, C_VISITS, CLIENTS, Draws, MM1_INTERARRIVAL, MM1_SERVICE, Outcome, Pool, SEED, Servers,
    Station, TIMEOUT, TOKENS,
};

#[derive(Clone, Serialize)]
struct Arrival {}

#[derive(Clone, Serialize)]
struct Departure {}

struct Mm1 {
    ctx: SimulationContext,
    draws: Draws,
    outcome: Outcome,
    queue: VecDeque<f64>,
}

impl Mm1 {
    fn next_arrival(&mut self) {
        let delay = self.draws.exponential(MM1_INTERARRIVAL);
        self.ctx.emit_self(Arrival {}, delay);
    }

    fn serve_first(&mut self) {
        let delay = self.draws.exponential(MM1_SERVICE);
        self.ctx.emit_self(Departure {}, delay);
    }

    fn on_arrival(&mut self) {
        self.queue.push_back(self.ctx.time());
        if self.queue.len() == 1 {
            self.serve_first();
        }
        self.next_arrival();
    }

    fn on_departure(&mut self) {
        let begun = self.queue.pop_front().expect("someone is in service");
        self.outcome.complete(begun, self.ctx.time());
        if !self.queue.is_empty() {
            self.serve_first();
        }
    }
}

impl EventHandler for Mm1 {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                self.on_arrival();
            }
            Departure {} => {
                self.on_departure();
            }
        })
    }
}

/// M/M/1.
pub fn mm1(customers: u64) -> Outcome {
    let mut sim = Simulation::new(SEED);
    let mm1 = Rc::new(RefCell::new(Mm1 {
        ctx: sim.create_context("mm1"),
        draws: Draws::new(SEED),
        outcome: Outcome::default(),
        queue: VecDeque::new(),
    }));
    sim.add_handler("mm1", mm1.clone());
    mm1.borrow_mut().next_arrival();
    while mm1.borrow().outcome.units < customers {
        sim.step();
    }
    mm1.borrow().outcome
}

#[derive(Clone, Serialize)]
struct Served {
    client: usize,
    station: Station,
}

#[derive(Clone, Serialize)]
struct TimedOut {
    client: usize,
}

#[derive(Clone, Copy, Default)]
struct Client {
    begun: f64,
    c_visits: u8,
    timeout: EventId,
}

struct Network {
    ctx: SimulationContext,
    draws: Draws,
    outcome: Outcome,
    a: Servers,
    tokens: Servers,
    b: Servers,
    c: Servers,
    clients: Vec<Client>,
}

impl Network {
    fn begin(&mut self, client: usize) {
        self.clients[client] = Client {
            begun: self.ctx.time(),
            c_visits: 0,
            timeout: self.ctx.emit_ordered_self(TimedOut { client }, TIMEOUT),
        };
        if self.a.seize(client) {
            self.serve(client, Station::A);
        }
    }

    fn serve(&mut self, client: usize, station: Station) {
        let delay = self.draws.service(station);
        self.ctx.emit_self(Served { client, station }, delay);
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

    fn on_served(&mut self, client: usize, station: Station) {
        match station {
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
                    let Client { begun, timeout, .. } = self.clients[client];
                    self.outcome.complete(begun, self.ctx.time());
                    self.ctx.cancel_event(timeout);
                    self.begin(client);
                }
            }
        }
    }
}

impl EventHandler for Network {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Served { client, station } => {
                self.on_served(client, station);
            }
            TimedOut { client } => {
                debug_assert_eq!(self.clients[client].timeout, event.id);
                self.outcome.timeouts += 1;
            }
        })
    }
}

/// Pool network.
pub fn pool(pool: Pool) -> Outcome {
    let mut sim = Simulation::new(SEED);
    let network = Rc::new(RefCell::new(Network {
        ctx: sim.create_context("network"),
        draws: Draws::new(SEED),
        outcome: Outcome::default(),
        a: Servers::new(A_SERVERS),
        tokens: Servers::new(TOKENS),
        b: Servers::new(B_SERVERS),
        c: Servers::new(pool.c_servers),
        clients: vec![Client::default(); CLIENTS],
    }));
    sim.add_handler("network", network.clone());
    for client in 0..CLIENTS {
        network.borrow_mut().begin(client);
    }
    while network.borrow().outcome.units < pool.cycles {
        sim.step();
    }
    network.borrow().outcome
}
