//! Arrivals at a rate that changes: they are exactly as many as the integrated rate says, and a system without queues
//! holds as many of them as theory says.

use sim::kernel::Time;
use sim::load::{self, Times};
use sim::model::{Arrivals, Flow, Pattern, UserDraws};
use sim::parts::Limits;
use sim::statistics::Interval;

use crate::models::{Bench, bench};

fn load(keys: &str, time: &str) -> Bench {
    bench(&format!(
        "[load]\nkind = \"open\"\ntarget = \"shop.serve\"\nduration = \"60s\"\n{keys}\n\
         [services.shop]\nruntime = \"delay\"\n[services.shop.endpoints]\nserve = {{ steps = [{{ sleep = \"{time}\" }}] }}"
    ))
}

fn flow(keys: &str) -> Flow {
    match load(keys, "1ms").load.pattern {
        Pattern::Varying { flow, .. } => flow,
        other => panic!("{other:?}"),
    }
}

/// The first arrivals, evenly spaced in the integrated rate: number n comes when the integrated rate is n.
fn even(keys: &str, count: usize) -> Vec<f64> {
    let mut times = Times::new(&flow(keys), Arrivals::Constant, 1, 0);
    (0..count).map_while(|_| times.next_time()).map(Time::seconds).collect()
}

#[track_caller]
fn are(seen: &[f64], expected: &[f64]) {
    assert_eq!(seen.len(), expected.len(), "{seen:?}");
    for (seen, expected) in seen.iter().zip(expected) {
        assert!((seen - expected).abs() < 2e-9, "{seen} for {expected}");
    }
}

#[test]
fn steps_ramps_and_spikes_by_hand() {
    // One a second, from 2 s to 4 s four times that.
    let spike = "rate = \"1/s\"\nspikes = [{ at = \"2s\", length = \"2s\", factor = 4 }]";
    are(&even(spike, 12), &[1.0, 2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 3.75, 4.0, 5.0, 6.0]);
    let spike = spike.replace("factor = 4", "rate = \"2/s\"");
    are(&even(&spike, 7), &[1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0]);
    // One a second, then two, then nobody.
    let steps = "rate = \"1/s\"\ninterpolation = \"steps\"\n\
                 profile = [{ at = \"2s\", rate = \"2/s\" }, { at = \"3s\", rate = \"0/s\" }]";
    are(&even(steps, 9), &[1.0, 2.0, 2.5, 3.0]);
    // From nobody to two a second in 4 s: t^2 / 4 have come by then; then two a second.
    let ramp = "profile = [{ at = \"0s\", rate = \"0/s\" }, { at = \"4s\", rate = \"2/s\" }]";
    are(&even(ramp, 6), &[2.0, 8f64.sqrt(), 12f64.sqrt(), 4.0, 4.5, 5.0]);
    // The same down to nobody, who stays away: 4 - (4 - t)^2 / 4.
    let down = "profile = [{ at = \"0s\", rate = \"2/s\" }, { at = \"4s\", rate = \"0/s\" }]";
    are(&even(down, 6)[..3], &[4.0 - 12f64.sqrt(), 4.0 - 8f64.sqrt(), 2.0]);
    // A spike in the middle of a ramp multiplies it: t^2 / 4 to 2 s, four times as many to 3 s.
    let both = format!("{ramp}\nspikes = [{{ at = \"2s\", length = \"1s\", factor = 4 }}]");
    are(&even(&both, 6), &[2.0, 5f64.sqrt(), 6f64.sqrt(), 7f64.sqrt(), 8f64.sqrt(), 3.0]);
}

