//! Round trips to a database, and the connections that they need, as operations.

use super::blocking;
use crate::language::lower::Lowering;
use crate::language::lower::endpoint::{Body, Named};
use crate::language::lower::pool::minded;
use crate::language::{Pool, Rounds};
use crate::model::{Draw, Op, Site};

/// A connection of the pool from here on.
pub(super) fn take(lowering: &mut Lowering<'_>, pool: u32, plan: &Pool, named: &Named) {
    let site = named.site();
    let minded = minded(lowering.model, plan);
    lowering.emit(if minded { Op::Borrow { pool, site } } else { Op::AcquireConnection { pool, site } });
}

/// A round trip, with the work of the database for it.
pub(super) fn trip(
    lowering: &mut Lowering<'_>,
    rounds: Rounds,
    pool: u32,
    plan: &Pool,
    site: Site,
    work: Option<Draw>,
) {
    lowering.emit(Op::Trip { pool, work, site });
    lowering.rounds(rounds.statement, 1);
    if plan.max_queries.is_some() {
        lowering.emit(Op::Count { pool });
    }
}

/// A round trip with a commit, with the work of the database for it.
pub(super) fn commit(
    lowering: &mut Lowering<'_>,
    rounds: Rounds,
    pool: u32,
    plan: &Pool,
    site: Site,
    work: Option<Draw>,
) {
    lowering.emit(Op::Commit { pool, work, site });
    lowering.rounds(rounds.statement, 1);
    if plan.max_queries.is_some() {
        lowering.emit(Op::Count { pool });
    }
}

/// The end of what [`take`] began.
pub(super) fn give_back<'a>(
    lowering: &mut Lowering<'a>,
    body: &mut Body<'a>,
    is_blocking: bool,
    pool: u32,
    plan: &Pool,
    named: &Named,
) {
    if plan.reset_on_release {
        blocking::around(lowering, body, is_blocking, |lowering, body| {
            lowering.rounds(body.rounds().release.map(|rounds| rounds.min(1)), 0);
            trip(lowering, body.rounds(), pool, plan, named.part("reset"), None);
        });
    } else if !is_blocking {
        lowering.rounds(body.rounds().release.map(|rounds| rounds.min(1)), 0);
    }
    lowering.emit(Op::Release);
    if !is_blocking {
        lowering.rounds(body.rounds().release, 1);
    }
}
