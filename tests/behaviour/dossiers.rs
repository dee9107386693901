//! The moment at which a point tips: systems of which one knows who holds what and waits for what then.

use std::sync::atomic::AtomicBool;

use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::dossier::{Dossier, Tipping, dossier};
use sim::kernel::Time;
use sim::load::{seen, trial};
use sim::parts::{Doing, Glance, Limits, WaitGraph};
use sim::report;

use crate::models::{bench, plan};

fn of_plan(plan: &Plan) -> Dossier {
    dossier(plan, 0, &AtomicBool::new(false)).expect("a small system")
}

fn of_model(text: &str) -> (Plan, Dossier) {
    let plan = plan(text, &Adjustments::default().replications(3));
    let found = of_plan(&plan);
    (plan, found)
}

/// The names of the nodes on the path.
fn path(graph: &WaitGraph) -> Vec<&str> {
    graph.path.iter().map(|&node| graph.nodes[node].name.as_str()).collect()
}

/// Each group: its endpoint, what it holds, what it waits for, how many, and how many have a time-out.
fn groups(graph: &WaitGraph) -> Vec<(String, u32, u32)> {
    let name = |node: usize| graph.nodes[node].name.as_str();
    let told = |group: &sim::parts::WaitGroup| {
        let holds: Vec<&str> = group.holds.iter().map(|&node| name(node)).collect();
        let by_call = if group.by_call { "a call with " } else { "" };
        let what = format!("{} [{}] -> {by_call}{}", group.endpoint, holds.join(", "), name(group.waits_for));
        (what, group.count, group.limited)
    };
    graph.groups.iter().map(told).collect()
}

/// A pool of five, of which each request takes a second connection after 3 ms with the first.
fn nested(clients: u32, pool: &str) -> String {
    format!(
        "title = \"Nested\"\n\
         [load]\nkind = \"closed\"\ntarget = \"shop.order\"\nconcurrency = {clients}\nthink_time = \"1ms\"\n\
         warm_up = \"0s\"\nduration = \"10s\"\n\
         [services.db]\nruntime = \"delay\"\n[services.shop]\nruntime = \"delay\"\n\
         [services.shop.pools.auth]\nserver = \"db\"\nmin_size = 5\nmax_size = 5\n{pool}\n\
         [services.shop.endpoints.order]\n\
         steps = [{{ with = {{ pool = \"auth\", steps = [{{ sleep = \"3ms\" }}, {{ query = {{ pool = \"auth\", time = \"4ms\" }} }}] }} }}]\n"
    )
}

#[test]
fn a_pool_that_is_acquired_twice_is_a_circle_at_once() {
    let (plan, found) = of_model(&nested(8, ""));
    assert_eq!((found.moment.tipping, found.moment.runs, found.moment.of), (Tipping::Circle, 3, 3));
    let graph = &found.graph;
    assert_eq!((path(graph), graph.is_circle, graph.is_complete), (vec!["shop pool auth"], true, true));
    let told = |what: &str, count| (what.to_owned(), count, 0);
    assert_eq!(
        groups(graph),
        [told("shop.order [shop pool auth] -> shop pool auth", 5), told("shop.order [] -> shop pool auth", 3)]
    );
    let pool = &graph.nodes[graph.path[0]];
    assert_eq!((pool.held, pool.size, pool.free(), pool.waiting), (5, Some(5), Some(0), 8));
    let words = report::dossier(&plan, &found, None);
    assert!(
        words.contains(
            "5 requests of shop.order hold a connection of shop pool auth (5 of 5 in use) and wait for another one."
        ),
        "{words}"
    );
    assert!(words.contains("no time-out ends it"), "{words}");
    // The fifth to take a connection is the fifth to wait for a second one: it is under way for 3 ms then.
    let request = found.request.expect("the request that closed the circle");
    let waits = |span: &&sim::parts::TraceSpan| matches!(&span.doing, Doing::Spent { place, served: false } if place.name == "shop pool auth");
    let wait = request.trace.spans.iter().rfind(waits).expect("its wait");
    assert_eq!((wait.start, Some(wait.end)), (found.moment.at, request.cut));
}

#[test]
fn a_pool_that_is_large_enough_has_no_circle() {
    let (_, found) = of_model(&nested(4, ""));
    assert_eq!(found.moment.tipping, Tipping::Never);
    assert_eq!((found.moment.seconds, found.moment.runs), (None, 0));
    assert!(!found.graph.is_complete);
}

