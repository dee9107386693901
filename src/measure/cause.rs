//! Why requests to a real system fail, in the words of the reports where a model has the same cause.

use std::error::Error;
use std::io;

/// Why a request failed without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The client's time-out was over.
    GaveUp,
    /// The run ended while it was under way: not a failure, and not counted.
    CutOff,
    /// Nothing listens.
    Refused,
    /// The connection was reset.
    Lost,
    /// The server closed the connection before it answered.
    Disconnected,
    /// No connection for another reason.
    Unconnected,
    /// No encryption: a certificate that is not trusted, or no TLS on the other side.
    #[cfg(feature = "tls")]
    Unencrypted,
    /// What came back is no HTTP of this version.
    NoHttp,
    /// This program has no descriptor left.
    OwnDescriptors,
    /// This machine has no port left.
    OwnPorts,
}

impl Cause {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::GaveUp => "client gave up",
            Self::CutOff => "cut off at the end",
            Self::Refused => "connection refused",
            Self::Lost => "connection lost",
            Self::Disconnected => "server disconnected",
            Self::Unconnected => "cannot connect",
            #[cfg(feature = "tls")]
            Self::Unencrypted => "TLS handshake failed",
            Self::NoHttp => "not an HTTP answer",
            Self::OwnDescriptors => "too many open files in sim",
            Self::OwnPorts => "no free port",
        }
    }

    /// Of a connection that could not be opened.
    pub(super) fn of_connect(error: &io::Error) -> Self {
        of_io(error).unwrap_or(Self::Unconnected)
    }

    /// Of a request on an open connection.
    pub(super) fn of_hyper(error: &hyper::Error) -> Self {
        let mut source = error.source();
        while let Some(inner) = source {
            if let Some(known) = inner.downcast_ref::<io::Error>().and_then(of_io) {
                return known;
            }
            source = inner.source();
        }
        if error.is_parse() || error.is_parse_status() {
            Self::NoHttp
        } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            Self::Disconnected
        } else {
            Self::Lost
        }
    }
}

fn of_io(error: &io::Error) -> Option<Cause> {
    // EMFILE and ENFILE have no kind of their own.
    const DESCRIPTORS: [i32; 2] = [24, 23];
    match error.kind() {
        _ if error.raw_os_error().is_some_and(|code| DESCRIPTORS.contains(&code)) => Some(Cause::OwnDescriptors),
        io::ErrorKind::ConnectionRefused => Some(Cause::Refused),
        io::ErrorKind::AddrNotAvailable => Some(Cause::OwnPorts),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            Some(Cause::Lost)
        }
        io::ErrorKind::UnexpectedEof => Some(Cause::Disconnected),
        _ => None,
    }
}
