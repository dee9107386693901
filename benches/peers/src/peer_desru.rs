//! DESRu: events are boxed closures that get the scheduler.
//!
//! A scheduled event cannot be taken back (`Event::deactivate` only helps before it is scheduled),
//! so a time-out that is no longer wanted runs and finds by its number that it is stale.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use desru::{Event, EventScheduler};

use crate::model::{
    A_SERVERS, B_SERVERS, C_VISITS, CLIENTS, Draws, MM1_INTERARRIVAL, MM1_SERVICE, Outcome, Pool, SEED, Servers,
    Station, TIMEOUT, TOKENS,
};

/// Schedules `action` after `delay`, as `EventScheduler::timeout` does.
fn after(scheduler: &mut EventScheduler, delay: f64, mut action: impl FnMut(&mut EventScheduler) + 'static) {
    scheduler.schedule(Event::new(
        scheduler.current_time + delay,
        Some(Box::new(move |scheduler| {
            action(scheduler);
            None
        })),
        None,
    ));
}

/// Runs until `units` are completed, without the log of events, which would keep all of them.
fn run<S: 'static>(
    scheduler: &mut EventScheduler,
    state: &Rc<RefCell<S>>,
    units: u64,
    outcome: impl Fn(&S) -> &Outcome + 'static,
) {
    let state = Rc::clone(state);
    scheduler.run(Box::new(move |_| outcome(&state.borrow()).units >= units), Some(Box::new(|_, _| false)));
}

struct Mm1 {
    draws: Draws,
    outcome: Outcome,
    queue: VecDeque<f64>,
}

/// M/M/1.
pub fn mm1(customers: u64) -> Outcome {
    let state =
        Rc::new(RefCell::new(Mm1 { draws: Draws::new(SEED), outcome: Outcome::default(), queue: VecDeque::new() }));
    let mut scheduler = EventScheduler::new();
    next_arrival(&mut scheduler, Rc::clone(&state));
    run(&mut scheduler, &state, customers, |mm1| &mm1.outcome);
    state.borrow().outcome
}

fn next_arrival(scheduler: &mut EventScheduler, state: Rc<RefCell<Mm1>>) {
    let delay = state.borrow_mut().draws.exponential(MM1_INTERARRIVAL);
    after(scheduler, delay, move |scheduler| {
        let is_idle = {
            let queue = &mut state.borrow_mut().queue;
            queue.push_back(scheduler.current_time);
            queue.len() == 1
        };
        if is_idle {
            serve_first(scheduler, Rc::clone(&state));
        }
        next_arrival(scheduler, Rc::clone(&state));
    });
}

fn serve_first(scheduler: &mut EventScheduler, state: Rc<RefCell<Mm1>>) {
    let delay = state.borrow_mut().draws.exponential(MM1_SERVICE);
    after(scheduler, delay, move |scheduler| {
        let is_busy = {
            let mm1 = &mut *state.borrow_mut();
            let begun = mm1.queue.pop_front().expect("someone is in service");
            mm1.outcome.complete(begun, scheduler.current_time);
            !mm1.queue.is_empty()
        };
        if is_busy {
            serve_first(scheduler, Rc::clone(&state));
        }
    });
}

#[derive(Clone, Copy, Default)]
struct Client {
    begun: f64,
    c_visits: u8,
    cycle: u64,
}

struct Network {
    draws: Draws,
    outcome: Outcome,
    a: Servers,
    tokens: Servers,
    b: Servers,
    c: Servers,
    clients: Vec<Client>,
}

type Shared = Rc<RefCell<Network>>;

/// Pool network.
pub fn pool(pool: Pool) -> Outcome {
    let state = Rc::new(RefCell::new(Network {
        draws: Draws::new(SEED),
        outcome: Outcome::default(),
        a: Servers::new(A_SERVERS),
        tokens: Servers::new(TOKENS),
        b: Servers::new(B_SERVERS),
        c: Servers::new(pool.c_servers),
        clients: vec![Client::default(); CLIENTS],
    }));
    let mut scheduler = EventScheduler::new();
    for client in 0..CLIENTS {
        begin(&mut scheduler, &state, client);
    }
    run(&mut scheduler, &state, pool.cycles, |network| &network.outcome);
    state.borrow().outcome
}

fn begin(scheduler: &mut EventScheduler, state: &Shared, client: usize) {
    let (cycle, serve_now) = {
        let network = &mut *state.borrow_mut();
        let entry = &mut network.clients[client];
        entry.begun = scheduler.current_time;
        entry.c_visits = 0;
        (entry.cycle, network.a.seize(client))
    };
    let shared = Rc::clone(state);
    after(scheduler, TIMEOUT, move |_| {
        let network = &mut *shared.borrow_mut();
        if network.clients[client].cycle == cycle {
            network.outcome.timeouts += 1;
        }
    });
    if serve_now {
        serve(scheduler, state, client, Station::A);
    }
}

fn serve(scheduler: &mut EventScheduler, state: &Shared, client: usize, station: Station) {
    let delay = state.borrow_mut().draws.service(station);
    let shared = Rc::clone(state);
    after(scheduler, delay, move |scheduler| match station {
        Station::A => leave_a(scheduler, &shared, client),
        Station::B => leave_b(scheduler, &shared, client),
        Station::C => leave_c(scheduler, &shared, client),
    });
}

fn leave_a(scheduler: &mut EventScheduler, state: &Shared, client: usize) {
    let next = state.borrow_mut().a.release();
    if let Some(next) = next {
        serve(scheduler, state, next, Station::A);
    }
    let has_token = state.borrow_mut().tokens.seize(client);
    if has_token {
        enter_b(scheduler, state, client);
    }
}

fn enter_b(scheduler: &mut EventScheduler, state: &Shared, client: usize) {
    let serve_now = state.borrow_mut().b.seize(client);
    if serve_now {
        serve(scheduler, state, client, Station::B);
    }
}

fn leave_b(scheduler: &mut EventScheduler, state: &Shared, client: usize) {
    let next = state.borrow_mut().b.release();
    if let Some(next) = next {
        serve(scheduler, state, next, Station::B);
    }
    let next = state.borrow_mut().tokens.release();
    if let Some(next) = next {
        enter_b(scheduler, state, next);
    }
    enter_c(scheduler, state, client);
}

fn enter_c(scheduler: &mut EventScheduler, state: &Shared, client: usize) {
    let serve_now = state.borrow_mut().c.seize(client);
    if serve_now {
        serve(scheduler, state, client, Station::C);
    }
}

fn leave_c(scheduler: &mut EventScheduler, state: &Shared, client: usize) {
    let next = state.borrow_mut().c.release();
    if let Some(next) = next {
        serve(scheduler, state, next, Station::C);
    }
    let is_done = {
        let network = &mut *state.borrow_mut();
        let entry = &mut network.clients[client];
        entry.c_visits += 1;
        let is_done = entry.c_visits == C_VISITS;
        if is_done {
            entry.cycle += 1;
            network.outcome.complete(entry.begun, scheduler.current_time);
        }
        is_done
    };
    if is_done {
        begin(scheduler, state, client);
    } else {
        enter_c(scheduler, state, client);
    }
}
