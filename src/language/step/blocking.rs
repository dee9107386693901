//! Waits that block the event loop.

use crate::language::lower::Lowering;
use crate::language::lower::endpoint::Body;
use crate::model::{Op, Runtime};

/// Compiles a part of a step; if it is `blocking`, its waits block the event loop. Where there is none, each request waits
/// in its own thread anyway, as a job of the executor does.
pub(super) fn around<'a>(
    lowering: &mut Lowering<'a>,
    body: &mut Body<'a>,
    blocking: bool,
    waits: impl FnOnce(&mut Lowering<'a>, &mut Body<'a>),
) {
    let blocks = blocking && body.service.runtime == Runtime::EventLoop && body.job.is_none();
    if blocks {
        lowering.emit(Op::Block);
    }
    let outside = std::mem::replace(&mut body.blocks, blocks);
    waits(lowering, body);
    body.blocks = outside;
    if blocks {
        lowering.emit(Op::Unblock);
    }
}
