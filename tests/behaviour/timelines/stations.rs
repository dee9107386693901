//! Hand-worked timelines: stations.

use super::*;

fn station(keys: &str) -> String {
    let text = model("", &format!("[stations.counter]\n{keys}\n[services.shop]\nruntime = \"delay\""));
    text + "serve = { steps = [{ visit = { station = \"counter\", time = \"100ms\" } }] }"
}

#[test]
fn servers_serve_in_order_of_arrival() {
    assert_eq!(play(&station("servers = 2"), &[0.0, 10.0, 20.0, 30.0]).successes(), [100.0, 110.0, 200.0, 210.0]);
}

#[test]
fn sharing_servers_share_evenly() {
    // Alone to 50; two share until 150, when A has its 100; then B has 50 left.
    assert_eq!(play(&station("discipline = \"ps\""), &[0.0, 50.0]).successes(), [150.0, 200.0]);
    // Two servers, three requests: two thirds of a server each.
    assert_eq!(play(&station("discipline = \"ps\"\nservers = 2"), &[0.0; 3]).successes(), [150.0; 3]);
}

/// A and B are there for 150 ms each and the server is in use for 200: 100 ms are lost to each other, 50 a visit. None of them
/// waits for a server, so there is no share that did. In order of arrival B waits for 50 ms.
#[test]
fn requests_that_share_are_slowed_and_do_not_wait() {
    let use_ = |keys: &str| {
        let story = play(&station(keys), &[0.0, 50.0]);
        let one = resource(&story.outcome, "station counter").clone();
        (one.visits, (one.wait_s * 1e9).round(), one.waited)
    };
    assert_eq!(use_("discipline = \"ps\""), (2, 50e6, None));
    assert_eq!(use_("servers = 1"), (2, 25e6, Some(1)));
}

#[test]
fn one_more_than_the_capacity_is_turned_away_at_once() {
    let story = play(&station("servers = 1\ncapacity = 2"), &[0.0, 10.0, 20.0, 101.0]);
    assert_eq!(story.told(), ["100", "200", "20: turned away", "300"]);
}

/// With `n` inside when a service starts it takes `1 + slowdown n` times as long.
#[test]
fn a_station_slows_down_with_the_number_inside() {
    assert_eq!(play(&station("servers = 1\nslowdown = 0.5"), &[0.0]).successes(), [150.0]);
    // A starts with 1 inside, B at 150 with 2 (itself and C), C at 350 with 1.
    assert_eq!(play(&station("servers = 1\nslowdown = 0.5"), &[0.0, 0.0, 0.0]).successes(), [150.0, 350.0, 500.0]);
    // Sharing: at any moment. Two at half speed until both are done.
    assert_eq!(play(&station("discipline = \"ps\"\nservers = 2\nslowdown = 0.5"), &[0.0, 0.0]).successes(), [200.0; 2]);
}