/// Four clients and four connections serve until a fifth client makes the circle possible: goodput falls to nothing then, and
/// every time in the dossier has the same unit.
#[test]
fn a_circle_says_when_goodput_falls() {
    let stages = "stages = [{ duration = \"140s\", target = 4 }, { duration = \"1s\", target = 8 }, { duration = \"99s\", target = 8 }]";
    let text = nested(4, "").replace("duration = \"10s\"", &format!("duration = \"240s\"\n{stages}"));
    let (plan, found) = of_model(&text);
    assert_eq!(found.moment.tipping, Tipping::Circle);
    let fall = found.moment.fall.expect("a fall");
    assert!((fall.at.seconds() - found.moment.at.seconds()).abs() < 4.0 && fall.back.is_none(), "{:?}", found.moment);
    let words = report::dossier(&plan, &found, None);
    assert!(words.contains("In this replication goodput falls from"), "{words}");
    assert!(words.contains("closes at 14") && !words.contains(" min"), "{words}");
}

/// Two threads of each service; a request of `a` calls `b`, which calls `a` again.
#[test]
fn a_circle_across_two_services_leads_through_both() {
    let text = "title = \"Two\"\n\
        [load]\nkind = \"closed\"\ntarget = \"a.start\"\nconcurrency = 4\nusers = 4\ntimeout = \"50s\"\n\
        [services.a]\nruntime = \"threads\"\nthreads = 2\n[services.a.clients.b]\nserver = \"b\"\n\
        [services.a.endpoints]\nping = { steps = [] }\n\
        start = { steps = [{ sleep = \"10ms\" }, { call = { client = \"b\", endpoint = \"back\" } }] }\n\
        [services.b]\nruntime = \"threads\"\nthreads = 2\n[services.b.clients.a]\nserver = \"a\"\n\
        [services.b.endpoints]\n\
        back = { steps = [{ sleep = \"5ms\" }, { call = { client = \"a\", endpoint = \"ping\" } }] }\n";
    let (plan, found) = of_model(text);
    assert_eq!(found.moment.tipping, Tipping::Circle);
    let graph = &found.graph;
    assert_eq!((path(graph), graph.is_circle, graph.is_complete), (vec!["a threads", "b threads"], true, true));
    let told = |what: &str, count| (what.to_owned(), count, 0);
    assert_eq!(
        groups(graph),
        [
            told("a.start [] -> a threads", 2),
            told("a.start [a threads] -> a call with b threads", 2),
            told("b.back [b threads] -> a threads", 2),
        ]
    );
    let words = report::dossier(&plan, &found, None);
    assert!(
        words.contains("2 requests of a.start hold one of a threads (2 of 2 in use) and wait for a call that holds one of b threads."),
        "{words}"
    );
    // A picture of three boxes, of which two are full, with the circle marked.
    let figure = report::dossier_figure(&plan, &found);
    let marked: Vec<(usize, usize)> =
        figure.links.iter().filter(|link| link.is_marked).map(|link| (link.from, link.to)).collect();
    assert_eq!((figure.nodes.len(), marked), (3, vec![(1, 2), (2, 1)]));
}

/// The same circle of five, which a time-out of the pool opens again: it is no deadlock, but it is seen at that moment.
#[test]
fn a_circle_that_a_time_out_opens_is_told_so() {
    let bench = bench(&nested(8, "acquire_timeout = \"200ms\"").replace("title = \"Nested\"\n", ""));
    let limits = Limits::default();
    let moments = vec![Time(0), Time(100_000_000), Time(9_000_000_000)];
    let glance = Glance::At(Time(100_000_000));
    let (outcome, seen, _) = seen(&bench.system, &bench.load, glance, moments.clone(), 1, 0, &limits).expect("a look");
    assert_eq!(outcome.deadlock, None);
    let graph = seen.graph.expect("a graph");
    assert_eq!((path(&graph), graph.is_circle, graph.is_complete), (vec!["shop pool auth"], true, true));
    let own = ("shop.order [shop pool auth] -> shop pool auth".to_owned(), 5, 5);
    assert_eq!(groups(&graph)[0], own);
    // Nothing has happened before the first event; the pool is full from then on.
    let levels: Vec<(Time, u64, u32)> =
        seen.levels.iter().map(|levels| (levels.at, levels.in_flight, levels.units[0].1)).collect();
    assert_eq!(levels[0], (moments[0], 0, 0));
    assert_eq!(levels[1], (moments[1], 8, 5));
    assert_eq!(levels.len(), 3);
    // A run that is looked at is the same run.
    assert_eq!(trial(&bench.system, &bench.load, 1, 0, &limits).events, outcome.events);
}

