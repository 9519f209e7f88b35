//! The bodies of the fuzz targets over random inputs, so that every test run fuzzes a little.

#[path = "../../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, missing_docs)] // a library elsewhere
mod fuzz;

use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn codec_client(data in vec(any::<u8>(), 0..200)) {
        fuzz::codec_client(&data);
    }

    #[test]
    fn codec_server(data in vec(any::<u8>(), 0..200)) {
        fuzz::codec_server(&data);
    }

    #[test]
    fn session(data in vec(any::<u8>(), 0..2_000)) {
        fuzz::session(&data);
    }

    #[test]
    fn link(data in vec(any::<u8>(), 0..2_000)) {
        fuzz::link(&data);
    }
}
