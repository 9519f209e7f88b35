//! The real binary: killed without warning, started twice, told nonsense, filled with made-up chats.

#![allow(clippy::unwrap_used)] // a test that cannot go on says where

mod binary;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anser_protocol::limits;
use binary::client::Client;
use binary::{Server, run_to_end};

/// How often the server is killed; each time in the middle of a burst of sends.
const ROUNDS: usize = 5;
/// Sends on their way at every moment: as many as a client may have.
const IN_FLIGHT: usize = limits::SENDS_IN_FLIGHT_MAX;

#[tokio::test]
async fn what_was_called_sent_survives_sigkill() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path());
    println!("{}", server.ready_line);
    let mut alice = Client::register(server.address, "alice").await;
    Client::register(server.address, "bob").await;
    let chat = alice.opens_chat_with("bob").await;

    let mut sent: Vec<(u64, String)> = Vec::new();
    for round in 0..ROUNDS {
        let token = alice.token.clone();
        // Killed after another number of answers each time, with sends still under way.
        let kill_after = 7 + 31 * round;
        let mut begun = BTreeMap::new();
        for number in 0..IN_FLIGHT {
            let words = format!("round {round}, number {number}");
            begun.insert(alice.begins_to_send(chat, &words).await, words);
        }
        let mut answered = 0;
        while let Some((id, seq)) = alice.next_sent().await {
            sent.push((seq, begun[&id].clone()));
            answered += 1;
            if answered == kill_after {
                server.kill();
            }
            let words = format!("round {round}, number {}", begun.len());
            begun.insert(alice.begins_to_send(chat, &words).await, words);
        }
        server = Server::start(data.path());
        println!("{answered} called sent before the kill; {}", server.ready_line);
        alice = Client::hello(server.address, token).await;
        let log = alice.history(chat).await;
        let seqs: Vec<u64> = log.iter().map(|(seq, _)| *seq).collect();
        let dense: Vec<u64> = (2..2 + seqs.len() as u64).collect();
        assert_eq!(seqs, dense, "no seq is lost or given twice");
        for entry in &sent {
            assert!(log.contains(entry), "called sent and gone: {entry:?}");
        }
    }
}

#[test]
fn a_second_server_on_the_same_data_is_refused_in_words() {
    let data = tempfile::tempdir().unwrap();
    let _first = Server::start(data.path());
    let dir = data.path().to_str().unwrap();
    let second = run_to_end(&["serve", "--data", dir, "--listen", "127.0.0.1:0"], &[]);
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains("in use by another server"), "{}", second.stderr);
    assert!(second.stderr.contains(dir), "{}", second.stderr);
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Server::start(data.path());
    let address = first.address.to_string();
    let dir = other.path().to_str().unwrap();
    let second = run_to_end(&["serve", "--data", dir, "--listen", &address], &[]);
    assert_eq!(second.code, Some(1));
    assert!(second.stderr.contains(&address) && second.stderr.contains("--listen"), "{}", second.stderr);
}

#[test]
fn wrong_settings_are_named_wherever_they_come_from() {
    let flag = run_to_end(&["serve", "--listen", "here"], &[]);
    assert_eq!(flag.code, Some(2));
    for part in ["listen", "\"here\"", "the flag --listen", "127.0.0.1:7440"] {
        assert!(flag.stderr.contains(part), "{part}: {}", flag.stderr);
    }

    let variable = run_to_end(&["serve"], &[("ANSER_REGISTRATION", "maybe")]);
    assert_eq!(variable.code, Some(2));
    for part in ["registration", "\"maybe\"", "ANSER_REGISTRATION", "open or closed"] {
        assert!(variable.stderr.contains(part), "{part}: {}", variable.stderr);
    }

    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("anser.toml");
    std::fs::write(&file, "log_level = 7\n").unwrap();
    let dir = data.path().to_str().unwrap();
    let from_file = run_to_end(&["serve", "--data", dir], &[]);
    assert_eq!(from_file.code, Some(2));
    for part in ["log_level", "\"7\"", file.to_str().unwrap(), "error, warn, info"] {
        assert!(from_file.stderr.contains(part), "{part}: {}", from_file.stderr);
    }

    std::fs::write(&file, "log_levle = \"info\"\n").unwrap();
    let unknown = run_to_end(&["serve", "--data", dir], &[]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("log_levle"), "{}", unknown.stderr);
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_stop_stops_well() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let (code, said) = server.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Stopped."), "{said}");
}

#[test]
fn log_lines_are_json_if_asked_and_go_to_standard_error() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start_with(data.path(), &["--log-format", "json"], Stdio::piped());
    let registered = {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Client::register(server.address, "alice")).account
    };
    server.kill();
    let log = server.stderr();
    assert!(log.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{log}");
    assert!(log.contains(&registered.to_string()), "what happened is logged: {log}");
    assert!(!log.contains("alice"), "and says no names: {log}");
}

/// Seeds a small directory; what was said on standard error if it was refused.
fn seed(data: &Path) -> Result<(), String> {
    let dir = data.to_str().unwrap();
    let size = ["--chats", "12", "--messages", "450", "--until", "1800000000000"];
    let arguments = ["seed", "--data", dir, "--handle", "erin", "--password", "a made-up one"];
    let ended = run_to_end(&[&arguments[..], &size[..]].concat(), &[]);
    if ended.code == Some(0) { Ok(()) } else { Err(ended.stderr) }
}

#[tokio::test]
async fn a_seeded_directory_is_served_and_is_the_same_every_time() {
    let mut histories = Vec::new();
    for _ in 0..2 {
        let data = tempfile::tempdir().unwrap();
        seed(data.path()).unwrap();
        let server = Server::start(data.path());
        let mut erin = Client::sign_in(server.address, "erin", "a made-up one").await;
        assert_eq!(erin.heads.len(), 12);
        let newest = &erin.heads[0];
        assert_eq!((newest.title.as_str(), newest.unread), ("Everybody", 0));
        assert!(newest.last.as_ref().unwrap().at_ms <= 1_800_000_000_000);
        assert!(erin.heads.iter().any(|head| head.unread > 0), "something is left to read");
        assert!(erin.heads.iter().any(|head| head.peer.is_some()), "some chats are with one person");
        let times: Vec<u64> = erin.heads.iter().map(|head| head.last.as_ref().unwrap().at_ms).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older), "the newest first: {times:?}");
        let chat = newest.conversation;
        histories.push(erin.history(chat).await);
        Client::sign_in(server.address, "person_1", "a made-up one").await;
    }
    assert!(histories[0].len() >= 440, "only {} texts", histories[0].len());
    assert!(histories[0] == histories[1], "two directories of one size differ");
}

#[test]
fn only_a_directory_without_people_is_filled() {
    let data = tempfile::tempdir().unwrap();
    let running = Server::start(data.path());
    let refusal = seed(data.path()).unwrap_err();
    assert!(refusal.contains("in use by another server"), "{refusal}");
    drop(running);
    seed(data.path()).unwrap();
    let refusal = seed(data.path()).unwrap_err();
    assert!(refusal.contains("has accounts already"), "{refusal}");
}

#[test]
fn the_version_is_said() {
    let version = run_to_end(&["version"], &[]);
    assert_eq!(version.code, Some(0));
    assert_eq!(version.stdout, format!("anser {}\n", env!("CARGO_PKG_VERSION")));
}
