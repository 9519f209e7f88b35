//! What the stories are told with: a server on a free port, people, and bare links.

mod exchange;
mod link;
mod person;
mod polled;
mod server;

use std::time::Duration;

pub(crate) use exchange::{Reply, exchange, request};
pub(crate) use link::{Heard, Link, http_get, over};
pub(crate) use person::{Away, Person, new_key, text};
pub(crate) use polled::PolledLink;
pub(crate) use server::TestServer;

/// What takes longer than this does not come, on a machine with thirty times as much to do as it can: fails a test that would
/// hang. No test measures time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits, but not for ever; `what` says what was expected.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}
