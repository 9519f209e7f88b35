//! The server stops: nobody is cut off in the middle of something.

use anser_protocol::wire::{ErrorCode, answer, frame, request::Call};

use crate::helpers::{Heard, Link, TestServer, new_key, text};

#[tokio::test]
pub(crate) async fn a_server_that_stops_tells_everybody_to_come_back() {
    let mut server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut silent = server.link().await;
    let (alice, ()) = tokio::join!(
        async move {
            alice.link.is_ended_with(ErrorCode::Draining).await;
            silent.is_ended_with(ErrorCode::Draining).await;
            alice.leaves()
        },
        server.stop()
    );
    server.restart_stopped().await;
    server.welcomes_back(alice).await.pings().await;
}

#[tokio::test]
pub(crate) async fn while_it_stops_it_lets_nobody_in_and_says_so() {
    let mut server = TestServer::start().await;
    let address = server.address();
    let mut alice = server.register("alice").await;
    let story = async move {
        // Alice hears it but does not go yet, so the server is still stopping.
        let Heard::Frame(frame::Body::Close(close)) = alice.link.hear().await else { panic!("no Close") };
        assert_eq!(close.error.unwrap().code(), ErrorCode::Draining);
        let health = crate::helpers::http_get(address, "/healthz", "Host: localhost\r\n").await;
        assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
        assert_eq!(Link::try_open(address, &[]).await.err(), Some(503));
        drop(alice);
    };
    tokio::join!(story, server.stop());
}

#[tokio::test]
pub(crate) async fn whatever_was_begun_is_finished_and_answered() {
    let mut server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;
    let mut begun = Vec::new();
    for number in 0..60 {
        begun.push(alice.begin(Call::Send(text(chat, new_key(), &format!("{number}")))).await);
    }
    // With the first answer the server is in the middle of it.
    alice.answer(begun[0]).await.unwrap();
    let story = async move {
        let mut sent = 1;
        loop {
            match alice.link.hear().await {
                Heard::Frame(frame::Body::Answer(answer)) => {
                    assert!(matches!(answer.result, Some(answer::Result::Sent(_))), "{answer:?}");
                    sent += 1;
                }
                Heard::Frame(frame::Body::Close(_)) => return (alice.leaves(), sent),
                Heard::Frame(_) => {}
                other => panic!("alice heard {other:?}"),
            }
        }
    };
    let ((alice, sent), ()) = tokio::join!(story, server.stop());

    server.restart_stopped().await;
    let mut alice = server.welcomes_back(alice).await;
    assert_eq!(alice.history(chat, 1).await.len(), sent, "stored and called sent are the same messages");
}
