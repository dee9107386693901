//! Random loads.

use proptest::prelude::*;

use super::{maybe, one_of};

pub(crate) fn patience() -> impl Strategy<Value = String> {
    (
        maybe("timeout", &["\"5ms\"", "\"30ms\"", "\"300ms\""]),
        one_of(&["continue", "cancel"]),
        maybe("completion", &["{ webhook = \"3ms\" }"]),
        maybe(
            "retry",
            &[
                "{ attempts = 3, backoff = \"10ms\" }",
                "{ attempts = 2, backoff = \"0s\", jitter = \"none\" }",
                "{ attempts = 4, backoff = \"5ms\", factor = 3, max_backoff = \"20ms\", budget = 0.2 }",
            ],
        ),
        // Of the shorter intervals a run has more than are kept, so that they become twice as long.
        maybe("timeline", &["\"50ms\"", "\"230us\""]),
    )
        .prop_map(|(timeout, abandon, completion, retry, timeline)| {
            format!("{timeout}abandon = \"{abandon}\"\n{completion}{retry}{timeline}")
        })
}

/// A finite test.
pub(crate) fn finite() -> impl Strategy<Value = String> {
    (
        1..=12u32,
        1..=60u32,
        maybe("think_time", &["\"exp(10ms)\"", "\"2ms\""]),
        maybe("spacing", &["\"1ms\""]),
        maybe("before", &["{ concurrency = 8, users = 20, pause = \"10ms\" }", "{ concurrency = 2, users = 5 }"]),
    )
        .prop_map(|(concurrency, users, think, spacing, before)| {
            format!(
                "kind = \"closed\"\nconcurrency = {concurrency}\nusers = {users}\ncool_down = \"1s\"\n{think}{spacing}{before}"
            )
        })
}

pub(crate) fn load() -> impl Strategy<Value = String> {
    let endless = (1..=12u32, maybe("think_time", &["\"exp(10ms)\""]), maybe("warm_up", &["\"100ms\""])).prop_map(
        |(concurrency, think, warm_up)| {
            format!("kind = \"closed\"\nconcurrency = {concurrency}\nduration = \"1s\"\n{think}{warm_up}")
        },
    );
    let open = (
        one_of(&["20/s", "100/s", "400/s"]),
        maybe("arrivals", &["\"constant\""]),
        maybe("warm_up", &["\"100ms\"", "\"5ms\""]),
    )
        .prop_map(|(rate, arrivals, warm_up)| {
            format!("kind = \"open\"\nrate = \"{rate}\"\nduration = \"1s\"\n{arrivals}{warm_up}")
        });
    let varying = one_of(&[
        "kind = \"open\"\nrate = \"50/s\"\nspikes = [{ at = \"200ms\", length = \"100ms\", factor = 10 }]\nduration = \"1s\"\n",
        "kind = \"open\"\nprofile = [{ at = \"0s\", rate = \"0/s\" }, { at = \"700ms\", rate = \"200/s\" }]\nduration = \"1s\"\n",
        "kind = \"open\"\nrate = \"100/s\"\ndiurnal = { period = \"300ms\", amplitude = 1 }\nduration = \"1s\"\n",
        "kind = \"open\"\nbursts = { mean_on = \"50ms\", mean_off = \"90ms\", on_rate = \"300/s\", off_rate = \"0/s\" }\nduration = \"1s\"\n",
        "kind = \"closed\"\nstages = [{ duration = \"500ms\", target = 9 }, { duration = \"300ms\", target = 2 }, { duration = \"0s\", target = 5 }]\nduration = \"1s\"\n",
    ]);
    let target = one_of(&[
        "target = \"front.serve\"\n",
        "target = \"front.serve\"\n",
        "classes = { a = { target = \"front.serve\", weight = 2 }, b = { target = \"front.serve\", priority = 3 } }\n",
    ]);
    let mixed = (1..=9u32, one_of(&["20/s", "200/s"])).prop_map(
        |(concurrency, rate)| {
            format!(
                "kind = \"mixed\"\nduration = \"1s\"\nclasses.users = {{ target = \"front.serve\", priority = 2, concurrency = \
                 {concurrency} }}\nclasses.jobs = {{ target = \"front.serve\", rate = \"{rate}\" }}\nclasses.idle = {{ target = \
                 \"front.serve\", concurrency = 1, think_time = \"exp(100ms)\" }}\n"
            )
        },
    );
    let of_one_kind =
        (target, prop_oneof![2 => finite(), 1 => endless, 1 => open, 1 => varying.prop_map(str::to_owned)])
            .prop_map(|(target, kind)| target.to_owned() + &kind);
    (prop_oneof![9 => of_one_kind, 1 => mixed], patience())
        .prop_map(|(kind, patience)| format!("[load]\n{kind}{patience}"))
}
