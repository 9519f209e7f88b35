//! The library's front door, `examples/echo_bot.rs`, does what it says.

use std::time::Duration;

use anser_client::ClientConfig;

use crate::helpers::TestServer;

#[allow(dead_code)] // its `main` is for people
#[path = "../../examples/echo_bot.rs"]
mod echo_bot;

#[tokio::test]
async fn the_echo_bot_answers() {
    let server = TestServer::start().await;
    let bot = tokio::spawn(echo_bot::echo(ClientConfig::new(server.url(), server.dir_of("echo"))));
    let mut alice = server.register("alice").await;
    // The bot may still be making its account.
    while !alice.finds("echo").await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let conversation = alice.talks_to("echo").await;
    alice.writes(conversation, "is there anybody?").await;
    alice.writes(conversation, "群聊 👩‍👩‍👧‍👦").await;
    let answered = ["is there anybody?", "群聊 👩‍👩‍👧‍👦"];
    alice
        .sees("both answers", |screen| {
            let answers = screen.rows(conversation).iter().filter(|row| !row.own);
            answers.map(|row| &row.content).filter_map(crate::helpers::text_of).eq(answered)
        })
        .await;
    bot.abort();
}
