//! Hand-worked timelines: balancing.

use super::*;

/// Two replicas of one thread each, 10 ms a request.
fn replicas(balance: &str) -> String {
    shop(
        "",
        &format!("runtime = \"threads\"\nthreads = 1\nreplicas = 2\nbalance = \"{balance}\""),
        "{ cpu = \"10ms\" }",
    )
}

/// The fourth request arrives at 12 ms: the first replica has one since 11, the second one since 5.
const SENDS: [f64; 4] = [0.0, 5.0, 11.0, 12.0];

#[test]
fn round_robin_takes_each_replica_in_turn() {
    assert_eq!(play(&replicas("round-robin"), &SENDS).successes(), [10.0, 15.0, 21.0, 25.0]);
}

#[test]
fn least_busy_counts_requests_and_takes_the_first_of_equals() {
    assert_eq!(play(&replicas("least-busy"), &SENDS).successes(), [10.0, 15.0, 21.0, 31.0]);
    assert_eq!(play(&replicas("least-busy"), &[0.0, 1.0, 2.0, 3.0]).successes(), [10.0, 11.0, 20.0, 21.0]);
    // When the second is free the first still works: it gets the next.
    assert_eq!(play(&replicas("least-busy"), &[0.0, 0.0, 0.0, 10.5]).successes(), [10.0, 10.0, 20.0, 20.5]);
}

/// One worker of two is broken: so many fail as were sent there.
#[test]
fn random_spreads_evenly_and_round_robin_exactly() {
    let sends: Vec<f64> = (0..1000).map(f64::from).collect();
    let failed = |keys: &str| {
        let rest = format!(
            "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = {{ steps = [] }}\n[services.shop]\n\
             runtime = \"delay\"\n{keys}\n[services.shop.clients.back]\nserver = \"back\"\ntimeout = \"1s\"\nbroken_workers = 1"
        );
        let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
        let story = play(&format!("{}\nserve = {{ steps = [{call}] }}", model("", &rest)), &sends);
        story.outcome.failures.iter().map(|(_, count)| *count).sum::<u64>()
    };
    assert_eq!(failed("replicas = 2\nbalance = \"round-robin\""), 500);
    assert_eq!(failed("workers = 2\naccept = \"round-robin\""), 500);
    for keys in ["replicas = 2\nbalance = \"random\"", "workers = 2\naccept = \"random\""] {
        let share = failed(keys);
        // Five standard deviations of a fair coin.
        assert!((421..=579).contains(&share), "{share} with {keys}");
    }
}
