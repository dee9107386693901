//! Statements and transactions on a database connection.

use schemars::JsonSchema;
use serde::Deserialize;

use super::blocking;
use super::connection::{commit, give_back, take, trip};
use crate::language::Distribution;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::language::names::Names;

/// A statement, on a connection of its own (`pool`) or on the one that an enclosing `with` holds (`held`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryStep {
    /// Acquire a connection of this pool for the query and release it after.
    pub pool: Option<String>,
    /// Use the connection of this pool that an enclosing `with` holds.
    pub held: Option<String>,
    /// Work of the database for the statement.
    pub time: Distribution,
    /// With BEGIN and COMMIT around the statement: two more round trips.
    #[serde(default)]
    pub transaction: bool,
    /// Whether it ends with a commit of data that it has written, which waits for the `disk` of the database: that of its own
    /// `transaction`, that of the statement alone, or, of the last query in a `with`, that of the whole.
    #[serde(default)]
    pub writes: bool,
    /// Whether it blocks the event loop, as a driver made for threads does (psycopg2 or SQLAlchemy's `Session` in an `async
    /// def`): while it waits for a connection, for the database, and for the reset of a connection that is given back.
    /// Elsewhere each request waits in its own thread anyway.
    #[serde(default)]
    pub blocking: bool,
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a QueryStep) {
    let (name, of_own) = match (&step.pool, &step.held) {
        (Some(pool), None) => (pool, true),
        (None, Some(held)) => (held, false),
        (Some(_), Some(_)) => {
            lowering.complain(
                Complaint::at(
                    at.key("held"),
                    "a query has `pool` or `held`, not both",
                    "uses the connection of a `with`",
                )
                .also(at.key("pool"), "acquires a connection of its own")
                .help("remove one of them"),
            );
            return;
        }
        (None, None) => {
            lowering.complain(
                Complaint::at_key(at, "a query needs a connection", "has neither `pool` nor `held`")
                    .help("`pool = \"...\"` acquires a connection for the query; `held = \"...\"` uses that of an enclosing `with`"),
            );
            return;
        }
    };
    let key = if of_own { "pool" } else { "held" };
    let pools = body.service.pools.iter();
    let found = lowering.find(at.key(key), "pool", name, pools, &format!(" in service `{}`", body.service_name));
    let named = body.site(&format!("query:{name}"));
    let work = lowering.draw(at.key("time"), &step.time);
    let Some((pool, plan)) = found else { return };
    let server = lowering.model.services.get(&plan.server);
    let has_disk = server.is_some_and(|server| server.disk.is_some());
    if !of_own && !body.held.contains(&name.as_str()) {
        let complaint = Complaint::at(
            at.key("held"),
            format!("no connection of pool `{name}` is held here"),
            "not within a `with` of this pool",
        );
        let complaint = match body.held.as_slice() {
            [] => complaint,
            held => complaint.note(format!("held are connections of {}", Names::new(held.iter().copied()))),
        };
        lowering.complain(complaint.help(format!(
            "write `pool = \"{name}\"`, or put the query into {{ with = {{ pool = \"{name}\", steps = [...] }} }}"
        )));
    }
    blocking::around(lowering, body, step.blocking, |lowering, body| {
        let rounds = body.rounds();
        if of_own {
            take(lowering, pool, plan, &named);
        }
        if step.transaction {
            trip(lowering, rounds, pool, plan, named.part("begin"), None);
        }
        let commits = step.writes && has_disk;
        let last = if commits { commit } else { trip };
        if step.transaction {
            trip(lowering, rounds, pool, plan, named.part("statement"), Some(work));
            last(lowering, rounds, pool, plan, named.part("commit"), None);
        } else {
            last(lowering, rounds, pool, plan, named.part("statement"), Some(work));
        }
    });
    if of_own {
        give_back(lowering, body, step.blocking, pool, plan, &named);
    }
}
