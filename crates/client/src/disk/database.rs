//! One open SQLite database: executes what the engine says, and notices when the file is damaged.

use std::path::Path;

use anser_client_core::local::{Load, Loaded, Restored, Save};
use anser_failpoints::Mutant;
use anser_local_store::{
    Row, SCHEMA_VERSION, Statement, Value, events_from_rows, load_statement, migration_scripts,
    restore_statements, restored_from_rows, statements_for,
};
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, TransactionBehavior, params_from_iter};

use super::damage::{is_damage, is_suspicious};
use crate::error::ClientError;

/// More than the distinct statements of `local-store`: none is ever prepared twice.
const PREPARED_STATEMENTS: usize = 64;

/// The only one on this file, which the lock of its directory sees to.
pub(super) struct Database {
    connection: Connection,
}

impl Database {
    /// Opens the file, or makes it, and brings it to the present schema.
    pub(super) fn open(file: &Path) -> Result<Database, ClientError> {
        let mut connection = Connection::open(file)?;
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A commit that returned survives a power cut: with WAL that takes FULL.
        let synchronous = if anser_failpoints::is(Mutant::ClientWithoutSync) { "OFF" } else { "FULL" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        migrate(&mut connection)?;
        Ok(Database { connection })
    }

    /// Opens a file that is damaged, to read what can be read.
    pub(super) fn open_damaged(file: &Path) -> rusqlite::Result<Database> {
        Ok(Database { connection: Connection::open(file)? })
    }

    pub(super) fn restore(&self) -> Result<Restored, ClientError> {
        let mut answers = Vec::new();
        for question in restore_statements() {
            let mut rows = Vec::new();
            self.read(&question, &mut rows)?;
            answers.push(rows);
        }
        Ok(restored_from_rows(answers)?)
    }

    /// One transaction. On error nothing of it is on disk.
    pub(super) fn save(&mut self, saves: &[Save]) -> Result<(), ClientError> {
        self.execute(saves.iter().flat_map(statements_for)).map_err(|error| self.judge(error))
    }

    pub(super) fn load(&self, load: &Load) -> Result<Loaded, ClientError> {
        let mut rows = Vec::new();
        self.read(&load_statement(load), &mut rows).map_err(|error| self.judge(error))?;
        Ok(Loaded { id: load.id, events: events_from_rows(rows)? })
    }

    /// One transaction.
    pub(super) fn execute(
        &mut self,
        statements: impl IntoIterator<Item = Statement>,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for statement in statements {
            let mut prepared = transaction.prepare_cached(statement.sql)?;
            prepared.execute(params_from_iter(statement.params.into_iter().map(to_sql)))?;
        }
        transaction.commit()
    }

    /// The rows up to the first that cannot be read, none if that is the first.
    pub(super) fn what_is_readable(&self, question: &Statement) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Err(error) = self.read(question, &mut rows) {
            tracing::warn!(%error, readable = rows.len(), "a damaged table");
        }
        rows
    }

    /// Closes it with nothing beside it: all that was committed is in the one file, and synced.
    pub(super) fn close_as_one_file(self) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "journal_mode", "DELETE")?;
        self.connection.close().map_err(|(_, error)| error)
    }

    fn read(&self, question: &Statement, into: &mut Vec<Row>) -> rusqlite::Result<()> {
        let mut prepared = self.connection.prepare_cached(question.sql)?;
        let columns = prepared.column_count();
        let params = params_from_iter(question.params.iter().cloned().map(to_sql));
        let mut rows = prepared.query(params)?;
        while let Some(row) = rows.next()? {
            let values: rusqlite::Result<Row> =
                (0..columns).map(|index| Ok(from_sql(row.get_ref(index)?))).collect();
            into.push(values?);
        }
        Ok(())
    }

    /// An index that lost an entry, say, fails as if the statement were wrong.
    fn judge(&self, error: rusqlite::Error) -> ClientError {
        if is_damage(&error) || is_suspicious(&error) && !self.is_sound() {
            ClientError::Unsound(error)
        } else {
            ClientError::Sqlite(error)
        }
    }

    /// Reads the whole file, so only when something is wrong already.
    fn is_sound(&self) -> bool {
        let check = "PRAGMA integrity_check(1)";
        let found = self.connection.query_one(check, [], |row| row.get::<_, String>(0));
        found.is_ok_and(|text| text == "ok")
    }
}

fn migrate(connection: &mut Connection) -> Result<(), ClientError> {
    if anser_failpoints::is(Mutant::MigrationInPieces) {
        return take_steps(connection);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    take_steps(&transaction)?;
    Ok(transaction.commit()?)
}

/// Those that are missing, and one that a campaign invented for this process, so that it can be killed in that.
fn take_steps(connection: &Connection) -> Result<(), ClientError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let invented = anser_failpoints::invented_schema_step();
    if invented.is_some() && version == SCHEMA_VERSION + 1 {
        return Ok(());
    }
    for script in migration_scripts(version)? {
        connection.execute_batch(script)?;
    }
    if let Some(step) = invented {
        connection.execute_batch(step)?;
        connection.pragma_update(None, "user_version", SCHEMA_VERSION + 1)?;
    }
    Ok(())
}

fn to_sql(value: Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Text(text) => SqlValue::Text(text),
        Value::Blob(bytes) => SqlValue::Blob(bytes),
    }
}

/// What no table of ours holds (a fraction, text that is not UTF-8) becomes bytes, which the decoder refuses by name.
fn from_sql(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Blob(number.to_be_bytes().to_vec()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Blob(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
