//! A store that fails or dawdles when told to, in front of one that does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, DeviceId, Moment, SendKey};
use anser_store::memory::MemoryStore;
use anser_store::{
    Account, Accounts, Append, Appended, Change, Conversations, Device, Event, HeadPage, HeadRow, Log,
    Member, Membership, Moved, NewAccount, NewDevice, NewGroup, Range, Reach, StoreError,
};
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

/// Clones share their content and their temper.
#[derive(Clone, Default)]
pub(crate) struct FlakyStore {
    inner: MemoryStore,
    succeed: Arc<AtomicU64>,
    fail: Arc<AtomicU64>,
    dawdle: Arc<AtomicBool>,
}

impl FlakyStore {
    /// After so many more deeds that succeed, so many fail.
    pub(crate) fn fail(&self, after: u64, times: u64) {
        self.succeed.store(after, Ordering::Relaxed);
        self.fail.store(times, Ordering::Relaxed);
    }

    /// The next deed is done at once, and its answer given when it is asked for again.
    pub(crate) fn dawdle(&self) {
        self.dawdle.store(true, Ordering::Relaxed);
    }

    async fn dawdle_if_told(&self) {
        std::future::poll_fn(|_| match self.dawdle.swap(false, Ordering::Relaxed) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }

    fn check_temper(&self) -> Result<(), StoreError> {
        let take_one = |left: u64| left.checked_sub(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        if self.succeed.fetch_update(set, fetch, take_one).is_ok() {
            return Ok(());
        }
        match self.fail.fetch_update(set, fetch, take_one) {
            Ok(_) => Err(StoreError::Failed("told to".to_owned())),
            Err(_) => Ok(()),
        }
    }
}

/// Methods that ask the temper first: `deeds!(Store as Trait { name(argument: Type, …) -> Done; … })`.
macro_rules! deeds {
    ($store:ty as $door:ident { $($name:ident($($argument:ident: $kind:ty),*) -> $done:ty;)* }) => {
        #[async_trait]
        impl $door for $store {
            $(async fn $name(&self, $($argument: $kind),*) -> Result<$done, StoreError> {
                self.check_temper()?;
                let done = self.inner.$name($($argument),*).await;
                self.dawdle_if_told().await;
                done
            })*
        }
    };
}

deeds!(FlakyStore as Accounts {
    create_account(account: NewAccount, device: NewDevice, now: Moment) -> DeviceId;
    account_by_handle(handle: &str) -> Option<Account>;
    accounts_by_id(ids: &[AccountId]) -> Vec<Account>;
    add_device(account: AccountId, device: NewDevice, now: Moment) -> DeviceId;
    device_by_token(token_hash: &[u8; 32]) -> Option<(Device, Account)>;
    touch_device(device: DeviceId, now: Moment) -> ();
    devices(account: AccountId) -> Vec<Device>;
    revoke_device(account: AccountId, device: DeviceId) -> ();
});

deeds!(FlakyStore as Conversations {
    open_direct(who: AccountId, with: AccountId, created: (u32, Vec<u8>), now: Moment) -> (ConversationId, bool);
    create_group(group: NewGroup, now: Moment) -> (ConversationId, bool);
    change_group(
        conversation: ConversationId, actor: AccountId, change: Change, telling: (u32, Vec<u8>), now: Moment
    ) -> Option<Event>;
    head(account: AccountId, conversation: ConversationId) -> HeadRow;
    heads_changed(account: AccountId, since: Position, before: Option<Position>, limit: usize) -> HeadPage;
    members(account: AccountId, conversation: ConversationId, after: AccountId, limit: usize) -> Vec<Member>;
    members_among(account: AccountId, conversation: ConversationId, asked: &[AccountId]) -> Vec<Member>;
    present_members(conversation: ConversationId, after: AccountId, limit: usize) -> Membership;
    reach(account: AccountId, positions: Vec<Reach>, now: Moment) -> Vec<Moved>;
});

#[async_trait]
impl Log for FlakyStore {
    fn append(&self, message: Append) -> BoxFuture<'static, Result<Appended, StoreError>> {
        match self.check_temper() {
            Ok(()) => self.inner.append(message),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn find_sent(
        &self,
        sender: AccountId,
        send_key: SendKey,
    ) -> BoxFuture<'static, Result<Appended, StoreError>> {
        match self.check_temper() {
            Ok(()) => self.inner.find_sent(sender, send_key),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    async fn range(
        &self,
        account: AccountId,
        conversation: ConversationId,
        range: Range,
    ) -> Result<Vec<Event>, StoreError> {
        self.check_temper()?;
        self.inner.range(account, conversation, range).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.check_temper()
    }
}
