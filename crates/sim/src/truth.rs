//! The naive model: what was promised so far, and whether everything that is seen agrees with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anser_client_core::Event as Shown;
use anser_client_core::local::{OutboxRow, Save};
use anser_client_core::view::{Content, RowState, RowView, TimelineView};
use anser_protocol::{AccountId, ConversationId, Moment, SendKey, Seq, codec, kind, wire};
use anser_store::{Event, HeadRow, Range, Store, StoreError};
use anyhow::{Context, Result, bail, ensure};
use futures_util::FutureExt;
use prost::Message;

use crate::device::Device;

/// What the model remembers.
pub struct Truth {
    logs: Logs,
    /// Accounts of the people, by their index.
    accounts: Vec<AccountId>,
    /// Every message that ever was in an outbox on disk: who wrote it, in which order.
    written_by_key: BTreeMap<SendKey, Written>,
    /// How far somebody's reading was ever saved on one of their devices.
    read: BTreeMap<(AccountId, ConversationId), Seq>,
    /// The best state a device has ever shown for a text.
    shown: BTreeMap<(usize, String), u8>,
}

/// The server's logs, as read so far: they only ever grow at the end.
struct Logs {
    store: Arc<dyn Store>,
    /// Somebody who is in from the first event on and never leaves.
    witness_by_conversation: BTreeMap<ConversationId, AccountId>,
    known: BTreeMap<ConversationId, Vec<Event>>,
}

#[derive(Clone, Debug)]
struct Written {
    device: usize,
    conversation: ConversationId,
    /// Rises with every message written.
    place: usize,
    text: String,
}

