//! What is sent: the requests of an experiment's `measure` table, filled with the numbers of one of them.

use std::time::{SystemTime, UNIX_EPOCH};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONNECTION, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri, Version};

use super::target::Target;
use crate::kernel::random::{GOLDEN, mix};
use crate::language::{Connections, HttpVersion, Placeholder, RealRequest};

/// A request that can be sent.
pub(super) type Sendable = Request<Full<Bytes>>;

/// Who sends a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    pub number: u64,
    pub client: u32,
}

/// Makes the requests of a run.
#[derive(Clone, Debug)]
pub(super) struct Forms {
    requests: Vec<RealRequest>,
    target: Target,
    http: HttpVersion,
    closes: bool,
    run: u64,
    /// Names the random numbers of the run.
    key: u64,
    start: u128,
}

impl Forms {
    /// The requests of each class, in the order of the classes.
    pub fn new(
        requests: &[RealRequest],
        target: &Target,
        http: HttpVersion,
        connections: Connections,
        run: u64,
        key: u64,
    ) -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let closes = connections == Connections::Fresh && http == HttpVersion::One;
        Self { requests: requests.to_vec(), target: target.clone(), http, closes, run, key, start }
    }

    /// The request of a class; none where its parts, filled, are no HTTP.
    pub fn make(&self, class: u32, sender: Sender) -> Option<Sendable> {
        let form = self.requests.get(class as usize)?;
        let value = |placeholder: Placeholder| match placeholder {
            Placeholder::Number => sender.number.to_string(),
            Placeholder::Client => sender.client.to_string(),
            Placeholder::Run => self.run.to_string(),
            Placeholder::Start => self.start.to_string(),
            Placeholder::Random => format!("{:016x}", mix(self.key ^ sender.number.wrapping_mul(GOLDEN))),
        };
        let Target { authority, prefix, is_tls, .. } = &self.target;
        let path = format!("{prefix}{}", form.path.fill(value));
        let uri: Uri = match self.http {
            HttpVersion::One => path.parse().ok()?,
            HttpVersion::Two => {
                format!("{}://{authority}{path}", if *is_tls { "https" } else { "http" }).parse().ok()?
            }
        };
        let body = form.body.as_ref().map(|body| Bytes::from(body.fill(value))).unwrap_or_default();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::from_bytes(form.method.as_bytes()).ok()?;
        *request.uri_mut() = uri;
        *request.version_mut() = match self.http {
            HttpVersion::One => Version::HTTP_11,
            HttpVersion::Two => Version::HTTP_2,
        };
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("sim/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if self.http == HttpVersion::One {
            headers.insert(HOST, HeaderValue::from_str(authority).ok()?);
        }
        if self.closes {
            // The server closes, so that ports of this machine do not linger in TIME-WAIT.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        for (name, template) in &form.headers {
            headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, template.fill(value).parse().ok()?);
        }
        Some(request)
    }
}
