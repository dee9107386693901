//! What all traces together say of a system: endpoints, what their requests did, calls, queues, and the load.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::shape::{Callee, Made, Shape, request};
use super::span::{Kind, Span};

/// Whom a call reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// An endpoint that is traced, by its index.
    Endpoint(usize),
    /// A database: its server, its system, and the name of the pool if that is known.
    Database { server: String, system: String, pool: Option<String> },
    /// A queue.
    Queue(String),
    /// A server that is not traced, and what was asked of it.
    Elsewhere { server: String, request: String },
}

/// Requests that did the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Variant {
    pub count: usize,
    /// As [`super::shape::Request::values`], of all of them.
    pub values: Vec<Vec<f64>>,
}

/// An endpoint.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    /// The index of its service.
    pub service: usize,
    /// What it is called in traces.
    pub name: String,
    /// The queue of which it handles messages.
    pub queue: Option<String>,
    /// What its requests did.
    pub variants: BTreeMap<Vec<Shape>, Variant>,
    /// Requests that failed, of which nothing else is used.
    pub failures: usize,
    /// Requests that no traced service sent.
    pub entries: usize,
}

/// A service.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    pub name: String,
    pub instances: BTreeSet<String>,
    pub processes: BTreeSet<String>,
    pub language: String,
    /// The instrumentations of its servers.
    pub scopes: BTreeSet<String>,
}

/// A call of one service to another, as both saw it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub from: usize,
    pub process: String,
    pub to: usize,
    /// The client's span.
    pub start: u64,
    pub end: u64,
    /// The server's span, by the server's clock.
    pub served: (u64, u64),
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct System {
    pub services: Vec<Service>,
    pub endpoints: Vec<Endpoint>,
    pub targets: Vec<Target>,
    /// Seconds of the spans of each target's calls.
    pub durations: Vec<Vec<f64>>,
    pub calls: Vec<Call>,
    /// Statements: the calling service, its process, the callee, start and end.
    pub statements: Vec<(usize, String, Callee, u64, u64)>,
    /// Seconds from the end of a message's sending to the start of its handling, by queue.
    pub deliveries: BTreeMap<String, Vec<f64>>,
    pub traces: usize,
    pub spans: usize,
    /// Seconds from the first request that came from outside to the last.
    pub length: f64,
}

/// The spans with how they hang together.
struct Forest<'a> {
    spans: Vec<&'a Span>,
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    index: HashMap<(&'a str, &'a str), usize>,
}

impl<'a> Forest<'a> {
    /// A span that two files have counts once.
    fn of(all: &'a [Span]) -> Self {
        let mut index = HashMap::new();
        let mut spans: Vec<&Span> = Vec::new();
        for span in all {
            index.entry((span.trace.as_str(), span.id.as_str())).or_insert_with(|| {
                spans.push(span);
                spans.len() - 1
            });
        }
        let parents: Vec<Option<usize>> =
            spans.iter().map(|span| index.get(&(span.trace.as_str(), span.parent.as_str())).copied()).collect();
        let mut children = vec![Vec::new(); spans.len()];
        for (child, parent) in parents.iter().enumerate() {
            if let Some(parent) = parent.filter(|&parent| parent != child) {
                children[parent].push(child);
            }
        }
        Self { spans, parents, children, index }
    }

    /// Whether a span is that of a request or a message that its service handles: a span of a server inside of one of the
    /// same service is a part of that one, as where a framework is instrumented beside its server.
    fn is_handler(&self, index: usize) -> bool {
        let span = self.spans[index];
        let is_inside = self.parents[index].map(|parent| self.spans[parent]).is_some_and(|parent| {
            parent.service == span.service && !matches!(parent.kind, Kind::Client | Kind::Producer)
        });
        match span.kind {
            Kind::Server => !is_inside,
            Kind::Consumer => !(is_inside || span.only_receives() && self.children[index].is_empty()),
            Kind::Internal | Kind::Client | Kind::Producer => false,
        }
    }

    /// The handlers below a span, through all that are none.
    fn handlers_below(&self, index: usize) -> Vec<usize> {
        let (mut found, mut open) = (Vec::new(), self.children[index].clone());
        while let Some(next) = open.pop() {
            if self.is_handler(next) {
                found.push(next);
            } else {
                open.extend(&self.children[next]);
            }
        }
        found
    }

    /// Whether a handler stands above a span.
    fn has_caller(&self, index: usize) -> bool {
        let (mut at, mut left) = (self.parents[index], self.spans.len().min(10_000));
        while let Some(parent) = at {
            if self.is_handler(parent) {
                return true;
            }
            left -= 1;
            at = self.parents[parent].filter(|_| left > 0);
        }
        false
    }
}

impl System {
    /// Collects what the spans say.
    pub fn of(spans: &[Span]) -> Self {
        let forest = Forest::of(spans);
        let traces: BTreeSet<&str> = forest.spans.iter().map(|span| span.trace.as_str()).collect();
        let mut system = Self { traces: traces.len(), spans: forest.spans.len(), ..Self::default() };
        let mut known = Known::default();
        let mut handlers: Vec<usize> = (0..forest.spans.len()).filter(|&index| forest.is_handler(index)).collect();
        handlers.sort_by_key(|&index| forest.spans[index].start);
        // All endpoints first: calls refer to them.
        let of: HashMap<usize, usize> =
            handlers.iter().map(|&index| (index, system.endpoint(forest.spans[index], &mut known))).collect();
        for &index in &handlers {
            system.handled(&forest, index, &of, &mut known);
        }
        let times = handlers.iter().filter(|&&index| !forest.has_caller(index)).map(|&index| forest.spans[index].start);
        let (first, last) = times.fold((u64::MAX, 0), |(first, last), time| (first.min(time), last.max(time)));
        system.length = last.saturating_sub(first) as f64 / 1e9;
        system
    }

