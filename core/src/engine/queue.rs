//! A queue, and the order in which it is served.

use crate::kernel::Time;
use crate::kernel::heap::Heap;
use crate::kernel::list::List;
use crate::kernel::slab::Slab;
use crate::model::Order;

use crate::engine::Engine;
use crate::engine::population::QueueStatistics;
use crate::engine::token::Token;

/// Tokens that wait.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    order: Order,
    /// First in, first out, and no token in it has an event that ends its wait.
    is_plain: bool,
    /// Those that wait, in the order of arrival, if the order of service follows from that.
    list: List,
    /// Those that wait, if it does not.
    heap: Heap,
    /// Since when it has not been empty, where it is not plain.
    pub busy_since: Time,
    pub population: QueueStatistics,
}

impl Default for Queue {
    fn default() -> Self {
        Self::new(Order::Fifo, false)
    }
}

impl Queue {
    /// An empty queue. `has_patience`: those who wait may have an event that ends their wait.
    pub fn new(order: Order, has_patience: bool) -> Self {
        let is_plain = order == Order::Fifo && !has_patience;
        Self {
            order,
            is_plain,
            list: List::default(),
            heap: Heap::default(),
            busy_since: Time::ZERO,
            population: QueueStatistics::default(),
        }
    }

    /// Whether it is first in, first out, and no token in it has an event that ends its wait.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The order of service.
    pub fn order(&self) -> Order {
        self.order
    }

    /// A token joins. `work`: how long it will keep its unit, which only [`Order::Shortest`] asks for.
    #[inline(always)]
    pub fn push(&mut self, engine: &mut Engine, token: u32, work: Time) {
        engine.tokens[token].since = engine.now;
        self.population.enter(engine.now);
        if self.is_plain {
            self.list.push(&mut engine.tokens, token);
        } else {
            self.push_in_order(engine, token, work);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_in_order(&mut self, engine: &mut Engine, token: u32, work: Time) {
        if self.is_empty() {
            self.busy_since = engine.now;
        }
        match self.order {
            Order::Fifo | Order::Lifo | Order::AdaptiveLifo => self.list.push(&mut engine.tokens, token),
            Order::Priority => {
                let rank = u64::from(u8::MAX - engine.priorities.of(token));
                self.heap.push(&mut engine.tokens, token, rank);
            }
            Order::Shortest => self.heap.push(&mut engine.tokens, token, work.0),
        }
    }

    /// Takes the token that is served next. `units`: how many are served at a time.
    #[inline(always)]
    pub fn pop(&mut self, engine: &mut Engine, units: u32) -> Option<u32> {
        let token = if self.is_plain { self.list.pop(&mut engine.tokens) } else { self.pop_in_order(engine, units) }?;
        self.population.leave(engine.now, engine.tokens[token].since);
        Some(token)
    }

    #[cold]
    #[inline(never)]
    fn pop_in_order(&mut self, engine: &mut Engine, units: u32) -> Option<u32> {
        let list = &mut self.list;
        let token = match self.order {
            Order::Fifo => list.pop(&mut engine.tokens)?,
            Order::AdaptiveLifo if list.len() <= units => list.pop(&mut engine.tokens)?,
            Order::Lifo | Order::AdaptiveLifo => {
                let last = list.last()?;
                list.remove(&mut engine.tokens, last);
                last
            }
            Order::Priority | Order::Shortest => self.heap.pop(&mut engine.tokens)?,
        };
        // Its patience no longer matters.
        engine.forget_event(token);
        Some(token)
    }

    /// A token leaves without having been served.
    pub fn remove(&mut self, engine: &mut Engine, token: u32) {
        match self.order {
            Order::Fifo | Order::Lifo | Order::AdaptiveLifo => self.list.remove(&mut engine.tokens, token),
            Order::Priority | Order::Shortest => self.heap.remove(&mut engine.tokens, token),
        }
        self.population.leave(engine.now, engine.tokens[token].since);
        engine.forget_event(token);
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.heap.is_empty()
    }

    /// All that wait, in no particular order.
    pub fn iter<'a>(&'a self, tokens: &'a Slab<Token>) -> impl Iterator<Item = u32> + 'a {
        self.list.iter(tokens).chain(self.heap.iter())
    }
}

/// Priorities of tokens, by slot. They are kept only where a queue serves by them and classes have different ones. Whatever
/// begins a token that can wait in such a queue sets its priority.
#[derive(Clone, Debug, Default)]
pub(crate) struct Priorities {
    is_kept: bool,
    by_slot: Vec<u8>,
}

impl Priorities {
    /// Keeps them from now on.
    pub fn keep(&mut self) {
        self.is_kept = true;
    }

    pub fn of(&self, token: u32) -> u8 {
        self.by_slot.get(token as usize).copied().unwrap_or(0)
    }

    #[inline]
    pub fn set(&mut self, token: u32, priority: u8) {
        if self.is_kept {
            self.enter(token, priority);
        }
    }

    /// A token works for another one: a call, or a branch.
    #[inline]
    pub fn inherit(&mut self, token: u32, from: u32) {
        if self.is_kept {
            self.enter(token, self.of(from));
        }
    }

    #[inline(never)]
    fn enter(&mut self, token: u32, priority: u8) {
        let slot = token as usize;
        if slot >= self.by_slot.len() {
            self.by_slot.resize(slot + 1, 0);
        }
        self.by_slot[slot] = priority;
    }
}
