//! What an engine needs at start: eight questions, and their answers put together.

use anser_client_core::Failure;
use anser_client_core::local::{
    ConversationRow, EventRow, MemberRow, NetworkRow, OutboxRow, PersonRow, Restored, SessionRow, SpanRow,
};
use anser_protocol::ids::Position;
use anser_protocol::link::Learned;
use anser_protocol::{ConversationId, Moment};

use crate::decode::{Columns, DecodeError};
use crate::failure;
use crate::value::{Row, Statement};

/// One question per table; their answers, in this order, go to [`restored_from_rows`].
const QUESTIONS: [&str; 8] = [
    "SELECT account, device, handle, display_name, token FROM session",
    "SELECT position FROM synced",
    "SELECT account, handle, display_name FROM people ORDER BY account",
    "SELECT conversation, account, from_seq, delivered, read, has_left FROM members \
     ORDER BY conversation, account",
    "SELECT conversation, is_group, change, title, peer, member_count, \
     last_seq, last_sender, last_at_ms, last_kind, last_body, last_silent, last_send_key, \
     from_seq, read, delivered, unread_base, unread_base_seq, has_left, draft \
     FROM conversations ORDER BY conversation",
    "SELECT conversation, first_seq, last_seq FROM spans ORDER BY conversation, first_seq",
    "SELECT send_key, ordinal, conversation, kind, body, written_at_ms, \
     failed_reason, failed_field, failed_retry_after_ms FROM outbox ORDER BY ordinal",
    "SELECT name, held_ms, broke_ms, broken, retry_at_ms, seen_at_ms FROM networks ORDER BY name",
];

/// The questions to ask at start.
pub fn restore_statements() -> Vec<Statement> {
    QUESTIONS.map(|sql| Statement { sql, params: Vec::new() }).into()
}

/// The answers to [`restore_statements`]: one list of rows for each.
pub fn restored_from_rows(answers: Vec<Vec<Row>>) -> Result<Restored, DecodeError> {
    let Ok([session, synced, people, members, conversations, spans, outbox, networks]) =
        <[Vec<Row>; QUESTIONS.len()]>::try_from(answers)
    else {
        return Err(DecodeError {
            table: "(all)",
            column: "(rows)",
            problem: "do not answer every question",
        });
    };
    Ok(Restored {
        session: session.into_iter().next().map(session_from_row).transpose()?,
        synced: synced.into_iter().next().map(synced_from_row).transpose()?.unwrap_or_default(),
        people: people.into_iter().map(person_from_row).collect::<Result<_, _>>()?,
        members: members.into_iter().map(member_from_row).collect::<Result<_, _>>()?,
        conversations: conversations.into_iter().map(conversation_from_row).collect::<Result<_, _>>()?,
        spans: spans.into_iter().map(span_from_row).collect::<Result<_, _>>()?,
        outbox: outbox.into_iter().map(outbox_from_row).collect::<Result<_, _>>()?,
        networks: networks.into_iter().map(network_from_row).collect::<Result<_, _>>()?,
    })
}

pub(crate) fn session_from_row(row: Row) -> Result<SessionRow, DecodeError> {
    let mut columns = Columns::of("session", row);
    let session = SessionRow {
        account: columns.account("account")?,
        device: columns.device("device")?,
        handle: columns.text("handle")?,
        display_name: columns.text("display_name")?,
        token: columns.blob("token")?,
    };
    columns.end()?;
    Ok(session)
}

fn synced_from_row(row: Row) -> Result<Position, DecodeError> {
    let mut columns = Columns::of("synced", row);
    let position = columns.position("position")?;
    columns.end()?;
    Ok(position)
}

pub(crate) fn person_from_row(row: Row) -> Result<PersonRow, DecodeError> {
    let mut columns = Columns::of("people", row);
    let person = PersonRow {
        account: columns.account("account")?,
        handle: columns.text("handle")?,
        display_name: columns.text("display_name")?,
    };
    columns.end()?;
    Ok(person)
}

