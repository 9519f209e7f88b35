//! Kills a process that writes, again and again: what it was told is stored is there, and nothing is torn.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq, kind};
use anser_store::contract::block_on;
use anser_store::sqlite::SqliteStore;
use anser_store::{Accounts, Append, Conversations, Log, NewAccount, NewDevice, NewGroup, Range};
use tempfile::TempDir;

/// Set for the process that is to be killed: where its store is.
const DIR: &str = "ANSER_STORE_TO_KILL";
const KILLS: u64 = 20;
/// Sends on their way at once, so that kills fall into batches.
const IN_FLIGHT: usize = 32;
const ALICE: AccountId = AccountId(1);
const NOTES: ConversationId = ConversationId(1);

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let dir = TempDir::new().unwrap();
    prepare(&SqliteStore::open(dir.path()).unwrap());
    let mut acknowledged: Vec<(u64, u64)> = Vec::new();
    for kill in 0..KILLS {
        acknowledged.extend(run_until_killed(dir.path(), 1 + kill * 37 % 400));
        let store = SqliteStore::open(dir.path()).unwrap();
        assert_eq!(block_on(store.verify()).unwrap(), Vec::<String>::new());
        let log = read_log(&store);
        for (place, (seq, _)) in (1..).zip(&log) {
            assert_eq!(*seq, place, "after kill {kill} the log has a hole");
        }
        for (seq, key) in &acknowledged {
            assert_eq!(log[*seq as usize - 1].1, *key, "after kill {kill} an acknowledged message is gone");
        }
    }
    assert!(acknowledged.len() as u64 > KILLS);
}

/// The other process: not a test of its own, it returns at once unless it was started to be killed.
#[test]
fn writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let store = SqliteStore::open(Path::new(&dir)).unwrap();
    let first = read_log(&store).len() as u64 * 1_000;
    let mut waiting = std::collections::VecDeque::new();
    for n in first.. {
        waiting.push_back((n, store.append(message(n))));
        if waiting.len() == IN_FLIGHT {
            let (n, future) = waiting.pop_front().unwrap();
            println!("acknowledged {} {n}.", block_on(future).unwrap().seq);
        }
    }
}

/// Starts the other process and kills it after so many acknowledgements; returns them all, those too that
/// came before the kill took effect.
fn run_until_killed(dir: &Path, enough: u64) -> Vec<(u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_until_it_is_killed", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let output = child.stdout.take().unwrap();
    for line in BufReader::new(output).lines() {
        let line = line.unwrap();
        let Some((_, numbers)) = line.split_once("acknowledged ") else { continue };
        // The kill may cut the last line: only one with its full stop is whole.
        let Some((seq, key)) = numbers.strip_suffix('.').and_then(|it| it.split_once(' ')) else { continue };
        acknowledged.push((seq.parse().unwrap(), key.parse().unwrap()));
        if acknowledged.len() as u64 == enough {
            // On Unix this is SIGKILL: no destructor runs, nothing is flushed.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

fn prepare(store: &SqliteStore) {
    let account = NewAccount {
        id: ALICE,
        handle: "alice".to_owned(),
        display_name: "Alice".to_owned(),
        password_hash: "$argon2id$".to_owned(),
    };
    let device = NewDevice { name: "phone".to_owned(), token_hash: [1; 32] };
    block_on(store.create_account(account, device, Moment(0))).unwrap();
    let group = NewGroup {
        creator: ALICE,
        title: "notes".to_owned(),
        members: vec![],
        send_key: SendKey([0; 16]),
        created: (kind::CREATED, b"0".to_vec()),
    };
    assert_eq!(block_on(store.create_group(group, Moment(0))).unwrap(), (NOTES, true));
}

fn message(n: u64) -> Append {
    Append {
        conversation: NOTES,
        sender: ALICE,
        send_key: SendKey::new(n, [200; 10]),
        kind: kind::TEXT,
        body: n.to_string().into_bytes(),
        silent: false,
        now: Moment(n),
    }
}

/// Seq and body of every event.
fn read_log(store: &SqliteStore) -> Vec<(u64, u64)> {
    let range =
        Range { first: Seq(1), last: Seq(u64::MAX), limit: usize::MAX, bytes_max: usize::MAX, newest: false };
    let events = block_on(store.range(ALICE, NOTES, range)).unwrap();
    let number = |body: Vec<u8>| String::from_utf8(body).unwrap().parse().unwrap();
    events.into_iter().map(|event| (event.seq.0, number(event.body))).collect()
}
