//! A culprit that was found: what it is called, what it does, and whether it limits the point.

use crate::parts::BlamePlace;

/// What is behind a point's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Culprit {
    /// As the reports name it: a resource, a service or a fault.
    pub name: String,
    /// What it does.
    pub kind: CulpritKind,
    /// The same in a sentence, without a full stop.
    pub sentence: String,
    /// Whether it is saturated: at least 95 % in use, and waited for, over the phases of the window in which an objective
    /// is missed (over the whole window where none is, of a finite test up to its last request).
    pub is_full: bool,
    /// Whether enough requests to matter fail there.
    pub fails: bool,
    /// Whether it is a CPU that a steady load uses less than half: requests wait for it, but it limits nothing.
    pub has_spare: bool,
    /// For a fault: the resource of which it keeps all units in use.
    pub through: Option<String>,
    /// What fills it that the load alone would not: `hedges of web.get`; or why there is too little of it: `late autoscaling of
    /// api`.
    pub by: Option<String>,
    /// What requests wait for nearly as long: which of the two comes first may be chance.
    pub tied: Option<String>,
    /// Whether what refuses requests, or loses their work, does so because of errors, and not for want of a resource: a
    /// breaker that errors have opened, a service with a probe that is answered with one.
    pub is_by_error: bool,
    /// What refuses requests because its holders wait for the culprit.
    pub refuser: Option<String>,
    /// Of what takes time: whether that is less than half of it.
    pub is_minor: bool,
}

impl Culprit {
    pub(super) fn new(name: String, kind: CulpritKind, sentence: String) -> Self {
        Self {
            name,
            kind,
            sentence,
            is_full: false,
            fails: false,
            has_spare: false,
            through: None,
            by: None,
            tied: None,
            is_by_error: false,
            refuser: None,
            is_minor: false,
        }
    }

    /// A load that offers less than the required throughput.
    pub(in crate::experiment) fn load(sentence: String) -> Self {
        Self::new("the load".into(), CulpritKind::TooLittleLoad, sentence)
    }

    /// A fault that keeps all units of a resource in use.
    pub(super) fn fault(name: &str, through: &BlamePlace, sentence: String) -> Self {
        let through = Some(through.name.clone());
        Self { is_full: true, through, ..Self::new(name.to_owned(), CulpritKind::Fault, sentence) }
    }

    /// What limits the point, if the culprit does: the root of the chain of waits, or what refuses. For a fault, the
    /// resource that it fills; one that only takes time limits nothing, nor does a CPU that could serve twice the load.
    pub fn limit(&self) -> Option<&str> {
        let limits = match self.kind {
            CulpritKind::TakesTime | CulpritKind::OwnError => false,
            CulpritKind::NeverAnswered | CulpritKind::Disconnects => false,
            CulpritKind::LosesWork | CulpritKind::Outage | CulpritKind::TooLittleLoad => false,
            CulpritKind::Fault => self.is_full || self.fails,
            CulpritKind::Limits => self.is_full || self.fails || !self.has_spare,
            _ => true,
        };
        limits.then(|| self.through.as_deref().unwrap_or(&self.name))
    }

    /// The same in a sentence: `query threads (fault slow-tags)`, `web ingress (web CPU), nearly as much by db CPU`.
    pub fn limit_words(&self) -> Option<String> {
        let limit = self.limit()?;
        let fault = self.through.as_ref().map(|_| self.name.as_str()).or(self.by.as_deref());
        let tied = self.tied.as_ref().map_or_else(String::new, |other| format!(", nearly as much by {other}"));
        let limit = match (self.other_refuser(limit), fault) {
            (Some(refuser), Some(fault)) => format!("{refuser} ({}, {fault})", named(limit)),
            (None, Some(fault)) => format!("{} ({fault})", named(limit)),
            (_, None) => self.with_refuser(&named(limit)),
        };
        Some(limit + &tied)
    }

    /// A name of what limits the point after that of what refuses requests because of it, if that is another resource:
    /// `web ingress (web CPU)`.
    pub fn with_refuser(&self, name: &str) -> String {
        self.other_refuser(name).map_or_else(|| name.to_owned(), |refuser| format!("{refuser} ({name})"))
    }

    /// What refuses requests, if it is not the resource of this name.
    fn other_refuser(&self, name: &str) -> Option<&str> {
        self.refuser.as_deref().filter(|refuser| self.fails && *refuser != name)
    }

