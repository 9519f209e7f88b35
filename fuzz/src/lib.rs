//! What must hold whatever a peer sends: one function per fuzz target.
//!
//! The targets in `targets/` only call these, but for `websocket`, which looks into a file of the server. So does
//! `crates/protocol/tests/fuzz.rs`, with inputs of proptest's, so that every test run fuzzes a little too.

mod codec;
mod input;
mod link;
mod session;

pub use codec::{codec_client, codec_server};
pub use link::link;
pub use session::session;
