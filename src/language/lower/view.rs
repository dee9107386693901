//! Views as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::model::ViewPlan;

impl Lowering<'_> {
    /// The views, before the steps that name them.
    pub(super) fn views(&mut self) {
        let model = self.model;
        let all = At::Root.key("views");
        let mut fed: Vec<(&str, &str, &str)> = Vec::new();
        for (name, view) in &model.views {
            let at = all.key(name);
            self.system.views.push(ViewPlan { name: name.clone() });
            let queue = self.find(at.key("queue"), "queue", &view.queue, model.queues.iter(), "");
            let Some((_, queue)) = queue else { continue };
            let of_service = format!(" of queue `{}`", view.queue);
            self.find(at.key("consumer"), "consumer", &view.consumer, queue.consumers.iter(), &of_service);
            let twin = fed.iter().find(|(_, queue, consumer)| (*queue, *consumer) == (&view.queue, &view.consumer));
            if let Some((twin, ..)) = twin {
                let title = format!("views `{twin}` and `{name}` are fed by the same consumer");
                let twin = all.key(twin);
                let complaint = Complaint::at(at.key("consumer"), title, "the second view");
                let complaint = complaint.also(twin.key("consumer"), "the first view");
                self.complain(complaint.help("give each view a consumer of its own: each gets a copy of every event"));
            }
            fed.push((name, &view.queue, &view.consumer));
        }
    }

    /// The index of a view, or a complaint.
    pub(in crate::language) fn view(&mut self, at: At<'_>, name: &str) -> Option<u32> {
        let views = &self.model.views;
        self.find(at, "view", name, views.iter(), "").map(|(view, _)| view)
    }
}
