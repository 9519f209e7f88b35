//! Who are you, and on which devices? Registering, signing in, tokens, devices.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use anser_protocol::wire::{self, ErrorCode};
use anser_protocol::{AccountId, DeviceId, Fault, Moment, limits};
use anser_store::{Account, Device, NewAccount, NewDevice, Store, StoreError};
use sha2::{Digest, Sha256};

use crate::bus::pledge::Pledge;
use crate::bus::{Bus, Notice};
use crate::metrics::Metrics;
use crate::services::ports::{Entropy, EntropyError, HashError, PasswordHasher};
use crate::services::store_fault::store_fault;
use crate::services::throttle::{Throttle, TooMany};
use crate::services::{Asker, rules, to_wire};

/// Random account ids are 48 bits; that one is in use is rare, that three are does not happen.
const ACCOUNT_ID_TRIES: usize = 3;
/// Others may sign in at the same moment and take the room that was made; each round lets one of them in.
const DEVICE_TRIES: usize = 10;
/// A device's "last seen" is kept to the minute, so that a flapping link costs no writes.
const SEEN_KEPT_TO_MS: u64 = 60_000;

/// Accounts, their devices, and the tokens of these.
pub struct Accounts {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    entropy: Arc<dyn Entropy>,
    hasher: Arc<dyn PasswordHasher>,
    metrics: Arc<Metrics>,
    registration_open: bool,
    /// By handle, not by account, so that a handle nobody has behaves the same.
    failures_by_handle: Throttle<String>,
    tries_by_network: Throttle<IpAddr>,
}

/// A new token, and what of it is stored.
struct Token {
    bytes: [u8; 32],
    hash: [u8; 32],
}

