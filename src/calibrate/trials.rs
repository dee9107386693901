//! Trials at the sites of observations, with other numbers of the model.

use std::sync::Arc;

use super::observation::MeasuredSite;
use super::replay::replay;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::{Ranged, Workbench, success_objective};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::experiment::search::batch::Batch;
use crate::language::Mistakes;
use crate::model::Arrival;

/// Runs all replications at all sites. Replication `r` of a site meets the same random numbers with each setting.
pub struct Trials<'a> {
    /// What the points are made from.
    pub bench: &'a mut Workbench,
    /// Where trials are kept.
    pub record: &'a Record,
    /// How many trials are done.
    pub progress: &'a Progress,
    /// Points that were run: by their numbers they are found in the record.
    points: usize,
    /// Arrivals that take the place of those of the load.
    replayed: Option<Arc<[Arrival]>>,
    /// Whether replications of different sites meet different random numbers.
    is_apart: bool,
    /// Trials that failed, violated a law or were ended by a limit.
    pub doubts: Vec<String>,
    /// Whether an interrupt left trials out.
    pub is_interrupted: bool,
}

impl<'a> Trials<'a> {
    /// No trial is run yet.
    pub fn new(bench: &'a mut Workbench, record: &'a Record, progress: &'a Progress) -> Self {
        Self {
            bench,
            record,
            progress,
            points: 0,
            replayed: None,
            is_apart: false,
            doubts: Vec::new(),
            is_interrupted: false,
        }
    }

    /// All loads replay these arrivals from now on.
    pub fn replay(&mut self, arrivals: Arc<[Arrival]>) {
        self.replayed = Some(arrivals);
    }

    /// Replications of different sites meet different random numbers from now on, so that their noise averages out.
    pub fn apart(&mut self) {
        self.is_apart = true;
    }

    /// What `read` takes of the summary of each site, for each setting of the numbers; none where no trial gave figures.
    ///
    /// # Errors
    /// Where the model would be mistaken with these numbers.
    pub fn run<T: Send>(
        &mut self,
        sites: &[MeasuredSite],
        ranges: &[Ranged],
        settings: &[Vec<f64>],
        read: impl Fn(usize, &Summary) -> T,
    ) -> Result<Vec<Vec<Option<T>>>, Mistakes> {
        let mut plan = self.bench.plan().clone();
        let success = success_objective(&plan).bound();
        let objectives = plan.objectives.clone();
        plan.axes.clear();
        plan.points.clear();
        for setting in settings {
            let values: Vec<(&Ranged, f64)> = ranges.iter().zip(setting.iter().copied()).collect();
            for one in sites {
                let mut point = self.bench.point_of(&one.site, &values)?;
                if let Some(arrivals) = &self.replayed {
                    replay(&mut point, arrivals)?;
                }
                plan.points.push(point);
            }
        }
        if self.is_interrupted {
            return Ok(settings.iter().map(|_| sites.iter().map(|_| None).collect()).collect());
        }
        let first = |index: usize| if self.is_apart { (index % sites.len()) as u32 * plan.replications } else { 0 };
        let batch = Batch::run_from(&plan, 0..plan.points.len(), self.points, first, self.record, self.progress);
        self.points += plan.points.len();
        self.is_interrupted |= batch.is_interrupted;
        self.doubts.extend(batch.doubts);
        let summary = |(index, trials): (usize, &Vec<_>)| {
            Summary::of_plan(&plan, index, trials, success, &objectives)
                .map(|summary| read(index % sites.len(), &summary))
        };
        let all: Vec<Option<T>> = batch.trials.iter().enumerate().map(summary).collect();
        let mut all = all.into_iter();
        Ok(settings.iter().map(|_| all.by_ref().take(sites.len()).collect()).collect())
    }
}
