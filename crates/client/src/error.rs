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
    /// A row that we never wrote. Nothing was changed; the remedy is a new directory, filled by the server.
    #[error(transparent)]
    Damaged(#[from] DecodeError),
    /// SQLite could not open or read.
    #[error("the local database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// The system has no random numbers: nothing can be safe then.
    #[error("the system gave no random numbers")]
    NoRandomness(#[from] getrandom::Error),
    /// The database's thread, or the client's task, is gone; only a broken runtime does that.
    #[error("a part of the client has ended unexpectedly")]
    PartEnded,
}
