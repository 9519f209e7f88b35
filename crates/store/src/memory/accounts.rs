//! Accounts and devices, in memory.

use anser_protocol::{AccountId, DeviceId, Moment, limits};
use async_trait::async_trait;

use super::{KnownDevice, MemoryStore, State};
use crate::accounts::{Account, Accounts, Device, NewAccount, NewDevice};
use crate::error::StoreError;

#[async_trait]
impl Accounts for MemoryStore {
    async fn create_account(
        &self,
        account: NewAccount,
        device: NewDevice,
        now: Moment,
    ) -> Result<DeviceId, StoreError> {
        let mut state = self.lock();
        if state.accounts.values().any(|known| known.handle == account.handle) {
            return Err(StoreError::HandleTaken);
        }
        if state.accounts.contains_key(&account.id) {
            return Err(StoreError::Busy);
        }
        let id = account.id;
        let NewAccount { handle, display_name, password_hash, .. } = account;
        state.accounts.insert(id, Account { id, handle, display_name, password_hash, created_at: now });
        Ok(state.insert_device(id, device, now))
    }

    async fn account_by_handle(&self, handle: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.lock().accounts.values().find(|account| account.handle == handle).cloned())
    }

    async fn accounts_by_id(&self, ids: &[AccountId]) -> Result<Vec<Account>, StoreError> {
        let state = self.lock();
        Ok(state.accounts.values().filter(|account| ids.contains(&account.id)).cloned().collect())
    }

    async fn add_device(
        &self,
        account: AccountId,
        device: NewDevice,
        now: Moment,
    ) -> Result<DeviceId, StoreError> {
        let mut state = self.lock();
        if !state.accounts.contains_key(&account) {
            return Err(StoreError::NotFound);
        }
        let devices = state.devices.values().filter(|known| known.device.account == account).count();
        if devices >= limits::DEVICES_PER_ACCOUNT_MAX {
            return Err(StoreError::Full(limits::DEVICES_PER_ACCOUNT_MAX));
        }
        Ok(state.insert_device(account, device, now))
    }

    async fn device_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<(Device, Account)>, StoreError> {
        let state = self.lock();
        let Some(known) = state.devices.values().find(|known| known.token_hash == *token_hash) else {
            return Ok(None);
        };
        let account = &state.accounts[&known.device.account];
        Ok(Some((known.device.clone(), account.clone())))
    }

    async fn touch_device(&self, device: DeviceId, now: Moment) -> Result<(), StoreError> {
        if let Some(known) = self.lock().devices.get_mut(&device) {
            known.device.last_seen_at = known.device.last_seen_at.max(now);
        }
        Ok(())
    }

    async fn devices(&self, account: AccountId) -> Result<Vec<Device>, StoreError> {
        let state = self.lock();
        let devices = state.devices.values().map(|known| &known.device);
        Ok(devices.filter(|device| device.account == account).cloned().collect())
    }

    async fn revoke_device(&self, account: AccountId, device: DeviceId) -> Result<(), StoreError> {
        let mut state = self.lock();
        match state.devices.get(&device) {
            Some(known) if known.device.account == account => {
                state.devices.remove(&device);
                Ok(())
            }
            _ => Err(StoreError::NotFound),
        }
    }
}

impl State {
    fn insert_device(&mut self, account: AccountId, new: NewDevice, now: Moment) -> DeviceId {
        self.devices_ever += 1;
        let id = DeviceId(self.devices_ever);
        let device = Device { id, account, name: new.name, created_at: now, last_seen_at: now };
        self.devices.insert(id, KnownDevice { device, token_hash: new.token_hash });
        id
    }
}
