//! What lies on disks when nobody uses them: a client's database, and the server's.

use std::collections::BTreeMap;
use std::path::Path;

use anser_client_core::local::{EventRow, Load, OutboxRow, Restored};
use anser_local_store::{
    Row, Statement, Value, events_from_rows, load_statement, migration_scripts, restore_statements,
    restored_from_rows,
};
use anser_protocol::ids::Position;
use anser_protocol::{AccountId, Seq, codec};
use anser_store::sqlite::SqliteStore;
use anser_store::{Accounts, Conversations, HeadRow, Log, Range};
use anyhow::{Context, Result, ensure};
use futures_executor::block_on;
use rusqlite::types::{Value as SqlValue, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::history::{Line, Logs};

/// A client's disk.
#[derive(Debug)]
pub struct ClientDisk {
    /// By conversation, rows looked at.
    pub logs: Logs,
    /// Texts that were not sent, in the order in which they were written.
    pub outbox: Vec<String>,
    /// All that an engine would begin with.
    pub restored: Restored,
}

/// The server's disk.
#[derive(Debug)]
pub struct ServerDisk {
    /// By conversation, as its first member sees it: from the first event on.
    pub logs: Logs,
    /// What each person would be told, by account.
    pub heads: BTreeMap<u64, Vec<HeadRow>>,
}

/// Reads a client's database. Its process must not run. One of an older version is read as today's would be, and left
/// as it was.
pub fn of_client(dir: &Path) -> Result<ClientDisk> {
    let file = dir.join("anser.sqlite");
    let mut connection = Connection::open(&file).with_context(|| format!("opening {}", file.display()))?;
    // Never committed. A step that was only invented has nothing that we would read.
    let connection = connection.transaction()?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for script in migration_scripts(version).unwrap_or_default() {
        connection.execute_batch(script)?;
    }
    let mut answers = Vec::new();
    for question in restore_statements() {
        answers.push(query(&connection, &question)?);
    }
    let restored = restored_from_rows(answers)?;
    let mut logs = Logs::new();
    for (conversation, span) in &restored.spans {
        let load = Load { id: 0, conversation: *conversation, first: span.first, last: span.last };
        let events = events_from_rows(query(&connection, &load_statement(&load))?)?;
        logs.entry(conversation.0).or_default().extend(events.iter().map(line_of_client));
    }
    let outbox = restored.outbox.iter().map(text_of).collect();
    Ok(ClientDisk { logs, outbox, restored })
}

/// Reads the server's database, checked for being whole. The server must not run. The people are named by handle; of
/// each conversation one of them must be a founder.
pub fn of_server(data: &Path, handles: &[String]) -> Result<ServerDisk> {
    let store = SqliteStore::open(data)?;
    block_on(async {
        let faults = store.verify().await?;
        ensure!(faults.is_empty(), "the server's database is not whole: {faults:?}");
        let mut disk = ServerDisk { logs: Logs::new(), heads: BTreeMap::new() };
        for handle in handles {
            let account = store.account_by_handle(handle).await?;
            let account = account.with_context(|| format!("{handle} is gone"))?.id;
            let page = store.heads_changed(account, Position(0), None, usize::MAX >> 1).await?;
            for head in &page.heads {
                if head.from_seq == Seq(1) && !head.left {
                    let log = read_log(&store, account, head).await?;
                    disk.logs.insert(head.conversation.0, log);
                }
            }
            disk.heads.insert(account.0, page.heads);
        }
        Ok(disk)
    })
}

async fn read_log(store: &SqliteStore, account: AccountId, head: &HeadRow) -> Result<Vec<Line>> {
    let (limit, bytes_max) = (usize::MAX >> 1, usize::MAX >> 1);
    let range = Range { first: Seq(1), last: head.last.seq, limit, bytes_max, newest: false };
    let events = store.range(account, head.conversation, range).await?;
    Ok(events
        .into_iter()
        .map(|event| Line {
            seq: event.seq.0,
            sender: event.sender.0,
            at_ms: event.at.0,
            kind: event.kind,
            body: event.body,
            silent: event.silent,
        })
        .collect())
}

fn line_of_client(event: &EventRow) -> Line {
    Line {
        seq: event.seq.0,
        sender: event.sender.0,
        at_ms: event.at_ms,
        kind: event.kind,
        body: event.body.clone(),
        silent: event.silent,
    }
}

fn text_of(row: &OutboxRow) -> String {
    codec::decode_text(&row.body).unwrap_or_default()
}

fn query(connection: &Connection, statement: &Statement) -> Result<Vec<Row>> {
    let mut prepared = connection.prepare(statement.sql)?;
    let columns = prepared.column_count();
    let mut rows = prepared.query(params_from_iter(statement.params.iter().map(to_sql)))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let values: rusqlite::Result<Row> = (0..columns).map(|at| row.get_ref(at).map(from_sql)).collect();
        all.push(values?);
    }
    Ok(all)
}

fn to_sql(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(*number),
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Blob(bytes) => SqlValue::Blob(bytes.clone()),
    }
}

/// What no client writes becomes nothing, which the decoder refuses by name.
fn from_sql(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
    }
}
