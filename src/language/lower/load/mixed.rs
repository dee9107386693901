//! Classes that each have clients or a rate of their own.

use super::{At, Complaint, PatternKind, Reading};
use crate::language::lower::distribution::variate;
use crate::language::{Arrivals, RequestClass};
use crate::model::{self, ClassSource, Pattern};

/// Keys of a class that make it a source of requests.
fn own(class: &RequestClass) -> [(&'static str, bool); 4] {
    [
        ("concurrency", class.concurrency.is_some()),
        ("think_time", class.think_time.is_some()),
        ("rate", class.rate.is_some()),
        ("arrivals", class.arrivals.is_some()),
    ]
}

impl Reading<'_> {
    /// Classes of other loads share its clients or its rate by their weights.
    pub(super) fn no_sources(&mut self) {
        for (name, class) in &self.load.classes {
            for (key, _) in own(class).into_iter().filter(|&(_, present)| present) {
                let title = format!("a class has `{key}` of its own only in a load of `kind = \"mixed\"`");
                let complaint =
                    Complaint::at_key(At::Root.key("classes").key(name).key(key), title, "would have no effect");
                let help = "write `kind = \"mixed\"`, or remove it and give the class a `weight`";
                self.complaints.push(complaint.also(At::Root.key("kind"), "").help(help));
            }
        }
    }

    /// A load of which each class has clients or a rate of its own.
    pub(super) fn mixed(&mut self) -> Pattern {
        let load = self.load;
        let kind = PatternKind {
            name: "a mixed load",
            instead: "remove it: each class has `concurrency` or `rate` of its own",
        };
        let elsewhere = [
            ("concurrency", load.concurrency.is_some()),
            ("users", load.users.is_some()),
            ("think_time", load.think_time.is_some()),
            ("spacing", load.spacing.is_some()),
            ("ramp_up", load.ramp_up.is_some()),
            ("stages", load.stages.is_some()),
            ("cool_down", load.cool_down.is_some()),
            ("before", load.before.is_some()),
        ];
        for (key, present) in elsewhere {
            self.foreign(&kind, key, present);
        }
        self.foreign_arrivals_of(&kind);
        if load.classes.is_empty() {
            let class = "shop = { target = \"front.buy\", concurrency = 20 }";
            self.missing(
                "classes",
                "a mixed load needs `classes`",
                &format!("add them, such as classes = {{ {class} }}"),
            );
        }
        let sources: Vec<ClassSource> = load.classes.iter().map(|(name, class)| self.source(name, class)).collect();
        let clients = sources.iter().filter_map(ClassSource::clients).fold(0, u32::saturating_add);
        if clients > super::MOST_CLIENTS {
            let title = format!("the classes have {clients} clients together");
            self.complaints.push(Complaint::at_key(At::Root.key("classes"), title, "must be at most 4 million"));
        }
        let duration =
            self.window("a mixed load needs a `duration`", "add `duration`, the length of the measuring window");
        Pattern::Mixed { sources, warm_up: self.steady_warm_up(), duration }
    }

    fn source(&mut self, name: &str, class: &RequestClass) -> ClassSource {
        let classes = At::Root.key("classes");
        let at = classes.key(name);
        if class.weight.is_some() {
            let title =
                "a class of a mixed load has no `weight`: its `concurrency` or `rate` says how much of it comes";
            self.complaints.push(Complaint::at_key(at.key("weight"), title, "would have no effect").help("remove it"));
        }
        let foreign = |key: &str, of: &str| {
            let title = format!("`{key}` does not belong to a class with {of}");
            Complaint::at_key(at.key(key), title, "would have no effect").help("remove it")
        };
        match (class.concurrency, class.rate) {
            (Some(count), None) => {
                self.complaints.extend(class.arrivals.map(|_| foreign("arrivals", "clients")));
                self.clients(at.key("concurrency"), count);
                let think = class.think_time.as_ref();
                let think = think.map(|it| variate(at.key("think_time"), it, self.columns, &mut self.complaints));
                ClassSource::Clients { count, think }
            }
            (None, Some(rate)) => {
                self.complaints.extend(class.think_time.as_ref().map(|_| foreign("think_time", "a `rate`")));
                let arrivals = match class.arrivals {
                    None | Some(Arrivals::Poisson) => model::Arrivals::Poisson,
                    Some(Arrivals::Constant) => model::Arrivals::Constant,
                };
                ClassSource::Arrivals { gap: 1e9 / rate.0, arrivals }
            }
            (concurrency, _) => {
                let title = "a class of a mixed load has clients (`concurrency`) or a `rate`";
                let label = if concurrency.is_some() { "has both" } else { "has neither" };
                let help = "write `concurrency = 20`, or `rate = \"2/s\"`";
                self.complaints.push(Complaint::at_key(at, title, label).help(help));
                ClassSource::Clients { count: 1, think: None }
            }
        }
    }
}
