//! Hand-worked timelines: replicas are replaced by new ones.

use sim::parts::MarkKind;

use super::recorded::{marks, means};
use super::*;

/// A shop with these keys and this deploy.
fn deployed(keys: &str, deploy: &str, steps: &str) -> String {
    let keys = format!("{keys}\n[deploys.release]\nservice = \"shop\"\n{deploy}");
    shop("timeline = \"10s\"", &keys, steps)
}

fn replicas(story: &Story) -> Vec<f64> {
    means(&story.outcome, "shop replicas", |areas| areas.in_use)
}

/// 25 % of four are one replica more and one fewer. At 10 s one starts, one is removed, and then another one may start. Both run
/// at 30 s: two old ones go and two more start. At 50 s these run, the last old one goes, and all four are new. The balancers
/// know of each removal after a second, and the replica ends then.
#[test]
fn a_rolling_update_keeps_to_surge_and_unavailable() {
    let text = deployed("runtime = \"delay\"\nreplicas = 4", "at = \"10s\"", "{ sleep = \"1ms\" }");
    let story = play(&text, &[60_000.0]);
    assert_eq!(story.successes(), [60_001.0]);
    let expected = [
        (10_000.0, MarkKind::DeployBegins, "deploy release"),
        (30_000.0, MarkKind::Up, "shop replica 4"),
        (30_000.0, MarkKind::Up, "shop replica 5"),
        (50_000.0, MarkKind::Up, "shop replica 3"),
        (50_000.0, MarkKind::Up, "shop replica 6"),
        (50_000.0, MarkKind::DeployEnds, "deploy release"),
    ];
    assert_eq!(marks(&story.outcome), expected);
    assert_eq!(replicas(&story)[..6], [4.0, 5.1, 5.0, 5.2, 5.0, 4.1]);
}

/// Two of four replicas are on the node, and one may be unavailable: they are replaced one after the other. Without a budget
/// both go at once.
#[test]
fn a_drain_keeps_to_its_budget() {
    let ends = |budget: &str| {
        let deploy = format!("at = \"10s\"\nstrategy = \"drain\"\nreplicas = 2\n{budget}");
        let text = deployed("runtime = \"delay\"\nreplicas = 4", &deploy, "{ sleep = \"1ms\" }");
        let story = play(&text, &[60_000.0]);
        let ups = marks(&story.outcome).iter().filter(|mark| mark.1 == MarkKind::Up).count();
        let end = marks(&story.outcome).into_iter().find(|mark| mark.1 == MarkKind::DeployEnds).expect("it ends");
        (ups, end.0)
    };
    assert_eq!(ends("max_unavailable = 1"), (2, 50_000.0));
    assert_eq!(ends(""), (2, 30_000.0));
}

/// The new replica runs at 20 s, is ready at 25 s and counts as available from 35 s on; then the old one goes.
#[test]
fn a_new_replica_is_available_when_it_has_been_ready_for_long_enough() {
    let keys = "runtime = \"delay\"\n[services.shop.readiness]\nendpoint = \"health\"\ninitial_delay = \"5s\"";
    let deploy = "at = \"10s\"\nstart = \"10s\"\nmin_ready = \"10s\"";
    let text = deployed(keys, deploy, "{ sleep = \"1ms\" }") + "health = { steps = [] }\n";
    let story = play(&text, &[60_000.0]);
    let all = marks(&story.outcome);
    assert!(all.contains(&(25_000.0, MarkKind::Ready, "shop replica 1")), "{all:?}");
    assert_eq!(all.last(), Some(&(35_000.0, MarkKind::DeployEnds, "deploy release")));
}

/// The new replica runs at 6 s, and an old one gets SIGTERM. The balancer learns of it at 8 s: of three requests at 7 s the one
/// for that replica is refused. A hook of two seconds makes it serve until the balancer knows.
#[test]
fn a_balancer_that_does_not_know_yet_sends_requests_to_be_refused() {
    let told = |hook: &str| {
        let deploy =
            format!("at = \"1s\"\nstart = \"5s\"\nmax_surge = 1\nmax_unavailable = 0\nendpoint_delay = \"2s\"\n{hook}");
        let text = deployed("runtime = \"delay\"\nreplicas = 2", &deploy, "{ sleep = \"100ms\" }");
        play(&text, &[7000.0, 7000.0, 7000.0, 9000.0, 9000.0]).told()
    };
    assert_eq!(told(""), ["7100", "7001: connection refused", "7100", "9100", "9100"]);
    assert_eq!(told("pre_stop = \"2s\""), ["7100", "7100", "7100", "9100", "9100"]);
}