impl Accounts {
    /// Over this store, telling this bus; `registration_open`: anybody may make an account.
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        entropy: Arc<dyn Entropy>,
        hasher: Arc<dyn PasswordHasher>,
        metrics: Arc<Metrics>,
        registration_open: bool,
    ) -> Accounts {
        let window_ms = limits::SIGN_IN_WINDOW_MS;
        Accounts {
            store,
            bus,
            entropy,
            hasher,
            metrics,
            registration_open,
            failures_by_handle: Throttle::new(limits::SIGN_IN_TRIES_PER_ACCOUNT, window_ms),
            tries_by_network: Throttle::new(limits::SIGN_IN_TRIES_PER_ADDRESS, window_ms),
        }
    }

    /// Makes an account and signs its first device in.
    pub async fn register(
        &self,
        call: wire::Register,
        address: IpAddr,
        now: Moment,
    ) -> Result<wire::SignedIn, Fault> {
        if !self.registration_open {
            return Err(Fault::new(ErrorCode::RegistrationClosed, "this server makes no accounts"));
        }
        self.take_network_try(address, now)?;
        let handle = rules::handle("handle", &call.handle)?;
        let display_name = rules::name("display_name", &call.display_name)?;
        rules::new_password(&call.password)?;
        let device_name = rules::name("device_name", &call.device_name)?;
        // Asked before the slow hash; the store decides again when it makes the account.
        if self.store.account_by_handle(&handle).await.map_err(store_fault)?.is_some() {
            return Err(store_fault(StoreError::HandleTaken));
        }
        let password_hash = self.hasher.hash(call.password).await.map_err(hash_fault)?;
        for _ in 0..ACCOUNT_ID_TRIES {
            let id = self.new_account_id()?;
            let token = self.new_token()?;
            let device = NewDevice { name: device_name.clone(), token_hash: token.hash };
            let account = NewAccount {
                id,
                handle: handle.clone(),
                display_name: display_name.clone(),
                password_hash: password_hash.clone(),
            };
            match self.store.create_account(account, device, now).await {
                Ok(device) => {
                    self.metrics.registrations.inc();
                    tracing::info!(account = id.0, device = device.0, "registered");
                    let person = wire::Person { account: id.0, handle, display_name };
                    return Ok(signed_in(person, device, &token));
                }
                Err(StoreError::Busy) => {}
                Err(error) => return Err(store_fault(error)),
            }
        }
        Err(store_fault(StoreError::Busy))
    }

    /// Signs a device in. At `limits::DEVICES_PER_ACCOUNT_MAX` the one that was not seen for longest makes room:
    /// nobody should be shut out by browsers they forgot.
    pub async fn sign_in(
        &self,
        call: wire::SignIn,
        address: IpAddr,
        now: Moment,
    ) -> Result<wire::SignedIn, Fault> {
        self.take_network_try(address, now)?;
        let handle = rules::handle("handle", &call.handle)?;
        rules::tried_password(&call.password)?;
        let device_name = rules::name("device_name", &call.device_name)?;
        // Taken before the password is looked at, so that a hundred guesses at once are a hundred guesses.
        self.failures_by_handle.take(&handle, now).map_err(|too_many| self.throttled(too_many))?;
        let found = self.account_with_password(&handle, call.password).await;
        // Only a wrong guess costs a try. One that nobody could look at does not: a server that was busy must not
        // shut people out for being patient with it.
        if !matches!(found, Ok(None)) {
            self.failures_by_handle.give_back(&handle);
        }
        let Some(account) = found? else {
            self.metrics.sign_ins_failed.inc();
            return Err(Fault::new(ErrorCode::WrongCredentials, "handle or password is wrong"));
        };
        let token = self.new_token()?;
        let device = NewDevice { name: device_name, token_hash: token.hash };
        let device = self.add_device(account.id, device, now).await?;
        self.metrics.sign_ins.inc();
        tracing::info!(account = account.id.0, device = device.0, "signed in");
        Ok(signed_in(to_wire::person_to_wire(&account), device, &token))
    }

    /// Whose token this is; SIGNED_OUT if nobody's (any more).
    pub async fn authenticate(&self, token: &[u8]) -> Result<(Account, Device), Fault> {
        let found = self.store.device_by_token(&Sha256::digest(token).into()).await.map_err(store_fault)?;
        let Some((device, account)) = found else {
            return Err(Fault::new(ErrorCode::SignedOut, "this token is worthless; sign in again"));
        };
        Ok((account, device))
    }

    /// Notes that a device is here. Losing that loses nothing, so it never fails anything else.
    pub async fn note_seen(&self, device: &Device, now: Moment) {
        if now.millis_since(device.last_seen_at) < SEEN_KEPT_TO_MS {
            return;
        }
        if let Err(error) = self.store.touch_device(device.id, now).await {
            tracing::warn!(device = device.id.0, %error, "could not note that a device was seen");
        }
    }

    /// The asker's devices, oldest first.
    pub async fn devices(&self, asker: Asker) -> Result<wire::Devices, Fault> {
        let devices = self.store.devices(asker.account).await.map_err(store_fault)?;
        let to_wire = |device| to_wire::device_to_wire(device, device.id == asker.device);
        Ok(wire::Devices { devices: devices.iter().map(to_wire).collect() })
    }

    /// Ends one of the asker's devices: its token is worthless now, its links end within moments.
    pub async fn revoke(&self, asker: Asker, call: wire::RevokeDevice) -> Result<wire::Done, Fault> {
        self.end_device(asker.account, DeviceId(call.device)).await.map_err(store_fault)?;
        Ok(wire::Done {})
    }

    /// Ends the asking device.
    pub async fn sign_out(&self, asker: Asker) -> Result<wire::Done, Fault> {
        self.end_device(asker.account, asker.device).await.map_err(store_fault)?;
        Ok(wire::Done {})
    }

    async fn end_device(&self, account: AccountId, device: DeviceId) -> Result<(), StoreError> {
        let mut pledge = Pledge::new(&self.bus);
        pledge.unless_refused(self.store.revoke_device(account, device).await)?;
        pledge.tell([Notice::DeviceEnded { account, device }]);
        tracing::info!(account = account.0, device = device.0, "a device was ended");
        Ok(())
    }

    /// The account with this handle, if this is its password. Takes as long for a handle that nobody has.
    async fn account_with_password(&self, handle: &str, password: String) -> Result<Option<Account>, Fault> {
        let account = self.store.account_by_handle(handle).await.map_err(store_fault)?;
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let right = self.hasher.verify(password, hash).await.map_err(hash_fault)?;
        Ok(account.filter(|_| right))
    }

    async fn add_device(
        &self,
        account: AccountId,
        device: NewDevice,
        now: Moment,
    ) -> Result<DeviceId, Fault> {
        for _ in 0..DEVICE_TRIES {
            match self.store.add_device(account, device.clone(), now).await {
                Err(StoreError::Full(_)) => self.make_room_for_device(account).await?,
                outcome => return outcome.map_err(store_fault),
            }
        }
        Err(store_fault(StoreError::Busy))
    }

    async fn make_room_for_device(&self, account: AccountId) -> Result<(), Fault> {
        let devices = self.store.devices(account).await.map_err(store_fault)?;
        let Some(forgotten) = devices.iter().min_by_key(|device| (device.last_seen_at, device.id)) else {
            return Ok(());
        };
        match self.end_device(account, forgotten.id).await {
            // Not found: somebody else ended it just now.
            Ok(()) | Err(StoreError::NotFound) => Ok(()),
            Err(error) => Err(store_fault(error)),
        }
    }

    fn take_network_try(&self, address: IpAddr, now: Moment) -> Result<(), Fault> {
        self.tries_by_network.take(&network(address), now).map_err(|too_many| self.throttled(too_many))
    }

    fn throttled(&self, TooMany(wait_ms): TooMany) -> Fault {
        self.metrics.throttled.inc();
        Fault::retry_after(ErrorCode::RateLimited, wait_ms, "too many tries; wait")
    }

    /// A random number below 2^48 that is not 0.
    fn new_account_id(&self) -> Result<AccountId, Fault> {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes[2..]).map_err(entropy_fault)?;
        Ok(AccountId(u64::from_be_bytes(bytes).max(1)))
    }

    fn new_token(&self) -> Result<Token, Fault> {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes).map_err(entropy_fault)?;
        Ok(Token { bytes, hash: Sha256::digest(bytes).into() })
    }
}

/// Whoever has one IPv6 address has at least the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

fn signed_in(person: wire::Person, device: DeviceId, token: &Token) -> wire::SignedIn {
    wire::SignedIn { token: token.bytes.to_vec(), account: Some(person), device: device.0 }
}

fn hash_fault(error: HashError) -> Fault {
    match error {
        HashError::Busy => Fault::retry_after(ErrorCode::Busy, 1_000, "too many are signing in right now"),
        HashError::Failed(_) => {
            tracing::error!(%error, "a password could not be hashed or checked");
            Fault::new(ErrorCode::Internal, "the server failed; trying later may help")
        }
    }
}

fn entropy_fault(error: EntropyError) -> Fault {
    tracing::error!(%error, "the system gave no randomness");
    Fault::new(ErrorCode::Internal, "the server failed; trying later may help")
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("registration_open", &self.registration_open).finish_non_exhaustive()
    }
}
