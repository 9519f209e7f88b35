//! Whether this node does its work: the question behind `/healthz`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anser_store::Store;
use tokio::sync::Mutex;

/// A commit that takes longer than this is as bad as none.
const CHECK_LIMIT: Duration = Duration::from_secs(5);
/// Each check is a durable commit: asking more often gets the last answer, so that nobody can wear the disk out.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Asks the store for a real commit, now and then.
pub(super) struct Health {
    store: Arc<dyn Store>,
    last: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Health {
    pub(super) fn new(store: Arc<dyn Store>) -> Health {
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
