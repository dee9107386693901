//! What a sweep has computed, on disk: the journal of its trials, the archive of earlier ones, shards and their merge.

pub mod archive;
pub mod journal;
pub mod merge;
pub mod shard;