    /// Whether this resource or fault limits the point.
    pub fn is_limit(&self, name: &str) -> bool {
        self.limit().is_some_and(|limit| limit == name || self.name == name)
    }

    /// Whether requests that fail do so for want of a resource: they wait for it, are refused by it, or it is lost.
    pub fn is_shortage(&self) -> bool {
        match self.kind {
            CulpritKind::Deadlock | CulpritKind::Circle | CulpritKind::Limits => true,
            CulpritKind::Contention | CulpritKind::DroppedSyns | CulpritKind::OutOfMemory => true,
            CulpritKind::Refuses | CulpritKind::Unavailable | CulpritKind::LosesWork => !self.is_by_error,
            CulpritKind::Fault => self.through.is_some() && !self.is_by_error,
            CulpritKind::OwnError | CulpritKind::NeverAnswered | CulpritKind::Disconnects => false,
            CulpritKind::TakesTime | CulpritKind::Outage | CulpritKind::TooLittleLoad => false,
        }
    }

    /// The bottleneck if the culprit is one, and what it does in a few words: what limits the point, unless it only keeps
    /// requests waiting and is not saturated.
    pub fn bottleneck(&self) -> Option<(String, String)> {
        let limit = self.limit()?;
        let words = match self.kind {
            CulpritKind::Limits if !self.is_full => return None,
            CulpritKind::Fault | CulpritKind::Contention => format!("limited by {}", self.limit_words()?),
            _ => self.cause(),
        };
        Some((limit.to_owned(), words))
    }

    /// The same as a clause with a verb: `what limits it is shop breaker rec (fault gc)`.
    pub fn clause(&self) -> String {
        match self.kind {
            CulpritKind::Fault | CulpritKind::Outage | CulpritKind::Contention => {
                let what = self.limit_words().unwrap_or_else(|| self.name.clone());
                format!("what limits it is {what}")
            }
            _ => self.cause(),
        }
    }

    /// In a few words: `user-service pool auth is saturated`.
    pub fn cause(&self) -> String {
        let name = &self.name;
        match self.kind {
            CulpritKind::Deadlock => deadlocks(name),
            CulpritKind::Circle if name.ends_with(" event loops") => {
                format!("requests that block {name} wait for others that need them")
            }
            CulpritKind::Circle => format!("requests that hold {name} wait for a second one"),
            CulpritKind::NeverAnswered => "calls through a broken client are never answered".into(),
            CulpritKind::Disconnects => {
                format!("the server closes idle connections of {name} as requests are sent over them")
            }
            CulpritKind::Refuses => agree(name, "refuses requests", "refuse requests"),
            CulpritKind::Unavailable => format!("{} is unavailable", name.trim_end_matches(" unavailable")),
            CulpritKind::OutOfMemory => {
                format!("replicas of {} are killed for want of memory", name.trim_end_matches(" memory"))
            }
            CulpritKind::Fault | CulpritKind::Outage => name.clone(),
            CulpritKind::OwnError => format!("{name} answers with an error"),
            CulpritKind::LosesWork => format!("work of {name} fails after the answer"),
            CulpritKind::Limits if name.ends_with(" throttling") => {
                format!("{} is throttled", name.trim_end_matches(" throttling"))
            }
            CulpritKind::Limits if self.is_full => agree(name, "is saturated", "are saturated"),
            CulpritKind::Limits if let Some(refuser) = self.refuser.as_ref().filter(|_| self.fails) => {
                let refuses = agree(refuser, "refuses requests", "refuse requests");
                let inside = match (refuser.ends_with(" ingress"), is_plural(refuser)) {
                    (true, _) => "those inside",
                    (_, true) => "their holders",
                    (_, false) => "its holders",
                };
                format!("{refuses} while {inside} wait for {name}")
            }
            CulpritKind::Limits if self.fails => format!("requests fail while they wait for {name}"),
            CulpritKind::Limits => format!("requests wait for {name}"),
            CulpritKind::Contention => format!("contention on {}", name.trim_end_matches(" contention")),
            CulpritKind::DroppedSyns => agree(name, "is full and drops SYNs", "are full and drop SYNs"),
            CulpritKind::TakesTime => {
                let name = with_article(name);
                match self.is_minor {
                    true => agree(&name, "takes the largest part of the time", "take the largest part of the time"),
                    false => agree(&name, "takes most of the time", "take most of the time"),
                }
            }
            CulpritKind::TooLittleLoad => format!("{name} offers too little"),
        }
    }
}

