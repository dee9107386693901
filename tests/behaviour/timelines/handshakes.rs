//! Hand-worked timelines: TLS handshakes of new connections.

use super::*;

/// A shop without queues that calls a service with these keys, 10 ms of work there; a connect takes 4 ms, a round trip 10 ms.
fn call(client: &str, pay: &str) -> String {
    let keys = format!(
        "runtime = \"threads\"\n[services.shop.clients.pay]\nserver = \"pay\"\nconnect_time = \"4ms\"\nround_trip = \"10ms\"\n\
         {client}\n[services.pay]\n{pay}\n[services.pay.endpoints.charge]\nsteps = [{{ cpu = \"10ms\" }}]"
    );
    shop("", &keys, "{ call = { client = \"pay\", endpoint = \"charge\" } }")
}

const THREADS: &str = "runtime = \"threads\"";
const FULL: &str = "cpu = \"3ms\", server_cpu = \"2ms\"";

/// The connect to 4, CPU of the client to 7, the first round trip with the server's CPU to 19, the call to 39. TLS 1.2 has one
/// round trip more, a session that is resumed no CPU.
#[test]
fn a_handshake_takes_cpu_at_both_ends_and_round_trips() {
    let ends = |tls: &str| play(&call(tls, THREADS), &[0.0]).successes();
    assert_eq!(ends(""), [24.0]);
    assert_eq!(ends(&format!("tls = {{ {FULL} }}")), [39.0]);
    assert_eq!(ends(&format!("tls = {{ version = \"1.2\", {FULL} }}")), [49.0]);
    for version in ["1.2", "1.3"] {
        assert_eq!(ends(&format!("tls = {{ version = \"{version}\", resumption = 1, {FULL} }}")), [34.0]);
    }
}

/// Only a new connection begins with one.
#[test]
fn a_kept_connection_has_no_handshake() {
    let text = call(&format!("reuse = \"shared\"\ntls = {{ {FULL} }}"), THREADS);
    assert_eq!(play(&text, &[0.0, 100.0]).successes(), [39.0, 120.0]);
}

/// The handshake is work of the event loop that accepts the connection, from 17 on, and the request goes to the same process:
/// two calls on one loop, and on one loop each.
#[test]
fn the_server_works_for_it_where_it_accepts() {
    let ends = |pay: &str| play(&call(&format!("tls = {{ {FULL} }}"), pay), &[0.0, 0.0]).successes();
    assert_eq!(ends(""), [39.0, 49.0]);
    assert_eq!(ends("replicas = 2"), [39.0, 39.0]);
}

/// It does not count as a request to the service: an ingress that lets one in admits both calls, which do not overlap there.
#[test]
fn it_passes_the_ingress() {
    let text = call(&format!("tls = {{ {FULL} }}"), &format!("{THREADS}\ningress = {{ in_flight = 1 }}"));
    assert_eq!(play(&text, &[0.0, 15.0]).successes(), [39.0, 54.0]);
}

/// A pool: CPU of the client to 3, the connect to 7, the request for encryption and the handshake to 9, the database's CPU to 11,
/// and a statement of 5 ms a round trip away. The connection is kept.
#[test]
fn a_pool_pays_when_it_grows() {
    let text = |tls: &str| {
        let keys = format!(
            "runtime = \"threads\"\n[services.shop.pools.main]\nserver = \"base\"\nmin_size = 0\nconnect_time = \"4ms\"\n\
             round_trip = \"1ms\"\nreset_on_release = false\n{tls}\n[services.base]\nruntime = \"threads\""
        );
        shop("", &keys, "{ query = { pool = \"main\", time = \"5ms\" } }")
    };
    assert_eq!(play(&text(&format!("tls = {{ {FULL} }}")), &[0.0, 100.0]).successes(), [17.0, 106.0]);
    assert_eq!(play(&text(&format!("tls = {{ version = \"1.2\", {FULL} }}")), &[0.0]).successes(), [18.0]);
    assert_eq!(play(&text(&format!("tls = {{ resumption = 1, {FULL} }}")), &[0.0]).successes(), [12.0]);
    assert_eq!(play(&text("tls = {}"), &[0.0]).successes(), [12.0]);
}
