//! Answers one question from one state of the store, whatever is written meanwhile.

use rusqlite::Connection;

use super::Trouble;

pub(super) fn answer_from_snapshot<T>(
    connection: &Connection,
    question: impl FnOnce(&Connection) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let answer = begin(connection).and_then(|()| question(connection));
    let ended = end(connection);
    let answer = answer?;
    ended?;
    Ok(answer)
}

// Statements like any other, so that they are read once and not for every question.
fn begin(connection: &Connection) -> Result<(), Trouble> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    Ok(())
}

/// Nothing was written: there is nothing to commit.
fn end(connection: &Connection) -> Result<(), Trouble> {
    if !connection.is_autocommit() {
        connection.prepare_cached("ROLLBACK")?.execute([])?;
    }
    Ok(())
}
