//! Who is that? Finding people, exactly and not too often.

use std::fmt;
use std::sync::Arc;

use anser_protocol::wire::{self, ErrorCode};
use anser_protocol::{AccountId, Fault, Moment, limits};
use anser_store::{Account, Store};

use crate::metrics::Metrics;
use crate::services::store_fault::store_fault;
use crate::services::throttle::{Throttle, TooMany};
use crate::services::{Asker, rules, to_wire};

const HOUR_MS: u64 = 60 * 60 * 1_000;

/// Finding people.
pub struct Contacts {
    store: Arc<dyn Store>,
    finds_by_account: Throttle<AccountId>,
    metrics: Arc<Metrics>,
}

impl Contacts {
    /// Over this store.
    pub fn new(store: Arc<dyn Store>, metrics: Arc<Metrics>) -> Contacts {
        let finds_by_account = Throttle::new(limits::FINDS_PER_HOUR, HOUR_MS);
        Contacts { store, finds_by_account, metrics }
    }

    /// Exactly the person with this handle, or nobody.
    pub async fn find(
        &self,
        asker: Asker,
        call: wire::FindAccount,
        now: Moment,
    ) -> Result<wire::People, Fault> {
        self.finds_by_account.take(&asker.account, now).map_err(|too_many| self.throttled(too_many))?;
        // What cannot be a handle is nobody's.
        let Ok(handle) = rules::handle("handle", &call.handle) else { return Ok(wire::People::default()) };
        let found = self.store.account_by_handle(&handle).await.map_err(store_fault)?;
        Ok(wire::People { people: found.iter().map(to_wire::person_to_wire).collect() })
    }

    /// The account named by a handle in another request; NOT_FOUND if there is none.
    ///
    /// Only names of nobody count as finds here: who brings known people together is not slowed down, and who
    /// guesses, misses.
    pub(crate) async fn named(
        &self,
        asker: Asker,
        field: &'static str,
        handle: &str,
        now: Moment,
    ) -> Result<Account, Fault> {
        self.finds_by_account.check(&asker.account, now).map_err(|too_many| self.throttled(too_many))?;
        let handle = rules::handle(field, handle)?;
        if let Some(account) = self.store.account_by_handle(&handle).await.map_err(store_fault)? {
            return Ok(account);
        }
        self.finds_by_account.take(&asker.account, now).map_err(|too_many| self.throttled(too_many))?;
        Err(Fault { field, ..Fault::new(ErrorCode::NotFound, "nobody has this handle") })
    }

    fn throttled(&self, TooMany(wait_ms): TooMany) -> Fault {
        self.metrics.throttled.inc();
        let text = format!("{} people can be looked up per hour", limits::FINDS_PER_HOUR);
        Fault::retry_after(ErrorCode::RateLimited, wait_ms, text)
    }
}

impl fmt::Debug for Contacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contacts").finish_non_exhaustive()
    }
}
