//! The load as meant.

mod arrival;
mod clients;
mod mixed;
mod strength;
mod watch;

use super::MOST;
use super::column::Columns;
use super::complaint::{At, Complaint};
use super::distribution::variate;
use crate::kernel::{Time, Variate};
use crate::language::names::Names;
use crate::language::{Abandon, Arrivals, Distribution, Duration, Load, LoadKind, WarmUp};
use crate::model::{self, Earlier, Notice, Pattern, System};

/// Clients that a run can tell apart.
const MOST_CLIENTS: u32 = 4_000_000;

/// How long a system is left alone after a finite test, where the load does not say.
const DEFAULT_COOL_DOWN: Time = Time(120_000_000_000);

/// Turns a load as written into a load on this system, or says everything that is wrong with it. Paths are those
/// within the load.
pub fn load(load: &Load, system: &System, columns: &mut Columns) -> Result<model::Load, Vec<Complaint>> {
    let mut reading = Reading { load, columns, complaints: Vec::new() };
    let (target, classes) = reading.targets(system);
    let completion = reading.completion(system);
    let timeout = reading.length("timeout", load.timeout);
    let pattern = match (load.kind, load.users) {
        (LoadKind::Closed, Some(users)) => reading.test(users),
        (LoadKind::Closed, None) if load.stages.is_some() => reading.staged(),
        (LoadKind::Closed, None) => reading.endless(),
        (LoadKind::Open, _) => reading.open(),
        (LoadKind::Mixed, _) => reading.mixed(),
    };
    if load.kind != LoadKind::Mixed {
        reading.no_sources();
    }
    let retry = reading.retry();
    let call_rates = reading.length("call_rates", load.call_rates);
    let watch = reading.watch(&pattern, system);
    if !reading.complaints.is_empty() {
        return Err(reading.complaints);
    }
    let abandon = match load.abandon {
        Abandon::Continue => model::Abandon::Continue,
        Abandon::Cancel => model::Abandon::Cancel,
    };
    let watch::Watch { timeline, recovered_after, disturbances, faults_at_end, halted_at_end, is_calm, reference } =
        watch;
    Ok(model::Load {
        target,
        classes,
        timeout,
        abandon,
        retry,
        timeline,
        recorded: load.timeline.map(|_| model::MOST_INTERVALS),
        call_rates,
        recovered_after,
        disturbances,
        faults_at_end,
        halted_at_end,
        is_calm,
        reference,
        pattern,
        completion,
        strength: strength::strength(load),
        rate_unit: rate_unit(load),
        accounts: match load.blame {
            None => model::AccountsKept::Sampled,
            Some(true) => model::AccountsKept::All,
            Some(false) => model::AccountsKept::Off,
        },
        auto_warm_up: load.warm_up == Some(WarmUp::Auto),
    })
}

/// The unit of the first rate that a load has.
fn rate_unit(load: &Load) -> Option<model::RateUnit> {
    let of_profile = || load.profile.iter().flatten().find_map(|point| point.rate.1);
    let of_bursts = || load.bursts.as_ref().and_then(|bursts| bursts.on_rate.1);
    let of_classes = || load.classes.values().find_map(|class| Some(class.rate?.1));
    let of_file = || load.profile_from.as_ref().map(|table| unit_of(table.per));
    load.rate.map(|rate| rate.1).or_else(of_profile).or_else(of_bursts).or_else(of_file).or_else(of_classes)
}

/// The unit of rates that count the requests of each `per`.
fn unit_of(per: Option<Duration>) -> model::RateUnit {
    let seconds = per.map_or(1.0, |per| Time(per.0).seconds());
    let longer = [model::RateUnit::Hour, model::RateUnit::Minute].into_iter().find(|unit| seconds >= unit.seconds());
    longer.unwrap_or(model::RateUnit::Second)
}

