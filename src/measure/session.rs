//! All runs of a measurement, one after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::figures::{cut_off, figures};
use super::own::Own;
use super::record::{Heading, field};
use super::run::{Asked, Ended, Unmeasured, run};
use super::target::Target;
use super::timeline::{Stretch, stretches};
#[cfg(feature = "tls")]
use super::tls::Trust;
use crate::experiment::plan::{Measuring, Plan};
use crate::import::{Figure, Place};

/// How often a pause checks whether the user interrupts.
const TICK: Duration = Duration::from_millis(20);

/// What is measured, and how the system is loaded.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    /// The experiment.
    pub plan: &'a Plan,
    /// Its points and requests.
    pub measuring: &'a Measuring,
    /// The system.
    pub target: &'a Target,
    /// Whom TLS trusts.
    #[cfg(feature = "tls")]
    pub trust: &'a Trust,
    /// Runs of each point.
    pub replications: u32,
    /// Time between two runs, in which the system comes to rest.
    pub pause: Duration,
    /// Where the rows go.
    pub folder: &'a Path,
    /// Set when the user interrupts.
    pub interrupted: &'a AtomicBool,
}

/// One run, without its rows, which are in its file.
#[derive(Clone, Debug)]
pub struct MeasuredRun {
    /// The index of its point.
    pub point: usize,
    /// Which of the runs of this point, from 1.
    pub replication: u32,
    /// Where it is: variant and values of axes.
    pub place: Place,
    /// The file of its rows.
    pub file: PathBuf,
    /// The figures of its window: of all requests, then of each class.
    pub figures: Vec<Figure>,
    /// The course over time.
    pub stretches: Vec<Stretch>,
    /// What counts, in seconds from the start of the run.
    pub window: (f64, f64),
    /// Why it ended.
    pub ended: Ended,
    /// What it took of this program.
    pub own: Own,
    /// Connections that were opened.
    pub opened: u32,
    /// Requests that were under way when the run ended.
    pub cut_off: usize,
}

impl MeasuredRun {
    /// A figure of all requests.
    pub fn figure(&self, metric: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.metric == metric && figure.class.is_none() && figure.cause.is_none())
    }
}

impl Session<'_> {
    /// Makes the runs: each point, then each again. It ends early where a run does, and where one cannot be made: why not is
    /// with the runs before it. `begins` hears of each run: its number from 1, and its point.
    pub fn measure(&self, mut begins: impl FnMut(u64, usize)) -> (Vec<MeasuredRun>, Option<Unmeasured>) {
        let mut runs = Vec::new();
        let points = &self.measuring.points;
        let all = (0..self.replications).flat_map(|replication| points.iter().map(move |&point| (replication, point)));
        for (index, (replication, point)) in all.enumerate() {
            if index > 0 && !self.rest() {
                break;
            }
            let number = index as u64 + 1;
            begins(number, point);
            let measured = match self.one(number, replication, point) {
                Ok(measured) => measured,
                Err(reason) => return (runs, Some(reason)),
            };
            let is_over = measured.ended != Ended::Complete;
            runs.push(measured);
            if is_over {
                break;
            }
        }
        (runs, None)
    }

    /// Waits between two runs; whether the next one may begin.
    fn rest(&self) -> bool {
        let until = Instant::now() + self.pause;
        while Instant::now() < until && !self.interrupted.load(Ordering::Relaxed) {
            thread::sleep(TICK.min(until.saturating_duration_since(Instant::now())));
        }
        !self.interrupted.load(Ordering::Relaxed)
    }

    fn one(&self, number: u64, replication: u32, point: usize) -> Result<MeasuredRun, Unmeasured> {
        let of = &self.plan.points[point];
        let place = place(self.plan, point);
        let file = self.folder.join(rows_name(number));
        let variant = place.variant.as_deref().unwrap_or_default();
        let classes: Vec<String> = of.load.classes.iter().map(|class| class.name.clone()).collect();
        let heading = Heading {
            place: format!("{},{},{}", field(variant), field(&place.point()), replication + 1),
            classes: classes.clone(),
        };
        let ran = run(&Asked {
            load: &Arc::clone(&of.load),
            measure: &self.measuring.measure,
            requests: &self.measuring.requests,
            target: self.target,
            #[cfg(feature = "tls")]
            trust: self.trust,
            seed: self.plan.seed,
            replication: u64::from(replication),
            number,
            heading,
            file: file.clone(),
            interrupted: self.interrupted,
        })?;
        Ok(MeasuredRun {
            point,
            replication: replication + 1,
            place,
            file,
            figures: figures(&ran, &classes),
            stretches: stretches(&ran),
            window: ran.window,
            cut_off: cut_off(&ran.rows),
            ended: ran.ended,
            own: ran.own,
            opened: ran.opened,
        })
    }
}

/// The name of the file of a run's rows.
pub fn rows_name(number: u64) -> String {
    format!("requests-{number:03}.csv")
}

/// Variant and values of axes of a point.
fn place(plan: &Plan, point: usize) -> Place {
    let of = &plan.points[point];
    let at = plan.axes.iter().zip(&of.at).map(|(axis, &index)| (axis.name.clone(), axis.values[index].text.clone()));
    Place { variant: Some(plan.variants[of.variant].clone()), at: at.collect() }
}