#[test]
fn a_daily_course_is_inverted_to_the_nanosecond() {
    let times = even("rate = \"10/s\"\ndiurnal = { period = \"20s\", amplitude = 0.8 }", 2_000);
    let omega = std::f64::consts::TAU / 20.0;
    for (n, t) in (1..).zip(times) {
        let integral = 10.0 * (t + 0.8 / omega * (1.0 - (omega * t).cos()));
        assert!((integral - f64::from(n)).abs() < 1e-6, "{integral} at arrival {n}");
    }
    // On a ramp, too: the integral of 2 t (1 + sin(omega t)).
    let ramp = "profile = [{ at = \"0s\", rate = \"0/s\" }, { at = \"60s\", rate = \"120/s\" }]\n\
                diurnal = { period = \"20s\", amplitude = 1.0 }";
    for (n, t) in (1..).zip(even(ramp, 3_000)) {
        let waves = 2.0 * ((omega * t).sin() / (omega * omega) - t * (omega * t).cos() / omega);
        assert!((t * t + waves - f64::from(n)).abs() < 1e-6, "{t} at arrival {n}");
    }
}

/// Counts by intervals of 3 s over a minute, and what the integral says: all within Poisson's spread.
#[track_caller]
fn counts_are_poisson(keys: &str, expected: impl Fn(f64) -> f64) {
    const RUNS: u64 = 400;
    let flow = flow(keys);
    let mut counts = [0u32; 20];
    let mut squares = [0f64; 20];
    for run in 0..RUNS {
        let mut times = Times::new(&flow, Arrivals::Poisson, 7, run);
        let mut here = [0u32; 20];
        while let Some(time) = times.next_time().filter(|time| time.seconds() < 60.0) {
            here[(time.seconds() / 3.0) as usize] += 1;
        }
        for (index, count) in here.into_iter().enumerate() {
            counts[index] += count;
            squares[index] += f64::from(count).powi(2);
        }
    }
    for (index, (&count, square)) in counts.iter().zip(squares).enumerate() {
        let from = index as f64 * 3.0;
        let mean = expected(from + 3.0) - expected(from);
        let all = mean * RUNS as f64;
        assert!((f64::from(count) - all).abs() <= 4.0 * all.sqrt(), "{count} for {all} from {from} s on");
        if mean > 0.0 {
            let seen = f64::from(count) / RUNS as f64;
            let dispersion = (square / RUNS as f64 - seen * seen) / seen;
            assert!((dispersion - 1.0).abs() < 4.0 * (2.0 / RUNS as f64).sqrt() + 0.1, "{dispersion} from {from} s on");
        }
    }
}

#[test]
fn counts_follow_the_integrated_rate() {
    counts_are_poisson("rate = \"5/s\"\nspikes = [{ at = \"10s\", length = \"7s\", rate = \"20/s\" }]", |t| {
        5.0 * t + 15.0 * (t.clamp(10.0, 17.0) - 10.0)
    });
    counts_are_poisson(
        "rate = \"2/s\"\nprofile = [{ at = \"30s\", rate = \"12/s\" }, { at = \"45s\", rate = \"0/s\" }]",
        |t| {
            let up = t.min(30.0);
            let down = t.clamp(30.0, 45.0) - 30.0;
            2.0 * up + up * up / 6.0 + 12.0 * down - 0.4 * down * down
        },
    );
    let omega = std::f64::consts::TAU / 40.0;
    counts_are_poisson("rate = \"6/s\"\ndiurnal = { period = \"40s\", amplitude = 0.9 }", |t| {
        6.0 * (t + 0.9 / omega * (1.0 - (omega * t).cos()))
    });
}

