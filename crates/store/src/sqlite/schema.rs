//! The tables, and how an older database becomes today's.

use std::path::Path;

use anser_failpoints::Mutant;
use rusqlite::{Connection, TransactionBehavior};

use super::open_error::OpenError;

/// One step each; the first makes an empty file into schema 1. Released steps never change.
const STEPS: &[&str] =
    &[include_str!("schema/0001.sql"), include_str!("schema/0002.sql"), include_str!("schema/0003.sql")];

/// Tells `file` and us whose database this is: "Ansr".
const APPLICATION_ID: i32 = 0x416e_7372;

/// Ours, and one that a campaign invented for this process, to be killed in.
fn steps() -> impl Iterator<Item = &'static str> {
    STEPS.iter().copied().chain(anser_failpoints::invented_schema_step())
}

/// The database's schema, 0 for an empty file. Refused if it is newer than we are, or not ours.
pub(super) fn find(connection: &Connection, file: &Path) -> Result<u32, OpenError> {
    let dir = || file.parent().unwrap_or(file).to_owned();
    let of_database = |source| OpenError::Database { dir: dir(), source };

    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(of_database)?;
    let found: u32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(of_database)?;
    let count_tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_one(count_tables, [], |row| row.get(0)).map_err(of_database)?;
    let empty = application == 0 && found == 0 && tables == 0;
    if application != APPLICATION_ID && !empty {
        return Err(OpenError::Foreign { file: file.to_owned() });
    }
    let known = steps().count() as u32;
    if found > known {
        return Err(OpenError::Newer { dir: dir(), found, known });
    }
    Ok(found)
}

/// Brings a database of schema `found` up to the newest one, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection, found: u32) -> rusqlite::Result<()> {
    for (schema, step) in (1..).zip(steps()).skip(found as usize) {
        if anser_failpoints::is(Mutant::MigrationInPieces) {
            connection.execute_batch(step)?;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !anser_failpoints::is(Mutant::MigrationInPieces) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", schema)?;
        transaction.commit()?;
    }
    Ok(())
}
