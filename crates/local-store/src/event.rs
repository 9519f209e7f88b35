//! Events: how a stretch of a log is asked for, and read.

use anser_client_core::local::{EventRow, Load};

use crate::decode::{Columns, DecodeError};
use crate::value::{Row, Statement, Value};

/// The question behind `Output::Load`.
pub fn load_statement(load: &Load) -> Statement {
    Statement {
        sql: "SELECT conversation, seq, sender, at_ms, kind, body, silent, send_key FROM events \
              WHERE conversation = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
        params: vec![
            Value::number(load.conversation.0),
            Value::number(load.first.0),
            Value::number(load.last.0),
        ],
    }
}

/// The answer to [`load_statement`].
pub fn events_from_rows(rows: Vec<Row>) -> Result<Vec<EventRow>, DecodeError> {
    rows.into_iter().map(event_from_row).collect()
}

fn event_from_row(row: Row) -> Result<EventRow, DecodeError> {
    let mut columns = Columns::of("events", row);
    let event = EventRow {
        conversation: columns.conversation("conversation")?,
        seq: columns.seq("seq")?,
        sender: columns.account("sender")?,
        at_ms: columns.number("at_ms")?,
        kind: columns.small_number("kind")?,
        body: columns.blob("body")?,
        silent: columns.flag("silent")?,
        send_key: columns.optional_send_key("send_key")?,
    };
    columns.end()?;
    Ok(event)
}
