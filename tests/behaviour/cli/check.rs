//! `sim check`: mistakes without running.

use super::place::{Place, Ran};

#[test]
fn files_that_are_right_are_said_to_be() {
    let place = Place::new();
    let model = place.text("counter.toml");
    let (head, tail) = model.split_once("[load]").expect("a load");
    let (_, tail) = tail.split_once("[stations").expect("a station");
    place.put("bare.toml", &format!("{head}[stations{tail}"));
    let ran = place.sim(&["check", "counter.toml", "servers.toml", "bare.toml"]).ends_with(0);
    assert!(ran.stdout.contains("ok  counter.toml: 1 point x 5 replications = 5 trials"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ok  servers.toml: 2 variants, 6 points x 3 replications = 18 trials"));
    assert!(ran.stdout.contains("ok  bare.toml: a model without a load"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn every_file_is_checked_whatever_is_wrong_with_those_before_it() {
    let place = Place::new();
    place.put("wrong.toml", "title = 3\nmodel = \"counter.toml\"\n");
    let ran = place.sim(&["check", "wrong.toml", "nowhere.toml", "counter.toml"]).ends_with(2);
    assert!(ran.stderr.contains("wrong.toml:1:9") && ran.stderr.contains("nowhere.toml"), "{}", ran.stderr);
    assert!(ran.stdout.contains("ok  counter.toml"), "{}", ran.stdout);
    assert!(!ran.stderr.contains('\x1b'));
}

/// GitHub Actions shows mistakes and verdicts at their lines; nothing else sees workflow commands.
#[test]
fn a_workflow_has_annotations() {
    let place = Place::new();
    place.put("wrong.toml", "title = 3\nmodel = \"counter.toml\"\n");
    let check = ["check", "wrong.toml"];
    let there = |arguments: &[&str]| -> Ran {
        place.command(arguments).env("GITHUB_ACTIONS", "true").output().expect("the program runs").into()
    };
    let ran = there(&check).ends_with(2);
    assert!(ran.stderr.contains("\n::error file=wrong.toml,line=1,col=9,title=sim%3A mistake::"), "{}", ran.stderr);
    assert!(!place.sim(&check).stderr.contains("::error"));

    let claim = "[[hypotheses]]\nclaim = \"It breaks, by far\"\nexpect = { stuck = {} }\n";
    place.put_experiment("claimed.toml", claim);
    let line = place.text("claimed.toml").lines().position(|line| line == "[[hypotheses]]").expect("a claim") + 1;
    let ran = there(&["sweep", "claimed.toml", "--no-charts", "--quiet"]).ends_with(1);
    let expected = format!("::error file=claimed.toml,line={line},title=sim%3A hypothesis fails::It breaks, by far: ");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(!ran.stdout.contains("::error"));
}

#[test]
fn what_a_variant_changes_is_shown_before_and_after() {
    let place = Place::new();
    let ran = place.sim(&["check", "servers.toml", "--set", "load.warm_up=20s"]).ends_with(0);
    let changes = "    variant \"one server\":\n      load.warm_up: \"10s\" → \"20s\"\n    \
                   variant \"two servers\":\n      stations.counter.servers: 1 → 2\n      load.warm_up: \"10s\" → \"20s\"\n";
    assert!(ran.stdout.ends_with(changes), "{}", ran.stdout);
}

/// A table in `set` keeps the keys that it does not name, and `replace = true` shows what it takes away.
#[test]
fn a_table_keeps_what_it_does_not_name() {
    let place = Place::new();
    let variants = "
[[variants]]
name = \"merged\"
set = { \"services.shop\" = { cpu = \"2\" } }

[[variants]]
name = \"replaced\"
set = { \"stations.counter\" = { replace = true, discipline = \"ps\" } }
";
    place.put_experiment("tables.toml", variants);
    let ran = place.sim(&["check", "tables.toml"]).ends_with(0);
    assert!(
        ran.stdout.contains("\"merged\":\n      services.shop.cpu: not set → \"2\"\n    variant"),
        "{}",
        ran.stdout
    );
    let replaced = "\"replaced\":\n      stations.counter: { servers = 1 } → { discipline = \"ps\" }\n";
    assert!(ran.stdout.contains(replaced), "{}", ran.stdout);
}

#[test]
fn parts_that_no_step_uses_and_too_many_connections_are_warned_of() {
    let place = Place::new();
    let parts = "
[services.shop.limits.gate]
size = 5

[services.shop.pools.main]
server = \"database\"
max_size = 20

[services.shop.endpoints.never]
steps = [{ query = { pool = \"main\", time = \"1ms\" } }]

[services.database]
runtime = \"threads\"
threads = 4
max_connections = 15

[services.mail]
runtime = \"threads\"

[services.mail.endpoints.send]
steps = [{ sleep = \"200ms\" }]

[faults.slow-mail]
service = \"mail\"
from = \"1s\"
effect = { slow = 10 }

[faults.slow-database]
service = \"database\"
from = \"1s\"
effect = { slow = 10 }
";
    place.put("parts.toml", &format!("{}\n{parts}", place.text("counter.toml")));
    let ran = place.sim(&["check", "parts.toml"]).ends_with(0);
    for warning in [
        "warning: no step of `shop` uses its limit `gate`, so it has no effect\n",
        "warning: nothing calls the endpoint `shop.never`\n",
        "warning: `database` has no endpoints, and queries need no thread, so its `threads` have no effect\n",
        "warning: no step of `mail` works on its CPU, so the fault `slow-mail` has no effect\n",
        "warning: the pools of `database` may open 20 connections, and it takes 15: opening one more fails at once\n",
    ] {
        assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    }
    // A database that is slow answers queries later.
    assert!(!ran.stderr.contains("slow-database"), "{}", ran.stderr);
    assert!(ran.stderr.contains("shop.main 20 x 1 x 1 = 20") && !ran.stderr.contains("pool `main`"), "{}", ran.stderr);
    // Before a run they are a line each, without the endpoint.
    let ran = place.sim(&["run", "parts.toml", "--replications", "1", "--quiet"]).ends_with(0);
    assert!(ran.stderr.contains("warning: no step of `shop` uses its limit `gate`, so it has no effect (parts.toml:"));
    assert!(ran.stderr.contains("may open 20 connections") && !ran.stderr.contains("shop.never"), "{}", ran.stderr);
}

/// A timeline has at most 4096 intervals: a finer one is coarsened, and that is said.
#[test]
fn a_timeline_that_is_too_fine_is_warned_of() {
    let place = Place::new();
    let model = |length: &str| {
        format!(
            "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"1/s\"\nwarm_up = \"0s\"\nduration = \"4096s\"\ntimeline = \"{length}\"\n\
             [services.a]\nruntime = \"delay\"\nendpoints.e.steps = [{{ sleep = \"1ms\" }}]\n"
        )
    };
    place.put("fine.toml", &model("1us"));
    let ran = place.sim(&["check", "fine.toml"]).ends_with(0);
    let said = "warning: the intervals of the timeline become 1.05 s long, not 1.00 us\n";
    assert!(ran.stderr.contains(said) && ran.stderr.contains("at most 4096 intervals"), "{}", ran.stderr);
    place.put("right.toml", &model("1s"));
    let ran = place.sim(&["check", "right.toml"]).ends_with(0);
    assert!(!ran.stderr.contains("timeline"), "{}", ran.stderr);
}

/// Faults that take nothing away or begin too late, and priorities that no queue looks at.
#[test]
fn what_has_no_effect_is_said() {
    let place = Place::new();
    let fault = |name: &str, from: &str, effect: &str| {
        format!("[faults.{name}]\nservice = \"a\"\nfrom = \"{from}\"\nto = \"90s\"\neffect = {{ {effect} }}\n")
    };
    let faults = [
        fault("far", "10s", "latency = \"2s\""),
        fault("same", "10s", "slow = 1"),
        fault("more", "10s", "capacity = { threads = true, size = 50 }"),
        fault("late", "80s", "slow = 3"),
        fault("less", "10s", "capacity = { threads = true, size = 2 }"),
    ];
    let system =
        "[services.a]\nruntime = \"threads\"\nthreads = 10\n[services.a.endpoints.e]\nsteps = [{ cpu = \"10ms\" }]\n";
    let load = "[load]\nkind = \"open\"\nrate = \"10/s\"\nwarm_up = \"20s\"\nduration = \"60s\"\n[load.classes.hi]\n\
                target = \"a.e\"\npriority = 2\n[load.classes.lo]\ntarget = \"a.e\"\n";
    let text = format!("title = \"idle\"\n{load}{system}{}", faults.concat());
    place.put("idle.toml", &text);
    let ran = place.sim(&["check", "idle.toml"]).ends_with(0);
    for warning in [
        "warning: latency is added to the calls and queries of other services, and none calls `a`, so the fault `far` has no effect\n",
        "warning: work that takes 1 times as long is no slower, so the fault `same` has no effect\n",
        "warning: each thread pool of `a` has 10 places, and 50 are not fewer, so the fault `more` has no effect\n",
        "warning: the run ends at 80.0 s, so the fault `late` has no effect\n",
        "warning: no queue has `order = \"priority\"`, so the priorities of the load's classes have no effect\n",
    ] {
        assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("`less`"), "{}", ran.stderr);
    // A queue that looks at them, and a service that calls this one.
    let heeded = text.replace("threads = 10\n", "threads = 10\norder = \"priority\"\n");
    let caller = "[services.b.clients.c]\nserver = \"a\"\n[services.b.endpoints.f]\nsteps = [{ call = { client = \"c\", endpoint = \"e\" } }]\n";
    place.put("heeded.toml", &format!("{heeded}{caller}"));
    let ran = place.sim(&["check", "heeded.toml"]).ends_with(0);
    assert!(!ran.stderr.contains("priorit") && !ran.stderr.contains("`far`"), "{}", ran.stderr);
}

/// Clients wait 2 s: no answer takes longer, and what would is a failure.
#[test]
fn a_bound_that_no_answer_can_miss_is_said() {
    let place = Place::new();
    let bound = |metric: &str, value: &str| format!("{{ at-most = {{ metric = \"{metric}\", value = \"{value}\" }} }}");
    let file = |timeout: &str, more: &str| {
        let objectives = [bound("p95_s", "3s"), bound("p99_s", "1900ms")].join(", ");
        let claims = format!("[[hypotheses]]\nclaim = \"c\"\nexpect = {}\n", bound("mean_s", "2s"));
        let base = place.text("servers.toml");
        format!("objectives = [{objectives}]\n{base}\n[set]\n\"load.timeout\" = \"{timeout}\"\n{more}{claims}")
    };
    place.put("patient.toml", &file("2s", ""));
    let ran = place.sim(&["check", "patient.toml"]).ends_with(0);
    for warning in [
        "warning: the bound of this objective on `p95_s` is never missed: clients give up after 2 s\n",
        "warning: the bound of this hypothesis on `mean_s` is never missed: clients give up after 2 s\n",
        "lower the bound, or bound the success rate as",
    ] {
        assert!(ran.stderr.contains(warning), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("on `p99_s`"), "{}", ran.stderr);
    // Clients that try again are answered later than one attempt may take; some that wait longer miss it.
    let retry = "\"load.retry\" = { attempts = 3, backoff = \"1s\" }\n";
    for text in [file("2s", retry), file("4s", "")] {
        place.put("patient.toml", &text);
        let ran = place.sim(&["check", "patient.toml"]).ends_with(0);
        assert!(!ran.stderr.contains("never missed"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_found_is_there_for_programs() {
    let place = Place::new();
    place.put("wrong.toml", "title = 3\nmodel = \"counter.toml\"\n");
    let ran = place.sim(&["check", "servers.toml", "wrong.toml", "--format", "json"]).ends_with(2);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let (right, wrong) = (&document["files"][0], &document["files"][1]);
    assert_eq!((&right["ok"], &right["plan"]["points"]), (&true.into(), &6.into()));
    let change = &right["changes"]["variants"][1]["changes"][0];
    assert_eq!((&change["path"], &change["after"]), (&"stations.counter.servers".into(), &"2".into()));
    let place = &wrong["mistakes"][0]["places"][0];
    assert_eq!((&wrong["ok"], &place["line"], &place["column"]), (&false.into(), &1.into(), &9.into()));
    assert_eq!(ran.stderr, "");
}

/// An empty table is merged with the one that is there.
#[test]
fn a_variant_that_changes_nothing_is_warned_of() {
    let place = Place::new();
    let variants = |set: &str| {
        place.put_experiment("empty.toml", &format!("[[variants]]\nname = \"no limit\"\nset = {{ {set} }}\n"));
        place.sim(&["check", "empty.toml"]).ends_with(0).stderr
    };
    let said = variants("\"services.shop\" = {}");
    assert!(said.contains("variant `no limit` changes nothing") && said.contains("replace = true"), "{said}");
    let said = place.sim(&["sweep", "empty.toml", "--no-charts"]).ends_with(0).stderr;
    assert!(said.contains("warning: variant `no limit` changes nothing (empty.toml:"), "{said}");
    let said = variants("\"services.shop.replicas\" = 1");
    assert!(!said.contains("changes nothing"), "{said}");
}
