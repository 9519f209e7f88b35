//! What only the store on disk promises: it comes back, alone, and as it was.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, DeviceId, Moment, SendKey, Seq, kind};
use anser_store::contract::block_on;
use anser_store::sqlite::{OpenError, QUEUE_JOBS_MAX, SqliteStore};
use anser_store::{
    Accounts, Append, Conversations, Log, NewAccount, NewDevice, NewGroup, Range, Reach, StoreError,
};
use futures_util::FutureExt;
use rusqlite::Connection;
use tempfile::TempDir;

const NOW: Moment = Moment(1_700_000_000_000);
const ALICE: AccountId = AccountId(1);
const BOB: AccountId = AccountId(2);

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(dir).unwrap()
}

fn register_alice(store: &SqliteStore) -> DeviceId {
    let account = NewAccount {
        id: ALICE,
        handle: "alice".to_owned(),
        display_name: "Alice".to_owned(),
        password_hash: "$argon2id$".to_owned(),
    };
    let device = NewDevice { name: "phone".to_owned(), token_hash: [1; 32] };
    block_on(store.create_account(account, device, NOW)).unwrap()
}

fn bob() -> NewAccount {
    NewAccount {
        id: BOB,
        handle: "bob".to_owned(),
        display_name: "Bob".to_owned(),
        password_hash: "$argon2id$".to_owned(),
    }
}

fn group_of_alice(store: &SqliteStore, key: u8) -> (ConversationId, bool) {
    let group = NewGroup {
        creator: ALICE,
        title: "notes".to_owned(),
        members: vec![],
        send_key: SendKey([key; 16]),
        created: (kind::CREATED, vec![]),
    };
    block_on(store.create_group(group, NOW)).unwrap()
}

fn message(conversation: ConversationId, n: u64) -> Append {
    Append {
        conversation,
        sender: ALICE,
        send_key: SendKey::new(n, [200; 10]),
        kind: kind::TEXT,
        body: n.to_string().into_bytes(),
        silent: false,
        now: NOW,
    }
}

fn seqs(store: &SqliteStore, conversation: ConversationId) -> Vec<u64> {
    let range =
        Range { first: Seq(1), last: Seq(u64::MAX), limit: usize::MAX, bytes_max: usize::MAX, newest: false };
    let events = block_on(store.range(ALICE, conversation, range)).unwrap();
    events.iter().map(|event| event.seq.0).collect()
}

/// The directory may be one that the system made, open to all.
#[cfg(unix)]
#[test]
fn what_people_wrote_is_for_the_server_alone_in_any_directory() {
    use std::os::unix::fs::PermissionsExt;

    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let mut names = Vec::new();
    for file in fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        let name = file.file_name().into_string().unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert!(name == "anser.lock" || mode == 0o600, "{name} has the modes {mode:o}");
        names.push(name);
    }
    assert!(names.len() >= 3, "the database, its log and the lock: {names:?}");
}

#[test]
fn everything_is_there_after_reopening() {
    let dir = TempDir::new().unwrap();
    let (conversation, before) = {
        let store = open(dir.path());
        register_alice(&store);
        let conversation = group_of_alice(&store, 1).0;
        block_on(store.append(message(conversation, 7))).unwrap();
        (conversation, block_on(store.heads_changed(ALICE, Position(0), None, 10)).unwrap())
    };
    let store = open(dir.path());
    assert_eq!(block_on(store.heads_changed(ALICE, Position(0), None, 10)).unwrap(), before);
    assert_eq!(seqs(&store, conversation), [1, 2]);
    assert_eq!(block_on(store.account_by_handle("alice")).unwrap().unwrap().id, ALICE);
    assert_eq!(block_on(store.verify()).unwrap(), Vec::<String>::new());
}

#[test]
fn repeats_are_known_after_reopening() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let conversation = group_of_alice(&store, 1).0;
    let first = block_on(store.append(message(conversation, 7))).unwrap();
    drop(store);

    let store = open(dir.path());
    let again = block_on(store.append(message(conversation, 7))).unwrap();
    assert_eq!((again.seq, again.at, again.fresh), (first.seq, first.at, false));
    let reused = Append { body: vec![], ..message(conversation, 7) };
    assert_eq!(block_on(store.append(reused)), Err(StoreError::SendKeyReused));
    assert_eq!(group_of_alice(&store, 1), (conversation, false));
    assert_eq!(seqs(&store, conversation), [1, 2]);
}

