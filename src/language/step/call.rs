//! Requests to other services.

use schemars::JsonSchema;
use serde::Deserialize;

use super::blocking;
use super::opening::{self, Way};
use crate::language::Reuse;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::{Body, Named};
use crate::model::Op;

/// A request to another service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// The HTTP client of this service to use; it knows the server.
    pub client: String,
    /// The endpoint of the server.
    pub endpoint: String,
    /// Whether it blocks the event loop until it has the answer, as a client made for threads does (`requests` in an `async
    /// def`). Elsewhere each request waits in its own thread anyway.
    #[serde(default)]
    pub blocking: bool,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a CallStep) {
    let named = body.site(&format!("call:{}/{}", step.client, step.endpoint));
    blocking::around(lowering, body, step.blocking, |lowering, body| {
        send(lowering, body, at, (&step.client, &step.endpoint), &named);
    });
}

/// The operations of a request.
pub(super) fn send<'a>(
    lowering: &mut Lowering<'a>,
    body: &mut Body<'a>,
    at: At<'_>,
    (client, endpoint): (&'a str, &str),
    named: &Named,
) {
    let (name_of_client, site) = (client, named.site());
    let clients = body.service.clients.iter();
    let of_service = format!(" in service `{}`", body.service_name);
    let found = lowering.find(at.key("client"), "client", client, clients, &of_service);
    let Some((index, client)) = found else { return };
    let Some((service, (name, server))) =
        lowering.model.services.iter().enumerate().find(|(_, (name, _))| **name == client.server)
    else {
        return; // complained of at the client
    };
    let of_service = format!(" in service `{name}`");
    let endpoints = server.endpoints.iter();
    if lowering.find(at.key("endpoint"), "endpoint", endpoint, endpoints, &of_service).is_none() {
        return;
    }
    let Some(endpoint) = lowering.endpoint_index(service as u32, endpoint) else { return };
    if client.rate_limit.is_some() {
        lowering.emit(Op::Pace { client: index });
    }
    let prepares = match client.reuse {
        Reuse::PerRequest => client.setup_cpu.is_some(),
        Reuse::Shared => client.search_cpu.is_some(),
    };
    if prepares || client.call_cpu.is_some() {
        lowering.emit(Op::Prepare { client: index, site });
    }
    lowering.emit(Op::Connect { client: index, site });
    let way = Way { client: index, name: name_of_client, plan: client, server: service as u32 };
    opening::open(lowering, body, way, named);
    let rounds = body.rounds();
    lowering.rounds(rounds.send, 0);
    lowering.emit(Op::Send { client: index, endpoint, site });
    lowering.rounds(rounds.answer, 1);
    lowering.emit(Op::HangUp);
    if client.reuse == Reuse::PerRequest {
        lowering.rounds(rounds.close, 0);
    }
}
