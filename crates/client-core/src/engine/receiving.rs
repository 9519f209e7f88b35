//! What comes in: events, heads and positions, from whichever side, become rows exactly once.

use anser_protocol::wire::push;
use anser_protocol::{ConversationId, Seq, wire};

use super::Engine;
use crate::local::{EventRow, MemberRow, PersonRow, Save};
use crate::mutants::Mutant;
use crate::receipts;
use crate::rows::{Head, event_from_wire, from_seq, head_from_wire, number};
use crate::views::people_in;

impl Engine {
    pub(super) fn pushed(&mut self, what: push::What) {
        if self.account.row().is_none() {
            return;
        }
        match what {
            push::What::Event(event) => {
                if let Some(event) = event_from_wire(event) {
                    self.event_pushed(event);
                }
            }
            push::What::Head(head) => {
                let Some(head) = head_from_wire(head) else { return };
                self.take_head(&head);
                if self.mutant.is(Mutant::PositionFromPush) {
                    self.believe(head.row.change);
                }
            }
            push::What::Reached(reached) => self.reached(&reached),
        }
    }

    fn event_pushed(&mut self, event: EventRow) {
        let Some(conversation) = self.roster.get_mut(event.conversation) else {
            // Its head must have been lost on the way; the server's changes have it.
            return self.missed();
        };
        if event.seq > conversation.next() {
            if self.mutant.is(Mutant::NoGapCheck) {
                conversation.spans.insert(conversation.next(), Seq(event.seq.0 - 1));
            } else {
                self.gaps.note_out_of_order(event.conversation, self.now);
            }
        }
        self.keep(event.conversation, &[event]);
    }

    /// Events of one conversation, ascending, go to disk: the one way for all of them. What is there already
    /// is not written again, but still counts as the answer to a send.
    pub(super) fn keep(&mut self, id: ConversationId, events: &[EventRow]) {
        let me = self.me();
        let told = self.told(id);
        for event in events {
            let ours = event.sender == me && !self.mutant.is(Mutant::NoOutboxMatch);
            if ours && self.leave_outbox(event) {
                self.detach(event);
            }
        }
        let Some(conversation) = self.roster.get_mut(id) else { return };
        for event in events {
            if conversation.hold(event, me) {
                self.batch.saves.push(Save::Event(event.clone()));
                self.batch.spans.insert(id);
                self.batch.touch(id);
                for person in people_in(event) {
                    self.people.want(id, person);
                }
            }
        }
        // Another device may have read an event before it came here.
        if conversation.read_to(told.read) {
            self.batch.touch(id);
        }
        for window in self.windows_of(id) {
            window.extend(events);
        }
        self.batch.timelines.insert(id);
        self.report_delivery(id, events);
    }

    /// A conversation's head, from whichever side.
    pub(super) fn take_head(&mut self, head: &Head) {
        let id = head.row.conversation;
        if let Some((person, member)) = &head.peer {
            self.learn_person(person, id);
            self.learn_member(*member);
        }
        let own = MemberRow {
            conversation: id,
            account: self.me(),
            from_seq: head.row.from_seq,
            delivered: head.row.delivered,
            read: head.row.read,
            left: head.row.left,
        };
        if !self.roster.merge(head) {
            return;
        }
        self.learn_member(own);
        self.batch.touch(id);
        self.receipts.touch(id);
        if self.mutant.is(Mutant::ReadMovesBack)
            && let Some(conversation) = self.roster.get_mut(id)
        {
            conversation.move_read_back(head.row.read);
        }
        for person in people_in(&head.row.last) {
            self.people.want(id, person);
        }
        self.take_last(id, &head.row.last);
        self.recount(id);
    }

    /// The head's event: kept if nothing is missing before it, or if it is the answer to a send.
    fn take_last(&mut self, id: ConversationId, last: &EventRow) {
        let Some(conversation) = self.roster.get(id) else { return };
        if conversation.spans.contains(last.seq) {
            return;
        }
        let sent_here = last.send_key.is_some_and(|key| self.outbox.get(key).is_some());
        if conversation.next() == last.seq || (sent_here && last.sender == self.me()) {
            self.keep(id, std::slice::from_ref(last));
        }
        if self.is_open(id) {
            self.gaps.want(id);
        } else if self.catchup.is_complete() {
            self.gaps.note_out_of_order(id, self.now);
        }
    }

    /// Somebody got further.
    fn reached(&mut self, reached: &wire::Reached) {
        let Some(position) = reached.position else { return };
        let id = ConversationId(position.conversation);
        let account = anser_protocol::AccountId(reached.account);
        let (Some(delivered), Some(read)) = (number(position.delivered), number(position.read)) else {
            return;
        };
        let Some(from_seq) = from_seq(reached.from_seq) else { return };
        let Some(conversation) = self.roster.get_mut(id) else { return };
        let (delivered, read) = (Seq(delivered), Seq(read));
        if Some(account) == self.account.row().map(|row| row.account) {
            let back = self.mutant.is(Mutant::ReadMovesBack) && read < conversation.row.read && read.0 != 0;
            if back {
                conversation.move_read_back(read);
            }
            if conversation.read_to(read) || back {
                self.batch.touch(id);
            }
        }
        let left = self.people.member(id, account).is_some_and(|member| member.left);
        self.learn_member(MemberRow { conversation: id, account, from_seq, delivered, read, left });
        self.recount(id);
    }

    /// What the server knows of our own positions.
    pub(super) fn told(&self, conversation: ConversationId) -> MemberRow {
        let account = self.me();
        self.people.member(conversation, account).unwrap_or(MemberRow {
            conversation,
            account,
            from_seq: Seq(1),
            delivered: Seq(0),
            read: Seq(0),
            left: false,
        })
    }

    pub(super) fn learn_member(&mut self, member: MemberRow) {
        let id = member.conversation;
        let Some(member) = self.people.reach(member) else { return };
        self.batch.saves.push(Save::Member(member));
        self.batch.show(id);
        if member.account == self.me()
            && let Some(conversation) = self.roster.get_mut(id)
            && conversation.row.delivered < member.delivered
        {
            conversation.row.delivered = member.delivered;
            self.batch.touch(id);
        }
    }

    pub(super) fn learn_person(&mut self, person: &PersonRow, shown_in: ConversationId) {
        if self.people.learn(person) {
            self.batch.saves.push(Save::Person(person.clone()));
            self.batch.show(shown_in);
        }
    }

    /// Events that nobody has told the server to be on a disk of ours, and that are not on this one.
    pub(super) fn has_undelivered(&self, id: ConversationId) -> bool {
        let Some(conversation) = self.roster.get(id) else { return false };
        receipts::delivered(conversation, self.told(id).delivered) < conversation.row.last.seq
    }
}
