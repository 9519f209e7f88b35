//! Where do people talk, and what changed there? Making, changing and showing conversations.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use anser_protocol::ids::Position;
use anser_protocol::wire::{self, ErrorCode};
use anser_protocol::{AccountId, ConversationId, Fault, Moment, Seq, kind, limits};
use anser_store::{Change, HeadRow, NewGroup, Store};
use prost::Message;

use crate::bus::pledge::Pledge;
use crate::bus::{Bus, Notice};
use crate::services::contacts::Contacts;
use crate::services::store_fault::store_fault;
use crate::services::throttle::{Throttle, TooMany};
use crate::services::to_wire::{self, People};
use crate::services::{Asker, rules};

const HOUR_MS: u64 = 60 * 60 * 1_000;

/// Conversations as their members see them.
pub struct Conversations {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    contacts: Arc<Contacts>,
    /// Leaving is not among them: nobody should have to stay.
    group_changes_by_account: Throttle<AccountId>,
}

impl Conversations {
    /// Over this store, telling this bus; people are named through `contacts`.
    pub fn new(store: Arc<dyn Store>, bus: Arc<dyn Bus>, contacts: Arc<Contacts>) -> Conversations {
        let group_changes_by_account = Throttle::new(limits::GROUP_CHANGES_PER_HOUR, HOUR_MS);
        Conversations { store, bus, contacts, group_changes_by_account }
    }

    /// The conversation of the asker and one other, made if there is none.
    pub async fn open_direct(
        &self,
        asker: Asker,
        call: wire::OpenDirect,
        now: Moment,
    ) -> Result<wire::Head, Fault> {
        let with = self.contacts.named(asker, "handle", &call.handle, now).await?.id;
        let both = vec![asker.account, with];
        let created = (kind::CREATED, created_body("", &both));
        let mut pledge = Pledge::new(&self.bus);
        let outcome = self.store.open_direct(asker.account, with, created, now).await;
        let (conversation, made) = pledge.unless_refused(outcome).map_err(store_fault)?;
        pledge.tell(made.then_some(Notice::Heads { conversation, accounts: both }));
        self.head(asker.account, conversation).await
    }

    /// Makes a group. The same send key again gives the group that it made.
    pub async fn create_group(
        &self,
        asker: Asker,
        call: wire::CreateGroup,
        now: Moment,
    ) -> Result<wire::Head, Fault> {
        let title = rules::name("title", &call.title)?;
        let send_key = rules::send_key(&call.send_key)?;
        self.take_group_change(asker, now)?;
        let mut members = self.named_all(asker, &call.handles, now).await?;
        members.retain(|member| *member != asker.account);
        let mut all = vec![asker.account];
        all.extend(&members);
        let created = (kind::CREATED, created_body(&title, &all));
        let group = NewGroup { creator: asker.account, title, members, send_key, created };
        let mut pledge = Pledge::new(&self.bus);
        let outcome = self.store.create_group(group, now).await;
        let (conversation, made) = pledge.unless_refused(outcome).map_err(store_fault)?;
        pledge.tell(made.then_some(Notice::Heads { conversation, accounts: all }));
        self.head(asker.account, conversation).await
    }

    /// Brings people into a group.
    pub async fn add_members(
        &self,
        asker: Asker,
        call: wire::AddMembers,
        now: Moment,
    ) -> Result<wire::Head, Fault> {
        let conversation = ConversationId(call.conversation);
        // Whether the asker may is asked first: a stranger learns nothing about who exists from here.
        self.store.head(asker.account, conversation).await.map_err(store_fault)?;
        self.take_group_change(asker, now)?;
        let named = self.named_all(asker, &call.handles, now).await?;
        let known = self.store.members_among(asker.account, conversation, &named).await;
        let known = known.map_err(store_fault)?;
        let is_new =
            |account: &AccountId| !known.iter().any(|member| member.account == *account && !member.left);
        let new = named.iter().filter(|account| is_new(account)).map(|account| account.0).collect();
        let body = wire::MembersAdded { members: new }.encode_to_vec();
        self.change(asker, conversation, Change::Add(named), (kind::MEMBERS_ADDED, body), now).await
    }

