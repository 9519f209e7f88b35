//! Somebody was not there and catches up.

use anser_protocol::wire::{self, answer, request::Call};

use crate::helpers::TestServer;

#[tokio::test]
pub(crate) async fn who_was_away_learns_in_one_exchange_what_changed() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    alice.sends(chat, "before").await;
    bob.reaches(chat, 2, 2).await;
    let bob = server.welcomes_back(bob.leaves()).await;
    let bob = bob.leaves();

    for words in ["one", "two", "three"] {
        alice.sends(chat, words).await;
    }
    let mut bob = server.welcomes_back(bob).await;
    let [head] = &bob.changes().heads[..] else { panic!("one chat changed: {:?}", bob.changes()) };
    assert_eq!((head.conversation, head.last_seq, head.read, head.unread), (chat, 5, 2, 3));
    assert_eq!(bob.history(chat, 3).await, ["alice: one", "alice: two", "alice: three"]);
}

#[tokio::test]
pub(crate) async fn who_missed_nothing_is_told_nothing() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let bob = server.register("bob").await;
    alice.opens_chat_with("bob").await;

    let bob = server.welcomes_back(bob.leaves()).await;
    assert_eq!(bob.changes().heads.len(), 1);
    let bob = server.welcomes_back(bob.leaves()).await;
    assert_eq!(bob.changes().heads, []);
}

#[tokio::test]
pub(crate) async fn many_changed_conversations_come_in_pages_newest_first() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let bob = server.register("bob").await;
    let bob = bob.leaves();
    let mut groups = Vec::new();
    for number in 0..60 {
        groups.push(alice.creates_group(&format!("group {number}"), &["bob"]).await);
    }

    let mut bob = server.welcomes_back(bob).await;
    let mut seen: Vec<u64> = bob.changes().heads.iter().map(|head| head.conversation).collect();
    assert_eq!(seen.len(), anser_protocol::limits::HEADS_PER_PAGE);
    let mut before = bob.changes().next;
    while before != 0 {
        let sync = Call::Sync(wire::Sync { since: 0, before });
        let Ok(answer::Result::Changes(page)) = bob.ask(sync).await else { panic!("no page") };
        seen.extend(page.heads.iter().map(|head| head.conversation));
        before = page.next;
    }
    groups.reverse();
    assert_eq!(seen, groups);
}

#[tokio::test]
pub(crate) async fn what_was_said_is_there_after_a_restart() {
    let mut server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    alice.sends(chat, "remember this").await;
    let (alice, bob) = (alice.leaves(), bob.leaves());

    server.restart().await;
    let mut bob = server.welcomes_back(bob).await;
    assert_eq!(bob.history(chat, 1).await, ["alice: remember this"]);
    let mut alice = server.welcomes_back(alice).await;
    assert_eq!(alice.sends(chat, "and this").await.seq, 3, "the numbers go on where they were");
    assert_eq!(bob.sees().await, "alice: and this");
}
