//! Whether the database is whole: what `anser doctor` and the tests that kill a server ask.

use rusqlite::Connection;

use super::{SqliteStore, Trouble};
use crate::error::StoreError;

/// Each finds rows that break a rule of ours; the text says which.
const RULES: &[(&str, &str)] = &[
    (
        "a log is not dense from 1 to its end",
        "SELECT id FROM conversations AS c WHERE last_seq <> (SELECT count(*) FROM events WHERE conversation_id = c.id)
            OR last_seq <> (SELECT max(seq) FROM events WHERE conversation_id = c.id)",
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
        "a change position is ahead of the clock",
        "SELECT id FROM conversations WHERE change > (SELECT change FROM clock WHERE id = 1)
            UNION ALL
            SELECT conversation_id FROM members WHERE change > (SELECT change FROM clock WHERE id = 1)",
    ),
    (
        "a position is outside of what its member may see",
        "SELECT m.conversation_id FROM members AS m JOIN conversations AS c ON c.id = m.conversation_id
            WHERE m.read > m.delivered OR m.read < m.from_seq - 1
            OR m.delivered > CASE WHEN m.left_seq > 0 THEN m.left_seq ELSE c.last_seq END",
    ),
];

impl SqliteStore {
    /// Reads everything and returns what is wrong, in words; nothing when all is well. Slow on a large store.
    pub async fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.readers.ask(find_faults).await
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
