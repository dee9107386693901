//! Hand-worked timelines: what is recorded of a run where the load has `timeline`.

use sim::parts::{Areas, Level, MarkKind, Recording};

use super::*;

/// What was recorded, and the length of its intervals in milliseconds.
fn recorded(outcome: &Outcome) -> (&Recording, f64) {
    let timeline = outcome.timeline.as_ref().expect("a timeline");
    (timeline.recording.as_ref().expect("a recording"), timeline.length.0 as f64 / 1e6)
}

fn level<'o>(outcome: &'o Outcome, name: &str) -> &'o Level {
    let (recording, _) = recorded(outcome);
    recording.levels.iter().find(|level| level.name == name).unwrap_or_else(|| panic!("{:?}", recording.levels))
}

/// Means over the intervals, all of which are whole.
pub(super) fn means(outcome: &Outcome, name: &str, figure: fn(&Areas) -> f64) -> Vec<f64> {
    let (_, length) = recorded(outcome);
    let mean = |areas: &Areas| (figure(areas) / (length * 1e6) * 1e6).round() / 1e6;
    level(outcome, name).areas.iter().map(mean).collect()
}

/// When what happened to what.
pub(super) fn marks(outcome: &Outcome) -> Vec<(f64, MarkKind, &str)> {
    let (recording, _) = recorded(outcome);
    assert_eq!(recording.marks.more, 0);
    recording.marks.kept.iter().map(|mark| (mark.at.0 as f64 / 1e6, mark.what, mark.place.as_str())).collect()
}

/// One of two replicas is dead from 10 s to 20 s: two are available, then one, then two.
#[test]
fn a_replica_goes_and_comes_back() {
    let keys = "runtime = \"delay\"\nreplicas = 2\n[faults.crash]\nservice = \"shop\"\nreplica = 1\nfrom = \"10s\"\n\
                to = \"20s\"\neffect = \"dead\"";
    let story = play(&shop("timeline = \"1s\"", keys, "{ sleep = \"100ms\" }"), &[0.0, 24_900.0]);
    assert_eq!(story.successes(), [100.0, 25_000.0]);
    let out = [[0.0; 10], [1.0; 10]].concat();
    let out = [out, vec![0.0; 5]].concat();
    assert_eq!(means(&story.outcome, "shop unavailable", |areas| areas.in_use), out);
    assert_eq!(means(&story.outcome, "shop unavailable", |areas| areas.capacity), [2.0; 25]);
    let expected = [(10_000.0, MarkKind::Down, "shop replica 1"), (20_000.0, MarkKind::Up, "shop replica 1")];
    assert_eq!(marks(&story.outcome), expected);
}

/// The probe of 1000 waits behind two hashes and is over at 1500; the pod is back 2 s later.
#[test]
fn a_restart_stands_where_its_probe_failed() {
    let keys = "[services.shop.liveness]\nendpoint = \"health\"\nperiod = \"1s\"\ntimeout = \"500ms\"\n\
                failure_threshold = 1\nrestart_time = \"2s\"";
    let steps = "{ hash = { cpu = \"400ms\" } }";
    let text = shop("timeline = \"500ms\"", keys, steps) + "health = { steps = [{ cpu = \"1ms\" }] }\n";
    let story = play(&text, &[900.0, 901.0, 902.0, 3600.0]);
    assert_eq!(story.told()[3], "4000");
    assert_eq!(marks(&story.outcome), [(1500.0, MarkKind::Restart, "shop"), (3500.0, MarkKind::Up, "shop")]);
    assert_eq!(means(&story.outcome, "shop unavailable", |areas| areas.in_use)[2..8], [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
}

/// The two probes of 1000 and 1500 fail: the pod gets no requests from 1700, when the second is over, to 3000, when one
/// is answered.
#[test]
fn a_pod_that_is_not_ready_is_marked() {
    let keys = "[services.shop.readiness]\nendpoint = \"health\"\nperiod = \"500ms\"\ntimeout = \"200ms\"\n\
                initial_delay = \"1s\"\nfailure_threshold = 2";
    let steps = "{ hash = { cpu = \"2s\" } }";
    let text = shop("timeline = \"500ms\"", keys, steps) + "health = { steps = [] }\n";
    let story = play(&text, &[900.0]);
    assert_eq!(story.told(), ["2900"]);
    assert_eq!(marks(&story.outcome), [(1700.0, MarkKind::Unready, "shop"), (3000.0, MarkKind::Ready, "shop")]);
}

/// As in `breakers`: A holds the slot until 250, so B and C fail, and at 30 the breaker opens. F passes on trial at 130 and
/// fails at 140; H passes at 240 and succeeds at 500.
#[test]
fn a_breaker_and_the_causes_of_failures() {
    let keys = "runtime = \"delay\"\n[services.shop.breakers.b]\nfailure_threshold = 2\nrecovery_time = \"100ms\"\n\
                half_open_calls = 1\n[services.shop.limits.one]\nsize = 1\nacquire_timeout = \"10ms\"";
    let hold = "{ with = { limit = \"one\", steps = [{ sleep = \"250ms\" }] } }";
    let steps = format!("{{ breaker = {{ name = \"b\", steps = [{hold}] }} }}");
    let sends = [0.0, 10.0, 20.0, 40.0, 129.0, 130.0, 135.0, 240.0, 260.0];
    let story = play(&shop("timeline = \"100ms\"", keys, &steps), &sends);
    let place = "shop breaker b";
    let expected = [
        (30.0, MarkKind::Open, place),
        (130.0, MarkKind::HalfOpen, place),
        (140.0, MarkKind::Open, place),
        (240.0, MarkKind::HalfOpen, place),
        (500.0, MarkKind::Closed, place),
    ];
    assert_eq!(marks(&story.outcome), expected);
    // Not closed from 30 on, to the end of the run.
    assert_eq!(means(&story.outcome, place, |areas| areas.in_use), [0.7, 1.0, 1.0, 1.0, 1.0]);
    let (recording, _) = recorded(&story.outcome);
    let failures = |cause: &str| &recording.failures.iter().find(|(it, _)| it == cause).expect("a cause").1;
    assert_eq!(*failures("acquire timed out"), [2, 1, 0, 0, 0]);
    assert_eq!(*failures("breaker open"), [1, 2, 1, 0, 0]);
    assert_eq!(recording.failures.len(), 2);
}

/// A second is held, and one more comes each 100 ms: the queue grows by one in each interval, up to four; from 1000 on it
/// loses one a second.
#[test]
fn a_queue_fills_at_a_known_rate() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.gate]\nsize = 1";
    let steps = "{ with = { limit = \"gate\", steps = [{ sleep = \"1s\" }] } }";
    let story = play(&shop("timeline = \"100ms\"", keys, steps), &[0.0, 100.0, 200.0, 300.0, 400.0]);
    assert_eq!(story.successes(), [1000.0, 2000.0, 3000.0, 4000.0, 5000.0]);
    let queue = means(&story.outcome, "shop limit gate", |areas| areas.queue);
    let filling = vec![0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0];
    let expected = [filling, vec![3.0; 10], vec![2.0; 10], vec![1.0; 10], vec![0.0; 10]].concat();
    assert_eq!(queue, expected);
    assert_eq!(means(&story.outcome, "shop limit gate", |areas| areas.in_use), [1.0; 50]);
}

