//! Conversations of two.

use std::thread;

use anser_protocol::{AccountId, Seq, kind};
use futures_executor::block_on;

use super::fixture::{NOW, change, created, direct, events, group, head, people, read_to, say};
use crate::{Change, ConversationKind, Store, StoreError};

/// The flag tells who made it; the event is there once.
pub async fn it_is_made_once_whoever_comes_first<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let (first, made) = store.open_direct(alice, bob, created(), NOW).await.unwrap();
    assert!(made);
    assert_eq!(store.open_direct(alice, bob, created(), NOW).await.unwrap(), (first, false));
    assert_eq!(store.open_direct(bob, alice, created(), NOW).await.unwrap(), (first, false));
    assert_eq!(events(store, bob, first).await.len(), 1);
}

/// Exactly one of them makes it.
pub async fn two_racing_sides_get_the_same<S: Store>(store: &S) {
    for _ in 0..20 {
        let [alice, bob] = people(store).await;
        let open = |who, with| move || block_on(store.open_direct(who, with, created(), NOW)).unwrap();
        let (one, other) = thread::scope(|scope| {
            let one = scope.spawn(open(alice, bob));
            let other = scope.spawn(open(bob, alice));
            (one.join().unwrap(), other.join().unwrap())
        });
        assert_eq!(one.0, other.0);
        assert_ne!(one.1, other.1, "exactly one made it");
        assert_eq!(events(store, alice, one.0).await.len(), 1);
    }
}

/// Silent, at seq 1, from the one who opened.
pub async fn it_begins_with_the_given_event<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = direct(store, alice, bob).await;
    let log = events(store, bob, conversation).await;
    assert_eq!(log.len(), 1);
    let event = &log[0];
    assert_eq!((event.conversation, event.seq, event.sender, event.at), (conversation, Seq(1), alice, NOW));
    assert_eq!((event.kind, event.body.as_slice()), (kind::CREATED, b"created".as_slice()));
    assert_eq!((event.silent, event.send_key), (true, None));
}

/// With the other's positions, and no title.
pub async fn it_shows_each_the_other<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = direct(store, alice, bob).await;
    let said = say(store, alice, conversation, "hello").await;
    read_to(store, bob, conversation, said).await.unwrap();

    let seen_by_alice = head(store, alice, conversation).await;
    let peer = seen_by_alice.peer.unwrap();
    assert_eq!((peer.account, peer.delivered, peer.read, peer.left), (bob, said, said, false));
    assert_eq!(peer.from_seq, Seq(1));
    assert_eq!((seen_by_alice.kind, seen_by_alice.title.as_str()), (ConversationKind::Direct, ""));
    assert_eq!((seen_by_alice.member_count, seen_by_alice.left), (2, false));

    let peer = head(store, bob, conversation).await.peer.unwrap();
    assert_eq!((peer.account, peer.read), (alice, Seq(0)));
}

/// That is another kind of conversation.
pub async fn nobody_opens_one_with_oneself<S: Store>(store: &S) {
    let [alice] = people(store).await;
    assert_eq!(store.open_direct(alice, alice, created(), NOW).await, Err(StoreError::NotAllowed));
}

/// And nothing is left of the try.
pub async fn nobody_opens_one_with_nobody<S: Store>(store: &S) {
    let [alice] = people(store).await;
    for nobody in [AccountId(0), AccountId(u64::MAX)] {
        assert_eq!(store.open_direct(alice, nobody, created(), NOW).await, Err(StoreError::NotFound));
    }
    assert_eq!(store.heads_changed(alice, Default::default(), None, 10).await.unwrap().heads, []);
}

/// Whatever one of the two tries; for strangers it is not there.
pub async fn its_members_and_title_never_change<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = direct(store, alice, bob).await;
    group(store, &[alice, carol]).await;
    for wish in [Change::Add(vec![carol]), Change::Leave, Change::Rename("us".to_owned())] {
        let by_member = change(store, alice, conversation, wish.clone()).await;
        assert_eq!(by_member, Err(StoreError::NotAllowed), "{wish:?}");
        let by_stranger = change(store, carol, conversation, wish.clone()).await;
        assert_eq!(by_stranger, Err(StoreError::NotFound), "{wish:?}");
    }
    assert_eq!(events(store, alice, conversation).await.len(), 1);
}
