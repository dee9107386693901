//! Environment variables and arguments that set numbers of a model.
//!
//! Those of products are read as the products read them: uvicorn (its options are also `UVICORN_…`, `main.py`), gunicorn
//! (`WEB_CONCURRENCY`, `GUNICORN_CMD_ARGS`, `config.py`), Puma (`WEB_CONCURRENCY`, `RAILS_MAX_THREADS`), libuv
//! (`UV_THREADPOOL_SIZE`, `threadpool.c`), Go (`GOMAXPROCS`), Spring Boot's relaxed names of `server.tomcat` and
//! `spring.datasource.hikari`, Quarkus. Names such as `DB_POOL_SIZE` are those of applications: what they mean is assumed.

use super::{Said, Workload};
use crate::import::sketch::Origin;

/// What a setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Processes of a replica.
    Workers,
    /// Threads of a process.
    Threads,
    /// Requests that wait for a thread.
    Queue,
    /// Threads that run Go at once.
    Parallelism,
    /// Connections that wait to be accepted.
    Backlog,
    /// Seconds for which an idle connection is kept.
    KeepAlive,
    /// Connections of a pool at most.
    PoolMost,
    /// Connections of a pool at start.
    PoolLeast,
    /// Connections beyond those of the pool.
    PoolOverflow,
    /// Connections that a database takes.
    Connections,
}

/// A number that a workload sets.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it is about.
    pub meaning: Meaning,
    /// The number.
    pub value: u32,
    /// Where it stands, and whether its meaning is known.
    pub origin: Origin,
}

/// Variables of products.
const VARIABLES: [(&str, Meaning); 17] = [
    ("WEB_CONCURRENCY", Meaning::Workers),
    ("UVICORN_WORKERS", Meaning::Workers),
    ("UVICORN_BACKLOG", Meaning::Backlog),
    ("UVICORN_TIMEOUT_KEEP_ALIVE", Meaning::KeepAlive),
    ("RAILS_MAX_THREADS", Meaning::Threads),
    ("UV_THREADPOOL_SIZE", Meaning::Threads),
    ("SERVER_TOMCAT_THREADS_MAX", Meaning::Threads),
    ("SERVER_TOMCAT_MAX_THREADS", Meaning::Threads),
    ("SERVER_TOMCAT_ACCEPT_COUNT", Meaning::Queue),
    ("SERVER_TOMCAT_ACCEPTCOUNT", Meaning::Queue),
    ("GOMAXPROCS", Meaning::Parallelism),
    ("SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE", Meaning::PoolMost),
    ("SPRING_DATASOURCE_HIKARI_MAXIMUMPOOLSIZE", Meaning::PoolMost),
    ("SPRING_DATASOURCE_HIKARI_MINIMUM_IDLE", Meaning::PoolLeast),
    ("SPRING_DATASOURCE_HIKARI_MINIMUMIDLE", Meaning::PoolLeast),
    ("QUARKUS_DATASOURCE_JDBC_MAX_SIZE", Meaning::PoolMost),
    ("QUARKUS_DATASOURCE_JDBC_MIN_SIZE", Meaning::PoolLeast),
];

/// Variables that applications read by themselves, by what is in their names.
const CUSTOM: [(&[&str], Meaning); 15] = [
    (&["POOL", "OVERFLOW"], Meaning::PoolOverflow),
    (&["DB", "OVERFLOW"], Meaning::PoolOverflow),
    (&["SQLALCHEMY", "OVERFLOW"], Meaning::PoolOverflow),
    (&["POOL", "MIN"], Meaning::PoolLeast),
    (&["DB", "POOL", "MAX"], Meaning::PoolMost),
    (&["DATABASE", "POOL", "MAX"], Meaning::PoolMost),
    (&["DB", "POOL", "SIZE"], Meaning::PoolMost),
    (&["DATABASE", "POOL", "SIZE"], Meaning::PoolMost),
    (&["SQLALCHEMY", "POOL", "SIZE"], Meaning::PoolMost),
    (&["PG", "POOL", "MAX"], Meaning::PoolMost),
    (&["PG", "POOL", "SIZE"], Meaning::PoolMost),
    (&["POSTGRES", "POOL", "SIZE"], Meaning::PoolMost),
    (&["DB", "MAX", "CONNECTIONS"], Meaning::PoolMost),
    (&["DB", "MAX", "OPEN"], Meaning::PoolMost),
    (&["DB", "MAX", "CONNS"], Meaning::PoolMost),
];

/// Options of servers: the server as its title has it, or none for all; the option; its meaning.
const OPTIONS: [(&str, &str, Meaning); 12] = [
    ("uvicorn", "--workers", Meaning::Workers),
    ("uvicorn", "--backlog", Meaning::Backlog),
    ("uvicorn", "--timeout-keep-alive", Meaning::KeepAlive),
    ("gunicorn", "--workers", Meaning::Workers),
    ("gunicorn", "-w", Meaning::Workers),
    ("gunicorn", "--threads", Meaning::Threads),
    ("gunicorn", "--backlog", Meaning::Backlog),
    ("gunicorn", "--keep-alive", Meaning::KeepAlive),
    ("Puma", "--workers", Meaning::Workers),
    ("Puma", "-w", Meaning::Workers),
    ("PostgreSQL", "max_connections", Meaning::Connections),
    ("MySQL", "--max-connections", Meaning::Connections),
];

/// The greatest number of anything that a model takes. Settings such as 2147483647 stand for no limit.
pub(super) const MOST: u32 = 10_000_000;

