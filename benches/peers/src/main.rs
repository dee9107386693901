//! The same two queueing models in several simulators, to compare their speed in one run.

mod floor;
mod model;
mod peer_desru;
mod peer_nexosim;
mod peer_nexosim_one;
mod peer_odem;
mod peer_simcore;
mod peer_simu;
mod sim_itself;

use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use serde::{Deserialize, Serialize};

use crate::model::{Outcome, Pool};

/// Runs the models and prints how many customers or cycles each simulator completes in a second.
///
/// A round runs each implementation once, one after the other; the speed is that of the best
/// round, and the ratio to the floor is the median over the rounds of the ratio within a round,
/// so that a slow spell of the machine touches both sides.
#[derive(Parser)]
struct Args {
    /// Run only those whose `model/simulator` contains one of these; all without any (the floor
    /// always runs, for the ratio)
    filters: Vec<String>,
    /// Print JSON lines instead of a table
    #[arg(long)]
    json: bool,
    /// Rounds
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Customers of the M/M/1 queue
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    customers: u64,
    /// Cycles of the pool network
    #[arg(long, default_value_t = 400_000, value_parser = clap::value_parser!(u64).range(1..))]
    cycles: u64,
    /// Customers of the M/M/1 queue in SimPy
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    simpy_customers: u64,
    /// Cycles of the pool network in SimPy
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    simpy_cycles: u64,
    /// Servers of station C of the pool network
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    c_servers: u64,
    /// Python with SimPy; without SimPy its rows are left out
    #[arg(long, default_value = "python3", env = "PEERS_PYTHON")]
    python: String,
}

/// A row of the output.
#[derive(Serialize)]
struct Row {
    model: &'static str,
    simulator: &'static str,
    /// Completed units per second of wall time, in the best round.
    units_per_second: f64,
    /// Speed relative to the floor: median of the rounds.
    vs_floor: f64,
    /// Mean response or cycle time in simulated seconds.
    mean: f64,
    /// Completed units per simulated second.
    throughput: f64,
    units: u64,
    rounds: usize,
}

/// One implementation of one model.
struct Entry<'a> {
    model: &'static str,
    simulator: &'static str,
    run: Box<dyn Fn() -> Result<Timed, String> + 'a>,
    speeds: Vec<f64>,
    outcome: Outcome,
}

/// A run with its wall time in seconds.
#[derive(Deserialize)]
struct Timed {
    #[serde(flatten)]
    outcome: Outcome,
    wall: f64,
}

impl<'a> Entry<'a> {
    fn new(model: &'static str, simulator: &'static str, run: impl Fn() -> Result<Timed, String> + 'a) -> Self {
        Entry { model, simulator, run: Box::new(run), speeds: Vec::new(), outcome: Outcome::default() }
    }

