//! What a deed works with, inside the one transaction that is being written.

use anser_protocol::ids::Position;
use rusqlite::{CachedStatement, Connection};

use super::tips::Tips;

/// What a deed works with: the transaction, the counter of changes, and the ends of the logs.
pub(super) struct Writing<'a> {
    pub(super) connection: &'a Connection,
    pub(super) tips: &'a mut Tips,
    pub(super) inserts: Inserts<'a>,
    pub(super) newest: &'a mut Position,
}

impl Writing<'_> {
    /// The next change position, for the deed to store: as the id of its event, or with `journal::record_move`. Each
    /// belongs to one conversation, so that no two heads of an account share one and a page can end between any two.
    /// One given to a deed that is undone is not given again.
    pub(super) fn tick(&mut self) -> Position {
        self.newest.0 += 1;
        *self.newest
    }
}

/// The statements of every send, found once for each batch: to find one again cost a tenth of running it.
#[derive(Default)]
pub(super) struct Inserts<'a> {
    pub(super) event: Option<CachedStatement<'a>>,
    pub(super) send_key: Option<CachedStatement<'a>>,
}

/// The statement that is kept, or else one found now, and kept.
pub(super) fn prepared<'a, 'b>(
    kept: &'b mut Option<CachedStatement<'a>>,
    connection: &'a Connection,
    text: &str,
) -> rusqlite::Result<&'b mut CachedStatement<'a>> {
    Ok(match kept.take() {
        Some(statement) => kept.insert(statement),
        None => kept.insert(connection.prepare_cached(text)?),
    })
}
