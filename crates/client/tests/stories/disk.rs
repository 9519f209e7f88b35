//! One directory, one client; and what is there is never guessed at.

use std::path::Path;

use anser_client::{Client, ClientConfig, ClientError};
use rusqlite::Connection;

/// Nobody listens there: these stories need no server.
const NOWHERE: &str = "ws://127.0.0.1:9";

async fn open(dir: &Path) -> Result<Client, ClientError> {
    Client::open(ClientConfig::new(NOWHERE, dir)).await
}

async fn refusal(dir: &Path) -> String {
    match open(dir).await {
        Ok(_) => panic!("it should have been refused"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn two_clients_on_one_directory_are_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).await.unwrap();
    assert!(refusal(dir.path()).await.starts_with("another client is running on"));
    first.shutdown().await.unwrap();
    open(dir.path()).await.unwrap().shutdown().await.unwrap();
}

#[tokio::test]
async fn a_newer_database_is_refused_in_words_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("anser.sqlite");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(refusal(dir.path()).await.contains("please update this one"));
    let version: i64 =
        Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[tokio::test]
async fn a_damaged_row_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).await.unwrap().shutdown().await.unwrap();
    let disk = Connection::open(dir.path().join("anser.sqlite")).unwrap();
    disk.execute("INSERT INTO synced (only, position) VALUES (1, -5)", ()).unwrap();
    drop(disk);
    assert_eq!(refusal(dir.path()).await, "the local database is damaged: synced.position is negative");
}

#[cfg(unix)]
#[tokio::test]
async fn the_directory_is_private_because_the_token_lies_in_it() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("alice");
    open(&dir).await.unwrap().shutdown().await.unwrap();
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o077, 0);
}
