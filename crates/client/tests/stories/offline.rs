//! No network, and clients that stop and start.

use anser_client::view::{RowState, SessionView};
use anser_client::{Command, FailureReason, Outcome};

use crate::helpers::{TestServer, opening};

#[tokio::test]
async fn a_client_opens_from_its_disk_without_a_server() {
    let mut server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let bob = server.register("bob").await;
    let conversation = alice.talks_to("bob").await;
    alice.writes(conversation, "remember this").await;
    alice.sees("that it was sent", |screen| is_stored(screen.last_state(conversation))).await;
    alice.does(Command::SaveDraft { conversation, text: "and this".into() }).await;
    alice.goes().await;
    bob.goes().await;
    server.stop().await;

    let mut alice = server.open("alice").await;
    alice.sees("her name", |screen| matches!(screen.session, Some(SessionView::SignedIn { .. }))).await;
    alice.sees("the list", |screen| screen.conversations.contains_key(&conversation)).await;
    assert_eq!(alice.screen.conversations[&conversation].draft, "and this");
    alice.does(opening(conversation)).await;
    alice.sees("what she wrote", |screen| screen.texts(conversation) == ["remember this"]).await;
}

#[tokio::test]
async fn what_is_written_offline_survives_a_restart_and_arrives_once_in_order() {
    let mut server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let conversation = alice.talks_to("bob").await;
    server.stop().await;

    let texts: Vec<String> = (0..20).map(|number| format!("offline {number}")).collect();
    for text in &texts {
        alice.writes(conversation, text).await;
    }
    alice.sees("them waiting", |screen| screen.texts(conversation) == texts).await;
    assert!(matches!(alice.screen.last_state(conversation), Some(RowState::Sending { .. })));
    alice.goes().await;

    let mut alice = server.open("alice").await;
    alice.does(opening(conversation)).await;
    alice.sees("them still waiting", |screen| screen.texts(conversation) == texts).await;

    server.start_again().await;
    alice.does(Command::ReconnectNow).await;
    bob.does(Command::ReconnectNow).await;
    bob.sees("the conversation", |screen| screen.conversations.contains_key(&conversation)).await;
    bob.does(opening(conversation)).await;
    bob.sees("all of it", |screen| screen.texts(conversation) == texts).await;
    alice.sees("that it was sent", |screen| is_stored(screen.last_state(conversation))).await;
}

#[tokio::test]
async fn what_needs_the_server_says_so_offline() {
    let mut server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    alice.sees("a link", |screen| screen.is_online()).await;
    server.stop().await;
    alice.sees("that the link is gone", |screen| !screen.is_online()).await;
    let outcome = alice.client.command(Command::FindAccount { handle: "bob".into() }).await;
    let Outcome::Failed { failure } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.reason, FailureReason::Offline);
}

fn is_stored(state: Option<&RowState>) -> bool {
    matches!(state, Some(RowState::Sent | RowState::Delivered | RowState::Read))
}
