//! A deed as it waits for its turn, with the way back to whoever asked for it.

use anser_failpoints::Place;
use futures_channel::oneshot;

use super::Trouble;
use super::writing::Writing;
use crate::error::StoreError;

/// A deed whose type of result is forgotten.
pub(super) trait Job: Send {
    /// Does the deed and keeps its result. An error means that the transaction is spoilt.
    fn run(&mut self, writing: &mut Writing<'_>) -> Result<(), Spoilt>;
    /// Tells the caller: its result, or why the transaction failed.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

struct Queued<T, D> {
    deed: D,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

/// Why a transaction must be undone.
#[derive(Debug, thiserror::Error)]
pub(super) enum Spoilt {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// A bug of ours; undone like any failure, so that it cannot leave half a deed behind.
    #[error("a deed was refused ({0}) after it had written")]
    RefusedTooLate(StoreError),
    /// The disk failed before: nothing more is begun.
    #[error(transparent)]
    NotDurable(StoreError),
}

impl<T, D> Job for Queued<T, D>
where
    T: Send,
    D: Fn(&mut Writing<'_>) -> Result<T, Trouble> + Send,
{
    fn run(&mut self, writing: &mut Writing<'_>) -> Result<(), Spoilt> {
        let changes_before = writing.connection.total_changes();
        let outcome = match (self.deed)(writing) {
            Ok(result) => Ok(result),
            Err(Trouble::Failed(error)) => return Err(Spoilt::Database(error)),
            Err(Trouble::Refused(refusal)) if writing.connection.total_changes() != changes_before => {
                return Err(Spoilt::RefusedTooLate(refusal));
            }
            Err(Trouble::Refused(refusal)) => Err(refusal),
        };
        self.outcome = Some(outcome);
        Ok(())
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let outcome = match (failure, self.outcome) {
            (Some(failure), _) => Err(failure),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(closed()),
        };
        anser_failpoints::pass(Place::StoreAnswerBefore);
        // Nobody may be waiting any more; the deed is done all the same.
        let _ = self.reply.send(outcome);
    }
}

/// A deed as the queue takes it, and where its outcome comes.
pub(super) fn job_for<T, D>(deed: D) -> (Box<dyn Job>, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    D: Fn(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Queued { deed, outcome: None, reply }), answer)
}

pub(super) async fn outcome<T>(
    queued: Result<(), StoreError>,
    answer: oneshot::Receiver<Result<T, StoreError>>,
) -> Result<T, StoreError> {
    queued?;
    answer.await.unwrap_or_else(|_| Err(closed()))
}

pub(super) fn closed() -> StoreError {
    StoreError::Failed("the store is closed".to_owned())
}
