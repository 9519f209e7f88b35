//! The wire protocol of Anser, as pure code: nothing here knows a socket, a clock or a database.
//!
//! | module | what it answers |
//! |---|---|
//! | [`wire`] | what travels: the messages generated from `proto/anser/v1` |
//! | [`codec`] | how a frame becomes bytes and back, within its limits |
//! | [`batch`] | how several frames travel in one HTTP body |
//! | [`ids`] | which number or key names what |
//! | [`kind`] | which kinds of event version 1 knows |
//! | [`limits`] | how much of anything is allowed, and why |
//! | [`error`] | what can go wrong, and what to do about it |
//! | [`moment`] | time as an argument |
//! | [`session`] | the server's end of a link, a state machine |
//! | [`link`] | the client's end of a link, a state machine |
//!
//! Architecture Invariant: no IO, no clock, no unseeded randomness. Time and seeds are arguments, so that both
//! ends can be joined in a test under a fake clock (`tests/pair.rs`) and run in a browser as they are.

pub mod batch;
pub mod codec;
pub mod error;
pub mod ids;
pub mod kind;
pub mod limits;
pub mod link;
pub mod moment;
mod secret;
pub mod session;
mod timer;

/// The messages of `proto/anser/v1/*.proto`, generated.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod wire {
    include!(concat!(env!("OUT_DIR"), "/anser.v1.rs"));
}

pub use error::{Fault, Remedy};
pub use ids::{AccountId, ConversationId, DeviceId, SendKey, Seq};
pub use moment::Moment;
