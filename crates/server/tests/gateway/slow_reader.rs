//! Somebody does not read what is pushed: closed by name, and nobody else waits (promise F4).

use anser_protocol::limits;
use anser_protocol::wire::{self, ErrorCode};

use crate::helpers::{TestServer, new_key};

#[tokio::test]
pub(crate) async fn who_does_not_read_is_closed_by_name_and_holds_nobody_up() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let mut carol = server.register("carol").await;
    let group = alice.creates_group("pictures", &["bob", "carol"]).await;

    // Bob's device hangs. The system's own buffers must be full before his mailbox is, so there is much to say.
    let picture = || wire::Send {
        conversation: group,
        send_key: new_key(),
        kind: 900,
        body: vec![7; limits::BODY_BYTES_MAX],
        silent: false,
    };
    let mut sent = 0;
    while server.metric("anser_slow_readers_total").await == 0 {
        assert!(sent < 3_000, "everything was taken from somebody who does not read");
        for _ in 0..50 {
            alice.sends_slowly(picture()).await;
            assert_eq!(carol.next_event().await.kind, 900, "carol is not held up");
        }
        // Who only listens says that she lives, or a slow machine takes her for gone.
        carol.pings().await;
        sent += 50;
    }
    // His session is over for the server; when he reads again he is told.
    assert_eq!(server.metric("anser_sessions").await, 2);
    bob.link.is_ended_with(ErrorCode::SlowReader).await;

    // What he missed he gets as anybody who was away.
    let mut bob = server.welcomes_back(bob.leaves()).await;
    assert_eq!(bob.changes().heads[0].last_seq, sent + 1);
    bob.pings().await;
}
