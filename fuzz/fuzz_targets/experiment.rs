#![no_main]
//! See `sim_fuzz::experiment`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sim_fuzz::experiment(bytes));
