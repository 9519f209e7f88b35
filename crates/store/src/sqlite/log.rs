//! The logs, in SQLite.

use anser_failpoints::Mutant;
use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq};
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::rows::{Place, event_from_row, number, select_events, to_sql};
use super::writing::{Writing, prepared};
use super::{SqliteStore, Trouble};
use crate::error::StoreError;
use crate::log::{Append, Appended, Event, Log, Range};

#[async_trait]
impl Log for SqliteStore {
    fn append(&self, message: Append) -> BoxFuture<'static, Result<Appended, StoreError>> {
        // Hashed by the caller, so that the one writer has less to do.
        let digest = message_digest(&message);
        self.writer.submit(move |writing| append(writing, &message, digest)).boxed()
    }

    fn find_sent(
        &self,
        sender: AccountId,
        send_key: SendKey,
    ) -> BoxFuture<'static, Result<Appended, StoreError>> {
        self.writer.submit(move |writing| find_sent(writing.connection, sender, send_key)).boxed()
    }

    async fn range(
        &self,
        account: AccountId,
        conversation: ConversationId,
        range: Range,
    ) -> Result<Vec<Event>, StoreError> {
        self.readers.ask(move |connection| read_range(connection, account, conversation, range)).await
    }

    /// Commits a write of its own, through the same queue as everybody's.
    async fn check(&self) -> Result<(), StoreError> {
        self.writer
            .submit(|writing| {
                writing.connection.prepare_cached(CANARY_BEAT)?.execute([])?;
                Ok(())
            })
            .await
    }
}

const SEND_KEY_FIND: &str = "
    SELECT conversation_id, seq, at, digest FROM send_keys
    WHERE send_key = ?1 AND sender_id = ?2";

// Tells a new key from a known one by itself: nearly all are new, and are looked for only once.
const SEND_KEY_INSERT: &str = "
    INSERT INTO send_keys (send_key, sender_id, conversation_id, seq, at, digest)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

const EVENT_INSERT: &str = "
    INSERT INTO events (id, conversation_id, seq, sender_id, at, kind, silent, back, send_key, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const MEMBERS_CHANGED: &str = "SELECT members_changed FROM conversations WHERE id = ?1";

const RANGE_OLDEST: &str =
    select_events!("WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq LIMIT ?4");

const RANGE_NEWEST: &str =
    select_events!("WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq DESC LIMIT ?4");

const CANARY_BEAT: &str = "UPDATE canary SET beats = beats + 1 WHERE id = 1";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[SEND_KEY_FIND, MEMBERS_CHANGED, RANGE_OLDEST, RANGE_NEWEST, CANARY_BEAT];

fn append(writing: &mut Writing<'_>, message: &Append, digest: i64) -> Result<Appended, Trouble> {
    let &Append { conversation, sender, send_key, now, .. } = message;
    let tip = match writing.tips.of_writer(writing.connection, conversation, sender) {
        Ok(tip) => tip,
        // What was stored before the sender left is not called refused.
        Err(refusal) => {
            return match KeyUse::find(writing.connection, sender, send_key)? {
                Some(first) => repeated(writing.connection, &first, digest),
                None => Err(refusal),
            };
        }
    };
    let stored =
        Appended { seq: tip.last_seq.next(), at: now, fresh: true, members_changed: tip.members_changed };
    if anser_failpoints::is(Mutant::StoreForgetsSome) && now.0.is_multiple_of(16) {
        return Ok(stored);
    }
    let first = KeyUse { conversation, seq: stored.seq, at: now, digest };
    if !first.insert(writing, sender, send_key)? {
        return match KeyUse::find(writing.connection, sender, send_key)? {
            Some(first) => repeated(writing.connection, &first, digest),
            None => Err(Trouble::Failed(rusqlite::Error::QueryReturnedNoRows)),
        };
    }
    let change = writing.tick();
    let Append { kind, body, silent, .. } = message;
    let new = NewEvent { sender, at: now, kind: *kind, silent: *silent, send_key: Some(send_key), body };
    insert_event(writing, conversation, &new, change)?;
    Ok(stored)
}

/// The first result again, if it was the same message. The event itself is not needed for that.
fn repeated(connection: &Connection, first: &KeyUse, digest: i64) -> Result<Appended, Trouble> {
    if first.digest != digest {
        return Err(Trouble::Refused(StoreError::SendKeyReused));
    }
    let mut find = connection.prepare_cached(MEMBERS_CHANGED)?;
    let members_changed = Seq(find.query_row([to_sql(first.conversation.0)], |row| number(row, 0))?);
    Ok(Appended { seq: first.seq, at: first.at, fresh: false, members_changed })
}

fn find_sent(connection: &Connection, sender: AccountId, send_key: SendKey) -> Result<Appended, Trouble> {
    match KeyUse::find(connection, sender, send_key)? {
        Some(first) if first.digest != group_digest() => repeated(connection, &first, first.digest),
        _ => Err(Trouble::Refused(StoreError::NotFound)),
    }
}

/// An event that is about to get its place.
pub(super) struct NewEvent<'a> {
    pub(super) sender: AccountId,
    pub(super) at: Moment,
    pub(super) kind: u32,
    pub(super) silent: bool,
    pub(super) send_key: Option<SendKey>,
    pub(super) body: &'a [u8],
}

