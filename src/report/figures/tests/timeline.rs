//! The chart of what happens when.

use super::{THREADS, drawn, drawn_of};
use crate::report::chart::{Figure, LineFigure};
use crate::report::figures::Drawing;

/// An experiment at this rate, for these seconds: a variant that nothing disturbs, and one with a service that is dead for 100 s
/// from this second on. Its timeline has intervals of these seconds.
fn calm_and_hit(rate: &str, duration: u32, from: u32, interval: u32) -> String {
    let to = from + 100;
    format!(
        "[load]\nkind = \"open\"\ntarget = \"shop.serve\"\nrate = \"{rate}\"\ntimeout = \"20s\"\nduration = \"{duration}s\"\n\
         recovered_after = \"{to}s\"\ntimeline = \"{interval}s\"\n[[variants]]\nname = \"calm\"\n[[variants]]\nname = \"hit\"\n[variants.set]\n\
         \"faults.outage\" = {{ service = \"shop\", from = \"{from}s\", to = \"{to}s\", effect = \"dead\" }}\n"
    )
}

/// The chart of what happens when.
fn timeline(drawn: &[Drawing]) -> &LineFigure {
    let found = drawn.iter().find(|drawing| drawing.name == "timeline").expect("a timeline");
    let Figure::Line(figure) = &found.figure else { panic!("no lines") };
    figure
}

/// A service that is dead for 100 s refuses all requests: that variant recovers. Nothing is said to recover that was not
/// broken.
#[test]
fn only_what_was_broken_recovers() {
    let drawn = drawn(&calm_and_hit("0.5/s", 2000, 400, 20));
    let title = &timeline(&drawn).title;
    assert!(title.contains("“hit” recovers"), "{title}");
    assert!(!title.contains("“calm” recovers") && !title.contains("oth variants"), "{title}");
}

/// Twice the load that the counter can do: a variant that nothing disturbs has nothing to recover from. No success takes longer
/// than the 20 s after which clients leave, and no interval reaches further.
#[test]
fn what_breaks_down_by_itself_has_nothing_to_recover_from() {
    let drawn = drawn(&calm_and_hit("2/s", 600, 200, 10));
    let figure = timeline(&drawn);
    let title = &figure.title;
    assert!(title.contains("“hit” never recovers") && !title.contains("“calm” never"), "{title}");
    let times = &figure.panels[1];
    assert_eq!(times.y.label, "mean response time of successes (s)");
    let highest = times.lines.iter().flat_map(|line| &line.points).map(|point| point.high).fold(0.0, f64::max);
    assert!(highest <= 20.0, "{highest}");
}

/// One of two replicas is dead from 40 s to 60 s: the chart of a single point has what it does to all parts.
#[test]
fn a_recorded_timeline_has_its_panels_and_marks() {
    let fault = "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"15/s\"\ntimeout = \"2s\"\nduration = \"100s\"\n\
         timeline = \"5s\"\n[set]\n\"services.a.threads\" = 2\n\"services.a.replicas\" = 2\n\
         \"faults.crash\" = { service = \"a\", replica = 1, from = \"40s\", to = \"60s\", effect = \"dead\" }\n";
    let drawn = drawn_of(THREADS, fault);
    let figure = timeline(&drawn);
    assert_eq!(figure.panels.len(), 4);
    let names = |panel: usize| figure.panels[panel].lines.iter().map(|line| line.label.as_str()).collect::<Vec<_>>();
    assert_eq!(names(0)[..2], ["answered", "offered"]);
    assert_eq!(names(1), ["median", "p95 (dashed)", "p99 (dotted)"]);
    assert_eq!(names(2)[0], "under way");
    let replicas = figure.panels[3].lines.last().expect("replicas");
    assert_eq!(replicas.label, "a replicas available, of 2");
    let at = |second: f64| replicas.points.iter().find(|point| point.x == second).map(|point| point.y);
    assert_eq!([at(37.5), at(42.5), at(57.5), at(62.5)], [Some(100.0), Some(50.0), Some(50.0), Some(100.0)]);
    for (place, panel) in figure.panels.iter().enumerate() {
        let marks: Vec<_> = panel.stretches.iter().map(|it| (it.label.as_str(), it.from_x, it.to_x)).collect();
        let expected =
            [("crash", 40.0, 60.0), ("a replica 1 goes down", 40.0, 40.0), ("a replica 1 is up", 60.0, 60.0)];
        let unnamed = expected.map(|(_, from, to)| ("", from, to));
        assert_eq!(marks, if place == 0 { expected } else { unnamed });
    }
}

/// A breaker opens at another time in each run: it is marked as an instant, because a stretch would be a disturbance. Where
/// users send requests again, the line of what is offered says that it has first tries only.
#[test]
fn marks_are_no_stretches() {
    let model = "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"5/s\"\nduration = \"100s\"\ntimeline = \"5s\"\n\
         retry = { attempts = 2, backoff = \"100ms\" }\n\
         [services.a]\nruntime = \"delay\"\nbreakers.b = { failure_threshold = 5, recovery_time = \"30s\" }\n\
         clients.c = { server = \"z\" }\nendpoints.e.steps = [{ breaker = { name = \"b\", steps = [{ call = { client = \"c\", endpoint = \"e\" } }] } }]\n\
         [services.z]\nruntime = \"delay\"\nendpoints.e.steps = [{ sleep = \"exp(10ms)\" }]\n\
         [faults.gone]\nservice = \"z\"\nfrom = \"40s\"\nto = \"60s\"\neffect = \"dead\"\n";
    let drawn = drawn_of(model, "");
    let figure = timeline(&drawn);
    assert!(figure.panels[0].lines.iter().any(|line| line.label == "offered (first tries)"));
    let (faults, marks): (Vec<_>, Vec<_>) =
        figure.panels[0].stretches.iter().partition(|stretch| stretch.label == "gone");
    assert_eq!(faults.len(), 1);
    assert!(marks.iter().any(|mark| mark.label == "a breaker b opens"), "{marks:?}");
    assert!(marks.iter().all(|mark| mark.from_x == mark.to_x), "{marks:?}");
}
