//! `sim knee`: the answer, its exit code, its files.

use serde_json::Value;

use super::place::Place;

/// A counter bears 0.5/s with a mean response time of 2 s.
const BOUND: [&str; 2] = ["--objective", "mean_s<=2.5"];

fn knee<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["knee", "servers.toml", "--resolution", "0.05/s"].iter().chain(&BOUND).chain(more).copied().collect()
}

#[test]
fn each_variant_has_its_knee_and_what_gives_way() {
    let place = Place::new();
    let ran = place.sim(&knee(&[])).ends_with(0);
    for words in ["one server: ", "misses", "station counter", "two servers: all values up to", "knee.png"] {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    assert_eq!(
        place.names("output/servers"),
        [".knee-journal.jsonl.lock", "knee-journal.jsonl", "knee.html", "knee.json", "knee.png"]
    );
    assert!(!ran.stdout.contains('\x1b') && ran.stderr.is_empty(), "{}", ran.stderr);
    // The page says the same, and how to get it again.
    let (page, file) = (place.text("output/servers/knee.html"), place.text("output/servers/knee.json"));
    let file: Value = serde_json::from_str(&file).expect("JSON");
    for found in file["variants"].as_array().expect("variants") {
        let sentence = found["sentence"].as_str().expect("a sentence").replace('\u{a0}', " ");
        assert!(page.replace('\u{a0}', " ").contains(&sentence), "{sentence}");
    }
    assert!(page.contains("<code>sim knee ") && !page.contains("http://") && !page.contains("src="), "{page}");
}

#[test]
fn json_is_one_document_and_that_of_the_file() {
    let place = Place::new();
    let ran = place.sim(&knee(&["--format", "json", "--variant", "one server", "--no-charts"])).ends_with(0);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let file: Value = serde_json::from_str(&place.text("output/servers/knee.json")).expect("JSON");
    assert_eq!(document, file);
    let found = &document["variants"][0];
    let (meets, misses) = (found["meets"]["number"].as_f64(), found["misses"]["number"].as_f64());
    // The exact knee is 1 - 1/2.5.
    assert!(meets.expect("a number") <= 0.6 && misses.expect("a number") >= 0.6, "{found}");
    assert!(found["trials"].as_u64() > Some(0) && found["tried"][0]["decision"] == "meets", "{found}");
    assert_eq!(place.names("output/servers"), [".knee-journal.jsonl.lock", "knee-journal.jsonl", "knee.json"]);
}

#[test]
fn the_exit_code_says_whether_there_is_a_knee() {
    let place = Place::new();
    let none = place.sim(&["knee", "servers.toml", "--objective", "mean_s<=0.5", "--no-charts"]).ends_with(1);
    assert!(none.stdout.contains("no value meets the objectives, even at rate = 0.2/s"), "{}", none.stdout);
    let wrong = place.sim(&knee(&["--smallest", "--variant", "one server", "--no-charts"])).ends_with(3);
    assert!(wrong.stdout.contains("so there is no knee"), "{}", wrong.stdout);
}

/// A throughput of 16.5/min is offered from 0.275/s on: the answer is the range that meets, from either side.
#[test]
fn the_range_that_reaches_a_throughput_is_said() {
    let place = Place::new();
    let wanted = ["--objective", "throughput_per_min>=16.5", "--variant", "one server", "--no-charts"];
    let ran = place.sim(&knee(&wanted)).ends_with(0);
    let words = "0.3/s is the lowest: 0.25/s misses: throughput";
    let sentence = ran.stdout.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    assert!(sentence.contains(words) && !sentence.contains("no value"), "{sentence}");
    assert!(sentence.contains("the load offers too little"), "{sentence}");
    let ran = place.sim(&[&knee(&wanted)[..], &["--smallest"]].concat()).ends_with(0);
    let sentence = ran.stdout.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    assert!(sentence.contains("rate = 0.3/s is enough") && !sentence.contains("no value"), "{sentence}");
    let document: Value = serde_json::from_str(&place.text("output/servers/knee.json")).expect("JSON");
    let start = &document["variants"][0]["start"];
    assert!(start["meets"]["number"].as_f64() < start["misses"]["number"].as_f64(), "{start}");
    // Even the highest rate of the range offers too little.
    let ran = place.sim(&knee(&["--objective", "throughput_per_min>=16.5", "--to", "0.25/s", "--no-charts"]));
    let sentence = ran.ends_with(1).stdout.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    assert!(sentence.contains("no value meets the objectives, even at rate = 0.25/s"), "{sentence}");
}

#[test]
fn what_cannot_be_searched_is_explained() {
    let place = Place::new();
    place.put("text.toml", "title = \"x\"\nmodel = \"counter.toml\"\n[knee]\naxis = \"load.target\"\n");
    for (arguments, words) in [
        (vec!["knee", "servers.toml", "--axis", "rat"], "did you mean `rate`?"),
        (vec!["knee", "servers.toml", "--axis", "load.target", "--from", "1", "--to", "2"], "is not a number"),
        (vec!["knee", "servers.toml", "--from", "0.9/s"], "must be larger than where it starts"),
        (vec!["knee", "servers.toml", "--to", "3ms"], "a rate"),
        (vec!["knee", "servers.toml", "--resolution", "0/s"], "must be above 0"),
        (vec!["knee", "servers.toml", "--objective", "mean_s=2"], "METRIC>=VALUE"),
        (vec!["knee", "servers.toml", "--slope", "2"], "a share above 0"),
        (vec!["knee", "servers.toml", "--confidence", "1"], "a probability"),
        (vec!["knee", "servers.toml", "--variant", "two"], "there is no variant `two`"),
        (
            vec!["knee", "servers.toml", "--axis", "stations.counter.servers", "--from", "1", "--to", "9"],
            "would have no effect",
        ),
        (vec!["knee", "servers.toml", "--axis", "stations.counter.servers", "--from", "1"], "--to"),
        (vec!["knee", "counter.toml"], "no axis of numbers"),
        (vec!["knee", "servers.toml", "--set", "load.rate=0.5/s"], "--set load.rate=0.5/s fixes the axis `rate`"),
        (vec!["knee", "servers.toml", "--objective", "success_rate>=99"], "a share from 0 to 1; 99 % is 0.99"),
        (vec!["knee", "servers.toml", "--objective", "mean_s<=-1"], "never below 0"),
        (vec!["knee", "servers.toml", "--objective", "cache_hit_ratio>=0.5"], "the model has no caches"),
        (vec!["sweep", "text.toml"], "is not a number"),
    ] {
        let ran = place.sim(&arguments).ends_with(2);
        assert!(ran.stderr.contains(words), "{arguments:?}: {words}\n{}", ran.stderr);
    }
}

/// One run tells nothing of how runs vary.
#[test]
fn two_runs_are_the_least() {
    let place = Place::new();
    let ran = place.sim(&knee(&["--replications", "1", "--variant", "one server", "--no-charts"])).ends_with(0);
    assert!(ran.stdout.contains(" 2 to 80 runs per value"), "{}", ran.stdout);
}

/// At 0.99/s a counter that takes exactly a second is busy 99 % of the time: too near to its limit to be sure of it.
#[test]
fn a_value_that_may_be_overloaded_is_said_to_be() {
    let place = Place::new();
    let model = place.text("counter.toml").replace("exp(1s)", "1s");
    place.put("full.toml", &model.replace("kind = \"open\"", "kind = \"open\"\narrivals = \"constant\""));
    let range = ["--from", "0.5/s", "--to", "0.99/s", "--objective", "mean_s<=2.5", "--no-charts"];
    let arguments = [&["knee", "full.toml", "--axis", "load.rate"][..], &range].concat();
    let ran = place.sim(&arguments).ends_with(0);
    let words =
        "0.99/s meet the objectives (station counter is in use 99.0 % of the time and may be overloaded; run longer)";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    let document: Value = serde_json::from_str(&place.text("output/full/knee.json")).expect("JSON");
    let tried = document["variants"][0]["tried"].as_array().expect("values");
    let doubt = |rate: f64| &tried.iter().find(|it| it["number"] == rate).expect("a value")["doubt"];
    assert!(doubt(0.5).is_null() && doubt(0.99).is_string(), "{tried:?}");
}

/// A message is handled with success in four of ten deliveries, and delivered three times at most: 1 - 0.6^3 = 78.4 % of the
/// work behind the answers completes, at any rate. All requests are answered at once.
#[test]
fn the_success_objective_holds_for_the_work_behind_the_answers() {
    let place = Place::new();
    let model = "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"4/s\"\nwarm_up = \"0s\"\nduration = \"300s\"\n\
        [services.a]\nruntime = \"delay\"\n[services.a.endpoints.e]\nsteps = [{ publish = { queue = \"q\" } }]\n\
        [queues.q.consumers.k]\nservice = \"w\"\nendpoint = \"h\"\nprefetch = 10\nretries = 2\nretry_delay = \"1s\"\n\
        [services.w]\nruntime = \"threads\"\nthreads = 10\n[services.w.endpoints.h]\n\
        steps = [{ sleep = \"10ms\" }, { choose = [{ probability = 0.6, steps = [{ fail = \"bad\" }] }] }]\n";
    place.put("m.toml", model);
    let range = ["knee", "m.toml", "--axis", "load.rate", "--from", "1/s", "--to", "4/s", "--no-charts"];
    let ran = place.sim(&range).ends_with(1);
    let sentence = ran.stdout.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let words = "no value meets the objectives, even at rate = 1/s: completion rate 78";
    assert!(sentence.contains(words) && sentence.contains("must be at least 90 %"), "{sentence}");
    // What is asked for by name is what is asked for.
    let named = ["--objective", "success_rate>=0.9", "--objective", "completion_rate>=0.7"];
    let ran = place.sim(&[&range[..], &named].concat()).ends_with(0);
    assert!(ran.stdout.contains("all values up to rate = 4/s meet the objectives"), "{}", ran.stdout);
    let experiment = "title = \"x\"\nmodel = \"m.toml\"\n[optimize]\nobjectives = [{ at-least = { metric = \
        \"success_rate\", value = \"90%\" } }]\n[[optimize.parameters]]\npath = \"services.w.threads\"\nfrom = 5\nto = 6\ncost = 1\n";
    place.put("o.toml", experiment);
    place.sim(&["optimize", "o.toml"]).ends_with(1);
    // A lower load does not help either, and no search is proposed.
    let ran = place.sim(&["run", "m.toml"]).ends_with(0);
    assert!(!ran.stdout.contains("sim knee") && ran.stdout.contains("a lower load does not help"), "{}", ran.stdout);
}

/// Two threads of which more is asked than they can do: the mean has no bound, and is not "inf s".
#[test]
fn a_time_without_bound_is_said_in_words() {
    let place = Place::new();
    place.put(
        "few.toml",
        "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"10/s\"\nwarm_up = \"5s\"\nduration = \"60s\"\ntimeout = \"1s\"\n\
         [services.a]\nruntime = \"threads\"\nthreads = 2\n[services.a.endpoints.e]\nsteps = [{ sleep = \"exp(300ms)\" }]\n",
    );
    let arguments = ["knee", "few.toml", "--axis", "services.a.threads", "--from", "1", "--to", "8", "--smallest"];
    let ran = place.sim(&[&arguments[..], &["--objective", "mean_s<=0.5", "--no-charts"]].concat());
    assert!(ran.stdout.contains("mean response time without bound, must be at most 500 ms"), "{}", ran.stdout);
}
