//! NeXosim as its documentation would have it: models with input and output ports, on its single-threaded executor.
//!
//! The time-out is a keyed event, taken back with `EventKey::cancel`. Simulated time is in whole
//! nanoseconds; an event must be in the future, so a delay is at least one of them.

use std::collections::VecDeque;
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader as _, Output, SinkState, event_slot};
use nexosim::simulation::{EventKey, Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use crate::model::{
    A_SERVERS, B_SERVERS, C_VISITS, CLIENTS, Draws, MM1_INTERARRIVAL, MM1_SERVICE, Outcome, Pool, SEED, Servers,
    Station as Kind, TIMEOUT, TOKENS,
};

pub const START: MonotonicTime = MonotonicTime::EPOCH;

pub fn delay(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds).max(Duration::from_nanos(1))
}

pub fn seconds<M: Model>(cx: &Context<M>) -> f64 {
    cx.time().duration_since(START).as_secs_f64()
}

/// Arrivals of the M/M/1 queue.
#[derive(Serialize, Deserialize)]
struct Source {
    customers: u64,
    draws: Draws,
    customer: Output<()>,
}

#[Model]
impl Source {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.next_arrival(cx);
    }

    fn next_arrival(&mut self, cx: &Context<Self>) {
        if self.customers > 0 {
            self.customers -= 1;
            let delay = delay(self.draws.exponential(MM1_INTERARRIVAL));
            cx.schedule_event(delay, schedulable!(Self::arrive), ()).expect("in the future");
        }
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.customer.send(()).await;
        self.next_arrival(cx);
    }
}

/// Server of the M/M/1 queue.
#[derive(Serialize, Deserialize)]
struct Server {
    customers: u64,
    draws: Draws,
    outcome: Outcome,
    queue: VecDeque<f64>,
    result: Output<Outcome>,
}

#[Model]
impl Server {
    fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.queue.push_back(seconds(cx));
        if self.queue.len() == 1 {
            self.serve_first(cx);
        }
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

/// M/M/1: a model for the arrivals and one for the server.
pub fn mm1(customers: u64) -> Outcome {
    let mut source = Source { customers, draws: Draws::new(SEED), customer: Output::default() };
    let mut server = Server {
        customers,
        draws: Draws::new(SEED + 1),
        outcome: Outcome::default(),
        queue: VecDeque::new(),
        result: Output::default(),
    };
    let source_mbox = Mailbox::new();
    let server_mbox = Mailbox::new();
    source.customer.connect(Server::arrive, &server_mbox);
    let (sink, mut result) = event_slot(SinkState::Enabled);
    server.result.connect_sink(sink);
    let mut simulation = SimInit::with_num_threads(1)
        .add_model(source, source_mbox, "source")
        .add_model(server, server_mbox, "server")
        .init(START)
        .expect("a valid bench");
    simulation.run().expect("a run without faults");
    result.try_read().expect("a result")
}

/// The clients: they send themselves round the network.
#[derive(Serialize, Deserialize)]
struct Clients {
    cycles: u64,
    outcome: Outcome,
    clients: Vec<Client>,
    to_a: Output<usize>,
    to_c: Output<usize>,
    result: Output<Outcome>,
}

#[derive(Default, Serialize, Deserialize)]
struct Client {
    begun: f64,
    c_visits: u8,
    timeout: Option<EventKey>,
}

#[Model]
impl Clients {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        for client in 0..CLIENTS {
            self.begin(client, cx).await;
        }
    }

    async fn begin(&mut self, client: usize, cx: &Context<Self>) {
        let timeout =
            cx.schedule_keyed_event(delay(TIMEOUT), schedulable!(Self::time_out), client).expect("in the future");
        self.clients[client] = Client { begun: seconds(cx), c_visits: 0, timeout: Some(timeout) };
        self.to_a.send(client).await;
    }

    #[nexosim(schedulable)]
    fn time_out(&mut self, client: usize) {
        self.clients[client].timeout = None;
        self.outcome.timeouts += 1;
    }

