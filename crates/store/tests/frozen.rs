//! The databases that released versions wrote are kept as files: today's store opens each of them and misses nothing.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq, kind};
use anser_store::contract::block_on;
use anser_store::sqlite::SqliteStore;
use anser_store::{Append, Conversations, Log, Range};
use rusqlite::Connection;
use tempfile::TempDir;

/// One for each schema there ever was, the oldest first.
const FROZEN: [&str; 3] = [
    include_str!("frozen/schema_1.sql"),
    include_str!("frozen/schema_2.sql"),
    include_str!("frozen/schema_3.sql"),
];
const ALICE: AccountId = AccountId(1);
const NOTES: ConversationId = ConversationId(1);

/// The frozen database of this schema, opened by today's store.
fn opened(schema: usize, dir: &Path) -> SqliteStore {
    let file = Connection::open(dir.join("anser.db")).unwrap();
    file.execute_batch(FROZEN[schema - 1]).unwrap();
    let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, schema as i64);
    drop(file);
    SqliteStore::open(dir).unwrap()
}

/// Every table and index, in the words that made it.
fn schema_of(dir: &Path) -> Vec<String> {
    let disk = Connection::open(dir.join("anser.db")).unwrap();
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    let mut statement = disk.prepare(sql).unwrap();
    let words = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    words.map(|text| text.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn every_schema_there_ever_was_becomes_the_present_one() {
    let fresh = TempDir::new().unwrap();
    drop(SqliteStore::open(fresh.path()).unwrap());
    for schema in 1..=FROZEN.len() {
        let dir = TempDir::new().unwrap();
        drop(opened(schema, dir.path()));
        assert_eq!(schema_of(dir.path()), schema_of(fresh.path()), "from schema {schema}");
    }
}

#[test]
fn nothing_of_a_frozen_database_is_lost_and_it_goes_on() {
    for schema in 1..=FROZEN.len() {
        let dir = TempDir::new().unwrap();
        let store = opened(schema, dir.path());
        assert_eq!(block_on(store.verify()).unwrap(), Vec::<String>::new());
        let all = Range {
            first: Seq(1),
            last: Seq(u64::MAX),
            limit: usize::MAX,
            bytes_max: usize::MAX,
            newest: false,
        };
        let events = block_on(store.range(ALICE, NOTES, all)).unwrap();
        assert_eq!(events.len(), 101);
        let last = events.last().unwrap();
        let message = Append {
            conversation: NOTES,
            sender: ALICE,
            send_key: last.send_key.unwrap(),
            kind: kind::TEXT,
            body: last.body.clone(),
            silent: false,
            now: Moment(1_000),
        };
        let changed = |since| block_on(store.heads_changed(ALICE, since, None, 10)).unwrap();
        let before = changed(Position(0));
        assert_eq!(before.heads.len(), 1);
        assert!(before.heads[0].change <= before.position);
        // A send from then, repeated now, is known; a new one takes the next place, and is a change.
        let again = block_on(store.append(message.clone())).unwrap();
        assert_eq!((again.seq, again.fresh), (last.seq, false));
        let new = Append { send_key: SendKey([9; 16]), ..message };
        assert_eq!(changed(before.position).heads, []);
        assert_eq!(block_on(store.append(new)).unwrap().seq, last.seq.next());
        assert_eq!(changed(before.position).heads[0].last.seq, last.seq.next());
    }
}

/// Whatever the order of senders, and of what counts and what does not.
#[test]
fn the_second_schema_leads_back_from_what_the_first_one_wrote() {
    let dir = TempDir::new().unwrap();
    let file = Connection::open(dir.path().join("anser.db")).unwrap();
    file.execute_batch(FROZEN[0]).unwrap();
    let mixed = "INSERT INTO accounts VALUES (2, 'bob', 'Bob', '', 0), (3, 'carol', 'Carol', '', 0);
        UPDATE events SET silent = 0 WHERE seq = 1;
        UPDATE events SET sender_id = 2 WHERE seq % 7 > 3;
        UPDATE events SET sender_id = 3 WHERE seq BETWEEN 30 AND 50;
        UPDATE events SET silent = 1 WHERE seq % 5 = 2 OR seq BETWEEN 60 AND 70;
        UPDATE send_keys SET sender_id = (SELECT sender_id FROM events AS e WHERE e.seq = send_keys.seq)
            WHERE seq > 1";
    file.execute_batch(mixed).unwrap();
    drop(file);
    let store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(block_on(store.verify()).unwrap(), Vec::<String>::new());
}
