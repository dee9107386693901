//! Several classes that each have clients or arrivals of their own, at one processor-sharing station: product form (Baskett,
//! Chandy, Muntz & Palacios 1975), exact by mean value analysis over the populations (Reiser & Lavenberg 1980).

use super::*;

/// Classes with their source and their exponential service demand, at one station.
fn classes(seconds: u32, of: &[(&str, &str, &str)]) -> Bench {
    let warm_up = seconds / 10;
    let mut text = format!(
        "[load]\nkind = \"mixed\"\nwarm_up = \"{warm_up}s\"\nduration = \"{seconds}s\"\n\
         [stations.cpu]\ndiscipline = \"ps\"\n[services.shop]\nruntime = \"delay\"\n"
    );
    for (name, source, demand) in of {
        text += &format!(
            "[load.classes.{name}]\ntarget = \"shop.{name}\"\n{source}\n\
             [services.shop.endpoints.{name}]\nsteps = [{{ visit = {{ station = \"cpu\", time = \"exp({demand})\" }} }}]\n"
        );
    }
    bench(&text)
}

fn response_of(class: usize) -> impl Fn(&Outcome) -> f64 {
    move |outcome| outcome.classes[class].response_times.mean().expect("successes") / 1e9
}

/// The response times and the number present of two closed classes (clients, think time, demand) at a queue.
fn mva(classes: [(usize, f64, f64); 2]) -> ([f64; 2], f64) {
    let [most_a, most_b] = classes.map(|(clients, ..)| clients);
    let mut present = vec![vec![0.0; most_b + 1]; most_a + 1];
    let mut responses = [0.0; 2];
    for a in 0..=most_a {
        for b in 0..=most_b {
            let before = [(a > 0).then(|| present[a - 1][b]), (b > 0).then(|| present[a][b - 1])];
            let mut here = 0.0;
            for (class, clients) in [a, b].into_iter().enumerate() {
                let (_, think, demand) = classes[class];
                let Some(others) = before[class] else { continue };
                responses[class] = demand * (1.0 + others);
                here += clients as f64 / (think + responses[class]) * responses[class];
            }
            present[a][b] = here;
        }
    }
    (responses, present[most_a][most_b])
}

#[test]
fn two_populations_follow_mean_value_analysis() {
    let few = ("a", "concurrency = 4\nthink_time = \"exp(1s)\"", "100ms");
    let many = ("b", "concurrency = 9\nthink_time = \"exp(4s)\"", "400ms");
    let runs = classes(6_000, &[few, many]).replicate(61, REPLICATIONS);
    let (exact, _) = mva([(4, 1.0, 0.1), (9, 4.0, 0.4)]);
    agrees("response of a", &runs, response_of(0), exact[0]);
    agrees("response of b", &runs, response_of(1), exact[1]);
    agrees("throughput", &runs, throughput, 4.0 / (1.0 + exact[0]) + 9.0 / (4.0 + exact[1]));
}

/// Arrivals take their share of the queue; clients meet what is left of it, and arrivals meet the clients (Lavenberg 1983).
#[test]
fn clients_and_arrivals_meet_in_one_queue() {
    let (rate, demand) = (2.0, 0.2);
    let clients = ("clients", "concurrency = 6\nthink_time = \"exp(2s)\"", "300ms");
    let jobs = ("jobs", "rate = \"2/s\"", "200ms");
    let runs = classes(6_000, &[clients, jobs]).replicate(62, REPLICATIONS);
    let left = 1.0 - rate * demand;
    let (exact, present) = mva([(6, 2.0, 0.3 / left), (0, 1.0, 1.0)]);
    agrees("response of clients", &runs, response_of(0), exact[0]);
    agrees("response of jobs", &runs, response_of(1), demand * (1.0 + present) / left);
    agrees("throughput", &runs, throughput, rate + 6.0 / (2.0 + exact[0]));
}
