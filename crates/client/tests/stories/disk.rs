//! One directory, one client; and what is there is never guessed at.

use std::path::Path;
use std::time::Duration;

use anser_client::{Client, ClientConfig, ClientError, FailureReason, Outcome};
use rusqlite::Connection;

use crate::helpers::{TestServer, says};

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

#[cfg(unix)]
#[tokio::test]
async fn the_directory_is_private_because_the_token_lies_in_it() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("alice");
    open(&dir).await.unwrap().shutdown().await.unwrap();
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o077, 0);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_says_so_and_is_used_again_when_it_can() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let _bob = server.register("bob").await;
    let conversation = alice.talks_to("bob").await;
    let full = Connection::open(server.dir_of("alice").join("anser.sqlite")).unwrap();
    full.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    .unwrap();

    let outcome = alice.client.command(says(conversation, "lost?")).await;
    let Outcome::Failed { failure } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.reason, FailureReason::Storage);

    full.execute_batch("DROP TRIGGER full").unwrap();
    let again = || alice.client.command(says(conversation, "kept"));
    while again().await != Outcome::Done {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    alice.sees("it sent", |screen| screen.rows(conversation).last().is_some_and(|row| row.seq > 0)).await;
    // What was called failed is not sent behind the user's back.
    assert_eq!(alice.screen.texts(conversation), ["kept"]);
}
