//! Why a client could not be opened, or had to stop.

use std::path::PathBuf;

use anser_local_store::{DecodeError, NewerDatabase};

/// Everything that stops a client. A dead link or an unwilling server never does.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server's address makes no sense.
    #[error("`{url}` is not a server address: {reason}")]
    BadAddress {
        /// As configured.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The configured certificates cannot be used.
    #[error("cannot use the certificates in {}: {reason}", path.display())]
    BadCertificates {
        /// As configured.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// Two clients on one directory would overwrite each other's work.
    #[error("another client is running on {}", .0.display())]
    InUse(PathBuf),
    /// The data directory cannot be made or locked.
    #[error("cannot use the directory {}", path.display())]
    DataDir {
        /// As configured.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A newer Anser was here.
    #[error(transparent)]
    NewerDatabase(#[from] NewerDatabase),
    /// A row that we never wrote. A client makes its database anew then; this is left where even that is damaged.
    #[error(transparent)]
    Damaged(#[from] DecodeError),
    /// The file is not what SQLite wrote into it. See [`ClientError::Damaged`].
    #[error("the local database is damaged")]
    Unsound(#[source] rusqlite::Error),
    /// SQLite could not open or read.
    #[error("the local database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// Made anew, and damaged again, more than once: the disk does not keep what is written.
    #[error("the local database is damaged again and again: the disk does not keep what is written to it")]
    DiskUnreliable,
    /// The system has no random numbers: nothing can be safe then.
    #[error("the system gave no random numbers")]
    NoRandomness(#[from] getrandom::Error),
    /// The database's thread, or the client's task, is gone; only a broken runtime does that.
    #[error("a part of the client has ended unexpectedly")]
    PartEnded,
}

impl ClientError {
    /// The local database has to be made anew.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, ClientError::Damaged(_) | ClientError::Unsound(_))
    }
}
