//! From rows to what a user interface shows.

use std::collections::BTreeSet;

use anser_protocol::{AccountId, codec, kind, wire};
use prost::Message;

use crate::local::{EventRow, OutboxRow, PersonRow};
use crate::outbox::Outbox;
use crate::people::{People, Reached};
use crate::roster::Conversation;
use crate::timeline::Window;
use crate::view::{Content, ConversationView, PersonView, RowState, RowView, TimelineView};

/// Who looks, and what is needed to see.
pub(crate) struct Viewer<'a> {
    pub(crate) me: AccountId,
    pub(crate) people: &'a People,
    pub(crate) outbox: &'a Outbox,
}

impl Viewer<'_> {
    /// Without a name while we do not know it.
    pub(crate) fn person(&self, account: AccountId) -> PersonView {
        match self.people.person(account) {
            Some(person) => person_view(person),
            None => PersonView { account: account.0, handle: String::new(), display_name: String::new() },
        }
    }

    /// The list row.
    pub(crate) fn conversation(&self, conversation: &Conversation) -> ConversationView {
        let row = &conversation.row;
        let others = self.people.others(row.conversation, self.me);
        let unsent = self.outbox.of(row.conversation).next_back();
        let last = match unsent {
            Some(unsent) => self.outbox_row(unsent),
            None => self.event_row(&row.last, others.at(row.last.seq)),
        };
        let peer = row.peer.map(|peer| self.person(peer));
        let title = match &peer {
            Some(peer) if !row.group => peer.display_name.clone(),
            _ => row.title.clone(),
        };
        ConversationView {
            conversation: row.conversation.0,
            group: row.group,
            title,
            peer,
            member_count: row.member_count,
            order_at_ms: last.at_ms.max(row.last.at_ms),
            last: Some(last),
            unread: conversation.unread.count(),
            read: row.read.0,
            left: row.left,
            draft: row.draft.clone(),
            unsent: self.outbox.of(row.conversation).count() as u32,
        }
    }

    /// The window; then, if it goes on to the end, what is ours and not yet at its place.
    pub(crate) fn timeline(
        &self,
        window: &Window,
        conversation: &Conversation,
        loading: bool,
    ) -> TimelineView {
        let id = conversation.row.conversation;
        let others = self.people.others(id, self.me);
        let row = |event: &EventRow| self.event_row(event, others.at(event.seq));
        // A message of ours that is stored, while its place cannot be shown.
        let unplaced = |event: &EventRow| RowView { seq: 0, ..row(event) };
        let mut rows: Vec<RowView> = window.events().map(row).collect();
        let (has_older, has_newer) = (window.has_older(conversation), window.has_newer());
        if !has_newer {
            rows.extend(window.detached().map(unplaced));
            // A send that was repeated may be in the log already; it is not shown a second time.
            let placed: BTreeSet<_> = window.events().filter_map(|event| event.send_key).collect();
            let unsent = self.outbox.of(id).filter(|unsent| !placed.contains(&unsent.send_key));
            rows.extend(unsent.map(|unsent| self.outbox_row(unsent)));
        }
        TimelineView { conversation: id.0, rows, has_older, has_newer, loading }
    }

    /// `others` is how far those got who may see it.
    fn event_row(&self, event: &EventRow, others: Reached) -> RowView {
        let own = event.sender == self.me;
        let state = if !own || event.kind > kind::SENT_BY_CLIENTS_MAX {
            RowState::Stored
        } else if others.read >= event.seq {
            RowState::Read
        } else if others.delivered >= event.seq {
            RowState::Delivered
        } else {
            RowState::Sent
        };
        let key = match event.send_key.filter(|_| own) {
            Some(key) => format!("k:{}", key.to_hex()),
            None => format!("s:{}:{}", event.conversation, event.seq),
        };
        RowView {
            key,
            seq: event.seq.0,
            sender: self.person(event.sender),
            own,
            at_ms: event.at_ms,
            content: self.content(event.kind, &event.body),
            state,
        }
    }

    fn outbox_row(&self, row: &OutboxRow) -> RowView {
        let send_key = row.send_key.to_hex();
        let key = format!("k:{send_key}");
        let state = match &row.failed {
            Some(failure) => RowState::Failed { send_key, failure: failure.clone() },
            None => RowState::Sending { send_key },
        };
        RowView {
            key,
            seq: 0,
            sender: self.person(self.me),
            own: true,
            at_ms: row.written_at_ms,
            content: self.content(row.kind, &row.body),
            state,
        }
    }

    /// A body that cannot be read is shown like a kind that nobody knows: something is there.
    fn content(&self, kind: u32, body: &[u8]) -> Content {
        let known = match kind {
            kind::TEXT => codec::decode_text(body).ok().map(|text| Content::Text { text }),
            kind::CREATED => wire::Created::decode(body).ok().map(|it| Content::Created { title: it.title }),
            kind::MEMBERS_ADDED => wire::MembersAdded::decode(body).ok().map(|it| Content::MembersAdded {
                members: it.members.into_iter().map(|member| self.person(AccountId(member))).collect(),
            }),
            kind::MEMBER_LEFT => Some(Content::MemberLeft),
            kind::RENAMED => wire::Renamed::decode(body).ok().map(|it| Content::Renamed { title: it.title }),
            _ => None,
        };
        known.unwrap_or(Content::Unknown { kind })
    }
}