#[test]
fn positions_and_ids_go_on_where_they_were() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    let first_device = register_alice(&store);
    let first = group_of_alice(&store, 1).0;
    let position = block_on(store.head(ALICE, first)).unwrap().change;
    block_on(store.revoke_device(ALICE, first_device)).unwrap();
    drop(store);

    let store = open(dir.path());
    let second = group_of_alice(&store, 2).0;
    assert!(second > first);
    assert!(block_on(store.head(ALICE, second)).unwrap().change > position);
    let new = NewDevice { name: "laptop".to_owned(), token_hash: [2; 32] };
    assert!(block_on(store.add_device(ALICE, new, NOW)).unwrap() > first_device);
}

#[test]
fn a_repeat_is_judged_without_its_event() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let conversation = group_of_alice(&store, 1).0;
    let first = block_on(store.append(message(conversation, 7))).unwrap();
    drop(store);
    // As retention will do one day.
    let database = Connection::open(dir.path().join("anser.db")).unwrap();
    database.execute("DELETE FROM events WHERE seq = 2", []).unwrap();
    drop(database);

    let store = open(dir.path());
    let again = block_on(store.append(message(conversation, 7))).unwrap();
    assert_eq!((again.seq, again.at, again.fresh), (first.seq, first.at, false));
    let reused = Append { kind: kind::TEXT + 1, ..message(conversation, 7) };
    assert_eq!(block_on(store.append(reused)), Err(StoreError::SendKeyReused));
}

#[test]
fn a_second_server_on_the_same_directory_is_refused_in_words() {
    let dir = TempDir::new().unwrap();
    let first = open(dir.path());
    let refusal = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::InUse { .. }));
    let words = refusal.to_string();
    assert!(words.contains(&dir.path().display().to_string()), "{words}");
    assert!(words.contains("in use") && words.contains("stop that one"), "{words}");
    register_alice(&first);

    drop(first);
    open(dir.path());
}

#[test]
fn a_newer_database_is_refused_in_words_and_left_alone() {
    let dir = TempDir::new().unwrap();
    register_alice(&open(dir.path()));
    let file = dir.path().join("anser.db");
    let database = Connection::open(&file).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let before = fs::read(&file).unwrap();

    let refusal = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::Newer { found: 999, .. }));
    let words = refusal.to_string();
    assert!(words.contains("newer version") && words.contains("999"), "{words}");
    assert!(fs::read(&file).unwrap() == before, "not a byte was changed");
}

#[test]
fn a_database_of_another_program_is_refused_in_words_and_left_alone() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("anser.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    let before = fs::read(&file).unwrap();
    let refusal = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::Foreign { .. }));
    assert!(refusal.to_string().contains("another program"), "{refusal}");
    assert!(fs::read(&file).unwrap() == before, "not a byte was changed");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("anser.db"), "dear diary, ".repeat(1_000)).unwrap();
    let refusal = SqliteStore::open(dir.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::Database { .. }));
    assert!(refusal.to_string().contains("not a database"), "{refusal}");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a file");
    fs::write(&file, "").unwrap();
    let refusal = SqliteStore::open(&file.join("data")).unwrap_err();
    assert!(matches!(refusal, OpenError::Directory { .. }));
    assert!(refusal.to_string().contains("a file/data"), "{refusal}");
}

#[test]
fn closing_finishes_what_has_queued_and_leaves_one_tidy_file() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let conversation = group_of_alice(&store, 1).0;
    let waiting: Vec<_> = (0..1_000).map(|n| store.append(message(conversation, n))).collect();
    drop(store);
    for (future, seq) in waiting.into_iter().zip(2..) {
        assert_eq!(block_on(future).unwrap().seq, Seq(seq));
    }
    let mut files: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["anser.db", "anser.lock"]);
    assert_eq!(seqs(&open(dir.path()), conversation).len(), 1_001);
}

