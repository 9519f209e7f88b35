//! People write to each other and see it at once.

use crate::helpers::TestServer;

#[tokio::test]
pub(crate) async fn two_people_write_to_each_other() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;

    let chat = alice.opens_chat_with("bob").await;
    assert_eq!(bob.opens_chat_with("alice").await, chat, "there is one chat of the two");
    assert_eq!(alice.sends(chat, "hello bob").await.seq, 2, "seq 1 says that the chat began");
    assert_eq!(bob.sees().await, "alice: hello bob");
    assert_eq!(bob.sends(chat, "你好 👩‍👩‍👧‍👦").await.seq, 3);
    assert_eq!(alice.sees().await, "bob: 你好 👩‍👩‍👧‍👦");

    let both = ["alice: hello bob", "bob: 你好 👩‍👩‍👧‍👦"];
    assert_eq!(alice.history(chat, 1).await, both);
    assert_eq!(bob.history(chat, 1).await, both);
}

#[tokio::test]
pub(crate) async fn a_chat_that_is_new_comes_to_the_other_by_itself() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;

    let chat = alice.opens_chat_with("bob").await;
    let head = bob.next_head().await;
    assert_eq!(head.conversation, chat);
    let peer = head.peer.unwrap().person.unwrap();
    assert_eq!((peer.handle.as_str(), peer.account), ("alice", alice.account));
}

#[tokio::test]
pub(crate) async fn several_people_write_into_a_group() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let mut carol = server.register("carol").await;

    let group = alice.creates_group("walks", &["bob", "carol"]).await;
    assert_eq!(bob.next_head().await.title, "walks");
    assert_eq!(carol.next_head().await.member_count, 3);
    alice.sends(group, "tomorrow?").await;
    assert_eq!(bob.sees().await, "alice: tomorrow?");
    assert_eq!(carol.sees().await, "alice: tomorrow?");
    carol.sends(group, "at ten").await;
    assert_eq!(alice.sees().await, "carol: at ten");
    assert_eq!(bob.sees().await, "carol: at ten");
}

#[tokio::test]
pub(crate) async fn everybody_sees_how_far_the_others_got() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    alice.sends(chat, "one").await;
    alice.sends(chat, "two").await;

    bob.reaches(chat, 3, 0).await;
    assert_eq!(alice.sees_how_far().await, "bob has 3 and read 0");
    bob.reaches(chat, 0, 2).await;
    assert_eq!(alice.sees_how_far().await, "bob has 3 and read 2");
    // A position never goes back: nothing moves, nobody is told, and the next thing told is the next that moves.
    bob.reaches(chat, 1, 1).await;
    bob.reaches(chat, 3, 3).await;
    assert_eq!(alice.sees_how_far().await, "bob has 3 and read 3");
}

#[tokio::test]
pub(crate) async fn a_beat_says_how_many_pushes_there_were() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;

    alice.sends(chat, "one").await;
    alice.sends(chat, "two").await;
    bob.sees().await;
    bob.sees().await;
    assert_eq!(bob.pings().await, (3, 3), "the head of the new chat and two messages");
    let before = alice.pings().await;
    alice.sends(chat, "three").await;
    bob.sees().await;
    assert_eq!(alice.pings().await, before, "what one sends oneself is answered, not pushed");
}
