//! One member's view of its conversations, in SQLite.
//!
//! Nothing is stored for a view: it is put together from the conversation, the member and the log when asked
//! for, by a few look-ups each.

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Seq, limits};
use rusqlite::{Connection, OptionalExtension, Row};

use super::rows::{
    Place, event_from_row, from_sql, member_from_row, number, select_events, select_members, to_sql,
};
use super::tips::Link;
use super::{Trouble, journal};
use crate::conversations::{ConversationKind, HeadPage, HeadRow, Member};
use crate::log::Event;

macro_rules! select_changes {
    ($condition:literal) => {
        concat!(
            "SELECT m.conversation_id, m.left_seq, m.change, c.change, (
                SELECT id FROM events WHERE conversation_id = m.conversation_id ORDER BY seq DESC LIMIT 1)
            FROM members AS m JOIN conversations AS c ON c.id = m.conversation_id WHERE ",
            $condition
        )
    };
}

const MEMBERSHIPS: &str = select_changes!("m.account_id = ?1");

const MEMBERSHIP: &str = select_changes!("m.account_id = ?1 AND m.conversation_id = ?2");

const EVENT_AT: &str = select_events!("WHERE conversation_id = ?1 AND seq = ?2");

const UNREAD: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM events
        WHERE conversation_id = ?1 AND seq > ?2 AND seq <= ?3 AND silent = 0 AND sender_id <> ?4
        LIMIT ?5
    )";

const LINKS: &str = "
    SELECT seq, sender_id, silent, back FROM events
    WHERE conversation_id = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq DESC";

const PEER: &str = select_members!("WHERE conversation_id = ?1 AND account_id <> ?2");

/// To look at one event after the other costs half of what a walk by links does.
const UNREAD_SCANNED_MAX: u64 = 1_000;
/// To look up a place in a log costs about as much as to walk over so many events.
const LINK_WALKED_MAX: u64 = 8;

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[MEMBERSHIPS, MEMBERSHIP, EVENT_AT, UNREAD, LINKS, PEER];

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
    let before = before.unwrap_or(Position(u64::MAX));
    let position = journal::change_position(connection)?;
    let mut changed = Vec::new();
    // Who is up to date, as most are who come back after a moment, is told so without a look at anything.
    if since < position {
        match journal::changed_since(connection, account, since, position)? {
            Some(conversations) => {
                let mut find = connection.prepare_cached(MEMBERSHIP)?;
                for conversation in conversations {
                    let of_both = [to_sql(account.0), to_sql(conversation.0)];
                    changed.extend(find.query_row(of_both, changed_from_row).optional()?);
                }
            }
            None => {
                let mut select = connection.prepare_cached(MEMBERSHIPS)?;
                for row in select.query_map([to_sql(account.0)], changed_from_row)? {
                    changed.push(row?);
                }
            }
        }
        changed.retain(|(change, _)| *change > since && *change < before);
        changed.sort_unstable_by(|one, other| other.cmp(one));
    }
    let more = changed.len() > limit.max(1);
    changed.truncate(limit.max(1));
    let mut heads = Vec::with_capacity(changed.len());
    for (_, conversation) in changed {
        heads.push(head(connection, account, conversation)?);
    }
    let next = if more { heads.last().map(|head| head.change) } else { None };
    Ok(HeadPage { heads, position, next })
}

/// When a member's view last changed, and of which conversation. One who left sees no later changes.
fn changed_from_row(row: &Row<'_>) -> rusqlite::Result<(Position, ConversationId)> {
    let mut change = number(row, 2)?;
    if number(row, 1)? == 0 {
        change = change.max(number(row, 3)?).max(number(row, 4)?);
    }
    Ok((Position(change), ConversationId(number(row, 0)?)))
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
    find.query_row([to_sql(conversation.0), to_sql(seq.0)], |row| event_from_row(conversation, row))
}

/// Of the newest events each is looked at; what lies further back is walked by its links, past all that does not count.
fn unread(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
    place: &Place,
) -> rusqlite::Result<u32> {
    let (read, end) = (place.read, place.end_seq());
    let walked = Seq(end.0.saturating_sub(UNREAD_SCANNED_MAX).max(read.0));
    let mut count = connection.prepare_cached(UNREAD)?;
    let bounds = [conversation.0, walked.0, end.0, account.0, u64::from(limits::UNREAD_COUNT_MAX)];
    let newest = count.query_row(bounds.map(to_sql), |row| row.get(0))?;
    let newest = u32::try_from(from_sql(newest)).unwrap_or(limits::UNREAD_COUNT_MAX);
    Ok(newest + walk(connection, account, conversation, (read, walked), limits::UNREAD_COUNT_MAX - newest)?)
}

/// How many events after `read` up to `last` count for this account, at most `limit`. Looks at no more than twice as
/// many, however many of the account's own lie there.
fn walk(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
    (read, last): (Seq, Seq),
    limit: u32,
) -> rusqlite::Result<u32> {
    let mut select = connection.prepare_cached(LINKS)?;
    let mut unread = 0;
    let mut next = last;
    while next > read && unread < limit {
        let bounds = [conversation.0, read.0, next.0].map(to_sql);
        next = Seq(0);
        for link in select.query_map(bounds, Link::from_row)? {
            let link = link?;
            let counts = !link.silent && link.sender != account;
            unread += u32::from(counts);
            if unread >= limit {
                break;
            }
            if !counts && link.seq.0 - link.target().0 > LINK_WALKED_MAX {
                next = link.target();
                break;
            }
        }
    }
    Ok(unread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    /// Whatever lies in a log, and wherever one begins.
    #[test]
    fn a_walk_counts_what_a_look_at_each_event_counts() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0).unwrap();
        let insert =
            "INSERT INTO events (id, conversation_id, seq, sender_id, at, kind, silent, back, send_key, body)
            VALUES (?1, 1, ?1, ?2, 0, 1, ?3, ?1 - coalesce((
                SELECT max(seq) FROM events WHERE silent = 0 AND (?3 = 1 OR sender_id <> ?2)), 0), x'', x'')";
        for seq in 1..=300_i64 {
            // Runs of all lengths, and some that are long.
            let sender = if seq % 100 > 40 { 1 } else { 1 + seq * seq / 7 % 3 };
            connection.execute(insert, [seq, sender, i64::from(seq % 11 > 8)]).unwrap();
        }
        let count = |read: Seq, last: Seq, limit: u32| {
            let bounds = [1, read.0, last.0, 1, u64::from(limit)].map(to_sql);
            connection.query_row(UNREAD, bounds, |row| row.get::<_, u32>(0)).unwrap()
        };
        for (read, last, limit) in
            [(0, 300, 1_000), (0, 300, 40), (17, 299, 1_000), (150, 180, 7), (200, 200, 9)]
        {
            let walked =
                walk(&connection, AccountId(1), ConversationId(1), (Seq(read), Seq(last)), limit).unwrap();
            assert_eq!(walked, count(Seq(read), Seq(last), limit), "{read} to {last}, at most {limit}");
        }
    }
}
