//! Carries a plan out through the server's services: the same rules and the same events as if people had written.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anser_protocol::{AccountId, DeviceId, Fault, Moment, SendKey, kind, limits, wire};
use anser_server::bus::local::LocalBus;
use anser_server::bus::{Bus, SessionId};
use anser_server::hands::{Argon2Hasher, OsEntropy};
use anser_server::metrics::Metrics;
use anser_server::services::Asker;
use anser_server::services::accounts::Accounts;
use anser_server::services::contacts::Contacts;
use anser_server::services::conversations::Conversations;
use anser_server::services::messages::Messages;
use anser_server::services::ports::{HashError, PasswordHasher};
use anser_store::Store;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use prost::Message;

use super::dice::Dice;
use super::plan::{Act, Change, Chat, Deed, Line, OWNER, Plan};
use super::words;

/// Messages that wait for their commit: enough to fill some transactions, and fewer than the store queues.
const IN_FLIGHT: usize = 2_000;
/// Registrations and reports of positions at once.
const AT_ONCE: usize = 256;
/// A kind that no version knows yet, and that clients may send.
const UNKNOWN_KIND: u32 = 900;

/// The people and the chats made so far.
pub(super) struct World {
    conversations: Conversations,
    messages: Messages,
    /// By person, as in the plan.
    people: Vec<Person>,
    /// By chat, as in the plan; 0 until it has begun.
    ids: Vec<u64>,
    /// By chat: how much is in its log.
    lengths: Vec<u64>,
}

/// A message on its way to the disk.
type Sending = BoxFuture<'static, Result<wire::Sent, Fault>>;

struct Person {
    asker: Asker,
    handle: String,
}

/// How everybody signs in.
pub(super) struct SignIn<'a> {
    pub(super) handle: &'a str,
    pub(super) password: &'a str,
}

impl World {
    /// Makes the people. The owner gets the handle asked for, everybody the same password.
    pub(super) async fn populated(
        store: Arc<dyn Store>,
        plan: &Plan,
        sign_in: SignIn<'_>,
        now: Moment,
    ) -> anyhow::Result<World> {
        // Nobody listens: what is told finds no room and is dropped.
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(1).0);
        let metrics = Metrics::new();
        let hasher = Arc::new(OneHash(Argon2Hasher::new()?.hash(sign_in.password.to_owned()).await?));
        let entropy = Arc::new(OsEntropy);
        let accounts = Accounts::new(store.clone(), bus.clone(), entropy, hasher, metrics.clone(), true);
        let contacts = Arc::new(Contacts::new(store.clone(), metrics.clone()));
        let conversations = Conversations::new(store.clone(), bus.clone(), contacts);
        let messages = Messages::new(store, bus, metrics);
        let registering =
            stream::iter(0..plan.people).map(|number| register(&accounts, number, &sign_in, now));
        let people = registering.buffered(AT_ONCE).try_collect().await.map_err(in_words)?;
        let (ids, lengths) = (vec![0; plan.chats.len()], vec![0; plan.chats.len()]);
        Ok(World { conversations, messages, people, ids, lengths })
    }

    /// Everything happens, in its order. Messages are not waited for one by one, so that many share a commit.
    pub(super) async fn live(&mut self, plan: &Plan) -> anyhow::Result<()> {
        let mut under_way: VecDeque<Sending> = VecDeque::new();
        for Deed { at, chat, act } in &plan.deeds {
            self.lengths[*chat] += 1;
            let line = match act {
                Act::Write(line) => line,
                Act::Change(change) => {
                    let head = self.change(*chat, &plan.chats[*chat], change, *at).await.map_err(in_words)?;
                    self.ids[*chat] = head.conversation;
                    continue;
                }
            };
            under_way.push_back(self.write(*chat, line, *at));
            if under_way.len() >= IN_FLIGHT
                && let Some(oldest) = under_way.pop_front()
            {
                oldest.await.map_err(in_words)?;
            }
        }
        for message in under_way {
            message.await.map_err(in_words)?;
        }
        Ok(())
    }

    /// People have read what they have read: first the others, so that the owner's last words are marked as
    /// delivered or read, then the owner, in the order of the chats.
    pub(super) async fn read(&self, plan: &Plan, now: Moment) -> anyhow::Result<()> {
        let others: Vec<(usize, wire::Reach)> = (0..plan.chats.len())
            .flat_map(|chat| plan.chats[chat].stayed.iter().map(move |member| (chat, *member)))
            .filter(|(_, member)| *member != OWNER)
            .filter_map(|(chat, member)| Some((member, self.reached_by_other(chat, member)?)))
            .collect();
        let reports = stream::iter(others).map(|(member, reach)| {
            let call = wire::ReachAll { positions: vec![reach] };
            self.messages.reach(self.asker(member), call, now)
        });
        reports.buffered(AT_ONCE).try_for_each(async |_done| Ok(())).await.map_err(in_words)?;
        let own: Vec<wire::Reach> =
            plan.chats.iter().enumerate().map(|(n, chat)| self.read_of(n, chat)).collect();
        // In one request the order is the store's own; the newest chat must be the last that changes.
        let (earlier, newest) = own.split_at(own.len() - 1);
        for positions in earlier.chunks(limits::REACHES_PER_REQUEST_MAX).chain([newest]) {
            let call = wire::ReachAll { positions: positions.to_vec() };
            self.messages.reach(self.asker(OWNER), call, now).await.map_err(in_words)?;
        }
        Ok(())
    }

    /// Events in all logs.
    pub(super) fn events(&self) -> u64 {
        self.lengths.iter().sum()
    }

    fn write(&self, chat: usize, line: &Line, at: Moment) -> Sending {
        let (kind, body) = if line.known {
            let text = words::text(&mut Dice::of(&[3, chat as u64, line.number]), line.number);
            (kind::TEXT, wire::Text { text }.encode_to_vec())
        } else {
            (UNKNOWN_KIND, b"not known yet".to_vec())
        };
        let send_key = send_key(chat, line.number, at).0.to_vec();
        let call = wire::Send { conversation: self.ids[chat], send_key, kind, body, silent: false };
        self.messages.send(self.asker(line.sender), call, at).boxed()
    }

    async fn change(
        &self,
        number: usize,
        chat: &Chat,
        change: &Change,
        at: Moment,
    ) -> Result<wire::Head, Fault> {
        let conversation = self.ids[number];
        let maker = self.asker(chat.members[0]);
        match *change {
            Change::Begin => self.begin(number, chat, at).await,
            Change::Add(who) => {
                let handles = vec![self.people[who].handle.clone()];
                self.conversations.add_members(maker, wire::AddMembers { conversation, handles }, at).await
            }
            Change::Leave(who) => {
                self.conversations.leave(self.asker(who), wire::LeaveGroup { conversation }, at).await
            }
            Change::Rename => {
                let title = chat.title.clone().unwrap_or_default();
                self.conversations.rename(maker, wire::RenameGroup { conversation, title }, at).await
            }
        }
    }

    async fn begin(&self, number: usize, chat: &Chat, at: Moment) -> Result<wire::Head, Fault> {
        let maker = self.asker(chat.members[0]);
        let mut handles: Vec<String> =
            chat.members[1..].iter().map(|member| self.people[*member].handle.clone()).collect();
        let Some(title) = &chat.title else {
            let handle = handles.pop().unwrap_or_default();
            return self.conversations.open_direct(maker, wire::OpenDirect { handle }, at).await;
        };
        let title = if chat.renamed { format!("{title} (new)") } else { title.clone() };
        let send_key = send_key(number, u64::MAX, at).0.to_vec();
        self.conversations.create_group(maker, wire::CreateGroup { title, handles, send_key }, at).await
    }

    /// Some read everything, some have it on their device, some were never there again.
    fn reached_by_other(&self, chat: usize, member: usize) -> Option<wire::Reach> {
        let (conversation, end) = (self.ids[chat], self.lengths[chat]);
        match (chat + member) % 4 {
            0 | 1 => Some(wire::Reach { conversation, delivered: end, read: end }),
            2 => Some(wire::Reach { conversation, delivered: end, read: 0 }),
            _ => None,
        }
    }

    fn read_of(&self, number: usize, chat: &Chat) -> wire::Reach {
        let end = self.lengths[number];
        let read = end.saturating_sub(chat.unread).max(1);
        wire::Reach { conversation: self.ids[number], delivered: end, read }
    }

    fn asker(&self, person: usize) -> Asker {
        self.people[person].asker
    }
}

