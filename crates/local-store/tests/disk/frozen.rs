//! The databases that released versions wrote are kept as files: today's scripts bring each of them to the present.

use anser_client_core::local::Load;
use anser_local_store::{
    SCHEMA_VERSION, events_from_rows, load_statement, migration_scripts, restore_statements,
    restored_from_rows,
};
use anser_protocol::{ConversationId, Seq};
use rusqlite::Connection;

use crate::{database, query};

/// One for each schema there ever was, the oldest first.
const FROZEN: [&str; 2] = [include_str!("../frozen/schema_1.sql"), include_str!("../frozen/schema_2.sql")];

/// The frozen database of this schema, brought to the present one.
fn migrated(schema: usize) -> Connection {
    let disk = Connection::open_in_memory().unwrap();
    disk.execute_batch(FROZEN[schema - 1]).unwrap();
    let version: i64 = disk.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, schema as i64);
    for script in migration_scripts(version).unwrap() {
        disk.execute_batch(script).unwrap();
    }
    disk
}

/// Every table and index, in the words that made it.
fn schema_of(disk: &Connection) -> Vec<String> {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let mut statement = disk.prepare(sql).unwrap();
    let words = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    words.map(|text| text.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn every_schema_is_frozen() {
    assert_eq!(FROZEN.len() as i64, SCHEMA_VERSION);
}

#[test]
fn every_schema_there_ever_was_becomes_the_present_one() {
    for schema in 1..=FROZEN.len() {
        assert_eq!(schema_of(&migrated(schema)), schema_of(&database()), "from schema {schema}");
    }
}

#[test]
fn nothing_of_a_frozen_database_is_lost() {
    for schema in 1..=FROZEN.len() {
        let disk = migrated(schema);
        let answers = restore_statements().iter().map(|question| query(&disk, question)).collect();
        let restored = restored_from_rows(answers).unwrap();
        assert_eq!(restored.session.unwrap().handle, "alice");
        assert_eq!((restored.conversations.len(), restored.outbox.len()), (1, 12));
        assert_eq!(restored.conversations[0].draft, "half a thought");
        let load = Load { id: 0, conversation: ConversationId(1), first: Seq(1), last: Seq(300) };
        assert_eq!(events_from_rows(query(&disk, &load_statement(&load))).unwrap().len(), 300);
    }
}
