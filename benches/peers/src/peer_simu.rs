//! simu-des: processes are futures, as in SimPy.
//!
//! A cycle is raced against its time-out with `any_of!`, which is the library's substitute for a
//! cancellation: the losing `Timeout` is dropped, but its wake-up stays in the calendar and wakes
//! the client in vain.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use simu::{EnvHandle, Resource, SimEnv, any_of};

use crate::model::{
    A_SERVERS, B_SERVERS, C_VISITS, CLIENTS, Draws, MM1_INTERARRIVAL, MM1_SERVICE, Outcome, Pool, SEED, Station,
    TIMEOUT, TOKENS,
};

type Shared<T> = Rc<RefCell<T>>;

fn shared<T>(value: T) -> Shared<T> {
    Rc::new(RefCell::new(value))
}

/// M/M/1: a process for each customer.
pub fn mm1(customers: u64) -> Outcome {
    let mut env = SimEnv::with_seed(SEED);
    let outcome = shared(Outcome::default());
    env.spawn(arrivals(env.handle(), customers, Rc::clone(&outcome)));
    env.run();
    *outcome.borrow()
}

async fn arrivals(env: EnvHandle, customers: u64, outcome: Shared<Outcome>) {
    let mut draws = Draws::new(SEED);
    let server = Resource::new(1);
    for _ in 0..customers {
        env.timeout(draws.exponential(MM1_INTERARRIVAL)).await;
        let service = draws.exponential(MM1_SERVICE);
        env.spawn(customer(env.clone(), server.clone(), service, Rc::clone(&outcome)));
    }
}

async fn customer(env: EnvHandle, server: Resource, service: f64, outcome: Shared<Outcome>) {
    let begun = env.now();
    let guard = server.request().await;
    env.timeout(service).await;
    drop(guard);
    outcome.borrow_mut().complete(begun, env.now());
}

#[derive(Clone)]
struct Network {
    env: EnvHandle,
    draws: Shared<Draws>,
    outcome: Shared<Outcome>,
    a: Resource,
    tokens: Resource,
    b: Resource,
    c: Resource,
}

impl Network {
    async fn visit(&self, resource: &Resource, station: Station) {
        let _guard = resource.request().await;
        let service = self.draws.borrow_mut().service(station);
        self.env.timeout(service).await;
    }

    async fn cycle(self, is_done: Rc<Cell<bool>>) {
        self.visit(&self.a, Station::A).await;
        {
            let _token = self.tokens.request().await;
            self.visit(&self.b, Station::B).await;
        }
        for _ in 0..C_VISITS {
            self.visit(&self.c, Station::C).await;
        }
        is_done.set(true);
    }

    async fn client(self, cycles: u64) {
        let is_done = Rc::new(Cell::new(false));
        while self.outcome.borrow().units < cycles {
            let begun = self.env.now();
            is_done.set(false);
            any_of![self.clone().cycle(Rc::clone(&is_done)), self.env.timeout(TIMEOUT),].await;
            let mut outcome = self.outcome.borrow_mut();
            if !is_done.get() {
                outcome.timeouts += 1;
            } else if outcome.units < cycles {
                outcome.complete(begun, self.env.now());
            }
        }
    }
}

/// Pool network: a process for each client.
pub fn pool(pool: Pool) -> Outcome {
    let mut env = SimEnv::with_seed(SEED);
    let network = Network {
        env: env.handle(),
        draws: shared(Draws::new(SEED)),
        outcome: shared(Outcome::default()),
        a: Resource::new(A_SERVERS),
        tokens: Resource::new(TOKENS),
        b: Resource::new(B_SERVERS),
        c: Resource::new(pool.c_servers),
    };
    for _ in 0..CLIENTS {
        env.spawn(network.clone().client(pool.cycles));
    }
    env.run();
    *network.outcome.borrow()
}