    /// Input: the client has left station B or C.
    async fn visit_c(&mut self, client: usize, cx: &Context<Self>) {
        let entry = &mut self.clients[client];
        if entry.c_visits < C_VISITS {
            entry.c_visits += 1;
            self.to_c.send(client).await;
            return;
        }
        if let Some(timeout) = entry.timeout.take() {
            timeout.cancel();
        }
        if self.outcome.units < self.cycles {
            self.outcome.complete(entry.begun, seconds(cx));
            if self.outcome.units == self.cycles {
                self.result.send(self.outcome).await;
            } else {
                self.begin(client, cx).await;
            }
        }
    }
}

/// The semaphore around station B.
#[derive(Serialize, Deserialize)]
struct Tokens {
    tokens: Servers,
    granted: Output<usize>,
}

#[Model]
impl Tokens {
    async fn seize(&mut self, client: usize) {
        if self.tokens.seize(client) {
            self.granted.send(client).await;
        }
    }

    async fn release(&mut self, _: usize) {
        if let Some(next) = self.tokens.release() {
            self.granted.send(next).await;
        }
    }
}

/// A station.
#[derive(Serialize, Deserialize)]
struct Station {
    kind: Kind,
    servers: Servers,
    draws: Draws,
    served: Output<usize>,
}

#[Model]
impl Station {
    fn arrive(&mut self, client: usize, cx: &Context<Self>) {
        if self.servers.seize(client) {
            self.serve(client, cx);
        }
    }

    fn serve(&mut self, client: usize, cx: &Context<Self>) {
        let delay = delay(self.draws.service(self.kind));
        cx.schedule_event(delay, schedulable!(Self::finish), client).expect("in the future");
    }

    #[nexosim(schedulable)]
    async fn finish(&mut self, client: usize, cx: &Context<Self>) {
        if let Some(next) = self.servers.release() {
            self.serve(next, cx);
        }
        self.served.send(client).await;
    }
}

/// Pool network: a model for each station, for the semaphore and for the clients.
pub fn pool(pool: Pool) -> Outcome {
    let station = |kind, servers| Station {
        kind,
        servers: Servers::new(servers),
        draws: Draws::new(SEED + kind as u64),
        served: Output::default(),
    };
    let mut clients = Clients {
        cycles: pool.cycles,
        outcome: Outcome::default(),
        clients: (0..CLIENTS).map(|_| Client::default()).collect(),
        to_a: Output::default(),
        to_c: Output::default(),
        result: Output::default(),
    };
    let mut a = station(Kind::A, A_SERVERS);
    let mut tokens = Tokens { tokens: Servers::new(TOKENS), granted: Output::default() };
    let mut b = station(Kind::B, B_SERVERS);
    let mut c = station(Kind::C, pool.c_servers);

    let clients_mbox = Mailbox::new();
    let a_mbox = Mailbox::new();
    let tokens_mbox = Mailbox::new();
    let b_mbox = Mailbox::new();
    let c_mbox = Mailbox::new();

    clients.to_a.connect(Station::arrive, &a_mbox);
    a.served.connect(Tokens::seize, &tokens_mbox);
    tokens.granted.connect(Station::arrive, &b_mbox);
    b.served.connect(Tokens::release, &tokens_mbox);
    b.served.connect(Clients::visit_c, &clients_mbox);
    clients.to_c.connect(Station::arrive, &c_mbox);
    c.served.connect(Clients::visit_c, &clients_mbox);
    let (sink, mut result) = event_slot(SinkState::Enabled);
    clients.result.connect_sink(sink);

    let mut simulation = SimInit::with_num_threads(1)
        .add_model(clients, clients_mbox, "clients")
        .add_model(a, a_mbox, "a")
        .add_model(tokens, tokens_mbox, "tokens")
        .add_model(b, b_mbox, "b")
        .add_model(c, c_mbox, "c")
        .init(START)
        .expect("a valid bench");
    simulation.run().expect("a run without faults");
    result.try_read().expect("a result")
}
