//! Messages of this device, from the user's hand to the server's answer.

use anser_protocol::wire::{self, answer, request};
use anser_protocol::{ConversationId, Remedy, SendKey, Seq, error, kind, limits};
use prost::Message;
use rand::Rng;

use super::Engine;
use crate::asks::Asked;
use crate::command::Outcome;
use crate::failure::{failed, failure_from_wire};
use crate::local::{EventRow, OutboxRow, Save};
use crate::outbox::Refused;
use crate::reason::{Failure, FailureReason};
use crate::rows::NUMBER_MAX;

impl Engine {
    /// Into the outbox on disk; sending is another matter. Under a key that is on its way already, it is the same
    /// message; and if that has arrived before, the server knows the key.
    pub(super) fn send_text(&mut self, id: u64, conversation: u64, text: String, send_key: Option<&str>) {
        let conversation = ConversationId(conversation);
        if self.roster.get(conversation).is_none_or(|conversation| conversation.row.left) {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        }
        if text.trim().is_empty() || text.chars().count() > limits::TEXT_CHARS_MAX {
            return self.batch.finish(id, failed(FailureReason::BadText));
        }
        let Some(send_key) = self.chosen_key(send_key) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        if self.outbox.get(send_key).is_some() {
            return self.batch.finish(id, Outcome::Done);
        }
        let row = OutboxRow {
            send_key,
            ordinal: self.outbox.next_ordinal(),
            conversation,
            kind: kind::TEXT,
            body: wire::Text { text }.encode_to_vec(),
            written_at_ms: self.now.0,
            failed: None,
        };
        self.fresh_send = Some(row.send_key);
        self.outbox.put(row.clone());
        self.save_outbox_row(row);
        self.batch.finish(id, Outcome::Done);
    }

    pub(super) fn retry_send(&mut self, id: u64, send_key: &str) {
        let Some(row) = SendKey::from_hex(send_key).and_then(|key| self.outbox.retry(key)) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        self.save_outbox_row(row);
        self.batch.finish(id, Outcome::Done);
    }

    pub(super) fn discard_send(&mut self, id: u64, send_key: &str) {
        let key = SendKey::from_hex(send_key);
        let Some(row) = key.and_then(|key| self.outbox.get(key)).filter(|row| row.failed.is_some()) else {
            return self.batch.finish(id, failed(FailureReason::NotPossible));
        };
        let (key, conversation) = (row.send_key, row.conversation);
        self.outbox.remove(key);
        self.batch.saves.push(Save::OutboxGone(key));
        self.batch.show(conversation);
        self.batch.finish(id, Outcome::Done);
    }

    pub(super) fn send_outbox(&mut self) {
        while self.is_online()
            && let Some(row) = self.outbox.send_next(self.now)
        {
            let key = row.send_key;
            let send = wire::Send {
                conversation: row.conversation.0,
                send_key: key.0.to_vec(),
                kind: row.kind,
                body: row.body,
                silent: false,
            };
            if !self.asks.ask(request::Call::Send(send), Asked::Send(key), self.now) {
                return self.outbox.take_back(key);
            }
        }
    }

    pub(super) fn send_answered(&mut self, key: SendKey, result: Result<answer::Result, wire::Error>) {
        match result {
            Ok(answer::Result::Sent(sent)) if (1..=NUMBER_MAX).contains(&sent.seq) => {
                self.outbox.note_accepted();
                self.sent(key, sent);
            }
            Ok(_) => self.send_refused(key, &wire::Error::default()),
            Err(error) => self.send_refused(key, &error),
        }
    }

    /// It is in the log: outbox, event, spans and list row change in one transaction.
    fn sent(&mut self, key: SendKey, sent: wire::Sent) {
        // It may have come back as an event before its answer.
        let Some(row) = self.outbox.get(key).cloned() else { return };
        let event = EventRow {
            conversation: row.conversation,
            seq: Seq(sent.seq),
            sender: self.me(),
            at_ms: sent.at_ms.min(NUMBER_MAX),
            kind: row.kind,
            body: row.body,
            silent: false,
            send_key: Some(key),
        };
        if self.roster.get(event.conversation).is_some_and(|conversation| event.seq > conversation.next()) {
            self.gaps.note_out_of_order(event.conversation, self.now);
        }
        if self.leave_outbox(&event) {
            self.detach(&event);
        }
        self.keep(event.conversation, &[event]);
    }

