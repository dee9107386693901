//! How those who wait are served, as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::distribution::{Distribution, Shape};
use crate::language::{Discipline, Service, Shed, Station};
use crate::model::{Order, Patience, Runtime, Shedding, Waiting};

impl Lowering<'_> {
    /// Of a limit or a pool.
    pub(super) fn waiting(
        &mut self,
        at: At<'_>,
        order: Order,
        timeout: Option<&Distribution>,
        shed: Option<&Shed>,
    ) -> Waiting {
        self.known_service(at, order, "how long a holder keeps what it asks for is not known when it asks");
        let patience = self.patience(at.key("acquire_timeout"), timeout);
        let is_drawn = matches!(patience, Some(Patience::Drawn(_)));
        Waiting { order, patience, shedding: self.shedding(at, shed, is_drawn.then_some("acquire_timeout")) }
    }

    /// Of a station.
    pub(super) fn waiting_at_station(&mut self, at: At<'_>, station: &Station) -> Waiting {
        if station.discipline == Discipline::Ps {
            self.no_wait(at, station.order, station.patience.as_ref(), "with `discipline = \"ps\"` no request waits");
        }
        let patience = self.patience(at.key("patience"), station.patience.as_ref());
        let shedding = self.shedding(at, station.shed.as_ref(), patience.map(|_| "patience"));
        Waiting { order: station.order, patience, shedding }
    }

    /// Of the threads of a service.
    pub(super) fn waiting_for_thread(&mut self, at: At<'_>, service: &Service) -> Waiting {
        let (order, patience) = (service.order, service.patience.as_ref());
        match service.runtime {
            Runtime::Threads => {
                self.known_service(at, order, "how long a request keeps its thread is not known when it comes");
                if service.threads.is_none() {
                    self.no_wait(at, order, patience, "without `threads` no request waits for one");
                }
            }
            Runtime::EventLoop => {}
            Runtime::Delay => self.no_wait(at, order, patience, "with `runtime = \"delay\"` no request waits"),
        }
        let patience = self.patience(at.key("patience"), patience);
        let is_drawn = matches!(patience, Some(Patience::Drawn(_)));
        let shedding = self.shedding(at, service.shed.as_ref(), is_drawn.then_some("patience"));
        let never_waits =
            service.runtime == Runtime::Delay || service.runtime == Runtime::Threads && service.threads.is_none();
        if never_waits && shedding.is_some() {
            let title = "no request waits for a thread";
            self.complain(Complaint::at_key(at.key("shed"), title, "would have no effect").help("leave the key out"));
        }
        Waiting { order, patience, shedding }
    }

    /// Of an ingress.
    pub(super) fn waiting_at_ingress(&mut self, at: At<'_>, order: Order, has_rate: bool) -> Waiting {
        self.known_service(at, order, "an ingress does not know how long a request takes");
        if !has_rate {
            self.no_wait(at, order, None, "without `rate_limit` no request waits at an ingress");
        }
        Waiting { order, patience: None, shedding: None }
    }

    /// What drops those who wait. Not beside a patience that ends a wait by the same event, which this key has.
    fn shedding(&mut self, at: At<'_>, shed: Option<&Shed>, patience: Option<&str>) -> Option<Shedding> {
        let shed = shed?;
        let at_shed = at.key("shed");
        if let Some(key) = patience {
            let title = format!("`shed` beside this `{key}` is not supported yet");
            let complaint =
                Complaint::at_key(at_shed, title, "would end the same wait").also(at.key(key), "ends it as well");
            self.complain(
                complaint
                    .help(format!("leave one of them out, or give `{key}` of a limit, a pool or a service one length")),
            );
        }
        Some(match shed {
            Shed::Codel(codel) => {
                let at = at_shed.key("codel");
                let time = |time: Option<crate::language::Duration>, default: u64| time.map_or(default, |time| time.0);
                let (target, interval) = (time(codel.target, 5_000_000), time(codel.interval, 100_000_000));
                if target == 0 || target > interval {
                    let complaint = Complaint::at(
                        at.key("target"),
                        "`target` must be above 0 and at most `interval`",
                        if target == 0 { "is 0" } else { "is longer" },
                    );
                    self.complain(complaint.note("without them `target` is 5 ms and `interval` is 100 ms"));
                }
                Shedding::Codel { target: Time(target), interval: Time(interval) }
            }
            Shed::Late(late) => Shedding::Late(Time(late.needs.0)),
        })
    }

    fn known_service(&mut self, at: At<'_>, order: Order, why: &str) {
        if order == Order::Shortest {
            let complaint = Complaint::at(at.key("order"), why, "cannot be sorted by length")
                .help("\"shortest\" is for stations and for the executor of an event loop");
            self.complain(complaint);
        }
    }

    fn no_wait(&mut self, at: At<'_>, order: Order, patience: Option<&Distribution>, why: &str) {
        let set = [("order", order != Order::Fifo), ("patience", patience.is_some())];
        for (key, _) in set.into_iter().filter(|(_, is_set)| *is_set) {
            self.complain(Complaint::at(at.key(key), why, "would have no effect").help("leave the key out"));
        }
    }

    /// How long a token waits: a constant, which must be above zero, or a time that is drawn.
    fn patience(&mut self, at: At<'_>, patience: Option<&Distribution>) -> Option<Patience> {
        let patience = patience?;
        match patience.0 {
            Shape::Constant(time) => self.timeout(at, Some(time)).map(|Time(time)| Patience::Fixed(Time(time))),
            _ => Some(Patience::Drawn(self.draw(at, patience))),
        }
    }
}
