//! What a call over a new connection does before it sends its request.

use super::thread;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::{Body, Job, Named};
use crate::language::lower::lookups;
use crate::language::{Client, Dns, Resolver, Tls};
use crate::model::{Branch, Draw, Op, Runtime, Site};

/// The client of a call, and the service that it calls.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    /// Its number in the service.
    pub client: u32,
    /// Its name.
    pub name: &'a str,
    /// What is written of it.
    pub plan: &'a Client,
    /// The service that it calls.
    pub server: u32,
}

/// The operations between a connect and the request, which a call over a kept connection passes over.
pub(super) fn open<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, way: Way<'a>, named: &Named) {
    if way.plan.tls.is_none() && way.plan.dns.is_none() {
        return;
    }
    let fresh = lowering.next();
    lowering.emit(Op::Fresh { otherwise: 0 });
    if let Some(dns) = &way.plan.dns {
        look_up(lowering, body, way, dns, named);
    }
    if let Some(tls) = &way.plan.tls {
        secure(lowering, body, way, tls, named);
    }
    let end = lowering.next();
    lowering.system.program[fresh as usize] = Op::Fresh { otherwise: end };
}

/// A look-up of the server's name, unless the process knows it.
fn look_up<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, way: Way<'a>, dns: &'a Dns, named: &Named) {
    let at = At::Root.key("services");
    let at = at.key(body.service_name);
    let at = at.key("clients");
    let at = at.key(way.name);
    let at = at.key("dns");
    let time = lowering.draw(at.key("time"), &dns.time);
    let site = named.part("dns");
    let Some(cache) = lookups::cache(body.service, way.name) else {
        return resolve(lowering, body, dns, time, site);
    };
    let popularity = lowering.one_key();
    lowering.emit(Op::LookUp { cache, popularity, site: named.part("dns cache") });
    let known = lowering.next() + 1;
    lowering.emit(Op::Jump { to: known + 1 });
    lowering.emit(Op::Jump { to: 0 });
    resolve(lowering, body, dns, time, site);
    lowering.emit(Op::Store);
    let end = lowering.next();
    lowering.system.program[known as usize] = Op::Jump { to: end };
}

/// The look-up itself, in a thread where that is how it is done.
fn resolve<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, dns: &Dns, time: Draw, site: Site) {
    let is_alone = body.service.runtime != Runtime::EventLoop || body.job.is_some() || body.blocks;
    if is_alone || dns.on == Resolver::Async {
        return lowering.emit(Op::Resolve { time, site });
    }
    let limit = lookups::limit(body.service);
    if let Some(limit) = limit {
        lowering.emit(Op::AcquireLimit { limit });
    }
    thread::job(lowering, body, Job { holds_gil: false }, |lowering, _| lowering.emit(Op::Resolve { time, site }));
    if limit.is_some() {
        lowering.emit(Op::Release);
    }
}

/// A TLS handshake: a full one, or one that resumes a session.
fn secure<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, way: Way<'a>, tls: &'a Tls, named: &Named) {
    let at = At::Root.key("services");
    let at = at.key(body.service_name);
    let at = at.key("clients");
    let at = at.key(way.name);
    let at = at.key("tls");
    let resumption = tls.resumption.unwrap_or(0.0);
    let choose = lowering.next();
    let first = lowering.system.branches.len() as u32;
    if resumption > 0.0 {
        lowering.emit(Op::Choose { first, count: 2, site: named.part("resumption") });
        lowering.system.branches.push(Branch { cumulated: resumption, to: choose + 1 });
        lowering.system.branches.push(Branch { cumulated: 1.0, to: 0 });
        round_trip(lowering, body, way, None, named, "resumed");
        let end = lowering.next();
        lowering.emit(Op::Jump { to: 0 });
        lowering.system.branches[first as usize + 1].to = end + 1;
    }
    if let Some(cpu) = &tls.cpu {
        let demand = lowering.draw(at.key("cpu"), cpu);
        lowering.emit(Op::Secure { client: way.client, demand, site: named.part("tls cpu") });
    }
    let demand = tls.server_cpu.as_ref().map(|cpu| lowering.draw(at.key("server_cpu"), cpu));
    round_trip(lowering, body, way, demand, named, "handshake");
    for number in 1..tls.version.trips() {
        round_trip(lowering, body, way, None, named, &format!("handshake {number}"));
    }
    if resumption > 0.0 {
        let end = lowering.next();
        let jump = lowering.system.branches[first as usize + 1].to - 1;
        lowering.system.program[jump as usize] = Op::Jump { to: end };
    }
}

/// A round trip of a handshake, with the server's work in it.
fn round_trip<'a>(
    lowering: &mut Lowering<'a>,
    body: &Body<'a>,
    way: Way<'a>,
    demand: Option<Draw>,
    named: &Named,
    part: &str,
) {
    let endpoint = lowering.handshake(way.server, demand);
    lowering.emit(Op::Send { client: way.client, endpoint, site: named.part(part) });
    lowering.rounds(body.rounds().answer, 1);
}
