//! A client killed while messages come in has on disk what it acknowledged (spec D7), and ends with all of them.
//!
//! This program starts itself again as the client to be killed, so it has a `main` of its own. More rounds:
//! `cargo test -p anser-client --test kill -- 200`.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

mod helpers;

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anser_client::{Command, Outcome};
use helpers::{Person, TestServer, opening};
use rusqlite::{Connection, OpenFlags};

/// Unless told otherwise: few, so that every test run can afford it.
const ROUNDS: u64 = 8;
const MESSAGES_PER_ROUND: u64 = 25;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, role, url, dir] if role == "child" => live_until_killed(url, Path::new(dir)).await,
        _ => {
            let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
            killed_between_reading_and_committing(rounds).await;
        }
    }
}

async fn live_until_killed(url: &str, dir: &Path) {
    let mut person = Person::open(url, dir).await;
    person.sees("its own end", |_| false).await;
}

async fn killed_between_reading_and_committing(rounds: u64) {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    server.register("bob").await.goes().await;
    let conversation = alice.talks_to("bob").await;

    let mut written: Vec<String> = Vec::new();
    for round in 0..rounds {
        let child = start_child(&server);
        for number in 0..MESSAGES_PER_ROUND {
            let text = format!("{round}.{number}");
            alice.writes(conversation, &text).await;
            written.push(text);
        }
        // Each round dies at another point: while starting, catching up, receiving, or at rest.
        tokio::time::sleep(Duration::from_millis(40 * (round % 10))).await;
        kill(child);
        let acknowledged = delivered_to_bob(&alice, conversation).await;
        let on_disk = last_on_disk(&server.dir_of("bob"), conversation);
        assert!(acknowledged <= on_disk, "round {round}: acknowledged {acknowledged}, on disk {on_disk}");
    }

    let mut bob = server.open("bob").await;
    bob.sees("the conversation", |screen| screen.conversations.contains_key(&conversation)).await;
    bob.does(opening(conversation)).await;
    let last = written.last().unwrap().as_str();
    bob.sees("the last message", |screen| screen.texts(conversation).last() == Some(&last)).await;
    assert_eq!(bob.reads_up(conversation).await, written, "everything once, in the order it was written");
    println!("killed {rounds} times, nothing lost");
}

fn start_child(server: &TestServer) -> Child {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.arg("child").arg(server.url()).arg(server.dir_of("bob"));
    command.stdin(Stdio::null()).spawn().unwrap()
}

/// SIGKILL, wherever it is.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How far the server, and so every sender, believes that bob has it on disk.
async fn delivered_to_bob(alice: &Person, conversation: u64) -> u64 {
    let outcome = alice.client.command(Command::ListMembers { conversation }).await;
    let Outcome::Members { members } = outcome else { panic!("{outcome:?}") };
    members.iter().find(|member| member.person.handle == "bob").unwrap().delivered
}

/// The end of what is on bob's disk without a hole, rows looked at.
fn last_on_disk(dir: &Path, conversation: u64) -> u64 {
    let disk =
        Connection::open_with_flags(dir.join("anser.sqlite"), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let sql = "SELECT seq FROM events WHERE conversation = ?1 ORDER BY seq";
    let mut statement = disk.prepare(sql).unwrap();
    let seqs = statement.query_map([conversation as i64], |row| row.get::<_, i64>(0)).unwrap();
    let mut last = 0;
    for seq in seqs {
        let seq = seq.unwrap() as u64;
        if seq != last + 1 {
            break;
        }
        last = seq;
    }
    last
}
