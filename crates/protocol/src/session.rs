//! The server's end of one link, as a state machine without IO.

use bytes::Bytes;

use crate::Moment;
use crate::error::Fault;
use crate::wire::{Hello, Welcome, answer, request};

/// What the driver (a gateway connection, the simulator) must do, in this order.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Find out who this is; answer with [`Session::handle_welcome`] or [`Session::handle_refusal`].
    Authenticate(Hello),
    /// Carry out a request; answer with [`Session::handle_answer`]. Start requests in the order given.
    Dispatch {
        /// Goes back with the answer.
        id: u32,
        /// What is asked. Before Welcome only Register and SignIn come through here.
        call: request::Call,
    },
    /// Write one binary frame. Pushes share their bytes with all who get them.
    Transmit(Bytes),
    /// Write what is pending (a Close frame is among it), then end the link with this reason.
    Close(Fault),
    /// Nothing more; wake me at this moment.
    Wait(Moment),
}

/// The server's end of one link.
///
/// Contract: call one `handle_*`, then drain [`Session::poll_output`] until it returns [`Output::Wait`].
#[derive(Debug)]
pub struct Session {}

#[allow(unused_variables, missing_docs, clippy::todo)]
impl Session {
    pub fn new(now: Moment) -> Session { todo!() }
    pub fn handle_frame(&mut self, bytes: &[u8], now: Moment) { todo!() }
    pub fn handle_welcome(&mut self, welcome: Welcome, now: Moment) { todo!() }
    pub fn handle_refusal(&mut self, fault: Fault, now: Moment) { todo!() }
    pub fn handle_answer(&mut self, id: u32, result: Result<answer::Result, Fault>, now: Moment) { todo!() }
    /// `frame` is an encoded Push frame (see `codec::encode_push`), shared by all who get it.
    pub fn handle_push(&mut self, frame: Bytes, now: Moment) { todo!() }
    /// The server missed something: tell the client to ask Sync.
    pub fn handle_resync(&mut self, now: Moment) { todo!() }
    /// End this link for a reason of the server's (draining, signed out, slow reader).
    pub fn handle_end(&mut self, fault: Fault, now: Moment) { todo!() }
    pub fn handle_timeout(&mut self, now: Moment) { todo!() }
    pub fn poll_output(&mut self) -> Output { todo!() }
}
