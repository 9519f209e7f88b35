//! Resuming by change position.

use std::collections::BTreeMap;

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Seq, limits};

use super::fixture::{
    NOW, add, change, created, direct, group, head, leave, new_account, new_device, new_group, people,
    person, read_to, say, text,
};
use crate::{Append, Change, HeadPage, HeadRow, Reach, Store, StoreError};

/// Where the account stands when it has seen everything.
async fn newest<S: Store>(store: &S, account: AccountId) -> Position {
    store.heads_changed(account, Position(0), None, 1).await.unwrap().position
}

/// What changed for the account since it stood there, newest first.
async fn changed<S: Store>(store: &S, account: AccountId, since: Position) -> Vec<ConversationId> {
    let page = store.heads_changed(account, since, None, 1_000).await.unwrap();
    assert_eq!(page.next, None);
    page.heads.iter().map(|head| head.conversation).collect()
}

/// For everybody in it, and nothing else.
pub async fn a_message_lifts_its_conversation<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let (one, other) = (group(store, &[alice, bob]).await, group(store, &[alice, bob]).await);
    assert_eq!(changed(store, bob, Position(0)).await, [other, one]);
    let before = newest(store, bob).await;
    say(store, alice, one, "hello").await;
    for account in [alice, bob] {
        assert_eq!(changed(store, account, before).await, [one]);
    }
    assert!(head(store, bob, one).await.change > before);
    assert!(head(store, bob, other).await.change <= before);
    assert_eq!(changed(store, bob, Position(0)).await, [one, other]);
}

/// Wherever one asks from, as long as it is not behind.
pub async fn nothing_new_is_an_empty_page<S: Store>(store: &S) {
    let [alice] = people(store).await;
    let empty = |position| HeadPage { heads: vec![], position, next: None };
    assert_eq!(store.heads_changed(alice, Position(0), None, 10).await, Ok(empty(Position(0))));
    group(store, &[alice]).await;
    let here = newest(store, alice).await;
    for since in [here, Position(here.0 + 1), Position(u64::MAX)] {
        assert_eq!(store.heads_changed(alice, since, None, 10).await, Ok(empty(here)));
    }
}

/// Each exactly once, each as `head` shows it.
pub async fn newest_come_first_in_pages<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.push(group(store, &[alice, bob]).await);
    }
    say(store, bob, expected[2], "hello").await;
    let lifted = expected.remove(2);
    expected.push(lifted);
    expected.reverse();

    for limit in 1..=8 {
        let (heads, _) = all_pages(store, alice, Position(0), limit).await;
        assert_eq!(heads.iter().map(|head| head.conversation).collect::<Vec<_>>(), expected);
        for row in heads {
            assert_eq!(head(store, alice, row.conversation).await, row);
        }
    }
}

/// All pages, and the position of the first one.
async fn all_pages<S: Store>(
    store: &S,
    account: AccountId,
    since: Position,
    limit: usize,
) -> (Vec<HeadRow>, Position) {
    let first = store.heads_changed(account, since, None, limit).await.unwrap();
    let (mut heads, mut next) = (first.heads, first.next);
    while let Some(before) = next {
        let page = store.heads_changed(account, since, Some(before), limit).await.unwrap();
        assert!(!page.heads.is_empty() && page.heads.len() <= limit);
        assert!(page.next.is_none_or(|next| next < before), "each page begins below the one before");
        heads.extend(page.heads);
        next = page.next;
    }
    (heads, first.position)
}

/// It may be missing from the pages, but then it is newer than where the first page lets one stand.
pub async fn a_head_that_moves_between_pages_is_not_lost<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let mut conversations = Vec::new();
    for _ in 0..6 {
        conversations.push(group(store, &[alice, bob]).await);
    }
    let mut have: BTreeMap<ConversationId, HeadRow> = BTreeMap::new();
    let first = store.heads_changed(alice, Position(0), None, 2).await.unwrap();
    // Of the first page, of the second and of the last.
    for index in [5, 3, 0] {
        say(store, bob, conversations[index], "in between").await;
    }
    let mut page = first.clone();
    loop {
        have.extend(page.heads.into_iter().map(|head| (head.conversation, head)));
        let Some(before) = page.next else { break };
        page = store.heads_changed(alice, Position(0), Some(before), 2).await.unwrap();
        assert!(page.next.is_none_or(|next| next < before));
    }
    let (later, _) = all_pages(store, alice, first.position, 2).await;
    have.extend(later.into_iter().map(|head| (head.conversation, head)));
    for conversation in conversations {
        assert_eq!(have[&conversation], head(store, alice, conversation).await);
    }
}

/// By everybody whom it concerns.
pub async fn every_kind_of_change_is_seen<S: Store>(store: &S) {
    let [alice, bob, carol] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;

    let before = newest(store, alice).await;
    change(store, alice, conversation, Change::Rename("runs".to_owned())).await.unwrap();
    assert_eq!(changed(store, bob, before).await, [conversation]);

    let before = newest(store, alice).await;
    add(store, alice, conversation, carol).await;
    assert_eq!(changed(store, bob, before).await, [conversation]);
    assert_eq!(changed(store, carol, before).await, [conversation]);

    let before = newest(store, alice).await;
    leave(store, bob, conversation).await;
    assert_eq!(changed(store, alice, before).await, [conversation]);
    assert_eq!(changed(store, bob, before).await, [conversation]);

    let before = newest(store, alice).await;
    read_to(store, bob, conversation, Seq(1)).await.unwrap();
    assert_eq!(changed(store, bob, before).await, [conversation]);

    let before = newest(store, alice).await;
    let direct = direct(store, alice, bob).await;
    assert_eq!(changed(store, alice, before).await, [direct]);
    assert_eq!(changed(store, bob, before).await, [direct]);
}

