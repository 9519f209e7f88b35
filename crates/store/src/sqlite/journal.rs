//! Which conversation changed at which change position: the events, and beside them what was no event.
//!
//! Somebody who comes back after a moment asks what changed since. Looking at each of 2,000 chats for that cost 2 ms;
//! here the few changes of everybody since then are looked at instead, when they are fewer.

use std::collections::BTreeSet;

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId};
use rusqlite::{Connection, OptionalExtension};

use super::rows::{number, to_sql};

/// Positions for which what was no event is kept on record: a megabyte.
const KEPT: u64 = 100_000;
/// Forgotten so many at a time.
const FORGOTTEN_AT_ONCE: u64 = 1_024;
/// To look at a chat costs as much as to look at so many changes.
const CHANGES_PER_CHAT: u64 = 4;

/// An event tells its own position; the rest is on record here.
pub(super) const CHANGE_POSITION: &str =
    "SELECT max((SELECT coalesce(max(change), 0) FROM moves), (SELECT coalesce(max(id), 0) FROM events))";

const BEGINNING: &str = "SELECT min(change) FROM moves";

const MOVE_INSERT: &str = "INSERT INTO moves (change, conversation_id) VALUES (?1, ?2)";

// Never the last one: it may be the newest position of all.
const MOVES_FORGET: &str = "DELETE FROM moves WHERE change < min(?1, (SELECT max(change) FROM moves))";

const MOVED: &str = "SELECT conversation_id FROM moves WHERE change > ?1";

const WITH_EVENTS: &str = "SELECT conversation_id FROM events WHERE id > ?1";

const HAS_MORE_CHATS: &str = "SELECT 1 FROM members WHERE account_id = ?1 LIMIT 1 OFFSET ?2";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[BEGINNING, MOVES_FORGET, MOVED, WITH_EVENTS, HAS_MORE_CHATS];

/// The newest change position ever given.
pub(super) fn change_position(connection: &Connection) -> rusqlite::Result<Position> {
    let change = connection.prepare_cached(CHANGE_POSITION)?.query_one([], |row| number(row, 0))?;
    Ok(Position(change))
}

/// Records a change that is no event.
pub(super) fn record_move(
    connection: &Connection,
    conversation: ConversationId,
    change: Position,
) -> rusqlite::Result<()> {
    connection.prepare_cached(MOVE_INSERT)?.execute([to_sql(change.0), to_sql(conversation.0)])?;
    if change.0.is_multiple_of(FORGOTTEN_AT_ONCE) {
        connection.prepare_cached(MOVES_FORGET)?.execute([to_sql(change.0.saturating_sub(KEPT))])?;
    }
    Ok(())
}

/// The conversations that changed after `since`, of everybody; `None` if to look at all chats of this account is
/// cheaper, or if it is not on record.
pub(super) fn changed_since(
    connection: &Connection,
    account: AccountId,
    since: Position,
    position: Position,
) -> rusqlite::Result<Option<BTreeSet<ConversationId>>> {
    let changes = position.0.saturating_sub(since.0);
    let mut has_more = connection.prepare_cached(HAS_MORE_CHATS)?;
    if changes > KEPT || !has_more.exists([to_sql(account.0), to_sql(changes / CHANGES_PER_CHAT)])? {
        return Ok(None);
    }
    let mut find = connection.prepare_cached(BEGINNING)?;
    let beginning = find.query_row([], |row| row.get::<_, Option<i64>>(0)).optional()?.flatten();
    if beginning.is_none_or(|beginning| to_sql(since.0) < beginning) {
        return Ok(None);
    }
    let mut changed = BTreeSet::new();
    for statement in [WITH_EVENTS, MOVED] {
        let mut select = connection.prepare_cached(statement)?;
        for conversation in select.query_map([to_sql(since.0)], |row| number(row, 0))? {
            changed.insert(ConversationId(conversation?));
        }
    }
    Ok(Some(changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0).unwrap();
        let chats = "INSERT INTO conversations (id, kind, title, change, members_changed, member_count)
                SELECT value, 2, '', 0, 1, 1 FROM json_each('[1, 2, 3, 4, 5, 6, 7, 8]');
            INSERT INTO accounts VALUES (1, 'alice', 'Alice', '', 0);
            INSERT INTO members SELECT id, 1, 1, 0, '', 0, 0, 0, 0 FROM conversations";
        connection.execute_batch(chats).unwrap();
        connection
    }

    fn changed(connection: &Connection, since: u64) -> Option<Vec<u64>> {
        let position = change_position(connection).unwrap();
        let changed = changed_since(connection, AccountId(1), Position(since), position).unwrap();
        changed.map(|changed| changed.into_iter().map(|conversation| conversation.0).collect())
    }

    #[test]
    fn few_changes_are_looked_at_and_many_are_not() {
        let connection = database();
        for (change, conversation) in [(1, 3), (2, 5), (3, 3)] {
            record_move(&connection, ConversationId(conversation), Position(change)).unwrap();
        }
        assert_eq!(changed(&connection, 0), Some(vec![3, 5]));
        assert_eq!(changed(&connection, 2), Some(vec![3]));
        // Eight chats are looked at sooner than that.
        record_move(&connection, ConversationId(1), Position(40)).unwrap();
        assert_eq!(changed(&connection, 2), None);
        assert_eq!(changed(&connection, 20), Some(vec![1]));
    }

    #[test]
    fn what_is_no_longer_on_record_is_not_answered() {
        let connection = database();
        let forgets = 200 * FORGOTTEN_AT_ONCE;
        for change in [1, forgets - KEPT - 1, forgets - KEPT + 1, forgets] {
            record_move(&connection, ConversationId(change % 8), Position(change)).unwrap();
        }
        let beginning: u64 = connection.query_one(BEGINNING, [], |row| number(row, 0)).unwrap();
        assert_eq!(beginning, forgets - KEPT + 1);
        assert_eq!(changed(&connection, forgets - 1), Some(vec![forgets % 8]));
        // However long ago it was, the last one stays: nothing else may say the newest position.
        let event = "INSERT INTO events VALUES (?1, 1, 1, 1, 0, 1, 0, 0, x'', x'')";
        connection.execute(event, [to_sql(9 * forgets)]).unwrap();
        connection.prepare_cached(MOVES_FORGET).unwrap().execute([to_sql(8 * forgets)]).unwrap();
        assert_eq!(connection.query_one(BEGINNING, [], |row| number(row, 0)).unwrap(), forgets);
        assert_eq!(changed(&connection, 9 * forgets - 1), Some(vec![1]));
        connection.execute_batch("DELETE FROM moves; DELETE FROM events").unwrap();
        assert_eq!(changed(&connection, 0), None);
        record_move(&connection, ConversationId(1), Position(7)).unwrap();
        assert_eq!((changed(&connection, 6), changed(&connection, 7)), (None, Some(vec![])));
    }
}
