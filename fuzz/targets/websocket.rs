//! The server's own reading of RFC 6455: whatever comes, and however it is cut, the same is understood, within bounds.
#![no_main]

// The file itself and not its crate, which would bring a database and TLS along.
#[allow(dead_code)]
#[path = "../../crates/server/src/gateway/websocket.rs"]
mod websocket;

use anser_protocol::Fault;
use websocket::{Incoming, Said};

const MESSAGE_BYTES_MAX: usize = 1_000;
const CONTROL_BYTES_MAX: usize = 125;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The first byte says how long the pieces are in which the rest comes.
    let Some((&piece, bytes)) = data.split_first() else { return };
    let whole = heard(bytes, bytes.len().max(1));
    assert_eq!(heard(bytes, usize::from(piece).max(1)), whole, "it depends on how it was cut");
    let said: usize = whole.0.iter().map(length).sum();
    assert!(said <= bytes.len(), "more was heard than said");
});

/// Everything that is heard, and the fault that ends it.
fn heard(bytes: &[u8], piece: usize) -> (Vec<Said>, Option<Fault>) {
    let mut incoming = Incoming::new(MESSAGE_BYTES_MAX, &[]);
    let mut all = Vec::new();
    for piece in bytes.chunks(piece) {
        incoming.add(piece);
        loop {
            match incoming.take() {
                Ok(Some(said)) => all.push(said),
                Ok(None) => break,
                Err(fault) => return (all, Some(fault)),
            }
        }
    }
    (all, None)
}

fn length(said: &Said) -> usize {
    let (length, most) = match said {
        Said::Message(bytes) => (bytes.len(), MESSAGE_BYTES_MAX),
        Said::Ping(bytes) => (bytes.len(), CONTROL_BYTES_MAX),
        Said::Close => (0, 0),
    };
    assert!(length <= most, "{length} bytes were let in");
    length
}