/// What a workload that runs this product sets. What is given as an option counts more than a variable of the same
/// meaning, and the first of several more than the others.
pub(super) fn settings(workload: &Workload, title: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut add = |mut one: Found| {
        one.value = one.value.min(MOST);
        if !found.iter().any(|known| known.meaning == one.meaning) {
            found.push(one);
        }
    };
    let command = workload.environment.iter().filter(|(key, _)| key == "GUNICORN_CMD_ARGS");
    let more: Vec<Said> = command.flat_map(|(_, said)| words(said)).collect();
    options(&workload.words, title).chain(options(&more, title)).for_each(&mut add);
    for (key, said) in &workload.environment {
        let known = VARIABLES.iter().find(|(name, _)| name == key);
        let custom = || CUSTOM.iter().find(|(parts, _)| parts.iter().all(|part| key.split('_').any(|it| it == *part)));
        let number = said.text.trim().parse::<u32>().ok();
        match (known, number) {
            (Some((_, meaning)), Some(value)) => {
                let origin = Origin::documented(format!("{}: {key}", said.place));
                add(Found { meaning: *meaning, value, origin });
            }
            (None, Some(value)) => {
                if let Some((_, meaning)) = custom() {
                    let reason = format!("{}: {key}; the application reads it, and its name suggests this", said.place);
                    let most = u64::from(value.min(MOST)).saturating_mul(2).max(1);
                    let origin = Origin::assumed_number(reason, u64::from(value).min(1).max(least(*meaning)), most);
                    add(Found { meaning: *meaning, value, origin });
                }
            }
            (_, None) => {
                if let Some(value) = limit_in_address(&said.text) {
                    let reason = format!("{}: the parameter of the address in {key}", said.place);
                    add(Found { meaning: Meaning::PoolMost, value, origin: Origin::documented(reason) });
                }
            }
        }
    }
    found
}

/// The least number that a model takes.
fn least(meaning: Meaning) -> u64 {
    u64::from(meaning != Meaning::PoolLeast && meaning != Meaning::PoolOverflow)
}

/// The words of a command in one text.
pub(super) fn words(said: &Said) -> Vec<Said> {
    let word = |word: &str| Said { text: word.trim_matches(['"', '\'']).into(), place: said.place.clone() };
    said.text.split_whitespace().map(word).collect()
}

fn options<'a>(words: &'a [Said], title: &'a str) -> impl Iterator<Item = Found> + 'a {
    words.iter().enumerate().filter_map(move |(index, said)| {
        let (option, value) = match said.text.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (said.text.as_str(), words.get(index + 1).map(|next| next.text.as_str())),
        };
        let is_it = |(of, name, _): &&(&str, &str, Meaning)| {
            *name == option && (*of == title || (*of == "MySQL" && title == "MariaDB"))
        };
        let (_, name, meaning) = OPTIONS.iter().find(is_it)?;
        let value = value?.parse::<u32>().ok()?;
        Some(Found { meaning: *meaning, value, origin: Origin::documented(format!("{}: {name}", said.place)) })
    })
}

/// The size of the pool that an address asks for, as those of Prisma (`connection_limit`) and others do.
fn limit_in_address(text: &str) -> Option<u32> {
    let (_, query) = text.split_once("://")?.1.split_once('?')?;
    let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
    let names = ["connection_limit", "pool_max_conns", "max_pool_size", "maxPoolSize"];
    parameters.find(|(name, _)| names.contains(name))?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::sketch::Section;

    fn workload(words: &str, environment: &[(&str, &str)]) -> Workload {
        let said = |text: &str| Said { text: text.into(), place: "a.yaml:1".into() };
        Workload {
            name: "web".into(),
            hosts: Vec::new(),
            service: Section::new("services.web"),
            parts: Vec::new(),
            probed: Vec::new(),
            image: None,
            words: super::words(&said(words)),
            environment: environment.iter().map(|(key, value)| ((*key).into(), said(value))).collect(),
            cpu: None,
            depends_on: Vec::new(),
            exposed: None,
        }
    }

    fn values(words: &str, environment: &[(&str, &str)], title: &str) -> Vec<(Meaning, u32)> {
        settings(&workload(words, environment), title).iter().map(|found| (found.meaning, found.value)).collect()
    }

    #[test]
    fn options_count_more_than_variables() {
        let found = values("uvicorn app:app --workers 4 --backlog=512", &[("WEB_CONCURRENCY", "2")], "uvicorn");
        assert_eq!(found, [(Meaning::Workers, 4), (Meaning::Backlog, 512)]);
        let found = values("gunicorn app", &[("GUNICORN_CMD_ARGS", "-w 3 --threads=8")], "gunicorn");
        assert_eq!(found, [(Meaning::Workers, 3), (Meaning::Threads, 8)]);
        assert_eq!(values("postgres -c max_connections=300", &[], "PostgreSQL"), [(Meaning::Connections, 300)]);
        assert_eq!(values("serve -w 3", &[], "Node.js"), []);
    }

    #[test]
    fn pools_are_known_by_several_names() {
        let most = |key: &str, value: &str| values("", &[(key, value)], "");
        for key in ["DB_POOL_SIZE", "DATABASE_MAX_POOL_SIZE", "PG_POOL_MAX", "DB_MAX_OPEN_CONNS", "ORDERS_DB_POOL_MAX"]
        {
            assert_eq!(most(key, "12"), [(Meaning::PoolMost, 12)], "{key}");
        }
        assert_eq!(most("DB_POOL_MIN_SIZE", "2"), [(Meaning::PoolLeast, 2)]);
        assert_eq!(most("DATABASE_URL", "postgres://u@db/x?a=1&connection_limit=5"), [(Meaning::PoolMost, 5)]);
        assert_eq!(most("DB_POOL_SIZE", "2147483647"), [(Meaning::PoolMost, 10_000_000)]);
        assert_eq!(most("DB_POOL_SIZE", "many"), []);
        assert_eq!(most("CAR_POOL_SIZE", "9"), []);
    }
}
