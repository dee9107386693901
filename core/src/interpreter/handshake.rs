//! What a new connection costs beside TCP.
//!
//! The operations stand between the connect and the request, and are passed over by a call over a kept connection. The
//! server's part of a TLS handshake is a request of its own to the process that accepts the connection, past the ingress.

use crate::kernel::random::{mix, unit};
use crate::kernel::{NONE, Time};
use crate::model::{Draw, Runtime, Site, TlsPlan};

use crate::engine::next::Next;
use crate::engine::progress::phases;
use crate::engine::token::FrameKind;
use crate::interpreter::world::World;
use crate::parts::network::peer::number_of;

/// Parts of the draws of opening a connection of a pool.
const RESUMES: u64 = 2;
const TLS_CLIENT: u64 = 3;
const TLS_SERVER: u64 = 4;
const TLS_TRIP: u64 = 8;

phases! {
    /// Of the CPU of a handshake.
    enum Securing {
        /// Spend it.
        Work,
        /// It has been.
        Done,
    }
}

impl World<'_> {
    /// Goes on elsewhere, unless no request has been sent over the connection that the token holds.
    #[inline(never)]
    pub(crate) fn skip_unless_fresh(&mut self, t: u32, otherwise: u32) -> Next {
        let is_fresh = match self.engine.frames[self.engine.tokens[t].frame].kind {
            FrameKind::Connection { peer, .. } => peer == NONE || number_of(peer).is_some(),
            _ => false,
        };
        let token = &mut self.engine.tokens[t];
        token.pc = if is_fresh { token.pc + 1 } else { otherwise };
        Next::On
    }

    /// Waits until a name is resolved.
    #[inline(never)]
    pub(crate) fn resolve(&mut self, t: u32, time: Draw, site: Site) -> Next {
        let token = &mut self.engine.tokens[t];
        token.pc += 1;
        let key = site.key(token.key, 0);
        let time = self.draw(t, time, key);
        let next = self.elapse(t, time);
        if next == Next::Park {
            self.account_look_up(t);
        }
        next
    }

    /// CPU of a handshake at the client.
    #[inline(never)]
    pub(crate) fn secure(&mut self, t: u32, demand: Draw, site: Site) -> Next {
        match self.engine.tokens[t].phase.into() {
            Securing::Work => {
                self.engine.tokens[t].phase = Securing::Done.into();
                let work = self.draw(t, demand, site.key(self.engine.tokens[t].key, 0));
                if work == Time::ZERO { self.next_op(t) } else { self.work(t, work) }
            }
            Securing::Done => self.next_op(t),
        }
    }

    /// Whether a handshake on the way to a database resumes a session.
    fn resumes(&self, t: u32, tls: &TlsPlan, site: Site) -> bool {
        tls.resumption > 0.0 && unit(mix(site.key(self.engine.tokens[t].key, RESUMES))) < tls.resumption
    }

    /// CPU of it at the client.
    pub(crate) fn tls_at_client(&self, t: u32, tls: &TlsPlan, site: Site) -> Time {
        match tls.client.filter(|_| !self.resumes(t, tls, site)) {
            Some(draw) => self.draw(t, draw, site.key(self.engine.tokens[t].key, TLS_CLIENT)),
            None => Time::ZERO,
        }
    }

    /// Time of its round trips.
    pub(crate) fn tls_on_the_way(&self, t: u32, tls: &TlsPlan, round_trip: Option<Draw>, site: Site) -> Time {
        let trips = if self.resumes(t, tls, site) { tls.resumed_trips } else { tls.trips };
        let trip = |number: u32| {
            let key = site.key(self.engine.tokens[t].key, TLS_TRIP + u64::from(number));
            round_trip.map_or(Time::ZERO, |draw| self.draw(t, draw, key))
        };
        (0..trips).map(trip).fold(Time::ZERO, |sum, trip| sum + trip)
    }

    /// CPU of it at the database.
    pub(crate) fn tls_at_server(&self, t: u32, tls: &TlsPlan, server: u32, site: Site) -> Time {
        let works = self.system.services[server as usize].runtime != Runtime::Delay && !self.resumes(t, tls, site);
        match tls.server.filter(|_| works) {
            Some(draw) => self.draw(t, draw, site.key(self.engine.tokens[t].key, TLS_SERVER)),
            None => Time::ZERO,
        }
    }
}
