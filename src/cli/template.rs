//! The starter models of `sim new`. They are part of the program, so that it needs no other file.

use clap::ValueEnum;

/// The name of the experiment that every template has.
pub(super) const EXPERIMENT: &str = "experiment.toml";

/// A stack that has a starter model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Template {
    /// uvicorn, SQLAlchemy, httpx: a synchronous Session in an async endpoint
    Fastapi,
    /// gunicorn and Celery: short tasks behind long ones
    DjangoGunicorn,
    /// Tomcat and HikariCP: a call inside a transaction; REQUIRES_NEW
    SpringBoot,
    /// A cluster on node-postgres and Redis: password hashes on the event loop
    Node,
    /// A Go service behind Traefik or nginx: idle connections
    GoProxy,
    /// Puma and Active Record: a liveness probe behind the work
    RailsPuma,
    /// An API, a RabbitMQ queue and its workers: messages during an outage
    QueueWorkers,
    /// nginx, application servers, PostgreSQL: pools and max_connections
    ThreeTier,
}

/// A file of a template.
pub(super) struct File {
    /// Its name.
    pub(super) name: &'static str,
    /// What it says.
    pub(super) text: &'static str,
}

/// The files of a template's folder, by their names.
macro_rules! files {
    ($folder:literal: $($name:literal),+) => {
        &[$(File { name: $name, text: include_str!(concat!("../../assets/templates/", $folder, "/", $name)) }),+]
    };
}

impl Template {
    /// Its files.
    pub(super) fn files(self) -> &'static [File] {
        match self {
            Self::Fastapi => files!("fastapi": "README.md", "model.toml", "experiment.toml"),
            Self::DjangoGunicorn => files!("django-gunicorn": "README.md", "model.toml", "experiment.toml"),
            Self::SpringBoot => {
                files!("spring-boot": "README.md", "model.toml", "experiment.toml", "requires-new.toml")
            }
            Self::Node => files!("node": "README.md", "model.toml", "experiment.toml"),
            Self::GoProxy => files!("go-proxy": "README.md", "model.toml", "experiment.toml"),
            Self::RailsPuma => files!("rails-puma": "README.md", "model.toml", "experiment.toml"),
            Self::QueueWorkers => files!("queue-workers": "README.md", "model.toml", "experiment.toml"),
            Self::ThreeTier => files!("three-tier": "README.md", "model.toml", "experiment.toml"),
        }
    }
}
