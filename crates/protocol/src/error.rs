//! What can go wrong on the wire: one closed, numbered table, each code with its remedy.

use crate::wire::{self, ErrorCode};

/// What the one who gets an error should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Ask the same again on this link, later.
    Retry,
    /// Open a new link and resume.
    Reconnect,
    /// Sign in again; the token is worthless.
    SignIn,
    /// The same request will fail again: tell the user, or mend the client.
    GiveUp,
}

/// Every code answers the one question a client has. Codes of a newer server: give up, politely.
pub fn remedy(code: ErrorCode) -> Remedy {
    match code {
        ErrorCode::Internal | ErrorCode::Busy | ErrorCode::RateLimited | ErrorCode::TooManyInFlight => {
            Remedy::Retry
        }
        ErrorCode::UnexpectedFrame
        | ErrorCode::HelloTimeout
        | ErrorCode::IdleTimeout
        | ErrorCode::SlowReader
        | ErrorCode::Draining
        | ErrorCode::TooManySessions => Remedy::Reconnect,
        ErrorCode::NotSignedIn | ErrorCode::SignedOut => Remedy::SignIn,
        ErrorCode::Unspecified
        | ErrorCode::UnsupportedVersion
        | ErrorCode::Malformed
        | ErrorCode::TooLarge
        | ErrorCode::UnknownRequest
        | ErrorCode::InvalidField
        | ErrorCode::NotFound
        | ErrorCode::NotAllowed
        | ErrorCode::HandleTaken
        | ErrorCode::WrongCredentials
        | ErrorCode::SendKeyReused
        | ErrorCode::GroupFull
        | ErrorCode::RegistrationClosed => Remedy::GiveUp,
    }
}

/// A typed error on its way to, or from, the other end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {text}", code.as_str_name())]
pub struct Fault {
    /// Which entry of the table.
    pub code: ErrorCode,
    /// The field that is wrong, where one is.
    pub field: &'static str,
    /// Not before this long from now, where the server says so; else 0.
    pub retry_after_ms: u32,
    /// For developers: what to do.
    pub text: String,
}

impl Fault {
    /// A fault that is about the whole request.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Fault {
        Fault { code, field: "", retry_after_ms: 0, text: text.into() }
    }

    /// One field has a value it must not have; `text` says what is allowed.
    pub fn invalid(field: &'static str, text: impl Into<String>) -> Fault {
        Fault { field, ..Fault::new(ErrorCode::InvalidField, text) }
    }

    /// Refused for now.
    pub fn retry_after(code: ErrorCode, millis: u64, text: impl Into<String>) -> Fault {
        Fault { retry_after_ms: u32::try_from(millis).unwrap_or(u32::MAX), ..Fault::new(code, text) }
    }

    /// The same, and not before this long from now.
    pub(crate) fn come_back_after(self, millis: u64) -> Fault {
        Fault { retry_after_ms: u32::try_from(millis).unwrap_or(u32::MAX), ..self }
    }

    /// As it travels.
    pub fn to_wire(&self) -> wire::Error {
        wire::Error {
            code: self.code.into(),
            field: self.field.to_owned(),
            retry_after_ms: self.retry_after_ms,
            text: self.text.clone(),
        }
    }

    /// The WebSocket close code that carries this reason: 4000 + code (RFC 6455 §7.4.2, private use). Polling says it in
    /// a header.
    pub fn close_code(&self) -> u16 {
        4000 + self.code as u16
    }
}
