//! What is saved from a damaged database before it is made anew: what the server does not have, and what makes the
//! chats look as before until it has sent the rest.
//!
//! That is the session, the people, the conversations with their drafts, and the outbox. Events, spans and members
//! are left behind: the server has them, and damage mostly lies there, because there is most of it.

use std::collections::BTreeMap;

use anser_client_core::local::{ConversationRow, OutboxRow, Save};
use anser_protocol::ids::Position;

use crate::decode::DecodeError;
use crate::restore::{conversation_from_row, outbox_from_row, person_from_row, session_from_row};
use crate::save::statements_for;
use crate::value::{Row, Statement};

/// Every table is read in the order in which it lies on disk (an index may be what is damaged), from both ends, so
/// that a page in the middle takes only its own rows with it.
const QUESTIONS: [&str; 7] = [
    "SELECT account, device, handle, display_name, token FROM session",
    "SELECT account, handle, display_name FROM people NOT INDEXED ORDER BY rowid",
    "SELECT account, handle, display_name FROM people NOT INDEXED ORDER BY rowid DESC",
    "SELECT conversation, is_group, change, title, peer, member_count, \
     last_seq, last_sender, last_at_ms, last_kind, last_body, last_silent, last_send_key, \
     from_seq, read, delivered, unread_base, unread_base_seq, has_left, draft \
     FROM conversations NOT INDEXED ORDER BY rowid",
    "SELECT conversation, is_group, change, title, peer, member_count, \
     last_seq, last_sender, last_at_ms, last_kind, last_body, last_silent, last_send_key, \
     from_seq, read, delivered, unread_base, unread_base_seq, has_left, draft \
     FROM conversations NOT INDEXED ORDER BY rowid DESC",
    "SELECT send_key, ordinal, conversation, kind, body, written_at_ms, \
     failed_reason, failed_field, failed_retry_after_ms FROM outbox NOT INDEXED ORDER BY rowid",
    "SELECT send_key, ordinal, conversation, kind, body, written_at_ms, \
     failed_reason, failed_field, failed_retry_after_ms FROM outbox NOT INDEXED ORDER BY rowid DESC",
];

/// The questions to ask a damaged database. One that fails is answered with the rows that came before it failed.
pub fn salvage_statements() -> Vec<Statement> {
    QUESTIONS.map(|sql| Statement { sql, params: Vec::new() }).into()
}

/// The answers to [`salvage_statements`], as what writes them into a new database of the present schema, in one
/// transaction. Rows that make no sense are left out. Without a session it is nothing at all: nobody knows whose
/// messages they were.
pub fn salvaged_statements(answers: Vec<Vec<Row>>) -> Vec<Statement> {
    let Ok([session, people, people_back, conversations, conversations_back, outbox, outbox_back]) =
        <[Vec<Row>; QUESTIONS.len()]>::try_from(answers)
    else {
        return Vec::new();
    };
    let Some(session) = readable(session, session_from_row).next() else { return Vec::new() };
    let mut saves = vec![Save::Session(session)];
    saves.extend(readable(from_both_ends(people, people_back), person_from_row).map(Save::Person));
    let conversations = from_both_ends(conversations, conversations_back);
    saves.extend(readable(conversations, conversation_from_row).map(forget_position).map(Save::Conversation));
    saves.extend(in_order(from_both_ends(outbox, outbox_back)).map(Save::Outbox));
    saves.iter().flat_map(statements_for).collect()
}

/// A row that both ends gave is written twice, which changes nothing.
fn from_both_ends(forward: Vec<Row>, mut backward: Vec<Row>) -> Vec<Row> {
    backward.reverse();
    [forward, backward].concat()
}

fn readable<T>(rows: Vec<Row>, read: fn(Row) -> Result<T, DecodeError>) -> impl Iterator<Item = T> {
    rows.into_iter().filter_map(move |row| read(row).ok())
}

/// The server's next word about the conversation counts, whatever the damaged file said.
fn forget_position(row: ConversationRow) -> ConversationRow {
    ConversationRow { change: Position(0), ..row }
}

fn in_order(rows: Vec<Row>) -> impl Iterator<Item = OutboxRow> {
    let by_ordinal: BTreeMap<_, _> = readable(rows, outbox_from_row).map(|row| (row.ordinal, row)).collect();
    by_ordinal.into_values()
}
