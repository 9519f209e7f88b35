//! What can be set, where it was set, and what it comes to.
//!
//! | module | what it answers |
//! |---|---|
//! | [`keys`] | what can be set: every name, once |
//! | [`raw`] | what somebody wrote, and where: flags, then environment, then one TOML file |
//! | [`settings`] | what it comes to: checked, complete, ready to use |
//!
//! Architecture Invariant: only this module reads raw settings. All other code gets a
//! [`Settings`], in which nothing is missing and nothing is wrong any more.

pub mod keys;
pub mod raw;
pub mod settings;

use std::ffi::OsString;

pub use keys::Key;
pub use settings::{LogFormat, Origins, Registration, Settings, TlsFiles};

/// Flags, environment and file become settings; the first thing wrong is said in words.
pub fn load(
    flags: Vec<(Key, OsString)>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Settings, ConfigError> {
    let written = raw::gather(flags, environment)?;
    settings::resolve(&written)
}

/// Why the settings cannot be used. Each says what to change.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value is not one of those allowed.
    #[error("{} = {value:?} ({source_text}) is not possible: it must be {allowed}", .key.name())]
    Wrong {
        /// Which setting.
        key: Key,
        /// What was written.
        value: String,
        /// Where it was written.
        source_text: String,
        /// What could stand there instead.
        allowed: &'static str,
    },
    /// The file has a key that means nothing.
    #[error("{file} sets {key:?}, which is no setting of Anser; there are: {known}")]
    UnknownKey {
        /// Which file.
        file: String,
        /// As written there.
        key: String,
        /// All that could be meant.
        known: String,
    },
    /// The file sets what decides where the file is.
    #[error("{file} sets {key:?}, but that decides which file is read: give it as {flag} or {variable}")]
    NotInFile {
        /// Which file.
        file: String,
        /// Which key.
        key: &'static str,
        /// The flag to use instead.
        flag: String,
        /// The environment variable to use instead.
        variable: String,
    },
    /// The file is there but cannot be read, or was named and is not there.
    #[error("the settings file {file} cannot be read: {why}")]
    Unreadable {
        /// Which file.
        file: String,
        /// The system's words.
        why: String,
    },
    /// The file is not TOML.
    #[error("the settings file {file} is not TOML: {why}")]
    NotToml {
        /// Which file.
        file: String,
        /// The parser's words, with line and column.
        why: String,
    },
    /// One of two settings that only make sense together.
    #[error("{} is set but {} is not: TLS needs both", .there.name(), .missing.name())]
    Alone {
        /// The one that is set.
        there: Key,
        /// The one that is not.
        missing: Key,
    },
}
