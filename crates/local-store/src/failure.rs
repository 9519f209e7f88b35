//! How a failure's reason is written on disk: by name, because names survive a reordered enum.

use anser_client_core::FailureReason;

/// Every reason that [`name_of`] names: who adds one there adds it here.
const REASONS: [FailureReason; 16] = [
    FailureReason::Offline,
    FailureReason::NotPossible,
    FailureReason::BadText,
    FailureReason::Storage,
    FailureReason::InvalidField,
    FailureReason::NotFound,
    FailureReason::NotAllowed,
    FailureReason::HandleTaken,
    FailureReason::WrongCredentials,
    FailureReason::RegistrationClosed,
    FailureReason::GroupFull,
    FailureReason::RateLimited,
    FailureReason::TooLarge,
    FailureReason::SignedOut,
    FailureReason::Incompatible,
    FailureReason::Server,
];

/// `None` for a name that is none of ours.
pub(crate) fn reason_from_name(name: &str) -> Option<FailureReason> {
    REASONS.into_iter().find(|reason| name_of(*reason) == name)
}

/// A name never changes.
pub(crate) fn name_of(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Offline => "offline",
        FailureReason::NotPossible => "not_possible",
        FailureReason::BadText => "bad_text",
        FailureReason::Storage => "storage",
        FailureReason::InvalidField => "invalid_field",
        FailureReason::NotFound => "not_found",
        FailureReason::NotAllowed => "not_allowed",
        FailureReason::HandleTaken => "handle_taken",
        FailureReason::WrongCredentials => "wrong_credentials",
        FailureReason::RegistrationClosed => "registration_closed",
        FailureReason::GroupFull => "group_full",
        FailureReason::RateLimited => "rate_limited",
        FailureReason::TooLarge => "too_large",
        FailureReason::SignedOut => "signed_out",
        FailureReason::Incompatible => "incompatible",
        FailureReason::Server => "server",
    }
}