/// `app pool db deadlocks`, `app threads deadlock`.
pub fn deadlocks(resource: &str) -> String {
    agree(resource, "deadlocks", "deadlock")
}

/// A resource with the verb of one thing, or of several: `app pool db is saturated`, `app threads are saturated`.
pub fn agree(resource: &str, one: &str, several: &str) -> String {
    format!("{resource} {}", if is_plural(resource) { several } else { one })
}

/// Whether a resource is several things: `app threads`, `faults f and g`, but not `limit threads` or `app pool threads`.
pub fn is_plural(resource: &str) -> bool {
    let ends = [" threads", " connections", " event loops", " descriptors", " files", " ports"];
    let of_service = |owner: &str| !owner.contains(' ') && !["limit", "station", "fault"].contains(&owner);
    resource.starts_with("faults ") || ends.iter().any(|end| resource.strip_suffix(end).is_some_and(of_service))
}

/// A place in a sentence, with the article where its name is no name of a resource: `app threads`, `the network to db`,
/// `the sleep of app`, `db, which is unavailable`.
pub fn with_article(place: &str) -> String {
    let is_owner = |owner: &&str| !owner.contains(' ') && *owner != "station" && *owner != "limit";
    if let Some(service) = place.strip_suffix(" sleep").filter(is_owner) {
        return format!("the sleep of {service}");
    }
    if let Some(service) = place.strip_suffix(" garbage collection").filter(is_owner) {
        return format!("the garbage collection of {service}");
    }
    let is_common = ["network to ", "retry back-off of "].iter().any(|start| place.starts_with(start))
        || ["client back-off", "hedge delay"].contains(&place);
    if is_common { format!("the {place}") } else { named(place) }
}

/// What limits, after `limited by`: `app pool db`, `app, which is unavailable`.
pub fn named(limit: &str) -> String {
    limit.strip_suffix(" unavailable").map_or_else(|| limit.to_owned(), |name| format!("{name}, which is unavailable"))
}

/// What a culprit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CulpritKind {
    /// Requests hold it and wait for it, or for each other: nothing ends that.
    Deadlock,
    /// The same, but a time-out ends it.
    Circle,
    /// Calls that are never answered.
    NeverAnswered,
    /// Its kept connections are closed by the server while a request is on its way.
    Disconnects,
    /// It refuses requests: a limit, an ingress, an open breaker, a full queue.
    Refuses,
    /// No replica accepts connections.
    Unavailable,
    /// Its replicas are killed for want of memory.
    OutOfMemory,
    /// An injected fault.
    Fault,
    /// An injected fault that keeps replicas down without any request losing time to it.
    Outage,
    /// A `fail` step of the model.
    OwnError,
    /// It loses work behind the answers.
    LosesWork,
    /// It is waited for: the root of the chain of holders.
    Limits,
    /// Jobs get in each other's way.
    Contention,
    /// SYNs were dropped by a full accept queue, and sent again.
    DroppedSyns,
    /// Time that is spent there without waiting: the service's own time, the network, a back-off.
    TakesTime,
    /// The load, which offers less than the target throughput.
    TooLittleLoad,
}

impl CulpritKind {
    /// Whether it is how a sound system spends time under load: waits, contention, service.
    pub fn is_ordinary(self) -> bool {
        matches!(self, Self::Limits | Self::Contention | Self::TakesTime | Self::TooLittleLoad)
    }
}

#[cfg(test)]
mod tests {
    use super::{Culprit, CulpritKind, agree, deadlocks, named, with_article};
    use crate::parts::{BlamePlace, PlaceKind};

    /// A gateway that uses 2 % of its CPU keeps requests waiting while its quota is a fraction of a core; it limits nothing.
    #[test]
    fn a_cpu_with_spare_capacity_limits_nothing() {
        let cpu = || Culprit::new("gateway CPU".into(), CulpritKind::Limits, String::new());
        assert_eq!(cpu().limit(), Some("gateway CPU"));
        assert_eq!(Culprit { has_spare: true, ..cpu() }.limit(), None);
        assert_eq!(Culprit { has_spare: true, is_full: true, ..cpu() }.limit(), Some("gateway CPU"));
        assert_eq!(Culprit { has_spare: true, fails: true, ..cpu() }.limit(), Some("gateway CPU"));
    }

