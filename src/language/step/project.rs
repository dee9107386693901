//! Events that are applied to a view.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::model::Op;

/// Applies the event that this handler of the view's consumer handles; once, if it is handled again after a failure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectStep {
    /// The view, a key of `[views]`.
    pub view: String,
}

/// Only in the handler of the view's own consumer.
pub(super) fn compile(lowering: &mut Lowering<'_>, body: &mut Body<'_>, at: At<'_>, step: &ProjectStep) {
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
