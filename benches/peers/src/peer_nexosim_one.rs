//! NeXosim with everything in one model, which schedules its own events and sends no messages.
//!
//! Not how its documentation would cut these models up, but the fastest way through the library.

use std::collections::VecDeque;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader as _, Output, SinkState, event_slot};
use nexosim::simulation::{EventKey, Mailbox, SimInit};
use serde::{Deserialize, Serialize};

use crate::model::{
    A_SERVERS, B_SERVERS, C_VISITS, CLIENTS, Draws, MM1_INTERARRIVAL, MM1_SERVICE, Outcome, Pool, SEED, Servers,
    Station, TIMEOUT, TOKENS,
};
use crate::peer_nexosim::{START, delay, seconds};

#[derive(Serialize, Deserialize)]
struct Mm1 {
    customers: u64,
    arrivals_left: u64,
    draws: Draws,
    outcome: Outcome,
    queue: VecDeque<f64>,
    result: Output<Outcome>,
}

#[Model]
impl Mm1 {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.next_arrival(cx);
    }

    fn next_arrival(&mut self, cx: &Context<Self>) {
        if self.arrivals_left > 0 {
            self.arrivals_left -= 1;
            let delay = delay(self.draws.exponential(MM1_INTERARRIVAL));
            cx.schedule_event(delay, schedulable!(Self::arrive), ()).expect("in the future");
        }
    }

    #[nexosim(schedulable)]
    fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.queue.push_back(seconds(cx));
        if self.queue.len() == 1 {
            self.serve_first(cx);
        }
        self.next_arrival(cx);
    }

    fn serve_first(&mut self, cx: &Context<Self>) {
        let delay = delay(self.draws.exponential(MM1_SERVICE));
        cx.schedule_event(delay, schedulable!(Self::depart), ()).expect("in the future");
    }

    #[nexosim(schedulable)]
    async fn depart(&mut self, _: (), cx: &Context<Self>) {
        let begun = self.queue.pop_front().expect("someone is in service");
        self.outcome.complete(begun, seconds(cx));
        if !self.queue.is_empty() {
            self.serve_first(cx);
        }
        if self.outcome.units == self.customers {
            self.result.send(self.outcome).await;
        }
    }
}

/// M/M/1.
pub fn mm1(customers: u64) -> Outcome {
    let mut mm1 = Mm1 {
        customers,
        arrivals_left: customers,
        draws: Draws::new(SEED),
        outcome: Outcome::default(),
        queue: VecDeque::new(),
        result: Output::default(),
    };
    let (sink, mut result) = event_slot(SinkState::Enabled);
    mm1.result.connect_sink(sink);
    let mut simulation =
        SimInit::with_num_threads(1).add_model(mm1, Mailbox::new(), "mm1").init(START).expect("a valid bench");
    simulation.run().expect("a run without faults");
    result.try_read().expect("a result")
}

#[derive(Default, Serialize, Deserialize)]
struct Client {
    begun: f64,
    c_visits: u8,
    timeout: Option<EventKey>,
}

#[derive(Serialize, Deserialize)]
struct Network {
    cycles: u64,
    draws: Draws,
    outcome: Outcome,
    a: Servers,
    tokens: Servers,
    b: Servers,
    c: Servers,
    clients: Vec<Client>,
    result: Output<Outcome>,
}

#[Model]
impl Network {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        for client in 0..CLIENTS {
            self.begin(client, cx);
        }
    }

    fn begin(&mut self, client: usize, cx: &Context<Self>) {
        let timeout =
            cx.schedule_keyed_event(delay(TIMEOUT), schedulable!(Self::time_out), client).expect("in the future");
        self.clients[client] = Client { begun: seconds(cx), c_visits: 0, timeout: Some(timeout) };
        if self.a.seize(client) {
            self.serve(client, Station::A, cx);
        }
    }

    #[nexosim(schedulable)]
    fn time_out(&mut self, client: usize) {
        self.clients[client].timeout = None;
        self.outcome.timeouts += 1;
    }

    fn serve(&mut self, client: usize, station: Station, cx: &Context<Self>) {
        let delay = delay(self.draws.service(station));
        cx.schedule_event(delay, schedulable!(Self::served), (client, station)).expect("in the future");
    }

    fn enter_b(&mut self, client: usize, cx: &Context<Self>) {
        if self.b.seize(client) {
            self.serve(client, Station::B, cx);
        }
    }

    fn enter_c(&mut self, client: usize, cx: &Context<Self>) {
        if self.c.seize(client) {
            self.serve(client, Station::C, cx);
        }
    }

    #[nexosim(schedulable)]
    async fn served(&mut self, (client, station): (usize, Station), cx: &Context<Self>) {
        match station {
            Station::A => {
                if let Some(next) = self.a.release() {
                    self.serve(next, Station::A, cx);
                }
                if self.tokens.seize(client) {
                    self.enter_b(client, cx);
                }
            }
            Station::B => {
                if let Some(next) = self.b.release() {
                    self.serve(next, Station::B, cx);
                }
                if let Some(next) = self.tokens.release() {
                    self.enter_b(next, cx);
                }
                self.enter_c(client, cx);
            }
            Station::C => {
                if let Some(next) = self.c.release() {
                    self.serve(next, Station::C, cx);
                }
                self.clients[client].c_visits += 1;
                if self.clients[client].c_visits < C_VISITS {
                    self.enter_c(client, cx);
                } else {
                    self.complete(client, cx).await;
                }
            }
        }
    }

    async fn complete(&mut self, client: usize, cx: &Context<Self>) {
        if let Some(timeout) = self.clients[client].timeout.take() {
            timeout.cancel();
        }
        if self.outcome.units < self.cycles {
            let begun = self.clients[client].begun;
            self.outcome.complete(begun, seconds(cx));
            if self.outcome.units == self.cycles {
                self.result.send(self.outcome).await;
            } else {
                self.begin(client, cx);
            }
        }
    }
}

/// Pool network.
pub fn pool(pool: Pool) -> Outcome {
    let mut network = Network {
        cycles: pool.cycles,
        draws: Draws::new(SEED),
        outcome: Outcome::default(),
        a: Servers::new(A_SERVERS),
        tokens: Servers::new(TOKENS),
        b: Servers::new(B_SERVERS),
        c: Servers::new(pool.c_servers),
        clients: (0..CLIENTS).map(|_| Client::default()).collect(),
        result: Output::default(),
    };
    let (sink, mut result) = event_slot(SinkState::Enabled);
    network.result.connect_sink(sink);
    let mut simulation =
        SimInit::with_num_threads(1).add_model(network, Mailbox::new(), "network").init(START).expect("a valid bench");
    simulation.run().expect("a run without faults");
    result.try_read().expect("a result")
}
