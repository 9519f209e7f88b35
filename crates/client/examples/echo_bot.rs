//! A whole bot: whatever people write to it, it writes back.
//!
//! `cargo run -p anser-client --example echo_bot -- ws://localhost:8080`, then write to `echo` from any client.

use std::collections::HashMap;

use anser_client::view::{Content, TimelineView};
use anser_client::{Client, ClientConfig, Command, Event};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server_url = std::env::args().nth(1).unwrap_or("ws://localhost:8080".into());
    echo(ClientConfig::new(server_url, "echo-bot-data")).await
}

/// Answers for as long as the client runs.
pub(crate) async fn echo(config: ClientConfig) -> anyhow::Result<()> {
    let client = Client::open(config).await?;
    // The first start makes the account. Later ones are signed in already, and this changes nothing.
    client.command(register()).await;

    // How far we have answered, by conversation.
    let mut answered: HashMap<u64, u64> = HashMap::new();
    // What we look at: one view for each conversation.
    let mut views: HashMap<u32, TimelineView> = HashMap::new();
    let mut events = client.events();
    while let Some(event) = events.next().await {
        match event {
            Event::Conversations { changed } => {
                for view in changed.into_iter().filter(|view| view.unread > 0) {
                    let conversation = view.conversation;
                    answered.entry(conversation).or_insert(view.read);
                    let view = views.len() as u32;
                    let is_open = views.values().any(|timeline| timeline.conversation == conversation);
                    if !is_open {
                        views.insert(view, TimelineView { conversation, ..TimelineView::default() });
                        client.command(Command::OpenView { view, conversation, at: None }).await;
                    }
                }
            }
            Event::Timeline { change } => {
                let timeline = views.entry(change.view).or_default();
                timeline.apply(change);
                let answered = answered.entry(timeline.conversation).or_default();
                *answered = answer(&client, timeline, *answered).await;
            }
            _ => {}
        }
    }
    Ok(client.shutdown().await?)
}

/// Writes back every text above `answered`, and returns how far it got.
async fn answer(client: &Client, timeline: &TimelineView, answered: u64) -> u64 {
    let conversation = timeline.conversation;
    let mut last = answered;
    for row in timeline.rows.iter().filter(|row| row.seq > answered) {
        last = row.seq;
        if let Content::Text { text } = &row.content
            && !row.own
        {
            client.command(Command::SendText { conversation, text: text.clone(), send_key: None }).await;
        }
    }
    if last > answered {
        client.command(Command::MarkRead { conversation, seq: last }).await;
    }
    last
}

fn register() -> Command {
    Command::Register {
        handle: "echo".into(),
        display_name: "Echo".into(),
        password: std::env::var("ECHO_PASSWORD").unwrap_or("only for trying out".into()),
        device_name: "bot".into(),
    }
}