/// The index of dispersion of counts of a Markov-modulated Poisson process (Fischer and Meier-Hellstern 1993).
#[test]
fn bursts_have_the_mean_and_the_dispersion_of_theory() {
    let flow = flow("bursts = { mean_on = \"2s\", mean_off = \"6s\", on_rate = \"20/s\", off_rate = \"4/s\" }");
    let (length, runs) = (60.0, 4_000u64);
    let counts: Vec<f64> = (0..runs)
        .map(|run| {
            let mut times = Times::new(&flow, Arrivals::Poisson, 3, run);
            let mut count = 0.0;
            while times.next_time().is_some_and(|time| time.seconds() < length) {
                count += 1.0;
            }
            count
        })
        .collect();
    let mean = Interval::mean_of(&counts, 0.999).expect("counts");
    assert!(mean.contains(8.0 * length), "{mean:?}");
    let (on, off, up, down) = (20.0f64, 4.0f64, 1.0 / 6.0, 0.5);
    let both: f64 = up + down;
    let fade = 1.0 - (1.0 - (-both * length).exp()) / (both * length);
    let expected = 1.0 + 2.0 * (on - off).powi(2) * up * down / (both * both * (on * up + off * down)) * fade;
    let variance = counts.iter().map(|count| (count - mean.estimate).powi(2)).sum::<f64>() / (runs - 1) as f64;
    let seen = variance / mean.estimate;
    assert!((seen / expected - 1.0).abs() < 0.12, "{seen} for {expected}");
}

/// The number in M/M/infinity with a sinusoidal rate, from an empty start (Eick, Massey and Whitt 1993, "The physics of
/// the M_t/G/infinity queue"): the solution of m' = rate(t) - m / s. It is Poisson at every instant.
#[test]
fn a_system_without_queues_holds_what_theory_says_at_every_moment() {
    let bench = load("rate = \"10/s\"\ndiurnal = { period = \"20s\", amplitude = 0.8 }\ntimeline = \"1s\"", "exp(2s)");
    let runs = bench.replicate(11, 300);
    let (omega, mu) = (std::f64::consts::TAU / 20.0, 0.5f64);
    let mut spread = 0.0;
    for second in 1..=60 {
        let t = f64::from(second);
        let steady = 10.0 / mu * (1.0 - (-mu * t).exp());
        let waves = 8.0 * (mu * (omega * t).sin() - omega * (omega * t).cos() + omega * (-mu * t).exp())
            / (mu * mu + omega * omega);
        let expected = steady + waves;
        let level = |outcome: &sim::parts::Outcome| {
            let timeline = outcome.timeline.as_ref().expect("a timeline");
            f64::from(timeline.in_flight()[second as usize - 1])
        };
        let seen = runs.iter().map(level).sum::<f64>() / runs.len() as f64;
        let error = (seen - expected) / (expected / runs.len() as f64).sqrt();
        assert!(error.abs() < 4.0, "{seen} inside at {t} s for {expected}");
        spread += error * error;
    }
    // Neighbouring seconds see the same requests, so this is no chi-square of 60; but it is of its size.
    assert!((10.0..150.0).contains(&spread), "{spread}");
}

/// Two classes at one server: each waits alike and is served in its own time (Pollaczek and Khinchine).
#[test]
fn classes_share_a_queue_as_theory_says() {
    let bench = bench(
        r#"
        [load]
        kind = "open"
        rate = "0.4/s"
        warm_up = "2000s"
        duration = "60000s"
        [load.classes]
        short = { target = "shop.short", weight = 3 }
        long = { target = "shop.long" }
        [stations.counter]
        servers = 1
        [services.shop]
        runtime = "delay"
        [services.shop.endpoints]
        short = { steps = [{ visit = { station = "counter", time = "exp(1s)" } }] }
        long = { steps = [{ visit = { station = "counter", time = "exp(3s)" } }] }
        "#,
    );
    let runs = bench.replicate(2, 20);
    let (mean, square) = (0.75 + 0.25 * 3.0, 2.0 * (0.75 + 0.25 * 9.0));
    let wait = 0.4 * square / (2.0 * (1.0 - 0.4 * mean));
    for (index, (name, service, share)) in [("long", 3.0, 0.25), ("short", 1.0, 0.75)].into_iter().enumerate() {
        let of = |figure: fn(&sim::parts::ClassOutcome) -> f64| {
            let values: Vec<f64> = runs.iter().map(|run| figure(&run.classes[index])).collect();
            Interval::mean_of(&values, 0.99).expect("figures")
        };
        assert_eq!(runs[0].classes[index].name, name);
        let response = of(|class| class.response_times.mean().expect("successes") / 1e9);
        assert!(response.contains(wait + service), "{name}: {response:?} for {}", wait + service);
        assert!(response.relative_half_width() < 0.03, "{response:?}");
        let sent = of(|class| class.sent as f64);
        assert!(sent.contains(0.4 * share * 60_000.0), "{name}: {sent:?}");
    }
    let all: u64 = runs[0].classes.iter().map(|class| class.sent).sum();
    assert_eq!(all, runs[0].sent);
}

