//! People and what they say, in few words.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq, kind};
use proptest::prelude::{Strategy, TestCaseError};
use proptest::test_runner::{Config, TestRunner};

use crate::{
    Append, Appended, Change, Event, HeadRow, Membership, Moved, NewAccount, NewDevice, NewGroup, Range,
    Reach,
};
use crate::{Store, StoreError};

/// The server's clock in checks that do not care.
pub(super) const NOW: Moment = Moment(1_700_000_000_000);

/// A number that no other call gives.
pub(super) fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn send_key() -> SendKey {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&unique().to_be_bytes());
    SendKey::new(NOW.0, random)
}

pub(super) fn new_account(handle: &str) -> NewAccount {
    NewAccount {
        id: AccountId(unique()),
        handle: handle.to_owned(),
        display_name: format!("{handle} the tester"),
        password_hash: "$argon2id$".to_owned(),
    }
}

pub(super) fn new_device(name: &str) -> NewDevice {
    let mut token_hash = [7; 32];
    token_hash[..8].copy_from_slice(&unique().to_be_bytes());
    NewDevice { name: name.to_owned(), token_hash }
}

pub(super) async fn person<S: Store>(store: &S) -> AccountId {
    let account = new_account(&format!("person{}", unique()));
    let id = account.id;
    store.create_account(account, new_device("a phone"), NOW).await.unwrap();
    id
}

pub(super) async fn people<S: Store, const N: usize>(store: &S) -> [AccountId; N] {
    let mut ids = [AccountId(0); N];
    for id in &mut ids {
        *id = person(store).await;
    }
    ids
}

/// The first event of a conversation.
pub(super) fn created() -> (u32, Vec<u8>) {
    (kind::CREATED, b"created".to_vec())
}

pub(super) async fn direct<S: Store>(store: &S, who: AccountId, with: AccountId) -> ConversationId {
    store.open_direct(who, with, created(), NOW).await.unwrap().0
}

pub(super) fn new_group(creator: AccountId, members: &[AccountId]) -> NewGroup {
    NewGroup {
        creator,
        title: "walks".to_owned(),
        members: members.to_vec(),
        send_key: send_key(),
        created: created(),
    }
}

/// A group of these; the first one makes it.
pub(super) async fn group<S: Store>(store: &S, members: &[AccountId]) -> ConversationId {
    store.create_group(new_group(members[0], members), NOW).await.unwrap().0
}

/// A text under a key of its own.
pub(super) fn text(sender: AccountId, conversation: ConversationId, text: &str) -> Append {
    Append {
        conversation,
        sender,
        send_key: send_key(),
        kind: kind::TEXT,
        body: text.as_bytes().to_vec(),
        silent: false,
        now: NOW,
    }
}

pub(super) async fn say<S: Store>(
    store: &S,
    who: AccountId,
    conversation: ConversationId,
    words: &str,
) -> Seq {
    try_say(store, who, conversation, words).await.unwrap().seq
}

pub(super) async fn try_say<S: Store>(
    store: &S,
    who: AccountId,
    conversation: ConversationId,
    words: &str,
) -> Result<Appended, StoreError> {
    store.append(text(who, conversation, words)).await
}

pub(super) async fn change<S: Store>(
    store: &S,
    actor: AccountId,
    conversation: ConversationId,
    change: Change,
) -> Result<Option<Event>, StoreError> {
    let telling = match &change {
        Change::Add(_) => (kind::MEMBERS_ADDED, b"added".to_vec()),
        Change::Leave => (kind::MEMBER_LEFT, b"left".to_vec()),
        Change::Rename(_) => (kind::RENAMED, b"renamed".to_vec()),
    };
    store.change_group(conversation, actor, change, telling, NOW).await
}

/// Returns the seq of the telling event.
pub(super) async fn add<S: Store>(store: &S, actor: AccountId, to: ConversationId, who: AccountId) -> Seq {
    change(store, actor, to, Change::Add(vec![who])).await.unwrap().unwrap().seq
}

/// Returns the seq of the telling event.
pub(super) async fn leave<S: Store>(store: &S, who: AccountId, conversation: ConversationId) -> Seq {
    change(store, who, conversation, Change::Leave).await.unwrap().unwrap().seq
}

/// All who are in a conversation now.
pub(super) async fn present<S: Store>(store: &S, conversation: ConversationId) -> Membership {
    store.present_members(conversation, AccountId(0), usize::MAX).await.unwrap()
}

pub(super) async fn read_to<S: Store>(
    store: &S,
    who: AccountId,
    conversation: ConversationId,
    read: Seq,
) -> Result<Vec<Moved>, StoreError> {
    store.reach(who, vec![Reach { conversation, delivered: Seq(0), read }], NOW).await
}

pub(super) async fn head<S: Store>(store: &S, who: AccountId, conversation: ConversationId) -> HeadRow {
    store.head(who, conversation).await.unwrap()
}

/// All a store has to say, as far as it lets `who` see.
pub(super) const EVERYTHING: Range =
    Range { first: Seq(0), last: Seq(u64::MAX), limit: usize::MAX, bytes_max: usize::MAX, newest: false };

pub(super) async fn events<S: Store>(store: &S, who: AccountId, conversation: ConversationId) -> Vec<Event> {
    store.range(who, conversation, EVERYTHING).await.unwrap()
}

/// The seqs of all events that `who` may see.
pub(super) async fn seqs<S: Store>(store: &S, who: AccountId, conversation: ConversationId) -> Vec<u64> {
    events(store, who, conversation).await.iter().map(|event| event.seq.0).collect()
}

/// Tries any story, and panics with the shortest one that fails. On a thread of its own: this one is
/// already waiting for a future, and the stories have futures to wait for too.
pub(super) fn for_any_story<T: Strategy + Sync>(
    cases: u32,
    stories: &T,
    check: impl Fn(T::Value) -> Result<(), TestCaseError> + Sync,
) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = thread::scope(|scope| {
        let runner =
            scope.spawn(|| TestRunner::new(config).run(stories, &check).map_err(|it| it.to_string()));
        runner.join().unwrap()
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
