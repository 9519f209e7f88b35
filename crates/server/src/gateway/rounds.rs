//! What is on its way to the members of large groups: brought to them in pieces, so that everybody else's messages go
//! between.

use std::collections::VecDeque;
use std::sync::Arc;

use anser_protocol::wire::push;
use anser_protocol::{AccountId, ConversationId, Moment, Seq, codec, limits};
use anser_store::{Event, Membership};
use bytes::Bytes;

use super::hub::{Bells, Hub};
use crate::bus::SessionId;
use crate::services::to_wire;

/// A piece ends when so many sessions were told. Each of them has two turns before it has written, and the runtime gives
/// the courier its next one after 61 turns of others at the latest: so these never pile up before everybody else. With 64
/// at a time nearly all were woken before the first had written, and others waited for all of them.
const TOLD_MAX: usize = 16;
/// A piece is told so often: 16,000 sessions a second. Told as fast as it goes, 20,000 kept two cores busy for a third of
/// a second, and everybody else's messages waited for a core, for as long as the system lets others run: 11 ms at the 99th
/// percentile where they take 1.3 alone. Nobody can tell whether the last of so many has a message after 0.3 s or 1.2.
const PIECE_EVERY_MS: u64 = 1;
/// Pieces that come late, as timers do, are made up for so long.
const MADE_UP_MS_MAX: u64 = 4;
/// ... or when so many members were looked for, of whom perhaps nobody is here.
const LOOKED_FOR_MAX: usize = 1_024;
/// Looked for at a time.
const LOOKED_FOR_AT_ONCE: usize = 16;
/// Events that go on one round. When a group is faster than its rounds, those who are behind get several in one write.
const PARCELS_MAX: usize = 64;
/// Events on all rounds. With more, nothing further is taken from the bus, which is bounded and whose losses are seen.
const PARCELS_WAITING_MAX: usize = 1_024;

/// An event to be brought to the sessions of members; encoded when the first one is found who gets it, then shared by all.
#[derive(Debug)]
pub(super) struct Parcel {
    event: Event,
    except: Option<SessionId>,
    for_others: Option<Bytes>,
    for_sender: Option<Bytes>,
}

/// Members of one conversation.
#[derive(Debug)]
pub(super) enum Members {
    /// All of them.
    Known(Arc<Membership>),
    /// The first ones of many. The version is that of the first page: whoever is not in it for having come later was told
    /// by their head.
    First(Membership),
}

/// Rounds through large groups, one after the other. Those of one group are in the order of its events.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    waiting: VecDeque<Round>,
    /// On those that wait.
    parcels: usize,
    /// Not before this is the next piece told.
    next_at: Moment,
}

/// One way through the members of a group, with what is new for them.
#[derive(Debug)]
pub(super) struct Round {
    conversation: ConversationId,
    /// The members must be known as of this event or a later one; `None`: as of now.
    as_of: Option<Seq>,
    parcels: Vec<Parcel>,
    /// Those who are told; `None`: to be looked up when the round begins.
    members: Option<Members>,
    /// So many of them were told.
    told: usize,
}

impl Parcel {
    pub(super) fn new(event: Event, except: Option<SessionId>) -> Parcel {
        Parcel { event, except, for_others: None, for_sender: None }
    }

    pub(super) fn conversation(&self) -> ConversationId {
        self.event.conversation
    }

    /// Puts it into the mailboxes of those members who are here and may see it; says how many that were.
    pub(super) fn hand_out(&mut self, members: &[(AccountId, Seq)], hub: &Hub, bells: &mut Bells) -> usize {
        let Parcel { event, except, for_others, for_sender } = self;
        let may_see = |(_, from_seq): &&(AccountId, Seq)| event.seq >= *from_seq;
        let accounts = members.iter().filter(may_see).map(|(account, _)| *account);
        let frame_for = |account| {
            let frame = if account == event.sender { &mut *for_sender } else { &mut *for_others };
            let encode = || codec::encode_push(push::What::Event(to_wire::event_to_wire(event, account)));
            frame.get_or_insert_with(encode).clone()
        };
        hub.push(accounts, frame_for, *except, bells)
    }
}

impl Members {
    pub(super) fn list(&self) -> &[(AccountId, Seq)] {
        match self {
            Members::Known(known) => &known.members,
            Members::First(first) => &first.members,
        }
    }

    pub(super) fn are_many(&self) -> bool {
        self.list().len() > limits::LARGE_GROUP_MEMBERS
    }
}

