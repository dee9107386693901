//! What runs in a container, by its image, its command and its environment.
//!
//! Defaults are those of the products' documentation: PostgreSQL 17 (`max_connections` 100, of which 3 are reserved),
//! MySQL 8.4 and MariaDB 11 (`max_connections` 151), gunicorn 23 (`sync` workers with one thread), Spring Boot 3
//! (`server.tomcat.threads.max` 200), Puma 6 (5 threads on MRI), libuv (`UV_THREADPOOL_SIZE` 4).

use super::Workload;

/// What runs in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    /// A database or a cache, used by connections of a pool.
    Database(&'static Database),
    /// A broker of messages.
    Broker(&'static str),
    /// A server of requests.
    Server(&'static Server),
}

/// A database.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Database {
    names: &'static [&'static str],
    /// What it is called.
    pub title: &'static str,
    /// Connections that applications can have, where nothing else is said, and why.
    pub connections: Option<(u32, &'static str)>,
    /// Whether one thread runs all commands.
    pub is_single: bool,
}

const DATABASES: [Database; 8] = [
    Database {
        names: &["postgres", "postgresql", "postgis", "pgvector", "timescaledb"],
        title: "PostgreSQL",
        connections: Some((97, "PostgreSQL's default of 100, less 3 for superusers")),
        is_single: false,
    },
    Database {
        names: &["mysql", "percona", "mysql-server"],
        title: "MySQL",
        connections: Some((151, "MySQL's default")),
        is_single: false,
    },
    Database { names: &["mariadb"], title: "MariaDB", connections: Some((151, "MariaDB's default")), is_single: false },
    Database {
        names: &["redis", "valkey", "redis-stack", "redis-stack-server"],
        title: "Redis",
        connections: None,
        is_single: true,
    },
    Database { names: &["memcached"], title: "memcached", connections: None, is_single: false },
    Database { names: &["mongo", "mongodb"], title: "MongoDB", connections: None, is_single: false },
    Database {
        names: &["elasticsearch", "opensearch", "clickhouse", "clickhouse-server", "cassandra", "scylla"],
        title: "a database",
        connections: None,
        is_single: false,
    },
    Database {
        names: &["cockroach", "mssql", "server-mssql", "couchdb", "neo4j"],
        title: "a database",
        connections: None,
        is_single: false,
    },
];

const BROKERS: [&str; 9] =
    ["rabbitmq", "kafka", "cp-kafka", "redpanda", "nats", "activemq", "pulsar", "emqx", "eclipse-mosquitto"];

/// How a server runs its requests.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// What it is called, and by what it is recognised.
    pub title: &'static str,
    /// Parts of words of the image or the command.
    words: &'static [&'static str],
    /// Beginnings of environment variables.
    variables: &'static [&'static str],
    /// `runtime` and other keys, as TOML.
    pub keys: &'static [(&'static str, &'static str)],
    /// Threads of a process where nothing else is said, and why.
    pub threads: Option<(u32, &'static str)>,
}

/// In the order in which they are tried: uvicorn may run as a worker of gunicorn.
const SERVERS: [Server; 7] = [
    Server {
        title: "uvicorn",
        words: &["uvicorn", "hypercorn", "daphne", "fastapi"],
        variables: &["UVICORN_"],
        keys: &[("runtime", "\"event-loop\"")],
        threads: None,
    },
    Server {
        title: "gunicorn",
        words: &["gunicorn"],
        variables: &["GUNICORN_"],
        keys: &[("runtime", "\"threads\""), ("accept", "\"accept-race\"")],
        threads: Some((1, "gunicorn's default of one thread in each sync worker")),
    },
    Server {
        title: "Node.js",
        words: &["node", "npm", "yarn", "pm2"],
        variables: &["UV_THREADPOOL_SIZE", "NODE_"],
        keys: &[("runtime", "\"event-loop\""), ("event_loop", "\"libuv\"")],
        threads: None,
    },
    Server {
        title: "a Java server",
        words: &["java", "tomcat", "openjdk", "eclipse-temurin", "jetty"],
        variables: &["JAVA_", "JDK_JAVA_", "SPRING_", "SERVER_TOMCAT_", "CATALINA_"],
        keys: &[("runtime", "\"threads\"")],
        threads: Some((200, "Tomcat's default in Spring Boot, `server.tomcat.threads.max`")),
    },
    Server {
        title: "Puma",
        words: &["puma", "rails"],
        variables: &["RAILS_", "PUMA_"],
        keys: &[("runtime", "\"threads\"")],
        threads: Some((5, "Puma's default")),
    },
    Server {
        title: "a Go program",
        words: &["golang"],
        variables: &["GOMAXPROCS", "GOMEMLIMIT", "GOGC"],
        keys: &[("runtime", "\"threads\"")],
        threads: None,
    },
    Server {
        title: "a proxy",
        words: &["nginx", "traefik", "envoy", "haproxy", "caddy"],
        variables: &[],
        keys: &[("runtime", "\"threads\"")],
        threads: None,
    },
];

/// What a workload runs, if that can be seen.
pub(super) fn product(workload: &Workload) -> Option<Product> {
    let image = workload.image.as_ref().map(|image| base(&image.text)).unwrap_or_default();
    if let Some(database) = DATABASES.iter().find(|database| database.names.contains(&image.as_str())) {
        return Some(Product::Database(database));
    }
    if let Some(broker) = BROKERS.iter().find(|broker| **broker == image) {
        return Some(Product::Broker(broker));
    }
    let words: Vec<String> = workload.words.iter().map(|word| word.text.to_lowercase()).collect();
    let names = |word: &str| {
        let in_command = words.iter().any(|given| parts(given).any(|part| part == word));
        in_command || parts(&image).any(|part| part == word)
    };
    let has = |beginning: &str| workload.environment.iter().any(|(key, _)| key.starts_with(beginning));
    let is_it = |server: &&Server| {
        server.words.iter().any(|word| names(word)) || server.variables.iter().any(|beginning| has(beginning))
    };
    SERVERS.iter().find(is_it).map(Product::Server)
}

/// The name of an image without its registry, tag and digest.
fn base(image: &str) -> String {
    let path = image.split('@').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default().to_lowercase()
}

/// The words of a path or a class, such as `uvicorn.workers.UvicornWorker`.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    word.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_name_alone() {
        for (image, name) in [
            ("postgres:17", "postgres"),
            ("registry.local:5000/team/Redis:7-alpine@sha256:00", "redis"),
            ("ghcr.io/acme/shop", "shop"),
        ] {
            assert_eq!(base(image), name);
        }
    }
}
