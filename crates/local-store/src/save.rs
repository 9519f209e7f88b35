//! `Save` → statements: what each change of the local store does to the tables.

use anser_client_core::local::{
    ConversationRow, EventRow, MemberRow, NetworkRow, OutboxRow, PersonRow, Save, SessionRow, SpanRow,
};
use anser_protocol::ConversationId;

use crate::failure;
use crate::value::{Statement, Value};

/// The statements of one change. Those of all changes of one `Output::Save` belong into one transaction.
pub fn statements_for(save: &Save) -> Vec<Statement> {
    match save {
        Save::Session(row) => vec![put_session(row)],
        Save::Synced(position) => vec![Statement {
            sql: "INSERT INTO synced (only, position) VALUES (1, ?1) \
                  ON CONFLICT (only) DO UPDATE SET position = excluded.position",
            params: vec![Value::number(position.0)],
        }],
        Save::Person(row) => vec![put_person(row)],
        Save::Member(row) => vec![put_member(row)],
        Save::Conversation(row) => vec![put_conversation(row)],
        Save::Event(row) => vec![put_event(row)],
        Save::Spans { conversation, spans } => put_spans(*conversation, spans),
        Save::Outbox(row) => vec![put_outbox(row)],
        Save::OutboxGone(send_key) => vec![Statement {
            sql: "DELETE FROM outbox WHERE send_key = ?1",
            params: vec![Value::blob(&send_key.0)],
        }],
        Save::Network(row) => vec![put_network(row)],
        Save::NetworkGone(name) => {
            vec![Statement { sql: "DELETE FROM networks WHERE name = ?1", params: vec![Value::text(name)] }]
        }
        Save::Wipe => wipe(),
    }
}

fn put_session(row: &SessionRow) -> Statement {
    Statement {
        sql: "INSERT INTO session (only, account, device, handle, display_name, token) \
              VALUES (1, ?1, ?2, ?3, ?4, ?5) \
              ON CONFLICT (only) DO UPDATE SET account = excluded.account, device = excluded.device, \
              handle = excluded.handle, display_name = excluded.display_name, token = excluded.token",
        params: vec![
            Value::number(row.account.0),
            Value::number(row.device.0),
            Value::text(&row.handle),
            Value::text(&row.display_name),
            Value::blob(&row.token),
        ],
    }
}

fn put_person(row: &PersonRow) -> Statement {
    Statement {
        sql: "INSERT INTO people (account, handle, display_name) VALUES (?1, ?2, ?3) \
              ON CONFLICT (account) DO UPDATE SET handle = excluded.handle, display_name = excluded.display_name",
        params: vec![Value::number(row.account.0), Value::text(&row.handle), Value::text(&row.display_name)],
    }
}

fn put_member(row: &MemberRow) -> Statement {
    Statement {
        sql: "INSERT INTO members (conversation, account, from_seq, delivered, read, has_left) \
              VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
              ON CONFLICT (conversation, account) DO UPDATE SET from_seq = excluded.from_seq, \
              delivered = excluded.delivered, read = excluded.read, has_left = excluded.has_left",
        params: vec![
            Value::number(row.conversation.0),
            Value::number(row.account.0),
            Value::number(row.from_seq.0),
            Value::number(row.delivered.0),
            Value::number(row.read.0),
            Value::flag(row.left),
        ],
    }
}

fn put_conversation(row: &ConversationRow) -> Statement {
    Statement {
        sql: "INSERT INTO conversations (conversation, is_group, change, title, peer, member_count, \
              last_seq, last_sender, last_at_ms, last_kind, last_body, last_silent, last_send_key, \
              from_seq, read, delivered, unread_base, unread_base_seq, has_left, draft) \
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) \
              ON CONFLICT (conversation) DO UPDATE SET is_group = excluded.is_group, change = excluded.change, \
              title = excluded.title, peer = excluded.peer, member_count = excluded.member_count, \
              last_seq = excluded.last_seq, last_sender = excluded.last_sender, \
              last_at_ms = excluded.last_at_ms, last_kind = excluded.last_kind, last_body = excluded.last_body, \
              last_silent = excluded.last_silent, last_send_key = excluded.last_send_key, \
              from_seq = excluded.from_seq, read = excluded.read, delivered = excluded.delivered, \
              unread_base = excluded.unread_base, unread_base_seq = excluded.unread_base_seq, \
              has_left = excluded.has_left, draft = excluded.draft",
        params: vec![
            Value::number(row.conversation.0),
            Value::flag(row.group),
            Value::number(row.change.0),
            Value::text(&row.title),
            row.peer.map_or(Value::Null, |peer| Value::number(peer.0)),
            Value::number(row.member_count.into()),
            Value::number(row.last.seq.0),
            Value::number(row.last.sender.0),
            Value::number(row.last.at_ms),
            Value::number(row.last.kind.into()),
            Value::blob(&row.last.body),
            Value::flag(row.last.silent),
            row.last.send_key.map_or(Value::Null, |key| Value::blob(&key.0)),
            Value::number(row.from_seq.0),
            Value::number(row.read.0),
            Value::number(row.delivered.0),
            Value::number(row.unread_base.into()),
            Value::number(row.unread_base_seq.0),
            Value::flag(row.left),
            Value::text(&row.draft),
        ],
    }
}

