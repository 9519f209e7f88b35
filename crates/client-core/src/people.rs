//! Who is who, and how far the members of a conversation got.

use std::collections::BTreeMap;

use anser_protocol::{AccountId, ConversationId, Seq, limits};

use crate::local::{MemberRow, PersonRow, Restored};

/// So many people without a name are cared for on one link: far more than anybody looks at.
const NAMELESS_MAX: usize = 10 * limits::GROUP_MEMBERS_DEFAULT;

/// How far somebody got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) delivered: Seq,
    pub(crate) read: Seq,
}

/// How far the others of a conversation got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others {
    /// By where a view begins: the best of those whose view begins there or before.
    best_from: BTreeMap<Seq, Reached>,
}

impl Others {
    fn of<'a>(members: impl Iterator<Item = &'a MemberRow>) -> Others {
        let mut best_from: BTreeMap<Seq, Reached> = BTreeMap::new();
        for member in members {
            let best = best_from.entry(member.from_seq).or_default();
            best.delivered = best.delivered.max(member.delivered);
            best.read = best.read.max(member.read);
        }
        let mut so_far = Reached::default();
        for best in best_from.values_mut() {
            best.delivered = best.delivered.max(so_far.delivered);
            best.read = best.read.max(so_far.read);
            so_far = *best;
        }
        Others { best_from }
    }

    /// The best of those who may see the event at `seq`, since one recipient is enough for "delivered" and
    /// "read". Whoever joined later has a higher position, and never saw the event (spec D6).
    pub(crate) fn at(&self, seq: Seq) -> Reached {
        self.best_from.range(..=seq).next_back().map(|(_, best)| *best).unwrap_or_default()
    }
}

/// Known people and members. A member row of our own account says what the *server* knows of our positions.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    people: BTreeMap<AccountId, PersonRow>,
    members: BTreeMap<(ConversationId, AccountId), MemberRow>,
    /// Shown somewhere, but nameless, and in which conversation they are.
    wanted: BTreeMap<AccountId, ConversationId>,
    /// Asked for on this link; an answer without them will not get better by asking again.
    asked: BTreeMap<AccountId, ConversationId>,
    /// One question at a time.
    in_flight: bool,
}

impl People {
    pub(crate) fn restore(restored: &Restored) -> People {
        let mut people = People::default();
        for row in &restored.people {
            people.people.insert(row.account, row.clone());
        }
        for row in &restored.members {
            people.members.insert((row.conversation, row.account), *row);
        }
        people
    }

    pub(crate) fn person(&self, account: AccountId) -> Option<&PersonRow> {
        self.people.get(&account)
    }

