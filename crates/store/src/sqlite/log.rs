//! The logs, in SQLite.

use anser_failpoints::Mutant;
use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq};
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::rows::{Place, event_from_row, number, to_sql};
use super::writer::Writing;
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

const SEND_KEY_INSERT: &str = "
    INSERT INTO send_keys (send_key, sender_id, conversation_id, seq, at, digest)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const EVENT_INSERT: &str = "
    INSERT INTO events (conversation_id, seq, sender_id, at, kind, silent, send_key, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const CONVERSATION_ADVANCE: &str = "UPDATE conversations SET last_seq = ?2, change = ?3 WHERE id = ?1";

const MEMBERS_CHANGED: &str = "SELECT members_changed FROM conversations WHERE id = ?1";

const RANGE_OLDEST: &str = "
    SELECT conversation_id, seq, sender_id, at, kind, silent, send_key, body FROM events
    WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq LIMIT ?4";

const RANGE_NEWEST: &str = "
    SELECT conversation_id, seq, sender_id, at, kind, silent, send_key, body FROM events
    WHERE conversation_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq DESC LIMIT ?4";

const CANARY_BEAT: &str = "UPDATE canary SET beats = beats + 1 WHERE id = 1";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[SEND_KEY_FIND, CONVERSATION_ADVANCE, MEMBERS_CHANGED, RANGE_OLDEST, RANGE_NEWEST, CANARY_BEAT];

fn append(writing: &mut Writing<'_>, message: &Append, digest: i64) -> Result<Appended, Trouble> {
    if let Some(first) = KeyUse::find(writing.connection, message.sender, message.send_key)? {
        return repeated(writing.connection, &first, digest);
    }
    let place = Place::find(writing.connection, message.conversation, message.sender)?;
    if place.left() {
        return Err(Trouble::Refused(StoreError::NotAllowed));
    }
    let event = Event {
        conversation: message.conversation,
        seq: place.last_seq.next(),
        sender: message.sender,
        at: message.now,
        kind: message.kind,
        body: message.body.clone(),
        silent: message.silent,
        send_key: Some(message.send_key),
    };
    let stored =
        Appended { seq: event.seq, at: event.at, fresh: true, members_changed: place.members_changed };
    if anser_failpoints::is(Mutant::StoreForgetsSome) && event.at.0.is_multiple_of(16) {
        return Ok(stored);
    }
    let change = writing.tick();
    insert_event(writing.connection, &event, change)?;
    let first = KeyUse { conversation: event.conversation, seq: event.seq, at: event.at, digest };
    first.insert(writing.connection, message.sender, message.send_key)?;
    Ok(stored)
}

/// The first result again, if it was the same message. The event itself is not needed for that.
fn repeated(connection: &Connection, first: &KeyUse, digest: i64) -> Result<Appended, Trouble> {
    if first.digest != digest {
        return Err(Trouble::Refused(StoreError::SendKeyReused));
    }
    let mut find = connection.prepare_cached(MEMBERS_CHANGED)?;
    let members_changed =
        Seq(find.query_row([to_sql(first.conversation.0)], |row| number(row, "members_changed"))?);
    Ok(Appended { seq: first.seq, at: first.at, fresh: false, members_changed })
}

fn find_sent(connection: &Connection, sender: AccountId, send_key: SendKey) -> Result<Appended, Trouble> {
    match KeyUse::find(connection, sender, send_key)? {
        Some(first) if first.digest != group_digest() => repeated(connection, &first, first.digest),
        _ => Err(Trouble::Refused(StoreError::NotFound)),
    }
}

/// Writes an event and moves its conversation's end and change position to it.
pub(super) fn insert_event(connection: &Connection, event: &Event, change: Position) -> Result<(), Trouble> {
    let send_key: &[u8] = match &event.send_key {
        Some(key) => &key.0,
        None => &[],
    };
    connection.prepare_cached(EVENT_INSERT)?.execute(params![
        to_sql(event.conversation.0),
        to_sql(event.seq.0),
        to_sql(event.sender.0),
        to_sql(event.at.0),
        event.kind,
        event.silent,
        send_key,
        event.body,
    ])?;
    let mut advance = connection.prepare_cached(CONVERSATION_ADVANCE)?;
    advance.execute([to_sql(event.conversation.0), to_sql(event.seq.0), to_sql(change.0)])?;
    Ok(())
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

    pub(super) fn insert(
        &self,
        connection: &Connection,
        sender: AccountId,
        key: SendKey,
    ) -> rusqlite::Result<()> {
        connection.prepare_cached(SEND_KEY_INSERT)?.execute(params![
            key.0,
            to_sql(sender.0),
            to_sql(self.conversation.0),
            to_sql(self.seq.0),
            to_sql(self.at.0),
            self.digest,
        ])?;
        Ok(())
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<KeyUse> {
        Ok(KeyUse {
            conversation: ConversationId(number(row, "conversation_id")?),
            seq: Seq(number(row, "seq")?),
            at: Moment(number(row, "at")?),
            digest: row.get("digest")?,
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
    for event in select.query_map(bounds, event_from_row)? {
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
