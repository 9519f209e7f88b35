//! Thousands connect and say nothing, while two people chat.

use anser_protocol::wire::ErrorCode;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::helpers::{Link, TestServer, soon};

/// Each takes two descriptors, since both ends are in this process, and 20,000 is what a process often has.
/// Raise it to 10,000 where more are allowed: the server keeps to `connections_silent_max` at any number.
const SILENT: usize = 4_000;

#[tokio::test]
async fn thousands_who_say_nothing_disturb_nobody_and_are_closed_by_name() {
    let server = TestServer::start_with(|settings| {
        settings.connections_max = 2 * SILENT;
        settings.connections_silent_max = 2 * SILENT;
    })
    .await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let chat = alice.opens_chat_with("bob").await;

    let mut connections = Vec::new();
    let mut links = Vec::new();
    for number in 0..SILENT / 2 {
        connections.push(TcpStream::connect(server.address()).await.unwrap());
        links.push(Link::open(server.address()).await);
        if number % 100 == 0 {
            alice.sends(chat, "still fine?").await;
            assert_eq!(bob.sees().await, "alice: still fine?");
        }
    }
    for link in &mut links {
        link.is_ended_with(ErrorCode::HelloTimeout).await;
    }
    for connection in &mut connections {
        let mut reply = Vec::new();
        soon("the end of a silent connection", connection.read_to_end(&mut reply)).await.unwrap();
    }
    bob.sends(chat, "still fine.").await;
    assert_eq!(alice.sees().await, "bob: still fine.");
}

#[tokio::test]
async fn the_silent_have_a_part_of_their_own_and_never_the_place_of_others() {
    let server = TestServer::start_with(|settings| settings.connections_silent_max = 3).await;
    let mut alice = server.register("alice").await;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(Link::open(server.address()).await);
    }
    let mut refused = TcpStream::connect(server.address()).await.unwrap();
    let mut reply = String::new();
    soon("a refusal", refused.read_to_string(&mut reply)).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
    assert!(reply.contains("Retry-After: "), "{reply}");
    alice.pings().await;

    drop(silent);
    // Their places are free as soon as the server has seen them go.
    soon("a free place", async {
        loop {
            let mut next = TcpStream::connect(server.address()).await.unwrap();
            let refused = async { next.read_u8().await.is_ok() };
            if !tokio::time::timeout(std::time::Duration::from_millis(100), refused).await.unwrap_or(false) {
                return;
            }
        }
    })
    .await;
    server.register("bob").await;
}