    /// This event of ours is in the log: if it was in the outbox here, it no longer is.
    pub(super) fn leave_outbox(&mut self, event: &EventRow) -> bool {
        let Some(row) = event.send_key.and_then(|key| self.outbox.remove(key)) else {
            return false;
        };
        self.batch.saves.push(Save::OutboxGone(row.send_key));
        self.batch.show(row.conversation);
        true
    }

    /// While there is a hole below it, an open timeline goes on showing it where it was.
    pub(super) fn detach(&mut self, event: &EventRow) {
        for window in self.windows_of(event.conversation) {
            window.detach(event);
        }
    }

    fn send_refused(&mut self, key: SendKey, error: &wire::Error) {
        let failure = failure_from_wire(error);
        match error::remedy(error.code()) {
            Remedy::Retry | Remedy::Reconnect => {
                if self.outbox.refuse(key, &failure, self.now) == Refused::ForTooLong {
                    self.ask_whether_sent(key, failure);
                }
            }
            // The server knows the key of what it has stored before it finds any other fault with it.
            Remedy::SignIn | Remedy::GiveUp => self.fail(key, failure),
        }
    }

    /// A refusal for now says nothing about earlier tries, whose answers may have been lost: the message may be
    /// stored. It is called failed only when the server says that it is not.
    fn ask_whether_sent(&mut self, key: SendKey, failure: Failure) {
        let call = request::Call::FindSent(wire::FindSent { send_key: key.0.to_vec() });
        if !self.asks.ask(call, Asked::FindSent { key, failure }, self.now) {
            self.outbox.take_back(key);
        }
    }

    pub(super) fn sent_found(
        &mut self,
        key: SendKey,
        failure: Failure,
        result: Result<answer::Result, wire::Error>,
    ) {
        match result {
            Ok(answer::Result::Sent(sent)) if (1..=NUMBER_MAX).contains(&sent.seq) => self.sent(key, sent),
            Ok(_) => self.fail(key, failure),
            Err(error) => match error::remedy(error.code()) {
                // Nobody knows yet, so nothing is claimed; it is sent, and asked for, again.
                Remedy::Retry | Remedy::Reconnect => self.outbox.take_back(key),
                Remedy::SignIn | Remedy::GiveUp => self.fail(key, failure),
            },
        }
    }

    fn fail(&mut self, key: SendKey, failure: Failure) {
        if let Some(row) = self.outbox.fail(key, failure) {
            self.save_outbox_row(row);
        }
    }

    /// The user interface's key, if it has chosen one; else a new one. `None` for what is none.
    pub(super) fn chosen_key(&mut self, chosen: Option<&str>) -> Option<SendKey> {
        match chosen {
            Some(hex) => SendKey::from_hex(hex),
            None => Some(self.new_send_key()),
        }
    }

    pub(super) fn new_send_key(&mut self) -> SendKey {
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        SendKey::new(self.now.0, random)
    }

    /// For a mutant only.
    pub(super) fn forget_keys(&mut self) {
        let conversations: Vec<_> = self.roster.iter().map(|(id, _)| id).collect();
        let rows = conversations.iter().flat_map(|id| self.outbox.of(*id));
        let old: Vec<_> = rows.filter(|row| row.failed.is_none()).map(|row| row.send_key).collect();
        for old in old {
            let new = self.new_send_key();
            self.outbox.rekey(old, new);
            self.batch.saves.push(Save::OutboxGone(old));
            if let Some(row) = self.outbox.get(new).cloned() {
                self.save_outbox_row(row);
            }
        }
    }

    fn save_outbox_row(&mut self, row: OutboxRow) {
        self.batch.show(row.conversation);
        self.batch.saves.push(Save::Outbox(row));
    }
}
