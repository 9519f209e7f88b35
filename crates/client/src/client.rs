//! The public handle: commands in, outcomes and events out.

use std::sync::Arc;

use anser_client_core::{Command, Event, Failure, FailureReason, Outcome};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::address::Address;
use crate::carrier::Route;
use crate::clock::Clock;
use crate::config::ClientConfig;
use crate::disk::Disk;
use crate::driver::{Ask, Driver};
use crate::error::ClientError;
use crate::feed::{Events, Feed};
use crate::tls;

/// Commands that wait for the loop; more make their callers wait.
const ASKS_MAX: usize = 64;

/// A running client. It links, catches up, sends and receives by itself, for as long as this handle lives.
pub struct Client {
    asks: mpsc::Sender<Ask>,
    feed: Arc<Feed>,
    driver: JoinHandle<Result<(), ClientError>>,
}

impl Client {
    /// Goes on where the client on this directory stopped, or begins anew. Works without a network. A database that
    /// is damaged is made anew, now or whenever it is noticed, and [`Event::Rebuilt`] says so: the session, drafts
    /// and unsent messages are saved from it, the rest comes from the server.
    ///
    /// Must be called inside a Tokio runtime.
    pub async fn open(config: ClientConfig) -> Result<Client, ClientError> {
        let route = Route {
            address: Address::parse(&config.server_url)?,
            tls: tls::connector(config.ca_certificates.as_deref())?,
            connect_timeout: config.connect_timeout,
            carriers: config.carriers,
        };
        let (disk, found) = Disk::open(&config.data_dir).await?;
        let clock = Clock::start();
        let engine = route.engine(found.restored, clock.now())?;
        let feed = Arc::new(Feed::default());
        if found.rebuilt {
            feed.emit(&Event::Rebuilt);
        }
        let (asks, ask_queue) = mpsc::channel(ASKS_MAX);
        // Into a queue that nobody else has yet: there is room.
        let _ = asks.try_send(Ask::InNetwork { name: config.network });
        let driver = Driver::new(engine, disk, clock, Arc::clone(&feed), route, ask_queue);
        Ok(Client { asks, feed, driver: tokio::spawn(driver.run()) })
    }

    /// Does one thing, and says how it went. Several may run at once; sends keep the order in which they are made.
    pub async fn command(&self, command: Command) -> Outcome {
        let (answer, answered) = oneshot::channel();
        // Both fail only when the loop has ended; `shutdown` says why.
        if self.asks.send(Ask::Command(command, answer)).await.is_err() {
            return stopped();
        }
        answered.await.unwrap_or_else(|_| stopped())
    }

    /// What there is to show: first how things stand now, then every change.
    pub fn events(&self) -> Events {
        self.feed.listen()
    }

    /// A hint from the system: there is a network now (or another one), or none.
    pub async fn network(&self, up: bool) {
        // A client that has stopped needs no hints.
        let _ = self.asks.send(Ask::Network { up }).await;
    }

    /// A hint from the system: this is the network's name. How long it bears an idle link is remembered under it.
    /// After a change of network, to be called before [`Client::network`].
    pub async fn in_network(&self, name: impl Into<String>) {
        let _ = self.asks.send(Ask::InNetwork { name: name.into() }).await;
    }

    /// Stops, and returns when the data directory is free for the next client. An error tells why the client had
    /// stopped by itself before.
    pub async fn shutdown(self) -> Result<(), ClientError> {
        drop(self.asks);
        self.driver.await.map_err(|_| ClientError::PartEnded)?
    }
}

fn stopped() -> Outcome {
    let failure = Failure { reason: FailureReason::NotPossible, field: String::new(), retry_after_ms: 0 };
    Outcome::Failed { failure }
}
