//! The server's store in a process of its own, there to be killed; and what is found in it afterwards.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq, kind};
use anser_store::sqlite::{OpenError, SqliteStore};
use anser_store::{
    Accounts, Append, Conversations, Event, Log, NewAccount, NewDevice, NewGroup, Range, StoreError,
};
use anyhow::{Context, Result, bail};
use futures_executor::block_on;
use serde::{Deserialize, Serialize};

/// The store's folder in the folder of a round.
pub const DATA: &str = "data";
/// Beside it: a line for each message that was called stored, its seq and its number.
pub const ACKNOWLEDGED: &str = "acknowledged";

const ALICE: AccountId = AccountId(1);
const NOTES: ConversationId = ConversationId(1);
/// Bodies are of all lengths up to this, so that rows lie across pages in every way.
const FILLER_BYTES_MAX: u64 = 900;

/// Role: writes messages `first..first + count` into the store below `root`, `in_flight` at once, and reads the newest
/// one meanwhile. What it has read it was told, as much as what was acknowledged.
pub fn write(words: &[String]) -> Result<()> {
    let [root, first, count, in_flight] = words else { bail!("root, first, count, in flight") };
    let (root, first, count): (&Path, u64, u64) = (root.as_ref(), first.parse()?, count.parse()?);
    let in_flight: usize = in_flight.parse()?;
    let store = SqliteStore::open(&root.join(DATA))?;
    prepare(&store)?;
    let mut acknowledged = File::options().create(true).append(true).open(root.join(ACKNOWLEDGED))?;
    let mut waiting = VecDeque::new();
    for n in first..first + count {
        waiting.push_back((n, store.append(message(n))));
        while waiting.len() >= in_flight || n + 1 == first + count {
            let Some((n, future)) = waiting.pop_front() else { break };
            let seq = block_on(future)?.seq;
            // One write, so that a kill leaves a line whole or not at all.
            acknowledged.write_all(format!("{seq} {n}\n").as_bytes())?;
        }
        if let Some((seq, number)) = newest(&store)? {
            acknowledged.write_all(format!("{seq} {number}\n").as_bytes())?;
        }
    }
    Ok(())
}

/// Role: opens the store in this folder, which may have to be migrated, and prints what is in it.
pub fn look(words: &[String]) -> Result<()> {
    let [dir] = words else { bail!("the folder of the store") };
    println!("{}", serde_json::to_string(&see(Path::new(dir))?)?);
    Ok(())
}

/// What is in a store.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// It is of a newer version: the words of the refusal.
    pub refused: Option<String>,
    /// What is wrong with it.
    pub faults: Vec<String>,
    /// Seq and number of every message.
    pub messages: Vec<(u64, u64)>,
}

/// Opens the store in this folder and reads all of it.
pub fn see(dir: &Path) -> Result<Seen> {
    let store = match SqliteStore::open(dir) {
        Ok(store) => store,
        Err(refusal @ OpenError::Newer { .. }) => {
            return Ok(Seen { refused: Some(refusal.to_string()), ..Seen::default() });
        }
        Err(error) => {
            let words = error.to_string().replace(&*dir.to_string_lossy(), "its folder");
            let faults = vec![format!("it does not open: {words}")];
            return Ok(Seen { faults, ..Seen::default() });
        }
    };
    // A database that cannot even be looked through is the worst of all.
    let mut faults = block_on(store.verify()).unwrap_or_else(|error| vec![error.to_string()]);
    let messages = match read_log(&store) {
        Ok(events) => numbered(&events, &mut faults),
        // Killed before there was a conversation.
        Err(StoreError::NotFound) => Vec::new(),
        Err(error) => {
            faults.push(format!("the log cannot be read: {error}"));
            Vec::new()
        }
    };
    Ok(Seen { refused: None, faults, messages })
}

/// What was called stored, as the other process wrote it down: seq and number.
pub fn acknowledged(lines: &str) -> Result<Vec<(u64, u64)>> {
    let pair = |line: &str| {
        let (seq, number) = line.split_once(' ')?;
        Some((seq.parse().ok()?, number.parse().ok()?))
    };
    lines.lines().map(|line| pair(line).with_context(|| format!("`{line}` is no acknowledgement"))).collect()
}

