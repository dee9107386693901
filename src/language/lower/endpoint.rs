//! Endpoints as meant: each becomes a run of operations that ends in [`Op::Answer`].

use std::collections::HashMap;

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::random::{fold, mix};
use crate::language::{Rounds, Service};
use crate::model::{EndpointPlan, Op, Site};

/// Endpoints of a model at most.
const MOST_ENDPOINTS: usize = 5_000;

impl Lowering<'_> {
    /// Numbers all endpoints, so that calls can name them, and then compiles each.
    pub(in crate::language) fn endpoints(&mut self) {
        let model = self.model;
        let all = At::Root.key("services");
        for (index, (service_name, service)) in model.services.iter().enumerate() {
            let at = all.key(service_name);
            let at = at.key("endpoints");
            for name in service.endpoints.keys() {
                if name.is_empty() {
                    self.complain(Complaint::at_key(at.key(name), "an endpoint without a name", "is empty"));
                }
                let plan = EndpointPlan { name: name.clone(), service: index as u32, entry: 0, is_handshake: false };
                self.system.endpoints.push(plan);
            }
        }
        if self.system.endpoints.len() > MOST_ENDPOINTS {
            let title = format!("the model has {} endpoints", self.system.endpoints.len());
            self.complain(Complaint::at_key(all, title, format!("at most {MOST_ENDPOINTS}")));
            return;
        }
        let mut number = 0;
        for (service_index, (service_name, service)) in (0..).zip(&model.services) {
            let at = all.key(service_name);
            let at = at.key("endpoints");
            for (name, endpoint) in &service.endpoints {
                self.system.endpoints[number].entry = self.system.program.len() as u32;
                let at = at.key(name);
                let mut body = Body::new(service_index, service_name, service, name);
                self.rounds(body.rounds().accept, 0);
                self.allocation(at, service_name, service, endpoint);
                self.steps(&mut body, at.key("steps"), &endpoint.steps);
                self.system.program.push(Op::Answer);
                number += 1;
            }
        }
        self.handshakes();
    }
}

/// An endpoint in the course of being compiled.
pub(in crate::language) struct Body<'a> {
    pub service_index: u32,
    pub service_name: &'a str,
    pub service: &'a Service,
    /// "service.endpoint", the first part of each site's name.
    name: String,
    /// How many steps had each label so far.
    ordinals: HashMap<String, u32>,
    /// The pools whose connections the enclosing `with` steps hold.
    pub held: Vec<&'a str>,
    /// Within a branch that runs beside others, or a job in a thread.
    pub in_branch: bool,
    /// The job of the default executor that the present step is a part of.
    pub job: Option<Job>,
    /// Whether the present step blocks the event loop while it waits.
    pub blocks: bool,
    /// The loops around the present step.
    pub loops: u32,
    /// The `retry` steps around it.
    pub retries: u32,
    /// The `hedge` steps around it.
    pub hedges: u32,
}

impl<'a> Body<'a> {
    fn new(service_index: u32, service_name: &'a str, service: &'a Service, name: &str) -> Self {
        let name = format!("{service_name}.{name}");
        Self {
            service_index,
            service_name,
            service,
            name,
            ordinals: HashMap::new(),
            held: Vec::new(),
            in_branch: false,
            job: None,
            blocks: false,
            loops: 0,
            retries: 0,
            hedges: 0,
        }
    }

    /// The rounds that waits take on the service's event loops; a thread waits for none, nor does a wait that blocks.
    pub fn rounds(&self) -> Rounds {
        self.service.rounds.filter(|_| self.job.is_none() && !self.blocks).unwrap_or_default()
    }

    /// "service.endpoint".
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the next step with this label. Steps with other labels do not change it: a design that adds a call
    /// leaves the draws of every other step as they were.
    pub fn site(&mut self, label: &str) -> Named {
        let ordinal = match self.ordinals.get_mut(label) {
            Some(ordinal) => {
                *ordinal += 1;
                *ordinal
            }
            None => {
                self.ordinals.insert(label.into(), 0);
                0
            }
        };
        Named(format!("{}/{label}#{ordinal}", self.name))
    }
}

/// A job of the default executor.
#[derive(Clone, Copy, Debug)]
pub(in crate::language) struct Job {
    /// Whether its `cpu` steps keep the interpreter lock.
    pub holds_gil: bool,
}

/// The name of a step.
pub(in crate::language) struct Named(String);

impl Named {
    pub fn site(&self) -> Site {
        Site(mix(fold(&self.0)) as u32)
    }

    /// The site of a part of the step, such as the BEGIN of a query.
    pub fn part(&self, part: &str) -> Site {
        Site(mix(fold(&format!("{}/{part}", self.0))) as u32)
    }
}