struct Reading<'a> {
    load: &'a Load,
    columns: &'a mut Columns,
    complaints: Vec<Complaint>,
}

/// A kind of load and what to do with a key that does not belong to it.
struct PatternKind {
    name: &'static str,
    instead: &'static str,
}

impl Reading<'_> {
    /// How clients learn of completion.
    fn completion(&mut self, system: &System) -> Option<Notice> {
        let completion = self.load.completion.as_ref()?;
        let at = At::Root.key("completion");
        let is_endless = |plan: &&model::ConsumerPlan| plan.redelivery.is_some() && plan.max_deliveries.is_none();
        if self.load.users.is_some()
            && let Some(plan) = system.consumers.iter().find(is_endless)
        {
            let queue = &system.queues[plan.queue as usize].name;
            let title =
                "clients that wait for completion may never end, so a test with a number of `users` may not end either";
            self.complaints.push(Complaint::at_key(at, title, "waits for all messages").help(format!(
                "give consumer `{}` of queue `{queue}` a `max_deliveries`: a message that is not acknowledged in time is \
                 delivered again without end",
                plan.name
            )));
        }
        match (completion.poll, &completion.webhook) {
            (Some(every), None) => {
                if every.0 == 0 {
                    let complaint = Complaint::at(at.key("poll"), "`poll` is 0", "must be above 0");
                    self.complaints.push(complaint);
                }
                let Some(endpoint) = &completion.endpoint else {
                    let complaint = Complaint::at_key(at, "a client that polls asks an endpoint", "has no `endpoint`");
                    self.complaints.push(complaint.help("add `endpoint`, such as \"user-service.status\""));
                    return None;
                };
                let endpoint = self.endpoint(system, at.key("endpoint"), endpoint);
                Some(Notice::Poll { every: Time(every.0), endpoint })
            }
            (None, Some(time)) => {
                if completion.endpoint.is_some() {
                    let title = "a client that is called back asks no endpoint";
                    let complaint = Complaint::at(at.key("endpoint"), title, "would have no effect");
                    self.complaints.push(complaint.also(at.key("webhook"), "called back").help("remove it"));
                }
                Some(Notice::Webhook(variate(at.key("webhook"), time, self.columns, &mut self.complaints)))
            }
            (poll, _) => {
                let label = if poll.is_some() { "has both" } else { "has neither" };
                let title = "a client learns of completion by `poll` or by `webhook`";
                self.complaints.push(
                    Complaint::at_key(at, title, label)
                        .help("write { poll = \"1s\", endpoint = \"user-service.status\" } or { webhook = \"20ms\" }"),
                );
                None
            }
        }
    }

    /// The index of the endpoint with this full name.
    fn endpoint(&mut self, system: &System, at: At<'_>, text: &str) -> u32 {
        let full =
            |plan: &model::EndpointPlan| format!("{}.{}", system.services[plan.service as usize].name, plan.name);
        if let Some(index) = system.endpoints.iter().position(|plan| full(plan) == text) {
            return index as u32;
        }
        let all: Vec<String> = system.endpoints.iter().map(full).collect();
        let names = Names::new(all.iter().map(String::as_str));
        let bare = system.endpoints.iter().position(|plan| {
            plan.name == text || {
                let service = &system.services[plan.service as usize].name;
                service == text
            }
        });
        let near = bare.map(|index| all[index].as_str()).or_else(|| names.nearest(text));
        let title = format!("there is no endpoint `{text}`");
        let mut complaint = Complaint::at(at, title, "no such endpoint");
        complaint = if names.is_empty() {
            complaint.note("the model has no endpoint")
        } else {
            complaint.note(names.sentence("endpoint", text))
        };
        if let Some(near) = near {
            complaint = complaint.help(format!("did you mean `{near}`?"));
        }
        self.complaints.push(complaint);
        0
    }

    fn test(&mut self, users: u32) -> Pattern {
        let load = self.load;
        let kind = PatternKind {
            name: "a finite closed load, which ends with the last of its `users`",
            instead: "remove it, or leave out `users` for an endless load",
        };
        self.foreign(&kind, "warm_up", load.warm_up.is_some());
        self.foreign(&kind, "duration", load.duration.is_some());
        self.foreign_arrivals("a closed load");
        self.foreign(&kind, "stages", load.stages.is_some());
        self.count("users", users);
        Pattern::Test {
            concurrency: self.concurrency(),
            users,
            think: self.think(),
            spacing: self.spacing(),
            cool_down: time(load.cool_down).unwrap_or(DEFAULT_COOL_DOWN),
            before: load.before.as_ref().map(|before| {
                let table = At::Root.key("before");
                self.clients(table.key("concurrency"), before.concurrency);
                self.count_at(table.key("users"), "users", before.users);
                Earlier {
                    concurrency: before.concurrency,
                    users: before.users,
                    pause: time(before.pause).unwrap_or_default(),
                }
            }),
        }
    }

    fn endless(&mut self) -> Pattern {
        let load = self.load;
        let kind = PatternKind { name: "an endless load", instead: "remove it, or give `users` for a finite test" };
        self.foreign(&kind, "cool_down", load.cool_down.is_some());
        self.foreign(&kind, "before", load.before.is_some());
        self.foreign_arrivals("a closed load");
        Pattern::Endless {
            concurrency: self.concurrency(),
            think: self.think(),
            spacing: self.spacing(),
            warm_up: self.steady_warm_up(),
            duration: self.window(
                "an endless load needs a `duration`",
                "add `duration`, the length of the measuring window, or `users` for a finite test",
            ),
        }
    }

    fn open(&mut self) -> Pattern {
        let load = self.load;
        let kind = PatternKind { name: "an open load", instead: "remove it, or write `kind = \"closed\"`" };
        let closed = [
            ("concurrency", load.concurrency.is_some()),
            ("users", load.users.is_some()),
            ("think_time", load.think_time.is_some()),
            ("spacing", load.spacing.is_some()),
            ("ramp_up", load.ramp_up.is_some()),
            ("stages", load.stages.is_some()),
            ("cool_down", load.cool_down.is_some()),
            ("before", load.before.is_some()),
        ];
        for (key, present) in closed {
            self.foreign(&kind, key, present);
        }
        let arrivals = match load.arrivals {
            None | Some(Arrivals::Poisson) => model::Arrivals::Poisson,
            Some(Arrivals::Constant) => model::Arrivals::Constant,
        };
        if load.trace.is_some() {
            return self.trace();
        }
        if let Some(flow) = self.flow() {
            let duration =
                self.window("an open load needs a `duration`", "add `duration`, the length of the measuring window");
            return Pattern::Varying { flow, arrivals, warm_up: self.warm_up(), duration };
        }
        if load.rate.is_none() {
            self.missing("rate", "an open load needs a `rate`", "add `rate`, such as \"9/s\" or \"540/min\"");
        }
        Pattern::Open {
            gap: 1e9 / load.rate.map_or(1.0, |rate| rate.0),
            arrivals,
            warm_up: self.steady_warm_up(),
            duration: self
                .window("an open load needs a `duration`", "add `duration`, the length of the measuring window"),
        }
    }

    /// The warm-up of a load that changes, which must be written.
    fn warm_up(&mut self) -> Time {
        if self.load.warm_up == Some(WarmUp::Auto) {
            let title = "a load that changes has no warm-up that could be found";
            let complaint = Complaint::at(At::Root.key("warm_up"), title, "must be a duration");
            self.complaints.push(complaint.help("write how long, such as \"30s\", or leave it out"));
        }
        self.steady_warm_up()
    }

    /// The warm-up of a load that does not change; none yet where pilot runs will find it.
    fn steady_warm_up(&self) -> Time {
        match self.load.warm_up {
            Some(WarmUp::For(duration)) => Time(duration.0),
            Some(WarmUp::Auto) | None => Time::ZERO,
        }
    }

    fn foreign(&mut self, kind: &PatternKind, key: &str, present: bool) {
        if present {
            let title = format!("`{key}` does not belong to {}", kind.name);
            let complaint = Complaint::at_key(At::Root.key(key), title, "would have no effect");
            let is_test = self.load.kind == LoadKind::Closed && self.load.users.is_some();
            let of_kind = if is_test { "users" } else { "kind" };
            self.complaints.push(complaint.also(At::Root.key(of_kind), "").help(kind.instead));
        }
    }

    fn foreign_arrivals(&mut self, name: &'static str) {
        self.foreign_arrivals_of(&PatternKind { name, instead: "remove it, or write `kind = \"open\"`" });
    }

    fn foreign_arrivals_of(&mut self, kind: &PatternKind) {
        self.foreign(kind, "rate", self.load.rate.is_some());
        self.foreign(kind, "arrivals", self.load.arrivals.is_some());
        self.foreign(kind, "profile", self.load.profile.is_some());
        self.foreign(kind, "profile_from", self.load.profile_from.is_some());
        self.foreign(kind, "interpolation", self.load.interpolation.is_some());
        self.foreign(kind, "spikes", self.load.spikes.is_some());
        self.foreign(kind, "diurnal", self.load.diurnal.is_some());
        self.foreign(kind, "bursts", self.load.bursts.is_some());
        self.foreign(kind, "trace", self.load.trace.is_some());
    }

    fn missing(&mut self, key: &str, title: &str, help: &str) {
        self.complaints
            .push(Complaint::at_key(At::Root.key(key), title, "`".to_owned() + key + "` is missing").help(help));
    }

    fn window(&mut self, title: &str, help: &str) -> Time {
        match self.load.duration {
            None => {
                self.missing("duration", title, help);
                Time::ZERO
            }
            some => self.length("duration", some).unwrap_or_default(),
        }
    }

    /// A length of time that must not be zero.
    fn length(&mut self, key: &str, value: Option<Duration>) -> Option<Time> {
        if value == Some(Duration(0)) {
            let title = format!("`{key}` is 0");
            self.complaints.push(Complaint::at(At::Root.key(key), title, "must be above 0"));
        }
        time(value)
    }

    fn concurrency(&mut self) -> u32 {
        match self.load.concurrency {
            None => {
                self.missing(
                    "concurrency",
                    "a closed load needs a `concurrency`",
                    "add `concurrency`, the number of clients at work at the same time, or vary it by an axis",
                );
                1
            }
            Some(count) => {
                self.clients(At::Root.key("concurrency"), count);
                count
            }
        }
    }

    fn clients(&mut self, at: At<'_>, value: u32) {
        if value > MOST_CLIENTS {
            let title = format!("`concurrency` is {value}");
            self.complaints.push(Complaint::at(at, title, "must be at most 4 million"));
        } else {
            self.count_at(at, "concurrency", value);
        }
    }

    fn count(&mut self, key: &str, value: u32) {
        self.count_at(At::Root.key(key), key, value);
    }

    fn count_at(&mut self, at: At<'_>, key: &str, value: u32) {
        if value == 0 {
            self.complaints.push(Complaint::at(at, format!("`{key}` is 0"), "must be at least 1"));
        } else if value > MOST {
            self.complaints.push(Complaint::at(at, format!("`{key}` is {value}"), "must be at most 10 million"));
        }
    }

    fn think(&mut self) -> Option<Variate> {
        let lower =
            |written: &Distribution| variate(At::Root.key("think_time"), written, self.columns, &mut self.complaints);
        self.load.think_time.as_ref().map(lower)
    }
}

fn time(duration: Option<Duration>) -> Option<Time> {
    duration.map(|duration| Time(duration.0))
}