/// Writes an event at the end of its log, with the change position of its deed; returns its seq. A deed writes one
/// event at most, since no two can have the same position.
pub(super) fn insert_event(
    writing: &mut Writing<'_>,
    conversation: ConversationId,
    new: &NewEvent<'_>,
    change: Position,
) -> Result<Seq, Trouble> {
    let send_key: &[u8] = match &new.send_key {
        Some(key) => &key.0,
        None => &[],
    };
    let tip = writing.tips.of(writing.connection, conversation)?;
    let seq = tip.last_seq.next();
    let statement = prepared(&mut writing.inserts.event, writing.connection, EVENT_INSERT)?;
    statement.execute(params![
        to_sql(change.0),
        to_sql(conversation.0),
        to_sql(seq.0),
        to_sql(new.sender.0),
        to_sql(new.at.0),
        new.kind,
        new.silent,
        to_sql(tip.back(new.sender, new.silent)),
        send_key,
        new.body,
    ])?;
    tip.advance(new.sender, new.silent);
    Ok(seq)
}

/// What a send key was first used for.
pub(super) struct KeyUse {
    pub(super) conversation: ConversationId,
    pub(super) seq: Seq,
    pub(super) at: Moment,
    pub(super) digest: i64,
}

impl KeyUse {
    pub(super) fn find(
        connection: &Connection,
        sender: AccountId,
        key: SendKey,
    ) -> rusqlite::Result<Option<KeyUse>> {
        let mut find = connection.prepare_cached(SEND_KEY_FIND)?;
        find.query_row(params![key.0, to_sql(sender.0)], KeyUse::from_row).optional()
    }

    /// False if the sender has used the key already; then nothing is written.
    pub(super) fn insert(
        &self,
        writing: &mut Writing<'_>,
        sender: AccountId,
        key: SendKey,
    ) -> rusqlite::Result<bool> {
        let statement = prepared(&mut writing.inserts.send_key, writing.connection, SEND_KEY_INSERT)?;
        let inserted = statement.execute(params![
            key.0,
            to_sql(sender.0),
            to_sql(self.conversation.0),
            to_sql(self.seq.0),
            to_sql(self.at.0),
            self.digest,
        ])?;
        Ok(inserted == 1)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<KeyUse> {
        Ok(KeyUse {
            conversation: ConversationId(number(row, 0)?),
            seq: Seq(number(row, 1)?),
            at: Moment(number(row, 2)?),
            digest: row.get(3)?,
        })
    }
}

/// Tells apart the contents for which one key may be used: conversation, kind and body.
fn message_digest(message: &Append) -> i64 {
    let mut hash = Sha256::new();
    hash.update(message.conversation.0.to_be_bytes());
    hash.update(message.kind.to_be_bytes());
    hash.update(&message.body);
    first_64_bits(hash)
}

/// What a key that made a group has instead: shorter than any message's input, so never the same.
pub(super) fn group_digest() -> i64 {
    let mut hash = Sha256::new();
    hash.update(b"group");
    first_64_bits(hash)
}

fn first_64_bits(hash: Sha256) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    i64::from_be_bytes(first)
}

fn read_range(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
    range: Range,
) -> Result<Vec<Event>, Trouble> {
    let place = Place::find(connection, conversation, account)?;
    let first = range.first.max(place.from_seq);
    let last = range.last.min(place.end_seq());
    let mut events = Vec::new();
    let mut bytes = 0;
    let statement = if range.newest { RANGE_NEWEST } else { RANGE_OLDEST };
    let mut select = connection.prepare_cached(statement)?;
    let bounds = [to_sql(conversation.0), to_sql(first.0), to_sql(last.0), to_sql(range.limit as u64)];
    for event in select.query_map(bounds, |row| event_from_row(conversation, row))? {
        let event = event?;
        bytes += event.body.len();
        if bytes > range.bytes_max && !events.is_empty() {
            break;
        }
        events.push(event);
    }
    if range.newest {
        events.reverse();
    }
    Ok(events)
}
