//! The queueing network that a model is, where it is one: stations with demands, and who comes.

use crate::kernel::Variate;
use crate::model::{Arrivals, Branch, Load, Op, Order, Pattern, Runtime, System};
use crate::statistics::theory::mva::Centre;

/// A network of stations whose requests are all alike to the theory.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Network {
    /// The stations and delays that are visited.
    pub nodes: Vec<Node>,
    /// Who comes.
    pub users: Users,
    /// Whether the stations are of product form, and nothing else makes anybody wait.
    pub is_product_form: bool,
    /// Length of the window, in seconds.
    pub window_s: f64,
}

/// A station, or all that only takes time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Node {
    /// Visits of a request, mean.
    pub visits: f64,
    /// Service demand of a request in all its visits, in seconds, mean.
    pub demand_s: f64,
    /// Servers; none where no request waits.
    pub servers: Option<u32>,
    /// Whether all service times are exponential.
    pub is_exponential: bool,
}

/// Who sends requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Users {
    /// So many, who think between answer and next request for so many seconds in the mean.
    Closed { count: u32, think_s: f64 },
    /// A Poisson process, from a system at rest.
    Open { rate: f64, warm_up_s: f64 },
}

impl Node {
    /// As the theory of closed networks knows it.
    pub fn station(&self) -> Centre {
        match self.servers {
            None => Centre::delay(self.demand_s),
            Some(servers) => Centre::multi(self.demand_s, servers as usize),
        }
    }
}

impl Network {
    /// The network that a system under a load is; none where it has other parts than stations and limits, or where the
    /// load changes or ends.
    pub fn of(system: &System, load: &Load) -> Option<Self> {
        let (users, window) = users(load)?;
        let is_plain = system.services.iter().all(|service| {
            service.runtime == Runtime::Delay
                && service.liveness.is_none()
                && service.memory.is_none()
                && service.readiness.is_none()
                && !service.varies()
        });
        let is_steady = load.retry.is_none() && load.completion.is_none() && system.faults.is_empty();
        if !is_plain || !is_steady {
            return None;
        }
        let mut walk = Walk { system, weights: vec![0.0; system.program.len()], is_product_form: true };
        match load.classes.as_slice() {
            [] => walk.enter(load.target, 1.0),
            classes => {
                let mut below = 0.0;
                for class in classes {
                    walk.enter(class.target, class.cumulated - below);
                    below = class.cumulated;
                }
            }
        }
        let nodes = walk.nodes()?;
        Some(Self { nodes, users, is_product_form: walk.is_product_form, window_s: window })
    }
}

/// Who comes under a steady load, and how long is measured.
fn users(load: &Load) -> Option<(Users, f64)> {
    match &load.pattern {
        Pattern::Endless { concurrency, think, spacing, warm_up, duration } => {
            let starting = spacing.seconds() * f64::from(*concurrency);
            let think_s = think.as_ref().map_or(0.0, |think| think.mean() / 1e9);
            let users = Users::Closed { count: *concurrency, think_s };
            (starting <= warm_up.seconds()).then(|| (users, duration.seconds()))
        }
        Pattern::Open { gap, arrivals: Arrivals::Poisson, warm_up, duration } => {
            Some((Users::Open { rate: 1e9 / gap, warm_up_s: warm_up.seconds() }, duration.seconds()))
        }
        _ => None,
    }
}

/// A walk through a program: how often each operation is run for a request.
struct Walk<'a> {
    system: &'a System,
    weights: Vec<f64>,
    is_product_form: bool,
}

impl Walk<'_> {
    fn enter(&mut self, endpoint: u32, share: f64) {
        self.weights[self.system.endpoints[endpoint as usize].entry as usize] += share;
    }

    /// What is visited; none where something else is done. Programs run forward, but for the ends of loops.
    fn nodes(&mut self) -> Option<Vec<Node>> {
        let system = self.system;
        let mut visits: Vec<Vec<(f64, &Variate)>> = vec![Vec::new(); system.stations.len()];
        let mut asleep = 0.0;
        for (at, op) in system.program.iter().enumerate() {
            let weight = self.weights[at];
            if weight == 0.0 {
                continue;
            }
            match *op {
                Op::Visit { station, time, .. } => {
                    visits[station as usize].push((weight, &system.variates[time.0 as usize]));
                    self.go(at, at + 1, weight)?;
                }
                Op::Sleep { time, .. } => {
                    asleep += weight * system.variates[time.0 as usize].mean() / 1e9;
                    self.go(at, at + 1, weight)?;
                }
                Op::AcquireLimit { .. } | Op::AcquireShared { .. } | Op::Release => {
                    self.is_product_form = false;
                    self.go(at, at + 1, weight)?;
                }
                Op::Repeat { times, .. } => self.go(at, at + 1, weight * f64::from(times))?,
                Op::Again { body } => {
                    let Some(Op::Repeat { times, .. }) = system.program.get((body as usize).checked_sub(1)?) else {
                        return None;
                    };
                    self.go(at, at + 1, weight / f64::from(*times))?;
                }
                Op::Choose { first, count, .. } => {
                    let mut below = 0.0;
                    for &Branch { cumulated, to } in &system.branches[first as usize..(first + count) as usize] {
                        self.go(at, to as usize, weight * (cumulated - below))?;
                        below = cumulated;
                    }
                }
                Op::Jump { to } => self.go(at, to as usize, weight)?,
                Op::Answer => {}
                _ => return None,
            }
        }
        let mut nodes = Vec::new();
        for (plan, visits) in system.stations.iter().zip(&visits).filter(|(_, visits)| !visits.is_empty()) {
            // Customers that leave early, or are passed over for long, are not in these theories: under a shortest-first order or
            // priorities even the bounds can be exceeded while the long services wait.
            let is_covered = match plan.waiting.order {
                Order::Fifo | Order::Lifo | Order::AdaptiveLifo => plan.waiting.patience.is_none(),
                Order::Priority | Order::Shortest => false,
            };
            let is_covered = is_covered && plan.waiting.shedding.is_none();
            if plan.capacity.is_some() || plan.slowdown != 0.0 || !is_covered {
                return None;
            }
            // Last come, first served without pre-emption is not of product form in a network.
            self.is_product_form &= plan.waiting.order == Order::Fifo;
            let (_, first) = visits[0];
            let is_exponential = visits.iter().all(|(_, time)| matches!(time, Variate::Exponential(_)));
            let is_alike = is_exponential && visits.iter().all(|(_, time)| *time == first);
            // First come, first served is of product form only if all services are exponential and alike.
            self.is_product_form &= plan.servers.is_none() || plan.sharing || is_alike;
            nodes.push(Node {
                visits: visits.iter().map(|(weight, _)| weight).sum(),
                demand_s: visits.iter().map(|(weight, time)| weight * time.mean() / 1e9).sum(),
                servers: plan.servers,
                is_exponential,
            });
        }
        nodes.push(Node { visits: 1.0, demand_s: asleep, servers: None, is_exponential: true });
        Some(nodes)
    }

    /// Takes note that so much goes from one operation to another.
    fn go(&mut self, from: usize, to: usize, weight: f64) -> Option<()> {
        let is_forward = to > from;
        *self.weights.get_mut(to).filter(|_| is_forward)? += weight;
        Some(())
    }
}
