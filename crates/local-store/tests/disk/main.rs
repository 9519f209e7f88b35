//! The statements run on a real SQLite, and what comes back is what a naive model says.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

mod damage;
mod frozen;
mod generate;
mod model;
mod plans;
mod roundtrip;
mod salvage;

use anser_local_store::{Row, Statement, Value, migration_scripts};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

/// A new database in memory, with the present schema.
fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for script in migration_scripts(0).unwrap() {
        connection.execute_batch(script).unwrap();
    }
    connection
}

fn execute(connection: &Connection, statement: &Statement) {
    connection.execute(statement.sql, params_from_iter(statement.params.iter().map(to_sql))).unwrap();
}

fn query(connection: &Connection, statement: &Statement) -> Vec<Row> {
    let mut prepared = connection.prepare(statement.sql).unwrap();
    let columns = prepared.column_count();
    let params = params_from_iter(statement.params.iter().map(to_sql));
    let rows = prepared
        .query_map(params, |row| (0..columns).map(|index| Ok(from_sql(row.get_ref(index)?))).collect());
    rows.unwrap().map(|row| row.unwrap()).collect()
}

fn to_sql(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => rusqlite::types::Value::Integer(*number),
        Value::Text(text) => rusqlite::types::Value::Text(text.clone()),
        Value::Blob(bytes) => rusqlite::types::Value::Blob(bytes.clone()),
    }
}

fn from_sql(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(_) => panic!("no table has a REAL column"),
        ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}