impl Truth {
    /// A model of nothing yet.
    pub fn new(store: Arc<dyn Store>) -> Truth {
        Truth {
            logs: Logs { store, witness_by_conversation: BTreeMap::new(), known: BTreeMap::new() },
            accounts: Vec::new(),
            written_by_key: BTreeMap::new(),
            read: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// The next person has this account.
    pub fn person_is(&mut self, account: AccountId) {
        self.accounts.push(account);
    }

    /// A conversation exists, with somebody who sees all of it.
    pub fn conversation_is(&mut self, conversation: ConversationId, witness: usize) {
        self.logs.witness_by_conversation.insert(conversation, self.accounts[witness]);
    }

    /// Whether this account is the one who must not leave.
    pub fn is_witness(&self, conversation: ConversationId, person: usize) -> bool {
        self.logs.witness_by_conversation.get(&conversation) == self.accounts.get(person)
    }

    /// Something is on a device's disk now.
    pub fn take_saved(&mut self, device: &Device, index: usize, saves: &[Save]) -> Result<()> {
        for save in saves {
            match save {
                Save::Outbox(OutboxRow { send_key, conversation, body, .. }) => {
                    let text = codec::decode_text(body).unwrap_or_default();
                    let place = self.written_by_key.len();
                    let written = Written { device: index, conversation: *conversation, place, text };
                    self.written_by_key.entry(*send_key).or_insert(written);
                }
                Save::Conversation(row) => {
                    let Some(account) = self.accounts.get(device.person) else { continue };
                    let read = self.read.entry((*account, row.conversation)).or_default();
                    *read = (*read).max(row.read);
                }
                Save::Event(event) => {
                    let waits = device.disk.outbox().any(|row| Some(row.send_key) == event.send_key);
                    ensure!(!waits, "D6: device {index} has {event:?} in the log and still in the outbox");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Something is on a device's screen now: is it so?
    pub fn check_shown(&mut self, devices: &[Device], index: usize, shown: &Shown) -> Result<()> {
        match shown {
            Shown::Timeline { change } => match devices[index].screen.views.get(&change.view) {
                Some(timeline) => self.check_timeline(devices, index, timeline),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn check_timeline(&mut self, devices: &[Device], index: usize, timeline: &TimelineView) -> Result<()> {
        let mut keys = BTreeSet::new();
        let mut texts = BTreeSet::new();
        let mut before: Option<u64> = None;
        for row in &timeline.rows {
            ensure!(keys.insert(&row.key), "V3: device {index} shows the row {} twice", row.key);
            if let Content::Text { text } = &row.content {
                ensure!(texts.insert(text), "D2: device {index} shows the text {text:?} twice");
            }
            if row.seq > 0 {
                let expected = before.map(|seq| seq + 1).unwrap_or(row.seq);
                ensure!(row.seq == expected, "V3: device {index} shows {} after {before:?}", row.seq);
                before = Some(row.seq);
            } else {
                // From here on only unsent ones may come.
                before = before.map(|_| u64::MAX - 1);
            }
            if row.own {
                self.check_own(devices, index, timeline.conversation, row)?;
            }
        }
        Ok(())
    }

    /// D6: a state is shown only when it is so, and no better one is ever taken back.
    fn check_own(
        &mut self,
        devices: &[Device],
        index: usize,
        conversation: u64,
        row: &RowView,
    ) -> Result<()> {
        let Content::Text { text } = &row.content else { return Ok(()) };
        let conversation = ConversationId(conversation);
        let rank = match &row.state {
            RowState::Sending { .. } | RowState::Failed { .. } => 0,
            RowState::Stored => bail!("D6: an own message {text:?} has no state"),
            RowState::Sent => 1,
            RowState::Delivered => 2,
            RowState::Read => 3,
        };
        // What only somebody had who left and came back may fall to "sent" again: that view began anew.
        let may_fall_below = self.logs.last_return(conversation)?;
        let best = self.shown.entry((index, text.clone())).or_default();
        let owed = if may_fall_below.is_some_and(|back| row.seq < back.0) { (*best).min(1) } else { *best };
        ensure!(rank >= owed, "D6: device {index} took back state {best} of {text:?}, now {rank}");
        *best = rank;
        if rank == 0 {
            if matches!(row.state, RowState::Failed { .. }) {
                let stored = self.logs.of(conversation)?.iter().any(|event| text_of(event) == *text);
                ensure!(!stored, "D6: {text:?} is stored and shown as failed");
            }
            return Ok(());
        }
        let events = self.logs.of(conversation)?;
        // Without a place, while others are missing before it: then it must be somewhere.
        let is_there = |event: &&Event| {
            if row.seq == 0 { text_of(event) == *text } else { event.seq.0 == row.seq }
        };
        let stored = events.iter().find(is_there);
        let Some(seq) = stored.filter(|event| text_of(event) == *text).map(|event| event.seq) else {
            bail!("D1: device {index} shows {text:?} as sent at {}, the server has {stored:?}", row.seq);
        };
        if rank >= 2 {
            let me = devices[index].person;
            let has_it =
                |device: &&Device| device.person != me && device.disk.event(conversation, seq).is_some();
            let mut recipients = devices.iter().filter(has_it).map(|device| self.accounts[device.person]);
            ensure!(
                recipients.clone().next().is_some(),
                "D6: {text:?} is shown as delivered and is on no recipient's disk"
            );
            let has_read = |account| self.read.get(&(account, conversation)).is_some_and(|read| *read >= seq);
            ensure!(
                rank == 2 || recipients.any(has_read),
                "D6: {text:?} is shown as read and no recipient read it"
            );
        }
        Ok(())
    }

    /// D3 and D4 on the server: dense, every message once, each device's in the order in which it wrote them.
    pub fn check_logs(&mut self) -> Result<()> {
        for conversation in self.logs.conversations() {
            let mut keys = BTreeSet::new();
            let mut last_by_device: BTreeMap<usize, usize> = BTreeMap::new();
            for (place, event) in self.logs.of(conversation)?.iter().enumerate() {
                ensure!(event.seq.0 == place as u64 + 1, "D3: seq {} at place {}", event.seq, place + 1);
                if event.kind != kind::TEXT {
                    continue;
                }
                let text = text_of(event);
                ensure!(keys.insert(text.clone()), "D2: the server stored {text:?} twice");
                let written = event.send_key.and_then(|key| self.written_by_key.get(&key));
                let written = written.with_context(|| format!("D5: {text:?} was in no outbox"))?;
                let before = last_by_device.insert(written.device, written.place);
                ensure!(
                    before.is_none_or(|before| before < written.place),
                    "D4: {text:?} came before an earlier one"
                );
            }
        }
        Ok(())
    }

    /// A device that has been linked undisturbed must have everything it may see that was committed before
    /// `until`, as it is.
    pub fn check_complete(&mut self, device: &Device, index: usize, until: Moment) -> Result<()> {
        for conversation in self.logs.conversations() {
            let account = self.accounts[device.person];
            let Some(head) = self.logs.head(account, conversation)? else { continue };
            let (last, from) = (head.last.seq, head.from_seq);
            let mine = |event: &&Event| event.seq >= from && event.seq <= last && event.at < until;
            for event in self.logs.of(conversation)?.iter().filter(mine) {
                let held = device.disk.event(conversation, event.seq);
                let same = held.is_some_and(|row| row.body == event.body && row.sender == event.sender);
                ensure!(same, "D8: device {index} has {held:?} for {event:?}");
            }
            // While something is still on its way, a head and what is counted by it may be older.
            if head.last.at < until {
                self.check_head(device, index, &head, until)?;
            }
        }
        Ok(())
    }

    fn check_head(&mut self, device: &Device, index: usize, head: &HeadRow, until: Moment) -> Result<()> {
        let row = device.disk.conversation(head.conversation);
        let row = row.with_context(|| format!("D8: device {index} does not know {}", head.conversation))?;
        let (last, known) = (head.last.seq, row.last.seq);
        ensure!(known == last, "D8: device {index} knows {known} of {last} in {}", head.conversation);
        ensure!(row.left == head.left && row.title == head.title, "D8: device {index} has an old head");
        let is_rest = until == Moment::NEVER;
        if row.read < head.read && !is_rest {
            return Ok(());
        }
        let account = self.accounts[device.person];
        let unread = self.logs.unread(account, head, row.read.max(head.read))?;
        let shown = device.screen.conversations.get(&head.conversation.0).map(|view| view.unread);
        ensure!(shown == Some(unread), "U1: device {index} shows {shown:?} unread, it is {unread}");
        Ok(())
    }

    /// At rest: nothing waits, nothing is missing, and what was read is known.
    pub fn check_rest(&mut self, devices: &[Device]) -> Result<()> {
        self.check_logs()?;
        for (index, device) in devices.iter().enumerate() {
            self.check_complete(device, index, Moment::NEVER)?;
            for row in device.disk.outbox() {
                ensure!(row.failed.is_some(), "D5: device {index} still waits to send {row:?}");
            }
            self.check_views(device, index)?;
        }
        for written in self.written_by_key.values() {
            let stored =
                self.logs.of(written.conversation)?.iter().any(|event| text_of(event) == written.text);
            let waits = devices[written.device].disk.outbox().any(|row| {
                row.failed.is_some() && codec::decode_text(&row.body).is_ok_and(|text| text == written.text)
            });
            ensure!(stored != waits, "D6: {written:?}: stored {stored}, failed {waits}");
        }
        self.check_reads()
    }

    /// At rest a view that says that there is nothing newer shows the end.
    fn check_views(&mut self, device: &Device, index: usize) -> Result<()> {
        let account = self.accounts[device.person];
        for timeline in device.screen.views.values().filter(|timeline| !timeline.has_newer) {
            let conversation = ConversationId(timeline.conversation);
            let Some(head) = self.logs.head(account, conversation)? else { continue };
            let shown = timeline.rows.iter().map(|row| row.seq).max().unwrap_or(0);
            let end = head.last.seq.0;
            ensure!(
                shown == end,
                "V3: at rest device {index} shows {shown} as the end of {conversation}, not {end}"
            );
        }
        Ok(())
    }

    fn check_reads(&self) -> Result<()> {
        for ((account, conversation), read) in &self.read {
            let Some(head) = self.logs.head(*account, *conversation)? else { continue };
            // Someone who left and came back begins anew; what was read before is no longer theirs.
            if head.left || head.from_seq > *read {
                continue;
            }
            ensure!(head.read >= *read, "U3: {account} read {read}, the server says {}", head.read);
        }
        Ok(())
    }
}

impl Logs {
    fn conversations(&self) -> Vec<ConversationId> {
        self.witness_by_conversation.keys().copied().collect()
    }

    fn of(&mut self, conversation: ConversationId) -> Result<&[Event]> {
        let witness = self.witness_by_conversation.get(&conversation).context("an unknown conversation")?;
        let known = self.known.entry(conversation).or_default();
        let first = Seq(known.len() as u64 + 1);
        let rest =
            Range { first, last: Seq(u64::MAX), limit: usize::MAX, bytes_max: usize::MAX, newest: false };
        known.extend(ready(self.store.range(*witness, conversation, rest))?);
        Ok(known)
    }

    /// The newest event that brought somebody back who had left.
    fn last_return(&mut self, conversation: ConversationId) -> Result<Option<Seq>> {
        let mut gone = BTreeSet::new();
        let mut last_return = None;
        for event in self.of(conversation)? {
            match event.kind {
                kind::MEMBER_LEFT => {
                    gone.insert(event.sender.0);
                }
                kind::MEMBERS_ADDED => {
                    let added = wire::MembersAdded::decode(event.body.as_slice())?;
                    if added.members.iter().any(|member| gone.remove(member)) {
                        last_return = Some(event.seq);
                    }
                }
                _ => {}
            }
        }
        Ok(last_return)
    }

    fn head(&self, account: AccountId, conversation: ConversationId) -> Result<Option<HeadRow>> {
        match ready(self.store.head(account, conversation)) {
            Ok(head) => Ok(Some(head)),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// U1, counted one by one.
    fn unread(&mut self, account: AccountId, head: &HeadRow, read: Seq) -> Result<u32> {
        let counts = |event: &&Event| {
            event.seq > read
                && event.seq >= head.from_seq
                && event.seq <= head.last.seq
                && !event.silent
                && event.sender != account
        };
        let count = self.of(head.conversation)?.iter().filter(counts).count();
        Ok(u32::try_from(count)?)
    }
}

fn text_of(event: &Event) -> String {
    if event.kind == kind::TEXT { codec::decode_text(&event.body).unwrap_or_default() } else { String::new() }
}

/// The memory store answers at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the memory store never waits")
}
