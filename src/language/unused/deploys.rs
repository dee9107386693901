//! Deploys that begin after the run has ended.

use super::Doubt;
use super::faults::end;
use crate::kernel::Time;
use crate::language::path::Path;
use crate::language::{Load, Model};

/// Each deploy that begins after the end of the run.
pub(super) fn late(model: &Model, load: Option<&Load>) -> Vec<Doubt> {
    let Some(end) = load.and_then(end) else { return Vec::new() };
    let late = model.deploys.iter().filter(|(_, deploy)| Time(deploy.at.0) >= end);
    let doubt = |name: &String| Doubt {
        path: Path::default().key("deploys").key(name).key("at"),
        title: format!("the run ends at {end}, so the deploy `{name}` has no effect"),
        help: "let the deploy begin earlier".into(),
        minor: false,
    };
    late.map(|(name, _)| doubt(name)).collect()
}
