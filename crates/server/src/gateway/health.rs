//! Whether this node does its work: the question behind `/healthz`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anser_store::Log;
use tokio::sync::Mutex;

/// A commit that takes longer than this is as bad as none.
const CHECK_LIMIT: Duration = Duration::from_secs(5);
/// Each check is a durable commit: asking more often gets the last answer, so that nobody can wear the disk out.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Asks the store for a real commit, now and then.
pub(super) struct Health {
    store: Arc<dyn Log + Send + Sync>,
    last: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Health {
    pub(super) fn new(store: Arc<dyn Log + Send + Sync>) -> Health {
        Health { store, last: Mutex::new(None) }
    }

    /// `Err` says what fails, for the operator.
    pub(super) async fn check(&self) -> Result<(), String> {
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

    use anser_protocol::{AccountId, ConversationId};
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
        let health = Health::new(store.clone());
        let why = health.check().await.unwrap_err();
        assert!(why.contains("the disk is full"), "{why}");
        assert_eq!(health.check().await, Err(why));
        assert_eq!(store.checks.load(Ordering::Relaxed), 1);
    }
}
