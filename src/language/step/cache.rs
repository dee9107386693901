//! Look-ups in a cache, with the steps of a hit and of a miss.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Step;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::{At, Complaint};
use crate::language::lower::endpoint::Body;
use crate::model::{self, Op};

/// Keys of a popularity at most.
const MOST_KEYS: u32 = 1_000_000;

/// Keys of all instances of a cache together, at most: 8 bytes each.
const MOST_PLACES: u64 = 100_000_000;

/// Exponents of Zipf's law at most.
const MOST_EXPONENT: f64 = 10.0;

/// Looks a key up in a cache, and fetches it on a miss.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheStep {
    /// The cache of this service.
    pub name: String,
    /// How popular the keys are. Keys with the same number are one entry, in whichever step.
    pub key: Popularity,
    /// What is done at a hit, such as the round trip to a Redis. Without it: nothing, and it takes no time.
    #[serde(default)]
    pub hit: Vec<Step>,
    /// What is done at a miss; what it fetched is stored at its end, unless it fails.
    #[serde(default)]
    pub miss: Vec<Step>,
}

/// How popular the keys are; each request draws its key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Popularity {
    /// The k-th most popular key with a probability proportional to `1 / k^exponent` (Breslau and others 1999 saw 0.64
    /// to 0.83 in web requests).
    Zipf {
        /// Keys, a million at most.
        keys: u32,
        /// The exponent: 0 makes all keys alike, 1 is the classic law. It is 10 at most.
        exponent: f64,
    },
    /// Each key as often as the others.
    Uniform {
        /// Keys, a million at most.
        keys: u32,
    },
    /// A key that is never requested again.
    Unique,
}

/// A lookup, the steps of a hit, those of a miss.
pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &'a CacheStep) {
    let site = body.site(&format!("cache:{}", step.name)).site();
    let caches = body.service.caches.iter();
    let of_service = format!(" in service `{}`", body.service_name);
    let found = lowering.find(at.key("name"), "cache", &step.name, caches, &of_service);
    let popularity = lowering.popularity(at.key("key"), &step.key);
    let keys = lowering.system.popularities[popularity as usize].keys();
    let cache = found.map_or(0, |(cache, _)| cache);
    if found.is_some() {
        let service = &mut lowering.system.services[body.service_index as usize];
        let plan = &mut service.caches[cache as usize];
        plan.keys = plan.keys.max(keys);
        let instances = if plan.shared { 1 } else { u64::from(service.replicas) * u64::from(service.workers) };
        if instances * u64::from(keys) > MOST_PLACES {
            let title = format!("cache `{}` has {keys} keys in each of {instances} processes", step.name);
            let complaint = Complaint::at_key(at.key("key"), title, "too many to keep")
                .note("a cache has 100 million keys at most, over all processes");
            lowering.complain(complaint);
        }
    }
    lowering.emit(Op::LookUp { cache, popularity, site });
    let at_miss = lowering.next();
    lowering.emit(Op::Jump { to: 0 });
    lowering.steps(body, at.key("hit"), &step.hit);
    let after_hit = lowering.next();
    lowering.emit(Op::Jump { to: 0 });
    let miss = lowering.next();
    lowering.system.program[at_miss as usize] = Op::Jump { to: miss };
    lowering.steps(body, at.key("miss"), &step.miss);
    lowering.emit(Op::Store);
    let end = lowering.next();
    lowering.system.program[after_hit as usize] = Op::Jump { to: end };
}

impl Lowering<'_> {
    fn popularity(&mut self, at: At<'_>, written: &Popularity) -> u32 {
        let popularity = match *written {
            Popularity::Unique => model::Popularity::Unique,
            Popularity::Uniform { keys } => {
                let at = at.key("uniform");
                model::Popularity::Uniform(self.keys(at.key("keys"), keys))
            }
            Popularity::Zipf { keys, exponent } => {
                let at = at.key("zipf");
                let keys = self.keys(at.key("keys"), keys);
                if !(0.0..=MOST_EXPONENT).contains(&exponent) {
                    let title = format!("`exponent` is {exponent}");
                    self.complain(Complaint::at(at.key("exponent"), title, "must be between 0 and 10"));
                }
                match self.columns.zipf(keys, exponent.clamp(0.0, MOST_EXPONENT)) {
                    Ok(table) => model::Popularity::Zipf(table),
                    Err(all) => {
                        let title = format!("the tables of popularities have {all} keys together");
                        let label = "beyond 50 million with this one";
                        self.complain(
                            Complaint::at(at.key("keys"), title, label)
                                .help("use fewer keys, or the same `keys` and `exponent` where that is meant"),
                        );
                        model::Popularity::Unique
                    }
                }
            }
        };
        let known = self.system.popularities.iter().position(|known| is_same(known, &popularity));
        let index = known.unwrap_or_else(|| {
            self.system.popularities.push(popularity);
            self.system.popularities.len() - 1
        });
        index as u32
    }

    fn keys(&mut self, at: At<'_>, keys: u32) -> u32 {
        if keys == 0 || keys > MOST_KEYS {
            self.complain(Complaint::at(at, format!("`keys` is {keys}"), "must be between 1 and a million"));
        }
        keys.clamp(1, MOST_KEYS)
    }
}

/// Whether two popularities are the same. Tables of Zipf's law are made once, and long to compare.
fn is_same(a: &model::Popularity, b: &model::Popularity) -> bool {
    match (a, b) {
        (model::Popularity::Zipf(a), model::Popularity::Zipf(b)) => Arc::ptr_eq(a, b),
        (a, b) => a == b,
    }
}
