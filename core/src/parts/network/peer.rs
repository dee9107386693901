//! The peer of a connection: the number of the process at its other end, [`NONE`] if that is not known yet, or one of these
//! numbers, which no process has.

use crate::kernel::NONE;

/// Instead of a peer: the server is closing the connection.
pub(crate) const CLOSING: u32 = NONE - 1;
/// Instead of a peer: the process at the other end was killed.
pub(crate) const LOST: u32 = NONE - 2;

/// Instead of a peer, while the server has not answered yet: this plus the connection's number in the server's accept queue.
const NUMBERED: u32 = 1 << 31;

/// Instead of a peer: the connection of this number.
pub(crate) fn numbered(number: u32) -> u32 {
    NUMBERED + number % (NUMBERED / 2)
}

/// The number that [`numbered`] has put in place of a peer.
pub(crate) fn number_of(peer: u32) -> Option<u32> {
    (NUMBERED..LOST).contains(&peer).then(|| peer - NUMBERED)
}
