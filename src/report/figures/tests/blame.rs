//! The chart of where the time goes.

use super::{MODEL, RATES, drawn, drawn_of};
use crate::report::chart::{Figure, Stack};
use crate::report::figures::Drawing;

/// The bars of the first group.
fn bars(drawn: &[Drawing]) -> &[Stack] {
    let found = drawn.iter().find(|drawing| drawing.name == "blame").expect("a chart of blame");
    let Figure::Stack(figure) = &found.figure else { panic!("no bars") };
    &figure.groups[0].bars
}

#[test]
fn what_grows_has_no_bar_of_where_its_time_goes() {
    let drawn = drawn(RATES);
    let bars = bars(&drawn);
    assert_eq!(
        bars.last().map(|bar| (bar.remark.as_str(), bar.amounts.len())),
        Some(("unstable: response times grow", 0))
    );
    assert!(!bars[0].amounts.is_empty());
}

/// At four times its capacity a counter that serves last come first served answers few, and these soon. Who has given up has
/// left the queue.
#[test]
fn a_bar_of_few_successes_says_so() {
    let model = MODEL
        .replace("servers = 1", "servers = 1\norder = \"lifo\"")
        .replace("\"20s\"", "\"20s\"\nabandon = \"cancel\"");
    let drawn = drawn_of(&model, &RATES.replace("\"2/s\"", "\"4/s\""));
    let remarks: Vec<&str> = bars(&drawn).iter().map(|bar| bar.remark.as_str()).collect();
    let [light, _, heavy] = remarks[..] else { panic!("{remarks:?}") };
    assert!(heavy.ends_with(" % succeed)") && heavy.contains(" (2"), "{remarks:?}");
    assert!(!light.contains("succeed"), "{remarks:?}");
}