/// The only replica is removed at 4 s with a request that is done at 10 s. If it may finish, the new one starts then, and runs
/// at 15 s. A process that ends at SIGTERM loses the request at 4 s, and one that ignores it after the grace period of 3 s; the
/// new one starts in that instant, and runs 5 s later.
#[test]
fn a_recreation_has_no_replica_meanwhile() {
    let told = |keys: &str| {
        let deploy = format!("at = \"4s\"\nstrategy = \"recreate\"\nstart = \"5s\"\nendpoint_delay = \"0s\"\n{keys}");
        let text = deployed("runtime = \"delay\"", &deploy, "{ sleep = \"10s\" }");
        play(&text, &[0.0, 8000.0, 11_000.0, 16_000.0]).told()
    };
    let refused = |ms: f64| format!("{}: connection refused", ms + 1.0);
    assert_eq!(told(""), ["10000".into(), refused(8000.0), refused(11_000.0), "26000".to_owned()]);
    let exit = told("on_sigterm = \"exit\"");
    assert_eq!(exit, ["4000: connection lost".into(), refused(8000.0), "21000".into(), "26000".to_owned()]);
    let ignore = told("on_sigterm = \"ignore\"\ntermination_grace_period = \"3s\"");
    assert_eq!(ignore, ["7000: connection lost".into(), refused(8000.0), refused(11_000.0), "26000".to_owned()]);
}

/// The hook ends with the grace period of 5 s, and the kubelet grants 2 s more: removed at 1 s, the replica is killed at 8 s.
#[test]
fn a_hook_is_part_of_the_grace_period() {
    let deploy = "at = \"1s\"\nstrategy = \"recreate\"\nendpoint_delay = \"0s\"\npre_stop = \"60s\"\n\
                  termination_grace_period = \"5s\"";
    let story = play(&deployed("runtime = \"delay\"", deploy, "{ sleep = \"100s\" }"), &[0.0]);
    assert_eq!(story.told(), ["8000: connection lost"]);
}

/// Killed before the balancer knows: from 5 s to 8 s it refuses what comes.
#[test]
fn a_killed_replica_keeps_its_place_in_the_balancer() {
    let deploy = "at = \"1s\"\nstart = \"1s\"\nmax_surge = 1\nmax_unavailable = 0\nendpoint_delay = \"6s\"\n\
                  termination_grace_period = \"3s\"";
    let story = play(&deployed("runtime = \"delay\"", deploy, "{ sleep = \"10s\" }"), &[0.0, 6000.0, 6000.0, 9000.0]);
    // Two requests in turn at 6 s: the old replica refuses the second one.
    assert_eq!(story.told(), ["5000: connection lost", "16000", "6001: connection refused", "19000"]);
}

/// The entry of a cache is fetched at 0 s, found at 1 s, and fetched again by the new replica.
#[test]
fn a_new_replica_begins_with_an_empty_cache() {
    let keys = "runtime = \"delay\"\n[services.shop.caches.memo]\nttl = \"1h\"";
    let step = "{ cache = { name = \"memo\", key = { uniform = { keys = 1 } }, miss = [{ sleep = \"10ms\" }] } }";
    let story = play(&deployed(keys, "at = \"2s\"\nstart = \"1s\"", step), &[0.0, 1000.0, 10_000.0, 11_000.0]);
    assert_eq!(story.successes(), [10.0, 1000.0, 10_010.0, 11_000.0]);
}

/// The second deploy begins when one of two replicas is new: that one is old now, too, and both are replaced.
#[test]
fn a_deploy_replaces_what_an_unfinished_one_has_started() {
    let rolling = "service = \"shop\"\nstart = \"10s\"\nmax_surge = 1\nmax_unavailable = 0";
    let keys = format!("runtime = \"delay\"\nreplicas = 2\n[deploys.second]\n{rolling}\nat = \"15s\"");
    let deploy = "at = \"0s\"\nstart = \"10s\"\nmax_surge = 1\nmax_unavailable = 0";
    let story = play(&deployed(&keys, deploy, "{ sleep = \"1ms\" }"), &[60_000.0]);
    let all = marks(&story.outcome);
    let ups: Vec<f64> = all.iter().filter(|mark| mark.1 == MarkKind::Up).map(|mark| mark.0).collect();
    // At 10 s the first has started one and starts another, which the second removes before it runs.
    assert_eq!(ups, [10_000.0, 25_000.0, 35_000.0]);
    assert_eq!(all.last(), Some(&(35_000.0, MarkKind::DeployEnds, "deploy second")));
}

/// What fails because of a deploy is charged to it.
#[test]
fn failures_are_due_to_the_deploy() {
    let deploy = "at = \"500ms\"\nstrategy = \"recreate\"\nstart = \"200ms\"\non_sigterm = \"exit\"";
    let text = deployed("runtime = \"delay\"", deploy, "{ sleep = \"100ms\" }");
    let outcome = bench(&text.replace("rate = \"1/s\"", "rate = \"100/s\"")).run(1, 0);
    let blame = outcome.blame.expect("accounts");
    let failed: Vec<&str> = blame.failures.iter().map(|at| blame.places[usize::from(at.place)].name.as_str()).collect();
    assert!(!failed.is_empty() && failed.iter().all(|name| *name == "deploy release"), "{failed:?}");
}

/// Where replicas are replaced, means over the run hide what happens: a sweep has a timeline without asking for it.
#[test]
fn a_deploy_brings_a_timeline() {
    let text = deployed("runtime = \"delay\"", "at = \"500ms\"", "{ sleep = \"1ms\" }");
    let without = text.replace("timeline = \"10s\"", "");
    assert!(bench(&without).load.timeline.is_some());
    let (before, _) = without.split_once("[deploys.release]").expect("the deploy");
    let bare = format!("{before}[services.shop.endpoints]\nserve = {{ steps = [{{ sleep = \"1ms\" }}] }}\n");
    assert!(bench(&bare).load.timeline.is_none());
}
