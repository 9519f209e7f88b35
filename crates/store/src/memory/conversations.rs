//! Conversations, members and positions, in memory.

use std::collections::BTreeMap;

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, Seq, limits};
use async_trait::async_trait;

use super::{Conversation, Ending, KeyUse, MemoryStore, Place, State};
use crate::conversations::{
    Change, ConversationKind, Conversations, HeadPage, HeadRow, Member, Membership, Moved, NewGroup, Reach,
    merge_reaches,
};
use crate::error::StoreError;
use crate::log::Event;

#[async_trait]
impl Conversations for MemoryStore {
    async fn open_direct(
        &self,
        who: AccountId,
        with: AccountId,
        created: (u32, Vec<u8>),
        now: Moment,
    ) -> Result<(ConversationId, bool), StoreError> {
        let mut state = self.lock();
        if who == with {
            return Err(StoreError::NotAllowed);
        }
        let pair = (who.min(with), who.max(with));
        if let Some(known) = state.conversations_by_pair.get(&pair) {
            return Ok((*known, false));
        }
        state.require_accounts(&[who, with])?;
        let members = [who, with];
        let id =
            state.insert_conversation(ConversationKind::Direct, String::new(), who, &members, created, now);
        state.conversations_by_pair.insert(pair, id);
        Ok((id, true))
    }

    async fn create_group(&self, group: NewGroup, now: Moment) -> Result<(ConversationId, bool), StoreError> {
        let mut state = self.lock();
        let key = (group.creator, group.send_key);
        match state.send_keys.get(&key) {
            Some(KeyUse::Group(known)) => return Ok((*known, false)),
            Some(KeyUse::Message(..)) => return Err(StoreError::SendKeyReused),
            None => {}
        }
        let members = group.everybody();
        if members.len() > self.group_members_max {
            return Err(StoreError::Full(self.group_members_max));
        }
        state.require_accounts(&members)?;
        let NewGroup { creator, title, created, .. } = group;
        let id = state.insert_conversation(ConversationKind::Group, title, creator, &members, created, now);
        state.send_keys.insert(key, KeyUse::Group(id));
        Ok((id, true))
    }

    async fn change_group(
        &self,
        conversation: ConversationId,
        actor: AccountId,
        change: Change,
        telling: (u32, Vec<u8>),
        now: Moment,
    ) -> Result<Option<Event>, StoreError> {
        let mut state = self.lock();
        let (known, place) = state.place(conversation, actor)?;
        if known.kind == ConversationKind::Direct {
            return Err(StoreError::NotAllowed);
        }
        if place.ending.is_some() {
            return match change {
                Change::Leave => Ok(None),
                Change::Add(_) | Change::Rename(_) => Err(StoreError::NotAllowed),
            };
        }
        let mut joining = Vec::new();
        if let Change::Add(accounts) = &change {
            joining
                .extend(accounts.iter().copied().filter(|account| !known.present().any(|it| it == *account)));
            joining.sort();
            joining.dedup();
            if joining.is_empty() {
                return Ok(None);
            }
            if known.present().count() + joining.len() > self.group_members_max {
                return Err(StoreError::Full(self.group_members_max));
            }
            state.require_accounts(&joining)?;
        }
        let tick = state.tick();
        let known = state.conversations.get_mut(&conversation).ok_or(StoreError::NotFound)?;
        let seq = known.tell(actor, telling, now);
        known.change = tick;
        if !matches!(change, Change::Rename(_)) {
            known.members_changed = seq;
        }
        match change {
            Change::Add(_) => joining.into_iter().for_each(|account| known.join(account, seq, tick)),
            Change::Leave => known.leave(actor, seq, tick),
            Change::Rename(title) => known.title = title,
        }
        Ok(Some(known.event(seq).clone()))
    }

    async fn head(&self, account: AccountId, conversation: ConversationId) -> Result<HeadRow, StoreError> {
        let state = self.lock();
        let (conversation, place) = state.place(conversation, account)?;
        Ok(conversation.head(account, place))
    }

    async fn heads_changed(
        &self,
        account: AccountId,
        since: Position,
        before: Option<Position>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        let state = self.lock();
        let mut heads = Vec::new();
        for conversation in state.conversations.values() {
            if let Some(place) = conversation.members.get(&account) {
                heads.push(conversation.head(account, place));
            }
        }
        heads.retain(|head| head.change > since && before.is_none_or(|before| head.change < before));
        heads.sort_by_key(|head| std::cmp::Reverse(head.change));
        let limit = limit.max(1);
        let more = heads.len() > limit;
        heads.truncate(limit);
        let next = if more { heads.last().map(|head| head.change) } else { None };
        Ok(HeadPage { heads, position: state.change, next })
    }

    async fn members(
        &self,
        account: AccountId,
        conversation: ConversationId,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        let state = self.lock();
        let (conversation, place) = state.place(conversation, account)?;
        if place.ending.is_some() {
            return Err(StoreError::NotFound);
        }
        let later = conversation.members.iter().filter(|(account, _)| **account > after);
        Ok(later.take(limit).map(|(account, place)| place.to_member(*account)).collect())
    }

