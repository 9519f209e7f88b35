//! The same deeds on the plain model have the same results: any story, told to both.

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, SendKey, Seq, kind};
use futures_executor::block_on;
use proptest::prelude::*;

use super::fixture::{EVERYTHING, NOW, change, created, for_any_story, new_account, new_device, unique};
use crate::memory::MemoryStore;
use crate::{Append, Change, NewAccount, NewGroup, Range, Reach, Store};

/// People and conversations are numbers; most exist, some do not. Few keys, so that they are met again.
#[derive(Clone, Debug)]
enum Deed {
    OpenDirect { who: usize, with: usize },
    CreateGroup { who: usize, members: Vec<usize>, key: u8 },
    Append { who: usize, conversation: u64, key: u8, body: u8, silent: bool },
    Add { who: usize, conversation: u64, members: Vec<usize> },
    Leave { who: usize, conversation: u64 },
    Rename { who: usize, conversation: u64, title: u8 },
    Reach { who: usize, positions: Vec<(u64, u64, u64)> },
    Range { who: usize, conversation: u64, first: u64, limit: usize, newest: bool },
}

/// The last one does not exist.
const PEOPLE: usize = 5;

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let who = || 0..PEOPLE - 1;
    let anybody = || 0..PEOPLE;
    let some = || prop::collection::vec(0..PEOPLE - 1, 0..3);
    let conversation = || 1..6u64;
    let deed = prop_oneof![
        2 => (who(), anybody()).prop_map(|(who, with)| Deed::OpenDirect { who, with }),
        2 => (who(), some(), any::<u8>()).prop_map(|(who, members, key)| {
            Deed::CreateGroup { who, members, key: key % 64 }
        }),
        8 => (who(), conversation(), any::<u8>(), 0..3u8, any::<bool>()).prop_map(
            |(who, conversation, key, body, silent)| Deed::Append { who, conversation, key: key % 64, body, silent }
        ),
        2 => (who(), conversation(), prop::collection::vec(anybody(), 0..3)).prop_map(
            |(who, conversation, members)| Deed::Add { who, conversation, members }
        ),
        2 => (who(), conversation()).prop_map(|(who, conversation)| Deed::Leave { who, conversation }),
        1 => (who(), conversation(), any::<u8>()).prop_map(|(who, conversation, title)| {
            Deed::Rename { who, conversation, title }
        }),
        4 => (who(), prop::collection::vec((conversation(), 0..8u64, 0..8u64), 1..3)).prop_map(
            |(who, positions)| Deed::Reach { who, positions }
        ),
        2 => (who(), conversation(), 0..8u64, 0..5usize, any::<bool>()).prop_map(
            |(who, conversation, first, limit, newest)| Deed::Range { who, conversation, first, limit, newest }
        ),
    ];
    prop::collection::vec(deed, 1..60)
}

/// A failure names the shortest story that tells them apart.
pub async fn the_same_deeds_have_the_same_results<S: Store>(store: &S) {
    for_any_story(32, &deeds(), |deeds| {
        let people: Vec<_> = (0..PEOPLE - 1).map(|_| new_account(&format!("person{}", unique()))).collect();
        let told = block_on(Telling::new(store, &people).tell(&deeds));
        let model = MemoryStore::new();
        let expected = block_on(Telling::new(&model, &people).tell(&deeds));
        prop_assert_eq!(told, expected);
        Ok(())
    });
}

/// One story on one store. Stores give conversations different ids and changes different positions, so the
/// former are known by the order in which the story met them, and the latter by their order only.
struct Telling<'a, S> {
    store: &'a S,
    people: &'a [NewAccount],
    conversations: Vec<ConversationId>,
}

impl<'a, S: Store> Telling<'a, S> {
    fn new(store: &'a S, people: &'a [NewAccount]) -> Self {
        Telling { store, people, conversations: Vec::new() }
    }

    /// What came of each deed, and what everybody sees in the end.
    async fn tell(mut self, deeds: &[Deed]) -> Vec<String> {
        for person in self.people {
            self.store.create_account(person.clone(), new_device("phone"), NOW).await.unwrap();
        }
        let mut results = Vec::new();
        for deed in deeds {
            results.push(format!("{deed:?}: {}", self.carry_out(deed).await));
        }
        for who in 0..self.people.len() {
            results.push(self.view(self.account(who)).await);
        }
        results
    }

