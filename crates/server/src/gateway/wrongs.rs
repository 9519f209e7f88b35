//! Sends done wrong on purpose, for campaigns that must notice; in a product there is none of it.

use std::sync::Arc;

use anser_protocol::wire;
use anser_protocol::{Fault, Moment};

use crate::services::Asker;
use crate::services::messages::Messages;

/// Sends as one should.
#[cfg(not(feature = "failpoints"))]
pub(super) fn send(
    messages: &Arc<Messages>,
    asker: Asker,
    call: wire::Send,
    now: Moment,
) -> impl Future<Output = Result<wire::Sent, Fault>> + Send + use<> {
    messages.send(asker, call, now)
}

#[cfg(feature = "failpoints")]
pub(super) use armed::send;

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Mutex, OnceLock, PoisonError};
    use std::time::Duration;

    use anser_failpoints::Mutant;
    use anser_protocol::wire::ErrorCode;
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;
    use prost::Message;

    use super::*;

    type Sending = BoxFuture<'static, Result<wire::Sent, Fault>>;

    /// One send in so many is done wrong.
    const ONE_IN: u64 = 10;
    /// Long enough for the next send of the link to overtake.
    const OVERTAKEN: Duration = Duration::from_millis(60);

    /// What was last called sent in each conversation: what a liar can say again.
    static LAST_SENT: Mutex<BTreeMap<u64, wire::Sent>> = Mutex::new(BTreeMap::new());
    static REFUSED_KEY: OnceLock<Vec<u8>> = OnceLock::new();

    /// Sends as one should, or as this process was told.
    pub(in crate::gateway) fn send(
        messages: &Arc<Messages>,
        asker: Asker,
        mut call: wire::Send,
        now: Moment,
    ) -> Sending {
        static SENDS: AtomicU64 = AtomicU64::new(0);
        let is_due = SENDS.fetch_add(1, Ordering::Relaxed) % ONE_IN == ONE_IN - 1;
        if is_due
            && anser_failpoints::is(Mutant::SentWithoutStoring)
            && let Some(sent) = last_sent().get(&call.conversation).copied()
        {
            return async move { Ok(sent) }.boxed();
        }
        if is_due && anser_failpoints::is(Mutant::RefusesForEver) {
            // Only the first of them becomes the one.
            let _chosen_already = REFUSED_KEY.set(call.send_key.clone());
        }
        if REFUSED_KEY.get() == Some(&call.send_key) {
            return async { Err(Fault::new(ErrorCode::Busy, "not now, nor ever")) }.boxed();
        }
        if is_due && anser_failpoints::is(Mutant::StoresAnotherText) {
            call.body = wire::Text { text: format!("nobody wrote this at {now:?}") }.encode_to_vec();
        }
        if is_due && anser_failpoints::is(Mutant::SendsOutOfOrder) {
            // Begun, and so queued, only after a while.
            let messages = messages.clone();
            return async move {
                tokio::time::sleep(OVERTAKEN).await;
                messages.send(asker, call, now).await
            }
            .boxed();
        }
        let conversation = call.conversation;
        messages
            .send(asker, call, now)
            .inspect(move |outcome| {
                if let Ok(sent) = outcome {
                    last_sent().insert(conversation, *sent);
                }
            })
            .boxed()
    }

    fn last_sent() -> std::sync::MutexGuard<'static, BTreeMap<u64, wire::Sent>> {
        LAST_SENT.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
