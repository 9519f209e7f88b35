//! The server's errors in the words of the user interface.

use anser_protocol::wire::{self, ErrorCode};

use crate::command::Outcome;
use crate::reason::{Failure, FailureReason};

/// A failure of the engine's own making.
pub(crate) fn failure(reason: FailureReason) -> Failure {
    Failure { reason, field: String::new(), retry_after_ms: 0 }
}

/// The outcome that says so.
pub(crate) fn failed(reason: FailureReason) -> Outcome {
    Outcome::Failed { failure: failure(reason) }
}

/// The outcome of a request that the server refused.
pub(crate) fn refused(error: &wire::Error) -> Outcome {
    Outcome::Failed { failure: failure_from_wire(error) }
}

pub(crate) fn failure_from_wire(error: &wire::Error) -> Failure {
    let reason = match error.code() {
        ErrorCode::RateLimited | ErrorCode::TooManyInFlight => FailureReason::RateLimited,
        ErrorCode::NotSignedIn | ErrorCode::SignedOut => FailureReason::SignedOut,
        ErrorCode::UnsupportedVersion | ErrorCode::Malformed | ErrorCode::UnknownRequest => {
            FailureReason::Incompatible
        }
        ErrorCode::TooLarge => FailureReason::TooLarge,
        ErrorCode::InvalidField | ErrorCode::SendKeyReused => FailureReason::InvalidField,
        ErrorCode::NotFound => FailureReason::NotFound,
        ErrorCode::NotAllowed => FailureReason::NotAllowed,
        ErrorCode::HandleTaken => FailureReason::HandleTaken,
        ErrorCode::WrongCredentials => FailureReason::WrongCredentials,
        ErrorCode::GroupFull => FailureReason::GroupFull,
        ErrorCode::RegistrationClosed => FailureReason::RegistrationClosed,
        ErrorCode::Unspecified
        | ErrorCode::Internal
        | ErrorCode::Busy
        | ErrorCode::UnexpectedFrame
        | ErrorCode::HelloTimeout
        | ErrorCode::IdleTimeout
        | ErrorCode::SlowReader
        | ErrorCode::Draining
        | ErrorCode::TooManySessions => FailureReason::Server,
    };
    Failure { reason, field: error.field.clone(), retry_after_ms: error.retry_after_ms }
}
