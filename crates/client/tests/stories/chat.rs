//! Two people write to each other.

use anser_client::view::{RowState, SessionView};
use anser_client::{Command, FailureReason, Outcome};

use crate::helpers::{TestServer, opening};

#[tokio::test]
async fn two_people_write_to_each_other() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;

    let conversation = alice.talks_to("bob").await;
    alice.writes(conversation, "hello 👋").await;
    bob.sees("one unread", |screen| screen.conversations.values().any(|view| view.unread == 1)).await;
    bob.does(opening(conversation)).await;
    bob.sees("the greeting", |screen| screen.texts(conversation) == ["hello 👋"]).await;

    let seq = bob.screen.rows(conversation).last().unwrap().seq;
    bob.does(Command::MarkRead { conversation, seq }).await;
    alice.sees("that it was read", |screen| screen.last_state(conversation) == Some(&RowState::Read)).await;

    bob.writes(conversation, "早").await;
    alice.sees("the answer", |screen| screen.texts(conversation) == ["hello 👋", "早"]).await;
    alice.goes().await;
    bob.goes().await;
}

#[tokio::test]
async fn messages_written_at_once_arrive_once_and_in_order() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    let mut bob = server.register("bob").await;
    let conversation = alice.talks_to("bob").await;
    let texts: Vec<String> = (0..100).map(|number| format!("number {number}")).collect();
    for text in &texts {
        alice.writes(conversation, text).await;
    }
    bob.sees("the conversation", |screen| screen.conversations.contains_key(&conversation)).await;
    bob.does(opening(conversation)).await;
    bob.sees("the last of them", |screen| screen.texts(conversation).last() == Some(&"number 99")).await;
    let shown = bob.screen.texts(conversation);
    // The window may begin later than the log; what it shows has no holes and no repeats.
    assert_eq!(shown, texts[texts.len() - shown.len()..]);
}

#[tokio::test]
async fn what_the_server_refuses_comes_back_as_a_failure() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    alice.sees("a link", |screen| screen.is_online()).await;
    let outcome = alice.client.command(Command::OpenDirect { handle: "nobody".into() }).await;
    let Outcome::Failed { failure } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.reason, FailureReason::NotFound);
}

#[tokio::test]
async fn a_listener_that_comes_late_is_told_how_things_stand() {
    let server = TestServer::start().await;
    let mut alice = server.register("alice").await;
    alice.sees("a link", |screen| screen.is_online()).await;
    let first = alice.client.events().next().await;
    let Some(anser_client::Event::Session { session: SessionView::SignedIn { me, .. } }) = first else {
        panic!("{first:?}")
    };
    assert_eq!(me.handle, "alice");
}