/// Twenty at once, served one after the other: 10, 20, .. 200 ms.
#[test]
fn percentiles_of_an_interval() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.gate]\nsize = 1";
    let steps = "{ with = { limit = \"gate\", steps = [{ sleep = \"10ms\" }] } }";
    let story = play(&shop("timeline = \"1s\"", keys, steps), &[0.0; 20]);
    let (recording, _) = recorded(&story.outcome);
    let times = recording.times[0].unpack();
    let percentile = |q: f64| times.quantile(q).expect("successes") as f64 / 1e6;
    for (q, expected) in [(0.5, 100.0), (0.95, 190.0), (0.99, 200.0)] {
        let is = percentile(q);
        assert!((is - expected).abs() < 1e-3 * expected, "{is} for {expected}");
    }
    assert_eq!((recording.times.len(), times.count()), (1, 20));
}

const STEADY: &str = "runtime = \"delay\"\n[services.shop.limits.gate]\nsize = 1";
const HALF: &str = "{ with = { limit = \"gate\", steps = [{ sleep = \"50ms\" }] } }";

/// A limit that is in use half of the time, under ten requests a second that come at the same distance.
fn steady(load: &str) -> Bench {
    let text = shop(load, STEADY, HALF).replace("rate = \"1/s\"", "rate = \"10/s\"\narrivals = \"constant\"");
    bench(&text.replace("duration = \"1s\"", "duration = \"5500ms\""))
}

/// The window opens in the middle of an interval, and all counters begin anew.
#[test]
fn the_warm_up_is_recorded_too() {
    let outcome = steady("warm_up = \"2500ms\"\ntimeline = \"1s\"").run(1, 0);
    let in_use = means(&outcome, "shop limit gate", |areas| areas.in_use);
    assert_eq!((in_use.len(), &in_use[1..]), (8, &[0.5; 7][..]));
}

/// 8000 intervals of 1 ms become 4000 of 2 ms; none of it is lost.
#[test]
fn a_long_recording_has_longer_intervals() {
    let bench = steady("warm_up = \"2500ms\"\ntimeline = \"1ms\"");
    let outcome = bench.run(1, 0);
    let (recording, length) = recorded(&outcome);
    let areas = &level(&outcome, "shop limit gate").areas;
    assert_eq!((length, areas.len(), recording.times.len()), (2.0, 4000, 4000));
    let coarse = steady("warm_up = \"2500ms\"\ntimeline = \"8s\"").run(1, 0);
    let sum = areas.iter().map(|areas| areas.in_use).sum::<f64>();
    assert!((sum - level(&coarse, "shop limit gate").areas[0].in_use).abs() < 1.0, "{sum}");
    let times: u64 = recording.times.iter().map(|times| times.count()).sum();
    assert_eq!(times, recorded(&coarse).0.times[0].count());
    assert!(times > 70);
}

/// What is recorded changes nothing, and is recorded only where the load has `timeline`.
#[test]
fn a_recording_changes_nothing() {
    let fault = "[faults.slow]\nservice = \"shop\"\nfrom = \"1s\"\nto = \"2s\"\neffect = { slow = 3.0 }";
    let run = |load: &str| {
        bench(
            &shop(load, &format!("runtime = \"delay\"\n{fault}"), "{ sleep = \"exp(20ms)\" }")
                .replace("rate = \"1/s\"", "rate = \"100/s\"")
                .replace("duration = \"1s\"", "duration = \"5s\""),
        )
        .run(1, 0)
    };
    let (plain, full) = (run(""), run("timeline = \"100ms\""));
    let (without, with) = (plain.timeline.expect("of a fault"), full.timeline.expect("one"));
    assert!(without.recording.is_none() && with.recording.is_some());
    assert_eq!(
        (plain.events, plain.succeeded, plain.response_times),
        (full.events, full.succeeded, full.response_times)
    );
}