    fn is_wanted(&self, filters: &[String]) -> bool {
        let name = format!("{}/{}", self.model, self.simulator);
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    fn run(&mut self) -> Result<(), String> {
        let Timed { outcome, wall } = (self.run)()?;
        if outcome.timeouts > 0 {
            let (model, simulator) = (self.model, self.simulator);
            return Err(format!("{model}/{simulator}: a client timed out"));
        }
        self.speeds.push(outcome.units as f64 / wall);
        self.outcome = outcome;
        Ok(())
    }

    fn row(&self, floor: &Entry) -> Row {
        let ratios = self.speeds.iter().zip(&floor.speeds).map(|(a, b)| a / b);
        Row {
            model: self.model,
            simulator: self.simulator,
            units_per_second: self.speeds.iter().copied().fold(0.0, f64::max),
            vs_floor: median(ratios.collect()),
            mean: self.outcome.mean(),
            throughput: self.outcome.throughput(),
            units: self.outcome.units,
            rounds: self.speeds.len(),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 }
}

/// An implementation in this program.
fn here(run: impl Fn() -> Outcome) -> impl Fn() -> Result<Timed, String> {
    move || {
        let begun = Instant::now();
        let outcome = run();
        let wall = begun.elapsed().as_secs_f64();
        Ok(Timed { outcome, wall })
    }
}

/// The implementation in SimPy, which takes its wall time itself.
fn simpy(args: &Args, model: &str, size: &[u64]) -> Result<Timed, String> {
    let output = Command::new(&args.python)
        .arg("-c")
        .arg(include_str!("../simpy_models.py"))
        .arg(model)
        .args(size.iter().map(u64::to_string))
        .output()
        .map_err(|error| format!("{}: {error}", args.python))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

fn has_simpy(python: &str) -> bool {
    Command::new(python).args(["-c", "import simpy"]).output().is_ok_and(|output| output.status.success())
}

fn entries(args: &Args) -> Vec<Entry<'_>> {
    let customers = args.customers;
    let pool = Pool { cycles: args.cycles, c_servers: args.c_servers as usize };
    let mut entries = vec![
        Entry::new("mm1", "floor", here(move || floor::mm1(customers))),
        Entry::new("mm1", "desru", here(move || peer_desru::mm1(customers))),
        Entry::new("mm1", "nexosim", here(move || peer_nexosim::mm1(customers))),
        Entry::new("mm1", "nexosim-one", here(move || peer_nexosim_one::mm1(customers))),
        Entry::new("mm1", "odem-rs", here(move || peer_odem::mm1(customers))),
        Entry::new("mm1", "simcore", here(move || peer_simcore::mm1(customers))),
        Entry::new("mm1", "simu-des", here(move || peer_simu::mm1(customers))),
        Entry::new("mm1", "sim", here(move || sim_itself::mm1(customers))),
        Entry::new("mm1", "simpy", || simpy(args, "mm1", &[args.simpy_customers])),
        Entry::new("pool", "floor", here(move || floor::pool(pool))),
        Entry::new("pool", "desru", here(move || peer_desru::pool(pool))),
        Entry::new("pool", "nexosim", here(move || peer_nexosim::pool(pool))),
        Entry::new("pool", "nexosim-one", here(move || peer_nexosim_one::pool(pool))),
        Entry::new("pool", "odem-rs", here(move || peer_odem::pool(pool))),
        Entry::new("pool", "simcore", here(move || peer_simcore::pool(pool))),
        Entry::new("pool", "simu-des", here(move || peer_simu::pool(pool))),
        Entry::new("pool", "sim", here(move || sim_itself::pool(pool))),
        Entry::new("pool", "simpy", || simpy(args, "pool", &[args.simpy_cycles, args.c_servers])),
    ];
    let wanted: Vec<_> =
        entries.iter().filter(|entry| entry.is_wanted(&args.filters)).map(|entry| entry.model).collect();
    entries
        .retain(|entry| entry.is_wanted(&args.filters) || entry.simulator == "floor" && wanted.contains(&entry.model));
    if entries.iter().any(|entry| entry.simulator == "simpy") && !has_simpy(&args.python) {
        eprintln!("{} has no SimPy: its rows are left out", args.python);
        entries.retain(|entry| entry.simulator != "simpy");
    }
    entries
}

fn measure(args: &Args) -> Result<Vec<Row>, String> {
    let mut entries = entries(args);
    if entries.is_empty() {
        return Err("nothing has such a name".to_owned());
    }
    for _ in 0..args.rounds {
        for entry in &mut entries {
            entry.run()?;
        }
    }
    let floor = |entry: &Entry| {
        entries
            .iter()
            .find(|floor| floor.simulator == "floor" && floor.model == entry.model)
            .expect("the floor always runs")
    };
    Ok(entries.iter().map(|entry| entry.row(floor(entry))).collect())
}

fn print_table(rows: &[Row]) {
    println!("model  simulator     units/s  vs floor      mean  throughput      units");
    for row in rows {
        println!(
            "{:<5}  {:<11} {:>9.0}  {:>8.4}  {:>8.4}  {:>10.4}  {:>9}",
            row.model, row.simulator, row.units_per_second, row.vs_floor, row.mean, row.throughput, row.units,
        );
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let rows = match measure(&args) {
        Ok(rows) => rows,
        Err(error) => {
            eprintln!("peers: {error}");
            return ExitCode::FAILURE;
        }
    };
    if args.json {
        for row in &rows {
            println!("{}", serde_json::to_string(row).expect("a plain row"));
        }
    } else {
        print_table(&rows);
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `a` is within `percent` % of `b`.
    fn is_near(a: f64, b: f64, percent: f64) -> bool {
        (a / b - 1.0).abs() < percent / 100.0
    }

    #[test]
    fn all_agree() {
        for (c_servers, throughput) in [("2", 50.0), ("4", 80.0)] {
            let args = Args::parse_from([
                "peers",
                "--rounds=1",
                "--customers=400000",
                "--cycles=80000",
                "--python=",
                "--c-servers",
                c_servers,
            ]);
            for row in measure(&args).expect("all run") {
                let (model, simulator) = (row.model, row.simulator);
                let (agrees, expected) = match model {
                    "mm1" => (is_near(row.throughput, 0.8, 1.0) && is_near(row.mean, 5.0, 8.0), args.customers),
                    _ => (
                        is_near(row.throughput, throughput, 1.0) && is_near(row.mean, 200.0 / throughput, 1.0),
                        args.cycles,
                    ),
                };
                assert!(
                    agrees && row.units == expected,
                    "{model}/{simulator}: {} a second, mean {}",
                    row.throughput,
                    row.mean,
                );
            }
        }
    }

    #[test]
    fn median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
