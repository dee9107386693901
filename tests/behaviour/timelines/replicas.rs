//! Hand-worked timelines: replicas of a threaded service that share a database, and the webhooks that they send twice.

use super::*;

fn billing(database: &str) -> String {
    let rest = format!(
        "[services.db]\nruntime = \"threads\"\ncpu = \"1\"\n{database}\n\
         [services.shop]\nruntime = \"threads\"\nreplicas = 2\nthreads = 1\n\
         [services.shop.pools.main]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\nreset_on_release = false"
    );
    let query = "{ query = { pool = \"main\", time = \"10ms\" } }";
    format!("{}\nserve = {{ steps = [{query}] }}", model("", &rest))
}

/// One request alone takes 10 ms at the database, two from two replicas share its core, and get in each other's way.
#[test]
fn replicas_do_not_scale_beyond_their_database() {
    let two = |database: &str| play_at(&billing(database), &[0.0, 0.0], &[0, 1]).successes();
    let one = |database: &str| play_at(&billing(database), &[0.0], &[0]).successes();
    assert_eq!((one(""), two("")), (vec![10.0], vec![20.0; 2]));
    // 1 + 0.5 n: 1.5 times alone, twice as long with two.
    assert_eq!((one("slowdown = 0.5"), two("slowdown = 0.5")), (vec![15.0], vec![40.0; 2]));
    // 1 + 0.25 n (n - 1): once alone, 1.5 times with two.
    assert_eq!((one("coherence = 0.25"), two("coherence = 0.25")), (vec![10.0], vec![30.0; 2]));
}

/// Two connections for three replicas: what one of them uses the others lack.
#[test]
fn replicas_share_the_connections_of_their_database() {
    let text =
        billing("max_connections = 2").replace("min_size = 1", "min_size = 0").replace("replicas = 2", "replicas = 3");
    let story = play_at(&text, &[0.0, 0.0, 5.0], &[0, 1, 2]);
    assert_eq!(story.told(), ["20", "20", "5: too many database connections"]);
}

fn notifying(shop: &str, notify: &str) -> String {
    let rest = format!(
        "[stations.hooks]\nservers = 1\n[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\n\
         hook = {{ steps = [{{ visit = {{ station = \"hooks\", time = \"50ms\" }} }}] }}\n\
         [services.shop]\nruntime = \"threads\"\nthreads = 1\n{shop}\n[services.shop.clients.back]\nserver = \"back\"\n\
         connect_time = \"1ms\""
    );
    let steps = format!("{{ notify = {{ client = \"back\", endpoint = \"hook\"{notify} }} }}, {{ cpu = \"10ms\" }}");
    format!("{}\nserve = {{ steps = [{steps}] }}", model("", &rest))
}

/// The request is answered at 10 whatever becomes of the webhook, which holds no thread.
#[test]
fn nobody_waits_for_a_webhook() {
    let story = play(&notifying("", ""), &[0.0, 0.0]);
    assert_eq!(story.successes(), [10.0, 20.0]);
    assert_eq!(resource(&story.outcome, "station hooks").visits, 2);
}

/// One more for each replica beyond the first.
#[test]
fn replicas_send_a_webhook_again() {
    let visits = |replicas: u32, notify: &str| {
        let story = play(&notifying(&format!("replicas = {replicas}"), notify), &[0.0; 4]);
        assert!(story.at_rest);
        resource(&story.outcome, "station hooks").visits
    };
    let replicated = ", when_replicated = true";
    assert_eq!([1, 2, 3].map(|replicas| visits(replicas, replicated)), [0, 4, 8]);
    assert_eq!([1, 3].map(|replicas| visits(replicas, "")), [4, 4]);
    assert_eq!(visits(3, ", when_replicated = true, probability = 0.0"), 0);
}

/// Each with its own chance, again and again: 2 x 0.25 x 400 webhooks, give or take five standard errors.
#[test]
fn webhooks_are_sent_with_their_probability() {
    let text = notifying("replicas = 3", ", when_replicated = true, probability = 0.25").replace("50ms", "0s");
    let sends: Vec<f64> = (0..400).map(|n| f64::from(n) * 20.0).collect();
    let visits = resource(&play(&text, &sends).outcome, "station hooks").visits;
    assert!(visits.abs_diff(200) < 5 * 13, "{visits}");
}
