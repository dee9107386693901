//! `sim check`: mistakes without running.

use super::place::Place;

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
    assert!(ran.stdout.contains("ok  bare.toml: a model without a load of its own"), "{}", ran.stdout);
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
