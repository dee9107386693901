//! A run is a function of its seed, and designs that are compared meet the same requests.

use std::io::Write as _;
use std::path::PathBuf;

use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::runner::{self, Trials};
use sim::interpreter::{Ended, Source, World};
use sim::kernel::Time;
use sim::parts::{Ending, Limits};

use crate::models::bench;

fn plan(path: &str, adjustments: &Adjustments) -> Plan {
    Plan::read(path.as_ref(), adjustments).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn run_on(threads: usize, plan: &Plan) -> Trials {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| runner::run(plan, &runner::Progress::default()))
}

/// Every figure of every trial. The debug form of a float names its bits, so equal texts are equal bits.
fn figures(trials: &Trials) -> Vec<String> {
    assert!(trials.failed.is_empty() && trials.skipped == 0);
    trials.done.iter().map(|trial| format!("{trial:?}")).collect()
}

/// A sweep over variants and loads, collapsed points and stuck ones among them.
fn sweep(seed: Option<u64>) -> Plan {
    let adjustments = Adjustments::default().replications(2);
    let adjustments = seed.map_or(adjustments.clone(), |seed| adjustments.seed(seed));
    plan("experiments/seed.toml", &adjustments)
}

#[test]
fn the_number_of_threads_does_not_show_in_any_figure() {
    let plan = sweep(None);
    let (one, four) = (figures(&run_on(1, &plan)), figures(&run_on(4, &plan)));
    assert_eq!(one.len(), plan.points.len() * 2);
    assert_eq!(one, four);
}

#[test]
fn the_same_seed_gives_the_same_figures_and_another_seed_others() {
    let seed = |seed| figures(&run_on(2, &sweep(Some(seed))));
    let first = seed(7);
    assert_eq!(first, seed(7));
    let other = seed(8);
    assert!(first.iter().zip(&other).all(|(a, b)| a != b));
}

#[test]
fn replications_differ() {
    let bench = bench(&queue("", "{ visit = { station = \"counter\", time = \"exp(1s)\" } }"));
    assert_ne!(bench.run(1, 0).response_times, bench.run(1, 1).response_times);
    assert_eq!(bench.run(1, 0).response_times, bench.run(1, 0).response_times);
}

fn queue(stations: &str, steps: &str) -> String {
    format!(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "0.5/s"
        duration = "2000s"
        [stations.counter]
        {stations}
        [services.db]
        runtime = "delay"
        [services.back]
        runtime = "delay"
        [services.back.endpoints]
        work = {{ steps = [{{ sleep = "exp(20ms)" }}] }}
        [services.shop]
        runtime = "delay"
        [services.shop.limits.gate]
        size = 1000
        [services.shop.clients.back]
        server = "back"
        [services.shop.pools.main]
        server = "db"
        min_size = 1000
        max_size = 1000
        reset_on_release = false
        [services.shop.endpoints]
        serve = {{ steps = [{steps}] }}
        "#
    )
}

/// A request every second, by number, and how long it took.
struct Clock {
    left: u32,
    times: Vec<(u32, Time)>,
}

