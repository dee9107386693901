//! A span, and what it means by OpenTelemetry's semantic conventions (`docs/http/http-spans.md`, `docs/rpc/rpc-spans.md`,
//! `docs/db/database-spans.md`, `docs/messaging/messaging-spans.md`), the names that they had before they were stable included.

/// The attributes that are kept.
pub(super) const KEYS: [&str; 29] = [
    "http.route",
    "http.target",
    "http.method",
    "http.request.method",
    "http.url",
    "http.host",
    "url.full",
    "url.path",
    "url.template",
    "server.address",
    "server.port",
    "net.peer.name",
    "net.peer.port",
    "peer.service",
    "rpc.system",
    "rpc.service",
    "rpc.method",
    "db.system",
    "db.system.name",
    "db.name",
    "db.namespace",
    "db.operation",
    "db.operation.name",
    "messaging.system",
    "messaging.destination",
    "messaging.destination.name",
    "messaging.operation",
    "messaging.operation.type",
    "sim.pool",
];

/// `SpanKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// Another span that one refers to.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub trace: String,
    pub span: String,
}

/// A span.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub trace: String,
    pub id: String,
    /// The identifier of its parent; empty without one.
    pub parent: String,
    pub links: Vec<Link>,
    /// `service.name`.
    pub service: String,
    /// The pod, container or host.
    pub instance: String,
    /// The process.
    pub process: String,
    /// `telemetry.sdk.language`.
    pub language: String,
    /// The instrumentation.
    pub scope: String,
    pub name: String,
    pub kind: Kind,
    /// Nanoseconds since the epoch.
    pub start: u64,
    pub end: u64,
    pub is_error: bool,
    pub attributes: Vec<(String, String)>,
}

impl Span {
    /// The first of these attributes that it has.
    fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter()
            .find_map(|key| self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str()))
    }

    /// Seconds from its start to its end.
    pub fn seconds(&self) -> f64 {
        self.end.saturating_sub(self.start) as f64 / 1e9
    }

    /// What a server or a consumer does: the endpoint.
    pub fn endpoint(&self) -> String {
        if self.kind == Kind::Consumer {
            return format!("process {}", self.destination().unwrap_or(&self.name));
        }
        self.operation(&["http.route", "url.template"]).unwrap_or_else(|| self.name.clone())
    }

    /// What a client asks of a server that is not traced.
    pub fn request(&self) -> String {
        // A path that is not a template may hold identifiers.
        self.operation(&["url.template", "http.route"]).unwrap_or_else(|| self.name.clone())
    }

    fn operation(&self, routes: &[&str]) -> Option<String> {
        if let (Some(service), Some(method)) = (self.first(&["rpc.service"]), self.first(&["rpc.method"])) {
            return Some(format!("{service} {method}"));
        }
        let route = self.first(routes)?;
        Some(match self.first(&["http.request.method", "http.method"]) {
            Some(method) if method != "_OTHER" => format!("{method} {route}"),
            Some(_) | None => route.to_owned(),
        })
    }

    /// The database, if it is a statement: where it is, what it is.
    pub fn database(&self) -> Option<(String, String)> {
        let system = self.first(&["db.system.name", "db.system"])?;
        let server = self.first(&["server.address", "net.peer.name", "peer.service"]);
        let server = server.filter(|server| !is_address(server)).unwrap_or(system);
        Some((server.to_owned(), system.to_owned()))
    }

    /// The pool that a simulated trace names.
    pub fn pool(&self) -> Option<&str> {
        self.first(&["sim.pool"])
    }

    /// The queue or topic.
    pub fn destination(&self) -> Option<&str> {
        self.first(&["messaging.destination.name", "messaging.destination"]).filter(|name| !name.is_empty())
    }

    /// Whether a consumer only fetches messages and does not handle them.
    pub fn only_receives(&self) -> bool {
        self.first(&["messaging.operation.type", "messaging.operation"]) == Some("receive")
    }

    /// The server that a client calls, by its name.
    pub fn peer(&self) -> String {
        let named = self.first(&["peer.service", "server.address", "net.peer.name", "rpc.service"]);
        let url = || self.first(&["url.full", "http.url"])?.split_once("://")?.1.split(['/', '?']).next();
        let (server, port) = match named {
            Some(server) => (server, self.first(&["server.port", "net.peer.port"])),
            None => {
                let authority = url().or_else(|| self.first(&["http.host"])).unwrap_or("elsewhere");
                let authority = authority.rsplit('@').next().unwrap_or(authority);
                authority.rsplit_once(':').map_or((authority, None), |(server, port)| (server, Some(port)))
            }
        };
        match port {
            // Several servers on one machine differ by their ports.
            Some(port) if is_address(server) => format!("{server}:{port}"),
            Some(_) | None => server.to_owned(),
        }
    }
}

/// Whether this is the number of a machine, or the name of this one.
fn is_address(server: &str) -> bool {
    server == "localhost" || server.parse::<std::net::IpAddr>().is_ok()
}
