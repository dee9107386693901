//! Connections to the target: opened, spoken to, and how they end.

use std::cell::Cell;
use std::net::SocketAddr;

use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use super::cause::Cause;
use super::request::Sendable;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::language::HttpVersion;

type Body = http_body_util::Full<hyper::body::Bytes>;

/// Opens connections.
pub(super) struct Wire {
    address: SocketAddr,
    http: HttpVersion,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    opened: Cell<u32>,
}

/// A connection that can take requests.
pub(super) enum Line {
    One(http1::SendRequest<Body>),
    Two(http2::SendRequest<Body>),
}

/// A request that got no answer, and why; with it where no part of it was sent.
pub(super) struct Unanswered {
    pub cause: Cause,
    pub request: Option<Sendable>,
}

impl Wire {
    /// To this address.
    pub fn new(address: SocketAddr, http: HttpVersion, #[cfg(feature = "tls")] tls: Option<Tls>) -> Self {
        Self {
            address,
            http,
            #[cfg(feature = "tls")]
            tls,
            opened: Cell::new(0),
        }
    }

    /// Connections opened so far.
    pub fn opened(&self) -> u32 {
        self.opened.get()
    }

    /// Opens a connection; its number, from 1.
    pub async fn open(&self) -> Result<(Line, u32), Cause> {
        let stream = TcpStream::connect(self.address).await.map_err(|error| Cause::of_connect(&error))?;
        // A request is sent when it is there, not when a packet is full.
        let _ = stream.set_nodelay(true);
        self.opened.set(self.opened.get() + 1);
        let number = self.opened.get();
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let stream = tls.encrypt(stream).await.map_err(|_| Cause::Unencrypted)?;
            return Ok((self.speak(TokioIo::new(stream)).await?, number));
        }
        Ok((self.speak(TokioIo::new(stream)).await?, number))
    }

    /// Begins HTTP on a connection.
    async fn speak<T: Read + Write + Unpin + Send + 'static>(&self, stream: T) -> Result<Line, Cause> {
        let wrong = |error: hyper::Error| Cause::of_hyper(&error);
        match self.http {
            HttpVersion::One => {
                let (line, connection) = http1::handshake(stream).await.map_err(wrong)?;
                // Whatever is wrong with a connection is seen by the request on it.
                spawn_local(async { drop(connection.await) });
                Ok(Line::One(line))
            }
            HttpVersion::Two => {
                let (line, connection) = http2::handshake(TokioExecutor::new(), stream).await.map_err(wrong)?;
                spawn_local(async { drop(connection.await) });
                Ok(Line::Two(line))
            }
        }
    }
}

impl Line {
    /// Whether it takes another request; waits until it does or is closed.
    pub async fn is_open(&mut self) -> bool {
        match self {
            Self::One(line) => !line.is_closed() && line.ready().await.is_ok(),
            Self::Two(line) => !line.is_closed() && line.ready().await.is_ok(),
        }
    }

    /// A second handle of a connection that takes several requests at once; none of one that does not.
    pub fn shared(&self) -> Option<Self> {
        match self {
            Self::One(_) => None,
            Self::Two(line) => Some(Self::Two(line.clone())),
        }
    }

    /// Sends a request and waits for the head of the answer.
    pub async fn send(&mut self, request: Sendable) -> Result<Response<Incoming>, Unanswered> {
        let answer = match self {
            Self::One(line) => line.try_send_request(request).await,
            Self::Two(line) => line.try_send_request(request).await,
        };
        answer.map_err(|mut unsent| {
            let request = unsent.take_message();
            Unanswered { cause: Cause::of_hyper(unsent.error()), request }
        })
    }
}
