//! How rows become values, and numbers cross over.

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq};
use rusqlite::{Connection, OptionalExtension, Row};

use super::Trouble;
use crate::conversations::{ConversationKind, Member};
use crate::error::StoreError;
use crate::log::Event;

/// SQLite's integers end at 2^63. What is above stops there: as an id it names nothing, as a seq it means
/// "to the end".
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// No column holds a negative number.
pub(super) fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The number in this column, counted from 0. By its name a column is looked for anew in every row, which was an eighth
/// of the cost of reading 50 messages.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(from_sql(row.get(column)?))
}

pub(super) fn kind_to_sql(kind: ConversationKind) -> i64 {
    match kind {
        ConversationKind::Direct => 1,
        ConversationKind::Group => 2,
    }
}

/// An account's place in a conversation, and the conversation around it.
pub(super) struct Place {
    pub(super) kind: ConversationKind,
    title: String,
    conversation_change: Position,
    pub(super) last_seq: Seq,
    pub(super) present_count: u32,
    pub(super) from_seq: Seq,
    left_seq: Seq,
    left_title: String,
    left_member_count: u32,
    pub(super) delivered: Seq,
    pub(super) read: Seq,
    member_change: Position,
}

pub(super) const PLACE: &str = "
    SELECT c.kind, c.title, max(c.change, e.id), e.seq, c.member_count,
        m.from_seq, m.left_seq, m.left_title, m.left_member_count, m.delivered, m.read, m.change
    FROM members AS m JOIN conversations AS c ON c.id = m.conversation_id
        JOIN events AS e ON e.conversation_id = c.id
    WHERE m.conversation_id = ?1 AND m.account_id = ?2 ORDER BY e.seq DESC LIMIT 1";

impl Place {
    /// `NotFound` unless the account is or was a member.
    pub(super) fn find(
        connection: &Connection,
        conversation: ConversationId,
        account: AccountId,
    ) -> Result<Place, Trouble> {
        let mut find = connection.prepare_cached(PLACE)?;
        let place =
            find.query_row([to_sql(conversation.0), to_sql(account.0)], Place::from_row).optional()?;
        place.ok_or(Trouble::Refused(StoreError::NotFound))
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Place> {
        Ok(Place {
            kind: match row.get(0)? {
                1 => ConversationKind::Direct,
                _ => ConversationKind::Group,
            },
            title: row.get(1)?,
            conversation_change: Position(number(row, 2)?),
            last_seq: Seq(number(row, 3)?),
            present_count: row.get(4)?,
            from_seq: Seq(number(row, 5)?),
            left_seq: Seq(number(row, 6)?),
            left_title: row.get(7)?,
            left_member_count: row.get(8)?,
            delivered: Seq(number(row, 9)?),
            read: Seq(number(row, 10)?),
            member_change: Position(number(row, 11)?),
        })
    }

    pub(super) fn left(&self) -> bool {
        self.left_seq != Seq(0)
    }

    /// The last event this member may see.
    pub(super) fn end_seq(&self) -> Seq {
        if self.left() { self.left_seq } else { self.last_seq }
    }

    /// When this member's view last changed. One who left sees no later changes.
    pub(super) fn change(&self) -> Position {
        if self.left() { self.member_change } else { self.member_change.max(self.conversation_change) }
    }

    pub(super) fn visible_title(&self) -> &str {
        if self.left() { &self.left_title } else { &self.title }
    }

    /// Present members as this member knows them.
    pub(super) fn visible_member_count(&self) -> u32 {
        if self.left() { self.left_member_count } else { self.present_count }
    }

    /// The conversation's title now.
    pub(super) fn title(&self) -> &str {
        &self.title
    }
}

/// What [`event_from_row`] reads, to begin a statement with.
macro_rules! select_events {
    ($rest:literal) => {
        concat!("SELECT seq, sender_id, at, kind, silent, send_key, body FROM events ", $rest)
    };
}
pub(super) use select_events;

/// From a row of `select_events`. The log is known to whoever asked.
pub(super) fn event_from_row(conversation: ConversationId, row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        conversation,
        seq: Seq(number(row, 0)?),
        sender: AccountId(number(row, 1)?),
        at: Moment(number(row, 2)?),
        kind: row.get(3)?,
        silent: row.get(4)?,
        send_key: SendKey::from_bytes(row.get_ref(5)?.as_blob()?),
        body: row.get(6)?,
    })
}

/// What [`member_from_row`] reads, to begin a statement with.
macro_rules! select_members {
    ($rest:literal) => {
        concat!("SELECT account_id, from_seq, delivered, read, left_seq FROM members ", $rest)
    };
}
pub(super) use select_members;

/// From a row of `select_members`: a member as others see it.
pub(super) fn member_from_row(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        account: AccountId(number(row, 0)?),
        from_seq: Seq(number(row, 1)?),
        delivered: Seq(number(row, 2)?),
        read: Seq(number(row, 3)?),
        left: number(row, 4)? > 0,
    })
}
