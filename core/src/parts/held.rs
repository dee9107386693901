//! What is held: semaphores, pools and the connections to databases, descriptors, memory, ports.

pub(crate) mod database;
pub(crate) mod descriptors;
pub(crate) mod growth;
pub(crate) mod heap;
pub(crate) mod pool;
pub(crate) mod ports;
pub(crate) mod slots;
