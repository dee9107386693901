//! Disks as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Disk, Service};
use crate::model::DiskPlan;

/// PostgreSQL's `commit_siblings` where nothing is said.
const DEFAULT_SIBLINGS: u32 = 5;

impl Lowering<'_> {
    /// The disk of a service.
    pub(super) fn disk(&mut self, at: At<'_>, service: &Service) -> Option<DiskPlan> {
        let Disk { fsync, group_commit, commit_delay, commit_siblings } = service.disk.as_ref()?;
        let at = at.key("disk");
        if commit_siblings.is_some() && commit_delay.is_none() {
            let title = "without `commit_delay` a flush waits for nothing";
            self.complain(Complaint::at(at.key("commit_siblings"), title, "would have no effect"));
        }
        if commit_delay.is_some() && !group_commit {
            let title = "a flush that serves one commit waits for no others";
            let complaint = Complaint::at(at.key("commit_delay"), title, "would only delay it");
            self.complain(complaint.also(at.key("group_commit"), "a flush for each commit"));
        }
        Some(DiskPlan {
            fsync: self.draw(at.key("fsync"), fsync),
            groups: *group_commit,
            delay: commit_delay.map_or(Time::ZERO, |delay| Time(delay.0)),
            siblings: commit_siblings.unwrap_or(DEFAULT_SIBLINGS),
        })
    }
}