    /// The asker leaves a group.
    pub async fn leave(
        &self,
        asker: Asker,
        call: wire::LeaveGroup,
        now: Moment,
    ) -> Result<wire::Head, Fault> {
        let body = wire::MemberLeft {}.encode_to_vec();
        let conversation = ConversationId(call.conversation);
        self.change(asker, conversation, Change::Leave, (kind::MEMBER_LEFT, body), now).await
    }

    /// Gives a group another title.
    pub async fn rename(
        &self,
        asker: Asker,
        call: wire::RenameGroup,
        now: Moment,
    ) -> Result<wire::Head, Fault> {
        let title = rules::name("title", &call.title)?;
        self.take_group_change(asker, now)?;
        let body = wire::Renamed { title: title.clone() }.encode_to_vec();
        let conversation = ConversationId(call.conversation);
        self.change(asker, conversation, Change::Rename(title), (kind::RENAMED, body), now).await
    }

    /// Members present and past, a page of them.
    pub async fn members(&self, asker: Asker, call: wire::ListMembers) -> Result<wire::Members, Fault> {
        let limit = rules::page(call.limit, limits::MEMBERS_PER_PAGE);
        let (conversation, after) = (ConversationId(call.conversation), AccountId(call.after_account));
        // One more than fits tells whether there is another page.
        let found = self.store.members(asker.account, conversation, after, limit + 1).await;
        let mut members = found.map_err(store_fault)?;
        let more = members.len() > limit;
        members.truncate(limit);
        let people = self.people_by_account(members.iter().map(|member| member.account)).await?;
        let members = members.iter().map(|member| to_wire::member_to_wire(member, &people)).collect();
        Ok(wire::Members { members, more })
    }

    /// Those asked for who are or were members of a conversation of the asker's.
    pub async fn people(&self, asker: Asker, call: wire::GetPeople) -> Result<wire::People, Fault> {
        rules::count("accounts", call.accounts.len(), limits::MEMBERS_PER_PAGE)?;
        let asked: Vec<AccountId> = call.accounts.into_iter().map(AccountId).collect();
        let conversation = ConversationId(call.conversation);
        let known =
            self.store.members_among(asker.account, conversation, &asked).await.map_err(store_fault)?;
        let people = self.people_by_account(known.iter().map(|member| member.account)).await?;
        Ok(wire::People { people: people.into_values().collect() })
    }

    /// An account's conversations that changed since a position, a page of them, newest change first.
    pub async fn changes(&self, account: AccountId, call: wire::Sync) -> Result<wire::Changes, Fault> {
        let (since, before) = (Position(call.since), (call.before > 0).then_some(Position(call.before)));
        let mut limit = limits::HEADS_PER_PAGE;
        loop {
            let page = self.store.heads_changed(account, since, before, limit).await.map_err(store_fault)?;
            let changes = wire::Changes {
                heads: self.heads_to_wire(account, &page.heads).await?,
                position: page.position.0,
                next: page.next.map_or(0, |next| next.0),
            };
            // Last lines may be long: fewer heads rather than a frame over its limit.
            if changes.encoded_len() <= limits::RANGE_BYTES_MAX || limit == 1 {
                return Ok(changes);
            }
            limit /= 2;
        }
    }

    /// An account's view of one conversation.
    pub async fn head(&self, account: AccountId, conversation: ConversationId) -> Result<wire::Head, Fault> {
        let row = self.store.head(account, conversation).await.map_err(store_fault)?;
        let people = self.people_by_account(row.peer.iter().map(|peer| peer.account)).await?;
        Ok(to_wire::head_to_wire(&row, account, &people))
    }