impl Rounds {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.parcels >= PARCELS_WAITING_MAX
    }

    /// When the next piece is to be told.
    pub(super) fn due_at(&self) -> Moment {
        if self.is_empty() { Moment::NEVER } else { self.next_at }
    }

    /// A piece is told: the next one follows a little later, or at once for those that are late.
    pub(super) fn pace(&mut self, now: Moment) {
        self.next_at = (self.next_at + PIECE_EVERY_MS).max(now - MADE_UP_MS_MAX);
    }

    /// Whether something is on its way in this conversation: what is new there must go behind it.
    pub(super) fn has(&self, conversation: ConversationId) -> bool {
        self.waiting.iter().any(|round| round.conversation == conversation)
    }

    /// One more event: it goes with a round that has not begun, else on a round of its own, through `members` if they are
    /// known.
    pub(super) fn add(&mut self, parcel: Parcel, as_of: Option<Seq>, members: Option<Members>) {
        self.parcels += 1;
        let conversation = parcel.conversation();
        let last = self.waiting.iter_mut().rfind(|round| round.conversation == conversation);
        match last.filter(|round| round.told == 0 && round.parcels.len() < PARCELS_MAX) {
            Some(round) => {
                round.parcels.push(parcel);
                round.as_of = round.as_of.zip(as_of).map(|(one, other)| one.max(other));
                round.members = None;
            }
            None => {
                self.waiting.push_back(Round {
                    conversation,
                    as_of,
                    parcels: vec![parcel],
                    members,
                    told: 0,
                });
            }
        }
    }

    /// The first one, to be carried on with and given back unless it is over.
    pub(super) fn take(&mut self) -> Option<Round> {
        let round = self.waiting.pop_front()?;
        self.parcels -= round.parcels.len();
        Some(round)
    }

    pub(super) fn give_back(&mut self, round: Round) {
        self.parcels += round.parcels.len();
        self.waiting.push_front(round);
    }
}

impl Round {
    pub(super) fn conversation(&self) -> ConversationId {
        self.conversation
    }

    pub(super) fn as_of(&self) -> Option<Seq> {
        self.as_of
    }

    /// Those who are told, as far as they are known.
    pub(super) fn members(&mut self) -> &mut Option<Members> {
        &mut self.members
    }

    /// Whether all who are known were told.
    pub(super) fn is_through(&self) -> bool {
        self.members.as_ref().is_none_or(|members| self.told == members.list().len())
    }

    /// Tells some more of those who are known.
    pub(super) fn hand_out_some(&mut self, hub: &Hub, bells: &mut Bells) {
        let Some(members) = &self.members else { return };
        let (mut told, begun_at) = (0, self.told);
        for some in members.list()[begun_at..].chunks(LOOKED_FOR_AT_ONCE) {
            let sessions = self.parcels.iter_mut().map(|parcel| parcel.hand_out(some, hub, bells)).max();
            told += sessions.unwrap_or_default();
            self.told += some.len();
            if told >= TOLD_MAX || self.told - begun_at >= LOOKED_FOR_MAX {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::kind;

    use super::*;

    const NOW: Moment = Moment(1_000_000);

    fn rounds() -> Rounds {
        let event = Event {
            conversation: ConversationId(7),
            seq: Seq(2),
            sender: AccountId(1),
            at: NOW,
            kind: kind::TEXT,
            body: Vec::new(),
            silent: false,
            send_key: None,
        };
        let mut rounds = Rounds::default();
        assert_eq!(rounds.due_at(), Moment::NEVER, "nobody is to be told of anything");
        rounds.add(Parcel::new(event, None), None, None);
        rounds
    }

    /// How many pieces are told at this moment.
    fn pieces(rounds: &mut Rounds, now: Moment) -> u64 {
        let mut pieces = 0;
        while rounds.due_at() <= now {
            rounds.pace(now);
            pieces += 1;
        }
        pieces
    }

    #[test]
    fn pieces_have_a_pace_and_what_is_late_is_made_up_for_but_not_for_ever() {
        let mut rounds = rounds();
        // The one that makes up, all those that are made up for, and the one that is due.
        let most = MADE_UP_MS_MAX / PIECE_EVERY_MS + 2;
        assert_eq!(pieces(&mut rounds, NOW), most);
        assert_eq!(pieces(&mut rounds, NOW), 0, "the next one is not due yet");
        assert_eq!(pieces(&mut rounds, NOW + PIECE_EVERY_MS), 1);
        assert_eq!(pieces(&mut rounds, NOW + 4 * PIECE_EVERY_MS), 3, "two were late");
        assert_eq!(pieces(&mut rounds, NOW + 10_000), most);
    }
}
