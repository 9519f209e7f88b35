//! Why a store could not be opened, in words for the person who started the server.

use std::io;
use std::path::PathBuf;

/// Why a store could not be opened. The texts are for the person who started the server.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or used.
    #[error("the data directory {} cannot be used: {source}", dir.display())]
    Directory {
        /// Which.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it open.
    #[error(
        "the data directory {} is in use by another server: stop that one first, or choose another directory",
        dir.display()
    )]
    InUse {
        /// Which.
        dir: PathBuf,
    },
    /// Written by a newer version, whose tables this one does not know.
    #[error(
        "the database in {} was written by a newer version of this program (its schema is {found}, the newest \
         known here is {known}): run that version or a later one; nothing was changed",
        dir.display()
    )]
    Newer {
        /// Where.
        dir: PathBuf,
        /// The database's schema.
        found: u32,
        /// The newest schema known here.
        known: u32,
    },
    /// A database of some other program.
    #[error(
        "the file {} is a database of another program: choose another directory; nothing was changed",
        file.display()
    )]
    Foreign {
        /// Which.
        file: PathBuf,
    },
    /// SQLite refused: the file is damaged, or the disk is.
    #[error("the database in {} cannot be opened: {source}", dir.display())]
    Database {
        /// Where.
        dir: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}