    async fn members_among(
        &self,
        account: AccountId,
        conversation: ConversationId,
        asked: &[AccountId],
    ) -> Result<Vec<Member>, StoreError> {
        let state = self.lock();
        let (conversation, _) = state.place(conversation, account)?;
        let among = conversation.members.iter().filter(|(member, _)| asked.contains(member));
        Ok(among.map(|(member, place)| place.to_member(*member)).collect())
    }

    async fn present_members(
        &self,
        conversation: ConversationId,
        after: AccountId,
        limit: usize,
    ) -> Result<Membership, StoreError> {
        let state = self.lock();
        let Some(conversation) = state.conversations.get(&conversation) else {
            return Ok(Membership { changed: Seq(0), members: Vec::new() });
        };
        let page = conversation.present().filter(|it| *it > after).take(limit);
        let members = page.map(|it| (it, conversation.members[&it].from_seq)).collect();
        Ok(Membership { changed: conversation.members_changed, members })
    }

    async fn reach(
        &self,
        account: AccountId,
        positions: Vec<Reach>,
        _now: Moment,
    ) -> Result<Vec<Moved>, StoreError> {
        let mut state = self.lock();
        let wanted = merge_reaches(positions);
        for reach in &wanted {
            let (conversation, place) = state.place(reach.conversation, account)?;
            if reach.delivered > conversation.end_seq(place) {
                return Err(StoreError::BeyondEnd);
            }
        }
        Ok(wanted.into_iter().filter_map(|reach| state.reach_one(account, reach)).collect())
    }
}

impl State {
    fn require_accounts(&self, accounts: &[AccountId]) -> Result<(), StoreError> {
        if accounts.iter().all(|account| self.accounts.contains_key(account)) {
            return Ok(());
        }
        Err(StoreError::NotFound)
    }

    fn insert_conversation(
        &mut self,
        kind: ConversationKind,
        title: String,
        creator: AccountId,
        members: &[AccountId],
        created: (u32, Vec<u8>),
        now: Moment,
    ) -> ConversationId {
        let change = self.tick();
        let id = ConversationId(self.conversations.len() as u64 + 1);
        let mut conversation = Conversation {
            id,
            kind,
            title,
            change,
            members_changed: Seq(1),
            log: Vec::new(),
            members: BTreeMap::new(),
        };
        let seq = conversation.tell(creator, created, now);
        members.iter().for_each(|member| conversation.join(*member, seq, change));
        self.conversations.insert(id, conversation);
        id
    }

    /// Moves one member's positions, if they are ahead of where they were.
    fn reach_one(&mut self, account: AccountId, reach: Reach) -> Option<Moved> {
        let (_, place) = self.place(reach.conversation, account).ok()?;
        let delivered = place.delivered.max(reach.delivered);
        let read = place.read.max(reach.read);
        if (delivered, read) == (place.delivered, place.read) {
            return None;
        }
        let change = self.tick();
        let conversation = self.conversations.get_mut(&reach.conversation)?;
        let member_count = conversation.member_count();
        let place = conversation.members.get_mut(&account)?;
        place.delivered = delivered;
        place.read = read;
        place.change = change;
        let from_seq = place.from_seq;
        if place.ending.is_none() && member_count as usize <= limits::REACHED_PUSH_MEMBERS_MAX {
            conversation.change = change;
        }
        let reach = Reach { conversation: reach.conversation, delivered, read };
        Some(Moved { reach, from_seq, member_count })
    }
}

impl Conversation {
    fn leave(&mut self, account: AccountId, telling: Seq, change: Position) {
        let ending =
            Ending { seq: telling, title: self.title.clone(), member_count: self.member_count() - 1 };
        if let Some(place) = self.members.get_mut(&account) {
            place.change = change;
            place.ending = Some(ending);
        }
    }

    fn head(&self, account: AccountId, place: &Place) -> HeadRow {
        let end = self.end_seq(place);
        let counts = |event: &&Event| {
            place.read < event.seq && event.seq <= end && !event.silent && event.sender != account
        };
        let unread = self.log.iter().filter(counts).count();
        let peer = match self.kind {
            ConversationKind::Direct => self.members.iter().find(|(member, _)| **member != account),
            ConversationKind::Group => None,
        };
        let (title, member_count, change) = match &place.ending {
            Some(ending) => (&ending.title, ending.member_count, place.change),
            None => (&self.title, self.member_count(), self.change.max(place.change)),
        };
        HeadRow {
            conversation: self.id,
            kind: self.kind,
            change,
            title: title.clone(),
            last: self.event(end).clone(),
            from_seq: place.from_seq,
            read: place.read,
            delivered: place.delivered,
            unread: u32::try_from(unread).unwrap_or(u32::MAX).min(limits::UNREAD_COUNT_MAX),
            member_count,
            peer: peer.map(|(peer, place)| place.to_member(*peer)),
            left: place.ending.is_some(),
        }
    }
}

impl Place {
    fn to_member(&self, account: AccountId) -> Member {
        Member {
            account,
            from_seq: self.from_seq,
            delivered: self.delivered,
            read: self.read,
            left: self.ending.is_some(),
        }
    }
}
