//! A folder with small files to run, and the program running in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A model that runs in milliseconds: M/M/1 at half of its capacity.
const MODEL: &str = r#"
title = "A counter"

[load]
kind = "open"
target = "shop.serve"
rate = "0.5/s"
warm_up = "10s"
duration = "4000s"

[stations.counter]
servers = 1

[services.shop]
runtime = "delay"

[services.shop.endpoints.serve]
steps = [{ visit = { station = "counter", time = "exp(1s)" } }]
"#;

/// Two designs at three rates.
const EXPERIMENT: &str = r#"
title = "Does a second server help?"
model = "counter.toml"
replications = 3

[axes.rate]
path = "load.rate"
values = ["0.2/s", "0.5/s", "0.8/s"]

[[variants]]
name = "one server"

[[variants]]
name = "two servers"
set = { "stations.counter.servers" = 2 }
"#;

/// A temporary folder, removed in the end.
pub struct Place(PathBuf);

impl Place {
    /// A folder with `counter.toml` and `servers.toml`.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sim-cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let place = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&place.0).expect("a temporary folder");
        place.put("counter.toml", MODEL);
        place.put("servers.toml", EXPERIMENT);
        place
    }

    /// Writes a file.
    pub fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file in the temporary folder");
    }

    /// Writes the experiment with something added.
    pub fn put_experiment(&self, name: &str, more: &str) {
        self.put(name, &format!("{EXPERIMENT}\n{more}"));
    }

    /// The path of a file here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The text of a file here.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Waits until a file here has this number of lines, as a journal has while the program runs.
    pub fn wait_for_lines(&self, name: &str, lines: usize) {
        let begin = Instant::now();
        while fs::read_to_string(self.path(name)).unwrap_or_default().lines().count() < lines {
            assert!(begin.elapsed() < Duration::from_secs(120), "{name} has no {lines} lines");
            sleep(Duration::from_millis(5));
        }
    }

    /// The names of the files in a folder here; none where there is no such folder.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The program, about to run here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        command.env_remove("COLUMNS").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TERM", "xterm");
        command
    }

    /// Runs the program here.
    pub fn sim(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().expect("the program runs").into()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(Path::new(&self.0));
    }
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    /// Checks the exit code; shows everything if it is another one.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
