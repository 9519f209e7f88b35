//! Feeds `anser_fuzz::link`, where it is said what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anser_fuzz::link(data));
