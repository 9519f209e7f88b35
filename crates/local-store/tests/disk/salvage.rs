//! A damaged database: what can be read of session, drafts and outbox lives on in a new one.

use std::fs;
use std::path::Path;

use anser_client_core::local::{ConversationRow, EventRow, OutboxRow, Restored, Save, SessionRow};
use anser_local_store::{
    Row, Statement, Value, migration_scripts, restore_statements, restored_from_rows, salvage_statements,
    salvaged_statements, statements_for,
};
use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, DeviceId, SendKey, Seq};
use proptest::prelude::*;
use rusqlite::Connection;

use crate::{database, execute, from_sql, generate, query};

const PAGE_BYTES: usize = 4096;

/// What a driver does: the rows up to the one that cannot be read.
fn query_readable(connection: &Connection, statement: &Statement) -> Vec<Row> {
    let Ok(mut prepared) = connection.prepare(statement.sql) else { return Vec::new() };
    let columns = prepared.column_count();
    let Ok(mut rows) = prepared.query([]) else { return Vec::new() };
    let mut readable = Vec::new();
    while let Ok(Some(row)) = rows.next() {
        let values: Result<Row, _> = (0..columns).map(|index| row.get_ref(index).map(from_sql)).collect();
        readable.extend(values);
    }
    readable
}

fn restore(disk: &Connection) -> Restored {
    let answers = restore_statements().iter().map(|question| query(disk, question)).collect();
    restored_from_rows(answers).unwrap()
}

/// A new database with what could be read of this one.
fn rebuilt(damaged: &Connection) -> Restored {
    let answers = salvage_statements().iter().map(|question| query_readable(damaged, question)).collect();
    let anew = database();
    for statement in salvaged_statements(answers) {
        execute(&anew, &statement);
    }
    restore(&anew)
}

fn session() -> Save {
    Save::Session(SessionRow {
        account: AccountId(7),
        device: DeviceId(1),
        handle: "alice".to_owned(),
        display_name: "Alice".to_owned(),
        token: vec![3; 32],
    })
}

fn event(conversation: u64, seq: u64) -> EventRow {
    EventRow {
        conversation: ConversationId(conversation),
        seq: Seq(seq),
        sender: AccountId(7),
        at_ms: 1,
        kind: 1,
        body: vec![b'x'; 200],
        silent: false,
        send_key: None,
    }
}

fn conversation(id: u64, draft: &str) -> Save {
    Save::Conversation(ConversationRow {
        conversation: ConversationId(id),
        group: true,
        change: Position(900),
        title: "Group".to_owned(),
        peer: None,
        member_count: 2,
        last: event(id, 1),
        from_seq: Seq(1),
        read: Seq(1),
        delivered: Seq(1),
        unread_base: 0,
        unread_base_seq: Seq(1),
        left: false,
        draft: draft.to_owned(),
    })
}

fn unsent(ordinal: u64) -> Save {
    Save::Outbox(OutboxRow {
        send_key: SendKey([ordinal as u8; 16]),
        ordinal,
        conversation: ConversationId(1),
        kind: 1,
        body: vec![b'y'; 300],
        written_at_ms: 5,
        failed: None,
    })
}

/// A file with something of everything, and the page where each table begins.
fn full_database(path: &Path) -> Connection {
    let disk = Connection::open(path).unwrap();
    for script in migration_scripts(0).unwrap() {
        disk.execute_batch(script).unwrap();
    }
    let mut saves = vec![session(), Save::Synced(Position(950)), conversation(1, "half a thought")];
    saves.extend((1..400).map(|seq| Save::Event(event(1, seq))));
    saves.extend((1..60).map(unsent));
    for save in saves {
        for statement in statements_for(&save) {
            execute(&disk, &statement);
        }
    }
    disk
}

/// Garbage over the pages of this table (its first page, or its leaves), in the closed file.
fn damage(path: &Path, pages: &[usize]) {
    let mut bytes = fs::read(path).unwrap();
    for page in pages {
        bytes[(page - 1) * PAGE_BYTES..page * PAGE_BYTES].fill(0xA5);
    }
    fs::write(path, bytes).unwrap();
}