    /// Everybody with a name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &PersonRow> {
        self.people.values()
    }

    /// True if this is news.
    pub(crate) fn learn(&mut self, person: &PersonRow) -> bool {
        let before = self.people.insert(person.account, person.clone());
        before.as_ref() != Some(person)
    }

    pub(crate) fn member(&self, conversation: ConversationId, account: AccountId) -> Option<MemberRow> {
        self.members.get(&(conversation, account)).copied()
    }

    /// How far a member got, and whether it is one. The new row if it is news.
    ///
    /// Positions only move forward, except for one who left and came back: that view begins anew, so its
    /// positions are as told. Older messages that nobody else had are then shown as sent again.
    ///
    /// A conversation never has more members here than a group may have.
    pub(crate) fn reach(&mut self, news: MemberRow) -> Option<MemberRow> {
        let key = (news.conversation, news.account);
        let before = self.members.get(&key).copied();
        if before.is_none() && self.members_of(news.conversation).count() > limits::GROUP_MEMBERS_DEFAULT {
            return None;
        }
        let anew = MemberRow { delivered: Seq(0), read: Seq(0), ..news };
        let known = before.filter(|known| known.from_seq >= news.from_seq).unwrap_or(anew);
        let read = known.read.max(news.read);
        // Whoever read a message has it.
        let delivered = known.delivered.max(news.delivered).max(read);
        let after = MemberRow { from_seq: known.from_seq, delivered, read, ..news };
        self.members.insert(key, after);
        (before != Some(after)).then_some(after)
    }

    /// How far the others got.
    pub(crate) fn others(&self, conversation: ConversationId, me: AccountId) -> Others {
        Others::of(self.members_of(conversation).filter(|member| member.account != me))
    }

    fn members_of(&self, conversation: ConversationId) -> impl Iterator<Item = &MemberRow> {
        let all = (conversation, AccountId(0))..=(conversation, AccountId(u64::MAX));
        self.members.range(all).map(|(_, member)| member)
    }

    /// Somebody is shown in this conversation: make sure that we will know the name.
    pub(crate) fn want(&mut self, conversation: ConversationId, account: AccountId) {
        let known = self.people.contains_key(&account) || self.asked.contains_key(&account);
        if !known && self.wanted.len() + self.asked.len() < NAMELESS_MAX {
            self.wanted.entry(account).or_insert(conversation);
        }
    }

    /// The next people to ask for, all of one conversation; they count as asked then.
    pub(crate) fn next_request(&mut self) -> Option<(ConversationId, Vec<AccountId>)> {
        self.wanted.retain(|account, _| !self.people.contains_key(account));
        if self.in_flight {
            return None;
        }
        let conversation = *self.wanted.values().next()?;
        let together = self.wanted.iter().filter(|(_, place)| **place == conversation);
        let accounts: Vec<AccountId> =
            together.map(|(account, _)| *account).take(limits::MEMBERS_PER_PAGE).collect();
        for account in &accounts {
            self.wanted.remove(account);
            self.asked.insert(*account, conversation);
        }
        self.in_flight = true;
        Some((conversation, accounts))
    }

    /// The question is answered, one way or the other.
    pub(crate) fn answered(&mut self) {
        self.in_flight = false;
    }

    /// Unanswered questions are void; on the next link they are asked again.
    pub(crate) fn link_lost(&mut self) {
        self.in_flight = false;
        for (account, conversation) in std::mem::take(&mut self.asked) {
            self.want(conversation, account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ALICE, BOB, CAROL, person};

    const CHAT: ConversationId = ConversationId(7);

    fn member(account: AccountId, delivered: u64, read: u64) -> MemberRow {
        joined(account, 1, delivered, read)
    }

    fn joined(account: AccountId, from_seq: u64, delivered: u64, read: u64) -> MemberRow {
        let (from_seq, delivered, read) = (Seq(from_seq), Seq(delivered), Seq(read));
        MemberRow { conversation: CHAT, account, from_seq, delivered, read, left: false }
    }

    fn reached(delivered: u64, read: u64) -> Reached {
        Reached { delivered: Seq(delivered), read: Seq(read) }
    }

    #[test]
    fn positions_only_move_forward_and_reading_implies_delivery() {
        let mut people = People::default();
        assert!(people.reach(member(BOB, 5, 3)).is_some());
        assert!(people.reach(member(BOB, 4, 2)).is_none(), "no news");
        people.reach(member(BOB, 0, 9));
        assert_eq!(people.member(CHAT, BOB), Some(member(BOB, 9, 9)));
    }

    #[test]
    fn ones_own_positions_are_nobody_elses() {
        let mut people = People::default();
        people.reach(member(ALICE, 9, 9));
        people.reach(member(BOB, 5, 3));
        assert_eq!(people.others(CHAT, ALICE).at(Seq(1)), reached(5, 3));
    }

    #[test]
    fn a_position_says_nothing_about_what_came_before_the_member() {
        let mut people = People::default();
        people.reach(member(BOB, 5, 3));
        people.reach(joined(CAROL, 9, 12, 8));
        let others = people.others(CHAT, ALICE);
        assert_eq!(others.at(Seq(8)), reached(5, 3));
        assert_eq!(others.at(Seq(9)), reached(12, 8));
        assert_eq!(others.at(Seq(100)), reached(12, 8));
        people.reach(member(BOB, 20, 3));
        assert_eq!(people.others(CHAT, ALICE).at(Seq(9)), reached(20, 8), "the best of both");
    }

    #[test]
    fn who_comes_back_begins_anew() {
        let mut people = People::default();
        people.reach(member(BOB, 5, 3));
        assert_eq!(people.reach(joined(BOB, 9, 8, 8)), Some(joined(BOB, 9, 8, 8)));
        assert_eq!(people.others(CHAT, ALICE).at(Seq(3)), reached(0, 0));
        assert!(people.reach(member(BOB, 5, 3)).is_none(), "old news of the first view");
    }

    #[test]
    fn a_name_is_asked_for_once_on_a_link() {
        let mut people = People::default();
        people.want(CHAT, BOB);
        people.want(CHAT, BOB);
        assert_eq!(people.next_request(), Some((CHAT, vec![BOB])));
        people.want(CHAT, BOB);
        people.answered();
        assert_eq!(people.next_request(), None);
        people.link_lost();
        assert_eq!(people.next_request(), Some((CHAT, vec![BOB])));
        people.learn(&person(BOB, "bob"));
        people.link_lost();
        people.want(CHAT, BOB);
        assert_eq!(people.next_request(), None);
    }

    #[test]
    fn a_server_cannot_make_it_grow_without_bound() {
        let mut people = People::default();
        for account in 1..12_000 {
            people.reach(member(AccountId(account), 1, 1));
            people.want(CHAT, AccountId(account));
        }
        assert!(people.members.len() <= limits::GROUP_MEMBERS_DEFAULT + 1);
        assert!(people.wanted.len() <= NAMELESS_MAX);
        assert_eq!(people.next_request().map(|(_, asked)| asked.len()), Some(limits::MEMBERS_PER_PAGE));
        assert_eq!(people.next_request(), None, "one question at a time");
    }
}
