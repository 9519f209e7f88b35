//! Appending messages, one after the other: each is committed before the next is begun.

use std::sync::Arc;

use anser_protocol::{AccountId, ConversationId, Moment, SendKey, kind};
use anser_store::accounts::NewDevice;
use anser_store::memory::MemoryStore;
use anser_store::sqlite::SqliteStore;
use anser_store::{Append, NewAccount, NewGroup, Store};
use futures_executor::block_on;

const NOW: Moment = Moment(1_000_000);

/// The plain model.
pub(crate) fn append_memory(rounds: u64) {
    append(&MemoryStore::new(), rounds);
}

/// The default store, in a directory of its own.
pub(crate) fn append_sqlite(rounds: u64) {
    let Ok(dir) = tempfile::tempdir() else { return };
    if let Ok(store) = SqliteStore::open(dir.path()) {
        append(&store, rounds);
    }
}

fn append(store: &dyn Store, rounds: u64) {
    let chat = group_of(store, 2);
    for round in 0..rounds {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&round.to_le_bytes());
        let message = Append {
            conversation: chat,
            sender: AccountId(1),
            send_key: SendKey::new(round, random),
            kind: kind::TEXT,
            body: vec![7; 100],
            silent: false,
            now: NOW,
        };
        let _appended = block_on(store.append(message));
    }
}

/// Accounts 1 to `count`, each with one device whose token is its number 32 times, all in one group.
pub(crate) fn group_of(store: &dyn Store, count: u64) -> ConversationId {
    for number in 1..=count {
        let account = NewAccount {
            id: AccountId(number),
            handle: format!("person{number}"),
            display_name: format!("Person {number}"),
            password_hash: String::new(),
        };
        let device = NewDevice { name: "a phone".to_owned(), token_hash: token_hash(number) };
        let _made = block_on(store.create_account(account, device, NOW));
    }
    let group = NewGroup {
        creator: AccountId(1),
        title: "a group".to_owned(),
        members: (2..=count).map(AccountId).collect(),
        send_key: SendKey::new(0, [9; 10]),
        created: (kind::CREATED, Vec::new()),
    };
    block_on(store.create_group(group, NOW)).map_or(ConversationId(0), |(conversation, _made)| conversation)
}

/// The token of a made-up device.
pub(crate) fn token(number: u64) -> Vec<u8> {
    let mut token = vec![0; 32];
    token[..8].copy_from_slice(&number.to_le_bytes());
    token
}

fn token_hash(number: u64) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(token(number)).into()
}

/// One that is shared.
pub(crate) fn in_memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}
