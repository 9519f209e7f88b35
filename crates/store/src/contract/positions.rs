//! Delivered and read: they only move forward.

use anser_protocol::{AccountId, ConversationId, Seq};

use super::fixture::{NOW, group, head, leave, people, read_to, say};
use crate::{Moved, Reach, Store, StoreError};

/// Two people and a group of theirs whose log ends at 5.
async fn five_events<S: Store>(store: &S) -> (AccountId, AccountId, ConversationId) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    for _ in 0..4 {
        say(store, alice, conversation, "hello").await;
    }
    (alice, bob, conversation)
}

fn reach(conversation: ConversationId, delivered: u64, read: u64) -> Reach {
    Reach { conversation, delivered: Seq(delivered), read: Seq(read) }
}

/// By somebody who was there from the first event on.
fn moved_to(reach: Reach, member_count: u32) -> Moved {
    Moved { reach, from_seq: Seq(1), member_count }
}

async fn positions<S: Store>(store: &S, who: AccountId, conversation: ConversationId) -> (u64, u64) {
    let head = head(store, who, conversation).await;
    (head.delivered.0, head.read.0)
}

/// What would go back stays where it is and is not called moved.
pub async fn they_move_forward_only<S: Store>(store: &S) {
    let (_, bob, conversation) = five_events(store).await;
    let moved = store.reach(bob, vec![reach(conversation, 4, 3)], NOW).await.unwrap();
    assert_eq!(moved, [moved_to(reach(conversation, 4, 3), 2)]);
    for back in [reach(conversation, 1, 1), reach(conversation, 4, 3), reach(conversation, 3, 2)] {
        assert_eq!(store.reach(bob, vec![back], NOW).await, Ok(vec![]));
        assert_eq!(positions(store, bob, conversation).await, (4, 3));
    }
    // One part forward, the other back.
    let moved = store.reach(bob, vec![reach(conversation, 5, 1)], NOW).await.unwrap();
    assert_eq!(moved, [moved_to(reach(conversation, 5, 3), 2)]);
    assert_eq!(positions(store, bob, conversation).await, (5, 3));
}

/// Who has read it has it.
pub async fn reading_implies_delivery<S: Store>(store: &S) {
    let (_, bob, conversation) = five_events(store).await;
    let moved = store.reach(bob, vec![reach(conversation, 2, 4)], NOW).await.unwrap();
    assert_eq!(moved[0].reach, reach(conversation, 4, 4));
    assert_eq!(positions(store, bob, conversation).await, (4, 4));
}

/// As it was.
pub async fn zero_leaves_a_part<S: Store>(store: &S) {
    let (_, bob, conversation) = five_events(store).await;
    store.reach(bob, vec![reach(conversation, 3, 0)], NOW).await.unwrap();
    assert_eq!(positions(store, bob, conversation).await, (3, 0));
    store.reach(bob, vec![reach(conversation, 0, 2)], NOW).await.unwrap();
    assert_eq!(positions(store, bob, conversation).await, (3, 2));
    assert_eq!(store.reach(bob, vec![reach(conversation, 0, 0)], NOW).await, Ok(vec![]));
}

/// With the values after.
pub async fn only_those_that_moved_are_returned<S: Store>(store: &S) {
    let (_, bob, one) = five_events(store).await;
    let (two, three) = (group(store, &[bob]).await, group(store, &[bob]).await);
    store.reach(bob, vec![reach(one, 5, 5), reach(two, 1, 1)], NOW).await.unwrap();
    let all = vec![reach(one, 5, 5), reach(two, 1, 0), reach(three, 1, 0)];
    let moved = store.reach(bob, all, NOW).await.unwrap();
    assert_eq!(moved, [moved_to(reach(three, 1, 0), 1)]);
}

/// The good ones of the batch too.
pub async fn beyond_the_end_refuses_all<S: Store>(store: &S) {
    let (_, bob, one) = five_events(store).await;
    let two = group(store, &[bob]).await;
    for beyond in [reach(one, 6, 0), reach(one, 0, 6), reach(one, u64::MAX, 1)] {
        let all = vec![reach(two, 1, 1), beyond];
        assert_eq!(store.reach(bob, all, NOW).await, Err(StoreError::BeyondEnd));
    }
    assert_eq!(positions(store, bob, two).await, (0, 0));
    assert_eq!(positions(store, bob, one).await, (0, 0));
}

/// As if it did not exist.
pub async fn a_foreign_one_refuses_all<S: Store>(store: &S) {
    let (alice, bob, one) = five_events(store).await;
    let of_alice = group(store, &[alice]).await;
    for foreign in [of_alice, ConversationId(0), ConversationId(u64::MAX)] {
        let all = vec![reach(one, 2, 2), reach(foreign, 1, 1)];
        assert_eq!(store.reach(bob, all, NOW).await, Err(StoreError::NotFound));
    }
    assert_eq!(positions(store, bob, one).await, (0, 0));
}

/// And no further, though the log goes on.
pub async fn who_left_moves_up_to_its_end<S: Store>(store: &S) {
    let (alice, bob, conversation) = five_events(store).await;
    let left = leave(store, bob, conversation).await;
    say(store, alice, conversation, "not for bob").await;
    assert_eq!(read_to(store, bob, conversation, left.next()).await, Err(StoreError::BeyondEnd));
    let moved = read_to(store, bob, conversation, left).await.unwrap();
    assert_eq!(moved, [moved_to(reach(conversation, left.0, left.0), 1)]);
    assert_eq!(head(store, bob, conversation).await.unread, 0);
}

/// In any order, one move.
pub async fn several_for_one_conversation_count_as_the_farthest<S: Store>(store: &S) {
    let (_, bob, conversation) = five_events(store).await;
    let all = vec![reach(conversation, 2, 2), reach(conversation, 5, 0), reach(conversation, 0, 3)];
    let moved = store.reach(bob, all, NOW).await.unwrap();
    assert_eq!(moved, [moved_to(reach(conversation, 5, 3), 2)]);
}
