//! ODEM-rs: agents and jobs are futures that live in pinned storage.
//!
//! A cycle is forked against an advance of 30 s with `fork().or()`, which aborts the loser and so
//! takes the time-out out of the calendar.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::pin;
use std::task::Waker;

use odem_rs::prelude::*;
use odem_rs::sync::chain::Chain;

use crate::model::{
    A_SERVERS, B_SERVERS, C_VISITS, CLIENTS, Draws, MM1_INTERARRIVAL, MM1_SERVICE, Outcome, Pool as PoolSize, SEED,
    Station, TIMEOUT, TOKENS,
};

#[derive(Config)]
struct Mm1 {
    draws: RefCell<Draws>,
    outcome: Cell<Outcome>,
    customers: u64,
    is_done: Control<bool>,
}

/// The server of the M/M/1 queue, as in the library's own example `mm1.rs`: an agent that works
/// through the queue and sleeps when it is empty.
#[derive(Default)]
struct Server {
    queue: RefCell<VecDeque<f64>>,
    waker: Cell<Option<Waker>>,
}

impl Server {
    fn enqueue(&self, now: f64) {
        self.queue.borrow_mut().push_back(now);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn dequeue(&self) -> Option<f64> {
        self.queue.borrow_mut().pop_front()
    }
}

impl Behavior<Mm1> for Server {
    type Output = ();

    async fn actions(&self, sim: &Sim<Mm1>) {
        let mm1 = sim.global();
        let mut outcome = Outcome::default();
        loop {
            while let Some(begun) = self.dequeue() {
                let service = mm1.draws.borrow_mut().exponential(MM1_SERVICE);
                sim.advance(service).await;
                outcome.complete(begun, sim.now());
                if outcome.units == mm1.customers {
                    mm1.outcome.set(outcome);
                    mm1.is_done.set(true);
                    return;
                }
            }
            self.waker.set(Some(waker().await));
            sleep().await;
        }
    }
}

async fn arrivals(sim: &Sim<Mm1>, server: &Server) {
    loop {
        let delay = sim.global().draws.borrow_mut().exponential(MM1_INTERARRIVAL);
        sim.advance(delay).await;
        server.enqueue(sim.now());
    }
}

/// M/M/1.
pub fn mm1(customers: u64) -> Outcome {
    let config = Mm1 {
        draws: RefCell::new(Draws::new(SEED)),
        outcome: Cell::default(),
        customers,
        is_done: Control::new(false),
    };
    Simulator::new(config)
        .run(async |sim| {
            let server = pin!(Agent::new(Server::default()));
            let server = sim.activate(server);
            let arrivals = pin!(Job::new(arrivals(sim, server.subject())));
            sim.activate(arrivals);
            until!(sim.global().is_done).await;
            sim.global().outcome.get()
        })
        .expect("the arrivals never stop")
}

/// A facility of several units. The library's `Facility` has one, and its channels, which could
/// hold tokens, let a process that asks in the instant of a release overtake the queue; so this is
/// built from its chain of waiting processes, with a released unit handed to the longest-waiting.
struct Storage {
    free: Cell<usize>,
    queue: Chain,
}

/// A unit of a [`Storage`], given back when dropped.
struct Unit<'s>(&'s Storage);

impl Storage {
    fn new(units: usize) -> Self {
        Storage { free: Cell::new(units), queue: Chain::new() }
    }

    async fn seize(&self) -> Unit<'_> {
        match self.free.get() {
            0 => self.queue.fifo().await,
            free => self.free.set(free - 1),
        }
        Unit(self)
    }
}

impl Drop for Unit<'_> {
    fn drop(&mut self) {
        if self.0.queue.notifier().first().go().is_none() {
            self.0.free.set(self.0.free.get() + 1);
        }
    }
}

#[derive(Config)]
struct Network {
    draws: RefCell<Draws>,
    outcome: Cell<Outcome>,
    cycles: u64,
    is_done: Control<bool>,
    a: Storage,
    tokens: Storage,
    b: Storage,
    c: Storage,
}

async fn visit(sim: &Sim<Network>, servers: &Storage, station: Station) {
    let _server = servers.seize().await;
    let service = sim.global().draws.borrow_mut().service(station);
    sim.advance(service).await;
}

async fn cycle(sim: &Sim<Network>) {
    let network = sim.global();
    visit(sim, &network.a, Station::A).await;
    {
        let _token = network.tokens.seize().await;
        visit(sim, &network.b, Station::B).await;
    }
    for _ in 0..C_VISITS {
        visit(sim, &network.c, Station::C).await;
    }
}

async fn client(sim: &Sim<Network>) {
    let network = sim.global();
    loop {
        let begun = sim.now();
        let in_time = sim
            .fork(async {
                cycle(sim).await;
                true
            })
            .or(async {
                sim.advance(TIMEOUT).await;
                false
            })
            .await;
        let mut outcome = network.outcome.get();
        if !in_time {
            outcome.timeouts += 1;
        } else if outcome.units < network.cycles {
            outcome.complete(begun, sim.now());
        }
        network.outcome.set(outcome);
        if outcome.units == network.cycles {
            network.is_done.set(true);
        }
    }
}

/// Pool network: a job for each client.
pub fn pool(size: PoolSize) -> Outcome {
    let config = Network {
        draws: RefCell::new(Draws::new(SEED)),
        outcome: Cell::default(),
        cycles: size.cycles,
        is_done: Control::new(false),
        a: Storage::new(A_SERVERS),
        tokens: Storage::new(TOKENS),
        b: Storage::new(B_SERVERS),
        c: Storage::new(size.c_servers),
    };
    Simulator::new(config)
        .run(async |sim| {
            let clients = pin!(Pool::with_capacity(CLIENTS).with(Job::new));
            for _ in 0..CLIENTS {
                clients.activate(sim, client(sim));
            }
            until!(sim.global().is_done).await;
            sim.global().outcome.get()
        })
        .expect("the clients never stop")
}
