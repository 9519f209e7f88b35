//! The door for clients: links come in here, and what they ask goes to the services.
//!
//! | module | what it answers |
//! |---|---|
//! | [`dispatch`] | what can this server do? |
//! | [`hub`] | who is here, on this node? |
//! | [`courier`] | who must hear of what was committed (`rounds`: in large groups, piece by piece; `lively`: together, where much is said)? |
//! | `listener` | who may connect, and how many at once (`limiter`, `patience`, `tls`, `tls_stream`)? |
//! | `http` | what is there besides links: the web client (`assets`), `health`, metrics |
//! | `upgrade`, `polling` | which request becomes a link, or belongs to one (`origin`: from which pages)? |
//! | `carrier` | what moves a link's frames: a WebSocket (`socket`, [`websocket`]), or HTTP exchanges (`polling`)? |
//! | `wrongs` | sends done wrong on purpose, for campaigns |
//! | `mailbox` | what waits for one session? |
//! | `connection` | what does one link do next (`working`: not too much at once; `alarm`), and how does it end (`farewell`)? |

pub mod courier;
pub mod dispatch;
pub mod hub;
pub mod websocket;

mod alarm;
mod assets;
mod carrier;
mod clock;
mod connection;
mod farewell;
mod health;
mod http;
mod limiter;
mod listener;
mod lively;
mod mailbox;
mod memberships;
mod origin;
mod patience;
mod polling;
mod reply;
mod rounds;
mod socket;
mod tls;
mod tls_stream;
mod upgrade;
mod working;
mod wrongs;

use std::sync::Arc;

use tokio::sync::watch;

pub(crate) use health::Health;
pub(crate) use listener::{run, run_metrics};
pub use tls::TlsError;
pub(crate) use tls::tls_config;

use crate::config::Settings;
use crate::metrics::Metrics;
use dispatch::Dispatch;
use limiter::Limiter;
use polling::Polled;

/// What all connections share.
pub(crate) struct Door {
    settings: Settings,
    dispatch: Arc<Dispatch>,
    metrics: Arc<Metrics>,
    health: Health,
    limiter: Arc<Limiter>,
    /// The links that are made of HTTP exchanges.
    polled: Arc<Polled>,
    /// True once the server stops. Every link holds a receiver to its end, so one can wait for the last.
    links: watch::Sender<bool>,
}

impl Door {
    /// An open door; somebody must still listen in front of it.
    pub(crate) fn new(
        settings: Settings,
        dispatch: Arc<Dispatch>,
        metrics: Arc<Metrics>,
        health: Health,
    ) -> Arc<Door> {
        let limiter = Limiter::new(
            settings.connections_max,
            settings.connections_silent_max,
            metrics.connections.clone(),
        );
        let links = watch::Sender::new(false);
        Arc::new(Door { settings, dispatch, metrics, health, limiter, polled: Arc::default(), links })
    }

    /// Lets nobody in any more, lets every link finish what it is doing and say good-bye;
    /// ready when the last has gone.
    pub(crate) async fn drain(&self) {
        self.links.send_replace(true);
        self.dispatch.hub.dismiss_all();
        self.links.closed().await;
    }

    fn is_draining(&self) -> bool {
        *self.links.borrow()
    }
}
