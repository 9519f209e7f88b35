//! Why a deed was not done.

/// A deed that returns one of these has had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What was named does not exist, or not for the account that asks: the two are never told apart.
    #[error("not found")]
    NotFound,
    /// The handle belongs to somebody.
    #[error("the handle is taken")]
    HandleTaken,
    /// The send key was used for another content.
    #[error("the send key was used for another content")]
    SendKeyReused,
    /// A member may not do this (it left, or the conversation is of another kind).
    #[error("not allowed")]
    NotAllowed,
    /// The group, or the account's list of devices, would become longer than this.
    #[error("full: {0} at most")]
    Full(usize),
    /// A position beyond the end of the log.
    #[error("beyond the end")]
    BeyondEnd,
    /// More is queued than the store can commit soon: try again.
    #[error("busy")]
    Busy,
    /// The disk or the database failed. Text for the operator's log, not for users.
    #[error("the store failed: {0}")]
    Failed(String),
}
