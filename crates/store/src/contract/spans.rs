//! What a member may see: from its joining to its leaving.

use anser_protocol::{AccountId, Seq};

use super::fixture::{EVERYTHING, add, change, direct, group, head, leave, people, read_to, say, seqs};
use crate::{Change, Store, StoreError};

/// Its view begins with the event that tells of its joining, and everything before counts as had.
pub async fn a_new_member_sees_nothing_older<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice]).await;
    say(store, alice, conversation, "before").await;
    let joined = add(store, alice, conversation, bob).await;
    say(store, alice, conversation, "after").await;

    assert_eq!(seqs(store, bob, conversation).await, [3, 4]);
    let seen = head(store, bob, conversation).await;
    assert_eq!((joined, seen.from_seq, seen.read, seen.delivered), (Seq(3), Seq(3), Seq(2), Seq(2)));
    assert_eq!(seen.unread, 1);
    assert_eq!(seqs(store, alice, conversation).await, [1, 2, 3, 4]);
}

/// To the others too, wherever they are told how far a member got, and anew for one who comes back.
pub async fn where_it_begins_is_told_with_its_positions<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice]).await;
    say(store, alice, conversation, "before").await;
    for expected in [Seq(3), Seq(5)] {
        let joined = add(store, alice, conversation, bob).await;
        let members = store.members(alice, conversation, AccountId(0), 2).await.unwrap();
        let told: Vec<_> = members.iter().map(|member| (member.account, member.from_seq)).collect();
        assert_eq!((joined, told), (expected, vec![(alice, Seq(1)), (bob, joined)]));
        let moved = read_to(store, bob, conversation, joined).await.unwrap();
        assert_eq!((moved[0].from_seq, moved[0].reach.read), (joined, joined));
        leave(store, bob, conversation).await;
    }
}

/// For ever, and nothing later.
pub async fn who_left_keeps_what_it_saw<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = group(store, &[alice]).await;
    say(store, alice, conversation, "before").await;
    add(store, alice, conversation, bob).await;
    say(store, alice, conversation, "while there").await;
    leave(store, bob, conversation).await;
    say(store, alice, conversation, "after").await;
    add(store, alice, conversation, carol).await;

    assert_eq!(seqs(store, bob, conversation).await, [3, 4, 5]);
}

/// Title, members, last event, unread: as they were when it left.
pub async fn who_left_keeps_the_head_of_then<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    say(store, alice, conversation, "unread by bob").await;
    let left = leave(store, bob, conversation).await;
    let then = head(store, bob, conversation).await;
    assert_eq!((then.last.seq, then.left, then.member_count, then.unread), (left, true, 1, 1));
    assert_eq!((then.title.as_str(), then.from_seq), ("walks", Seq(1)));

    say(store, alice, conversation, "not for bob").await;
    add(store, alice, conversation, carol).await;
    change(store, alice, conversation, Change::Rename("without bob".to_owned())).await.unwrap();
    assert_eq!(head(store, bob, conversation).await, then);
}

/// At the event that tells of the second joining; the first span is gone for it.
pub async fn who_comes_back_begins_anew<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    say(store, alice, conversation, "in the first span").await;
    read_to(store, bob, conversation, Seq(2)).await.unwrap();
    leave(store, bob, conversation).await;
    say(store, alice, conversation, "in between").await;
    let back = add(store, alice, conversation, bob).await;

    let seen = head(store, bob, conversation).await;
    assert_eq!((back, seen.from_seq, seen.read, seen.delivered), (Seq(5), Seq(5), Seq(4), Seq(4)));
    assert_eq!((seen.left, seen.member_count, seen.unread), (false, 2, 0));
    assert_eq!(seqs(store, bob, conversation).await, [5]);
    say(store, bob, conversation, "here again").await;
    assert_eq!(seqs(store, bob, conversation).await, [5, 6]);
}

/// Not of a group, not of a direct conversation.
pub async fn nobody_else_sees_anything<S: Store>(store: &S) {
    let [alice, bob, eve] = people(store).await;
    for conversation in [direct(store, alice, bob).await, group(store, &[alice, bob]).await] {
        say(store, alice, conversation, "a secret").await;
        assert_eq!(store.range(eve, conversation, EVERYTHING).await, Err(StoreError::NotFound));
        assert_eq!(store.head(eve, conversation).await, Err(StoreError::NotFound));
    }
    assert_eq!(store.heads_changed(eve, Default::default(), None, 10).await.unwrap().heads, []);
}

/// As does everybody who was there from the first.
pub async fn the_creator_sees_the_first_event<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    assert_eq!(seqs(store, alice, conversation).await, [1]);
    assert_eq!(seqs(store, bob, conversation).await, [1]);
}