fn first_page_of(disk: &Connection, table: &str) -> usize {
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    disk.query_row(sql, [table], |row| row.get::<_, i64>(0)).unwrap() as usize
}

#[test]
fn damage_in_the_log_costs_neither_the_session_nor_a_draft_nor_an_unsent_message() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let disk = full_database(&path);
    let (whole, page) = (restore(&disk), first_page_of(&disk, "events"));
    drop(disk);
    damage(&path, &[page]);

    let saved = rebuilt(&Connection::open(&path).unwrap());
    assert_eq!(saved.session, whole.session);
    assert_eq!(saved.outbox, whole.outbox);
    assert_eq!(saved.conversations[0].draft, "half a thought");
    // Everything is asked for again.
    assert_eq!((saved.synced, saved.spans.len()), (Position(0), 0));
    assert_eq!(saved.conversations[0].change, Position(0));
}

#[test]
fn a_damaged_page_of_the_outbox_takes_only_its_own_messages_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let disk = full_database(&path);
    // The leaf in the middle, as the tree itself says.
    let sql = "SELECT pageno FROM dbstat WHERE name = 'outbox' AND pagetype = 'leaf' ORDER BY path";
    let leaves: Vec<i64> =
        disk.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    drop(disk);
    assert!(leaves.len() > 2, "{leaves:?}");
    damage(&path, &[leaves[leaves.len() / 2] as usize]);

    let outbox = rebuilt(&Connection::open(&path).unwrap()).outbox;
    let ordinals: Vec<u64> = outbox.iter().map(|row| row.ordinal).collect();
    assert_eq!((ordinals.first(), ordinals.last()), (Some(&1), Some(&59)));
    assert!(ordinals.len() > 30 && ordinals.len() < 59, "{ordinals:?}");
}

#[test]
fn a_lost_index_does_not_cost_the_outbox() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let disk = full_database(&path);
    let page = first_page_of(&disk, "sqlite_autoindex_outbox_1");
    drop(disk);
    damage(&path, &[page]);
    assert_eq!(rebuilt(&Connection::open(&path).unwrap()).outbox.len(), 59);
}

#[test]
fn without_a_session_nothing_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    let disk = full_database(&path);
    let page = first_page_of(&disk, "session");
    drop(disk);
    damage(&path, &[page]);
    assert_eq!(rebuilt(&Connection::open(&path).unwrap()), Restored::default());
}

#[test]
fn a_file_that_is_no_database_gives_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.sqlite");
    fs::write(&path, vec![0xA5; 8 * PAGE_BYTES]).unwrap();
    assert_eq!(rebuilt(&Connection::open(&path).unwrap()), Restored::default());
}

#[test]
fn a_row_that_makes_no_sense_is_left_out() {
    let mut answers = vec![Vec::new(); salvage_statements().len()];
    answers[0].push(vec![
        Value::Integer(7),
        Value::Integer(1),
        Value::Text("alice".to_owned()),
        Value::Text("Alice".to_owned()),
        Value::Blob(vec![3; 32]),
    ]);
    assert_eq!(salvaged_statements(answers.clone()).len(), 1);
    let person =
        |account| vec![Value::Integer(account), Value::Text("bob".to_owned()), Value::Text("Bob".to_owned())];
    answers[1] = vec![person(-1), person(8)];
    assert_eq!(salvaged_statements(answers).len(), 2);
}

proptest! {
    /// Of a database that is whole nothing of worth is lost.
    #[test]
    fn what_is_whole_is_saved(saves in generate::saves()) {
        let disk = database();
        for save in saves.iter().chain([&session()]) {
            for statement in statements_for(save) {
                execute(&disk, &statement);
            }
        }
        let (whole, saved) = (restore(&disk), rebuilt(&disk));
        let drafts = |restored: &Restored| -> Vec<_> {
            restored.conversations.iter().map(|row| (row.conversation, row.draft.clone())).collect()
        };
        prop_assert_eq!(drafts(&saved), drafts(&whole));
        prop_assert_eq!(saved.session, whole.session);
        prop_assert_eq!(saved.people, whole.people);
        prop_assert_eq!(saved.outbox, whole.outbox);
    }
}
