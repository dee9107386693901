//! One run: from the first request to the last end, or to what ends it early.

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

use super::clock::Clock;
use super::drive::{Driver, Means};
use super::own::{Meter, Own};
use super::pool::Pool;
use super::record::{Heading, Recorder, Row};
use super::request::{Forms, Sender};
use super::target::Target;
#[cfg(feature = "tls")]
use super::tls::{Tls, Trust};
use super::wire::Wire;
use crate::kernel::random::name;
use crate::language::{Measure, RealRequest};
use crate::model::{Load, Pattern};

/// How often a run checks whether it is over.
const TICK: Duration = Duration::from_millis(10);

/// How long requests of a finite test may be under way, beyond the clients' time-out, while none begins or ends.
const SILENCE: Duration = Duration::from_secs(120);

/// What a run does.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Who sends, how many and when.
    pub load: &'a Arc<Load>,
    /// How the real system is loaded.
    pub measure: &'a Measure,
    /// The request of each class, in the order of the classes; one where there are none.
    pub requests: &'a [RealRequest],
    /// Where they go.
    pub target: &'a Target,
    /// Whom TLS trusts.
    #[cfg(feature = "tls")]
    pub trust: &'a Trust,
    /// The seed of arrivals, pauses and classes.
    pub seed: u64,
    /// Which of the repetitions, from 0.
    pub replication: u64,
    /// The number of the run in the measurement, from 1.
    pub number: u64,
    /// What the rows begin with.
    pub heading: Heading,
    /// Where they are written.
    pub file: PathBuf,
    /// Set when the user interrupts.
    pub interrupted: &'a AtomicBool,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Its load was over.
    Complete,
    /// The user interrupted it.
    Interrupted,
    /// This share of the last 100 requests had failed.
    Failing(f64),
    /// No request had ended for this number of seconds.
    Silent(u64),
    /// Its rows cannot be written, for this reason.
    Unwritten(String),
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Ran {
    /// All attempts, in the order in which they were due.
    pub rows: Vec<Row>,
    /// What counts, in seconds from the start of the run.
    pub window: (f64, f64),
    /// Why it ended.
    pub ended: Ended,
    /// What it took of this program.
    pub own: Own,
    /// Connections that were opened.
    pub opened: u32,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    /// There is no runtime, or no thread.
    #[error("cannot start the measurement: {0}")]
    Runtime(io::Error),
    /// The rows cannot be written.
    #[error("cannot write {0}: {1}; --output chooses another folder")]
    File(PathBuf, io::Error),
    /// A request of the `measure` table is no HTTP.
    #[error("the request of class {0} cannot be sent: its path or a header is not valid")]
    Request(u32),
    /// TLS cannot be set up.
    #[cfg(feature = "tls")]
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

/// Makes a run.
///
/// # Errors
/// Where threads cannot be started or the file of the rows cannot be made. What the target does is no error.
pub fn run(asked: &Asked) -> Result<Ran, Unmeasured> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Unmeasured::Runtime)?;
    let unwritten = |error| Unmeasured::File(asked.file.clone(), error);
    let window = asked.load.pattern.window().map(|(from, to)| (from.seconds(), to.seconds()));
    let forms = forms(asked)?;
    let clock = Clock::start().map_err(Unmeasured::Runtime)?;
    let (recorder, writer) = Recorder::start(&asked.file, &asked.heading, window).map_err(unwritten)?;
    let measure = asked.measure;
    #[cfg(feature = "tls")]
    let wire = Wire::new(asked.target.address, measure.http, tls(asked)?);
    #[cfg(not(feature = "tls"))]
    let wire = Wire::new(asked.target.address, measure.http);
    let pool = Pool::new(wire, measure.connections, measure.http, measure.max_connections);
    let means = Means { forms, pool, clock, recorder: Rc::clone(&recorder) };
    let driver = Rc::new(Driver::new(asked.load, means, asked.seed, asked.replication));

    let local = LocalSet::new();
    let meter = Meter::start();
    let ended = local.block_on(&runtime, watch(asked, Rc::clone(&driver), &recorder));
    let length = recorder.since(std::time::Instant::now()).seconds();
    // What was under way is cut off here.
    drop(local);
    let opened = driver.opened();
    let usage = meter.read();
    drop((driver, recorder));
    drop(runtime);
    // A run that ended early has measured up to there.
    let whole = |rows: &[Row]| match window {
        Some((from, to)) => (from.min(length), to.min(length)),
        None => {
            let last = rows.iter().filter(|row| !row.is_cut_off()).map(|row| row.end.seconds());
            (0.0, last.fold(0.0, f64::max))
        }
    };
    let mut span = (0.0, 0.0);
    let (rows, written) = writer.finish(|rows| {
        span = whole(rows);
        span
    });
    let ended = written.map_or_else(|error| Ended::Unwritten(error.to_string()), |()| ended);
    let own = usage.with_rows(&rows);
    Ok(Ran { rows, window: span, ended, own, opened })
}

/// The requests, tried once.
fn forms(asked: &Asked) -> Result<Forms, Unmeasured> {
    let measure = asked.measure;
    let key = name(asked.seed, asked.replication, "measured", asked.number);
    let forms = Forms::new(asked.requests, asked.target, measure.http, measure.connections, asked.number, key);
    let first = Sender { number: 0, client: 0 };
    match (0..asked.requests.len() as u32).find(|&class| forms.make(class, first).is_none()) {
        Some(class) => Err(Unmeasured::Request(class)),
        None => Ok(forms),
    }
}

#[cfg(feature = "tls")]
fn tls(asked: &Asked) -> Result<Option<Tls>, Unmeasured> {
    let target = asked.target;
    let new = || Tls::new(asked.trust, &target.host, asked.measure.http).map_err(Unmeasured::Tls);
    target.is_tls.then(new).transpose()
}

/// Lets the load run until it is over or something ends it.
async fn watch(asked: &Asked<'_>, driver: Rc<Driver>, recorder: &Recorder) -> Ended {
    let driving = spawn_local(driver.drive());
    let closes = asked.load.pattern.window().map(|(_, closes)| Duration::from_nanos(closes.0));
    let is_finite = matches!(asked.load.pattern, Pattern::Test { .. });
    let patience = asked.load.timeout.map_or(Duration::ZERO, |patience| Duration::from_nanos(patience.0));
    loop {
        tokio::time::sleep(TICK).await;
        if asked.interrupted.load(Ordering::Relaxed) {
            return Ended::Interrupted;
        }
        if let Some(reason) = recorder.unwritten() {
            return Ended::Unwritten(reason.into());
        }
        if let Some(share) = recorder.failing()
            && share >= asked.measure.stop_at_failures
            && asked.measure.stop_at_failures < 1.0
        {
            return Ended::Failing(share);
        }
        if closes.is_some_and(|closes| recorder.began().elapsed() >= closes) || is_finite && driving.is_finished() {
            return Ended::Complete;
        }
        if is_finite && recorder.silence() > SILENCE + patience {
            return Ended::Silent(recorder.silence().as_secs());
        }
    }
}
