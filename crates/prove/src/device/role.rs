//! A device's process: a real client with its database, driven by lines on standard input.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use anser_client::{Client, ClientConfig, Event};
use anyhow::{Context, Result, bail};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use super::talk::{Asked, Said};

/// Wishes that wait; the pipe holds up whoever has more.
const WISHES_MAX: usize = 256;

/// Plays a device until its standard input ends: `<url> <directory>`.
///
/// One thread, so that the client's loop and this one take turns: all that the engine tells in one go is then heard
/// in one go, and may be held against itself.
pub fn play(words: &[String]) -> Result<()> {
    let [url, dir] = words else { bail!("a device needs a server and a directory") };
    let config = ClientConfig::new(url.as_str(), PathBuf::from(dir));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lived = runtime.block_on(live(config));
    if let Err(error) = &lived {
        say(&Said::Stopped { words: format!("{error:#}") })?;
    }
    lived
}

async fn live(config: ClientConfig) -> Result<()> {
    let client = Client::open(config).await?;
    let mut events = client.events();
    let mut wishes = wishes();
    say(&Said::Opened)?;
    {
        let mut unanswered = FuturesUnordered::new();
        loop {
            tokio::select! {
                // What an outcome speaks of has been told before it.
                biased;
                event = events.next() => {
                    let Some(event) = event else { break };
                    tell(event)?;
                    while let Some(Some(event)) = events.next().now_or_never() {
                        tell(event)?;
                    }
                    say(&Said::Settled)?;
                }
                wish = wishes.recv() => {
                    let Some(Asked { id, command }) = wish else { break };
                    let doing = client.command(command);
                    unanswered.push(doing.map(move |outcome| (id, outcome)));
                }
                Some((id, outcome)) = unanswered.next() => say(&Said::Outcome { id, outcome })?,
            }
        }
    }
    Ok(client.shutdown().await?)
}

fn tell(event: Event) -> Result<()> {
    say(&Said::Event { event })
}

/// A line, written at once: a killed process has said what it had said.
fn say(said: &Said) -> Result<()> {
    let mut line = serde_json::to_string(said)?;
    line.push('\n');
    std::io::stdout().write_all(line.as_bytes()).context("nobody listens any more")
}

/// Standard input, read by a thread of its own.
fn wishes() -> mpsc::Receiver<Asked> {
    let (sender, receiver) = mpsc::channel(WISHES_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(asked) => {
                    // Whoever hears nothing any more has ended.
                    if sender.blocking_send(asked).is_err() {
                        return;
                    }
                }
                Err(error) => eprintln!("no wish: {error}: {line}"),
            }
        }
    });
    receiver
}
