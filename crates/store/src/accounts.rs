//! Who exists: accounts, devices, tokens.

use anser_protocol::{AccountId, DeviceId, Moment};
use async_trait::async_trait;

use crate::error::StoreError;

/// An account as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub id: AccountId,
    /// Lower case, unique.
    pub handle: String,
    /// As its owner writes it.
    pub display_name: String,
    /// PHC string of the password (Argon2id).
    pub password_hash: String,
    /// When it was made.
    pub created_at: Moment,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Random, chosen by the caller.
    pub id: AccountId,
    /// Lower case.
    pub handle: String,
    /// As its owner writes it.
    pub display_name: String,
    /// PHC string.
    pub password_hash: String,
}

/// A signed-in client of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub account: AccountId,
    /// "Firefox on Linux".
    pub name: String,
    /// When it signed in.
    pub created_at: Moment,
    /// When it last said Hello; kept to the minute.
    pub last_seen_at: Moment,
}

/// A device to be made.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// For people to recognise it by.
    pub name: String,
    /// SHA-256 of its token; the token itself is never stored.
    pub token_hash: [u8; 32],
}

/// Accounts and their devices.
#[async_trait]
pub trait Accounts {
    /// Makes an account and its first device, both or neither.
    /// `HandleTaken` if the handle is, `Busy` if the random id is (choose another).
    async fn create_account(
        &self,
        account: NewAccount,
        device: NewDevice,
        now: Moment,
    ) -> Result<DeviceId, StoreError>;

    /// The account with exactly this (lower-case) handle.
    async fn account_by_handle(&self, handle: &str) -> Result<Option<Account>, StoreError>;

    /// The accounts with these ids, in any order; unknown ids are left out.
    async fn accounts_by_id(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError>;

    /// Adds a device. `Full` at `limits::DEVICES_PER_ACCOUNT_MAX`.
    async fn add_device(
        &self,
        account: AccountId,
        device: NewDevice,
        now: Moment,
    ) -> Result<DeviceId, StoreError>;

    /// The device whose token has this hash, and its account. Revoked devices are not found.
    async fn device_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<(Device, Account)>, StoreError>;

    /// Notes that the device is here. May be kept coarse and written late: losing it loses nothing.
    async fn touch_device(&self, device: DeviceId, now: Moment) -> Result<(), StoreError>;

    /// The account's devices, oldest first.
    async fn devices(&self, account: AccountId) -> Result<Vec<Device>, StoreError>;

    /// Removes a device of this account; its token is worthless when this returns. `NotFound` for foreign ones.
    async fn revoke_device(&self, account: AccountId, device: DeviceId) -> Result<(), StoreError>;
}