/// What of this is not so in what was seen: each message at its seq, and none twice.
pub fn missing(acknowledged: &[(u64, u64)], seen: &Seen) -> Vec<String> {
    let mut problems: Vec<String> = seen.faults.clone();
    problems.extend(seen.refused.clone());
    let by_seq: std::collections::BTreeMap<u64, u64> = seen.messages.iter().copied().collect();
    for (seq, number) in acknowledged {
        match by_seq.get(seq) {
            Some(found) if found == number => {}
            Some(found) => problems.push(format!("seq {seq} was message {number} and is {found}")),
            None => problems.push(format!("message {number}, stored as seq {seq}, is gone")),
        }
    }
    let mut numbers: Vec<u64> = seen.messages.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    for pair in numbers.windows(2).filter(|pair| pair[0] == pair[1]) {
        problems.push(format!("message {} is there twice", pair[0]));
    }
    problems
}

fn prepare(store: &SqliteStore) -> Result<()> {
    if block_on(store.account_by_handle("alice"))?.is_none() {
        let account = NewAccount {
            id: ALICE,
            handle: "alice".to_owned(),
            display_name: "Alice".to_owned(),
            password_hash: "$argon2id$".to_owned(),
        };
        let device = NewDevice { name: "phone".to_owned(), token_hash: [1; 32] };
        block_on(store.create_account(account, device, Moment(0)))?;
    }
    // Repeatable: a process killed in here is followed by one that does it again.
    let group = NewGroup {
        creator: ALICE,
        title: "notes".to_owned(),
        members: vec![],
        send_key: SendKey([0; 16]),
        created: (kind::CREATED, Vec::new()),
    };
    let (conversation, _) = block_on(store.create_group(group, Moment(0)))?;
    if conversation != NOTES {
        bail!("the group was made twice: it is {conversation:?}");
    }
    Ok(())
}

fn message(n: u64) -> Append {
    let filler = ".".repeat((n * 7919 % FILLER_BYTES_MAX) as usize);
    Append {
        conversation: NOTES,
        sender: ALICE,
        send_key: SendKey::new(n, [200; 10]),
        kind: kind::TEXT,
        body: format!("{n} {filler}").into_bytes(),
        silent: false,
        now: Moment(n),
    }
}

/// Seq and number of the newest message.
fn newest(store: &SqliteStore) -> Result<Option<(u64, u64)>> {
    let range = Range { first: Seq(1), last: Seq(u64::MAX), limit: 1, bytes_max: usize::MAX, newest: true };
    let events = block_on(store.range(ALICE, NOTES, range))?;
    Ok(numbered(&events, &mut Vec::new()).pop())
}

fn read_log(store: &SqliteStore) -> Result<Vec<Event>, StoreError> {
    let range =
        Range { first: Seq(1), last: Seq(u64::MAX), limit: usize::MAX, bytes_max: usize::MAX, newest: false };
    block_on(store.range(ALICE, NOTES, range))
}

/// Each message is what `message` makes of its number, to the last byte.
fn numbered(events: &[Event], faults: &mut Vec<String>) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for event in events.iter().filter(|event| event.kind == kind::TEXT) {
        let number = str::from_utf8(&event.body).ok().and_then(|text| text.split(' ').next()?.parse().ok());
        match number {
            Some(number) if message(number).body == event.body => found.push((event.seq.0, number)),
            _ => faults.push(format!("seq {} is not what was written", event.seq)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(messages: &[(u64, u64)]) -> Seen {
        Seen { messages: messages.to_vec(), ..Seen::default() }
    }

    #[test]
    fn all_is_well_when_everything_is_at_its_place() {
        assert_eq!(missing(&[(2, 7)], &seen(&[(2, 7), (3, 8)])), Vec::<String>::new());
    }

    #[test]
    fn what_is_gone_moved_or_doubled_is_named() {
        assert!(missing(&[(2, 7)], &seen(&[]))[0].contains("is gone"));
        assert!(missing(&[(2, 7)], &seen(&[(2, 8)]))[0].contains("was message 7 and is 8"));
        assert!(missing(&[], &seen(&[(2, 7), (3, 7)]))[0].contains("twice"));
        let refused = Seen { refused: Some("too new".to_owned()), ..Seen::default() };
        assert_eq!(missing(&[], &refused), ["too new"]);
    }

    #[test]
    fn acknowledgements_are_read_line_by_line() {
        assert_eq!(acknowledged("2 7\n3 8\n").unwrap(), [(2, 7), (3, 8)]);
        assert!(acknowledged("2\n").is_err());
    }
}
