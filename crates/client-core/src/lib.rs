//! The sync engine that every Anser client drives. Pure: time, randomness and IO are the driver's.
//!
//! | module | what it answers |
//! |---|---|
//! | [`engine`] | which module gets which input, and what leaves in which order |
//! | [`command`] | what a user interface can ask for, and the one answer |
//! | [`event`], [`view`] | what a user interface is told, and shown |
//! | [`reason`] | why something was not done |
//! | [`io`] | what a driver hands in and carries out |
//! | [`local`] | what is kept on the device's disk |
//! | `outbox` | which messages are on their way out, in order |
//! | `timeline` | which part of a log a view shows |
//! | `paging` | which page of a log a window needs next |
//! | `difference` | what is told when a view changes |
//! | `spans` | which parts of a log are on disk |
//! | `roster` | what is known of each conversation, and how a head is taken in |
//! | `people` | who is who, and how far members got |
//! | `unread` | how many events count after the read position |
//! | `receipts` | what this device has to report about its positions |
//! | `catchup` | from the position on disk to the present |
//! | `gaps` | which holes are filled, and when |
//! | `networks` | how long links may be silent in each network this device was in |
//! | `asks` | which request waits for which answer |
//! | `storage` | what happens when the disk fails |
//! | `batch`, `views`, `rows`, `failure` | from thoughts to rows and views, from wire to rows, from errors to words |
//! | [`mutants`] | the engine broken on purpose, for the simulator to catch |

mod asks;
mod batch;
mod catchup;
pub mod command;
mod difference;
pub mod engine;
pub mod event;
mod failure;
mod gaps;
pub mod io;
pub mod local;
pub mod mutants;
mod networks;
mod outbox;
mod paging;
mod people;
pub mod reason;
mod receipts;
mod roster;
mod rows;
mod spans;
mod storage;
#[cfg(test)]
mod testing;
mod timeline;
mod unread;
pub mod view;
mod views;

pub use command::{Command, Outcome};
pub use engine::Engine;
pub use event::Event;
pub use io::{Input, Output};
pub use mutants::Mutant;
pub use reason::{Failure, FailureReason};
