//! What opening a connection costs, as meant: handshakes are endpoints of the servers.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::random::{fold, mix};
use crate::language::Tls;
use crate::model::{Draw, EndpointPlan, Op, Site, TlsPlan};

/// The server's part of a handshake, which is an endpoint of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::language) struct Handshake {
    server: u32,
    demand: Option<Draw>,
    endpoint: u32,
}

impl Lowering<'_> {
    /// Refuses TLS that cannot be.
    pub(super) fn check_tls(&mut self, at: At<'_>, tls: Option<&Tls>) {
        let Some(resumption) = tls.and_then(|tls| tls.resumption) else { return };
        if !(0.0..=1.0).contains(&resumption) {
            let title = format!("`resumption` is {resumption}");
            let at = at.key("tls");
            self.complain(Complaint::at(at.key("resumption"), title, "must be between 0 and 1"));
        }
    }

    /// The handshake of the connections of a pool.
    pub(super) fn pool_tls(&mut self, at: At<'_>, tls: Option<&Tls>) -> Option<TlsPlan> {
        self.check_tls(at, tls);
        let tls = tls?;
        let at = at.key("tls");
        Some(TlsPlan {
            trips: 1 + tls.version.trips(),
            resumed_trips: 2,
            resumption: tls.resumption.unwrap_or(0.0),
            client: self.maybe_draw(at.key("cpu"), tls.cpu.as_ref()),
            server: self.maybe_draw(at.key("server_cpu"), tls.server_cpu.as_ref()),
        })
    }

    /// The endpoint of a server that does its part of a handshake.
    pub(in crate::language) fn handshake(&mut self, server: u32, demand: Option<Draw>) -> u32 {
        let known = self.handshakes.iter().find(|known| known.server == server && known.demand == demand);
        if let Some(known) = known {
            return known.endpoint;
        }
        let endpoint = self.system.endpoints.len() as u32;
        self.system.endpoints.push(EndpointPlan {
            name: "TLS handshake".into(),
            service: server,
            entry: 0,
            is_handshake: true,
        });
        self.handshakes.push(Handshake { server, demand, endpoint });
        endpoint
    }

    /// The programs of the handshakes, behind those of the model's endpoints.
    pub(super) fn handshakes(&mut self) {
        for Handshake { server, demand, endpoint } in std::mem::take(&mut self.handshakes) {
            self.system.endpoints[endpoint as usize].entry = self.next();
            if let Some(demand) = demand {
                let name = &self.system.services[server as usize].name;
                let site = Site(mix(fold(&format!("{name}/TLS handshake"))) as u32);
                self.emit(Op::Cpu { demand, site });
            }
            self.emit(Op::Answer);
        }
    }
}
