//! Somebody sends again, not knowing whether it arrived (promise D2).

use anser_protocol::wire::{ErrorCode, FindSent, answer, request::Call};

use crate::helpers::{TestServer, new_key, text};

#[tokio::test]
pub(crate) async fn the_same_key_gives_the_first_result_and_stores_nothing() {
    let mut server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    let message = text(chat, new_key(), "once");
    let first = alice.sends_again(message.clone()).await;

    assert_eq!(alice.sends_again(message.clone()).await, first, "again on the same link");
    let mut alice = server.welcomes_back(alice.leaves()).await;
    assert_eq!(alice.sends_again(message.clone()).await, first, "after a reconnect");
    let mut tablet = server.sign_in("alice").await;
    assert_eq!(tablet.sends_again(message.clone()).await, first, "from another device");

    assert_eq!(bob.sees().await, "alice: once");
    let (alice, bob) = (alice.leaves(), bob.leaves());
    drop(tablet);
    server.restart().await;
    let mut alice = server.welcomes_back(alice).await;
    let mut bob = server.welcomes_back(bob).await;
    assert_eq!(alice.sends_again(message).await, first, "after a restart of the server");
    alice.sends(chat, "twice").await;
    assert_eq!(bob.sees().await, "alice: twice", "the repeats were pushed to nobody");
    assert_eq!(bob.history(chat, 1).await, ["alice: once", "alice: twice"]);
}

#[tokio::test]
pub(crate) async fn the_same_key_with_another_content_is_refused() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    let key = new_key();
    alice.sends_again(text(chat, key.clone(), "yes")).await;

    assert_eq!(alice.refused(Call::Send(text(chat, key, "no"))).await, ErrorCode::SendKeyReused);
    assert_eq!(alice.history(chat, 1).await, ["alice: yes"]);
}

/// Whose answer was lost asks, when sends are refused for now (promise D6).
#[tokio::test]
pub(crate) async fn whether_a_message_is_stored_is_told_to_its_sender_only() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    let send_key = new_key();
    let find = || Call::FindSent(FindSent { send_key: send_key.clone() });
    assert_eq!(alice.refused(find()).await, ErrorCode::NotFound);
    let first = alice.sends_again(text(chat, send_key.clone(), "once")).await;

    assert_eq!(alice.ask(find()).await, Ok(answer::Result::Sent(first)));
    assert_eq!(bob.refused(find()).await, ErrorCode::NotFound);
    let nonsense = Call::FindSent(FindSent { send_key: vec![1; 3] });
    assert_eq!(alice.refused(nonsense).await, ErrorCode::InvalidField);
    assert_eq!(alice.history(chat, 1).await, ["alice: once"], "asking stores nothing");
}

#[tokio::test]
pub(crate) async fn two_senders_may_happen_to_choose_the_same_key() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    let key = new_key();
    assert_eq!(alice.sends_again(text(chat, key.clone(), "mine")).await.seq, 2);
    assert_eq!(bob.sends_again(text(chat, key, "mine too")).await.seq, 3);
}
