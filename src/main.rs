//! `sim`: reads the arguments, does what the one command says, ends with its exit code.

use std::process::ExitCode;

use clap::Parser;
use sim::cli::{Arguments, Command, Page};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(stop) => return sim::cli::stop(&stop).into(),
    };
    let mut page = Page::terminal();
    let done = match arguments.command {
        Command::New(new) => new.run(&mut page),
        Command::Sweep(sweep) => sweep.run(&mut page),
        Command::Watch(watch) => watch.run(&mut page),
        Command::Plan(plan) => plan.run(&mut page),
        Command::Merge(merge) => merge.run(&mut page),
        Command::Run(run) => run.run(&mut page),
        Command::Knee(knee) => knee.run(&mut page),
        Command::Optimize(optimize) => optimize.run(&mut page),
        Command::Sensitivity(sensitivity) => sensitivity.run(&mut page),
        Command::Explain(explain) => explain.run(&mut page),
        Command::Metastable(metastable) => metastable.run(&mut page),
        Command::Alerts(alerts) => alerts.run(&mut page),
        Command::Measure(measure) => measure.run(&mut page),
        Command::Import(import) => import.run(&mut page),
        Command::Calibrate(calibrate) => calibrate.run(&mut page),
        Command::Compare(compare) => compare.run(&mut page),
        Command::Discriminate(discriminate) => discriminate.run(&mut page),
        Command::Scoreboard(scoreboard) => scoreboard.run(&mut page),
        Command::Digest(digest) => digest.run(&mut page),
        Command::Draw(draw) => draw.run(&mut page),
        Command::Serve(serve) => serve.run(&mut page),
        Command::Check(check) => check.run(&mut page),
        Command::Schema(schema) => schema.run(&mut page),
        Command::Reference(reference) => reference.run(&mut page),
        Command::Completions(completions) => completions.run(&mut page),
        Command::Man => sim::cli::man(&mut page),
    };
    page.close(done).into()
}
