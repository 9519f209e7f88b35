//! Who exists in a scenario, written straight to a store: nobody waits for thousands of slow password hashes.
//!
//! Everybody follows from the seed and a number, tokens too. So a generator on one machine knows the people in a data
//! directory that was filled on another, and a server on such a directory must never be reachable for strangers.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anser_protocol::{AccountId, Moment, SendKey, kind, limits, wire};
use anser_store::sqlite::SqliteStore;
use anser_store::{Accounts, Change, Conversations, NewAccount, NewDevice, NewGroup};
use anyhow::{Context, Result, bail};
use futures_util::{StreamExt, TryStreamExt, stream};
use prost::Message;
use sha2::{Digest, Sha256};

/// Deeds that wait for one commit.
const AT_ONCE: usize = 512;
/// Members who come into a group at once: a body names them all, and is to stay as short as bodies are.
const MEMBERS_AT_ONCE: usize = 1_000;
/// The world is older than the server's idea of "just seen": each device that comes back is noted, as in life.
const AGE_MS: u64 = 60 * 60 * 1_000;

/// Who is to exist, and who talks with whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) people: usize,
    pub(crate) chats: Vec<Chat>,
}

/// A conversation of these people.
#[derive(Clone, Debug)]
pub(crate) struct Chat {
    /// `None` for two people.
    pub(crate) title: Option<String>,
    pub(crate) members: Vec<usize>,
}

/// One of the people, with a signed-in device.
#[derive(Clone, Debug)]
pub(crate) struct Somebody {
    pub(crate) account: AccountId,
    pub(crate) handle: String,
    pub(crate) token: [u8; 32],
    /// Decides the jitter and the send keys of their client.
    pub(crate) seed: [u8; 32],
}

impl Plan {
    /// So many pairs, each with a chat of its own: 0 with 1, 2 with 3, and on.
    pub(crate) fn pairs(pairs: usize) -> Plan {
        let chats =
            (0..pairs).map(|pair| Chat { title: None, members: vec![2 * pair, 2 * pair + 1] }).collect();
        Plan { people: 2 * pairs, chats }
    }

    /// One group of so many.
    pub(crate) fn group(members: usize) -> Plan {
        let chat = Chat { title: Some("Everybody".to_owned()), members: (0..members).collect() };
        Plan { people: members, chats: vec![chat] }
    }
}

impl Somebody {
    /// The same seed and number are the same person.
    pub(crate) fn number(seed: u64, number: usize) -> Somebody {
        let draw =
            |what: &str| -> [u8; 32] { Sha256::digest(format!("anser bench {what} {seed} {number}")).into() };
        let mut id = [0; 8];
        id[2..].copy_from_slice(&draw("account")[..6]);
        Somebody {
            account: AccountId(u64::from_be_bytes(id).max(1)),
            handle: format!("person_{number}"),
            token: draw("token"),
            seed: draw("seed"),
        }
    }
}

/// Makes a new data directory with these people in it.
pub(crate) async fn fill(data: &Path, seed: u64, plan: &Plan) -> Result<()> {
    let store = SqliteStore::open(data)?.with_group_members_max(limits::GROUP_MEMBERS_MAX);
    if store.has_accounts().await? {
        bail!("{} has accounts already: made-up people belong in a directory of their own", data.display());
    }
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Moment(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)) - AGE_MS;
    let people = stream::iter(0..plan.people).map(|number| register(&store, seed, number, now));
    people.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let chats = stream::iter(plan.chats.iter().enumerate())
        .map(|(number, chat)| open_chat(&store, seed, number, chat, now));
    chats.buffered(AT_ONCE).try_collect::<()>().await?;
    // Closing waits for the disk.
    tokio::task::spawn_blocking(move || drop(store)).await.context("closing the store")
}

async fn register(store: &SqliteStore, seed: u64, number: usize, now: Moment) -> Result<()> {
    let who = Somebody::number(seed, number);
    let account = NewAccount {
        id: who.account,
        display_name: who.handle.clone(),
        handle: who.handle,
        // No password has this hash: these people come with their tokens only.
        password_hash: String::new(),
    };
    let device = NewDevice { name: "anser bench".to_owned(), token_hash: Sha256::digest(who.token).into() };
    store.create_account(account, device, now).await?;
    Ok(())
}

async fn open_chat(store: &SqliteStore, seed: u64, number: usize, chat: &Chat, now: Moment) -> Result<()> {
    let account = |member: usize| Somebody::number(seed, member).account;
    let accounts: Vec<AccountId> = chat.members.iter().map(|member| account(*member)).collect();
    let title = chat.title.clone().unwrap_or_default();
    let mut pieces = accounts.chunks(MEMBERS_AT_ONCE);
    let founders = pieces.next().unwrap_or_default();
    let members = founders.iter().map(|account| account.0).collect();
    let created = (kind::CREATED, wire::Created { title: title.clone(), members }.encode_to_vec());
    match (&chat.title, founders) {
        (None, [one, other]) => {
            store.open_direct(*one, *other, created, now).await?;
        }
        (Some(_), [creator, others @ ..]) => {
            let mut random = [0; 10];
            random[..8].copy_from_slice(&(number as u64).to_be_bytes());
            let send_key = SendKey::new(now.0, random);
            let group = NewGroup { creator: *creator, title, members: others.to_vec(), send_key, created };
            let (conversation, _) = store.create_group(group, now).await?;
            for piece in pieces {
                let members = piece.iter().map(|account| account.0).collect();
                let added = (kind::MEMBERS_ADDED, wire::MembersAdded { members }.encode_to_vec());
                store.change_group(conversation, *creator, Change::Add(piece.to_vec()), added, now).await?;
            }
        }
        _ => bail!("a chat of {} people is none that the plan can have", accounts.len()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use anser_protocol::ids::Position;

    use super::*;

    #[test]
    fn people_follow_from_the_seed_and_their_number() {
        let (one, again) = (Somebody::number(1, 7), Somebody::number(1, 7));
        assert_eq!((one.account, one.token), (again.account, again.token));
        assert_ne!(one.token, Somebody::number(1, 8).token);
        assert_ne!(one.token, Somebody::number(2, 7).token);
        assert!(one.account.0 < 1 << 48);
    }

    #[tokio::test]
    async fn a_world_can_be_signed_in_to_and_talked_in() {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = Plan::pairs(2);
        plan.chats.push(Chat { title: Some("All".to_owned()), members: vec![0, 1, 2, 3] });
        fill(folder.path(), 1, &plan).await.unwrap();
        let store = SqliteStore::open(folder.path()).unwrap();
        let last = Somebody::number(1, 3);
        let (device, account) =
            store.device_by_token(&Sha256::digest(last.token).into()).await.unwrap().expect("signed in");
        assert_eq!((account.id, device.account), (last.account, last.account));
        let heads = store.heads_changed(last.account, Position(0), None, 10).await.unwrap().heads;
        assert_eq!(heads.iter().map(|head| head.member_count).collect::<Vec<_>>(), [4, 2]);
        drop(store);
        let refusal = fill(folder.path(), 1, &plan).await.unwrap_err().to_string();
        assert!(refusal.contains("has accounts already"), "{refusal}");
    }
}
