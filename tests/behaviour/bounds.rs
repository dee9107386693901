//! The asymptotic bounds of a closed load: against a system of which they are known, and where there are none.

use sim::experiment::analyse::bounds::{Bounds, bounds};
use sim::experiment::plan::Plan;
use sim::report::chart::{Figure, Look};
use sim::report::{Report, figures};

use crate::models::{experiment, reported};

/// The plan of 1 to 40 clients who think for 90 ms on average and then visit a station for 10 ms; what else the station has.
fn planned(station: &str, seconds: u32) -> Plan {
    let model = format!(
        "title = \"Bounds\"\n\
         [load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 1\nthink_time = {{ exp = \"90ms\" }}\n\
         warm_up = \"5s\"\nduration = \"{seconds}s\"\n\
         [stations.counter]\nservers = 1\n{station}\n\
         [services.shop]\nruntime = \"delay\"\n\
         [services.shop.endpoints.serve]\n\
         steps = [{{ visit = {{ station = \"counter\", time = {{ exp = \"10ms\" }} }} }}]\n"
    );
    let text = "replications = 3\n[axes.clients]\npath = \"load.concurrency\"\nvalues = [1, 5, 10, 20, 40]\n\
                [[variants]]\nname = \"as it is\"\n";
    experiment(&model, text).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

fn of(report: &Report) -> Option<Bounds> {
    let all: Vec<usize> = (0..report.plan.points.len()).collect();
    bounds(report.plan, &all, &report.summaries.iter().collect::<Vec<_>>())
}

/// A second holds 100 visits of 10 ms; a client alone comes back after 100 ms.
#[test]
fn the_bounds_of_one_server_are_those_of_theory() {
    let plan = planned("", 200);
    let report = reported(&plan);
    let found = of(&report).expect("bounds");
    assert_eq!(found.resource, "station counter");
    assert!((found.most_per_min / 6000.0 - 1.0).abs() < 0.03, "{found:?}");
    assert!((found.per_client / 600.0 - 1.0).abs() < 0.03, "{found:?}");
    assert!((found.knee() - 10.0).abs() < 0.5, "{found:?}");
    for (summary, clients) in report.summaries.iter().zip([1.0, 5.0, 10.0, 20.0, 40.0]) {
        let rate = summary.throughput_per_min.expect("a throughput").estimate;
        assert!(rate <= found.at(clients) * 1.01, "{rate} at {clients}: {found:?}");
    }
    let (drawings, _) = figures::figures(&report);
    let Figure::Line(figure) = &drawings[0].figure else { panic!("{:?}", drawings[0]) };
    let line = figure.panels[0].lines.iter().find(|line| line.look == Look::Bound).expect("a bound is drawn");
    assert_eq!((line.label.as_str(), line.points.len()), ("bound: station counter", 6));
    assert!(figure.note.contains("asymptotic bounds"), "{}", figure.note);
}

/// Each visit takes longer with each client that is at the station: the demand at one load bounds no other load.
#[test]
fn demands_that_grow_with_the_load_give_no_bounds() {
    let plan = planned("slowdown = 0.1", 20);
    assert_eq!(of(&reported(&plan)), None);
}
