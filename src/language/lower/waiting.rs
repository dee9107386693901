//! How those who wait are served, as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::distribution::{Distribution, Shape};
use crate::language::{Discipline, Service, Station};
use crate::model::{Order, Patience, Runtime, Waiting};

impl Lowering<'_> {
    /// Of a limit or a pool.
    pub(super) fn waiting(&mut self, at: At<'_>, order: Order, timeout: Option<&Distribution>) -> Waiting {
        self.known_service(at, order, "how long a holder keeps what it asks for is not known when it asks");
        Waiting { order, patience: self.patience(at.key("acquire_timeout"), timeout) }
    }

    /// Of a station.
    pub(super) fn waiting_at_station(&mut self, at: At<'_>, station: &Station) -> Waiting {
        if station.discipline == Discipline::Ps {
            self.no_wait(at, station.order, station.patience.as_ref(), "with `discipline = \"ps\"` no request waits");
        }
        Waiting { order: station.order, patience: self.patience(at.key("patience"), station.patience.as_ref()) }
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
        Waiting { order, patience: self.patience(at.key("patience"), patience) }
    }

    /// Of an ingress.
    pub(super) fn waiting_at_ingress(&mut self, at: At<'_>, order: Order, has_rate: bool) -> Waiting {
        self.known_service(at, order, "an ingress does not know how long a request takes");
        if !has_rate {
            self.no_wait(at, order, None, "without `rate_limit` no request waits at an ingress");
        }
        Waiting { order, patience: None }
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
