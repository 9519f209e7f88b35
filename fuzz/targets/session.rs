//! Feeds `anser_fuzz::session`, where it is said what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anser_fuzz::session(data));