    fn endpoint(&mut self, span: &Span, known: &mut Known) -> usize {
        let service = *known.services.entry(span.service.clone()).or_insert_with(|| {
            self.services.push(Service { name: span.service.clone(), ..Service::default() });
            self.services.len() - 1
        });
        let of = &mut self.services[service];
        of.instances.insert(span.instance.clone());
        of.processes.insert(span.process.clone());
        of.language.clone_from(&span.language);
        of.scopes.insert(span.scope.clone());
        *known.endpoints.entry((service, span.endpoint())).or_insert_with_key(|(service, name)| {
            let queue = span.destination().filter(|_| span.kind == Kind::Consumer).map(str::to_owned);
            let (service, name) = (*service, name.clone());
            self.endpoints.push(Endpoint { service, name, queue, variants: BTreeMap::new(), failures: 0, entries: 0 });
            self.endpoints.len() - 1
        })
    }

    /// Takes a request into account.
    fn handled(&mut self, forest: &Forest<'_>, index: usize, of: &HashMap<usize, usize>, known: &mut Known) {
        let (span, endpoint) = (forest.spans[index], of[&index]);
        if span.kind == Kind::Server && !forest.has_caller(index) {
            self.endpoints[endpoint].entries += 1;
        }
        if span.kind == Kind::Consumer {
            self.delivered(forest, index);
        }
        if span.is_error {
            self.endpoints[endpoint].failures += 1;
            return;
        }
        let mut calls = Vec::new();
        let mut open = forest.children[index].clone();
        while let Some(next) = open.pop() {
            let call = forest.spans[next];
            match call.kind {
                Kind::Client | Kind::Producer => calls.push(self.called(forest, next, span, of, known)),
                // A server whose client is not traced.
                Kind::Server if forest.is_handler(next) => {
                    calls.push(Made {
                        callee: self.target(Target::Endpoint(of[&next]), known),
                        span: call,
                        is_waited_for: true,
                    });
                }
                Kind::Consumer if forest.is_handler(next) => {}
                Kind::Internal | Kind::Server | Kind::Consumer => open.extend(&forest.children[next]),
            }
        }
        let late = span.end.saturating_add((span.end - span.start) / 100);
        for call in &mut calls {
            call.is_waited_for = call.span.end <= late;
        }
        let request = request(span, calls);
        let variant = self.endpoints[endpoint].variants.entry(request.shape).or_default();
        variant.count += 1;
        variant.values.resize(request.values.len(), Vec::new());
        for (all, values) in variant.values.iter_mut().zip(request.values) {
            all.extend(values);
        }
    }

    /// Takes a call into account that a request of `handler` made.
    fn called<'a>(
        &mut self,
        forest: &Forest<'a>,
        index: usize,
        handler: &Span,
        of: &HashMap<usize, usize>,
        known: &mut Known,
    ) -> Made<'a> {
        let span = forest.spans[index];
        let below = forest.handlers_below(index);
        let served = below
            .iter()
            .copied()
            .filter(|&it| forest.spans[it].kind == Kind::Server)
            .min_by_key(|&it| forest.spans[it].start);
        let from = known.services.get(&handler.service).copied().unwrap_or_default();
        let target = if let Some(server) = served {
            let to = self.endpoints[of[&server]].service;
            let there = forest.spans[server];
            self.calls.push(Call {
                from,
                process: span.process.clone(),
                to,
                start: span.start,
                end: span.end,
                served: (there.start, there.end),
            });
            Target::Endpoint(of[&server])
        } else if let Some(queue) = span.destination() {
            Target::Queue(queue.to_owned())
        } else if let Some((server, system)) = span.database() {
            Target::Database { server, system, pool: span.pool().map(str::to_owned) }
        } else {
            Target::Elsewhere { server: span.peer(), request: span.request() }
        };
        let is_statement = matches!(target, Target::Database { .. });
        let callee = self.target(target, known);
        self.durations[callee].push(span.seconds());
        if is_statement {
            self.statements.push((from, span.process.clone(), callee, span.start, span.end));
        }
        Made { callee, span, is_waited_for: true }
    }

    fn target(&mut self, target: Target, known: &mut Known) -> Callee {
        *known.targets.entry(target).or_insert_with_key(|target| {
            self.targets.push(target.clone());
            self.durations.push(Vec::new());
            self.targets.len() - 1
        })
    }

    /// Notes how long a message took from its sender to its handler.
    fn delivered(&mut self, forest: &Forest<'_>, index: usize) {
        let span = forest.spans[index];
        let Some(queue) = span.destination() else { return };
        let linked = span.links.iter().find_map(|link| forest.index.get(&(link.trace.as_str(), link.span.as_str())));
        let sender = linked.copied().or(forest.parents[index]).map(|sender| forest.spans[sender]);
        let sender = sender.filter(|sender| matches!(sender.kind, Kind::Producer | Kind::Client));
        let delays = self.deliveries.entry(queue.to_owned()).or_default();
        delays.extend(sender.map(|sender| span.start.saturating_sub(sender.end) as f64 / 1e9));
    }
}

/// The indices of what is known already.
#[derive(Debug, Default)]
struct Known {
    services: HashMap<String, usize>,
    endpoints: HashMap<(usize, String), usize>,
    targets: HashMap<Target, Callee>,
}