/// Events never change, so one that is there already stays.
fn put_event(row: &EventRow) -> Statement {
    Statement {
        sql: "INSERT INTO events (conversation, seq, sender, at_ms, kind, body, silent, send_key) \
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (conversation, seq) DO NOTHING",
        params: vec![
            Value::number(row.conversation.0),
            Value::number(row.seq.0),
            Value::number(row.sender.0),
            Value::number(row.at_ms),
            Value::number(row.kind.into()),
            Value::blob(&row.body),
            Value::flag(row.silent),
            row.send_key.map_or(Value::Null, |key| Value::blob(&key.0)),
        ],
    }
}

fn put_spans(conversation: ConversationId, spans: &[SpanRow]) -> Vec<Statement> {
    let mut statements = vec![Statement {
        sql: "DELETE FROM spans WHERE conversation = ?1",
        params: vec![Value::number(conversation.0)],
    }];
    for span in spans {
        statements.push(Statement {
            sql: "INSERT INTO spans (conversation, first_seq, last_seq) VALUES (?1, ?2, ?3)",
            params: vec![
                Value::number(conversation.0),
                Value::number(span.first.0),
                Value::number(span.last.0),
            ],
        });
    }
    statements
}

fn put_outbox(row: &OutboxRow) -> Statement {
    let (reason, field, retry_after_ms) = match &row.failed {
        None => (Value::Null, "", 0),
        Some(failure) => {
            (Value::text(failure::name_of(failure.reason)), failure.field.as_str(), failure.retry_after_ms)
        }
    };
    Statement {
        sql: "INSERT INTO outbox (send_key, ordinal, conversation, kind, body, written_at_ms, \
              failed_reason, failed_field, failed_retry_after_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
              ON CONFLICT (send_key) DO UPDATE SET ordinal = excluded.ordinal, \
              conversation = excluded.conversation, kind = excluded.kind, body = excluded.body, \
              written_at_ms = excluded.written_at_ms, failed_reason = excluded.failed_reason, \
              failed_field = excluded.failed_field, failed_retry_after_ms = excluded.failed_retry_after_ms",
        params: vec![
            Value::blob(&row.send_key.0),
            Value::number(row.ordinal),
            Value::number(row.conversation.0),
            Value::number(row.kind.into()),
            Value::blob(&row.body),
            Value::number(row.written_at_ms),
            reason,
            Value::text(field),
            Value::number(retry_after_ms.into()),
        ],
    }
}

fn put_network(row: &NetworkRow) -> Statement {
    Statement {
        sql: "INSERT INTO networks (name, held_ms, broke_ms, broken, retry_at_ms, seen_at_ms) \
              VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
              ON CONFLICT (name) DO UPDATE SET held_ms = excluded.held_ms, broke_ms = excluded.broke_ms, \
              broken = excluded.broken, retry_at_ms = excluded.retry_at_ms, seen_at_ms = excluded.seen_at_ms",
        params: vec![
            Value::text(&row.name),
            Value::number(row.learned.held_ms),
            Value::number(row.learned.broke_ms),
            Value::number(row.learned.broken.into()),
            Value::number(row.learned.retry_at.0),
            Value::number(row.seen_at_ms),
        ],
    }
}

fn wipe() -> Vec<Statement> {
    [
        "DELETE FROM session",
        "DELETE FROM synced",
        "DELETE FROM people",
        "DELETE FROM members",
        "DELETE FROM conversations",
        "DELETE FROM events",
        "DELETE FROM spans",
        "DELETE FROM outbox",
        "DELETE FROM networks",
    ]
    .map(|sql| Statement { sql, params: Vec::new() })
    .into()
}
