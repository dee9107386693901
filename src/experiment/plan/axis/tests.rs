use std::sync::Arc;

use super::{combinations, ready};
use crate::language::setting::Subject;
use crate::language::tree::Tree;
use crate::language::{self, Source};

const MODEL: &str = r#"
[services.a]
cpu = "2"
slowdown = 0.5

[services.a.endpoints.run]
steps = []

[load]
kind = "closed"
target = "a.run"
"#;

fn tree(text: &str) -> Tree {
    Tree::document(&Arc::new(Source { name: "text".into(), path: None, text: text.into() })).unwrap()
}

/// The values of an axis as text, or what is wrong with it.
fn values(text: &str) -> Result<String, String> {
    let model = tree(MODEL);
    let subject = Subject { load: model.get("load").cloned(), model };
    let tree = tree(text);
    let axis: language::Axis = tree.read().unwrap();
    let ready = ready("x", &tree, &axis, &subject, &[]).map_err(|mistakes| mistakes.0[0].title.clone())?;
    Ok(super::all_values(&ready.axis))
}

#[test]
fn values_are_listed_or_spaced() {
    for (text, expected) in [
        ("path = 'load.concurrency'\nvalues = [1, 5, 2]", "1, 5, 2"),
        ("path = 'load.concurrency'\nfrom = 10\nto = 50\nstep = 20", "10, 30, 50"),
        ("path = 'load.concurrency'\nfrom = 10\nto = 55\nstep = 20", "10, 30, 50"),
        ("path = 'load.concurrency'\nfrom = 50\nto = 10\nstep = -20", "50, 30, 10"),
        ("path = 'load.concurrency'\nfrom = 5\nto = 5\nstep = 1", "5"),
        ("path = 'load.concurrency'\nfrom = 10.0\nto = 30.0\nstep = 10.0", "10, 20, 30"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 100\npoints = 3\nscale = 'log'", "1, 10, 100"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 10\npoints = 4", "1, 4, 7, 10"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 4\npoints = 9\nscale = 'log'", "1, 2, 3, 4"),
        ("path = 'services.a.slowdown'\nfrom = 0\nto = 0.3\nstep = 0.1", "0.0, 0.1, 0.2, 0.3"),
        ("path = 'services.a.slowdown'\nfrom = 0.001\nto = 0.1\npoints = 3\nscale = 'log'", "0.001, 0.01, 0.1"),
        ("path = 'services.a.cpu'\nfrom = '500m'\nto = '2'\nstep = 0.5", "500m, 1000m, 1500m, 2000m"),
        ("path = 'load.rate'\nfrom = '80/s'\nto = '12000/min'\nstep = '60/s'", "80/s, 140/s, 200/s"),
        ("path = 'load.rate'\nfrom = '600/min'\nto = '20/s'\npoints = 3", "600/min, 900/min, 1200/min"),
        ("path = 'load.timeout'\nfrom = '500ms'\nto = '2s'\nstep = '500ms'", "500ms, 1000ms, 1500ms, 2000ms"),
        ("path = 'load.timeout'\nfrom = '1s'\nto = '100s'\npoints = 3\nscale = 'log'", "1s, 10s, 100s"),
        ("path = 'load.think_time'\nfrom = '10ms'\nto = '30ms'\nstep = '10ms'", "10ms, 20ms, 30ms"),
        ("path = 'services.a.cpu'\nvalues = ['500m', '2', 3]", "500m, 2, 3"),
    ] {
        assert_eq!(values(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn axes_that_lead_nowhere_are_refused() {
    for (text, expected) in [
        ("path = 'load.concurrency'\nvalues = []", "axis `x` has no values"),
        ("path = 'load.concurrency'", "axis `x` has no values"),
        ("path = 'load.concurrency'\nvalues = [1, 1]", "axis `x` has the value 1 twice"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 9\nstep = 0", "the `step` of axis `x` is 0"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 9\nstep = -1", "axis `x` goes from 1 to 9 in steps of -1"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 99999\nstep = 1", "axis `x` has 99999 values"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 9\npoints = 1", "axis `x` has 1 points"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 9\npoints = 1000000", "axis `x` has 1000000 values"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 2\nstep = 0.5", "axis `x` has fractions"),
        ("path = 'load.concurrency'\nfrom = 1\nstep = 1", "axis `x` lacks `to`"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 9", "axis `x` lacks `step`"),
        ("path = 'load.concurrency'\nfrom = 1\nto = 9\nstep = 1\npoints = 3", "axis `x` has both `step` and `points`"),
        (
            "path = 'services.a.slowdown'\nfrom = -1\nto = 9\npoints = 3\nscale = 'log'",
            "the logarithmic axis `x` has an end at or below 0",
        ),
        ("path = 'services.a.velocity'\nvalues = [1]", "the path `services.a.velocity` does not exist"),
    ] {
        assert_eq!(values(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn the_last_axis_varies_fastest() {
    assert_eq!(combinations(&[vec![0, 1], vec![2, 3]]), [[0, 2], [0, 3], [1, 2], [1, 3]]);
    assert_eq!(combinations(&[]), [Vec::<usize>::new()]);
    assert!(combinations(&[vec![0], vec![]]).is_empty());
}

#[test]
fn a_range_without_the_unit_of_its_path_says_what_is_missing() {
    for (text, expected) in [
        ("path = 'load.rate'\nfrom = 80\nto = 400\nstep = 80", "`80` has no unit"),
        ("path = 'load.timeout'\nfrom = '1s'\nto = 5\nstep = '1s'", "`5` has no unit"),
        ("path = 'load.rate'\nfrom = '80/s'\nto = '400ms'\nstep = '80/s'", "`400ms` is not a rate"),
    ] {
        assert_eq!(values(text), Err(expected.into()), "{text}");
    }
}

#[test]
fn values_are_named_one_by_one_or_by_a_range_in_any_unit() {
    let model = tree(MODEL);
    let subject = Subject { load: model.get("load").cloned(), model };
    let written = tree("path = 'load.rate'\nvalues = ['60/s', '100/s', '120/s', '200/s']");
    let axis = ready("rate", &written, &written.read().unwrap(), &subject, &[]).unwrap().axis;
    let select = |text: &str| {
        let found = super::select(&axis, tree(&format!("at = {text}")).get("at").unwrap());
        found.map_err(|mistakes| mistakes.0[0].title.clone())
    };
    assert_eq!(select("'7200/min'"), Ok(vec![2]));
    assert_eq!(select("['200/s', '60/s']"), Ok(vec![0, 3]));
    assert_eq!(select("{ from = '100/s' }"), Ok(vec![1, 2, 3]));
    assert_eq!(select("{ from = '6000/min', to = '120/s' }"), Ok(vec![1, 2]));
    assert_eq!(select("{ to = 4800 }"), Err("`4800` has no unit".into()));
    assert_eq!(select("{ from = '9/s', to = '5/s' }"), Err("a range from 9/s down to 5/s".into()));
    assert_eq!(select("{ since = '9/s' }"), Err("unknown key `since`".into()));
    assert_eq!(select("'61/s'"), Err("\"61/s\" is not a value of axis `rate`".into()));
    assert_eq!(super::chosen(&axis, "7200/min").ok(), Some(2));
    assert_eq!(super::chosen(&axis, "120").ok(), Some(2));
}
