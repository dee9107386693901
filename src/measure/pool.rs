//! Which connection a request takes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::cause::Cause;
use super::wire::{Line, Wire};
use crate::language::{Connections, HttpVersion};

/// Connections of a run.
pub(super) struct Pool {
    wire: Wire,
    kind: PoolKind,
}

enum PoolKind {
    /// One for each request.
    Fresh,
    /// Those that are open and free, the one used last on top; and a permit for each that there may be.
    Kept { free: RefCell<Vec<(Line, u32)>>, room: Option<Arc<Semaphore>> },
    /// Connections that several requests share.
    Shared(Vec<Slot>),
}

/// A place for a connection that several requests share.
struct Slot {
    line: Mutex<Option<(Line, u32)>>,
    users: Rc<Cell<u32>>,
}

/// A connection while a request has it.
pub(super) struct Held {
    pub line: Line,
    pub number: u32,
    /// Whether it was open before.
    pub reused: bool,
    _room: Option<OwnedSemaphorePermit>,
    _user: Option<User>,
}

/// One of those who share a connection.
struct User(Rc<Cell<u32>>);

impl User {
    fn of(users: &Rc<Cell<u32>>) -> Self {
        users.set(users.get() + 1);
        Self(Rc::clone(users))
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Pool {
    /// Connections of this kind; `most` is the largest number of kept ones.
    pub fn new(wire: Wire, connections: Connections, http: HttpVersion, most: Option<u32>) -> Self {
        let slot = |_| Slot { line: Mutex::new(None), users: Rc::default() };
        let kind = match (connections, http) {
            (Connections::Fresh, _) => PoolKind::Fresh,
            (Connections::Kept, HttpVersion::One) => {
                let room = most.map(|most| Arc::new(Semaphore::new(most as usize)));
                PoolKind::Kept { free: RefCell::default(), room }
            }
            (Connections::Kept, HttpVersion::Two) => PoolKind::Shared((0..most.unwrap_or(1)).map(slot).collect()),
        };
        Self { wire, kind }
    }

    /// Connections opened so far.
    pub fn opened(&self) -> u32 {
        self.wire.opened()
    }

    /// A connection for one request.
    pub async fn take(&self) -> Result<Held, Cause> {
        match &self.kind {
            PoolKind::Fresh => self.open(None).await,
            PoolKind::Kept { free, room } => {
                let room = match room {
                    // The semaphore is never closed.
                    Some(room) => Arc::clone(room).acquire_owned().await.ok(),
                    None => None,
                };
                loop {
                    let Some((mut line, number)) = free.borrow_mut().pop() else { return self.open(room).await };
                    if line.is_open().await {
                        return Ok(Held { line, number, reused: true, _room: room, _user: None });
                    }
                }
            }
            PoolKind::Shared(slots) => {
                let Some(slot) = slots.iter().min_by_key(|slot| slot.users.get()) else { return self.open(None).await };
                let user = User::of(&slot.users);
                let mut place = slot.line.lock().await;
                let mut known = place.as_ref().and_then(|(line, number)| Some((line.shared()?, *number)));
                if let Some((line, _)) = &mut known
                    && !line.is_open().await
                {
                    known = None;
                }
                let reused = known.is_some();
                let (line, number) = match known {
                    Some(known) => known,
                    None => {
                        let (line, number) = self.wire.open().await?;
                        *place = line.shared().map(|shared| (shared, number));
                        (line, number)
                    }
                };
                Ok(Held { line, number, reused, _room: None, _user: Some(user) })
            }
        }
    }

    async fn open(&self, room: Option<OwnedSemaphorePermit>) -> Result<Held, Cause> {
        let (line, number) = self.wire.open().await?;
        Ok(Held { line, number, reused: false, _room: room, _user: None })
    }

    /// Gives a connection back on which an answer has been read to its end.
    pub fn give(&self, held: Held) {
        if let PoolKind::Kept { free, .. } = &self.kind {
            free.borrow_mut().push((held.line, held.number));
        }
    }
}
