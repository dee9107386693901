//! Queueing models with a known answer, to judge the simulator by.
//!
//! A simulator that reproduces these formulas within its confidence intervals
//! has its event loop, random streams, queues and clocks right; one that does
//! not is wrong, whatever else it shows. Everything here is exact except
//! [`bounds`], which is meant to be crossed by nothing, and [`lru_hit_ratio`].
//!
//! # Conventions
//!
//! Times are seconds, rates are per second, both as `f64`. Every time and rate
//! must lie between 10⁻¹⁰⁰ and 10¹⁰⁰, so that no product of a few of them
//! leaves the range of `f64`. A model outside its domain gives an [`Error`],
//! never NaN or infinity. "M/G/1" and the like are in Kendall's notation.
//!
//! # Sources
//!
//! * Kleinrock, *Queueing Systems*, vol. 1, Wiley 1975.
//! * Gross & Harris, *Fundamentals of Queueing Theory*, 3rd ed., Wiley 1998.
//! * Lazowska, Zahorjan, Graham & Sevcik, *Quantitative System Performance*,
//!   Prentice-Hall 1984.
//! * Reiser & Lavenberg, *Mean-Value Analysis of Closed Multichain Queuing
//!   Networks*, JACM 27, 1980.
//! * Chandy, Herzog & Woo, *Parametric Analysis of Queuing Networks*, IBM
//!   Journal of Research and Development 19, 1975.
//! * King, *Analysis of demand paging algorithms*, IFIP Congress 1971.
//! * Che, Tung & Wang, *Hierarchical web caching systems*, IEEE JSAC 20, 2002.
//! * Jung, Berger & Balakrishnan, *Modeling TTL-based Internet caches*, INFOCOM
//!   2003.
//! * Cobham, *Priority assignment in waiting line problems*, Operations Research
//!   2, 1954.
//! * Garnett, Mandelbaum & Reiman, *Designing a call center with impatient
//!   customers*, Manufacturing & Service Operations Management 4, 2002.
//! * Harchol-Balter, *Performance Modeling and Design of Computer Systems*,
//!   Cambridge 2013.

pub mod bounds;
mod cache;
mod chain;
mod erlang;
mod error;
mod general;
mod markov;
mod measures;
pub mod mva;
mod order;
mod repairman;
mod tandem;

pub use cache::{lru_hit_ratio, lru_hit_ratio_of_two, ttl_hit_ratio};
pub use erlang::{erlang_b, erlang_c};
pub use error::Error;
pub use general::{md1, mg1, mg1_ps, mg1_ps_response_of};
pub use markov::{mm_inf, mm1, mm1_response_quantile, mmc, mmc_waiting_quantile, mmc_waiting_tail, mmck};
pub use measures::Measures;
pub use order::{PriorityLevel, erlang_a, priorities};
pub use repairman::repairman;
pub use tandem::{Stage, Tandem, tandem};
