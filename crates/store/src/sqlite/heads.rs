//! One member's view of its conversations, in SQLite.
//!
//! Nothing is stored for a view: it is put together from the conversation, the member and the log when asked
//! for, by a few look-ups each.

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Seq, limits};
use rusqlite::{Connection, Row};

use super::rows::{Place, event_from_row, from_sql, number, to_sql};
use super::{Trouble, schema};
use crate::conversations::{ConversationKind, HeadPage, HeadRow, Member};
use crate::log::Event;

const CHANGED: &str = "
    SELECT m.conversation_id,
        CASE WHEN m.left_seq > 0 THEN m.change ELSE max(m.change, c.change) END AS head_change
    FROM members AS m JOIN conversations AS c ON c.id = m.conversation_id
    WHERE m.account_id = ?1 AND head_change > ?2 AND head_change < ?3
    ORDER BY head_change DESC LIMIT ?4";

const EVENT_AT: &str = "
    SELECT conversation_id, seq, sender_id, at, kind, silent, send_key, body FROM events
    WHERE conversation_id = ?1 AND seq = ?2";

const UNREAD: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM events
        WHERE conversation_id = ?1 AND seq > ?2 AND seq <= ?3 AND silent = 0 AND sender_id <> ?4
        LIMIT ?5
    )";

const PEER: &str = "
    SELECT account_id, from_seq, delivered, read, left_seq FROM members
    WHERE conversation_id = ?1 AND account_id <> ?2";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[CHANGED, EVENT_AT, UNREAD, PEER];

/// See [`crate::Conversations::head`].
pub(super) fn head(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
) -> Result<HeadRow, Trouble> {
    let place = Place::find(connection, conversation, account)?;
    let peer = match place.kind {
        ConversationKind::Direct => Some(peer_of(connection, account, conversation)?),
        ConversationKind::Group => None,
    };
    Ok(HeadRow {
        conversation,
        kind: place.kind,
        change: place.change(),
        title: place.visible_title().to_owned(),
        last: event_at(connection, conversation, place.end_seq())?,
        from_seq: place.from_seq,
        read: place.read,
        delivered: place.delivered,
        unread: unread(connection, account, conversation, &place)?,
        member_count: place.visible_member_count(),
        peer,
        left: place.left(),
    })
}

/// See [`crate::Conversations::heads_changed`].
pub(super) fn heads_changed(
    connection: &Connection,
    account: AccountId,
    since: Position,
    before: Option<Position>,
    limit: usize,
) -> Result<HeadPage, Trouble> {
    let before = before.map_or(i64::MAX, |before| to_sql(before.0));
    let limit = limit.max(1);
    let mut select = connection.prepare_cached(CHANGED)?;
    // One more than asked for tells whether there is a next page.
    let bounds = [to_sql(account.0), to_sql(since.0), before, to_sql(limit as u64 + 1)];
    let mut changed = Vec::new();
    for row in select.query_map(bounds, |row| Ok(ConversationId(number(row, "conversation_id")?)))? {
        changed.push(row?);
    }
    let more = changed.len() > limit;
    changed.truncate(limit);
    let mut heads = Vec::with_capacity(changed.len());
    for conversation in changed {
        heads.push(head(connection, account, conversation)?);
    }
    let next = if more { heads.last().map(|head| head.change) } else { None };
    Ok(HeadPage { heads, position: schema::change_position(connection)?, next })
}

/// A row of `members` as others see it.
pub(super) fn member_from_row(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        account: AccountId(number(row, "account_id")?),
        from_seq: Seq(number(row, "from_seq")?),
        delivered: Seq(number(row, "delivered")?),
        read: Seq(number(row, "read")?),
        left: number(row, "left_seq")? > 0,
    })
}

fn peer_of(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
) -> rusqlite::Result<Member> {
    let mut find = connection.prepare_cached(PEER)?;
    find.query_row([to_sql(conversation.0), to_sql(account.0)], member_from_row)
}

fn event_at(connection: &Connection, conversation: ConversationId, seq: Seq) -> rusqlite::Result<Event> {
    let mut find = connection.prepare_cached(EVENT_AT)?;
    find.query_row([to_sql(conversation.0), to_sql(seq.0)], event_from_row)
}

fn unread(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
    place: &Place,
) -> rusqlite::Result<u32> {
    let mut count = connection.prepare_cached(UNREAD)?;
    let bounds = [
        to_sql(conversation.0),
        to_sql(place.read.0),
        to_sql(place.end_seq().0),
        to_sql(account.0),
        i64::from(limits::UNREAD_COUNT_MAX),
    ];
    let unread = count.query_row(bounds, |row| row.get(0))?;
    Ok(u32::try_from(from_sql(unread)).unwrap_or(limits::UNREAD_COUNT_MAX))
}
