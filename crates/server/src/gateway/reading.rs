//! How many pages one link reads at once: what was read waits in memory until the other end takes it.

use std::sync::Arc;

use anser_protocol::Fault;
use anser_protocol::wire::{ErrorCode, answer, request::Call};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::dispatch::Answering;

/// One is being written while the next is read. A page is up to `limits::RANGE_BYTES_MAX` long, and if all the
/// requests a link may have in flight were pages, one that does not read would hold half a hundred MB.
const PAGES_AT_ONCE_MAX: usize = 2;

/// One link's turns at reading pages.
#[derive(Debug)]
pub(super) struct Reading {
    turns: Arc<Semaphore>,
}

/// What a request came to. While its turn is held, no other page is read in its place.
pub(super) struct Done {
    pub(super) result: Result<answer::Result, Fault>,
    pub(super) turn: Option<OwnedSemaphorePermit>,
}

impl Reading {
    pub(super) fn new() -> Reading {
        Reading { turns: Arc::new(Semaphore::new(PAGES_AT_ONCE_MAX)) }
    }

    /// Lets a page wait for its turn. Everything else goes on at once: its answers are small, and others may be
    /// waiting to hear of what it commits.
    pub(super) fn in_turn(&self, is_page: bool, answering: Answering) -> BoxFuture<'static, Done> {
        if !is_page {
            return answering.map(|result| Done { result, turn: None }).boxed();
        }
        let turns = self.turns.clone();
        async move {
            match turns.acquire_owned().await {
                Ok(turn) => Done { result: answering.await, turn: Some(turn) },
                Err(_closed) => {
                    let fault = Fault::new(ErrorCode::Busy, "the link ended before this was read");
                    Done { result: Err(fault), turn: None }
                }
            }
        }
        .boxed()
    }

    /// The link ends: nobody waits for what was not read yet.
    pub(super) fn close(&self) {
        self.turns.close();
    }
}

/// Whether the answer to a call may be long.
pub(super) fn is_page(call: &Call) -> bool {
    matches!(
        call,
        Call::GetRange(_) | Call::Sync(_) | Call::ListMembers(_) | Call::GetPeople(_) | Call::ListDevices(_)
    )
}

#[cfg(test)]
mod tests {
    use anser_protocol::wire;
    use futures_util::StreamExt;
    use futures_util::future::ready;
    use futures_util::stream::FuturesUnordered;

    use super::*;

    fn answering() -> Answering {
        ready(Ok(answer::Result::Range(wire::Range::default()))).boxed()
    }

    fn ready_now(unfinished: &mut FuturesUnordered<BoxFuture<'static, Done>>) -> Vec<Done> {
        let mut done = Vec::new();
        while let Some(Some(next)) = unfinished.next().now_or_never() {
            done.push(next);
        }
        done
    }

    #[tokio::test]
    async fn pages_that_are_not_taken_keep_others_from_being_read() {
        let reading = Reading::new();
        let mut unfinished: FuturesUnordered<_> =
            (0..64).map(|_| reading.in_turn(true, answering())).collect();
        let mut untaken = ready_now(&mut unfinished);
        assert_eq!(untaken.len(), PAGES_AT_ONCE_MAX);
        untaken.pop();
        let next = ready_now(&mut unfinished);
        assert_eq!(next.len(), 1, "one is taken, and one more is read");
    }

    #[tokio::test]
    async fn what_is_no_page_waits_for_none() {
        let reading = Reading::new();
        let mut unfinished: FuturesUnordered<_> =
            (0..64).map(|_| reading.in_turn(true, answering())).collect();
        let _untaken = ready_now(&mut unfinished);
        assert!(reading.in_turn(false, answering()).now_or_never().is_some());
    }

    #[tokio::test]
    async fn at_the_end_of_a_link_nothing_waits_for_its_turn() {
        let reading = Reading::new();
        let mut unfinished: FuturesUnordered<_> =
            (0..64).map(|_| reading.in_turn(true, answering())).collect();
        let untaken = ready_now(&mut unfinished);
        reading.close();
        let rest = ready_now(&mut unfinished);
        assert_eq!(untaken.len() + rest.len(), 64);
        assert!(rest.iter().all(|done| done.result.is_err()));
    }
}
