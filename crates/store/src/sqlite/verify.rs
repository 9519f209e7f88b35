//! Whether the database is whole: what `anser doctor` and the tests that kill a server ask.

use rusqlite::Connection;

use super::{SqliteStore, Trouble};
use crate::error::StoreError;

/// Each finds rows that break a rule of ours; the text says which.
const RULES: &[(&str, &str)] = &[
    (
        "a log is not dense from 1 to its end",
        "SELECT id FROM conversations AS c WHERE
            (SELECT count(*) FROM events WHERE conversation_id = c.id)
                <> (SELECT coalesce(max(seq), -1) FROM events WHERE conversation_id = c.id)",
    ),
    (
        "a send key leads beyond the end of its log",
        "SELECT k.conversation_id FROM send_keys AS k
            WHERE k.seq > (SELECT coalesce(max(seq), 0) FROM events WHERE conversation_id = k.conversation_id)",
    ),
    (
        "an event is of an account or a conversation that does not exist",
        "SELECT conversation_id FROM events
            WHERE sender_id NOT IN (SELECT id FROM accounts)
            OR conversation_id NOT IN (SELECT id FROM conversations)",
    ),
    (
        "an event does not lead back to the right one",
        "WITH
            counting AS (
                SELECT id, conversation_id, seq,
                    lag(seq, 1, 0) OVER log AS before, lag(sender_id) OVER log IS NOT sender_id AS begins_run
                FROM events WHERE silent = 0
                WINDOW log AS (PARTITION BY conversation_id ORDER BY seq)
            ),
            target AS (
                SELECT id, max(CASE WHEN begins_run THEN before END)
                    OVER (PARTITION BY conversation_id ORDER BY seq) AS seq
                FROM counting
                UNION ALL
                SELECT id, (SELECT coalesce(max(seq), 0) FROM events AS o
                    WHERE o.conversation_id = e.conversation_id AND o.seq < e.seq AND o.silent = 0) AS seq
                FROM events AS e WHERE silent <> 0
            )
            SELECT e.conversation_id FROM target AS t JOIN events AS e ON e.id = t.id
            WHERE e.seq - e.back <> t.seq",
    ),
    (
        "a count of present members is wrong",
        "SELECT id FROM conversations AS c WHERE member_count <>
            (SELECT count(*) FROM members WHERE conversation_id = c.id AND left_seq = 0)",
    ),
    (
        "a message has no send key on record, or another one's",
        "SELECT e.conversation_id FROM events AS e
            LEFT JOIN send_keys AS k ON k.send_key = e.send_key AND k.sender_id = e.sender_id
            WHERE length(e.send_key) > 0 AND (k.conversation_id, k.seq) IS NOT (e.conversation_id, e.seq)",
    ),
    (
        "a change position is ahead of those on record",
        "WITH newest AS (
                SELECT max(coalesce(max(change), 0), (SELECT coalesce(max(id), 0) FROM events)) AS change FROM moves
            )
            SELECT id FROM conversations WHERE change > (SELECT change FROM newest)
            UNION ALL
            SELECT conversation_id FROM members WHERE change > (SELECT change FROM newest)",
    ),
    (
        "a change is not on record",
        "WITH
            beginning AS (SELECT min(change) AS change FROM moves),
            told AS (SELECT id, change FROM conversations UNION ALL SELECT conversation_id, change FROM members)
            SELECT id FROM told AS t WHERE change > (SELECT change FROM beginning)
                AND NOT EXISTS (SELECT 1 FROM events AS e WHERE e.id = t.change AND e.conversation_id = t.id)
                AND NOT EXISTS (SELECT 1 FROM moves AS m WHERE m.change = t.change AND m.conversation_id = t.id)",
    ),
    (
        "a position is outside of what its member may see",
        "SELECT m.conversation_id FROM members AS m
            WHERE m.read > m.delivered OR m.read < m.from_seq - 1
            OR m.delivered > CASE WHEN m.left_seq > 0 THEN m.left_seq
                ELSE (SELECT max(seq) FROM events WHERE conversation_id = m.conversation_id) END",
    ),
];

impl SqliteStore {
    /// Reads everything and returns what is wrong, in words; nothing when all is well. Slow on a large store.
    pub async fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.readers.ask_thread(find_faults).await
    }
}

fn find_faults(connection: &Connection) -> Result<Vec<String>, Trouble> {
    let mut faults = Vec::new();
    for text in connection.prepare("PRAGMA integrity_check")?.query_map([], |row| row.get(0))? {
        let text: String = text?;
        if text != "ok" {
            faults.push(text);
        }
    }
    for table in connection.prepare("PRAGMA foreign_key_check")?.query_map([], |row| row.get(0))? {
        let table: String = table?;
        faults.push(format!("a row of {table} refers to one that does not exist"));
    }
    for (words, rule) in RULES {
        for conversation in connection.prepare(rule)?.query_map([], |row| row.get(0))? {
            let conversation: i64 = conversation?;
            faults.push(format!("conversation {conversation}: {words}"));
        }
    }
    Ok(faults)
}
