//! Resources that hypotheses name.

use super::Claims;
use crate::interpreter::limit_names;
use crate::language::Mistake;
use crate::language::names::Names;
use crate::language::tree::Tree;

impl Claims<'_> {
    /// Whether some of these points can be limited by a resource of this name. An axis may add or remove one, so those
    /// at both ends are asked.
    pub(super) fn can_limit(&mut self, resource: &str, points: &[usize], expect: &Tree) -> bool {
        let ends = [points.first(), points.last()].into_iter().flatten().map(|&point| &self.plan.points[point]);
        let names: Vec<String> = ends.flat_map(|point| limit_names(&point.system, &point.load)).collect();
        if names.iter().any(|name| name == resource) {
            return true;
        }
        let mut mistake = Mistake::new(format!("no resource, queue or fault of the model has the name `{resource}`"));
        if let Some(value) = expect.get("resource") {
            mistake = value.place.mark_value(mistake, "can limit nothing");
        }
        let names = Names::new(names.iter().map(String::as_str));
        self.mistakes.push(mistake.advise(names, "resource", resource));
        false
    }
}
