//! A damaged database is made anew from the server; what only this device had is saved, and its user is told.

use std::fs;
use std::path::Path;

use anser_client::Command;
use anser_client::view::{RowState, SessionView};
use rusqlite::Connection;

use crate::helpers::{Person, Screen, TestServer, opening};

const PAGE_BYTES: usize = 4096;
/// More than the history has.
const PAGES_MAX: u32 = 20;
/// Nobody listens there.
const NOWHERE: &str = "ws://127.0.0.1:9";

/// Garbage over the oldest rows of this table: the first of its leaves, or its root if it has no others.
fn damage(dir: &Path, table: &str) {
    let file = dir.join("anser.sqlite");
    let disk = Connection::open(&file).unwrap();
    let sql = "SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = 'leaf' ORDER BY path LIMIT 1";
    let page = disk.query_row(sql, [table], |row| row.get::<_, i64>(0)).unwrap() as usize;
    drop(disk);
    let mut bytes = fs::read(&file).unwrap();
    bytes[(page - 1) * PAGE_BYTES..page * PAGE_BYTES].fill(0xA5);
    fs::write(file, bytes).unwrap();
}

/// Alice, who wrote so much with bob and is gone again, and their conversation.
async fn a_history(server: &TestServer, messages: u64) -> (Vec<String>, u64) {
    let mut alice = server.register("alice").await;
    server.register("bob").await.goes().await;
    let conversation = alice.talks_to("bob").await;
    let written: Vec<String> = (0..messages).map(|n| format!("{n} {}", ".".repeat(200))).collect();
    for text in &written {
        alice.writes(conversation, text).await;
    }
    alice.sees("the last one sent", |screen| is_sent(screen, conversation, written.last())).await;
    let last = alice.screen.rows(conversation).last().unwrap().seq;
    // What is read is not counted at the next start, so nothing of it is looked at then.
    alice.does(Command::MarkRead { conversation, seq: last }).await;
    alice.goes().await;
    (written, conversation)
}

/// This is the last message, and the server has it.
fn is_sent(screen: &Screen, conversation: u64, text: Option<&String>) -> bool {
    let last = screen.texts(conversation).last().copied() == text.map(String::as_str);
    last && screen.rows(conversation).iter().all(|row| row.seq > 0)
}

/// What is told first: that this is a new database, and still hers.
async fn sees_it_rebuilt(person: &mut Person) {
    person.sees("that it is rebuilt", |screen| screen.rebuilt).await;
    let is_hers = |screen: &Screen| matches!(screen.session, Some(SessionView::SignedIn { .. }));
    person.sees("herself", is_hers).await;
}

#[tokio::test]
async fn damage_found_at_the_start_costs_neither_the_session_nor_what_was_not_sent() {
    let server = TestServer::start().await;
    let (mut written, conversation) = a_history(&server, 60).await;
    let dir = server.dir_of("alice");
    let offline = Person::open(NOWHERE, &dir).await;
    for n in 0..5 {
        let text = format!("unsent {n}");
        offline.writes(conversation, &text).await;
        written.push(text);
    }
    offline.goes().await;
    damage(&dir, "spans");

    let mut offline = Person::open(NOWHERE, &dir).await;
    sees_it_rebuilt(&mut offline).await;
    offline.does(opening(conversation)).await;
    let has_them = |screen: &Screen| {
        let rows = screen.rows(conversation);
        rows.iter().filter(|row| matches!(row.state, RowState::Sending { .. })).count() == 5
    };
    offline.sees("the five on their way", has_them).await;
    offline.goes().await;

    // The damage was told once; from here on it is a database like any other.
    let mut alice = server.open("alice").await;
    alice.sees("a link", Screen::is_online).await;
    assert!(!alice.screen.rebuilt);
    alice.does(opening(conversation)).await;
    alice.sees("the last one sent", |screen| is_sent(screen, conversation, written.last())).await;
    assert_eq!(alice.reads_up(conversation).await, written);
}

#[tokio::test]
async fn damage_found_while_reading_is_mended_under_the_readers_eyes() {
    let server = TestServer::start().await;
    let (written, conversation) = a_history(&server, 400).await;
    let dir = server.dir_of("alice");
    damage(&dir, "events");

    let mut alice = server.open("alice").await;
    alice.sees("a link", Screen::is_online).await;
    alice.does(opening(conversation)).await;
    alice.sees("the last one", |screen| is_sent(screen, conversation, written.last())).await;
    assert!(!alice.screen.rebuilt, "nobody has looked there yet");
    for _ in 0..PAGES_MAX {
        alice.does_or_not(Command::LoadOlder { view: conversation as u32 }).await;
    }
    assert!(alice.screen.rebuilt);
    // The view is open still, and what comes from the server comes into it.
    alice.sees("the last one again", |screen| is_sent(screen, conversation, written.last())).await;
    assert_eq!(alice.reads_up(conversation).await, written);
    alice.writes(conversation, "and on").await;
    let and_on = "and on".to_owned();
    alice.sees("it sent", |screen| is_sent(screen, conversation, Some(&and_on))).await;
}

#[tokio::test]
async fn a_file_that_is_no_database_any_more_is_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("anser.sqlite"), vec![0xA5; 8 * PAGE_BYTES]).unwrap();
    let mut person = Person::open(NOWHERE, dir.path()).await;
    person.sees("that it is rebuilt", |screen| screen.rebuilt).await;
    let is_nobody = |screen: &Screen| matches!(screen.session, Some(SessionView::SignedOut { .. }));
    person.sees("nobody signed in", is_nobody).await;
}

#[tokio::test]
async fn a_row_that_was_never_written_is_damage_too() {
    let dir = tempfile::tempdir().unwrap();
    Person::open(NOWHERE, dir.path()).await.goes().await;
    let disk = Connection::open(dir.path().join("anser.sqlite")).unwrap();
    disk.execute("INSERT INTO synced (only, position) VALUES (1, -5)", ()).unwrap();
    drop(disk);
    let mut person = Person::open(NOWHERE, dir.path()).await;
    person.sees("that it is rebuilt", |screen| screen.rebuilt).await;
}

#[tokio::test]
async fn a_rebuilt_database_that_had_not_taken_its_place_takes_it() {
    let dir = tempfile::tempdir().unwrap();
    Person::open(NOWHERE, dir.path()).await.goes().await;
    let file = dir.path().join("anser.sqlite");
    fs::rename(&file, dir.path().join("anser.sqlite.rebuilt")).unwrap();
    // As a power cut between two renames leaves it: the damaged one, and a log that is not the new one's.
    fs::write(&file, vec![0xA5; 8 * PAGE_BYTES]).unwrap();
    fs::write(dir.path().join("anser.sqlite-wal"), vec![0xA5; PAGE_BYTES]).unwrap();
    let person = Person::open(NOWHERE, dir.path()).await;
    assert!(!person.screen.rebuilt);
    person.goes().await;
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["anser.sqlite", "lock"]);
}
