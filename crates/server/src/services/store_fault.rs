//! What a store's refusal means to the one who asked: the one place where it is decided.

use anser_protocol::Fault;
use anser_protocol::wire::ErrorCode;
use anser_store::StoreError;

/// The typed answer to a store error. Call sites that know better (which group is full?) say so themselves.
pub(crate) fn store_fault(error: StoreError) -> Fault {
    match error {
        StoreError::NotFound => Fault::new(ErrorCode::NotFound, "not there, or not yours"),
        StoreError::HandleTaken => Fault {
            field: "handle",
            ..Fault::new(ErrorCode::HandleTaken, "the handle belongs to somebody; choose another")
        },
        StoreError::SendKeyReused => Fault {
            field: "send_key",
            ..Fault::new(ErrorCode::SendKeyReused, "this key was used for another content; take a new one")
        },
        StoreError::NotAllowed => Fault::new(ErrorCode::NotAllowed, "you may not do this here"),
        StoreError::Full(most) => {
            Fault::new(ErrorCode::GroupFull, format!("a group has {most} members at most here"))
        }
        StoreError::BeyondEnd => {
            Fault::invalid("positions", "a position is beyond the end of its conversation")
        }
        StoreError::Busy => {
            Fault::retry_after(ErrorCode::Busy, 1_000, "more is queued than can be stored soon")
        }
        StoreError::Failed(_) => {
            // The cause is for the operator: it may name files and must not travel.
            tracing::error!(%error, "the store failed");
            Fault::new(ErrorCode::Internal, "the server failed; trying later may help")
        }
    }
}