    async fn change(
        &self,
        asker: Asker,
        conversation: ConversationId,
        change: Change,
        telling: (u32, Vec<u8>),
        now: Moment,
    ) -> Result<wire::Head, Fault> {
        let changes_members = !matches!(change, Change::Rename(_));
        let joining = match &change {
            Change::Add(accounts) => accounts.clone(),
            Change::Leave | Change::Rename(_) => Vec::new(),
        };
        let mut pledge = Pledge::new(&self.bus);
        let outcome = self.store.change_group(conversation, asker.account, change, telling, now).await;
        let Some(event) = pledge.unless_refused(outcome).map_err(store_fault)? else {
            pledge.tell(None);
            return self.head(asker.account, conversation).await;
        };
        let accounts = self.shown_anew(asker, conversation, joining).await?;
        let members_changed: Option<Seq> = changes_members.then_some(event.seq);
        pledge.tell([
            // First, so that whoever joins knows the conversation before its event comes.
            Notice::Heads { conversation, accounts },
            Notice::Event { event, members_changed, except: None },
        ]);
        self.head(asker.account, conversation).await
    }

    /// Who is told of a change by a head of their own: everybody who is there; in a large group, where that would be a
    /// look-up and a frame for each of very many, only those who joined. The others hear of it by its event.
    async fn shown_anew(
        &self,
        asker: Asker,
        conversation: ConversationId,
        joining: Vec<AccountId>,
    ) -> Result<Vec<AccountId>, Fault> {
        let some = limits::LARGE_GROUP_MEMBERS + 1;
        let present = self.store.present_members(conversation, AccountId(0), some).await;
        let present = present.map_err(store_fault)?.members;
        // The asker, too, if it just left: its other devices must know.
        let mut accounts = BTreeSet::from([asker.account]);
        if present.len() < some {
            accounts.extend(present.iter().map(|(member, _)| *member));
        } else {
            accounts.extend(joining);
        }
        Ok(accounts.into_iter().collect())
    }

    fn take_group_change(&self, asker: Asker, now: Moment) -> Result<(), Fault> {
        self.group_changes_by_account.take(&asker.account, now).map_err(|TooMany(wait_ms)| {
            let text = format!("groups can be changed {} times per hour", limits::GROUP_CHANGES_PER_HOUR);
            Fault::retry_after(ErrorCode::RateLimited, wait_ms, text)
        })
    }

    /// The accounts named by handles, each once.
    async fn named_all(
        &self,
        asker: Asker,
        handles: &[String],
        now: Moment,
    ) -> Result<Vec<AccountId>, Fault> {
        rules::count("handles", handles.len(), limits::MEMBERS_PER_REQUEST_MAX)?;
        let mut accounts = Vec::with_capacity(handles.len());
        for handle in handles {
            let account = self.contacts.named(asker, "handles", handle, now).await?.id;
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
        Ok(accounts)
    }

    async fn heads_to_wire(&self, viewer: AccountId, rows: &[HeadRow]) -> Result<Vec<wire::Head>, Fault> {
        let peers = rows.iter().filter_map(|row| row.peer.as_ref()).map(|peer| peer.account);
        let people = self.people_by_account(peers).await?;
        Ok(rows.iter().map(|row| to_wire::head_to_wire(row, viewer, &people)).collect())
    }

    /// Looked up in one go.
    async fn people_by_account(&self, accounts: impl Iterator<Item = AccountId>) -> Result<People, Fault> {
        let accounts: Vec<AccountId> = accounts.collect();
        if accounts.is_empty() {
            return Ok(People::new());
        }
        let found = self.store.accounts_by_id(&accounts).await.map_err(store_fault)?;
        Ok(found.iter().map(|account| (account.id, to_wire::person_to_wire(account))).collect())
    }
}

fn created_body(title: &str, members: &[AccountId]) -> Vec<u8> {
    let members = members.iter().map(|member| member.0).collect();
    wire::Created { title: title.to_owned(), members }.encode_to_vec()
}

impl fmt::Debug for Conversations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversations").finish_non_exhaustive()
    }
}