/// Without retries the rate is half of what the one thread can serve. A fault of 20 s slows the service down; clients give up after a
/// second and send again, up to ten times, and what they leave behind keeps the thread busy.
#[test]
fn a_storm_of_retries_tips_at_the_fault_and_wastes_its_work() {
    let text = "title = \"Storm\"\n\
        [load]\nkind = \"open\"\ntarget = \"shop.order\"\nrate = \"50/s\"\ntimeout = \"1s\"\n\
        retry = { attempts = 10, backoff = \"100ms\" }\nwarm_up = \"0s\"\nduration = \"120s\"\n\
        [services.shop]\nruntime = \"threads\"\nthreads = 1\ncpu = \"1\"\n\
        [services.shop.endpoints.order]\nsteps = [{ cpu = { exp = \"12ms\" } }]\n\
        [faults.slow]\nservice = \"shop\"\nfrom = \"40s\"\nto = \"60s\"\neffect = { slow = 10 }\n";
    let (plan, found) = of_model(text);
    assert_eq!(found.moment.tipping, Tipping::Fall);
    let fall = found.moment.fall.expect("a fall");
    assert!((45.0..55.0).contains(&fall.before_per_s) && fall.after_per_s < 10.0, "{fall:?}");
    assert_eq!(fall.back, None);
    assert_eq!((found.moment.runs, found.moment.of), (3, 3));
    let seconds = found.moment.seconds.expect("all runs tip");
    assert!(seconds.low > 38.0 && seconds.high < 45.0, "{seconds:?}");
    assert!(!found.graph.is_circle);
    assert_eq!(path(&found.graph)[0], "shop threads");
    let last = found.around.last().expect("levels");
    assert!(last.levels.abandoned * 2 > last.levels.handlers && last.sent_again_per_s > 10.0, "{last:?}");
    let words = report::dossier(&plan, &found, None);
    assert!(words.contains("handlers work for clients that have gone"), "{words}");
    assert!(words.contains("clients that have gone, and no request is sent again; at"), "{words}");
}

/// The service stops from 40 s to 60 s; what waits is worked off at 83 a second then, until 50 a second are served again. The end
/// of that rebound is no fall, and the dossier says that goodput comes back.
#[test]
fn a_system_that_recovers_is_said_to() {
    let text = "title = \"Stop\"\n\
        [load]\nkind = \"open\"\ntarget = \"shop.order\"\nrate = \"50/s\"\nwarm_up = \"0s\"\nduration = \"200s\"\n\
        [services.shop]\nruntime = \"threads\"\nthreads = 1\ncpu = \"1\"\n\
        [services.shop.endpoints.order]\nsteps = [{ cpu = { exp = \"12ms\" } }]\n\
        [faults.stop]\nservice = \"shop\"\nfrom = \"40s\"\nto = \"60s\"\neffect = \"stuck\"\n";
    let (plan, found) = of_model(text);
    let fall = found.moment.fall.expect("a fall");
    assert!((38.0..43.0).contains(&fall.at.seconds()), "{fall:?}");
    assert!(fall.back.is_some_and(|back| (58.0..63.0).contains(&back.seconds())), "{fall:?}");
    let words = report::dossier(&plan, &found, None);
    assert!(words.contains(" and is back at 6") || words.contains(" and is back at 5"), "{words}");
}

#[test]
fn a_dossier_is_the_same_on_any_number_of_threads() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| of_model(&nested(8, "")).1)
    };
    assert_eq!(on(1), on(4));
}

/// The only event loop of a service is blocked by a call to itself, which needs that loop, until a time-out of 2 s.
#[test]
fn a_loop_that_a_call_with_a_time_out_blocks_is_held() {
    let text = r#"
        title = "A service that calls itself"
        [load]
        kind = "closed"
        target = "app.order"
        concurrency = 4
        warm_up = "0s"
        duration = "61s"
        [services.app]
        [services.app.clients.self]
        server = "app"
        reuse = "shared"
        timeout = "2s"
        [services.app.endpoints]
        order = { steps = [{ call = { client = "self", endpoint = "price", blocking = true } }] }
        price = { steps = [{ cpu = "1ms" }] }
    "#;
    let (plan, found) = of_model(text);
    let graph = &found.graph;
    assert_eq!((path(graph), graph.is_circle, graph.is_complete), (vec!["app event loops"], true, true), "{graph:?}");
    let words = report::dossier(&plan, &found, None);
    for right in [
        "a circle of waits closes that only time-outs open",
        "1 request of app.order holds one of app event loops (1 of 1 in use) and waits for a call that needs one.",
        "each waits for another one of them until a time-out ends its wait",
    ] {
        assert!(words.contains(right), "{right}:\n{words}");
    }
}
