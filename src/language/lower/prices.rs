//! Prices as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::model;

/// The highest price of an hour.
const MOST: f64 = 1e9;

impl Lowering<'_> {
    /// What the services and machines cost, once they are known.
    pub(super) fn prices(&mut self) {
        let model = self.model;
        let Some(prices) = &model.prices else { return };
        let at = At::Root.key("prices");
        self.price(at.key("replica_hour"), prices.replica_hour);
        self.price(at.key("core_hour"), prices.core_hour);
        let all = at.key("replicas");
        for (name, &price) in &prices.replicas {
            self.find(all.key(name), "service", name, model.services.iter(), "");
            self.price(all.key(name), price);
        }
        let replicas = self.system.services.iter().map(|plan| {
            let own = prices.replicas.get(&plan.name).copied().unwrap_or(prices.replica_hour);
            let cores = plan.cores.filter(|_| plan.machine.is_none()).unwrap_or_default();
            own + cores * prices.core_hour
        });
        let machines: f64 = self.system.machines.iter().map(|machine| machine.cores).sum();
        self.system.prices =
            Some(model::Prices { replicas: replicas.collect(), machines: machines * prices.core_hour });
    }

    fn price(&mut self, at: At<'_>, price: f64) {
        if !(0.0..=MOST).contains(&price) {
            let complaint = Complaint::at(at, format!("the price is {price}"), "must be between 0 and a billion");
            self.complain(complaint);
        }
    }
}
