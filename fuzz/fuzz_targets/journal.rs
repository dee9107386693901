#![no_main]
//! See `sim_fuzz::journal`.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sim_fuzz::journal(bytes));
