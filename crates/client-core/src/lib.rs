//! The sync engine that every Anser client drives. Pure: time, randomness and IO are the driver's.

pub mod command;
pub mod io;
pub mod local;
pub mod view;

pub use command::{Command, Failure, FailureReason, Outcome};
pub use io::{Input, Output};
pub use view::Event;