async fn register(
    accounts: &Accounts,
    number: usize,
    sign_in: &SignIn<'_>,
    now: Moment,
) -> Result<Person, Fault> {
    let handle = if number == OWNER { sign_in.handle.to_owned() } else { format!("person_{number}") };
    let mut letters = handle.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let display_name = match number % 4 {
        1 => format!("人物{number}号"),
        3 => format!("شخص {number}"),
        _ => first.into_iter().chain(letters).collect::<String>().replace('_', " "),
    };
    let call = wire::Register {
        handle: handle.clone(),
        display_name,
        password: sign_in.password.to_owned(),
        device_name: "anser seed".to_owned(),
    };
    // Each from an address of their own: one address may not register so many.
    let host = u32::try_from(number).unwrap_or(u32::MAX) & 0x00ff_ffff;
    let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | host));
    let signed_in = accounts.register(call, address, now).await?;
    let account = signed_in.account.map(|person| person.account).unwrap_or_default();
    let asker = Asker {
        account: AccountId(account),
        device: DeviceId(signed_in.device),
        session: SessionId(number as u64),
    };
    Ok(Person { asker, handle })
}

fn send_key(chat: usize, number: u64, at: Moment) -> SendKey {
    let mut random = [0; 10];
    let mut dice = Dice::of(&[4, chat as u64, number]);
    random[..8].copy_from_slice(&dice.throw().to_be_bytes());
    random[8..].copy_from_slice(&dice.throw().to_be_bytes()[..2]);
    SendKey::new(at.0, random)
}

/// A service's refusal, for the person at the keyboard.
fn in_words(fault: Fault) -> anyhow::Error {
    if fault.field.is_empty() {
        return anyhow::anyhow!("{}", fault.text);
    }
    anyhow::anyhow!("{}: {}", fault.field, fault.text)
}

/// Everybody has the same password: hashed once, since a thousand slow hashes would take minutes.
struct OneHash(String);

#[async_trait]
impl PasswordHasher for OneHash {
    async fn hash(&self, _password: String) -> Result<String, HashError> {
        Ok(self.0.clone())
    }

    async fn verify(&self, _password: String, _hash: Option<String>) -> Result<bool, HashError> {
        // Nobody signs in while a directory is filled.
        Ok(false)
    }
}
