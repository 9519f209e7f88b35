//! Somebody asks for what is not theirs: it does not exist for them (promise X4).

use anser_protocol::wire::{self, ErrorCode, request::Call};

use crate::helpers::{TestServer, new_key, text};

/// Every request that names something, aimed at a conversation.
fn aimed_at(conversation: u64, account: u64) -> Vec<Call> {
    let reach = wire::Reach { conversation, delivered: 1, read: 1 };
    vec![
        Call::Send(text(conversation, new_key(), "let me in")),
        Call::Reach(wire::ReachAll { positions: vec![reach] }),
        Call::GetRange(wire::GetRange { conversation, first: 1, last: 9, limit: 9, newest: false }),
        Call::ListMembers(wire::ListMembers { conversation, after_account: 0, limit: 9 }),
        Call::GetPeople(wire::GetPeople { conversation, accounts: vec![account] }),
        Call::AddMembers(wire::AddMembers { conversation, handles: vec!["mallory".to_owned()] }),
        Call::LeaveGroup(wire::LeaveGroup { conversation }),
        Call::RenameGroup(wire::RenameGroup { conversation, title: "mine".to_owned() }),
    ]
}

#[tokio::test]
pub(crate) async fn foreign_conversations_do_not_exist() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    server.register("bob").await;
    let mut mallory = server.register("mallory").await;
    let chat = alice.opens_chat_with("bob").await;
    let group = alice.creates_group("private", &["bob"]).await;
    alice.sends(chat, "between us").await;

    let nothing = 1_000_000;
    for conversation in [chat, group, nothing] {
        for call in aimed_at(conversation, alice.account) {
            let what = format!("{call:?}");
            assert_eq!(mallory.refused(call).await, ErrorCode::NotFound, "{what}");
        }
    }
    assert_eq!(mallory.pings().await, (0, 0), "nothing was pushed to a stranger");
    assert_eq!(alice.history(chat, 1).await, ["alice: between us"]);
}

#[tokio::test]
pub(crate) async fn foreign_devices_do_not_exist() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut mallory = server.register("mallory").await;
    for device in [alice.device, 1_000_000] {
        let revoke = Call::RevokeDevice(wire::RevokeDevice { device });
        assert_eq!(mallory.refused(revoke).await, ErrorCode::NotFound);
    }
    alice.pings().await;
}

#[tokio::test]
pub(crate) async fn who_left_reads_up_to_there_and_writes_no_more() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let group = alice.creates_group("walks", &["bob"]).await;
    alice.sends(group, "for all").await;
    assert_eq!(bob.sees().await, "alice: for all");
    bob.ask(Call::LeaveGroup(wire::LeaveGroup { conversation: group })).await.unwrap();
    alice.sends(group, "without bob").await;

    assert_eq!(bob.history(group, 1).await, ["alice: for all"]);
    let send = Call::Send(text(group, new_key(), "still here"));
    assert_eq!(bob.refused(send).await, ErrorCode::NotAllowed);
}
