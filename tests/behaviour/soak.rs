//! Random models by number: each is read, run under limits in events and in time on the wall, and judged by the laws.
//!
//! A test runs some hundred. `SIM_MODELS=0..10000 cargo test soak -- --nocapture` runs as many as one likes and names
//! those that fail; `SIM_MODELS=17..18` shows the one. The build for tests checks every sum for overflow, which that
//! for release does not.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use sim::load::trial;
use sim::parts::{Ending, Limits};

use crate::laws::{MOST_EVENTS, judge};
use crate::models::bench;
use crate::random_models::nth;

/// Time on the wall that a model may take.
const WALL: Duration = Duration::from_secs(20);

/// Beyond this it will not come back: what looks at the clock did not.
const HUNG: Duration = Duration::from_secs(60);

/// What went wrong with a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Panic(String),
    WallLimit,
    EventLimit,
    Law(String),
}

enum News {
    Begun(u64),
    Done(u64, Result<u64, Fault>),
}

/// Runs a model twice; tells its events.
fn run(number: u64) -> Result<u64, Fault> {
    let text = nth(number);
    let bench = bench(&text);
    let once = || {
        let limits = Limits { max_events: Some(MOST_EVENTS), deadline: Some(Instant::now() + WALL), interrupted: None };
        let outcome = trial(&bench.system, &bench.load, number, 0, &limits);
        match outcome.ending {
            Ending::OutOfTime => Err(Fault::WallLimit),
            Ending::TooManyEvents => Err(Fault::EventLimit),
            _ => Ok(outcome),
        }
    };
    let (outcome, again) = (once()?, once()?);
    judge(&bench, &outcome, &text).map_err(|error| Fault::Law(error.to_string()))?;
    if format!("{outcome:?}") != format!("{again:?}") {
        return Err(Fault::Law(format!("two runs of one seed differ\n{text}")));
    }
    Ok(outcome.events)
}

fn panic_of(panic: &(dyn std::any::Any + Send)) -> Fault {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Fault::Panic(text.unwrap_or("without words").into())
}

/// Runs a model; tells its events.
type Run = fn(u64) -> Result<u64, Fault>;

fn work(run: Run, next: &AtomicU64, end: u64, news: &Sender<News>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end || news.send(News::Begun(number)).is_err() {
            return;
        }
        let done = catch_unwind(AssertUnwindSafe(|| run(number))).unwrap_or_else(|panic| Err(panic_of(&*panic)));
        if news.send(News::Done(number, done)).is_err() {
            return;
        }
    }
}

/// Runs these models on all cores. Returns the events of those that are sound, and what is wrong with the others. The
/// threads are left alone, so that one that never comes back holds up nobody.
fn soak(models: Range<u64>, run: Run, hung: Duration) -> (u64, BTreeMap<u64, Fault>) {
    let (sender, news) = channel();
    let next = Arc::new(AtomicU64::new(models.start));
    for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
        let (next, sender) = (Arc::clone(&next), sender.clone());
        thread::spawn(move || work(run, &next, models.end, &sender));
    }
    drop(sender);
    let (mut events, mut faults, mut under_way) = (0, BTreeMap::new(), BTreeMap::new());
    loop {
        match news.recv_timeout(hung.min(Duration::from_secs(1))) {
            Ok(News::Begun(number)) => drop(under_way.insert(number, Instant::now())),
            Ok(News::Done(number, done)) => {
                under_way.remove(&number);
                match done {
                    Ok(more) => events += more,
                    Err(fault) => drop(faults.insert(number, fault)),
                }
            }
            Err(RecvTimeoutError::Disconnected) => return (events, faults),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some((&number, _)) = under_way.iter().find(|(_, begun)| begun.elapsed() > hung) {
            panic!("model {number} does not come back\n{}", nth(number));
        }
    }
}

#[test]
fn random_models_neither_panic_nor_hang_nor_break_a_law() {
    let asked = std::env::var("SIM_MODELS").unwrap_or_else(|_| "0..40".into());
    let (from, to) = asked.split_once("..").expect("SIM_MODELS=0..10000");
    are_sound(from.parse().expect("the first number")..to.parse().expect("the number after the last"));
}

#[test]
#[ignore = "long: 260 more random models"]
fn more_random_models_neither_panic_nor_hang_nor_break_a_law() {
    are_sound(40..300);
}

fn are_sound(models: Range<u64>) {
    if models.end - models.start == 1 {
        println!("{}", nth(models.start));
    }
    let begun = Instant::now();
    let (events, faults) = soak(models.clone(), run, HUNG);
    println!(
        "{} models, {events} events, {} faults in {:.0?}",
        models.end - models.start,
        faults.len(),
        begun.elapsed()
    );
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(events > 0 || models.is_empty(), "nothing was run");
}

#[test]
fn every_fault_is_told_with_its_number() {
    let run: Run = |number| match number {
        3 => panic!("three"),
        5 => Err(Fault::Law("five".into())),
        _ => Ok(number),
    };
    let (events, faults) = soak(0..8, run, HUNG);
    assert_eq!(events, 28 - 3 - 5);
    assert_eq!(faults, BTreeMap::from([(3, Fault::Panic("three".into())), (5, Fault::Law("five".into()))]));
}

#[test]
#[should_panic(expected = "model 2 does not come back")]
fn what_never_comes_back_is_named() {
    let sleeps: Run = |number| {
        if number == 2 {
            thread::sleep(Duration::from_secs(10));
        }
        Ok(number)
    };
    soak(0..4, sleeps, Duration::from_millis(200));
}
