//! What goes into the engine and what comes out: the whole contract with a driver.

#![allow(missing_docs)] // plain data: the names say it

use anser_protocol::Moment;
use anser_protocol::link::Carrier;

use crate::command::Command;
use crate::event::Event;
use crate::local::{Load, Loaded, Save};

/// Everything that can wake the engine. Each is one call of `Engine::handle`, after which the driver drains
/// `Engine::poll` until `Output::Wait`.
#[derive(Clone, Debug)]
pub enum Input {
    /// The user wants something. `id` is the driver's, and comes back in `Event::Finished`.
    Command { id: u64, command: Command },
    /// The link that `Output::Connect` asked for is open.
    Connected { connection: u64 },
    /// It could not be opened, or has ended.
    Disconnected { connection: u64 },
    /// One binary frame came.
    Received { connection: u64, bytes: Vec<u8> },
    /// The local store answers `Output::Load`.
    Loaded(Loaded),
    /// The local store could not keep the `Output::Save` polled last; nothing of it is on disk. Handed in at
    /// once, before the next poll.
    SaveFailed,
    /// The system says there is a network now, or a different one, or none.
    Network { up: bool },
    /// The device is in the network of this name (again): from now on beats adapt to what it bears. A driver that
    /// names none keeps the server's beat.
    InNetwork { name: String },
    /// The moment of `Output::Wait` has come.
    Tick,
}

/// What the driver must do, in the order given. Each is finished before the next is begun: a `Save` is
/// durable on disk before what follows it is carried out. (`Connect` and `Load` are finished when begun.)
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// One transaction on the local store.
    Save(Vec<Save>),
    /// Read; answer with `Input::Loaded`.
    Load(Load),
    /// Open a link over this carrier; answer with `Connected` or `Disconnected` for this number. An older one stays as
    /// it is until `Disconnect` names it; there are two at most.
    Connect { connection: u64, carrier: Carrier },
    /// End this link; no answer is awaited.
    Disconnect { connection: u64 },
    /// Send one binary frame on this link; if it is gone, drop it.
    Transmit { connection: u64, bytes: Vec<u8> },
    /// Tell the user interface.
    Emit(Event),
    /// Nothing more to do. Wake me at this moment with `Tick`, or earlier with any other input.
    Wait(Moment),
}
