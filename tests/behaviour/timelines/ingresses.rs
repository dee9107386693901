//! Hand-worked timelines: the reverse proxy in front of a service.

use super::*;

fn ingress(keys: &str) -> String {
    format!("runtime = \"delay\"\n[services.shop.ingress]\n{keys}")
}

const SLEEP: &str = "{ sleep = \"100ms\" }";

#[test]
fn one_more_than_may_be_in_flight_is_answered_at_once() {
    let story = play(&shop("", &ingress("in_flight = 2"), SLEEP), &[0.0, 0.0, 50.0, 100.5]);
    assert_eq!(story.told(), ["100", "100", "51: too many in flight (429)", "200.5"]);
    assert!(story.at_rest);
    let ingress = resource(&story.outcome, "shop ingress");
    assert_eq!((ingress.visits, ingress.refused, ingress.capacity), (3, 1, Some(2.0)));
    assert_eq!(story.used("shop ingress"), 300.0);
}

/// The proxy gives up with the client; the service does not.
#[test]
fn a_request_whose_client_has_gone_is_in_flight_no_more() {
    let story = play(&shop("timeout = \"50ms\"", &ingress("in_flight = 1"), SLEEP), &[0.0, 40.0, 60.0]);
    let gone = |at: u32| format!("{at}: client gave up");
    assert_eq!(story.told(), [gone(50), "41: too many in flight (429)".into(), gone(110)]);
    assert!(story.at_rest);
}

/// Ten a second in bursts of two. The fourth request has its token at 100, in 45 ms, and waits; the third would have to
/// wait 98 ms.
#[test]
fn a_rate_limit_lets_a_burst_pass() {
    let keys = ingress("rate_limit = { average = \"10/s\", burst = 2 }");
    let story = play(&shop("", &keys, "{ sleep = \"10ms\" }"), &[0.0, 1.0, 2.0, 55.0]);
    assert_eq!(story.told(), ["10", "11", "3: rate limited (429)", "110"]);
    assert!(story.at_rest);
    let limit = resource(&story.outcome, "shop ingress rate limit");
    assert_eq!((limit.visits, limit.refused, limit.capacity), (3, 1, Some(10.0)));
    // Three in 110 ms.
    assert!((limit.in_use - 3.0 / 0.11).abs() < 1e-9 && limit.utilisation == 1.0, "{limit:?}");
    assert!(story.outcome.resources.iter().all(|other| other.name != "shop ingress"));
}

/// Ten a second, and two may wait: nginx' `limit_req` with `burst=2`, which sends each on when its time has come, and with
/// `nodelay`, where a bucket of three lets them through at once.
#[test]
fn a_rate_limit_with_a_queue_is_that_of_nginx() {
    let told = |rate: &str| {
        let story = play(&shop("", &ingress(rate), "{ sleep = \"10ms\" }"), &[0.0, 1.0, 2.0, 3.0, 150.0]);
        assert!(story.at_rest);
        story.told()
    };
    let delayed = told("rate_limit = { average = \"10/s\", max_queue = 2 }");
    // At 150 one waits, for 200; the next token is that of 300.
    assert_eq!(delayed, ["10", "110", "210", "4: rate limited (429)", "310"]);
    let at_once = told("rate_limit = { average = \"10/s\", burst = 3, max_queue = 0 }");
    assert_eq!(at_once, ["10", "11", "12", "4: rate limited (429)", "160"]);
}

/// Two limits of one proxy: one lets ten a second pass, the other one request inside at a time. They have a row each.
#[test]
fn the_limits_of_one_ingress_are_told_apart() {
    let keys = ingress("in_flight = 1\nrate_limit = { average = \"10/s\", burst = 3 }");
    let story = play(&shop("", &keys, SLEEP), &[0.0, 1.0, 2.0, 3.0, 300.0]);
    let full = |at: u32| format!("{at}: too many in flight (429)");
    assert_eq!(story.told(), ["100".into(), full(2), full(3), "4: rate limited (429)".to_owned(), "400".into()]);
    let of = |name: &str| resource(&story.outcome, name);
    let (inside, limit) = (of("shop ingress"), of("shop ingress rate limit"));
    assert_eq!((inside.visits, inside.refused, inside.capacity), (2, 2, Some(1.0)));
    assert_eq!((limit.visits, limit.refused, limit.capacity), (4, 1, Some(10.0)));
    assert!((inside.utilisation - 0.5).abs() < 1e-9 && limit.utilisation == 1.0, "{inside:?} {limit:?}");
}

/// A client that goes while its request waits for a token takes it along.
#[test]
fn a_request_whose_client_goes_before_its_token_comes_never_reaches_the_service() {
    let keys = ingress("rate_limit = { average = \"10/s\" }");
    let story = play(&shop("timeout = \"20ms\"", &keys, "{ sleep = \"10ms\" }"), &[0.0, 60.0]);
    assert_eq!(story.told(), ["10", "80: client gave up"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.wasted, 0);
    assert_eq!(story.outcome.window, Time(100_000_000));
}

/// A refused request takes no descriptor, no worker, and fails its caller at once.
#[test]
fn calls_pass_the_ingress_of_their_server() {
    let rest = "[services.back]\nruntime = \"threads\"\nthreads = 1\nopen_files = 8\n[services.back.ingress]\nin_flight = 1\n\
        [services.back.endpoints]\nwork = { steps = [{ sleep = \"100ms\" }] }\n\
        [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"";
    let steps = "{ sleep = \"1ms\" }, { call = { client = \"back\", endpoint = \"work\" } }";
    let story = play(&format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest)), &[0.0, 10.0, 200.0]);
    assert_eq!(story.told(), ["101", "12: too many in flight (429)", "301"]);
    assert!(story.at_rest);
}

/// Replicas whose workers share a backlog: a request that has not been accepted is inside the ingress all the same.
#[test]
fn a_request_in_the_backlog_is_in_flight() {
    let keys = "workers = 2\naccept = \"accept-race\"\n[services.shop.ingress]\nin_flight = 3";
    let story = play(&shop("timeout = \"15ms\"", keys, "{ cpu = \"20ms\" }"), &[0.0, 0.0, 1.0, 2.0, 17.0]);
    let gone = |at: u32| format!("{at}: client gave up");
    assert_eq!(story.told(), [gone(15), gone(15), gone(16), "3: too many in flight (429)".into(), gone(32)]);
    assert!(story.at_rest);
}
