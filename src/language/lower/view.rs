//! Views as meant, and the steps that apply events to them and read them.

use super::Lowering;
use super::complaint::{At, Complaint};
use super::endpoint::Body;
use crate::language::{ProjectStep, ReadStep};
use crate::model::{Op, ViewPlan};

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
            let whose = format!(" of queue `{}`", view.queue);
            self.find(at.key("consumer"), "consumer", &view.consumer, queue.consumers.iter(), &whose);
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

    fn view(&mut self, at: At<'_>, name: &str) -> Option<u32> {
        let views = &self.model.views;
        self.find(at, "view", name, views.iter(), "").map(|(view, _)| view)
    }
}

/// A `project` step: only in the handler of the view's own consumer.
pub(super) fn project(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, step: &ProjectStep) {
    let model = lowering.model;
    if lowering.view(at.key("view"), &step.view).is_none() {
        return;
    }
    lowering.emit(Op::Project);
    let view = &model.views[&step.view];
    let consumer = model.queues.get(&view.queue).and_then(|queue| queue.consumers.get(&view.consumer));
    let Some(consumer) = consumer else { return }; // complained of at the view
    let handler = format!("{}.{}", consumer.service, consumer.endpoint);
    if handler == body.name() {
        return;
    }
    let title = format!("events of view `{}` are not handled here", step.view);
    let all = At::Root.key("views");
    let of_view = all.key(&step.view);
    let complaint = Complaint::at(at.key("view"), title, format!("would have no effect in `{}`", body.name()))
        .also(of_view.key("consumer"), format!("handles its events in `{handler}`"));
    lowering.complain(complaint);
}

/// A `read` step.
pub(super) fn read(lowering: &mut Lowering<'_>, at: At<'_>, step: &ReadStep) {
    if let Some(view) = lowering.view(at.key("view"), &step.view) {
        lowering.emit(Op::Read { view });
    }
}