    async fn carry_out(&mut self, deed: &Deed) -> String {
        let store = self.store;
        match deed.clone() {
            Deed::OpenDirect { who, with } => {
                let result = store.open_direct(self.account(who), self.account(with), created(), NOW).await;
                format!("{:?}", result.map(|(id, made)| (self.meet(id), made)))
            }
            Deed::CreateGroup { who, members, key } => {
                let group = NewGroup {
                    creator: self.account(who),
                    title: "walks".to_owned(),
                    members: self.accounts(&members),
                    send_key: SendKey([key; 16]),
                    created: created(),
                };
                let result = store.create_group(group, NOW).await;
                format!("{:?}", result.map(|(id, made)| (self.meet(id), made)))
            }
            Deed::Append { who, conversation, key, body, silent } => {
                let message = Append {
                    conversation: self.conversation(conversation),
                    sender: self.account(who),
                    send_key: SendKey([key; 16]),
                    kind: kind::TEXT,
                    body: vec![body; 3],
                    silent,
                    now: NOW,
                };
                format!("{:?}", store.append(message).await)
            }
            Deed::Add { who, conversation, members } => {
                self.change(who, conversation, Change::Add(self.accounts(&members))).await
            }
            Deed::Leave { who, conversation } => self.change(who, conversation, Change::Leave).await,
            Deed::Rename { who, conversation, title } => {
                self.change(who, conversation, Change::Rename(format!("title {title}"))).await
            }
            Deed::Reach { who, positions } => {
                let reach = |(conversation, delivered, read)| Reach {
                    conversation: self.conversation(conversation),
                    delivered: Seq(delivered),
                    read: Seq(read),
                };
                let positions = positions.into_iter().map(reach).collect();
                let mut result = store.reach(self.account(who), positions, NOW).await;
                for moved in result.iter_mut().flatten() {
                    moved.reach.conversation = self.alias(moved.reach.conversation);
                }
                format!("{result:?}")
            }
            Deed::Range { who, conversation, first, limit, newest } => {
                let range = Range { first: Seq(first), limit, newest, ..EVERYTHING };
                self.range(self.account(who), self.conversation(conversation), range).await
            }
        }
    }

    /// Everything that an account can ask for.
    async fn view(&self, account: AccountId) -> String {
        let page = self.store.heads_changed(account, Position(0), None, 1_000).await.unwrap();
        let mut seen = Vec::new();
        for mut head in page.heads {
            let id = head.conversation;
            head.conversation = self.alias(id);
            head.last.conversation = self.alias(id);
            head.change = Position(0);
            seen.push(format!("{head:?}"));
            seen.push(self.range(account, id, EVERYTHING).await);
            seen.push(format!("{:?}", self.store.members(account, id, AccountId(0), 100).await));
            seen.push(format!("{:?}", self.store.present_members(id, AccountId(0), usize::MAX).await));
        }
        seen.join("\n")
    }

    async fn change(&self, who: usize, conversation: u64, wish: Change) -> String {
        let conversation = self.conversation(conversation);
        let mut result = change(self.store, self.account(who), conversation, wish).await;
        if let Ok(Some(event)) = &mut result {
            event.conversation = self.alias(event.conversation);
        }
        format!("{result:?}")
    }

    async fn range(&self, account: AccountId, conversation: ConversationId, range: Range) -> String {
        let mut result = self.store.range(account, conversation, range).await;
        for event in result.iter_mut().flatten() {
            event.conversation = self.alias(event.conversation);
        }
        format!("{result:?}")
    }

    /// The last one exists nowhere.
    fn account(&self, who: usize) -> AccountId {
        self.people.get(who).map_or(AccountId(u64::MAX), |person| person.id)
    }

    fn accounts(&self, who: &[usize]) -> Vec<AccountId> {
        who.iter().map(|who| self.account(*who)).collect()
    }

    /// The conversation that the story met as this one; those not met yet exist nowhere.
    fn conversation(&self, alias: u64) -> ConversationId {
        self.conversations.get(alias as usize - 1).copied().unwrap_or(ConversationId(u64::MAX))
    }

    fn meet(&mut self, id: ConversationId) -> ConversationId {
        if !self.conversations.contains(&id) {
            self.conversations.push(id);
        }
        self.alias(id)
    }

    fn alias(&self, id: ConversationId) -> ConversationId {
        let index = self.conversations.iter().position(|known| *known == id).unwrap();
        ConversationId(index as u64 + 1)
    }
}
