#![no_main]
//! See `sim_fuzz::model`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sim_fuzz::model(bytes));