/// The class of a request depends on its number alone, not on the rate or the system.
#[test]
fn variants_meet_the_same_classes() {
    let classes = |rate: &str, duration: &str, steps: &str| {
        let text = format!(
            "[load]\nkind = \"open\"\nrate = \"{rate}\"\nduration = \"{duration}\"\narrivals = \"constant\"\n\
             [load.classes]\na = {{ target = \"shop.serve\" }}\nb = {{ target = \"shop.serve\", weight = 2 }}\n\
             [services.shop]\nruntime = \"delay\"\n[services.shop.endpoints]\nserve = {{ steps = [{steps}] }}"
        );
        bench(&text).run(4, 2).classes.iter().map(|class| class.sent).collect::<Vec<_>>()
    };
    // The first 999 requests, once as fast as the other time, by a system that refuses them all.
    let slow = classes("1/s", "1000s", "");
    assert_eq!(slow, classes("2/s", "500s", "{ fail = \"no\" }"));
    assert_eq!(slow.iter().sum::<u64>(), 999);
}

/// What `sim measure` sends is what a simulation of the same seed and replication sends: when, and of which class.
#[test]
fn arrivals_and_classes_without_a_simulation_are_those_of_one() {
    let trace = std::env::temp_dir().join(format!("sim-arrivals-{}.csv", std::process::id()));
    std::fs::write(&trace, "time_s\n0.5\n1\n1\n7.25\n").unwrap();
    let of_trace = format!("trace = {{ file = {trace:?} }}");
    let all = [
        "rate = \"20/s\"",
        "rate = \"20/s\"\narrivals = \"constant\"",
        "profile = [{ at = \"0s\", rate = \"1/s\" }, { at = \"40s\", rate = \"30/s\" }]",
        "bursts = { mean_on = \"2s\", mean_off = \"5s\", on_rate = \"50/s\", off_rate = \"1/s\" }",
        of_trace.as_str(),
    ];
    for keys in all {
        let bench = load(keys, "1ms");
        let (_, ends) = load::scouted(&bench.system, &bench.load, 7, 3, &Limits::default()).unwrap();
        let mut born: Vec<Time> = ends.iter().map(|tries| tries[0].born).collect();
        born.sort_unstable();
        let due = load::Arrivals::new(&bench.load.pattern, 7, 3).unwrap().map(|arrival| arrival.at);
        // Those that arrive in the last millisecond end after the window.
        let due: Vec<Time> = due.take_while(|&at| at < Time(59_999_000_000)).collect();
        assert!(due.len() > 3 && born.len() >= due.len(), "{keys}");
        assert_eq!(born[..due.len()], due, "{keys}");
    }
    std::fs::remove_file(trace).unwrap();

    let text = "[load]\nkind = \"open\"\nrate = \"20/s\"\nduration = \"60s\"\n\
        classes = { a = { target = \"shop.a\" }, b = { target = \"shop.b\", weight = 3 } }\n\
        [services.shop]\nruntime = \"delay\"\n[services.shop.endpoints]\n\
        a = { steps = [{ sleep = \"0ms\" }] }\nb = { steps = [{ sleep = \"0ms\" }] }";
    let bench = bench(text);
    let sent: u64 = bench.run(7, 3).classes.iter().map(|class| class.first_tries).sum();
    let draws = UserDraws::new(7, 3);
    let drawn = (1..=sent).filter(|&number| draws.class(&bench.load.classes, number) == 0).count();
    assert_eq!(bench.run(7, 3).classes[0].first_tries, drawn as u64);
}
