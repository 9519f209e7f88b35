//! The client's end of a link, as a state machine without IO: opens, greets, beats, notices death, comes back.

use crate::Moment;
use crate::ids::Position;
use crate::wire::{self, Welcome, answer, push, request};

/// How a link begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// For Register and SignIn: no Hello, requests at once.
    Anonymous,
    /// Hello with this token; the position is the newest given by [`Link::set_position`].
    Hello {
        /// Of SignedIn.
        token: Vec<u8>,
    },
}

/// What the engine (or a test) must do or know, in this order.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Open connection number `connection`.
    Connect { connection: u64 },
    /// End it; it is dead to the link already.
    Disconnect { connection: u64 },
    /// Write one binary frame.
    Transmit { connection: u64, bytes: Vec<u8> },
    /// Ready for requests. `None` for an anonymous link.
    Up(Option<Box<Welcome>>),
    /// Was up, or was trying; all unanswered requests are void. The next try is at `retry_at`.
    Down { retry_at: Moment },
    /// The server said that this greeting will never do (SIGNED_OUT, UNSUPPORTED_VERSION …): no more tries.
    Refused(wire::Error),
    /// The answer to a request.
    Answered { id: u32, result: Result<answer::Result, wire::Error> },
    /// A push.
    Pushed(push::What),
    /// A push was lost: ask Sync from the last position.
    Missed,
    /// Nothing more; wake me at this moment.
    Wait(Moment),
}

/// The client's end of a link.
///
/// Contract: call one `handle_*` (or `open`, `close`, `request`), then drain [`Link::poll_output`] until it
/// returns [`Output::Wait`]. Inputs that name a connection other than the newest are ignored.
#[derive(Debug)]
pub struct Link {}

#[allow(unused_variables, missing_docs, clippy::todo)]
impl Link {
    pub fn new(seed: [u8; 32]) -> Link { todo!() }
    /// Start linking with this greeting (ending a link with another one).
    pub fn open(&mut self, greeting: Greeting, now: Moment) { todo!() }
    /// Stop linking.
    pub fn close(&mut self, now: Moment) { todo!() }
    /// Where the next Hello says that we stand.
    pub fn set_position(&mut self, position: Position) { todo!() }
    /// Sends a request; `None` while not up, or with `limits::REQUESTS_IN_FLIGHT_MAX` unanswered.
    pub fn request(&mut self, call: request::Call, now: Moment) -> Option<u32> { todo!() }
    pub fn is_up(&self) -> bool { todo!() }
    pub fn handle_connected(&mut self, connection: u64, now: Moment) { todo!() }
    pub fn handle_disconnected(&mut self, connection: u64, now: Moment) { todo!() }
    pub fn handle_received(&mut self, connection: u64, bytes: &[u8], now: Moment) { todo!() }
    /// The network came, changed (try at once, suspect the old connection) or went.
    pub fn handle_network(&mut self, up: bool, now: Moment) { todo!() }
    pub fn handle_timeout(&mut self, now: Moment) { todo!() }
    pub fn poll_output(&mut self) -> Output { todo!() }
}
