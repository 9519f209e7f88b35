//! A client in a process of its own, without a server, there to be killed; and what its disk holds afterwards.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anser_client::{Client, ClientConfig, ClientError, Command, Event, Outcome};
use anser_local_store::migration_scripts;
use anser_protocol::{SendKey, wire};
use anyhow::{Context, Result, bail};
use prost::Message;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::disk::{self, ClientDisk};

/// The client's folder in the folder of a round.
pub const DATA: &str = "data";
/// Beside it: a line for each message that the client took, its number.
pub const TAKEN: &str = "taken";

/// Nobody listens there: what is written stays unsent.
pub const NOWHERE: &str = "ws://127.0.0.1:9";
/// The conversation of the frozen database.
const CONVERSATION: u64 = 1;
/// Texts are of all lengths up to this, so that rows lie across pages in every way.
const FILLER_BYTES_MAX: u64 = 900;

/// Role: writes messages `first..first + count` into the client below `root`.
pub fn write(words: &[String]) -> Result<()> {
    let [root, first, count] = words else { bail!("root, first, count") };
    let (root, first, count): (&Path, u64, u64) = (root.as_ref(), first.parse()?, count.parse()?);
    in_runtime(async {
        let client = Client::open(ClientConfig::new(NOWHERE, root.join(DATA))).await?;
        let mut taken = File::options().create(true).append(true).open(root.join(TAKEN))?;
        for n in first..first + count {
            let send_key = Some(SendKey::new(n, [7; 10]).to_hex());
            let say = Command::SendText { conversation: CONVERSATION, text: text(n), send_key };
            match client.command(say).await {
                // One write, so that a kill leaves a line whole or not at all.
                Outcome::Done => taken.write_all(format!("{n}\n").as_bytes())?,
                other => bail!("message {n} was not taken: {other:?}"),
            }
        }
        Ok(client.shutdown().await?)
    })
}

/// What became of opening a client.
#[derive(Debug, Serialize, Deserialize)]
pub enum Opening {
    /// It opened.
    Opened {
        /// What was there was damaged.
        rebuilt: bool,
    },
    /// It refused, in these words.
    Refused(String),
}

/// Role: opens the client in this folder, which may have to be migrated or made anew, and closes it.
pub fn open(words: &[String]) -> Result<()> {
    let [dir] = words else { bail!("the folder of the client") };
    let opening = in_runtime(async {
        match Client::open(ClientConfig::new(NOWHERE, dir)).await {
            Ok(client) => {
                let rebuilt = says_rebuilt(&client).await?;
                client.shutdown().await?;
                Ok(Opening::Opened { rebuilt })
            }
            Err(refusal @ ClientError::NewerDatabase(_)) => Ok(Opening::Refused(refusal.to_string())),
            Err(error) => Err(error.into()),
        }
    })?;
    println!("{}", serde_json::to_string(&opening)?);
    Ok(())
}

/// Whether it says so before it says how its link is, which it does at every start.
async fn says_rebuilt(client: &Client) -> Result<bool> {
    let mut events = client.events();
    let mut rebuilt = false;
    loop {
        match events.next().await.context("the client ended")? {
            Event::Link { .. } => return Ok(rebuilt),
            event => rebuilt |= event == Event::Rebuilt,
        }
    }
}

/// What is on a client's disk, looked at from outside.
#[derive(Debug, Default)]
pub struct Kept {
    /// What SQLite, or our own reading, finds wrong.
    pub faults: Vec<String>,
    /// Somebody is signed in.
    pub session: bool,
    /// Numbers of the messages on their way out, in their order.
    pub unsent: Vec<u64>,
    /// How many events are on disk.
    pub events: u64,
}

/// Reads the client's database in this folder, brought to the present schema first. Its process must not run.
pub fn see(dir: &Path) -> Result<Kept> {
    let mut faults = Vec::new();
    let mut connection = Connection::open(dir.join("anser.sqlite"))?;
    if let Err(error) = bring_to_present(&mut connection) {
        faults.push(format!("it cannot be brought to the present: {error:#}"));
    }
    let check = "PRAGMA integrity_check";
    match connection.query_row(check, [], |row| row.get::<_, String>(0)) {
        Ok(words) if words == "ok" => {}
        Ok(words) => faults.push(words),
        Err(error) => faults.push(error.to_string()),
    }
    drop(connection);
    let ClientDisk { logs, restored, .. } = match disk::of_client(dir) {
        Ok(disk) => disk,
        Err(error) => {
            faults.push(format!("{error:#}"));
            return Ok(Kept { faults, ..Kept::default() });
        }
    };
    let mut unsent = Vec::new();
    for row in &restored.outbox {
        match number_of(&row.body) {
            Some(number) => unsent.push(number),
            None => faults.push(format!("unsent message {} is not what was written", row.ordinal)),
        }
    }
    let events = logs.values().map(|log| log.len() as u64).sum();
    Ok(Kept { faults, session: restored.session.is_some(), unsent, events })
}

/// A database of the step that was invented is beyond the present, and read as it is.
fn bring_to_present(connection: &mut Connection) -> Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let transaction = connection.transaction()?;
    for script in migration_scripts(version).unwrap_or_default() {
        transaction.execute_batch(script)?;
    }
    Ok(transaction.commit()?)
}

/// What of this is not so on the disk: every message that was taken is on its way out, once, in the order of writing.
pub fn missing(taken: &[u64], kept: &Kept) -> Vec<String> {
    let mut problems = kept.faults.clone();
    if !kept.session {
        problems.push("nobody is signed in any more".to_owned());
    }
    for number in taken.iter().filter(|number| !kept.unsent.contains(number)) {
        problems.push(format!("message {number} was taken and is gone"));
    }
    for pair in kept.unsent.windows(2).filter(|pair| pair[0] >= pair[1]) {
        problems.push(format!("message {} is on its way behind message {}", pair[1], pair[0]));
    }
    problems
}

/// The numbers that were taken, as the other process wrote them down.
pub fn taken(lines: &str) -> Result<Vec<u64>> {
    lines.lines().map(|line| line.parse().with_context(|| format!("`{line}` is no number"))).collect()
}

fn text(n: u64) -> String {
    format!("{n} {}", ".".repeat((n * 7919 % FILLER_BYTES_MAX) as usize))
}

/// To the last byte.
fn number_of(body: &[u8]) -> Option<u64> {
    let written = wire::Text::decode(body).ok()?.text;
    let number = written.split(' ').next()?.parse().ok()?;
    (text(number) == written).then_some(number)
}

fn in_runtime<T>(deed: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(deed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(unsent: &[u64]) -> Kept {
        Kept { session: true, unsent: unsent.to_vec(), ..Kept::default() }
    }

    #[test]
    fn what_was_taken_has_to_be_there_once_and_in_order() {
        assert_eq!(missing(&[1, 2], &kept(&[1, 2, 3])), Vec::<String>::new());
        assert!(missing(&[1, 2], &kept(&[1]))[0].contains("message 2 was taken and is gone"));
        assert_eq!(missing(&[], &kept(&[2, 1])).len(), 1);
        assert_eq!(missing(&[], &kept(&[1, 1])).len(), 1);
        assert_eq!(missing(&[], &Kept::default()), ["nobody is signed in any more"]);
    }

    #[test]
    fn a_text_is_known_to_the_last_byte() {
        let body = |text: String| wire::Text { text }.encode_to_vec();
        assert_eq!(number_of(&body(text(12))), Some(12));
        assert_eq!(number_of(&body(text(12) + ".")), None);
    }
}
