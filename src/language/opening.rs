//! What opening a connection costs beside TCP.

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, optional_fraction};
use super::{Distribution, Duration};

/// Look-ups of the server's name: one for each new connection that finds none in the cache.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Time of a look-up: the resolver's, and that of the way to it.
    pub time: Distribution,
    /// How long a process keeps what it has found (`networkaddress.cache.ttl` of a JVM, `ttl_dns_cache` of aiohttp, the
    /// `cacheable-lookup` of Node). Without it: not at all, as with `getaddrinfo` alone.
    pub ttl: Option<Duration>,
    /// Where an event loop waits for it. Elsewhere each request waits in its own thread.
    #[serde(default)]
    pub on: Resolver,
}

/// How an event loop looks names up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Resolver {
    /// In a thread of the default executor, by `getaddrinfo`: asyncio's `loop.getaddrinfo`, Node's `dns.lookup`, which is what
    /// its `http` and `net` use. libuv gives look-ups half of its threads, rounded up, and the others wait for those.
    #[default]
    Thread,
    /// Without a thread, by a resolver of its own (c-ares: aiodns, Node's `dns.resolve`).
    Async,
}

/// TLS: each new connection begins with a handshake. A full one costs CPU at both ends and one round trip (TLS 1.3) or two (TLS
/// 1.2), one that resumes an earlier session one round trip and no CPU worth mentioning.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Version of the protocol.
    #[serde(default)]
    pub version: TlsVersion,
    /// CPU of a full handshake at the client, where the request runs: checking the server's chain of certificates, and its part
    /// of the key exchange. Without it: none.
    pub cpu: Option<Distribution>,
    /// CPU of a full handshake at the server: the signature with its private key, and its part of the key exchange. It is
    /// spent by the process that accepts the connection, like a request. Without it: none.
    pub server_cpu: Option<Distribution>,
    /// Share of the handshakes that resume an earlier session. Clients that keep no sessions, such as httpx and libpq, never
    /// do. Without it: 0.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub resumption: Option<f64>,
}

/// Versions of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TlsVersion {
    /// One round trip (RFC 8446, section 2).
    #[default]
    #[serde(rename = "1.3")]
    Tls13,
    /// Two round trips, one for a session that is resumed (RFC 5246, section 7.3).
    #[serde(rename = "1.2")]
    Tls12,
}

impl TlsVersion {
    /// Round trips of a full handshake.
    pub(super) fn trips(self) -> u32 {
        match self {
            Self::Tls13 => 1,
            Self::Tls12 => 2,
        }
    }
}
