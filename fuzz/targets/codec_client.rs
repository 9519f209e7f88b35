//! Feeds `anser_fuzz::codec_client`, where it is said what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| anser_fuzz::codec_client(data));
