//! The progress bar.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::experiment::run::runner::Progress;

/// How often the bar is drawn.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// Trials done, events per second, time left; on stderr, and only where that is a terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    start: Instant,
    quiet: bool,
    told: bool,
}

impl Bar {
    /// A bar, or one that is not shown.
    pub(super) fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let template = "{bar:32} {pos}/{len} trials  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self { bar, start: Instant::now(), quiet, told: false }
    }

    /// A count for as many trials as it takes, or none that is shown.
    pub(super) fn endless(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} trials  {msg}  {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, start: Instant::now(), quiet, told: false }
    }

    /// Shows how far it is.
    pub(super) fn update(&mut self, progress: &Progress) {
        let events = progress.events.load(Ordering::Relaxed) as f64 / self.start.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_message(format!("{} events/s", HumanCount(events as u64)));
        self.bar.set_length(progress.wanted.load(Ordering::Relaxed));
        self.bar.set_position(progress.trials.load(Ordering::Relaxed));
        if progress.interrupted.load(Ordering::Relaxed) && !self.told {
            self.told = true;
            let note = "interrupted: reporting the results so far; press Ctrl-C again to stop at once";
            if self.bar.is_hidden() && !self.quiet { eprint_line(note) } else { self.bar.println(note) }
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn eprint_line(text: &str) {
    use std::io::Write;
    let _ = writeln!(anstream::stderr(), "{text}");
}