impl Source for Clock {
    fn event(&mut self, world: &mut World, number: u32) {
        world.send(number);
        self.left -= 1;
        if self.left > 0 {
            world.schedule(Time(1_000_000_000), number + 1);
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        self.times.push((ended.client, world.now()));
    }
}

/// When each of 200 requests ended, one a second from 0 on.
fn ends(steps: &str) -> Vec<u64> {
    let bench = bench(&queue("", steps));
    let mut world = World::new(&bench.system, &bench.load, 11, 0);
    world.schedule(Time::ZERO, 0);
    let mut clock = Clock { left: 200, times: Vec::new() };
    assert_eq!(world.run(&mut clock, &Limits::default()), Ending::Quiet);
    clock.times.sort_by_key(|&(number, _)| number);
    assert_eq!(clock.times.len(), 200);
    clock.times.iter().map(|&(_, at)| at.0).collect()
}

fn differences(one: &[u64], other: &[u64]) -> Vec<u64> {
    one.iter().zip(other).map(|(a, b)| b - a).collect()
}

const HASH: &str = "{ cpu = \"exp(100ms)\" }";
const SLEEP: &str = "{ sleep = { lognormal = { mean = \"50ms\", cv = 1.0 } } }";
const QUERY: &str = "{ query = { pool = \"main\", time = \"exp(30ms)\" } }";
const CALL: &str = "{ call = { client = \"back\", endpoint = \"work\" } }";
const VISIT: &str = "{ visit = { station = \"counter\", time = \"exp(10ms)\" } }";

/// Requests do not meet each other here, so a response time is the sum of its steps' draws, whatever their order.
#[test]
fn a_step_draws_the_same_wherever_it_stands() {
    let one = ends(&[HASH, SLEEP, QUERY, CALL].join(","));
    let other = ends(&[CALL, QUERY, SLEEP, HASH].join(","));
    assert_eq!(one, other);
}

#[test]
fn another_step_leaves_the_draws_of_all_others() {
    let steps = [HASH, SLEEP, QUERY, CALL];
    let base = ends(&steps.join(","));
    for place in 0..=4 {
        let mut more = steps.to_vec();
        more.insert(place, VISIT);
        let visits = differences(&base, &ends(&more.join(",")));
        assert_eq!(visits, differences(&vec![0; 200], &alone(VISIT)), "visit at {place}");
        let mut gated = steps.to_vec();
        let nested = format!("{{ with = {{ limit = \"gate\", steps = [{}] }} }}", steps[place.min(3)]);
        gated[place.min(3)] = &nested;
        assert_eq!(base, ends(&gated.join(",")), "gate around {place}");
    }
}

/// The response times of requests that do only this.
fn alone(step: &str) -> Vec<u64> {
    ends(step).iter().zip(0..).map(|(end, number)| end - number * 1_000_000_000).collect()
}

#[test]
fn a_change_to_a_later_step_leaves_the_draws_of_the_earlier() {
    let base = ends(&[HASH, SLEEP].join(","));
    let slower = ends(&[HASH, "{ sleep = \"400ms\" }"].join(","));
    let sleeps = alone(SLEEP);
    let hashes: Vec<u64> = base.iter().zip(&sleeps).map(|(end, sleep)| end - sleep).collect();
    assert_eq!(differences(&hashes, &slower), vec![400_000_000; 200]);
}

/// The same uniform number behind a step with another mean: the draws are in proportion.
#[test]
fn a_step_of_another_mean_draws_in_proportion() {
    for (one, twice) in alone("{ sleep = \"exp(100ms)\" }").into_iter().zip(alone("{ sleep = \"exp(200ms)\" }")) {
        assert!((twice as i64 - 2 * one as i64).abs() <= 2, "{one} and {twice}");
    }
}

#[test]
fn two_steps_of_one_kind_draw_independently() {
    let (first, both) = (alone(SLEEP), alone(&[SLEEP, SLEEP].join(",")));
    let seconds = differences(&first, &both);
    assert!(first.iter().zip(&seconds).all(|(a, b)| a != b));
}

#[test]
fn the_rounds_of_a_repeat_draw_independently() {
    let round = |times| alone(&format!("{{ repeat = {{ times = {times}, steps = [{SLEEP}] }} }}"));
    let (one, two, three) = (round(1), round(2), round(3));
    assert_eq!(one, alone(SLEEP));
    let (second, third) = (differences(&one, &two), differences(&two, &three));
    assert!(one.iter().zip(&second).all(|(a, b)| a != b) && second.iter().zip(&third).all(|(a, b)| a != b));
}

#[test]
fn more_rounds_of_a_repeat_leave_the_draws_after_it() {
    let rounds =
        |times, after: &str| alone(&format!("{{ repeat = {{ times = {times}, steps = [{SLEEP}] }} }} {after}"));
    let after = |times| differences(&rounds(times, ""), &rounds(times, &format!(", {HASH}")));
    assert_eq!(after(1), alone(HASH));
    assert_eq!(after(1), after(2));
}

/// A design that guards a step, or runs it beside others, meets the same draws; so does what comes after it.
#[test]
fn guards_leave_the_draws_of_what_they_guard() {
    let base = ends(&[HASH, SLEEP, QUERY].join(","));
    for guard in [
        "retry = { attempts = 3, steps = [STEP] }",
        "timeout = { after = \"1h\", steps = [STEP] }",
        "fallback = { steps = [STEP], otherwise = [] }",
        "hedge = { after = \"1h\", steps = [STEP] }",
        "parallel = { branches = [[STEP], []] }",
    ] {
        let guarded = format!("{{ {} }}", guard.replace("STEP", SLEEP));
        assert_eq!(ends(&[HASH, &guarded, QUERY].join(",")), base, "{guard}");
    }
    // A failed attempt draws for itself: those after it draw as if it had not been.
    let fails =
        "{ retry = { attempts = 3, steps = [{ choose = [{ probability = 0.5, steps = [{ fail = \"no\" }] }] }] } }";
    let caught = format!("{{ fallback = {{ steps = [{fails}], otherwise = [] }} }}");
    assert_eq!(ends(&[HASH, &caught, SLEEP, QUERY].join(",")), base);
}

/// The arrivals do not depend on what the requests do.
#[test]
fn designs_meet_the_same_arrivals() {
    let file = |name: &str, servers: u32| {
        let text = queue(&format!("servers = {servers}"), VISIT);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("a temporary file");
        let plan = plan(path.to_str().expect("a path"), &Adjustments::default().replications(4));
        run_on(2, &plan).done
    };
    for (one, two) in file("one-server.toml", 1).iter().zip(&file("two-servers.toml", 2)) {
        assert_eq!(one.resources[one.resources.len() - 1].visits, two.resources[two.resources.len() - 1].visits);
        assert!(one.mean_s > two.mean_s);
    }
}

/// Everything that a load draws is named: classes, arrivals, bursts, back-offs.
#[test]
fn loads_that_change_are_the_same_on_any_number_of_threads() {
    let path = std::env::temp_dir().join(format!("sim-loads-{}.toml", std::process::id()));
    let rest = "[stations.counter]\nservers = 1\n[services.shop]\nruntime = \"delay\"\n[services.shop.endpoints]\n\
                serve = { steps = [{ visit = { station = \"counter\", time = \"exp(100ms)\" } }] }\n\
                look = { steps = [{ visit = { station = \"counter\", time = \"exp(20ms)\" } }] }";
    for flow in [
        "rate = \"6/s\"\nspikes = [{ at = \"5s\", length = \"5s\", factor = 5 }]\ndiurnal = { period = \"20s\", amplitude = 0.3 }",
        "bursts = { mean_on = \"2s\", mean_off = \"4s\", on_rate = \"30/s\", off_rate = \"2/s\" }",
    ] {
        let load = format!(
            "[load]\nkind = \"open\"\ntimeout = \"1s\"\nduration = \"40s\"\ntimeline = \"1s\"\n\
             retry = {{ attempts = 3, backoff = \"300ms\", budget = 0.5 }}\n{flow}\n\
             [load.classes]\nserve = {{ target = \"shop.serve\", weight = 3 }}\nlook = {{ target = \"shop.look\" }}\n"
        );
        std::fs::write(&path, format!("{load}{rest}")).expect("a file");
        let plan = plan(path.to_str().expect("a path"), &Adjustments::default().replications(6));
        let (one, four) = (figures(&run_on(1, &plan)), figures(&run_on(4, &plan)));
        assert_eq!(one, four);
        assert_ne!(one[0], one[1]);
    }
    std::fs::remove_file(path).expect("the file");
}
