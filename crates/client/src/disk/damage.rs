//! Telling a damaged database from one that only cannot be used right now.

use rusqlite::{Error, ErrorCode};

use crate::error::ClientError;

/// SQLite says that the file is not what was written into it.
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(code_of(error), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// A statement of ours fails as only wrong tables make it fail. Busy, full, read-only, denied and unreadable disks
/// are none of these: the next try may find the file whole.
pub(super) fn is_suspicious(error: &Error) -> bool {
    matches!(
        code_of(error),
        Some(
            ErrorCode::Unknown
                | ErrorCode::InternalMalfunction
                | ErrorCode::ConstraintViolation
                | ErrorCode::TypeMismatch
        )
    )
}

/// While a database is opened, nobody but us has asked it anything: what is suspicious then is damage.
pub(super) fn is_damage_at_opening(error: &ClientError) -> bool {
    match error {
        ClientError::Sqlite(error) => is_damage(error) || is_suspicious(error),
        other => other.is_damage(),
    }
}

fn code_of(error: &Error) -> Option<ErrorCode> {
    match error {
        Error::SqliteFailure(error, _) | Error::SqlInputError { error, .. } => Some(error.code),
        _ => None,
    }
}