    #[test]
    fn several_threads_deadlock_and_one_pool_deadlocks() {
        let resources = ["web threads", "app pool db", "db connections"].map(deadlocks);
        assert_eq!(resources, ["web threads deadlock", "app pool db deadlocks", "db connections deadlock"]);
        let refuser = |name: &str| Culprit::new(name.into(), CulpritKind::Refuses, String::new()).cause();
        assert_eq!(refuser("db connections"), "db connections refuse requests");
        assert_eq!(refuser("a limit l"), "a limit l refuses requests");
        assert_eq!((named("a unavailable"), named("a pool p")), ("a, which is unavailable".into(), "a pool p".into()));
    }

    /// No name is taken for another's article or number.
    #[test]
    fn each_place_has_its_article_and_verb() {
        let verb = |name: &str| agree(&with_article(name), "takes", "take");
        let rows = [
            ("a threads", "a threads take"),
            ("a event loops", "a event loops take"),
            ("db connections", "db connections take"),
            ("faults f1 and f2", "faults f1 and f2 take"),
            ("limit threads", "limit threads takes"),
            ("a pool connections", "a pool connections takes"),
            ("a CPU", "a CPU takes"),
            ("network to db", "the network to db takes"),
            ("retry back-off of a.e", "the retry back-off of a.e takes"),
            ("client back-off", "the client back-off takes"),
            ("hedge delay", "the hedge delay takes"),
            ("a sleep", "the sleep of a takes"),
            ("a.e sleep", "the sleep of a.e takes"),
            ("station sleep", "station sleep takes"),
            ("payment", "payment takes"),
        ];
        rows.iter().for_each(|(name, words)| assert_eq!(verb(name), *words));
        assert_eq!(with_article("a unavailable"), "a, which is unavailable");
    }

    /// The name of a fault is no clause.
    #[test]
    fn a_clause_has_a_verb() {
        let culprit = |kind| Culprit::new("fault gc".into(), kind, String::new());
        assert_eq!(culprit(CulpritKind::Fault).clause(), "what limits it is fault gc");
        let full = BlamePlace { name: "a threads".into(), kind: PlaceKind::Threads, units: None };
        let through = Culprit::fault("fault gc", &full, String::new());
        assert_eq!(through.clause(), "what limits it is a threads (fault gc)");
        let time = || Culprit::new("a sleep".into(), CulpritKind::TakesTime, String::new());
        assert_eq!(time().clause(), "the sleep of a takes most of the time");
        assert_eq!(Culprit { is_minor: true, ..time() }.clause(), "the sleep of a takes the largest part of the time");
    }

    #[test]
    fn a_service_is_throttled() {
        let culprit =
            Culprit { is_full: true, ..Culprit::new("a throttling".into(), CulpritKind::Limits, String::new()) };
        assert_eq!(culprit.cause(), "a is throttled");
    }

    /// One in ten requests may give up while it waits for threads that are 88 % in use.
    #[test]
    fn what_failed_requests_wait_for_need_not_be_saturated() {
        let threads =
            || Culprit { fails: true, ..Culprit::new("a threads".into(), CulpritKind::Limits, String::new()) };
        assert_eq!(threads().cause(), "requests fail while they wait for a threads");
        assert_eq!(threads().bottleneck(), None);
        let refused = |by: &str| Culprit { refuser: Some(by.into()), ..threads() }.cause();
        assert_eq!(refused("web ingress"), "web ingress refuses requests while those inside wait for a threads");
        assert_eq!(refused("a pool p"), "a pool p refuses requests while its holders wait for a threads");
        let behind = Culprit { refuser: Some("web ingress".into()), ..threads() };
        assert_eq!((behind.limit(), behind.limit_words()), (Some("a threads"), Some("web ingress (a threads)".into())));
        let by_fault = |refuser: &str| {
            let threads = BlamePlace { name: "a threads".into(), kind: PlaceKind::Threads, units: None };
            let found = Culprit::fault("fault f", &threads, String::new());
            Culprit { refuser: Some(refuser.into()), fails: true, ..found }.limit_words().unwrap()
        };
        assert_eq!(
            ["web ingress", "a threads"].map(by_fault),
            ["web ingress (a threads, fault f)", "a threads (fault f)"]
        );
        let full = Culprit { is_full: true, ..threads() };
        assert_eq!(full.bottleneck(), Some(("a threads".into(), "a threads are saturated".into())));
    }
}