pub(crate) fn person_view(person: &PersonRow) -> PersonView {
    PersonView {
        account: person.account.0,
        handle: person.handle.clone(),
        display_name: person.display_name.clone(),
    }
}

/// The people whose names are needed to show an event.
pub(crate) fn people_in(event: &EventRow) -> Vec<AccountId> {
    let mut people = vec![event.sender];
    if event.kind == kind::MEMBERS_ADDED
        && let Ok(added) = wire::MembersAdded::decode(event.body.as_slice())
    {
        people.extend(added.members.into_iter().map(AccountId));
    }
    people
}

#[cfg(test)]
mod tests {
    use anser_protocol::{ConversationId, SendKey, Seq};

    use super::*;
    use crate::failure::failure;
    use crate::local::MemberRow;
    use crate::reason::FailureReason;
    use crate::testing::{ALICE, BOB, event, person};

    const KEY: SendKey = SendKey([0xAB; 16]);

    fn own_row(people: &People) -> RowView {
        let viewer = Viewer { me: ALICE, people, outbox: &Outbox::restore(Vec::new()) };
        let event = EventRow { sender: ALICE, send_key: Some(KEY), ..event(7, 5) };
        viewer.event_row(&event, people.others(ConversationId(7), ALICE).at(event.seq))
    }

    #[test]
    fn an_own_message_says_how_far_the_others_got() {
        let mut people = People::default();
        let (conversation, account, left) = (ConversationId(7), BOB, false);
        assert_eq!(own_row(&people).state, RowState::Sent);
        let mut reach = |delivered, read| {
            people.reach(MemberRow {
                conversation,
                account,
                from_seq: Seq(1),
                delivered: Seq(delivered),
                read: Seq(read),
                left,
            });
            own_row(&people).state
        };
        assert_eq!(reach(4, 0), RowState::Sent);
        assert_eq!(reach(5, 4), RowState::Delivered);
        assert_eq!(reach(5, 5), RowState::Read);
    }

    #[test]
    fn a_row_keeps_its_key_from_outbox_to_log() {
        let people = People::default();
        let viewer = Viewer { me: ALICE, people: &people, outbox: &Outbox::restore(Vec::new()) };
        let unsent = OutboxRow {
            send_key: KEY,
            ordinal: 1,
            conversation: ConversationId(7),
            kind: kind::TEXT,
            body: Vec::new(),
            written_at_ms: 1,
            failed: Some(failure(FailureReason::NotAllowed)),
        };
        let shown = viewer.outbox_row(&unsent);
        assert_eq!(shown.key, own_row(&people).key);
        assert!(matches!(shown.state, RowState::Failed { .. }));
    }

    #[test]
    fn what_nobody_knows_yet_is_shown_as_such() {
        let mut people = People::default();
        people.learn(&person(BOB, "bob"));
        let viewer = Viewer { me: ALICE, people: &people, outbox: &Outbox::restore(Vec::new()) };
        let newer = EventRow { kind: 77, ..event(7, 5) };
        assert_eq!(viewer.event_row(&newer, Reached::default()).content, Content::Unknown { kind: 77 });
        let broken = EventRow { body: vec![0xFF], ..event(7, 5) };
        assert_eq!(viewer.event_row(&broken, Reached::default()).content, Content::Unknown { kind: 1 });
    }
}
