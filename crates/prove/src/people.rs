//! Accounts with devices, written into a server's store before it runs: thousands of sign-ins would only prove how slow
//! a password hash is.

use std::path::Path;

use anser_protocol::{AccountId, Moment, limits};
use anser_store::sqlite::SqliteStore;
use anser_store::{Accounts, NewAccount, NewDevice};
use anyhow::Result;
use futures_executor::block_on;
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

/// Accounts made at once.
const AT_ONCE: usize = 32;

/// So many devices, and what each says in Hello. Nobody can sign in to their accounts: there is no password.
pub fn make_devices(data: &Path, count: usize) -> Result<Vec<Vec<u8>>> {
    let store = SqliteStore::open(data)?;
    let tokens: Vec<Vec<u8>> = (0..count).map(token).collect();
    let accounts = tokens.chunks(limits::DEVICES_PER_ACCOUNT_MAX).enumerate();
    // Several at once share a commit.
    let making = stream::iter(accounts).map(|(index, tokens)| make_account(&store, index, tokens));
    block_on(making.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>())?;
    Ok(tokens)
}

async fn make_account(store: &SqliteStore, index: usize, tokens: &[Vec<u8>]) -> Result<()> {
    let account = AccountId(index as u64 + 1);
    let handle = format!("light{index}");
    let new = NewAccount { id: account, display_name: handle.clone(), handle, password_hash: String::new() };
    let mut devices = tokens.iter().map(|token| device(token));
    let Some(first) = devices.next() else { return Ok(()) };
    store.create_account(new, first, Moment(0)).await?;
    try_join_all(devices.map(|device| store.add_device(account, device, Moment(0)))).await?;
    Ok(())
}

fn device(token: &[u8]) -> NewDevice {
    NewDevice { name: "light".to_owned(), token_hash: Sha256::digest(token).into() }
}

/// 32 bytes that no other device has.
fn token(number: usize) -> Vec<u8> {
    Sha256::digest(format!("device {number}")).to_vec()
}
