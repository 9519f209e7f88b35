//! Why something was not done, as plain data for a user interface to put into words.

#![allow(missing_docs)] // plain data: the names say it

use serde::{Deserialize, Serialize};

/// Why something was not done, in a form a user interface can put into words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What went wrong.
    pub reason: FailureReason,
    /// The field that is wrong, as the server named it; else empty.
    pub field: String,
    /// Not before this long from now; else 0.
    pub retry_after_ms: u32,
}

/// The engine's own reasons, and those of the server's error table that reach a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "camelCase")]
pub enum FailureReason {
    /// There is no link now; this needs one.
    Offline,
    /// The command makes no sense in the engine's state (not signed in, unknown conversation).
    NotPossible,
    /// More characters than allowed, or none.
    BadText,
    /// The local store could not keep it.
    Storage,
    /// Server: a field has a value it must not have.
    InvalidField,
    /// Server: not there, or not yours.
    NotFound,
    /// Server: you may not.
    NotAllowed,
    /// Server: the handle belongs to somebody.
    HandleTaken,
    /// Server: handle or password is wrong.
    WrongCredentials,
    /// Server: registration is closed.
    RegistrationClosed,
    /// Server: the group is full.
    GroupFull,
    /// Server: too many tries; wait.
    RateLimited,
    /// Server: too large.
    TooLarge,
    /// The session has ended: sign in again.
    SignedOut,
    /// Client and server do not understand each other: update the older one.
    Incompatible,
    /// The server failed; trying later may help.
    Server,
}