#[test]
fn a_full_queue_says_busy_and_keeps_its_word_to_the_others() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let conversation = group_of_alice(&store, 1).0;

    // While a tool holds the database, nothing can be committed and deeds gather.
    let tool = Connection::open(dir.path().join("anser.db")).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = 2 * QUEUE_JOBS_MAX as u64;
    let waiting: Vec<_> = (0..asked).map(|n| store.append(message(conversation, n))).collect();
    tool.execute_batch("COMMIT").unwrap();

    let mut stored = Vec::new();
    let mut busy = 0;
    for future in waiting {
        match block_on(future) {
            Ok(appended) => stored.push(appended.seq.0),
            Err(StoreError::Busy) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(busy > 0);
    assert_eq!(stored, (2..2 + asked - busy).collect::<Vec<_>>());
    assert_eq!(seqs(&store, conversation).len(), stored.len() + 1);
    // Who was refused may try again.
    block_on(store.append(message(conversation, asked - 1))).unwrap();
}

/// Whether the changes were looked at or the chats, and whatever changed.
#[test]
fn what_changed_is_what_lies_behind_the_position() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    block_on(store.create_account(bob(), NewDevice { name: "phone".to_owned(), token_hash: [2; 32] }, NOW))
        .unwrap();
    let chats: Vec<_> = (0..30).map(|key| group_of_alice(&store, key).0).collect();
    let direct = block_on(store.open_direct(ALICE, BOB, (kind::CREATED, vec![]), NOW)).unwrap().0;
    let heads = |since| block_on(store.heads_changed(ALICE, since, None, 100)).unwrap();
    let mut positions = vec![Position(0)];
    for n in 0..40_u64 {
        let chat = chats[(n * n % 30) as usize];
        block_on(store.append(message(chat, n))).unwrap();
        let of_bob = Append { sender: BOB, ..message(direct, 100 + n) };
        let end = block_on(store.append(of_bob)).unwrap().seq;
        positions.push(heads(Position(u64::MAX)).position);
        let reach = Reach { conversation: direct, delivered: end, read: Seq(n % 3) };
        block_on(store.reach(ALICE, vec![reach], NOW)).unwrap();
        positions.push(heads(Position(u64::MAX)).position);
    }
    let all = heads(Position(0)).heads;
    assert_eq!(all.len(), 31);
    for since in positions {
        let mut behind = all.clone();
        behind.retain(|head| head.change > since);
        assert_eq!(heads(since).heads, behind, "since {since:?}");
    }
    assert_eq!(block_on(store.verify()).unwrap(), Vec::<String>::new());
}

/// Else who has 2,000 chats pays for all of them after every tunnel.
#[test]
fn chats_that_did_not_change_are_not_looked_at() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let chats: Vec<_> = (0..30).map(|key| group_of_alice(&store, key).0).collect();
    let since = block_on(store.heads_changed(ALICE, Position(0), None, 1)).unwrap().position;
    block_on(store.append(message(chats[7], 1))).unwrap();
    // Were the others looked at, this would show.
    let tool = Connection::open(dir.path().join("anser.db")).unwrap();
    tool.execute("UPDATE members SET change = 1000", []).unwrap();
    let heads = block_on(store.heads_changed(ALICE, since, None, 100)).unwrap().heads;
    assert_eq!(heads.iter().map(|head| head.conversation).collect::<Vec<_>>(), [chats[7]]);
}

/// A commit for each device that comes back would buy nothing.
#[test]
fn that_a_device_was_seen_is_told_at_once_and_written_late() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    let device = register_alice(&store);
    let later = NOW + 3_600_000;
    block_on(store.touch_device(device, later)).unwrap();
    let seen = |store: &SqliteStore| block_on(store.devices(ALICE)).unwrap()[0].last_seen_at;
    assert_eq!(seen(&store), later);
    let tool = Connection::open(dir.path().join("anser.db")).unwrap();
    let written: i64 = tool.query_one("SELECT last_seen_at FROM devices", [], |row| row.get(0)).unwrap();
    assert_eq!(Moment(written as u64), NOW);
    drop((store, tool));
    assert_eq!(seen(&open(dir.path())), later);
}

/// A bot that never reads and writes very much must not make its head expensive.
#[test]
fn counting_the_unread_looks_at_none_of_a_run_of_ones_own() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    block_on(store.create_account(bob(), NewDevice { name: "phone".to_owned(), token_hash: [2; 32] }, NOW))
        .unwrap();
    let created = (kind::CREATED, vec![]);
    let conversation = block_on(store.open_direct(ALICE, BOB, created, NOW)).unwrap().0;
    let of_bob = Append { sender: BOB, ..message(conversation, 0) };
    block_on(store.append(of_bob)).unwrap();
    let waiting: Vec<_> = (1..=1_200).map(|n| store.append(message(conversation, n))).collect();
    for future in waiting {
        block_on(future).unwrap();
    }
    // Were they looked at, they would count.
    let tool = Connection::open(dir.path().join("anser.db")).unwrap();
    tool.execute("UPDATE events SET sender_id = 2 WHERE seq BETWEEN 4 AND 150", []).unwrap();
    assert_eq!(block_on(store.head(ALICE, conversation)).unwrap().unread, 1);
}