fn member_from_row(row: Row) -> Result<MemberRow, DecodeError> {
    let mut columns = Columns::of("members", row);
    let member = MemberRow {
        conversation: columns.conversation("conversation")?,
        account: columns.account("account")?,
        from_seq: columns.seq("from_seq")?,
        delivered: columns.seq("delivered")?,
        read: columns.seq("read")?,
        left: columns.flag("has_left")?,
    };
    columns.end()?;
    Ok(member)
}

pub(crate) fn conversation_from_row(row: Row) -> Result<ConversationRow, DecodeError> {
    let mut columns = Columns::of("conversations", row);
    let conversation = columns.conversation("conversation")?;
    let row = ConversationRow {
        conversation,
        group: columns.flag("is_group")?,
        change: columns.position("change")?,
        title: columns.text("title")?,
        peer: columns.optional_account("peer")?,
        member_count: columns.small_number("member_count")?,
        last: last_event_from(conversation, &mut columns)?,
        from_seq: columns.seq("from_seq")?,
        read: columns.seq("read")?,
        delivered: columns.seq("delivered")?,
        unread_base: columns.small_number("unread_base")?,
        unread_base_seq: columns.seq("unread_base_seq")?,
        left: columns.flag("has_left")?,
        draft: columns.text("draft")?,
    };
    columns.end()?;
    Ok(row)
}

fn last_event_from(conversation: ConversationId, columns: &mut Columns) -> Result<EventRow, DecodeError> {
    Ok(EventRow {
        conversation,
        seq: columns.seq("last_seq")?,
        sender: columns.account("last_sender")?,
        at_ms: columns.number("last_at_ms")?,
        kind: columns.small_number("last_kind")?,
        body: columns.blob("last_body")?,
        silent: columns.flag("last_silent")?,
        send_key: columns.optional_send_key("last_send_key")?,
    })
}

fn span_from_row(row: Row) -> Result<(ConversationId, SpanRow), DecodeError> {
    let mut columns = Columns::of("spans", row);
    let conversation = columns.conversation("conversation")?;
    let span = SpanRow { first: columns.seq("first_seq")?, last: columns.seq("last_seq")? };
    if span.first > span.last {
        return Err(columns.error("last_seq", "comes before first_seq"));
    }
    columns.end()?;
    Ok((conversation, span))
}

pub(crate) fn outbox_from_row(row: Row) -> Result<OutboxRow, DecodeError> {
    let mut columns = Columns::of("outbox", row);
    let row = OutboxRow {
        send_key: columns.send_key("send_key")?,
        ordinal: columns.number("ordinal")?,
        conversation: columns.conversation("conversation")?,
        kind: columns.small_number("kind")?,
        body: columns.blob("body")?,
        written_at_ms: columns.number("written_at_ms")?,
        failed: failure_from(&mut columns)?,
    };
    columns.end()?;
    Ok(row)
}

fn failure_from(columns: &mut Columns) -> Result<Option<Failure>, DecodeError> {
    let name = columns.optional_text("failed_reason")?;
    let field = columns.text("failed_field")?;
    let retry_after_ms = columns.small_number("failed_retry_after_ms")?;
    let Some(name) = name else { return Ok(None) };
    let Some(reason) = failure::reason_from_name(&name) else {
        return Err(columns.error("failed_reason", "is no reason that we know"));
    };
    Ok(Some(Failure { reason, field, retry_after_ms }))
}

fn network_from_row(row: Row) -> Result<NetworkRow, DecodeError> {
    let mut columns = Columns::of("networks", row);
    let network = NetworkRow {
        name: columns.text("name")?,
        learned: Learned {
            held_ms: columns.number("held_ms")?,
            broke_ms: columns.number("broke_ms")?,
            broken: columns.small_number("broken")?,
            retry_at: Moment(columns.number("retry_at_ms")?),
        },
        seen_at_ms: columns.number("seen_at_ms")?,
    };
    columns.end()?;
    Ok(network)
}
