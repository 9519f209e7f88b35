//! Whether this node does its work: the question behind `/healthz`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anser_store::Log;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

/// A commit that takes longer than this is as bad as none.
const CHECK_LIMIT: Duration = Duration::from_secs(5);
/// Each check is a durable commit: asking more often gets the last answer, so that nobody can wear the disk out.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Asks the store for a real commit, now and then, and sees whether what is committed is still told to people.
pub(crate) struct Health {
    store: Arc<dyn Log + Send + Sync>,
    /// The task that tells sessions what was committed; it never ends while all is well.
    courier: AbortHandle,
    last: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Health {
    pub(crate) fn new(store: Arc<dyn Log + Send + Sync>, courier: AbortHandle) -> Health {
        Health { store, courier, last: Mutex::new(None) }
    }

    /// `Err` says what fails, for the operator.
    pub(super) async fn check(&self) -> Result<(), String> {
        if self.courier.is_finished() {
            return Err("the courier is gone: nobody is told of new messages".to_owned());
        }
        let mut last = self.last.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < CHECK_EVERY
        {
            return result.clone();
        }
        let result = match tokio::time::timeout(CHECK_LIMIT, self.store.check()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the store did not commit in time".to_owned()),
        };
        *last = Some((Instant::now(), result.clone()));
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use anser_protocol::{AccountId, ConversationId, SendKey};
    use anser_store::memory::MemoryStore;
    use anser_store::{Append, Appended, Event, Range, StoreError};
    use async_trait::async_trait;
    use futures_util::future::{BoxFuture, FutureExt, ready};

    use super::*;

    /// A log whose disk is full.
    #[derive(Default)]
    struct FullDisk {
        checks: AtomicUsize,
    }

    fn full<T>() -> Result<T, StoreError> {
        Err(StoreError::Failed("the disk is full".to_owned()))
    }

    #[async_trait]
    impl Log for FullDisk {
        fn append(&self, _message: Append) -> BoxFuture<'static, Result<Appended, StoreError>> {
            ready(full()).boxed()
        }

        fn find_sent(&self, _: AccountId, _: SendKey) -> BoxFuture<'static, Result<Appended, StoreError>> {
            ready(full()).boxed()
        }

        async fn range(&self, _: AccountId, _: ConversationId, _: Range) -> Result<Vec<Event>, StoreError> {
            full()
        }

        async fn check(&self) -> Result<(), StoreError> {
            self.checks.fetch_add(1, Ordering::Relaxed);
            full()
        }
    }

    #[tokio::test]
    async fn a_store_that_cannot_commit_is_not_well_and_is_not_asked_again_at_once() {
        let store = Arc::new(FullDisk::default());
        let courier = tokio::spawn(std::future::pending::<()>());
        let health = Health::new(store.clone(), courier.abort_handle());
        let why = health.check().await.unwrap_err();
        assert!(why.contains("the disk is full"), "{why}");
        assert_eq!(health.check().await, Err(why));
        assert_eq!(store.checks.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_server_that_tells_nobody_is_not_well() {
        let courier = tokio::spawn(std::future::ready(()));
        let health = Health::new(Arc::new(MemoryStore::new()), courier.abort_handle());
        courier.await.unwrap();
        let why = health.check().await.unwrap_err();
        assert!(why.contains("courier"), "{why}");
    }
}
