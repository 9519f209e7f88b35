//! What a link is told at its beginning, and what it says.

use std::fmt;

use crate::Moment;
use crate::link::{Carrier, Learned};
use crate::wire::{self, Welcome, answer, push};

/// How a link begins.
#[derive(Clone, PartialEq, Eq)]
pub enum Greeting {
    /// For Register and SignIn: no Hello, requests at once.
    Anonymous,
    /// Hello with this token; the position is the newest given by [`Link::set_position`].
    Hello {
        /// Of SignedIn.
        token: Vec<u8>,
    },
}

/// Never shows the token: this ends up in logs and panics.
impl fmt::Debug for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Greeting::Anonymous => "Anonymous",
            Greeting::Hello { .. } => "Hello",
        })
    }
}

/// What the engine (or a test) must do or know, in this order.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Open a connection; say how it went with [`Link::handle_connected`] or [`Link::handle_disconnected`].
    /// An older one stays open beside it until [`Output::Disconnect`] names it.
    Connect {
        /// Its number, higher than all before.
        connection: u64,
        /// What it is to be made of.
        carrier: Carrier,
    },
    /// End it, if it is not over yet; it is dead to the link already.
    Disconnect {
        /// The number it was asked for under.
        connection: u64,
    },
    /// Write one binary frame.
    Transmit {
        /// Where.
        connection: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// Ready for requests. `None` for an anonymous link.
    Up(Option<Box<Welcome>>),
    /// Was up, or was trying; all unanswered requests are void.
    Down {
        /// When the next try is made.
        retry_at: Moment,
    },
    /// The server said that this greeting will never do (SIGNED_OUT, UNSUPPORTED_VERSION …): no more tries.
    /// All unanswered requests are void.
    Refused(wire::Error),
    /// The answer to a request.
    Answered {
        /// What [`Link::request`] gave.
        id: u32,
        /// What came of it.
        result: Result<answer::Result, wire::Error>,
    },
    /// A push.
    Pushed(push::What),
    /// A push was lost: ask Sync from the last position.
    Missed,
    /// How long this network bears silence: remember it, and give it to [`Link::enter_network`] the next time.
    Learned(Learned),
    /// Nothing more; wake me at this moment.
    Wait(Moment),
}
