//! Caches as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::Cache;
use crate::model::CachePlan;

impl Lowering<'_> {
    pub(super) fn cache(&mut self, at: At<'_>, name: &str, cache: &Cache) -> CachePlan {
        if let Some(size) = cache.size {
            self.at_least_one(at.key("size"), "size", size);
        }
        if cache.ttl.is_some_and(|ttl| ttl.0 == 0) {
            let complaint = Complaint::at(at.key("ttl"), "`ttl` is 0", "nothing would ever be found");
            self.complain(complaint.help("leave the key out for entries that never expire"));
        }
        CachePlan {
            name: name.into(),
            ttl: cache.ttl.map(|ttl| Time(ttl.0)),
            size: cache.size,
            shared: cache.shared,
            coalesce: cache.coalesce,
            keys: 0,
        }
    }
}