/// So that "delivered" and "read" are found by who was away.
pub async fn positions_of_a_peer_are_seen_in_small_conversations<S: Store>(store: &S) {
    let mut members = Vec::new();
    for _ in 0..limits::REACHED_PUSH_MEMBERS_MAX {
        members.push(person(store).await);
    }
    let (alice, bob) = (members[0], members[1]);
    for conversation in [direct(store, alice, bob).await, group(store, &members).await] {
        let before = newest(store, alice).await;
        read_to(store, bob, conversation, Seq(1)).await.unwrap();
        assert_eq!(changed(store, alice, before).await, [conversation]);
    }
}

/// There, every message would lift everything again for everybody; one's own devices still see one's own.
pub async fn positions_of_others_are_not_seen_in_large_ones<S: Store>(store: &S) {
    let mut members = Vec::new();
    for _ in 0..=limits::REACHED_PUSH_MEMBERS_MAX {
        members.push(person(store).await);
    }
    let (alice, bob) = (members[0], members[1]);
    let conversation = group(store, &members).await;
    let before = newest(store, alice).await;
    read_to(store, bob, conversation, Seq(1)).await.unwrap();
    assert_eq!(changed(store, alice, before).await, []);
    assert_eq!(changed(store, bob, before).await, [conversation]);
}

/// Only what it does itself: reading to its end.
pub async fn who_left_sees_no_later_change<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    leave(store, bob, conversation).await;
    let before = newest(store, bob).await;
    say(store, alice, conversation, "not for bob").await;
    change(store, alice, conversation, Change::Rename("without bob".to_owned())).await.unwrap();
    read_to(store, alice, conversation, Seq(4)).await.unwrap();
    assert_eq!(changed(store, bob, before).await, []);

    let before = newest(store, bob).await;
    read_to(store, bob, conversation, Seq(2)).await.unwrap();
    assert_eq!(changed(store, bob, before).await, [conversation]);
    assert_eq!(changed(store, alice, before).await, []);
}

/// Whatever happens in them.
pub async fn conversations_of_others_are_not_seen<S: Store>(store: &S) {
    let [alice, bob, eve] = people(store).await;
    let conversation = direct(store, alice, bob).await;
    say(store, alice, conversation, "a secret").await;
    read_to(store, bob, conversation, Seq(2)).await.unwrap();
    assert_eq!(changed(store, eve, Position(0)).await, []);
}

/// Not a row, not a position.
pub async fn a_refused_deed_changes_nothing<S: Store>(store: &S) {
    let [alice, bob, eve] = people(store).await;
    let conversation = group(store, &[alice, bob]).await;
    let of_two = direct(store, alice, bob).await;
    let message = text(alice, conversation, "hello");
    store.append(message.clone()).await.unwrap();
    store.create_account(new_account("taken"), new_device("phone"), NOW).await.unwrap();
    let before = all_pages(store, alice, Position(0), 10).await;

    let reused = Append { body: b"other".to_vec(), ..message.clone() };
    assert_eq!(store.append(reused).await, Err(StoreError::SendKeyReused));
    assert_eq!(store.append(text(eve, conversation, "hello")).await, Err(StoreError::NotFound));
    assert!(!store.append(message).await.unwrap().fresh);
    assert_eq!(store.open_direct(alice, alice, created(), NOW).await, Err(StoreError::NotAllowed));
    assert_eq!(store.open_direct(bob, alice, created(), NOW).await, Ok((of_two, false)));
    let with_nobody = new_group(alice, &[AccountId(u64::MAX)]);
    assert_eq!(store.create_group(with_nobody, NOW).await, Err(StoreError::NotFound));
    assert_eq!(change(store, eve, conversation, Change::Leave).await, Err(StoreError::NotFound));
    assert_eq!(change(store, alice, conversation, Change::Add(vec![bob])).await, Ok(None));
    let beyond = Reach { conversation, delivered: Seq(99), read: Seq(0) };
    assert_eq!(store.reach(alice, vec![beyond], NOW).await, Err(StoreError::BeyondEnd));
    assert_eq!(store.add_device(AccountId(0), new_device("phone"), NOW).await, Err(StoreError::NotFound));
    let taken = store.create_account(new_account("taken"), new_device("phone"), NOW).await;
    assert_eq!(taken, Err(StoreError::HandleTaken));

    assert_eq!(all_pages(store, alice, Position(0), 10).await, before);
}

/// A page could not end between them.
pub async fn no_two_heads_share_a_position<S: Store>(store: &S) {
    let [alice, bob] = people(store).await;
    let mut all = Vec::new();
    for _ in 0..5 {
        let conversation = group(store, &[alice, bob]).await;
        all.push(Reach { conversation, delivered: Seq(1), read: Seq(0) });
    }
    assert_eq!(store.reach(alice, all, NOW).await.unwrap().len(), 5);
    for account in [alice, bob] {
        let (heads, _) = all_pages(store, account, Position(0), 10).await;
        assert!(heads.is_sorted_by(|newer, older| newer.change > older.change));
        assert_eq!(heads.len(), 5);
    }
}
