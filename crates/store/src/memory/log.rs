//! The logs, in memory.

use anser_protocol::{AccountId, ConversationId, SendKey, Seq};
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};

use super::{KeyUse, MemoryStore, State};
use crate::error::StoreError;
use crate::log::{Append, Appended, Event, Log, Range};

#[async_trait]
impl Log for MemoryStore {
    /// Done at the call, so the order of calls is the order of the log.
    fn append(&self, message: Append) -> BoxFuture<'static, Result<Appended, StoreError>> {
        future::ready(self.lock().append(message)).boxed()
    }

    fn find_sent(
        &self,
        sender: AccountId,
        send_key: SendKey,
    ) -> BoxFuture<'static, Result<Appended, StoreError>> {
        future::ready(self.lock().find_sent(sender, send_key)).boxed()
    }

    async fn range(
        &self,
        account: AccountId,
        conversation: ConversationId,
        range: Range,
    ) -> Result<Vec<Event>, StoreError> {
        let state = self.lock();
        let (conversation, place) = state.place(conversation, account)?;
        let first = range.first.max(place.from_seq);
        let last = range.last.min(conversation.end_seq(place));
        let wanted = conversation.log.iter().filter(|event| first <= event.seq && event.seq <= last);
        if range.newest {
            let mut events = within(wanted.rev(), range);
            events.reverse();
            Ok(events)
        } else {
            Ok(within(wanted, range))
        }
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// The first of `events` that keep within the range's limits.
fn within<'a>(events: impl Iterator<Item = &'a Event>, range: Range) -> Vec<Event> {
    let mut taken: Vec<Event> = Vec::new();
    let mut bytes = 0;
    for event in events.take(range.limit) {
        bytes += event.body.len();
        if bytes > range.bytes_max && !taken.is_empty() {
            break;
        }
        taken.push(event.clone());
    }
    taken
}

impl State {
    fn append(&mut self, message: Append) -> Result<Appended, StoreError> {
        if let Some(used) = self.send_keys.get(&(message.sender, message.send_key)) {
            return self.repeated(*used, &message);
        }
        let (_, place) = self.place(message.conversation, message.sender)?;
        if place.ending.is_some() {
            return Err(StoreError::NotAllowed);
        }
        let change = self.tick();
        let Append { conversation: id, sender, send_key, kind, body, silent, now } = message;
        let conversation = self.conversations.get_mut(&id).ok_or(StoreError::NotFound)?;
        let seq = conversation.last_seq().next();
        conversation.log.push(Event {
            conversation: id,
            seq,
            sender,
            at: now,
            kind,
            body,
            silent,
            send_key: Some(send_key),
        });
        conversation.change = change;
        self.send_keys.insert((sender, send_key), KeyUse::Message(id, seq));
        Ok(Appended { seq, at: now, fresh: true, members_changed: conversation.members_changed })
    }

    fn find_sent(&self, sender: AccountId, send_key: SendKey) -> Result<Appended, StoreError> {
        match self.send_keys.get(&(sender, send_key)) {
            Some(KeyUse::Message(conversation, seq)) => Ok(self.first_result(*conversation, *seq)),
            _ => Err(StoreError::NotFound),
        }
    }

    fn first_result(&self, conversation: ConversationId, seq: Seq) -> Appended {
        let log = &self.conversations[&conversation];
        Appended { seq, at: log.event(seq).at, fresh: false, members_changed: log.members_changed }
    }

    /// The first result again, if it was the same message.
    fn repeated(&self, used: KeyUse, message: &Append) -> Result<Appended, StoreError> {
        let KeyUse::Message(conversation, seq) = used else {
            return Err(StoreError::SendKeyReused);
        };
        let first = self.conversations[&conversation].event(seq);
        let same =
            conversation == message.conversation && first.kind == message.kind && first.body == message.body;
        if !same {
            return Err(StoreError::SendKeyReused);
        }
        Ok(self.first_result(conversation, seq))
    }
}