/// Also when the writer has to look up where a log ended, after reopening.
#[test]
fn every_event_leads_back_to_the_right_one() {
    let dir = TempDir::new().unwrap();
    let mut store = open(dir.path());
    register_alice(&store);
    block_on(store.create_account(bob(), NewDevice { name: "phone".to_owned(), token_hash: [2; 32] }, NOW))
        .unwrap();
    let created = (kind::CREATED, vec![]);
    let conversation = block_on(store.open_direct(ALICE, BOB, created, NOW)).unwrap().0;
    for n in 0..60_u64 {
        let sender = if n * n % 7 > 2 { ALICE } else { BOB };
        let next = Append { sender, silent: n * n % 5 == 1, ..message(conversation, n) };
        block_on(store.append(next)).unwrap();
        if n % 3 == 0 {
            drop(store);
            store = open(dir.path());
        }
    }
    assert_eq!(block_on(store.verify()).unwrap(), Vec::<String>::new());
}

/// What was undone is forgotten too: else the log would have a hole.
#[test]
fn a_deed_that_fails_leaves_no_hole_in_a_log() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let conversation = group_of_alice(&store, 1).0;
    block_on(store.append(message(conversation, 1))).unwrap();

    // While a tool holds the database, deeds gather in one transaction, behind a first one that is alone.
    let tool = Connection::open(dir.path().join("anser.db")).unwrap();
    tool.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = store.append(message(conversation, 2));
    let after = store.append(message(conversation, 3));
    let taken = NewDevice { name: "phone".to_owned(), token_hash: [1; 32] };
    let mut fails = store.create_account(bob(), taken, NOW);
    // Asked once, so that it is queued.
    assert!((&mut fails).now_or_never().is_none());
    tool.execute_batch("COMMIT").unwrap();
    let (before, after, fails) = block_on(futures_util::future::join3(before, after, fails));
    assert!(matches!(fails, Err(StoreError::Failed(_))), "{fails:?}");
    assert_eq!((before.unwrap().seq, after.unwrap().seq), (Seq(3), Seq(4)));
    assert_eq!(seqs(&store, conversation), [1, 2, 3, 4]);
}

#[test]
fn a_check_commits_a_write() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    let tool = Connection::open(dir.path().join("anser.db")).unwrap();
    let beats = || tool.query_one("SELECT beats FROM canary", [], |row| row.get::<_, i64>(0)).unwrap();
    let before = beats();
    block_on(store.check()).unwrap();
    assert_eq!(beats(), before + 1);
}

#[test]
fn faults_are_found_and_named() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    register_alice(&store);
    let conversation = group_of_alice(&store, 1).0;
    for n in 0..3 {
        block_on(store.append(message(conversation, n))).unwrap();
    }
    assert_eq!(block_on(store.verify()).unwrap(), Vec::<String>::new());
    let tool = Connection::open(dir.path().join("anser.db")).unwrap();
    let damages = [
        ("UPDATE events SET back = 1 WHERE seq = 4", "lead back"),
        ("DELETE FROM events WHERE seq = 3", "not dense"),
        ("DELETE FROM events WHERE seq = 4", "beyond the end"),
        ("UPDATE events SET sender_id = 9 WHERE seq = 1", "does not exist"),
        ("UPDATE conversations SET member_count = 9", "present members"),
        ("DELETE FROM send_keys WHERE seq = 2", "send key on record"),
        ("UPDATE conversations SET change = 99", "ahead of those on record"),
        ("INSERT INTO moves VALUES (99, 7)", "not on record"),
        ("UPDATE members SET read = 9", "outside"),
    ];
    for (damage, words) in damages {
        tool.execute_batch(damage).unwrap();
        let faults = block_on(store.verify()).unwrap();
        assert!(faults.iter().any(|fault| fault.contains(words)), "{damage}: {faults:?}");
    }
}
