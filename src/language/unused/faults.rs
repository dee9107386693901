//! Faults that change nothing: where nothing of their service works on its CPU, or nothing calls it; where they take
//! nothing away; and where the run ends before they begin.

use super::{Doubt, below};
use crate::kernel::Time;
use crate::language::path::Path;
use crate::language::units::WarmUp;
use crate::language::{Capacity, Effect, Fault, Load, Model, Service, Step};
use crate::model::Runtime;

/// Each fault without an effect.
pub(super) fn idle(model: &Model, load: Option<&Load>) -> Vec<Doubt> {
    let end = load.and_then(end);
    let why = |(name, fault): (&String, &Fault)| {
        let (key, (why, help)) = match end.filter(|end| Time(fault.from.0) >= *end) {
            Some(end) => ("from", (format!("the run ends at {end}"), "let the fault begin earlier".to_owned())),
            None => ("effect", idle_effect(model, fault)?),
        };
        Some(Doubt {
            path: Path::default().key("faults").key(name).key(key),
            title: format!("{why}, so the fault `{name}` has no effect"),
            help,
            minor: false,
        })
    };
    model.faults.iter().filter_map(why).collect()
}

/// When the run ends; none where that is not written.
pub(super) fn end(load: &Load) -> Option<Time> {
    let duration = load.duration?;
    match load.warm_up {
        Some(WarmUp::Auto) => None,
        Some(WarmUp::For(warm_up)) => Some(Time(warm_up.0) + Time(duration.0)),
        None => Some(Time(duration.0)),
    }
}

/// Why a fault changes nothing while it is on, and what would be right.
fn idle_effect(model: &Model, fault: &Fault) -> Option<(String, String)> {
    let name = &fault.service;
    let service = model.services.get(name)?;
    match &fault.effect {
        Effect::Slow(factor) if *factor == 1.0 => {
            Some(("work that takes 1 times as long is no slower".into(), "2 makes it twice as slow".into()))
        }
        Effect::Slow(_) if !works(service) && !is_queried(model, name) => Some((
            format!("no step of `{name}` works on its CPU"),
            format!(
                "a sleep is not work: write {{ cpu = ... }} in its steps, or `runtime = \"delay\"` in \
                 [services.{name}], where sleeps are slowed as well"
            ),
        )),
        Effect::Latency(added) if added.0 == 0 => {
            Some(("0s are added to each round trip".into(), "write how much it adds: \"200ms\"".into()))
        }
        Effect::Latency(_) if !is_called(model, name) && !is_queried(model, name) => Some((
            format!("latency is added to the calls and queries of other services, and none calls `{name}`"),
            format!(
                "for the network between the load and `{name}`, let the load call a service in front of it that has a \
                 client for `{name}`"
            ),
        )),
        Effect::Capacity(capacity) => {
            let (what, places) = places(service, capacity)?;
            (capacity.size >= places).then(|| {
                let title = format!("{what} of `{name}` has {places} places, and {} are not fewer", capacity.size);
                (title, "`size` is the number of places that are left".into())
            })
        }
        _ => None,
    }
}

/// What the fault lowers, and how many places it has; none where that depends on the machine, or has no limit.
fn places(service: &Service, capacity: &Capacity) -> Option<(String, u32)> {
    if let Some(pool) = &capacity.pool {
        return Some((format!("the pool `{pool}`"), service.pools.get(pool)?.max_size));
    }
    if let Some(limit) = &capacity.limit {
        return Some((format!("the limit `{limit}`"), service.limits.get(limit)?.size?));
    }
    Some(("each thread pool".into(), service.threads.filter(|_| capacity.threads)?))
}

/// Whether a service has a client for this one. Messages, probes and the load need none, and are not delayed.
fn is_called(model: &Model, service: &str) -> bool {
    model.services.values().flat_map(|other| other.clients.values()).any(|client| client.server == service)
}

fn is_queried(model: &Model, service: &str) -> bool {
    model.services.values().flat_map(|other| other.pools.values()).any(|pool| pool.server == service)
}

/// Whether a service does anything that a slow CPU makes slower. What clients, pools and messages cost it counts.
fn works(service: &Service) -> bool {
    fn is_work(step: &Step, runtime: Runtime) -> bool {
        match step {
            Step::Cpu(_) | Step::Hash(_) | Step::Publish(_) => true,
            Step::Sleep(_) => runtime == Runtime::Delay,
            _ => below(step).into_iter().flatten().any(|step| is_work(step, runtime)),
        }
    }
    let mut steps = service.endpoints.values().flat_map(|endpoint| &endpoint.steps);
    !service.clients.is_empty() || !service.pools.is_empty() || steps.any(|step| is_work(step, service.runtime))
}
