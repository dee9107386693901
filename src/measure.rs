//! A load test of a real system, with the load of an experiment.
//!
//! One thread sends all requests (a tokio runtime of one thread, connections of hyper), so that its cost and its limit can be
//! seen; a second one (`clock`) wakes it at times that are more exact than those of tokio, a third one
//! (`record`) writes rows. `run` makes one run, `session` all of them: `drive` is who sends when, `exchange` one request, `pool` the
//! connections. `figures` computes from the rows what `sim import` computes from those of other tools.
//!
//! Response times are from the moment at which a request was to be sent. In an open load that is the arrival, however late
//! this program or a full set of connections was: a stall delays what comes after it, and is seen there ("coordinated
//! omission": Tene 2013, "How NOT to Measure Latency"). In a closed load a client sends when it has its answer, so there is
//! nothing to correct, and what a stall prevented from being sent is not known.

mod cause;
mod clock;
mod drive;
mod exchange;
mod figures;
mod own;
mod pool;
mod record;
mod request;
mod run;
mod session;
mod target;
mod timeline;
#[cfg(feature = "tls")]
mod tls;
mod wire;

pub use own::{Doubt, Own};
pub use run::{Ended, Unmeasured};
pub use session::{MeasuredRun, Session, rows_name};
pub use target::{Target, target};
pub use timeline::Stretch;
#[cfg(feature = "tls")]
pub use tls::Trust;
