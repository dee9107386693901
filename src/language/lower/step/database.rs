//! Round trips to a database, and the connections that they need, as operations.

use super::{At, Body, Complaint, Lowering};
use crate::language::lower::endpoint::Named;
use crate::language::lower::pool::minded;
use crate::language::names::Names;
use crate::language::{Pool, QueryStep, Rounds};
use crate::model::{Draw, Op, Site};

pub(super) fn query<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a QueryStep) {
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
    let rounds = body.rounds();
    if of_own {
        take(lowering, pool, plan, &named);
    }
    if step.transaction {
        trip(lowering, rounds, pool, plan, named.part("begin"), None);
    }
    trip(lowering, rounds, pool, plan, named.part("statement"), Some(work));
    if step.transaction {
        trip(lowering, rounds, pool, plan, named.part("commit"), None);
    }
    if of_own {
        give_back(lowering, rounds, pool, plan, &named);
    }
}

/// A connection of the pool from here on.
pub(super) fn take(lowering: &mut Lowering<'_>, pool: u32, plan: &Pool, named: &Named) {
    let site = named.site();
    let minded = minded(lowering.model, plan);
    lowering.emit(if minded { Op::Borrow { pool, site } } else { Op::AcquireConnection { pool, site } });
}

fn trip(lowering: &mut Lowering<'_>, rounds: Rounds, pool: u32, plan: &Pool, site: Site, work: Option<Draw>) {
    lowering.emit(Op::Trip { pool, work, site });
    lowering.rounds(rounds.statement, 1);
    if plan.max_queries.is_some() {
        lowering.emit(Op::Count { pool });
    }
}

/// The end of what [`take`] began.
pub(super) fn give_back(lowering: &mut Lowering<'_>, rounds: Rounds, pool: u32, plan: &Pool, named: &Named) {
    lowering.rounds(rounds.release.map(|rounds| rounds.min(1)), 0);
    if plan.reset_on_release {
        trip(lowering, rounds, pool, plan, named.part("reset"), None);
    }
    lowering.emit(Op::Release);
    lowering.rounds(rounds.release, 1);
}
