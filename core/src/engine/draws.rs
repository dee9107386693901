//! In debug builds: a record of the keys of all draws of a run, to prove that no two draws share one.
//!
//! A draw is named by its key alone ([`crate::kernel::variate`]), so two draws with the same key have the same value. A
//! test runs trials within [`recorded`] and is given the draws that differ in what they are for and share a key.
//! Release builds have none of this.

use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static RECORD: RefCell<Option<DrawRecord>> = const { RefCell::new(None) };
    static BORN: RefCell<u32> = const { RefCell::new(0) };
}

/// What the keys of a run were used for.
#[derive(Debug, Default)]
struct DrawRecord {
    /// Each key's first use.
    uses: HashMap<u64, Vec<u32>>,
    clashes: Vec<String>,
}

/// What shares keys in the runs that a test made, and how many keys there were.
#[derive(Debug)]
pub struct Recorded {
    /// Different draws with the same key, a sentence each.
    pub clashes: Vec<String>,
    /// Different keys.
    pub keys: usize,
}

/// Runs one trial on this thread and says which of its draws share a key.
pub fn recorded(run: impl FnOnce()) -> Recorded {
    RECORD.set(Some(DrawRecord::default()));
    run();
    let record = RECORD.take().unwrap_or_default();
    Recorded { clashes: record.clashes, keys: record.uses.len() }
}

/// A number for a new token, which no other token of the thread has.
pub(crate) fn born() -> u32 {
    BORN.with_borrow_mut(|born| {
        *born = born.wrapping_add(1);
        *born
    })
}

/// The kinds of draws that have no distribution of their own.
pub(crate) const CHANCE: u32 = u32::MAX;
/// The key of a new token.
pub(crate) const TOKEN: u32 = u32::MAX - 1;

pub(crate) fn note(key: u64, identity: impl FnOnce() -> Vec<u32>) {
    RECORD.with_borrow_mut(|record| {
        let Some(record) = record else { return };
        let identity = identity();
        match record.uses.get(&key) {
            Some(known) if *known != identity => {
                record.clashes.push(format!("{known:?} and {identity:?} share the key {key:#x}"));
            }
            Some(_) => {}
            None => {
                record.uses.insert(key, identity);
            }
        }
    });
}
