//! Threads and limits that grow, as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Growth, Service};
use crate::model::{self, Balance, Runtime};

/// The greatest number of threads or slots of a process.
const MOST: u32 = 1_000_000;

impl Lowering<'_> {
    /// How the threads of a service grow.
    pub(super) fn growth_of_threads(&mut self, at: At<'_>, service: &Service) -> Option<model::Growth> {
        let growth = service.grow_threads.as_ref()?;
        let at = at.key("grow_threads");
        if service.runtime == Runtime::Delay {
            let title = "a service with `runtime = \"delay\"` has no threads";
            self.complain(Complaint::at_key(at, title, "would have no effect").help("leave the key out"));
            return None;
        }
        if service.runtime == Runtime::Threads && service.accept == Balance::AcceptRace && service.workers > 1 {
            let title = "`grow_threads` is not supported yet for workers that share a listening socket";
            let complaint = Complaint::at_key(at, title, "would grow in each worker");
            self.complain(complaint.help("leave `accept = \"accept-race\"` out, or `grow_threads`"));
            return None;
        }
        self.growth(at, growth, ("threads", service.threads), service.max_queue.is_some())
    }

    /// How the number under this key, which begins at `size`, grows.
    pub(super) fn growth(
        &mut self,
        at: At<'_>,
        growth: &Growth,
        (key, size): (&str, Option<u32>),
        has_bound: bool,
    ) -> Option<model::Growth> {
        let Some(size) = size else {
            let title = format!("without `{key}` there is no limit that could grow");
            self.complain(
                Complaint::at_key(at, title, "would have no effect")
                    .help(format!("write `{key}`, the number to start with")),
            );
            return None;
        };
        if !(size + 1..=MOST).contains(&growth.to) {
            let title = format!("`to` is {}, and `{key}` is {size}", growth.to);
            let label = if growth.to > size { "must be at most 1000000" } else { "must be more than that" };
            self.complain(Complaint::at(at.key("to"), title, label));
        }
        match growth.every {
            Some(every) if every.0 == 0 => {
                self.complain(Complaint::at(at.key("every"), "`every` is zero", "must be above 0"));
            }
            None if !has_bound => {
                let title = "it grows when its queue is full, which never happens without `max_queue`";
                self.complain(Complaint::at_key(at, title, "would never grow").help(
                    "add `max_queue`, the capacity of a Java executor's queue, or `every`, such as \"500ms\", the time \
                     between two looks at a pool that starves",
                ));
            }
            Some(_) | None => {}
        }
        Some(model::Growth { to: growth.to.max(size), every: growth.every.map(|every| Time(every.0)) })
    }
}
